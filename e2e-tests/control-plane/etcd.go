package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd starts an etcd of one member on unused ports of loopback.
func startEtcd(directory string) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = directory
	config.LogLevel = "error"
	// A power failure can only lose test data.
	config.UnsafeNoFsync = true
	for _, urls := range [][]*[]url.URL{
		{&config.ListenClientUrls, &config.AdvertiseClientUrls},
		{&config.ListenPeerUrls, &config.AdvertisePeerUrls},
	} {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		for _, one := range urls {
			*one = []url.URL{{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}}
		}
	}
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		return nil, err
	case <-time.After(startTimeout):
		return nil, errors.New("etcd was not ready in time")
	}
}

// The control plane of the cluster tests: a kube-apiserver and its etcd in one process, on loopback.
//
//	control-plane DIRECTORY
//
// All files of the program are in DIRECTORY. A second start in the same directory continues with the same objects on
// the same port. When the API server is ready, the program writes an administrator's DIRECTORY/kubeconfig and prints
// `ready`. The program ends on SIGTERM, and at the end of its standard input, so that it ends with the tests that
// started it.
//
// No controller runs: a Deployment gets no pods, and a namespace gets no service account `default`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// startTimeout is how long etcd, and then the API server, may take to be ready.
const startTimeout = 2 * time.Minute

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("expected one argument: the directory for all files")
	}
	directory, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	go endWithStdin()

	etcd, err := startEtcd(filepath.Join(directory, "etcd"))
	if err != nil {
		return fmt.Errorf("cannot start etcd: %w", err)
	}
	defer etcd.Close()

	cluster, err := openCluster(directory)
	if err != nil {
		return err
	}
	go announce(cluster)

	// The API server handles SIGTERM itself.
	command := app.NewAPIServerCommand()
	command.SetArgs(cluster.apiServerFlags(etcd.Config().ListenClientUrls[0].String()))
	if code := cli.Run(command); code != 0 {
		return fmt.Errorf("the API server ended with code %d", code)
	}
	return nil
}

// endWithStdin ends this process at the end of its standard input.
func endWithStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
}

// announce waits for the API server, then writes the kubeconfig and prints `ready`.
func announce(cluster *cluster) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for !cluster.ready(ctx) {
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "Error: the API server is not ready after", startTimeout)
			os.Exit(1)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cluster.writeKubeconfig(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
	fmt.Println("ready")
}

// ready returns whether the API server is ready.
func (c *cluster) ready(ctx context.Context) bool {
	client, err := c.client()
	if err != nil {
		return false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url()+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// freePort returns an unused port of 127.0.0.1.
func freePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

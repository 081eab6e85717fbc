// Requests its identity and lists the buckets with the AWS SDK for Go v2, as a pod would.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	listed, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	buckets := []string{}
	for _, bucket := range listed.Buckets {
		buckets = append(buckets, *bucket.Name)
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"arn": identity.Arn, "buckets": buckets}); err != nil {
		log.Fatal(err)
	}
}

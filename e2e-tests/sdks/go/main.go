// Requests its identity and lists the buckets with the AWS SDK for Go v2, as a pod would. With the argument `identity`,
// it requests its identity only.
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
	printed := map[string]any{"arn": identity.Arn}
	if len(os.Args) < 2 || os.Args[1] != "identity" {
		printed["buckets"] = list(ctx, s3.NewFromConfig(cfg))
	}
	if err := json.NewEncoder(os.Stdout).Encode(printed); err != nil {
		log.Fatal(err)
	}
}

func list(ctx context.Context, client *s3.Client) []string {
	listed, err := client.ListBuckets(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	buckets := []string{}
	for _, bucket := range listed.Buckets {
		buckets = append(buckets, *bucket.Name)
	}
	return buckets
}

"""Requests its identity and lists the buckets with boto3, as a pod would."""

import json

import boto3

identity = boto3.client("sts").get_caller_identity()
buckets = boto3.client("s3").list_buckets()["Buckets"]
print(json.dumps({"arn": identity["Arn"], "buckets": [bucket["Name"] for bucket in buckets]}))

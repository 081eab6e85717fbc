"""Requests its identity and lists the buckets with boto3, as a pod would.

With the argument `identity`, it requests its identity only.
"""

import json
import sys

import boto3

printed = {"arn": boto3.client("sts").get_caller_identity()["Arn"]}
if sys.argv[1:] != ["identity"]:
    printed["buckets"] = [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
print(json.dumps(printed))

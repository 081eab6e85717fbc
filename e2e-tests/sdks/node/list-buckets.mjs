// Requests its identity and lists the buckets with the AWS SDK for JavaScript v3, as a pod would.

import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const identity = await new STSClient({}).send(new GetCallerIdentityCommand({}));
const { Buckets = [] } = await new S3Client({}).send(new ListBucketsCommand({}));
console.log(JSON.stringify({ arn: identity.Arn, buckets: Buckets.map((bucket) => bucket.Name) }));

// Requests its identity and lists the buckets with the AWS SDK for JavaScript v3, as a pod would. With the argument
// `identity`, it requests its identity only.

import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const { Arn: arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
if (process.argv[2] === "identity") {
  console.log(JSON.stringify({ arn }));
} else {
  const { Buckets = [] } = await new S3Client({}).send(new ListBucketsCommand({}));
  console.log(JSON.stringify({ arn, buckets: Buckets.map((bucket) => bucket.Name) }));
}

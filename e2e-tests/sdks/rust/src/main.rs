//! Requests its identity and lists the buckets with the AWS SDK for Rust, as a pod would. With the argument `identity`,
//! it requests its identity only.

mod plain_https;

use std::error::Error;

use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = aws_config::from_env().http_client(plain_https::client()).load().await;
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    if std::env::args().nth(1).as_deref() == Some("identity") {
        println!("{}", json!({"arn": identity.arn()}));
        return Ok(());
    }
    let listed = aws_sdk_s3::Client::new(&config).list_buckets().send().await?;
    let buckets: Vec<_> = listed.buckets().iter().map(|bucket| bucket.name()).collect();
    println!("{}", json!({"arn": identity.arn(), "buckets": buckets}));
    Ok(())
}

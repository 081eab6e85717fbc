//! Tests that every AWS SDK gets the credentials of its role from the injected variables and files alone.
//!
//! `moto` replaces STS and S3. `moto` accepts any token, so [`crate::token`] tests the token. These tests show that
//! each SDK finds the token, sends the token to STS, and uses the credentials in the answer.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::control_plane::wait_until;
use crate::scene::{Scene, pod};
use crate::token;

/// Puts the token where the kubelet would put it, and runs a command. Only this process sees the token's file
/// (`unshare`). The process has no home directory, so an SDK finds no other configuration.
const IN_THE_CONTAINER: &str = r#"
mount -t tmpfs tmpfs /var/run
if [ -n "$TOKEN_FILE" ]; then
    mkdir -p "$(dirname "$TOKEN_FILE")"
    cp "$TOKEN" "$TOKEN_FILE"
fi
exec env -i PATH="$PATH" HOME=/nonexistent "$@"
"#;

/// `moto` as STS and S3.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    fn start(sdks: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(sdks.join("moto.log")).unwrap();
        let process = Command::new(sdks.join("python/bin/moto_server"))
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        wait_until("moto listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The environment in which an SDK runs: the variables and the token file of a container.
struct Container<'a> {
    moto: &'a Moto,
    variables: Vec<(String, String)>,
    token: tempfile::NamedTempFile,
}

impl<'a> Container<'a> {
    /// Makes the environment of a pod's first container, as the kubelet would.
    fn of(scene: &Scene, pod: &Value, moto: &'a Moto) -> Self {
        let token = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut variables = Vec::new();
        for variable in pod["spec"]["containers"][0]["env"].as_array().into_iter().flatten() {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => &pod["metadata"]["name"],
                Some(other) => panic!("this test does not support the field reference `{other}`"),
                None => &variable["value"],
            };
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            variables.push((text(&variable["name"]), text(value)));
        }
        let container = Self { moto, variables, token };
        if container.variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
            fs::write(container.token.path(), token::request(scene, pod)).unwrap();
        }
        container
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn run(&self, command: &[&str]) -> Output {
        let endpoints = ["STS", "S3"].map(|service| format!("AWS_ENDPOINT_URL_{service}={}", self.moto.url));
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        Command::new("unshare")
            .args(if is_root { &[][..] } else { &["--map-root-user"] })
            .args(["--mount", "sh", "-euc", IN_THE_CONTAINER, "sh"])
            .args(self.variables.iter().map(|(name, value)| format!("{name}={value}")))
            .args(endpoints)
            .args(command)
            .env("TOKEN", self.token.path())
            .env("TOKEN_FILE", self.variable("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn output(&self, command: &[&str]) -> Value {
        let output = self.run(command);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {out}{err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{command:?}: {error}: {out}{err}"))
    }
}

/// The folder that `e2e-tests/sdks/setup` fills.
pub fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("SDKS").expect("SDKS is not set to a folder: run `make test-cluster`"))
}

/// The programs, one for each SDK. A program prints its identity and lists the buckets.
pub fn programs(sdks: &Path) -> Vec<(&'static str, Vec<String>)> {
    let path = |part: &str| sdks.join(part).display().to_string();
    // The JVM starts faster without its optimizing compiler.
    let class_path = format!("{}:{}", path("java"), path("java/*"));
    let java = ["java", "-XX:TieredStopAtLevel=1", "-cp", &class_path, "ListBuckets"].map(str::to_owned).to_vec();
    vec![
        ("boto3", vec![path("python/bin/python"), path("python/list_buckets.py")]),
        (
            "JavaScript v3",
            vec!["node".to_owned(), "--import".to_owned(), path("node/plain-https.mjs"), path("node/list-buckets.mjs")],
        ),
        ("Go v2", vec![path("list-buckets-go")]),
        ("Rust", vec![path("rust/debug/list-buckets")]),
        ("Java v2", java),
    ]
}

#[test]
fn gives_every_sdk_the_credentials_of_its_role() {
    let sdks = folder();
    let moto = Moto::start(&sdks);
    let scene = Scene::new("sdks", json!({"region": "us-east-2", "sessionName": "PodName"}));
    let since = Instant::now();
    let stored = scene.create_pod(&pod("lists-buckets", "web"));
    assert_eq!(stored.status, 201, "{stored:?}");
    println!("the pod was stored with its role after {:.1?}", since.elapsed());
    let since = Instant::now();
    let container = Container::of(&scene, &stored.body, &moto);
    println!("the pod's token was issued after {:.1?}", since.elapsed());
    let aws = sdks.join("python/bin/aws").display().to_string();
    let role = "arn:aws:sts::111122223333:assumed-role/web/lists-buckets";

    let since = Instant::now();
    let made = container.run(&[&aws, "s3", "mb", "s3://of-the-role"]);
    assert!(made.status.success(), "{made:?}");
    assert_eq!(container.output(&[&aws, "sts", "get-caller-identity", "--output", "json"])["Arn"], role);
    let buckets = container.output(&[&aws, "s3api", "list-buckets", "--output", "json", "--query", "Buckets[].Name"]);
    assert_eq!(buckets, json!(["of-the-role"]));
    println!("AWS CLI: {role} lists {buckets}, in {:.1?}", since.elapsed());

    for (name, program) in programs(&sdks) {
        let since = Instant::now();
        let output = container.output(&program.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(output, json!({"arn": role, "buckets": ["of-the-role"]}), "{name}");
        println!("{name}: {role} lists {buckets}, in {:.1?}", since.elapsed());
    }
}

#[test]
fn gives_no_sdk_credentials_without_a_role() {
    let sdks = folder();
    let moto = Moto::start(&sdks);
    let scene = Scene::new("no-role", json!({"region": "us-east-2"}));
    let stored = scene.create_pod(&pod("lists-nothing", "default"));
    assert_eq!(stored.status, 201, "{stored:?}");
    let mut container = Container::of(&scene, &stored.body, &moto);
    assert_eq!(container.variables, []);
    // A region is set, and the SDK does not ask the node for credentials. So only the missing role can cause the
    // failure.
    for (name, value) in
        [("AWS_REGION", "us-east-2"), ("AWS_DEFAULT_REGION", "us-east-2"), ("AWS_EC2_METADATA_DISABLED", "true")]
    {
        container.variables.push((name.to_owned(), value.to_owned()));
    }

    let aws = vec![sdks.join("python/bin/aws").display().to_string(), "s3".to_owned(), "ls".to_owned()];
    for (name, program) in programs(&sdks).into_iter().chain([("AWS CLI", aws)]) {
        let output = container.run(&program.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!output.status.success(), "{name}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).to_lowercase().contains("credentials"), "{name}: {output:?}");
    }
}

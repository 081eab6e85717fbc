//! An HTTP server on loopback that records requests. It replaces the servers that give credentials to an SDK: STS, the
//! endpoint of container credentials, and the instance metadata service (IMDS).
//!
//! Each of these servers gives a different access key. So the key that signs `GetCallerIdentity` shows which
//! credentials the SDK uses. The recorder has no TLS. Of an HTTPS request to AWS, it sees only the host name: as a
//! proxy, in a `CONNECT` request, or in the path `/https/HOST/`, which the programs for JavaScript and Rust use.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::json;

/// The access keys, one for each source of credentials.
pub mod keys {
    /// From the environment variables.
    pub const STATIC: &str = "AKIA000000000STATIC0";
    /// From a profile.
    pub const PROFILE: &str = "AKIA00000000PROFILE0";
    /// From `AssumeRole`, for the role of a profile.
    pub const PROFILE_ROLE: &str = "ASIA0000PROFILEROLE0";
    /// From `AssumeRoleWithWebIdentity`, for the role in `AWS_ROLE_ARN`.
    pub const ROLE: &str = "ASIA00000000000ROLE0";
    /// From the endpoint of container credentials.
    pub const CONTAINER: &str = "ASIA000000CONTAINER0";
    /// From the instance metadata (IMDS), for the node's role.
    pub const NODE: &str = "ASIA00000000000NODE0";
}

/// The node's region, as IMDS gives it.
pub const NODE_REGION: &str = "ap-southeast-2";

/// The path of the endpoint of container credentials.
const CONTAINER_PATH: &str = "/container-credentials";

/// How the servers answer.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// STS denies `AssumeRoleWithWebIdentity`.
    pub sts_refuses: bool,
    /// The endpoint of container credentials answers 404.
    pub container_refuses: bool,
    /// IMDS has the credentials of a role. IMDS always has the region.
    pub node_has_role: bool,
}

/// A request, as far as the recorder can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `AssumeRoleWithWebIdentity`, sent to the recorder under this host name.
    WebIdentity(String),
    /// `AssumeRole`, signed with this key.
    AssumeRole(String),
    /// `GetCallerIdentity`, signed with this key.
    Identity(String),
    /// An HTTPS request to the AWS host of this name.
    Host(String),
    /// The endpoint of container credentials.
    Container,
    /// Another request, such as a request to IMDS: its method and path.
    Other(String),
}

/// The server. It stops when this value is dropped.
pub struct Recorder {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    pub fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (log, stop) = (Arc::clone(&asked), Arc::clone(&is_stopped));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (stream, log) = (stream.unwrap(), Arc::clone(&log));
                // A connection without a request must not block the others.
                thread::spawn(move || serve(&stream, answers, &log));
            }
        });
        Self { address, asked, is_stopped, thread: Some(thread) }
    }

    /// The URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns all requests so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one request, and closes the connection.
fn serve(stream: &TcpStream, answers: Answers, log: &Mutex<Vec<Asked>>) {
    // A client may close a connection that it does not need.
    let Some(request) = Request::read(stream) else { return };
    let (asked, answer) = request.answered(answers);
    log.lock().unwrap().push(asked);
    let Answer { status, kind, body } = answer;
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}", body.len());
    // The SDKs expect this header in IMDS's answer with a token. They ignore the header in other answers.
    let lifetime = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600";
    let mut stream = stream;
    let _ = stream.write_all(format!("{head}\r\n{lifetime}\r\nConnection: close\r\n\r\n{body}").as_bytes());
}

struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
}

impl Answer {
    fn ok(kind: &'static str, body: String) -> Self {
        Self { status: "200 OK", kind, body }
    }

    fn not_found() -> Self {
        Self { status: "404 Not Found", kind: "text/plain", body: String::new() }
    }
}

struct Request {
    method: String,
    target: String,
    /// The headers, by name in lower case.
    headers: BTreeMap<String, String>,
    body: String,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        assert!(!headers.contains_key("transfer-encoding"), "a body without a length: {method} {target}: {headers:?}");
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn answered(&self, answers: Answers) -> (Asked, Answer) {
        let host = match self.method.as_str() {
            "CONNECT" => self.target.strip_suffix(":443"),
            _ => self.target.strip_prefix("/https/").and_then(|rest| rest.split('/').next()),
        };
        if let Some(host) = host {
            let answer = Answer { status: "403 Forbidden", kind: "text/plain", body: String::new() };
            return (Asked::Host(host.to_owned()), answer);
        }
        match self.parameter("Action") {
            Some("AssumeRoleWithWebIdentity") => {
                let refusal = |code: &str| {
                    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>refused</Message>");
                    let body = format!("<ErrorResponse><Error>{error}</Error><RequestId>1</RequestId></ErrorResponse>");
                    Answer { status: "403 Forbidden", kind: "text/xml", body }
                };
                let role = || assumed("AssumeRoleWithWebIdentity", keys::ROLE);
                let answer = match self.parameter("RoleArn") {
                    None | Some("") => refusal("ValidationError"),
                    _ if answers.sts_refuses => refusal("AccessDenied"),
                    _ => role(),
                };
                let host = self.headers.get("host").and_then(|host| host.split(':').next()).unwrap_or("no host");
                (Asked::WebIdentity(host.to_owned()), answer)
            }
            Some("AssumeRole") => (Asked::AssumeRole(self.key()), assumed("AssumeRole", keys::PROFILE_ROLE)),
            Some("GetCallerIdentity") => (Asked::Identity(self.key()), identity(&self.key())),
            _ if self.target == CONTAINER_PATH => {
                let refusal = || Answer { status: "404 Not Found", kind: "application/json", body: "{}".to_owned() };
                let answer = if answers.container_refuses { refusal() } else { credentials(keys::CONTAINER) };
                (Asked::Container, answer)
            }
            _ => (Asked::Other(format!("{} {}", self.method, self.target)), self.metadata(answers)),
        }
    }

    /// IMDS's answer.
    fn metadata(&self, answers: Answers) -> Answer {
        let text = |text: &str| Answer::ok("text/plain", text.to_owned());
        match (self.method.as_str(), self.target.trim_end_matches('/')) {
            ("PUT", "/latest/api/token") => text("token"),
            ("GET", "/latest/meta-data/placement/region") => text(NODE_REGION),
            ("GET", "/latest/meta-data/placement/availability-zone") => text(&format!("{NODE_REGION}a")),
            ("GET", "/latest/dynamic/instance-identity/document") => {
                Answer::ok("application/json", json!({"region": NODE_REGION}).to_string())
            }
            ("GET", "/latest/meta-data/iam/security-credentials") if answers.node_has_role => text("node"),
            ("GET", "/latest/meta-data/iam/security-credentials/node") if answers.node_has_role => {
                credentials(keys::NODE)
            }
            _ => Answer::not_found(),
        }
    }

    /// Returns a parameter of a request to STS. Does not decode escaped characters in the value.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The access key of the signature.
    fn key(&self) -> String {
        let signature = self.headers.get("authorization").and_then(|header| header.split_once("Credential="));
        signature.and_then(|(_, rest)| rest.split('/').next()).unwrap_or("no key").to_owned()
    }
}

/// The time when all credentials expire. It is far enough in the future for every SDK.
const EXPIRATION: &str = "2099-01-01T00:00:00Z";

fn credentials(key: &str) -> Answer {
    let body = json!({
        "Code": "Success",
        "Type": "AWS-HMAC",
        "LastUpdated": "2026-01-01T00:00:00Z",
        "AccessKeyId": key,
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": EXPIRATION,
    });
    Answer::ok("application/json", body.to_string())
}

fn assumed(action: &str, key: &str) -> Answer {
    let credentials = format!(
        "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>{EXPIRATION}</Expiration></Credentials>"
    );
    let user = "<AssumedRoleUser><AssumedRoleId>AROA:app</AssumedRoleId>\
                <Arn>arn:aws:sts::111122223333:assumed-role/app/app</Arn></AssumedRoleUser>";
    result(action, &format!("{credentials}{user}"))
}

fn identity(key: &str) -> Answer {
    let arn = format!("<Arn>arn:aws:iam::111122223333:user/{key}</Arn>");
    result("GetCallerIdentity", &format!("{arn}<UserId>{key}</UserId><Account>111122223333</Account>"))
}

fn result(action: &str, result: &str) -> Answer {
    let namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
    let result = format!("<{action}Result>{result}</{action}Result>");
    let metadata = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>";
    let body = format!("<{action}Response xmlns=\"{namespace}\">{result}{metadata}</{action}Response>");
    Answer::ok("text/xml", body)
}

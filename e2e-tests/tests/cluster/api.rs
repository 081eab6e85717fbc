//! A client of the API server that sends and returns JSON unchanged, and returns the API server's warnings.

use std::path::Path;
use std::sync::LazyLock;

use axum::http::{Method, Request, Response};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A client with an identity.
#[derive(Clone)]
pub struct Api(Client);

/// An answer of the API server.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status. 0 if there was no answer.
    pub status: u16,
    /// The values of the `Warning` headers, as `kubectl` prints them.
    pub warnings: Vec<String>,
    /// The object in the answer. A `Status` if the request failed.
    pub body: Value,
}

impl Answer {
    /// The message, if the body is a `Status`. Otherwise empty.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

impl Api {
    /// Makes a client with the identity of a kubeconfig.
    pub fn connect(kubeconfig: &Path) -> Self {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        Self(RUNTIME.block_on(async {
            let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
            // No retries, because a test needs the first answer.
            config.default_retry = false;
            Client::try_from(config).unwrap()
        }))
    }

    /// Sends a `POST`.
    pub fn create(&self, path: &str, object: &Value) -> Answer {
        self.send(Method::POST, path, object.to_string().into_bytes(), "application/json")
    }

    /// Sends a `POST` of JSON that [`Value`] can't express, such as JSON with duplicate keys.
    pub fn create_text(&self, path: &str, text: &str) -> Answer {
        self.send(Method::POST, path, text.as_bytes().to_vec(), "application/json")
    }

    /// Sends a `POST` of an object that must be accepted. Returns the created object.
    pub fn created(&self, path: &str, object: &Value) -> Value {
        let answer = self.create(path, object);
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        answer.body
    }

    /// Sends a `GET`.
    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Vec::new(), "application/json")
    }

    /// Sends a `DELETE` of one object, or of all objects of a kind.
    pub fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Vec::new(), "application/json")
    }

    /// Sends a `PATCH` with a merge patch.
    pub fn merge(&self, path: &str, changes: &Value) -> Answer {
        self.send(Method::PATCH, path, changes.to_string().into_bytes(), "application/merge-patch+json")
    }

    fn send(&self, method: Method, path: &str, body: Vec<u8>, content_type: &str) -> Answer {
        let request =
            Request::builder().method(method).uri(path).header("Content-Type", content_type).body(Body::from(body));
        RUNTIME.block_on(async {
            match self.0.send(request.unwrap()).await {
                Ok(response) => Answer::read(response).await,
                Err(error) => Answer::none(error.to_string()),
            }
        })
    }
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        let warnings = response.headers().get_all("Warning");
        let warnings = warnings.iter().map(|header| warning(&String::from_utf8_lossy(header.as_bytes()))).collect();
        match response.into_body().collect_bytes().await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Self { status, warnings, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
            }
            Err(error) => Self::none(error.to_string()),
        }
    }

    fn none(error: String) -> Self {
        Self { status: 0, warnings: Vec::new(), body: Value::String(error) }
    }
}

/// The message in `299 - "message"`.
fn warning(header: &str) -> String {
    let text = header.strip_prefix("299 - \"").and_then(|text| text.strip_suffix('"')).unwrap_or(header);
    text.replace(r#"\""#, "\"").replace(r"\\", r"\")
}

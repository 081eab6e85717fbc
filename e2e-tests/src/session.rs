//! Recordings of a policy's host calls, in the format of kwctl's
//! `--record-host-capabilities-interactions` and `--replay-host-capabilities-interactions`
//! (`kwctl/src/callback_handler/proxy.rs`).
//!
//! A session is a YAML list. Each request in it is a YAML document in a string:
//!
//! ```yaml
//! - type: Exchange
//!   request: |
//!     !KubernetesGetResource
//!     api_version: v1
//!     kind: ServiceAccount
//!     name: web
//!     namespace: team-a
//!     disable_cache: true
//!   response:
//!     type: Error
//!     message: Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some("team-a")'
//! ```
//!
//! The recording contains the backend's answers. The host adds its prefix to a recorded failure, as to any failure of a
//! backend.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::host::{Backend, KubernetesGetResource};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
struct Exchange {
    request: String,
    response: Response,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

/// The requests that can be recorded. The name of the variant is the YAML tag.
#[derive(Serialize, Deserialize)]
enum Request {
    KubernetesGetResource(KubernetesGetResource),
}

/// A backend that answers from a session: each recorded answer once, in order.
#[derive(Debug)]
pub struct Replay(Mutex<VecDeque<(KubernetesGetResource, Response)>>);

impl Replay {
    /// Reads a session file.
    ///
    /// # Errors
    /// Fails if the file can't be read, or is not a session with requests that this host knows.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("Cannot open host capabilities interactions file `{}`", path.display()))?;
        Self::from_text(&text).with_context(|| format!("cannot read the session `{}`", path.display()))
    }

    fn from_text(text: &str) -> Result<Self> {
        let exchanges: Vec<Exchange> = yaml_serde::from_str(text)?;
        let exchanges = exchanges
            .into_iter()
            .enumerate()
            .map(|(index, Exchange { request, response })| {
                let Request::KubernetesGetResource(request) = yaml_serde::from_str(&request)
                    .with_context(|| format!("cannot read the request of exchange {}", index + 1))?;
                Ok((request, response))
            })
            .collect::<Result<_>>()?;
        Ok(Self(Mutex::new(exchanges)))
    }

    /// Returns the number of exchanges that were not replayed.
    #[must_use]
    pub fn leftovers(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Backend for Replay {
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
        let (expected, response) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
            .ok_or("the list of recorded responses is empty")?;
        if expected != *request {
            return Err(format!(
                "Replay error: unexpected request. Was expecting {expected:?}, got {request:?} instead"
            ));
        }
        match response {
            Response::Success { payload } => Ok(payload),
            Response::Error { message } => Err(message),
        }
    }
}

/// A backend that records the answers of another backend.
pub struct Recorder {
    inner: Arc<dyn Backend>,
    exchanges: Mutex<Vec<(KubernetesGetResource, Result<String, String>)>>,
}

impl Recorder {
    /// Records the answers of this backend.
    #[must_use]
    pub fn new(inner: Arc<dyn Backend>) -> Self {
        Self { inner, exchanges: Mutex::default() }
    }

    /// Writes the session to a file.
    ///
    /// # Errors
    /// Fails if the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, self.to_text()?).with_context(|| format!("cannot write the session `{}`", path.display()))
    }

    fn to_text(&self) -> Result<String> {
        let exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(request, response)| {
                Ok(Exchange {
                    request: yaml_serde::to_string(&Request::KubernetesGetResource(request.clone()))?,
                    response: match response.clone() {
                        Ok(payload) => Response::Success { payload },
                        Err(message) => Response::Error { message },
                    },
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(yaml_serde::to_string(&exchanges)?)
    }
}

impl Backend for Recorder {
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
        let response = self.inner.get_resource(request);
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push((request.clone(), response.clone()));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    /// A session as kwctl 1.35 writes it. The first request lacks `field_masks`, as in sessions of older versions.
    const SESSION: &str = r#"
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: ServiceAccount
    name: web
    namespace: team-a
    disable_cache: true
  response:
    type: Success
    payload: '{"kind":"ServiceAccount"}'
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: ServiceAccount
    name: gone
    namespace: team-a
    disable_cache: true
    field_masks: null
  response:
    type: Error
    message: Cannot find it
"#;

    fn request(name: &str) -> KubernetesGetResource {
        KubernetesGetResource {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            name: name.to_owned(),
            namespace: Some("team-a".to_owned()),
            disable_cache: true,
            field_masks: None,
        }
    }

    #[test]
    fn replays_answers_and_failures_in_order() {
        let replay = Replay::from_text(SESSION).unwrap();

        assert_eq!(replay.get_resource(&request("web")).unwrap(), r#"{"kind":"ServiceAccount"}"#);
        assert_eq!(replay.leftovers(), 1);
        assert_eq!(replay.get_resource(&request("gone")).unwrap_err(), "Cannot find it");
        assert_eq!(replay.get_resource(&request("web")).unwrap_err(), "the list of recorded responses is empty");
    }

    #[test]
    fn rejects_a_request_that_was_not_recorded() {
        let replay = Replay::from_text(SESSION).unwrap();
        let cached = KubernetesGetResource { disable_cache: false, ..request("web") };

        let error = replay.get_resource(&cached).unwrap_err();

        assert_eq!(
            error,
            "Replay error: unexpected request. Was expecting KubernetesGetResource { api_version: \"v1\", \
             kind: \"ServiceAccount\", name: \"web\", namespace: Some(\"team-a\"), disable_cache: true, \
             field_masks: None }, got KubernetesGetResource { api_version: \"v1\", kind: \"ServiceAccount\", \
             name: \"web\", namespace: Some(\"team-a\"), disable_cache: false, field_masks: None } instead"
        );
    }

    #[test]
    fn names_the_exchange_that_it_does_not_support() {
        let error = Replay::from_text(
            "- {type: Exchange, request: \"!DNSLookupHost {host: a}\", response: {type: Error, message: b}}",
        )
        .unwrap_err();

        assert!(error.to_string().contains("exchange 1"), "{error:#}");
    }

    #[test]
    fn replays_a_recorded_session() {
        let cluster =
            Cluster::from_text("{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: team-a}}")
                .unwrap();
        let recorder = Recorder::new(Arc::new(cluster));
        let answers = [recorder.get_resource(&request("web")), recorder.get_resource(&request("gone"))];

        let replay = Replay::from_text(&recorder.to_text().unwrap()).unwrap();

        assert!(answers[0].is_ok() && answers[1].is_err(), "{answers:?}");
        assert_eq!([replay.get_resource(&request("web")), replay.get_resource(&request("gone"))], answers);
    }
}

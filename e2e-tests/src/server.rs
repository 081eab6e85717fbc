//! The admission server. It receives and returns an `AdmissionReview`, as policy-server does at `/validate/<policy>`
//! (`policy-server/src/api/handlers.rs`).
//!
//! Unlike policy-server, this server passes a request to the policy byte for byte, and has no time limit for the
//! policy. The API server stops waiting after the webhook's `timeoutSeconds`.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::tls_rustls::RustlsConfig;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::admission::{self, Request};
use crate::capabilities::Capabilities;
use crate::certificate::Certificate;
use crate::host::{Access, Backend, Host};
use crate::policy::Policy;
use crate::response::AdmissionResponse;
use crate::settings::Settings;

/// The maximum length of a review, in bytes. An API server accepts objects of up to 3 MiB, and a review contains two
/// objects: the new and the old one.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// The policy to serve.
pub struct Service {
    /// The policy's name: the last part of the URL's path.
    pub name: String,
    /// The policy. Each request gets a new instance.
    pub policy: Policy,
    /// The settings, which the policy has accepted.
    pub settings: Settings,
    /// The kinds that the policy may read.
    pub access: Access,
    /// The backend that answers lookups.
    pub backend: Arc<dyn Backend>,
}

/// `AdmissionReview` of `admission.k8s.io/v1`, with a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    api_version: &'static str,
    kind: &'static str,
    response: AdmissionResponse,
}

/// Serves until the process ends.
///
/// # Errors
/// Fails if the certificate can't be used, or if the port is not available.
pub async fn serve(listener: TcpListener, certificate: &Certificate, service: Service) -> Result<()> {
    serve_router(listener, certificate, router(service)).await
}

/// Serves a router over TLS until the process ends.
///
/// # Errors
/// Fails if the certificate can't be used, or if the port is not available.
pub async fn serve_router(listener: TcpListener, certificate: &Certificate, router: Router) -> Result<()> {
    listener.set_nonblocking(true)?;
    let config = RustlsConfig::from_pem(certificate.chain.clone().into(), certificate.key.clone().into()).await?;
    axum_server::from_tcp_rustls(listener, config)?.serve(router.into_make_service()).await?;
    Ok(())
}

fn router(service: Service) -> Router {
    Router::new()
        .route("/validate/{name}", post(validate))
        .route("/readiness", get(|| async { StatusCode::OK }))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(service))
}

async fn validate(State(service): State<Arc<Service>>, Path(name): Path<String>, body: Bytes) -> Response {
    if name != service.name {
        return (StatusCode::NOT_FOUND, format!("there is no policy `{name}`")).into_response();
    }
    // The policy and its host calls block the thread.
    match spawn_blocking(move || service.decide(&body)).await {
        Ok(Ok(review)) => ([(header::CONTENT_TYPE, "application/json")], review).into_response(),
        Ok(Err(error)) => (StatusCode::BAD_REQUEST, format!("{error:#}")).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Service {
    fn decide(&self, body: &[u8]) -> Result<String> {
        let request = Request::from_review(body)?;
        let host = Arc::new(Host::new(Arc::clone(&self.backend), self.access.clone(), Capabilities::all()));
        let answer = self.policy.validate(&admission::payload(&request, &self.settings), &host);
        for entry in host.log() {
            let _ = writeln!(anstream::stderr(), "policy log: {entry}");
        }
        let response = AdmissionResponse::of(&request, &answer);
        Ok(serde_json::to_string(&Review { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response })?)
    }
}

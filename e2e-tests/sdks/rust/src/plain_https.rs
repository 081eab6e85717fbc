//! An HTTP client without TLS. It sends each HTTPS request to the server in `HTTPS_PROXY` instead, without TLS and with
//! `/https/HOST` before the request's path, so that a test can see the request.

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// The client.
pub fn client() -> SharedHttpClient {
    let plain = Builder::new().build_http();
    let Ok(server) = std::env::var("HTTPS_PROXY") else { return plain };
    http_client_fn(move |settings, components| {
        let connector = plain.http_connector(settings, components);
        SharedHttpConnector::new(Redirected { connector, server: server.clone() })
    })
}

#[derive(Debug)]
struct Redirected {
    connector: SharedHttpConnector,
    server: String,
}

impl HttpConnector for Redirected {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Some(rest) = request.uri().strip_prefix("https://") {
            let uri = format!("{}/https/{rest}", self.server);
            request.set_uri(uri).expect("the server's address is a URL");
        }
        self.connector.call(request)
    }
}

//! Measures how much memory the admission servers use in a cluster with many service accounts. `make bench-cluster`
//! prints the numbers. If `AWS_WEBHOOK` is set, it also prints the numbers of AWS's webhook.

use serde_json::{Value, json};

use crate::api::Api;
use crate::aws_webhook::AwsWebhook;
use crate::clients::share;
use crate::control_plane::{ControlPlane, wait_until};
use crate::latency::{client, review};
use crate::measure::memory;
use crate::scene::{ROLE, account};
use crate::server::Server;

/// The numbers of service accounts, in ascending order.
const ACCOUNTS: [usize; 3] = [1, 10_001, 100_001];

const CLIENTS: usize = 8;

/// The number of requests to a server that does not keep accounts.
const REQUESTS: usize = 1000;

#[test]
#[ignore = "measures only: run `make bench-cluster`"]
fn measures_the_memory_of_the_servers() {
    let control_plane = ControlPlane::start("memory");
    let kubeconfig = control_plane.kubeconfig_of("policy-server");
    let admin = control_plane.admin();
    admin.created("/api/v1/namespaces", &json!({"metadata": {"name": "team-a"}}));

    println!("| server | service accounts | memory, MB |");
    println!("|---|---:|---:|");
    let mut created = 0;
    for accounts in ACCOUNTS {
        share(accounts - created, CLIENTS, |index| {
            let name = format!("web-{}", created + index);
            admin.created("/api/v1/namespaces/team-a/serviceaccounts", &account(&name, Some(ROLE)));
        });
        created = accounts;
        if let Some(webhook) = AwsWebhook::start(&control_plane) {
            let client = client(&control_plane, &webhook.url, &webhook.authority);
            wait_until("AWS's webhook has the last account", || has_role(&ask(&client, accounts - 1)));
            print_row("AWS's webhook", accounts, &client, REQUESTS, webhook.process_id());
        }
        for (name, settings, requests) in [
            ("irsa-policy", json!({}), REQUESTS),
            // The cache keeps each account that was read.
            ("irsa-policy, `cacheLookups`", json!({"cacheLookups": true}), accounts.max(REQUESTS)),
        ] {
            let server = Server::start(&settings, &kubeconfig);
            let client = client(&control_plane, &server.url, &server.authority);
            print_row(name, accounts, &client, requests, server.process_id());
        }
    }
}

/// Prints the memory of a server after requests for different service accounts.
fn print_row(name: &str, accounts: usize, client: &(Api, String), requests: usize, process: u32) {
    share(requests, CLIENTS, |index| {
        // AWS's webhook may not have every account in its cache yet.
        let answer = ask(client, index % accounts);
        assert_eq!(answer["allowed"], true, "{answer}");
    });
    println!("| {name} | {accounts} | {:.0} |", memory(process));
}

/// Sends a review of a pod of this service account. Returns the response.
fn ask((api, path): &(Api, String), account: usize) -> Value {
    api.create(path, &review(account)).body["response"].take()
}

fn has_role(response: &Value) -> bool {
    response["patch"].is_string()
}

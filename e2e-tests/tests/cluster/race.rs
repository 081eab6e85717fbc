//! Tests two races:
//!
//! - A new service account and its pod, `IRSA_RACE_COUNT` times (2,000 by default): creates an account, and immediately
//!   a pod that uses the account.
//! - A new role and a pod, one tenth as often: creates an account without a role, and a pod, so that a cache contains
//!   the account. Then adds the role, and immediately creates another pod.
//!
//! AWS's webhook reads a cache, which a watch fills. So the webhook misses pods that are created before the cache
//! contains their role.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::clients::share;
use crate::scene::{ROLE, Scene, account, pod, role_of};

fn count() -> usize {
    std::env::var("IRSA_RACE_COUNT").map_or(2000, |count| count.parse().expect("IRSA_RACE_COUNT is not a number"))
}

/// Runs the step `count` times on several clients. Returns how often the step returned `false`.
pub fn race(name: &str, count: usize, clients: usize, step: impl Fn(usize) -> bool + Sync) -> usize {
    let (missed, since) = (AtomicUsize::new(0), Instant::now());
    share(count, clients, |index| {
        if !step(index) {
            missed.fetch_add(1, Ordering::Relaxed);
        }
    });
    let missed = missed.into_inner();
    println!("{name}, {clients} clients: {missed} of {count} missed, in {:.1?}", since.elapsed());
    missed
}

/// Creates a service account and its pod, and returns whether the stored pod has the role.
fn new_account(scene: &Scene, index: usize) -> bool {
    let name = format!("racer-{index}");
    scene.api.created(&scene.path("serviceaccounts"), &account(&name, Some(ROLE)));
    has_role(scene, &name, &name)
}

/// Creates a service account without a role, and a pod that uses the account, so that a cache contains the account.
/// Then adds the role, and creates another pod. Returns whether this second pod has the role.
fn new_role(scene: &Scene, index: usize) -> bool {
    let name = format!("late-{index}");
    scene.api.created(&scene.path("serviceaccounts"), &account(&name, None));
    scene.api.created(&scene.path("pods"), &pod(&format!("{name}-before"), &name));
    let role = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}});
    let answer = scene.api.merge(&format!("{}/{name}", scene.path("serviceaccounts")), &role);
    assert_eq!(answer.status, 200, "{answer:?}");
    has_role(scene, &name, &name)
}

fn has_role(scene: &Scene, name: &str, account: &str) -> bool {
    let pod: Value = scene.api.created(&scene.path("pods"), &pod(name, account));
    role_of(&pod) == Some(ROLE)
}

fn misses_none(namespace: &str, settings: &Value) {
    for clients in [1, 8] {
        let scene = Scene::new(&format!("{namespace}-{clients}"), settings.clone());
        assert_eq!(race("a new service account and its pod", count(), clients, |index| new_account(&scene, index)), 0);
        assert_eq!(race("a new role and its pod", count() / 10, clients, |index| new_role(&scene, index)), 0);
        scene.api.delete(&scene.path("pods"));
    }
}

#[test]
fn misses_no_pod_of_a_new_service_account() {
    misses_none("race", &json!({}));
}

#[test]
fn misses_no_pod_of_a_new_service_account_with_a_cache() {
    misses_none("race-cached", &json!({"cacheLookups": true}));
}

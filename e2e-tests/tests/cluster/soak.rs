//! Changes service accounts and pods at random for an hour, while the admission server is killed and the API server is
//! restarted. Every stored pod must have the role that its service account had at that time, and the memory of the
//! servers must not grow. `make soak` runs this test, and `SOAK_MINUTES` sets another duration.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::json;

use crate::control_plane::{ControlPlane, wait_until};
use crate::measure::memory;
use crate::scene::{Scene, pod, role_of};
use crate::server::Server;

/// The number of service accounts. Each is changed, deleted and created again.
const ACCOUNTS: usize = 50;

/// The number of pods that are kept. The oldest pod is deleted if there are more.
const PODS: usize = 200;

/// The pause between two steps.
const PAUSE: Duration = Duration::from_millis(20);

/// The time between two faults.
const FAULTS: Duration = Duration::from_secs(90);

/// The time after which the first memory is read. Until then, the servers still fill their caches.
const WARM_UP: Duration = Duration::from_mins(5);

/// The largest growth of the memory of a server after [`WARM_UP`].
const GROWTH: f64 = 1.25;

fn minutes() -> u64 {
    std::env::var("SOAK_MINUTES").map_or(60, |minutes| minutes.parse().expect("SOAK_MINUTES is not a number"))
}

struct Soak {
    scene: Scene,
    random: TestRng,
    /// The role of each existing account, by the account's number.
    roles: BTreeMap<usize, Option<String>>,
    /// The names of the stored pods with the role that each must have, the oldest first.
    pods: Vec<(String, Option<String>)>,
    next_pod: usize,
    /// How often each answer was given, by step and status.
    answers: BTreeMap<(&'static str, u16), usize>,
}

impl Soak {
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random.next_u32()).unwrap() % limit
    }

    fn count(&mut self, step: &'static str, status: u16) {
        *self.answers.entry((step, status)).or_default() += 1;
    }

    fn random_role(&mut self) -> Option<String> {
        let number = self.below(4);
        (number > 0).then(|| format!("arn:aws:iam::111122223333:role/role-{number}"))
    }

    fn step(&mut self) {
        let account = self.below(ACCOUNTS);
        match (self.below(20), self.roles.contains_key(&account)) {
            (_, false) => self.create_account(account),
            (0, true) => self.delete_account(account),
            (1..4, true) => self.change_account(account),
            (4..8, true) => self.update_pod(),
            _ => self.create_pod(account),
        }
    }

    fn create_account(&mut self, account: usize) {
        let role = self.random_role();
        let object = crate::scene::account(&format!("web-{account}"), role.as_deref());
        let status = self.scene.api.create(&self.scene.path("serviceaccounts"), &object).status;
        self.count("create an account", status);
        if status == 201 {
            self.roles.insert(account, role);
        }
    }

    fn delete_account(&mut self, account: usize) {
        let status = self.scene.api.delete(&format!("{}/web-{account}", self.scene.path("serviceaccounts"))).status;
        self.count("delete an account", status);
        if status == 200 {
            self.roles.remove(&account);
        }
    }

    fn change_account(&mut self, account: usize) {
        let role = self.random_role();
        let change = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": role}}});
        let path = format!("{}/web-{account}", self.scene.path("serviceaccounts"));
        let status = self.scene.api.merge(&path, &change).status;
        self.count("change an account", status);
        if status == 200 {
            self.roles.insert(account, role);
        }
    }

    fn create_pod(&mut self, account: usize) {
        let name = format!("pod-{}", self.next_pod);
        self.next_pod += 1;
        let answer = self.scene.create_pod(&pod(&name, &format!("web-{account}")));
        self.count("create a pod", answer.status);
        if answer.status != 201 {
            return;
        }
        let expected = self.roles[&account].clone();
        assert_eq!(role_of(&answer.body), expected.as_deref(), "{name} of web-{account}");
        self.pods.push((name, expected));
        if self.pods.len() > PODS {
            let (name, _) = self.pods.remove(0);
            let path = format!("{}/{name}?gracePeriodSeconds=0", self.scene.path("pods"));
            let status = self.scene.api.delete(&path).status;
            self.count("delete a pod", status);
        }
    }

    /// Changes a label of a pod. The pod keeps its role, even if the account has another one now.
    fn update_pod(&mut self) {
        if self.pods.is_empty() {
            return;
        }
        let (index, label) = (self.below(self.pods.len()), self.below(1000));
        let (name, expected) = self.pods[index].clone();
        let change = json!({"metadata": {"labels": {"revision": label.to_string()}}});
        let answer = self.scene.api.merge(&format!("{}/{name}", self.scene.path("pods")), &change);
        self.count("update a pod", answer.status);
        if answer.status == 200 {
            assert_eq!(role_of(&answer.body), expected.as_deref(), "{name}");
        }
    }

    /// Takes the number of a fault, and returns when pods are accepted again.
    fn fault(&mut self, control_plane: &mut ControlPlane) {
        match self.below(3) {
            0 => {
                self.scene.server.kill();
                for _ in 0..20 {
                    self.step();
                }
                self.scene.unregister();
                let kubeconfig = control_plane.kubeconfig_of("policy-server");
                self.scene.server = Server::start(&json!({}), &kubeconfig);
                self.scene.register();
                self.count("the admission server was killed", 0);
            }
            1 => {
                self.scene.server.pause();
                thread::sleep(Duration::from_secs(1));
                self.scene.server.resume();
                self.count("the admission server was paused", 0);
            }
            _ => {
                control_plane.restart();
                self.count("the API server was restarted", 0);
            }
        }
        wait_until("pods are accepted again", || self.scene.dry_run(&pod("probe", "web")).status == 201);
    }

    /// Checks every stored pod.
    fn check_stored(&self) {
        let stored = self.scene.api.get(&self.scene.path("pods")).body["items"].as_array().unwrap().clone();
        let roles: BTreeMap<&str, Option<&str>> =
            stored.iter().map(|pod| (pod["metadata"]["name"].as_str().unwrap(), role_of(pod))).collect();
        for (name, expected) in &self.pods {
            assert_eq!(roles.get(name.as_str()), Some(&expected.as_deref()), "{name}");
        }
    }
}

#[test]
#[ignore = "takes an hour: run `make soak`"]
fn soak_every_pod_keeps_its_role_and_the_memory_does_not_grow() {
    let mut control_plane = ControlPlane::start("soak");
    let scene = Scene::on(&control_plane, "soak", json!({}), "policy-server");
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
    let (roles, pods) = (BTreeMap::new(), Vec::new());
    let mut soak = Soak { scene, random, roles, pods, next_pod: 0, answers: BTreeMap::new() };

    let (start, duration) = (Instant::now(), Duration::from_mins(minutes()));
    let (mut next_fault, mut warm) = (FAULTS, None);
    // The server of the checks is never killed, so its memory is measured.
    let checks = soak.scene.checks.process_id();
    while start.elapsed() < duration {
        soak.step();
        thread::sleep(PAUSE);
        if start.elapsed() > next_fault {
            soak.fault(&mut control_plane);
            soak.check_stored();
            println!("{:?}: {:.1} MB, {:?}", start.elapsed(), memory(checks), soak.answers);
            next_fault = start.elapsed() + FAULTS;
        }
        if warm.is_none() && start.elapsed() > WARM_UP.min(duration / 2) {
            warm = Some(memory(checks));
        }
    }
    soak.check_stored();
    let (before, after) = (warm.unwrap(), memory(checks));
    println!("memory: {before:.1} MB after the warm-up, {after:.1} MB at the end; answers: {:?}", soak.answers);
    assert!(after < before * GROWTH, "{before} MB, {after} MB");
    assert!(soak.answers[&("create a pod", 201)] > 0);
}

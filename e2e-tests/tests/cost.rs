//! Tests that the length of a request limits its cost: at most 1,500 units of fuel per byte, and at most 32 MiB of
//! memory beyond three times the length.
//!
//! The length is the sum of the lengths of the request, the settings and the host's answers. The test makes each array,
//! map and string of the format large, alone and in pairs. A pair shows whether the policy runs one search within
//! another search. The cost of such a search grows with the product of two lengths.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use policy_host::fuel::{Cost, Meter};
use policy_host::host::{Backend, Host, KubernetesGetResource};
use policy_host::policy::{CompilationCache, read_module};
use serde_json::{Map, Value, json};

/// The maximum fuel per byte.
const FUEL: u64 = 1500;

/// The maximum memory beyond three times the length, in bytes.
const MEMORY: u64 = 32 << 20;

/// The approximate size of each of two large parts, in bytes.
const SIZE: usize = 64 << 10;

/// The approximate size of a single large part, in bytes.
const SIZE_ALONE: usize = 512 << 10;

const PREFIX: &str = "eks.amazonaws.com";
const ROLE: &str = "arn:aws:iam::111122223333:role/web";
const TOKEN_PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

/// A request, the settings, and the host's answers.
#[derive(Clone)]
struct Input {
    settings: Value,
    metadata: Value,
    spec: Value,
    /// The annotations of each service account.
    account: Value,
    /// The text of the role mappings.
    config: String,
    /// The number of pod templates in a workload.
    templates: usize,
    /// Whether each template has its own service account.
    own_accounts: bool,
}

/// The kind of request that is made from an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Pod,
    /// An update that changes nothing.
    SameDeployment,
    /// An update that reverses the order of every array and map.
    ReversedDeployment,
    /// A custom workload with many templates.
    Workload,
    ServiceAccount,
}

const REQUESTS: [Request; 5] =
    [Request::Pod, Request::SameDeployment, Request::ReversedDeployment, Request::Workload, Request::ServiceAccount];

/// A function that enlarges a part of an input to about this number of bytes.
type Enlarge = fn(&mut Input, usize);

/// Every part that can be large.
const PARTS: &[(&str, Enlarge)] = &[
    ("annotations", |input, size| {
        put(&mut input.metadata, "annotations", entries(size, |index| (format!("example.com/a{index}"), json!("x"))));
    }),
    ("annotations under the prefix", |input, size| {
        put(&mut input.metadata, "annotations", entries(size, |index| (format!("{PREFIX}/a{index}"), json!("x"))));
    }),
    ("misspelled annotations", |input, size| put(&mut input.metadata, "annotations", misspelled(size))),
    ("a long annotation key", |input, size| {
        put(&mut input.metadata, "annotations", json!({format!("{PREFIX}/{}", "x".repeat(size)): "x"}));
    }),
    ("labels", |input, size| {
        put(&mut input.metadata, "labels", entries(size, |index| (format!("l{index}"), json!("x"))));
    }),
    ("skip-containers", |input, size| annotate(&mut input.metadata, "skip-containers", &names(size))),
    ("skip-containers, quoted", |input, size| {
        annotate(&mut input.metadata, "skip-containers", &format!("\"{}\"", "\"\"".repeat(size / 4)));
    }),
    ("skip-containers, line ends", |input, size| {
        annotate(&mut input.metadata, "skip-containers", &"\n".repeat(size / 2));
    }),
    ("skip-containers, one name", |input, size| annotate(&mut input.metadata, "skip-containers", &"x".repeat(size))),
    ("containers", |input, size| input.spec["containers"] = list(size, container)),
    ("containers with a role each", |input, size| {
        input.spec["containers"] = list(size, |index| json!({"name": format!("c{index}"), "env": [variable(index)]}));
    }),
    ("containers with static keys", |input, size| {
        input.spec["containers"] = list(
            size,
            |index| json!({"name": format!("c{index}"), "env": [{"name": "AWS_ACCESS_KEY_ID", "value": "x"}]}),
        );
    }),
    ("containers with a conflicting mount", |input, size| {
        input.spec["containers"] = list(
            size,
            |index| json!({"name": format!("c{index}"), "volumeMounts": [{"name": "other", "mountPath": TOKEN_PATH}]}),
        );
    }),
    ("containers that mount the volume", |input, size| {
        input.spec["containers"] = list(
            size,
            |index| json!({"name": format!("c{index}"), "volumeMounts": [{"name": "aws-iam-token", "mountPath": "/x"}]}),
        );
    }),
    ("initContainers", |input, size| input.spec["initContainers"] = list(size, container)),
    ("a long container name", |input, size| input.spec["containers"][0]["name"] = json!("\u{1}".repeat(size / 6))),
    ("env", |input, size| {
        input.spec["containers"][0]["env"] = list(size, |index| json!({"name": format!("AWS_{index}"), "value": "x"}));
    }),
    ("env with roles", |input, size| input.spec["containers"][0]["env"] = list(size, variable)),
    ("a long role in env", |input, size| {
        input.spec["containers"][0]["env"] = json!([{"name": "AWS_ROLE_ARN", "value": "a".repeat(size)}]);
    }),
    ("volumeMounts", |input, size| {
        input.spec["containers"][0]["volumeMounts"] =
            list(size, |index| json!({"name": format!("v{index}"), "mountPath": format!("/m{index}")}));
    }),
    ("volumeMounts at the token's path", |input, size| {
        input.spec["containers"][0]["volumeMounts"] =
            list(size, |index| json!({"name": format!("t{index}"), "mountPath": TOKEN_PATH}));
    }),
    ("a long mount path", |input, size| {
        input.spec["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": "/..".repeat(size / 3)}]);
    }),
    ("volumeDevices", |input, size| {
        input.spec["containers"][0]["volumeDevices"] =
            list(size, |index| json!({"name": "d", "devicePath": format!("/d{index}")}));
    }),
    ("volumes", |input, size| {
        input.spec["volumes"] = list(size, |index| json!({"name": format!("v{index}"), "emptyDir": {}}));
    }),
    ("volumes with our token", |input, size| {
        input.spec["volumes"] = list(
            size,
            |index| json!({"name": format!("t{index}"), "projected": {"sources": [token("sts.amazonaws.com")]}}),
        );
    }),
    ("volumes with foreign tokens", |input, size| {
        input.spec["volumes"] = list(
            size,
            |index| json!({"name": format!("t{index}"), "projected": {"sources": [token("sts.amazonaws.com.cn"), {}]}}),
        );
    }),
    ("projected sources", |input, size| {
        input.spec["volumes"] = json!([{"name": "aws-iam-token", "projected": {"sources": list(size, |index| token(&format!("a{index}")))}}]);
    }),
    (
        "a long audience of a token",
        |input, size| input.spec["volumes"] = json!([{"name": "x", "projected": {"sources": [token(&format!("{}.amazonaws.com", "sts.".repeat(size / 4)))]}}]),
    ),
    ("nodeSelector", |input, size| {
        input.spec["nodeSelector"] = entries(size, |index| (format!("n{index}"), json!("x")));
    }),
    ("a long account name", |input, size| input.spec["serviceAccountName"] = json!("a".repeat(size))),
    ("an account name of many labels", |input, size| input.spec["serviceAccountName"] = json!("a.".repeat(size / 2))),
    ("escapes", |input, size| annotate(&mut input.metadata, "token-expiration", &"\u{1}".repeat(size / 6))),
    ("templates of one account", |input, size| input.templates = size / 48),
    ("templates of many accounts", |input, size| (input.templates, input.own_accounts) = (size / 48, true)),
    ("roles", |input, size| {
        input.settings["roles"] =
            list(size, |index| json!({"serviceAccount": format!("team-*/w{index}*"), "roleArn": ROLE}));
    }),
    ("roles with stars", |input, size| {
        input.settings["roles"] = list(size, |_| json!({"serviceAccount": "*e*a*m*a*x/*", "roleArn": ROLE}));
    }),
    ("a glob of stars in roles", |input, size| {
        input.settings["roles"] =
            json!([{"serviceAccount": format!("{}/{}", "*".repeat(size / 2), "a*".repeat(size / 4)), "roleArn": ROLE}]);
    }),
    ("allowedRoles", |input, size| {
        allow(
            input,
            list(
                size,
                |index| json!({"namespaces": [format!("n{index}"), "*"], "roles": [format!("arn:aws:iam::*:role/r{index}")]}),
            ),
        );
    }),
    ("globs of allowedRoles", |input, size| {
        allow(
            input,
            json!([{"namespaces": ["*"], "roles": list(size, |index| json!(format!("arn:aws:iam::*:role/r{index}*")))}]),
        );
    }),
    ("namespaces of allowedRoles", |input, size| {
        allow(input, json!([{"namespaces": list(size, |index| json!(format!("n{index}*"))), "roles": [ROLE]}]));
    }),
    ("a glob of many stars", |input, size| {
        allow(
            input,
            json!([{"namespaces": ["*"], "roles": [format!("arn:aws:iam::*:role/{}", "a*".repeat(size / 2))]}]),
        );
    }),
    ("globs of many stars", |input, size| {
        allow(
            input,
            json!([{"namespaces": ["*"], "roles": list(size, |_| json!(format!("arn:aws:iam::*:role/{}", "a*".repeat(900))))}]),
        );
    }),
    ("allowedAudiences", |input, size| {
        input.settings["allowedAudiences"] = list(size, |index| json!(format!("a{index}")));
    }),
    ("a long tokenAudience", |input, size| input.settings["tokenAudience"] = json!("a".repeat(size))),
    ("a long region", |input, size| input.settings["region"] = json!("a-".repeat(size / 2))),
    ("a long tokenMountPath", |input, size| {
        input.settings["tokenMountPath"] = json!(format!("/{}", "a/".repeat(size / 2)));
    }),
    ("serviceAccounts of containerCredentials", |input, size| {
        input.settings["containerCredentials"] =
            json!({"serviceAccounts": list(size, |index| json!(format!("team-*/x{index}")))});
    }),
    ("customWorkloads", |input, size| {
        extend(
            &mut input.settings["customWorkloads"],
            list(
                size,
                |index| json!({"apiVersion": "example.com/v1", "kind": format!("K{index}"), "podTemplates": ["$.a"]}),
            ),
        );
    }),
    ("paths of customWorkloads", |input, size| {
        extend(
            &mut input.settings["customWorkloads"][0]["podTemplates"],
            list(size, |index| json!(format!("$.spec.p{index}"))),
        );
    }),
    ("a path of many steps", |input, size| {
        extend(
            &mut input.settings["customWorkloads"][0]["podTemplates"],
            json!([format!("$.spec{}", ".*".repeat(size / 2))]),
        );
    }),
    ("unknown settings", |input, size| (0..size / 12).for_each(|index| input.settings[format!("s{index}")] = json!(1))),
    ("a long unknown setting", |input, size| input.settings["x".repeat(size)] = json!(1)),
    ("unknown actions", |input, size| {
        input.settings["actions"] = entries(size, |index| (format!("f{index}"), json!("Warn")));
    }),
    ("invalid roles", |input, size| input.settings["roles"] = list(size, |_| json!({}))),
    ("a long role-arn", |input, size| annotate_account(input, "role-arn", &format!("{ROLE}{}", "a".repeat(size)))),
    ("a long audience", |input, size| annotate_account(input, "audience", &"a".repeat(size))),
    ("skip-containers of the account", |input, size| annotate_account(input, "skip-containers", &names(size))),
    ("a long token-expiration", |input, size| annotate_account(input, "token-expiration", &"1".repeat(size))),
    ("misspelled annotations of the account", |input, size| input.account = misspelled(size)),
    ("annotations of the account", |input, size| {
        input.account = entries(size, |index| (format!("{PREFIX}/a{index}"), json!("x")));
    }),
    ("an account without a role", |input, _| input.account = json!({})),
    ("entries of the ConfigMap", |input, size| {
        mapping(input, &entries(size, |index| (format!("team-a/x{index}"), json!({"RoleARN": ROLE}))));
    }),
    ("matching entries of the ConfigMap", |input, size| {
        mapping(input, &entries(size, |index| (format!("*/{}w*", "*".repeat(index % 50)), json!({"RoleARN": ROLE}))));
    }),
    ("invalid entries of the ConfigMap", |input, size| {
        mapping(input, &entries(size, |index| (format!("team-a/x{index}"), json!(1))));
    }),
    ("a glob in the ConfigMap", |input, size| {
        mapping(input, &json!({format!("*/{}", "*b".repeat(size / 2)): {"RoleARN": ROLE}}));
    }),
];

/// If a pair contains one of these parts, it is measured for workloads too, and not only for pods.
const CONTEXTS: [&str; 3] = ["templates of one account", "templates of many accounts", "an account without a role"];

fn put(object: &mut Value, key: &str, value: Value) {
    match (object[key].as_object_mut(), value) {
        (Some(members), Value::Object(more)) => members.extend(more),
        (_, value) => object[key] = value,
    }
}

fn extend(array: &mut Value, more: Value) {
    let Value::Array(more) = more else { panic!("expected an array to append") };
    array.as_array_mut().expect("the value to extend is an array").extend(more);
}

fn annotate(metadata: &mut Value, key: &str, value: &str) {
    put(metadata, "annotations", json!({format!("{PREFIX}/{key}"): value}));
}

fn annotate_account(input: &mut Input, key: &str, value: &str) {
    input.account[format!("{PREFIX}/{key}")] = json!(value);
}

fn mapping(input: &mut Input, config: &Value) {
    input.account = json!({});
    input.config = config.to_string();
    input.settings["rolesConfigMap"] = json!({"namespace": "kube-system", "name": "roles"});
}

/// Adds entries to `allowedRoles`, before the existing entries.
fn allow(input: &mut Input, entries: Value) {
    let mut all = json!([]);
    extend(&mut all, entries);
    if let Some(before) = input.settings.get("allowedRoles") {
        extend(&mut all, before.clone());
    }
    input.settings["allowedRoles"] = all;
}

/// Makes an array of about this size in bytes.
fn list(size: usize, element: impl Fn(usize) -> Value) -> Value {
    let mut elements = Vec::new();
    let mut length = 0;
    while length < size {
        let element = element(elements.len());
        length += element.to_string().len() + 1;
        elements.push(element);
    }
    Value::Array(elements)
}

/// Makes an object of about this size in bytes.
fn entries(size: usize, entry: impl Fn(usize) -> (String, Value)) -> Value {
    let mut members = Map::new();
    let mut length = 0;
    for index in 0.. {
        let (key, value) = entry(index);
        length += key.len() + value.to_string().len() + 4;
        members.insert(key, value);
        if length >= size {
            break;
        }
    }
    Value::Object(members)
}

/// Makes annotations whose keys differ from the known key `token-expiration` in two letters.
fn misspelled(size: usize) -> Value {
    entries(size, |index| {
        let letter = |index: usize| char::from_u32(0x100 + u32::try_from(index).unwrap()).unwrap();
        (format!("{PREFIX}/token-expirati{}{}", letter(index % 1000), letter(index / 1000)), json!("x"))
    })
}

fn names(size: usize) -> String {
    (0..size / 6).map(|index| format!("c{index}")).collect::<Vec<_>>().join(",")
}

fn container(index: usize) -> Value {
    json!({"name": format!("c{index}")})
}

fn variable(index: usize) -> Value {
    json!({"name": "AWS_ROLE_ARN", "value": format!("arn:aws:iam::111122223333:role/r{index}")})
}

fn token(audience: &str) -> Value {
    json!({"serviceAccountToken": {"audience": audience, "path": "token"}})
}

impl Input {
    fn small() -> Self {
        let template = "$.spec.jobs[*].template";
        Self {
            settings: json!({"customWorkloads": [
                {"apiVersion": "example.com/v1", "kind": "Jobs", "podTemplates": [template]},
            ]}),
            metadata: json!({"annotations": {}}),
            spec: json!({"serviceAccountName": "web", "containers": [{"name": "web"}]}),
            account: json!({format!("{PREFIX}/role-arn"): ROLE}),
            config: String::new(),
            templates: 1,
            own_accounts: false,
        }
    }

    fn payload(&self, request: Request) -> String {
        let pod = json!({"metadata": self.metadata, "spec": self.spec});
        let (kind, object) = match request {
            Request::Pod => (["", "v1", "Pod"], pod),
            Request::SameDeployment | Request::ReversedDeployment => {
                (["apps", "v1", "Deployment"], json!({"metadata": {"name": "web"}, "spec": {"template": pod}}))
            }
            Request::Workload => {
                let mut jobs = vec![json!({"template": pod})];
                jobs.extend((1..self.templates).map(|index| {
                    let account = if self.own_accounts { format!("a{index}") } else { "web".to_owned() };
                    json!({"template": {"spec": {"serviceAccountName": account}}})
                }));
                (["example.com", "v1", "Jobs"], json!({"metadata": {"name": "web"}, "spec": {"jobs": jobs}}))
            }
            Request::ServiceAccount => {
                let metadata = json!({"name": "web", "namespace": "team-a", "annotations": self.account});
                (["", "v1", "ServiceAccount"], json!({"metadata": metadata}))
            }
        };
        let [group, version, kind] = kind;
        let old = match request {
            Request::Pod => Value::Null,
            Request::ReversedDeployment => reversed(&object),
            _ => object.clone(),
        };
        let operation = if request == Request::Pod { "CREATE" } else { "UPDATE" };
        let request = json!({
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": version, "kind": kind},
            "namespace": "team-a",
            "operation": operation,
            "object": object,
            "oldObject": old,
        });
        json!({"settings": self.settings, "request": request}).to_string()
    }
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().rev().map(reversed).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect())
        }
        other => other.clone(),
    }
}

/// Answers every lookup, and counts the bytes of its answers.
struct Answers {
    account: Value,
    config: String,
    bytes: AtomicU64,
    lookups: AtomicU64,
}

impl Backend for Answers {
    fn get_resource(&self, request: &KubernetesGetResource) -> Result<String, String> {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": request.kind,
            "metadata": {"name": request.name, "namespace": request.namespace},
        });
        match request.kind.as_str() {
            "ConfigMap" => object["data"] = json!({"config": self.config}),
            _ => object["metadata"]["annotations"] = self.account.clone(),
        }
        let answer = object.to_string();
        self.bytes.fetch_add(answer.len() as u64, Ordering::Relaxed);
        self.lookups.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }
}

/// A shape, and the cost that was measured for it.
struct Measured {
    name: String,
    length: u64,
    lookups: u64,
    cost: Cost,
}

impl Measured {
    fn new(meter: &Meter, name: String, input: Input, request: Request) -> Self {
        let payload = input.payload(request);
        let Input { account, config, .. } = input;
        let answers = Arc::new(Answers { account, config, bytes: AtomicU64::new(0), lookups: AtomicU64::new(0) });
        let host = Arc::new(Host::permissive(Arc::clone(&answers) as Arc<dyn Backend>));
        let cost = meter.measure("validate", &payload, host).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let length = payload.len() as u64 + answers.bytes.load(Ordering::Relaxed);
        let measured = Self { name, length, lookups: answers.lookups.load(Ordering::Relaxed), cost };
        if !measured.is_within_bounds() {
            println!("{}", measured.describe());
        }
        measured
    }

    fn fuel_per_byte(&self) -> u64 {
        self.cost.call / self.length
    }

    /// The memory beyond three times the length, in bytes.
    fn extra_memory(&self) -> u64 {
        (self.cost.memory_pages << 16).saturating_sub(3 * self.length)
    }

    fn is_within_bounds(&self) -> bool {
        self.fuel_per_byte() <= FUEL && self.extra_memory() <= MEMORY && self.lookups <= 51
    }

    fn describe(&self) -> String {
        let Self { name, length, lookups, .. } = self;
        let (fuel, memory) = (self.fuel_per_byte(), self.extra_memory() >> 10);
        format!("{fuel:>6} fuel a byte, {memory:>6} KiB extra, {length:>8} bytes, {lookups:>3} lookups: {name}")
    }
}

/// A shape of a request: its name, the function that makes its input, and the kind of request.
type Shape = (String, Box<dyn Fn() -> Input + Send + Sync>, Request);

/// Makes every shape: each part alone for each kind of request, and pairs of parts for pods and workloads.
fn shapes() -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    for request in REQUESTS {
        for (index, &(name, enlarge)) in PARTS.iter().enumerate() {
            shapes.push((format!("{request:?}: {name}"), Box::new(move || enlarged(&[enlarge], SIZE_ALONE)), request));
            for &(other, also) in PARTS.iter().skip(index + 1) {
                // Other pairs are measured for pods only, because a workload with a single template is checked like a
                // pod.
                let is_context = CONTEXTS.contains(&name) || CONTEXTS.contains(&other);
                if request == Request::Pod || (request == Request::Workload && is_context) {
                    let both = move || enlarged(&[enlarge, also], SIZE);
                    shapes.push((format!("{request:?}: {name} + {other}"), Box::new(both), request));
                }
            }
        }
    }
    shapes
}

fn enlarged(parts: &[Enlarge], size: usize) -> Input {
    let mut input = Input::small();
    for enlarge in parts {
        enlarge(&mut input, size);
    }
    input
}

#[test]
fn the_length_limits_the_cost() {
    let module = read_module(&support::policy_path()).unwrap();
    let meter = Meter::new(&module, CompilationCache::On).unwrap();
    let shapes = shapes();
    // One thread for each core of the machine.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut measured: Vec<Measured> = std::thread::scope(|scope| {
        let of_thread = |thread: usize| {
            let (meter, shapes) = (&meter, &shapes);
            scope.spawn(move || -> Vec<Measured> {
                let own = shapes.iter().skip(thread).step_by(threads);
                own.map(|(name, input, request)| Measured::new(meter, name.clone(), input(), *request)).collect()
            })
        };
        let running: Vec<_> = (0..threads).map(of_thread).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let count = measured.len();
    let mut show = |title: &str, key: fn(&Measured) -> u64| {
        measured.sort_by_key(|measured| std::cmp::Reverse(key(measured)));
        println!("{title}, of {count} shapes:");
        measured.iter().take(10).for_each(|measured| println!("{}", measured.describe()));
    };
    show("the most memory", Measured::extra_memory);
    show("the most fuel", Measured::fuel_per_byte);
    let beyond: Vec<String> =
        measured.iter().filter(|measured| !measured.is_within_bounds()).map(Measured::describe).collect();
    assert!(beyond.is_empty(), "{} shapes cost more than the limits allow:\n{}", beyond.len(), beyond.join("\n"));
}

//! Tests which credentials each SDK of the table uses.

use serde_json::{Value, json};

use super::*;
use crate::container::containers;

/// Returns what each SDK uses in this container, to which the role's variables are added.
fn taken(container: &Value) -> Vec<(&'static str, Taken)> {
    let mut container = container.clone();
    let env = container["env"].take();
    let mut variables = json!([
        {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/app"},
        {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"},
    ]);
    variables.as_array_mut().unwrap().extend(env.as_array().cloned().unwrap_or_default());
    container["env"] = variables;
    let container = self::container(&container);
    SDKS.iter().map(|sdk| (sdk.name, sdk.takes(&container))).collect()
}

/// Reads a container, given as JSON.
fn container(json: &Value) -> Container {
    containers(&json!({"spec": {"containers": [json]}})).remove(0)
}

fn all(taken: &[(&str, Taken)], expected: Taken) -> bool {
    taken.iter().all(|(_, taken)| *taken == expected)
}

fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

#[test]
fn every_sdk_has_its_own_name_and_page() {
    for (position, sdk) in SDKS.iter().enumerate() {
        assert!(!sdk.name.is_empty() && sdk.docs.starts_with("https://"), "{}: {}", sdk.name, sdk.docs);
        let mut before = SDKS[..position].iter();
        assert!(before.all(|other| other.name != sdk.name && other.docs != sdk.docs), "{}", sdk.name);
    }
}

#[test]
fn every_sdk_uses_the_role_if_there_is_nothing_else() {
    assert!(all(&taken(&json!({})), Taken::From(WebIdentity)));
    // Only JavaScript v2 uses container credentials instead of the role.
    let agent = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    for (name, taken) in taken(&json!({"env": [agent]})) {
        let expected = if name == "JavaScript v2" { Agent } else { WebIdentity };
        assert_eq!(taken, Taken::From(expected), "{name}");
    }
}

#[test]
fn all_sdks_but_one_use_static_keys_and_none_uses_empty_keys() {
    let keys = |value| json!({"env": [variable("AWS_ACCESS_KEY_ID", value), variable("AWS_SECRET_ACCESS_KEY", value)]});
    for (name, taken) in taken(&keys("x")) {
        let expected = if name == ".NET v3" { WebIdentity } else { Static };
        assert_eq!(taken, Taken::From(expected), "{name}");
    }
    assert!(all(&taken(&keys("")), Taken::From(WebIdentity)));
}

#[test]
fn an_id_without_a_secret_fails_in_python_and_is_skipped_elsewhere() {
    for (name, taken) in taken(&json!({"env": [variable("AWS_ACCESS_KEY_ID", "x")]})) {
        let is_botocore = matches!(name, "Python" | "CLI");
        assert_eq!(taken, if is_botocore { Taken::HalfAKey } else { Taken::From(WebIdentity) }, "{name}");
    }
    let secret = json!({"env": [variable("AWS_SECRET_ACCESS_KEY", "x")]});
    assert!(all(&taken(&secret), Taken::From(WebIdentity)));
}

#[test]
fn an_empty_profile_fails_in_python_only() {
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        for (sdk, taken) in taken(&json!({"env": [variable(name, "")]})) {
            let is_botocore = matches!(sdk, "Python" | "CLI");
            let expected = if is_botocore { Taken::EmptyVariable(name) } else { Taken::From(WebIdentity) };
            assert_eq!(taken, expected, "{sdk}: {name}");
        }
    }
}

#[test]
fn keys_by_other_names_are_used_by_the_sdks_that_read_them() {
    for (names, winners) in [
        (["AWS_ACCESS_KEY", "AWS_SECRET_KEY"], ["Go v2", "Go v1", "Java v1", "Ruby"].as_slice()),
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_KEY"], &["Go v2", "Go v1", "Java v1", "Ruby", ".NET v4"]),
        (["AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY"], &["Ruby", "JavaScript v2"]),
        (["AWS_ACCESS_KEY_ID", "SECRET_ACCESS_KEY"], &["Rust"]),
    ] {
        for (name, taken) in taken(&json!({"env": names.map(|name| variable(name, "x"))})) {
            let expected = if winners.contains(&name) {
                Taken::From(Static)
            } else if names[0] == "AWS_ACCESS_KEY_ID" && matches!(name, "Python" | "CLI") {
                Taken::HalfAKey
            } else {
                Taken::From(WebIdentity)
            };
            assert_eq!(taken, expected, "{name}: {names:?}");
        }
    }
}

#[test]
fn whether_optional_keys_are_set_is_unknown() {
    let key = |name| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}});
    let keys = json!({"env": [key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY")]});
    for (name, taken) in taken(&keys) {
        let expected = if name == ".NET v3" { Taken::From(WebIdentity) } else { Taken::Depends(Unseen::OptionalKeys) };
        assert_eq!(taken, expected, "{name}");
    }
}

#[test]
fn a_profile_matters_only_if_it_comes_before_the_role() {
    for (container, is_named) in [
        (json!({"env": [variable("AWS_PROFILE", "x")]}), true),
        (json!({"volumeMounts": [{"name": "home", "mountPath": "/home/app/.aws"}]}), false),
    ] {
        for (name, taken) in taken(&container) {
            let expected = match name {
                "Go v2" | "Python" | "CLI" if is_named => Taken::Depends(Unseen::Profile),
                "Python" | "CLI" | "JavaScript v3" | "Rust" | "C++" | "Swift" | "JavaScript v2" => {
                    Taken::Depends(Unseen::Files)
                }
                _ => Taken::From(WebIdentity),
            };
            assert_eq!(taken, expected, "{name}");
        }
    }
}

#[test]
fn javascript_v3_uses_the_profile_before_the_keys() {
    let both = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name, "x"));
    for (name, taken) in taken(&json!({"env": both})) {
        let expected = match name {
            "JavaScript v3" => Taken::Depends(Unseen::Files),
            "Go v2" | "Python" | "CLI" => Taken::Depends(Unseen::Profile),
            ".NET v3" => Taken::From(WebIdentity),
            _ => Taken::From(Static),
        };
        assert_eq!(taken, expected, "{name}");
    }
}

#[test]
fn variables_of_env_from_are_unknown_unless_the_prefix_excludes_them() {
    let with_prefix = |prefix: &str| json!({"envFrom": [{"secretRef": {"name": "app"}, "prefix": prefix}]});
    for (name, taken) in taken(&with_prefix("")) {
        let expected = if name == ".NET v3" { Taken::From(WebIdentity) } else { Taken::Depends(Unseen::EnvFrom) };
        assert_eq!(taken, expected, "{name}");
    }
    assert!(all(&taken(&with_prefix("APP_")), Taken::From(WebIdentity)));
}

#[test]
fn without_a_role_sdks_use_the_node_s_role_unless_metadata_is_disabled() {
    for sdk in SDKS {
        assert_eq!(sdk.takes(&container(&json!({}))), Taken::From(Instance));
        let off = json!({"env": [variable("AWS_EC2_METADATA_DISABLED", "true")]});
        assert_eq!(sdk.takes(&container(&off)), Taken::None);
    }
}

#[test]
fn half_of_web_identity_fails_in_some_sdks() {
    let agent = variable(CONTAINER_URI, "http://169.254.170.23/v1/credentials");
    for (half, failing) in
        [(TOKEN_FILE, ["Go v2", "Python", "CLI", "Go v1"].as_slice()), ("AWS_ROLE_ARN", [].as_slice())]
    {
        let env = json!([agent, variable(half, "x")]);
        let container = container(&json!({"env": env}));
        for sdk in SDKS {
            let expected = if failing.contains(&sdk.name) { Taken::NoRoleArn } else { Taken::From(Agent) };
            assert_eq!(sdk.takes(&container), expected, "{}: {half}", sdk.name);
        }
    }
}

#[test]
fn java_script_skips_static_keys_if_a_profile_is_set() {
    let env = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name, "x"));
    let container = container(&json!({"env": env}));
    let sdk = SDKS.into_iter().find(|sdk| sdk.name == "JavaScript v3").unwrap();
    let without_profile = Sdk { order: &[Static, Instance], ..sdk };
    assert_eq!(without_profile.takes(&container), Taken::From(Instance));
}

#[test]
fn values_that_turn_off_the_node_s_role_depend_on_the_sdk() {
    for (value, off) in [
        ("1", ["Java v2", "JavaScript v3"].as_slice()),
        ("FALSE", ["JavaScript v3"].as_slice()),
        ("false", [].as_slice()),
        ("", ["Java v2"].as_slice()),
    ] {
        let env = json!([variable(METADATA_DISABLED, value)]);
        let container = container(&json!({"env": env}));
        for sdk in SDKS {
            let expected = if off.contains(&sdk.name) { Taken::None } else { Taken::From(Instance) };
            assert_eq!(sdk.takes(&container), expected, "{}: {value}", sdk.name);
        }
    }
}

#[test]
fn some_sdks_use_the_node_s_role_if_sts_refuses() {
    let names = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"].map(|name| variable(name, "x"));
    let container = container(&json!({"env": names}));
    let refused: Vec<_> =
        SDKS.iter().filter(|sdk| sdk.takes_if_refused(&container).is_some()).map(|sdk| sdk.name).collect();
    assert_eq!(refused, ["Java v2", "C++", "Kotlin", "Swift", "PHP", "Java v1", "JavaScript v2"]);
    for sdk in SDKS {
        let taken = sdk.takes_if_refused(&container);
        assert!(taken.is_none_or(|taken| taken == Taken::From(Instance)), "{}", sdk.name);
    }
}

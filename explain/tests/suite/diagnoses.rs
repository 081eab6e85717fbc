//! Tests that every diagnosis is found. Each case takes the correct inputs (`right`) and adds one mistake.

use crate::support::{PROVIDER, right};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::explanation::StepKind;
use irsa_explain::inputs::Input;
use irsa_explain::{Explanation, Inputs, Outcome, explain};
use serde_json::{Value, json};

/// Changes a JSON input.
pub fn change(input: &mut Option<String>, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(input.as_deref().unwrap()).unwrap();
    change(&mut value);
    *input = Some(value.to_string());
}

/// The walk-through with the token's claims changed. The change makes the token's signature invalid, so the issuer's
/// keys are left out.
fn with_claims(changed: impl FnOnce(&mut Value)) -> Inputs {
    let mut inputs = Inputs { jwks: None, ..right() };
    let token = inputs.token.take().unwrap();
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    changed(&mut claims);
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    inputs.token = Some(parts.join("."));
    inputs
}

/// The walk-through without a token and without the issuer's documents. These inputs have precedence over the pod and
/// the input `issuer`.
fn untold() -> Inputs {
    Inputs { token: None, jwks: None, discovery: None, ..right() }
}

/// The walk-through with another issuer. Its discovery document is from an API server that runs without the flag
/// `--service-account-jwks-uri`.
pub fn of_the_api_server(issuer: &str) -> Inputs {
    let mut inputs = Inputs { token: None, jwks: None, ..right() };
    change(&mut inputs.discovery, |document| document["jwks_uri"] = "https://172.18.0.2:6443/openid/v1/jwks".into());
    for text in [&mut inputs.discovery, &mut inputs.issuer, &mut inputs.trust_policy].into_iter().flatten() {
        *text = text.replace(PROVIDER, issuer);
    }
    inputs
}

fn with_statement(changed: impl FnOnce(&mut Value)) -> Inputs {
    let mut inputs = right();
    change(&mut inputs.trust_policy, |policy| changed(&mut policy["Statement"][0]));
    inputs
}

/// The cause, as `step/mistake`.
fn cause(explanation: &Explanation) -> String {
    let cause = explanation.cause.expect("something is wrong");
    format!("{}/{}", cause.step.name(), cause.mistake.map(Diagnosis::name).unwrap_or_default())
}

/// The cases: the expected cause, and the inputs.
pub fn cases() -> Vec<(&'static str, Inputs)> {
    [of_the_pod(), of_the_role(), of_the_token(), of_the_trust_policy(), of_the_keys(), of_the_region()].concat()
}

fn of_the_pod() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    let account = |changed: &dyn Fn(&mut Value)| {
        let mut inputs = right();
        change(&mut inputs.service_account, changed);
        inputs
    };
    let pod = |changed: &dyn Fn(&mut Value)| {
        let mut inputs = right();
        change(&mut inputs.pod, changed);
        inputs
    };
    let container = |changed: &dyn Fn(&mut Value)| pod(&|pod| changed(&mut pod["spec"]["containers"][0]));
    add(
        "serviceAccount/missingServiceAccount",
        Inputs { service_account: None, not_found: vec![Input::ServiceAccount], ..right() },
    );
    add("serviceAccount/otherServiceAccount", account(&|account| account["metadata"]["name"] = "web".into()));
    add("serviceAccount/otherServiceAccount", account(&|account| account["metadata"]["namespace"] = "web".into()));
    add(
        "serviceAccount/staticPod",
        pod(&|pod| {
            pod["metadata"]["uid"] = "5f8d1c0e".into();
            pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "5f8d1c0e"});
        }),
    );
    add("role/otherRole", Inputs { role: Some("arn:aws:iam::111122223333:role/other".into()), ..right() });
    add(
        "role/misspelledAnnotation",
        account(&|account| {
            account["metadata"]["annotations"] =
                json!({"eks.amazon.com/role-arn": "arn:aws:iam::111122223333:role/app"});
        }),
    );
    add("allowed/roleNotAllowed", Inputs {
        settings: Some(r#"{"region": "us-east-2", "allowedRoles": [{"namespaces": ["*"], "roles": ["arn:aws:iam::*:role/x"]}]}"#.into()),
        ..right()
    });
    add("injected/notInjected", pod(&|pod| pod["metadata"]["uid"] = "5f8d1c0e".into()));
    add(
        "injected/conflictingVolume",
        pod(&|pod| pod["spec"]["volumes"] = json!([{"name": "aws-iam-token", "emptyDir": {}}])),
    );
    add(
        "injected/partialCredentials",
        container(&|container| {
            container["env"] = json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/x"}]);
        }),
    );
    add(
        "credentials/overriddenRole",
        container(&|container| {
            container["env"] = json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/x"},
                                  {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/tmp/token"}]);
        }),
    );
    add(
        "credentials/profileSet",
        container(&|container| container["env"] = json!([{"name": "AWS_PROFILE", "value": "x"}])),
    );
    add(
        "credentials/profileSet",
        container(&|container| {
            container["volumeMounts"] = json!([{"name": "config", "mountPath": "/root/.aws"}]);
        }),
    );
    cases
}

fn of_the_role() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    let account = |changed: &dyn Fn(&mut Value)| {
        let mut inputs = right();
        change(&mut inputs.service_account, changed);
        inputs
    };
    let annotated =
        |role: &str| account(&|account| account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = role.into());
    add("role/emptyRole", annotated(""));
    let without_role = account(&|account| account["metadata"]["annotations"] = json!({}));
    let mut on_pod = without_role.clone();
    change(&mut on_pod.pod, |pod| {
        pod["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"});
    });
    add("role/roleOnPod", on_pod);
    let other = json!({"metadata": {"name": "web", "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"}}});
    add("role/roleOfOtherAccount", Inputs { other_service_accounts: vec![other.to_string()], ..without_role.clone() });
    let association = |account: &str| {
        json!({"association": {
            "namespace": "default", "serviceAccount": account, "roleArn": "arn:aws:iam::111122223333:role/app",
            "associationArn": "arn:aws:eks:us-east-2:111122223333:podidentityassociation/prod/a-1",
        }})
    };
    add(
        "role/associationForOtherAccount",
        Inputs { association: Some(association("web").to_string()), ..without_role.clone() },
    );
    let mut old = Inputs { association: Some(association("my-sa").to_string()), ..without_role.clone() };
    change(&mut old.pod, |pod| pod["metadata"]["uid"] = "5f8d1c0e".into());
    add("role/podOlderThanAssociation", old);
    let mut agent = without_role.clone();
    change(&mut agent.pod, |pod| {
        pod["metadata"]["uid"] = "5f8d1c0e".into();
        pod["spec"]["containers"][0]["env"] =
            json!([{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://fd00:ec2::23/v1/credentials"}]);
    });
    add("role/wrongAgentAddress", agent);
    let associated = Inputs { association: Some(association("my-sa").to_string()), ..without_role };
    add("provider/podIdentityNotTrusted", associated.clone());
    add("provider/podIdentityNotTrusted", Inputs { is_one_of_several: true, ..associated.clone() });
    let chained = Inputs {
        role: Some("arn:aws:iam::444455556666:role/target".into()),
        association: Some(
            association("my-sa")
                .to_string()
                .replace("\"roleArn\"", "\"targetRoleArn\": \"arn:aws:iam::444455556666:role/target\", \"roleArn\""),
        ),
        ..associated
    };
    add("provider/sourceRoleNotTrusted", chained);
    cases
}

fn of_the_token() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    add("token/tokenExpired", Inputs { now: right().now.map(|now| now.saturating_add(86_400)), ..right() });
    add("token/tokenNotYetValid", Inputs { now: right().now.map(|now| now.saturating_sub(86_400)), ..right() });
    add("token/otherAudience", with_claims(|claims| claims["aud"] = json!(["https://kubernetes.default.svc"])));
    // Two containers have a role, and one of them mounts the API server's token, so the policy rejects the pod.
    let mut inputs = untold();
    let account: Value = serde_json::from_str(inputs.service_account.as_deref().unwrap()).unwrap();
    let role = &account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"];
    change(&mut inputs.pod, |pod| {
        pod["spec"]["volumes"] =
            json!([{"name": "api", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]);
        pod["spec"]["containers"].as_array_mut().unwrap().push(json!({
            "name": "side", "image": "side",
            "env": [
                {"name": "AWS_ROLE_ARN", "value": role},
                {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/api/token"},
            ],
            "volumeMounts": [{"name": "api", "mountPath": "/var/run/secrets/api"}],
        }));
    });
    add("injected/invalidAudience", inputs);
    add("token/otherSubject", with_claims(|claims| claims["sub"] = "system:serviceaccount:default:default".into()));
    add(
        "token/legacyToken",
        with_claims(|claims| {
            *claims = json!({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:my-sa"});
        }),
    );
    add("issuer/issuerNotHttps", Inputs { issuer: Some(format!("http://{PROVIDER}")), ..untold() });
    add(
        "issuer/issuerNotPublic",
        Inputs { issuer: Some("https://kubernetes.default.svc.cluster.local".into()), ..untold() },
    );
    add("issuer/issuerMismatch", with_claims(|claims| claims["iss"] = "https://other.example".into()));
    add("issuer/trailingSlash", with_claims(|claims| claims["iss"] = format!("https://{PROVIDER}/").into()));
    let discovery = |changed: &dyn Fn(&mut Value)| {
        let mut inputs = right();
        change(&mut inputs.discovery, changed);
        inputs
    };
    add("issuer/invalidJwksUri", discovery(&|document| document["jwks_uri"] = "http://keys.example".into()));
    add("issuer/invalidJwksUri", discovery(&|document| document["jwks_uri"] = Value::Null));
    add("issuer/invalidJwksUri", of_the_api_server("idp.example/A"));
    add("issuer/issuerMismatch", discovery(&|document| document["issuer"] = Value::Null));
    let mut keys = right();
    change(&mut keys.jwks, |jwks| jwks["keys"][0]["kid"] = "old".into());
    add("issuer/unknownKey", keys);
    add("issuer/badSignature", Inputs { jwks: right().jwks, ..with_claims(|claims| claims["jti"] = "1".into()) });
    cases
}

fn of_the_trust_policy() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    add(
        "provider/issuerWithScheme",
        with_statement(|statement| {
            statement["Principal"]["Federated"] =
                format!("arn:aws:iam::111122223333:oidc-provider/https://{PROVIDER}").into();
        }),
    );
    add(
        "provider/trailingSlash",
        with_statement(|statement| {
            statement["Principal"]["Federated"] = format!("arn:aws:iam::111122223333:oidc-provider/{PROVIDER}/").into();
        }),
    );
    add(
        "provider/otherProvider",
        with_statement(|statement| {
            statement["Principal"]["Federated"] = "arn:aws:iam::111122223333:oidc-provider/accounts.example".into();
        }),
    );
    add(
        "provider/providerInOtherAccount",
        with_statement(|statement| {
            statement["Principal"]["Federated"] = format!("arn:aws:iam::444455556666:oidc-provider/{PROVIDER}").into();
        }),
    );
    let principal = |principal: Value| with_statement(|statement| statement["Principal"] = principal);
    let federated = |arn: &str| principal(json!({"Federated": arn}));
    add("provider/trustsPodIdentity", principal(json!({"Service": "pods.eks.amazonaws.com"})));
    add("provider/trustsService", principal(json!({"Service": "ec2.amazonaws.com"})));
    add("provider/trustsService", principal(json!({"Service": ["lambda.amazonaws.com"]})));
    add("provider/trustsAwsPrincipal", principal(json!({"AWS": "arn:aws:iam::111122223333:root"})));
    add("provider/trustsOtherIdentities", federated("arn:aws:iam::111122223333:saml-provider/corp"));
    add(
        "provider/trustsOtherIdentities",
        federated("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"),
    );
    add("provider/noProvider", principal(json!({"CanonicalUser": "0123"})));
    add("provider/wildcardInProvider", federated("arn:aws:iam::111122223333:oidc-provider/oidc.eks.*"));
    add("provider/placeholder", federated("arn:aws:iam::ACCOUNT_ID:oidc-provider/oidc.example/id/A"));
    add("provider/placeholder", federated("arn:aws:iam::111122223333:oidc-provider/${oidc_provider}"));
    let misspelled = PROVIDER.replace("oidc.eks.us-east-2", "oidc.us-east-2.eks");
    add("provider/misspelledProvider", federated(&format!("arn:aws:iam::111122223333:oidc-provider/{misspelled}")));
    let lower = PROVIDER.to_lowercase();
    add("provider/misspelledProvider", federated(&format!("arn:aws:iam::111122223333:oidc-provider/{lower}")));
    add(
        "provider/providerInOtherPartition",
        federated(&format!("arn:aws-cn:iam::111122223333:oidc-provider/{PROVIDER}")),
    );
    add(
        "provider/otherAction",
        with_statement(|statement| statement["Action"] = "sts:AssumeRoleWithWebIdendity".into()),
    );
    add("provider/providerMissing", Inputs { not_found: vec![Input::Provider], ..right() });
    add(
        "provider/providerMissing",
        Inputs { provider: Some(json!({"OpenIDConnectProviderList": []}).to_string()), ..right() },
    );
    let in_iam = |url: &str, id: &str| Inputs {
        provider: Some(json!({"Url": url, "ClientIDList": [id]}).to_string()),
        ..right()
    };
    add("provider/audienceNotRegistered", in_iam(PROVIDER, "sts.amazonaws.com.cn"));
    add("provider/otherProvider", in_iam("oidc.example/id/A", "sts.amazonaws.com"));
    add(
        "provider/otherAction",
        with_statement(|statement| statement["Action"] = json!(["sts:AssumeRole", "sts:TagSession"])),
    );
    let mut denied = right();
    change(&mut denied.trust_policy, |policy| {
        let statements = policy["Statement"].as_array_mut().unwrap();
        statements.push(json!({"Effect": "Deny", "Principal": "*", "Action": "sts:*"}));
    });
    add("conditions/denied", denied);
    let condition = |key: &str, value: &str| {
        with_statement(|statement| statement["Condition"]["StringEquals"] = json!({format!("{PROVIDER}{key}"): value}))
    };
    add("conditions/trailingSlash", condition("/:sub", "system:serviceaccount:default:my-sa"));
    add("conditions/wildcardInStringEquals", condition(":sub", "system:serviceaccount:def*:my-sa"));
    add("conditions/wrongNamespace", condition(":sub", "system:serviceaccount:shop:my-sa"));
    add("conditions/wrongNamespace", condition(":sub", "system:serviceaccount:shop:*"));
    add("conditions/wrongServiceAccount", condition(":sub", "system:serviceaccount:default:web"));
    add("conditions/wrongSubject", condition(":sub", "default:my-sa"));
    add("conditions/wrongAudience", condition(":aud", "sts.amazonaws.com.cn"));
    add(
        "conditions/otherProvider",
        with_statement(|statement| {
            statement["Condition"]["StringEquals"] =
                json!({"oidc.example/id/B:sub": "system:serviceaccount:default:my-sa"});
        }),
    );
    add(
        "conditions/issuerWithScheme",
        with_statement(|statement| {
            statement["Condition"]["StringEquals"] = json!({format!("https://{PROVIDER}:aud"): "sts.amazonaws.com"});
        }),
    );
    cases
}

fn of_the_keys() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    let misspelled = PROVIDER.replace("oidc.eks.us-east-2", "oidc.us-east-2.eks");
    let key = |key: &str, value: &str| {
        with_statement(|statement| statement["Condition"]["StringEquals"] = json!({key: value}))
    };
    let subject = "system:serviceaccount:default:my-sa";
    add("conditions/keyNeverSet", key(&format!("arn:aws:iam::111122223333:oidc-provider/{PROVIDER}:sub"), subject));
    add("conditions/keyNeverSet", key(&format!("{PROVIDER} :sub"), subject));
    add("conditions/keyNeverSet", key(&format!("{PROVIDER}:subject"), subject));
    add("conditions/keyNeverSet", key("sts:ExternalId", "x"));
    add("conditions/keyNeverSet", key("aws:MultiFactorAuthPresent", "true"));
    add("conditions/keyNeverSet", key("sub", subject));
    add("conditions/placeholder", key("${oidc_provider}:sub", subject));
    add("conditions/misspelledProvider", key(&format!("{misspelled}:sub"), subject));
    let mut several = right();
    change(&mut several.trust_policy, |policy| {
        let statement = &mut policy["Statement"][0];
        let arn = statement["Principal"]["Federated"].as_str().unwrap().to_owned();
        statement["Principal"]["Federated"] = json!([arn, arn.replace(PROVIDER, "oidc.example/id/B")]);
        statement["Condition"]["StringEquals"]["oidc.example/id/B:sub"] = subject.into();
    });
    add("conditions/severalProviders", several);
    let mut unversioned = right();
    change(&mut unversioned.trust_policy, |policy| {
        policy.as_object_mut().unwrap().shift_remove("Version");
        policy["Statement"][0]["Condition"] =
            json!({"StringEquals": {format!("{PROVIDER}:sub"): format!("${{{PROVIDER}:sub}}")}});
    });
    add("conditions/missingVersion", unversioned);
    cases
}

fn of_the_region() -> Vec<(&'static str, Inputs)> {
    let mut cases = Vec::new();
    let mut add = |expected, inputs| cases.push((expected, inputs));
    add("region/noRegion", Inputs { settings: Some("{}".into()), ..right() });
    add("region/regionInOtherPartition", Inputs { settings: Some(r#"{"region": "cn-north-1"}"#.into()), ..right() });
    cases
}

#[test]
fn finds_each_mistake_first() {
    let mut failures = Vec::new();
    for (expected, inputs) in cases() {
        let explanation = explain(&inputs);
        if explanation.cause.is_none() || cause(&explanation) != expected {
            let said = explanation.cause.map(|_| cause(&explanation));
            failures.push(format!("expected {expected}, but got {said:?}: {:#?}", explanation.steps));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn warns_of_missing_conditions() {
    let only = |claim: &str, value: &str| {
        let condition = json!({"StringEquals": {format!("{PROVIDER}:{claim}"): value}});
        let explanation = explain(&with_statement(|statement| statement["Condition"] = condition));
        assert_eq!(explanation.cause, None, "a warning is not a cause");
        explanation.steps[8].mistake
    };
    assert_eq!(only("sub", "system:serviceaccount:default:my-sa"), Some(Diagnosis::NoAudienceCondition));
    assert_eq!(only("aud", "sts.amazonaws.com"), Some(Diagnosis::NoSubjectCondition));
}

#[test]
fn warns_of_conditions_that_do_not_limit_access() {
    let with_subject = |operator: &str, value: &str| {
        let mut condition = json!({"StringEquals": {format!("{PROVIDER}:aud"): "sts.amazonaws.com"}});
        condition[operator][format!("{PROVIDER}:sub")] = value.into();
        let explanation = explain(&with_statement(|statement| statement["Condition"] = condition));
        assert_eq!(explanation.cause, None, "a warning is not a cause");
        explanation.steps[8].mistake
    };
    for (operator, value) in [
        ("StringLike", "*"),
        ("StringLike", "system:serviceaccount:*"),
        ("StringLike", "system:serviceaccount:*:*"),
        ("StringNotEquals", "system:serviceaccount:default:other"),
    ] {
        assert_eq!(with_subject(operator, value), Some(Diagnosis::NoSubjectCondition), "{operator} {value}");
    }
    for (operator, value) in [
        ("StringLike", "system:serviceaccount:default:*"),
        ("StringLike", "system:serviceaccount:*:my-sa"),
        ("StringEqualsIfExists", "system:serviceaccount:default:my-sa"),
    ] {
        assert_eq!(with_subject(operator, value), None, "{operator} {value}");
    }
}

#[test]
fn every_diagnosis_has_a_case() {
    let made = cases().into_iter().map(|(expected, _)| expected.split_once('/').unwrap().1);
    let made: Vec<_> = made.chain(crate::pod_side::made()).collect();
    let warnings = ["noSubjectCondition", "noAudienceCondition", "associationLoses"];
    for mistake in Diagnosis::ALL {
        let name = mistake.name();
        assert!(made.contains(&name) || warnings.contains(&name), "no case has the mistake `{name}`");
    }
}

#[test]
fn warns_of_an_association_that_is_unused_because_of_web_identity() {
    let association =
        json!({"namespace": "default", "serviceAccount": "my-sa", "roleArn": "arn:aws:iam::111122223333:role/other"});
    let inputs = Inputs { association: Some(association.to_string()), ..right() };
    let (outcome, mistake, text) = said(&inputs, StepKind::Role);
    assert_eq!((outcome, mistake), (Outcome::Passed, Some(Diagnosis::AssociationLoses)), "{text}");
    // If the association's role is the expected one, the step fails.
    let inputs = Inputs { role: Some("arn:aws:iam::111122223333:role/other".into()), ..inputs };
    let (outcome, mistake, text) = said(&inputs, StepKind::Role);
    assert_eq!((outcome, mistake), (Outcome::Failed, Some(Diagnosis::OtherRole)), "{text}");
    assert!(text.contains("SDKs use web identity (IRSA) first"), "{text}");
}

#[test]
fn a_role_that_is_not_an_arn_is_a_problem_and_not_a_fix() {
    let inputs = Inputs { role: Some("foo".into()), ..right() };
    let explanation = explain(&inputs);
    assert_eq!(explanation.problems[0].input, Input::Role);
    assert!(!serde_json::to_string(&explanation).unwrap().contains("role-arn=foo"));
}

/// The outcomes of the steps, a letter each: passed, failed, unknown, skipped.
fn outcomes(inputs: &Inputs) -> String {
    let letter = |outcome: &Value| outcome.as_str().unwrap().chars().next().unwrap();
    let said = serde_json::to_value(explain(inputs)).unwrap();
    said["steps"].as_array().unwrap().iter().map(|step| letter(&step["outcome"])).collect()
}

#[test]
fn steps_without_their_inputs_are_unknown() {
    let none = Inputs::default();
    assert_eq!(outcomes(&none), "uuuuuuuuuus");
    assert_eq!(outcomes(&untold()), "ppppppppppp");
    // Without the service account, the pod's role is not known. The subject is known, because it comes from the pod.
    assert_eq!(outcomes(&Inputs { service_account: None, ..untold() }), "uuuuuuppuus");
    assert_eq!(outcomes(&Inputs { pod: None, ..untold() }), "pppuuupppus");
    assert_eq!(outcomes(&Inputs { trust_policy: None, ..untold() }), "pppppppuupp");
    assert_eq!(outcomes(&Inputs { issuer: None, ..untold() }), "ppppppuuppp");
    assert_eq!(outcomes(&Inputs { settings: Some("{".into()), ..untold() }), "puuuuuppuus");
}

#[test]
fn reports_where_an_input_is_malformed() {
    let broken = |inputs: Inputs| {
        let explanation = explain(&inputs);
        let problem = explanation.problems.first().expect("there is a problem").clone();
        (problem.message, problem.line, problem.column)
    };
    let (message, line, column) = broken(Inputs { pod: Some("{\n  \"spec\": x}".into()), ..right() });
    assert_eq!((message.as_str(), line, column), ("expected JSON, but expected value", Some(2), Some(11)));
    let (message, ..) = broken(Inputs { pod: Some(r#"{"spec": {"containers": 7}}"#.into()), ..right() });
    assert_eq!(message, "`object.spec.containers`: expected an array, but got a number");
    let twice = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"StringLike": {}, "StringLike": {}}}}"#;
    let (message, ..) = broken(Inputs { trust_policy: Some(twice.into()), ..right() });
    assert_eq!(message, "an object has the key `StringLike` twice: remove one");
    for (policy, message) in [
        (r#"{"Statement": [{"Effect": "Allow"}]}"#, "`Statement[0]`: expected a `Principal`"),
        (r#"{"Statement": {"Effect": "Allow", "Principal": "*"}}"#, "`Statement[0]`: expected an `Action`"),
        (
            r#"{"Statement": {"Effect": "Allow", "Resource": "*"}}"#,
            "`Statement[0]`: `Resource`: a trust policy's statement has no such element",
        ),
        (r#"{"Version": "2020-01-01", "Statement": []}"#, "`Version`: expected `2012-10-17` or `2008-10-17`"),
        ("{}", "`Statement`: expected a statement, or an array of statements"),
        ("[]", "expected a trust policy, or a role with a trust policy"),
    ] {
        assert_eq!(broken(Inputs { trust_policy: Some(policy.into()), ..right() }).0, message, "{policy}");
    }
}

#[test]
fn explains_the_pod_of_a_workload() {
    let pod: Value = serde_json::from_str(right().pod.as_deref().unwrap()).unwrap();
    let workload = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"template": {"metadata": {}, "spec": pod["spec"]}},
    });
    let explanation = explain(&Inputs { pod: None, workload: Some(workload.to_string()), ..right() });
    assert_eq!(explanation.outcome, Outcome::Passed, "{explanation:#?}");
    assert_eq!(explanation.review.unwrap().decision, "injected");
    let other = workload.to_string().replace("Deployment", "Widget");
    let explanation = explain(&Inputs { pod: None, workload: Some(other), ..right() });
    let message = &explanation.problems[0].message;
    assert!(message.starts_with("`Widget` of `apps/v1` is not a workload that is known to create pods: "), "{message}");
}

#[test]
fn skips_sts_for_container_credentials() {
    let settings = r#"{"region": "us-east-2", "containerCredentials": {"serviceAccounts": ["default/*"]}}"#;
    let inputs = Inputs { settings: Some(settings.into()), ..right() };
    assert_eq!(outcomes(&inputs), "pppppssusss");
    assert_eq!(irsa_explain::token_audience(&inputs), None);
    assert_eq!(irsa_explain::token_audience(&right()).as_deref(), Some("sts.amazonaws.com"));
}

/// The value of any variable may be a secret, whatever the variable's name is.
#[test]
fn prints_no_value_of_a_variable() {
    const SECRET: &str = "pl4nted-s3cret";
    let names = [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "PASSWORD",
    ];
    for name in names {
        let mut inputs = right();
        change(&mut inputs.pod, |pod| {
            pod["spec"]["containers"][0]["env"] = json!([{"name": name, "value": SECRET}]);
        });
        let mut explanation = explain(&inputs);
        // `review.pod` is the pod that was given, so it contains the value.
        explanation.review.iter_mut().for_each(|review| review.pod = None);
        let printed = serde_json::to_string(&explanation).unwrap();
        assert!(!printed.contains(SECRET), "{name}: {printed}");
    }
}

/// Returns a step's outcome, its mistake, and its sentence and reasons.
fn said(inputs: &Inputs, kind: StepKind) -> (Outcome, Option<Diagnosis>, String) {
    let explanation = explain(inputs);
    let step = explanation.steps.into_iter().find(|step| step.step == kind).unwrap();
    (step.outcome, step.mistake, format!("{}\n{}", step.says, step.reasons.join("\n")))
}

/// The walk-through with a stored pod that sets these variables, and with an account without a role.
fn with_own_variables(env: Value) -> Inputs {
    let mut inputs = untold();
    change(&mut inputs.service_account, |account| account["metadata"]["annotations"] = json!({}));
    change(&mut inputs.pod, |pod| {
        pod["metadata"]["uid"] = "5f8d1c0e".into();
        pod["spec"]["containers"][0]["env"] = env;
    });
    inputs
}

#[test]
fn a_role_that_the_pod_sets_is_compared_with_the_expected_role() {
    let role = |variable: Value| {
        let mut variable = variable;
        variable["name"] = "AWS_ROLE_ARN".into();
        let file = json!({"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"});
        let wanted = Some("arn:aws:iam::111122223333:role/wanted".to_owned());
        said(&Inputs { role: wanted, ..with_own_variables(json!([variable, file])) }, StepKind::Role)
    };
    let (outcome, mistake, _) = role(json!({"value": "arn:aws:iam::111122223333:role/wanted"}));
    assert_eq!((outcome, mistake), (Outcome::Passed, None));
    let (outcome, mistake, text) = role(json!({"value": "arn:aws:iam::111122223333:role/other"}));
    assert_eq!((outcome, mistake), (Outcome::Failed, Some(Diagnosis::OtherRole)));
    assert!(text.contains("`arn:aws:iam::111122223333:role/other`"), "{text}");
    let (outcome, mistake, text) = role(json!({"value": "pl4nted-s3cret"}));
    assert_eq!((outcome, mistake), (Outcome::Failed, Some(Diagnosis::OtherRole)));
    assert!(!text.contains("pl4nted"), "{text}");
    for unseen in [json!({"value": "$(ROLE)"}), json!({"valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}})] {
        let (outcome, mistake, text) = role(unseen);
        assert_eq!((outcome, mistake), (Outcome::Unknown, None), "{text}");
    }
}

#[test]
fn an_unreadable_document_makes_the_issuer_unknown() {
    for inputs in [
        Inputs { discovery: Some("{".into()), ..right() },
        Inputs { jwks: Some("[]".into()), ..right() },
        Inputs { jwks: Some("[]".into()), token: None, ..right() },
    ] {
        let (outcome, _, text) = said(&inputs, StepKind::Issuer);
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        assert!(text.contains("that was given can't be read"), "{text}");
    }
    // The step still fails if something else is wrong.
    let other = Inputs { discovery: Some("{".into()), issuer: Some("https://other.example".into()), ..right() };
    assert_eq!(said(&other, StepKind::Issuer).0, Outcome::Failed);
}

#[test]
fn recognizes_the_container_credentials_of_a_stored_pod() {
    let mut inputs = with_own_variables(json!([
        {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
        {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": "/var/run/secrets/pods.eks.amazonaws.com/token"},
    ]));
    change(&mut inputs.trust_policy, |policy| {
        policy["Statement"] = json!({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]});
    });
    assert_eq!(outcomes(&inputs), "pppppssppss");
    assert_eq!(irsa_explain::token_audience(&inputs), None);
    // If the pod also has the role's variables, it uses STS.
    change(&mut inputs.pod, |pod| {
        pod["spec"]["containers"][0]["env"].as_array_mut().unwrap().extend([
            json!({"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/app"}),
            json!({"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"}),
        ]);
    });
    assert_eq!(said(&inputs, StepKind::Provider).1, Some(Diagnosis::TrustsPodIdentity));
    assert_eq!(
        said(&inputs, StepKind::Role).1,
        None,
        "a role that the pod sets itself is not compared to an association"
    );
}

#[test]
fn a_workload_without_a_namespace_is_in_the_accounts_namespace() {
    let mut inputs = untold();
    change(&mut inputs.service_account, |account| account["metadata"]["namespace"] = "shop".into());
    let pod: Value = serde_json::from_str(inputs.pod.take().unwrap().as_str()).unwrap();
    let workload = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"metadata": {}, "spec": pod["spec"]}},
    });
    inputs.workload = Some(workload.to_string());
    let (outcome, _, text) = said(&inputs, StepKind::ServiceAccount);
    assert_eq!(outcome, Outcome::Passed, "{text}");
    assert!(text.contains("`shop/my-sa`"), "{text}");
}

#[test]
fn unreadable_settings_give_no_audience() {
    let unreadable = || Some("{".to_owned());
    let inputs = Inputs { settings: unreadable(), ..right() };
    assert_eq!(irsa_explain::token_audience(&inputs), None);
    let (outcome, _, text) = said(&inputs, StepKind::Token);
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    assert!(text.contains("the settings that was given can't be read"), "{text}");
    // A stored pod has the token's volume, and the volume contains the audience. So the settings are not needed.
    let mut stored = Inputs { settings: unreadable(), pod: Some(explained_pod().to_string()), ..right() };
    change(&mut stored.pod, |pod| pod["metadata"]["uid"] = "5f8d1c0e".into());
    assert_eq!(irsa_explain::token_audience(&stored).as_deref(), Some("sts.amazonaws.com"));
}

/// The walk-through's pod after the policy's mutation.
fn explained_pod() -> Value {
    explain(&right()).review.unwrap().pod.unwrap()
}

#[test]
fn a_region_whose_value_is_not_in_the_pod_is_unknown() {
    let region = |env: Value| {
        let mut inputs = Inputs { settings: None, ..right() };
        change(&mut inputs.pod, |pod| pod["spec"]["containers"][0]["env"] = env);
        said(&inputs, StepKind::Region)
    };
    let default = json!({"name": "AWS_DEFAULT_REGION", "value": "us-east-2"});
    let reference = json!({"configMapKeyRef": {"name": "a", "key": "b"}});
    for env in [
        json!([{"name": "AWS_REGION", "valueFrom": reference}, default]),
        json!([{"name": "AWS_REGION", "value": "$(pl4nted)"}, default]),
        json!([{"name": "AWS_REGION", "value": "pl4nted"}, default]),
        json!([{"name": "AWS_DEFAULT_REGION", "valueFrom": reference}]),
    ] {
        let (outcome, mistake, text) = region(env);
        assert_eq!((outcome, mistake), (Outcome::Unknown, None), "{text}");
        assert!(!text.contains("pl4nted"), "{text}");
    }
    // An empty variable is ignored.
    assert_eq!(region(json!([{"name": "AWS_REGION", "value": ""}, default])).0, Outcome::Passed);
}

#[test]
fn rejects_hosts_that_are_not_public_and_no_others() {
    let issuer = |url: &str| {
        let (outcome, mistake, _) = said(&Inputs { issuer: Some(url.into()), ..untold() }, StepKind::Issuer);
        (outcome, mistake)
    };
    for host in [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "KUBERNETES.default.svc.cluster.local.",
        "oidc.cluster.local",
        "localhost",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "127.0.0.1",
        "[::1]",
        "[fd00::1]:8443",
    ] {
        let failed = (Outcome::Failed, Some(Diagnosis::IssuerNotPublic));
        assert_eq!(issuer(&format!("https://{host}/id/A")), failed, "{host}");
    }
    for host in ["a.b.svc.example", "kubernetes.default.example", "127.example", "172.32.0.1", "[2606:4700::1]"] {
        assert_eq!(issuer(&format!("https://{host}")), (Outcome::Passed, None), "{host}");
    }
    for url in ["https://oidc.example?a=b", "https://oidc.example/id#a"] {
        assert_eq!(issuer(url), (Outcome::Failed, None), "{url}");
    }
    for url in ["https://oidc.example:8443/id", "https://[2606:4700::1]:443"] {
        assert_eq!(issuer(url), (Outcome::Unknown, None), "{url}");
    }
}

#[test]
fn finds_a_duplicate_key_among_many() {
    let mut keys: Vec<String> = (0..50_000).map(|index| format!(r#""key{index}": "a""#)).collect();
    keys.push(r#""key49999": "a""#.to_owned());
    let policy = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {{"StringLike": {{{}}}}}}}}}"#,
        keys.join(", ")
    );
    let explanation = explain(&Inputs { trust_policy: Some(policy), ..right() });
    assert_eq!(explanation.problems[0].message, "an object has the key `key49999` twice: remove one");
}

#[test]
fn distinguishes_a_malformed_expiry_from_a_missing_one() {
    let token = |changed: &dyn Fn(&mut Value)| said(&with_claims(changed), StepKind::Token);
    let (outcome, _, text) = token(&|claims| claims["exp"] = "pl4nted".into());
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("expected a number of seconds since 1970 as `exp`"), "{text}");
    let (outcome, _, text) = token(&|claims| claims.as_object_mut().unwrap().retain(|key, _| key != "exp"));
    assert_eq!(outcome, Outcome::Failed);
    assert!(text.contains("the token has no `exp`"), "{text}");
}

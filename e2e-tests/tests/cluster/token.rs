//! Tests the token that the kubelet requests for the injected volume, as STS would check it.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::api::Api;
use crate::scene::{Scene, control_plane, pod};
use crate::walk_through;

const SUBJECT: &str = "system:serviceaccount:default:my-sa";

/// Requests a token as the kubelet does: bound to the pod, with the audience and lifetime of the injected volume.
pub fn request(scene: &Scene, pod: &Value) -> String {
    let source = &pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
    let request = json!({"spec": {
        "audiences": [source["audience"]],
        "expirationSeconds": source["expirationSeconds"],
        "boundObjectRef": {
            "apiVersion": "v1", "kind": "Pod",
            "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"],
        },
    }});
    let answer = scene.api.created(&format!("{}/{account}/token", scene.path("serviceaccounts")), &request);
    answer["status"]["token"].as_str().unwrap().to_owned()
}

/// The issuer and the public keys of the cluster, from the endpoints that AWS reads.
struct Provider {
    issuer: String,
    keys: JwkSet,
}

impl Provider {
    fn discover(api: &Api) -> Self {
        let configuration = api.get("/.well-known/openid-configuration").body;
        let uri = configuration["jwks_uri"].as_str().unwrap_or_else(|| panic!("{configuration}"));
        let issuer = configuration["issuer"].as_str().unwrap();
        let keys = api.get(uri.strip_prefix(issuer).unwrap()).body;
        Self { issuer: issuer.to_owned(), keys: serde_json::from_value(keys).unwrap() }
    }

    /// Verifies a token as STS would: its signature, lifetime, audience, subject and issuer. Returns the claims.
    fn verify(&self, token: &str, audience: &str, subject: &str, issuer: &str) -> jsonwebtoken::errors::Result<Value> {
        let key_id = decode_header(token)?.kid.unwrap();
        let key = DecodingKey::from_jwk(self.keys.find(&key_id).expect("the key is published"))?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.sub = Some(subject.to_owned());
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        Ok(decode(token, &key, &validation)?.claims)
    }
}

/// Lets everyone read the issuer's documents, as on EKS.
fn publish_issuer(api: &Api) {
    let binding = json!({
        "metadata": {"name": "issuer-is-public"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": "system:service-account-issuer-discovery",
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:unauthenticated",
        }],
    });
    api.created(crate::control_plane::CLUSTER_ROLE_BINDINGS, &binding);
}

#[test]
fn verifies_the_token_of_an_injected_volume() {
    let scene = walk_through::scene();
    publish_issuer(&scene.api);
    let provider = Provider::discover(&control_plane().as_ref().unwrap().anonymous());
    let answer = scene.create_pod(&pod("has-a-token", "my-sa"));
    assert_eq!(answer.status, 201, "{answer:?}");
    let token = request(&scene, &answer.body);
    let (audience, issuer) = ("sts.amazonaws.com", provider.issuer.as_str());

    let claims = provider.verify(&token, audience, SUBJECT, issuer).unwrap();

    assert_eq!(claims["aud"], json!([audience]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 86400);
    let kubernetes = &claims["kubernetes.io"];
    assert_eq!(kubernetes["namespace"], "default");
    assert_eq!(kubernetes["serviceaccount"]["name"], "my-sa");
    assert_eq!(kubernetes["pod"]["name"], "has-a-token");
    assert_eq!(kubernetes["pod"]["uid"], answer.body["metadata"]["uid"]);
    assert_fulfils_trust_policy(&claims);

    for (audience, subject, issuer) in [
        ("sts.amazonaws.com.cn", SUBJECT, issuer),
        (audience, "system:serviceaccount:default:default", issuer),
        (audience, SUBJECT, "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"),
    ] {
        provider.verify(&token, audience, subject, issuer).unwrap_err();
    }
    // A token with another subject, but with the signature of the real token.
    let (head, rest) = token.split_once('.').unwrap();
    let forged = format!("{head}.{}.{}", tampered(rest), rest.split_once('.').unwrap().1);
    provider.verify(&forged, audience, "system:serviceaccount:default:my-xx", issuer).unwrap_err();
    scene.api.delete(&scene.path("pods/has-a-token"));
}

/// Returns the encoded claims of a token, with another subject.
fn tampered(rest: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let claims = URL_SAFE_NO_PAD.decode(rest.split_once('.').unwrap().0).unwrap();
    let claims = String::from_utf8(claims).unwrap();
    let changed = claims.replace("default:my-sa", "default:my-xx");
    assert_ne!(claims, changed);
    URL_SAFE_NO_PAD.encode(changed)
}

/// Checks that the token meets every condition of `demo/trust-policy.json`, as if the policy's provider were this
/// cluster.
fn assert_fulfils_trust_policy(claims: &Value) {
    let policy = &walk_through::demo("trust-policy.json")[0]["Statement"][0];
    let provider = policy["Principal"]["Federated"].as_str().unwrap().split_once("oidc-provider/").unwrap().1;
    let conditions = policy["Condition"]["StringEquals"].as_object().unwrap();
    assert_eq!(conditions.len(), 2);
    for (key, expected) in conditions {
        let claim = key.strip_prefix(provider).and_then(|key| key.strip_prefix(':')).unwrap();
        let actual = if claims[claim].is_array() { &claims[claim][0] } else { &claims[claim] };
        assert_eq!(actual, expected, "{key}");
    }
}

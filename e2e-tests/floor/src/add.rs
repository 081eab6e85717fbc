//! Makes irsa-policy's changes to the typical pod of the measurements. The text is edited for this one pod, because a
//! policy can't add the same with less work.

use serde_json::value::RawValue;

const VOLUME: &str = r#"{"name":"aws-iam-token","projected":{"sources":[{"serviceAccountToken":{"audience":"sts.amazonaws.com","expirationSeconds":86400,"path":"token"}}]}}"#;
const VARIABLES: &str = r#"{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/web"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}"#;
const MOUNT: &str =
    r#"{"name":"aws-iam-token","readOnly":true,"mountPath":"/var/run/secrets/eks.amazonaws.com/serviceaccount"}"#;

/// Returns the pod with the token's volume, and with the mount and the variables in each container.
pub fn identity(pod: &RawValue) -> serde_json::Result<Box<RawValue>> {
    let text = pod.get().replacen("\"volumes\":[", &format!("\"volumes\":[{VOLUME},"), 1);
    // The init container of the typical pod has no variables.
    let name = "\"name\":\"migrate\"";
    let text = append(&text, "\"env\":[", VARIABLES).replacen(name, &format!("\"env\":[{VARIABLES}],{name}"), 1);
    RawValue::from_string(append(&text, "\"volumeMounts\":[", MOUNT))
}

/// Appends an element to each array that starts with `start`. No string in the arrays of the typical pod contains a
/// bracket.
fn append(text: &str, start: &str, element: &str) -> String {
    let mut parts = text.split(start);
    let mut appended = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut depth = 1_usize;
        let end = part.find(|character| {
            depth = match character {
                '[' => depth.saturating_add(1),
                ']' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0
        });
        let (array, rest) = part.split_at(end.unwrap_or(part.len()));
        appended.extend([start, array, ",", element, rest]);
    }
    appended
}

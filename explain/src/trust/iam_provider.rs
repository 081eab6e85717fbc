//! Reads which identity providers IAM has.
//!
//! Sources: the IAM API Reference, `GetOpenIDConnectProvider` (`Url` without `https://`, `ClientIDList`) and
//! `ListOpenIDConnectProviders` (ARNs only); Terraform's `aws_iam_openid_connect_provider`.

use serde_json::Value;

use super::policy::Provider;
use crate::pointer::{child, visit_objects};

/// The identity providers that IAM has, as far as the input shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IamProviders {
    /// One provider.
    One {
        /// The issuer's URL without `https://`.
        url: String,
        /// The audiences that IAM accepts from the provider.
        client_ids: Vec<String>,
        /// The JSON pointer of the URL.
        url_pointer: String,
        /// The JSON pointer of the audiences.
        client_ids_pointer: String,
    },
    /// The ARNs of all providers of an account.
    All(Vec<String>),
}

impl IamProviders {
    /// Reads the output of `aws iam get-open-id-connect-provider` or `list-open-id-connect-providers`, or Terraform's
    /// JSON of one provider.
    ///
    /// # Errors
    /// Fails if the value is something else, or contains several providers.
    pub fn read(value: &Value) -> Result<Self, String> {
        if let Some(list) = value.get("OpenIDConnectProviderList").and_then(Value::as_array) {
            let arns = list.iter().filter_map(|it| it.get("Arn")?.as_str()).map(str::to_owned);
            return Ok(Self::All(arns.collect()));
        }
        // `--query 'OpenIDConnectProviderList[].Arn'`
        let arns = value.as_array().map(|array| array.iter().map(Value::as_str).collect::<Option<Vec<&str>>>());
        if let Some(Some(arns)) = arns.filter(|_| value != &Value::Array(Vec::new())) {
            return Ok(Self::All(arns.into_iter().map(str::to_owned).collect()));
        }
        let mut found = Vec::new();
        collect(value, &mut found);
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err("expected one identity provider, but got several".to_owned()),
            (None, _) => {
                Err("expected the output of `aws iam get-open-id-connect-provider` or `list-open-id-connect-providers`"
                    .to_owned())
            }
        }
    }

    /// Whether the account has a provider with this URL. `None` if the input does not show this, because it contains
    /// only a provider with another URL, or the list of another account.
    #[must_use]
    pub fn has(&self, url: &str, account: Option<&str>) -> Option<bool> {
        match self {
            Self::One { url: other, .. } => (other == url).then_some(true),
            Self::All(arns) => {
                let mut providers = arns.iter().filter_map(|arn| Provider::of_arn(arn)).peekable();
                // A list of another account does not show what this account has.
                let is_of_account = |it: &Provider<'_>| account.is_none_or(|account| account == it.account);
                if providers.peek().is_some_and(|it| !is_of_account(it)) {
                    return None;
                }
                Some(providers.any(|it| it.url == url && is_of_account(&it)))
            }
        }
    }
}

fn collect(value: &Value, found: &mut Vec<IamProviders>) {
    visit_objects(value, "", &mut |members, pointer| {
        for (url_key, ids_key) in [("Url", "ClientIDList"), ("url", "client_id_list")] {
            let url = members.get(url_key).and_then(Value::as_str);
            let ids = members.get(ids_key).and_then(Value::as_array);
            if let (Some(url), Some(ids)) = (url, ids) {
                found.push(IamProviders::One {
                    url: url.strip_prefix("https://").unwrap_or(url).to_owned(),
                    client_ids: ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                    url_pointer: child(pointer, url_key),
                    client_ids_pointer: child(pointer, ids_key),
                });
                return true;
            }
        }
        false
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_one_provider() {
        for (value, pointer) in [
            (json!({"Url": "idp.example/A", "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": []}), "/Url"),
            (
                json!({"resources": [{"instances": [{"attributes": {"url": "https://idp.example/A", "client_id_list": ["sts.amazonaws.com"]}}]}]}),
                "/resources/0/instances/0/attributes/url",
            ),
        ] {
            let Ok(IamProviders::One { url, client_ids, url_pointer, .. }) = IamProviders::read(&value) else {
                panic!("{value}");
            };
            assert_eq!(
                (url.as_str(), client_ids.as_slice()),
                ("idp.example/A", ["sts.amazonaws.com".to_owned()].as_slice())
            );
            assert_eq!(url_pointer, pointer);
        }
        assert!(IamProviders::read(&json!({})).is_err());
    }

    #[test]
    fn a_list_shows_whether_the_account_has_the_provider() {
        let list =
            json!({"OpenIDConnectProviderList": [{"Arn": "arn:aws:iam::111122223333:oidc-provider/idp.example/A"}]});
        let list = IamProviders::read(&list).unwrap();
        assert_eq!(list.has("idp.example/A", Some("111122223333")), Some(true));
        assert_eq!(list.has("idp.example/B", Some("111122223333")), Some(false));
        assert_eq!(list.has("idp.example/A", Some("444455556666")), None);
    }
}

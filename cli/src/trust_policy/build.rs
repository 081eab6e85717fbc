//! Makes trust policies.
//!
//! Sources: the EKS User Guide, "Assign IAM roles to Kubernetes service accounts" and "Create IAM role with trust
//! policy required by EKS Pod Identity"; the IAM User Guide, "IAM and AWS STS quotas" (IAM does not count white space).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// IAM's default limit of a trust policy, in characters.
pub const LIMIT: usize = 2_048;

/// The maximum to which AWS raises that limit on request.
pub const RAISED_LIMIT: usize = 8_192;

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The audience of its tokens.
    pub audience: String,
}

/// Options for making policies.
pub struct Options<'o> {
    /// The issuers of the clusters, without `https://`.
    pub issuers: &'o [String],
    /// Whether to make several roles if a policy is too long for one role.
    pub split: bool,
    /// Whether to use patterns if a policy is too long.
    pub generalize: bool,
}

/// A role and its trust policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub policy: Value,
    /// The service accounts that use the role.
    pub accounts: Vec<Account>,
}

/// The roles that were made, and warnings about them.
#[derive(Debug, Default)]
pub struct Built {
    /// The roles.
    pub roles: Vec<Role>,
    /// The warnings.
    pub warnings: Vec<String>,
}

/// Makes the role of these accounts for IRSA, or several roles if the policy is too long and `split` is set.
pub fn irsa(arn: &str, accounts: &[Account], options: &Options<'_>) -> Built {
    let mut built = Built::default();
    let exact = policy(arn, accounts, options.issuers, false);
    let size = size(&exact);
    let role = |policy| Role { arn: arn.to_owned(), policy, accounts: accounts.to_vec() };
    if size <= LIMIT {
        built.roles.push(role(exact));
        return built;
    }
    if options.generalize {
        let general = policy(arn, accounts, options.issuers, true);
        let namespaces: BTreeSet<&str> = accounts.iter().map(|account| account.namespace.as_str()).collect();
        let namespaces = namespaces.into_iter().collect::<Vec<_>>().join("`, `");
        built.warnings.push(format!("role `{arn}`: the policy admits every service account of `{namespaces}`"));
        warn_about_size(arn, self::size(&general), &mut built);
        built.roles.push(role(general));
    } else if options.split {
        for (index, part) in parts(arn, accounts, options.issuers).into_iter().enumerate() {
            let arn = part_arn(arn, index);
            let policy = policy(&arn, &part, options.issuers, false);
            warn_about_size(&arn, self::size(&policy), &mut built);
            built.roles.push(Role { arn, policy, accounts: part });
        }
        built.warnings.push(format!(
            "role `{arn}`: split into {} roles: annotate each service account with the ARN of its role, and give all roles the same permissions",
            built.roles.len()
        ));
    } else {
        warn_about_size(arn, size, &mut built);
        built.roles.push(role(exact));
    }
    built
}

fn warn_about_size(arn: &str, size: usize, built: &mut Built) {
    if size > LIMIT {
        let advice = if size > RAISED_LIMIT {
            "IAM accepts no policy of this size: use `--split` or `--generalize`"
        } else {
            "request a higher quota (\"Role trust policy length\"), or use `--split` or `--generalize`"
        };
        built.warnings.push(format!(
            "role `{arn}`: the policy has {size} characters, but {LIMIT} is the default limit: {advice}"
        ));
    }
}

/// Returns the ARN for one of the roles that a role is split into. The first role keeps the ARN, and the next get `-2`,
/// `-3` and so on. A name that becomes too long for IAM (64 characters) is cut before the number.
fn part_arn(arn: &str, index: usize) -> String {
    const NAME_LIMIT: usize = 64;
    if index == 0 {
        return arn.to_owned();
    }
    let suffix = format!("-{}", index.saturating_add(1));
    let (start, name) = arn.rsplit_once('/').unwrap_or(("", arn));
    let name: String = name.chars().take(NAME_LIMIT.saturating_sub(suffix.len())).collect();
    format!("{start}/{name}{suffix}")
}

/// Splits the accounts into parts that each fit into one policy.
fn parts(arn: &str, accounts: &[Account], issuers: &[String]) -> Vec<Vec<Account>> {
    let mut parts: Vec<Vec<Account>> = Vec::new();
    let mut part: Vec<Account> = Vec::new();
    for account in accounts {
        part.push(account.clone());
        // The policy does not contain the role's name, so the name's suffix does not change the size.
        if part.len() > 1 && size(&policy(arn, &part, issuers, false)) > LIMIT {
            part.pop();
            parts.push(std::mem::replace(&mut part, vec![account.clone()]));
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Makes a policy with a statement for each issuer and audience. If `is_general`, it admits whole namespaces.
fn policy(arn: &str, accounts: &[Account], issuers: &[String], is_general: bool) -> Value {
    let (partition, account_id) = partition_and_account(arn);
    let mut by_audience: BTreeMap<&str, Vec<&Account>> = BTreeMap::new();
    for account in accounts {
        by_audience.entry(&account.audience).or_default().push(account);
    }
    let mut statements = Vec::new();
    for issuer in issuers {
        for (audience, accounts) in &by_audience {
            let subjects: BTreeSet<String> = accounts
                .iter()
                .map(|Account { namespace, name, .. }| {
                    let name = if is_general { "*" } else { name };
                    format!("system:serviceaccount:{namespace}:{name}")
                })
                .collect();
            let subjects: Vec<String> = subjects.into_iter().collect();
            let subject = match subjects.as_slice() {
                [one] => json!(one),
                several => json!(several),
            };
            let (audience_key, subject_key) = (format!("{issuer}:aud"), format!("{issuer}:sub"));
            let condition = if is_general {
                json!({"StringEquals": {audience_key: audience}, "StringLike": {subject_key: subject}})
            } else {
                json!({"StringEquals": {audience_key: audience, subject_key: subject}})
            };
            statements.push(json!({
                "Effect": "Allow",
                "Principal": {"Federated": format!("arn:{partition}:iam::{account_id}:oidc-provider/{issuer}")},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": condition,
            }));
        }
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Makes the role of these accounts for EKS Pod Identity. Its policy does not name the accounts, because the
/// associations do.
pub fn pod_identity(arn: &str, accounts: &[Account]) -> Role {
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    Role { arn: arn.to_owned(), policy, accounts: accounts.to_vec() }
}

/// Returns the partition and the AWS account in the valid ARN of a role.
fn partition_and_account(arn: &str) -> (&str, &str) {
    let mut parts = arn.split(':').skip(1);
    let partition = parts.next().unwrap_or_default();
    (partition, parts.nth(2).unwrap_or_default())
}

/// Returns the size of a policy as IAM counts it: in characters, without white space.
pub fn size(policy: &Value) -> usize {
    policy.to_string().chars().filter(|char| !char.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use irsa_explain::explanation::StepKind;
    use irsa_explain::{Inputs, Outcome, explain};

    use super::*;

    const ARN: &str = "arn:aws-cn:iam::111122223333:role/team/web";

    fn accounts(count: usize) -> Vec<Account> {
        let name = |index| format!("account-{index:03}");
        let audience = |index| if index % 7 == 0 { "other" } else { "sts.amazonaws.com" };
        let namespace = |index| format!("team-{}", index % 3);
        (0..count)
            .map(|index| Account {
                namespace: namespace(index),
                name: name(index),
                audience: audience(index).to_owned(),
            })
            .collect()
    }

    /// Returns the outcomes of the steps `Provider` and `Conditions` of `irsa explain` for an account.
    fn outcomes(role: &Role, account: &Account, issuer: &str) -> Vec<Outcome> {
        let metadata = json!({
            "namespace": account.namespace,
            "name": account.name,
            "annotations": {"eks.amazonaws.com/role-arn": role.arn, "eks.amazonaws.com/audience": account.audience},
        });
        let explanation = explain(&Inputs {
            service_account: Some(
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string(),
            ),
            trust_policy: Some(role.policy.to_string()),
            issuer: Some(format!("https://{issuer}")),
            ..Inputs::default()
        });
        let steps = explanation.steps.into_iter();
        steps
            .filter(|step| matches!(step.step, StepKind::Provider | StepKind::Conditions))
            .map(|step| step.outcome)
            .collect()
    }

    #[test]
    fn makes_policies_that_pass_explain_and_refuse_other_accounts() {
        let issuers = ["oidc.example/id/A".to_owned(), "oidc.example/id/B".to_owned()];
        for (count, split, generalize) in
            [(1, false, false), (5, false, false), (60, false, false), (60, true, false), (60, false, true)]
        {
            let options = Options { issuers: &issuers, split, generalize };
            let accounts = accounts(count);
            let built = irsa(ARN, &accounts, &options);
            assert_eq!(built.roles.iter().map(|role| role.accounts.len()).sum::<usize>(), count);
            assert_eq!(built.roles.len() > 1, split, "{count}");
            for role in &built.roles {
                assert!(!split || size(&role.policy) <= LIMIT, "{}", size(&role.policy));
                for issuer in &issuers {
                    for account in &role.accounts {
                        let passed = [Outcome::Passed, Outcome::Passed];
                        assert_eq!(outcomes(role, account, issuer), passed, "{account:?} {}", role.policy);
                    }
                    let stranger = Account { namespace: "other".into(), ..accounts[0].clone() };
                    assert_eq!(outcomes(role, &stranger, issuer)[1], Outcome::Failed);
                    let sibling = Account { name: "other".into(), ..accounts[0].clone() };
                    assert_eq!(outcomes(role, &sibling, issuer)[1] == Outcome::Passed, generalize);
                }
                assert_eq!(outcomes(role, &role.accounts[0], "oidc.example/id/C")[0], Outcome::Failed);
            }
        }
    }

    #[test]
    fn warns_about_a_policy_that_is_too_long() {
        let issuers = ["oidc.example/id/A".to_owned()];
        let warnings = |count, split, generalize| {
            irsa(ARN, &accounts(count), &Options { issuers: &issuers, split, generalize }).warnings
        };
        assert!(warnings(5, false, false).is_empty());
        assert!(warnings(60, false, false)[0].contains("request a higher quota"));
        assert!(warnings(600, false, false)[0].contains("IAM accepts no policy of this size"));
        assert!(warnings(60, true, false)[0].contains("split into"));
        assert!(warnings(60, false, true)[0].contains("admits every service account of `team-0`, `team-1`, `team-2`"));
    }
}

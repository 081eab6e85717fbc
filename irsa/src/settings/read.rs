//! Reading settings into their types.

use std::borrow::Cow;

use super::check::{check, report};
use super::custom_workload::split_api_version;
use super::definition::{
    AllowedRolesMembers, ComposeRoleArnMembers, ConfigMapNameMembers, ContainerCredentialsMembers,
    CustomWorkloadMembers, RoleMappingMembers, SETTINGS, SettingsMembers,
};
use super::errors::Path;
use super::shape::lifetime;
use super::{
    Actions, AllowedRoles, ComposeRoleArn, ConfigMapName, ContainerCredentials, CustomWorkload, Mode, RoleMapping,
    SessionName, Settings, SettingsErrors, TemplatePath,
};
use crate::findings::{Action, FindingKind};
use crate::json::Value;
use crate::types::account_pattern::AccountPattern;
use crate::types::glob::Glob;
use crate::types::mount_path::MountPath;
use crate::types::region::Region;
use crate::types::role_arn::RoleArn;

impl<'a> Settings<'a> {
    /// Reads settings from their text.
    ///
    /// # Errors
    /// Fails as [`Settings::read`] does, and where the text is no JSON.
    pub fn parse(text: &'a str) -> Result<Self, SettingsErrors> {
        let value = Value::parse(text).map_err(|unreadable| {
            let mut errors = SettingsErrors::default();
            report(Path::Root, unreadable.to_string(), &mut errors);
            errors
        })?;
        Self::read(&value)
    }

    /// Reads settings.
    ///
    /// # Errors
    /// Fails with all that is wrong: keys that are unknown, there twice or missing, and values that cannot work.
    pub fn read(value: &Value<'a>) -> Result<Self, SettingsErrors> {
        let mut errors = SettingsErrors::default();
        check(value, &SETTINGS, Path::Root, &mut errors);
        let settings = settings(value, &mut errors);
        if errors.0.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// Settings whose shape has been checked: what is wrong has been reported, and is passed over here. What is wrong with
/// values that are right each for itself is added to the errors.
fn settings<'a>(value: &Value<'a>, errors: &mut SettingsErrors) -> Settings<'a> {
    let default = Settings::default();
    let given = SettingsMembers::of(value);
    let region = text(given.region).and_then(Region::new);
    if given.region.is_none() {
        check_partition(given.compose_role_arn, errors);
    }
    Settings {
        mode: word(given.mode, &Mode::NAMES).unwrap_or(default.mode),
        annotation_prefix: text(given.annotation_prefix).unwrap_or(default.annotation_prefix),
        token_audience: text(given.token_audience).unwrap_or(default.token_audience),
        token_lifetime: given.token_expiration_seconds.and_then(lifetime).unwrap_or(default.token_lifetime),
        token_mount_path: text(given.token_mount_path).and_then(MountPath::new).unwrap_or(default.token_mount_path),
        regional_sts_endpoints: boolean(given.regional_sts_endpoints).unwrap_or(default.regional_sts_endpoints),
        compose_role_arn: given.compose_role_arn.and_then(|value| compose_role_arn(value, region.as_ref())),
        region,
        roles: list(given.roles, role_mapping),
        roles_config_map: given.roles_config_map.and_then(config_map_name),
        container_credentials: given.container_credentials.map(container_credentials),
        session_name: word(given.session_name, &SessionName::NAMES).unwrap_or(default.session_name),
        disable_instance_metadata: boolean(given.disable_instance_metadata)
            .unwrap_or(default.disable_instance_metadata),
        cache_lookups: boolean(given.cache_lookups).unwrap_or(default.cache_lookups),
        allowed_roles: given.allowed_roles.map(|value| list(Some(value), |value| Some(allowed_roles(value)))),
        allowed_audiences: given.allowed_audiences.map(|value| list(Some(value), Value::string)),
        custom_workloads: custom_workloads(given.custom_workloads, errors),
        actions: given.actions.map(actions).unwrap_or_default(),
    }
}

fn text<'a>(value: Option<&Value<'a>>) -> Option<Cow<'a, str>> {
    value?.string()
}

fn boolean(value: Option<&Value<'_>>) -> Option<bool> {
    value?.boolean()
}

fn word<T: Copy>(value: Option<&Value<'_>>, words: &[(&str, T)]) -> Option<T> {
    let name = text(value)?;
    words.iter().find(|(word, _)| *word == name).map(|(_, word)| *word)
}

fn list<'a, T>(value: Option<&Value<'a>>, read: impl Fn(&Value<'a>) -> Option<T>) -> Vec<T> {
    value.and_then(Value::elements).unwrap_or_default().iter().filter_map(read).collect()
}

fn globs<'a>(value: Option<&Value<'a>>) -> Vec<Glob<'a>> {
    list(value, |value| value.string().and_then(Glob::new))
}

/// Without a region that tells it, `composeRoleArn` needs a partition.
fn check_partition(value: Option<&Value<'_>>, errors: &mut SettingsErrors) {
    let Some(members) = value.and_then(Value::members) else { return };
    if members.iter().all(|(key, _)| *key != *"partition") {
        let at = Path::Key(&Path::Root, "composeRoleArn");
        let problem = "expected an AWS partition, or `region` to tell it, but got none";
        report(Path::Key(&at, "partition"), problem.to_owned(), errors);
    }
}

fn compose_role_arn<'a>(value: &Value<'a>, region: Option<&Region<'_>>) -> Option<ComposeRoleArn<'a>> {
    let given = ComposeRoleArnMembers::of(value);
    let partition = match text(given.partition) {
        Some(partition) => partition,
        None => Cow::Borrowed(region?.partition()),
    };
    Some(ComposeRoleArn { account_id: text(given.account_id)?, partition })
}

fn role_mapping<'a>(value: &Value<'a>) -> Option<RoleMapping<'a>> {
    let given = RoleMappingMembers::of(value);
    Some(RoleMapping {
        accounts: AccountPattern::new(text(given.service_account)?)?,
        role: RoleArn::new(text(given.role_arn)?)?,
        audience: text(given.audience),
        regional_sts_endpoints: boolean(given.regional_sts_endpoints),
        token_lifetime: given.token_expiration_seconds.and_then(lifetime),
    })
}

fn config_map_name<'a>(value: &Value<'a>) -> Option<ConfigMapName<'a>> {
    let given = ConfigMapNameMembers::of(value);
    Some(ConfigMapName { namespace: text(given.namespace)?, name: text(given.name)? })
}

fn container_credentials<'a>(value: &Value<'a>) -> ContainerCredentials<'a> {
    let given = ContainerCredentialsMembers::of(value);
    ContainerCredentials {
        accounts: list(given.service_accounts, |value| value.string().and_then(AccountPattern::new)),
        audience: text(given.audience).unwrap_or(Cow::Borrowed(ContainerCredentials::AUDIENCE)),
        mount_path: text(given.mount_path).and_then(MountPath::new).unwrap_or(MountPath::CONTAINER_CREDENTIALS),
        volume_name: text(given.volume_name).unwrap_or(Cow::Borrowed("eks-pod-identity-token")),
        token_path: text(given.token_path).unwrap_or(Cow::Borrowed("eks-pod-identity-token")),
        full_uri: text(given.full_uri).unwrap_or(Cow::Borrowed("http://169.254.170.23/v1/credentials")),
    }
}

fn allowed_roles<'a>(value: &Value<'a>) -> AllowedRoles<'a> {
    let given = AllowedRolesMembers::of(value);
    AllowedRoles { namespaces: globs(given.namespaces), roles: globs(given.roles) }
}

fn custom_workloads<'a>(value: Option<&Value<'a>>, errors: &mut SettingsErrors) -> Vec<CustomWorkload<'a>> {
    let mut workloads = Vec::new();
    for (index, value) in value.and_then(Value::elements).unwrap_or_default().iter().enumerate() {
        let Some(workload) = custom_workload(value) else { continue };
        let CustomWorkload { group, version, kind, .. } = &workload;
        if group.is_empty() && version == "v1" && matches!(&**kind, "Pod" | "ServiceAccount") {
            let at = Path::Key(&Path::Root, "customWorkloads");
            let at = Path::Index(&at, index);
            report(Path::Key(&at, "kind"), format!("expected a kind that makes pods, but got `{kind}`"), errors);
        }
        workloads.push(workload);
    }
    workloads
}

fn custom_workload<'a>(value: &Value<'a>) -> Option<CustomWorkload<'a>> {
    let given = CustomWorkloadMembers::of(value);
    let api_version = text(given.api_version)?;
    let (group, version) = split_api_version(&api_version)?;
    Some(CustomWorkload {
        group: group.to_owned().into(),
        version: version.to_owned().into(),
        kind: text(given.kind)?,
        pod_templates: list(given.pod_templates, |path| TemplatePath::new(&path.string()?)),
    })
}

fn actions(value: &Value<'_>) -> Actions {
    let mut actions = Actions::default();
    for (name, action) in value.members().unwrap_or_default() {
        let kind = FindingKind::ALL.into_iter().find(|kind| *name == *kind.name());
        if let (Some(kind), Some(action)) = (kind, word(Some(action), &Action::NAMES)) {
            actions.choose(kind, action);
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(settings: &str) -> String {
        match Settings::parse(settings) {
            Ok(_) => String::new(),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn accepts_no_settings_as_the_defaults() {
        assert_eq!(Settings::parse("{}"), Ok(Settings::default()));
    }

    #[test]
    fn names_all_that_is_wrong_at_once() {
        let settings = r#"{
            "tokenAudiance": "x", "mode": "mutate", "tokenExpirationSeconds": 10, "region": "mars",
            "roles": [{"serviceAccount": "web", "roleArn": "app", "regionalSts": true}, 7],
            "allowedRoles": [], "actions": {"missingRol": "Reject", "missingRole": "Refuse"}, "mode": "Mutate"
        }"#;
        let expected = [
            "`tokenAudiance`: unknown key, did you mean `tokenAudience`?",
            "`mode`: expected `Mutate` or `Validate`, but got `\"mutate\"`",
            "`tokenExpirationSeconds`: expected seconds, from 600 to 4294967296, but got `10`",
            "`region`: expected an AWS region, such as `us-east-2`, but got `\"mars\"`",
            "`roles[0].serviceAccount`: expected `namespace/name`, of which each may have globs, but got `\"web\"`",
            "`roles[0].roleArn`: expected the ARN of an IAM role, such as `arn:aws:iam::111122223333:role/app`, but got `\"app\"`",
            "`roles[0].regionalSts`: unknown key, did you mean `regionalStsEndpoints`?",
            "`roles[1]`: expected an object, but got `7`",
            "`allowedRoles`: expected a list of allowed roles (leave the key out to allow any), but got `[]`",
            "`actions.missingRol`: unknown key, did you mean `missingRole`?",
            "`actions.missingRole`: expected `Ignore` or `Warn` or `Reject`, but got `\"Refuse\"`",
            "`mode`: expected the key once, but got it twice",
        ];
        assert_eq!(errors(settings), expected.join("\n"));
    }

    #[test]
    fn tells_texts_that_can_work_from_those_that_can_not() {
        let workload = |version: &str, kind: &str| {
            format!(
                r#"{{"customWorkloads": [{{"apiVersion": "{version}", "kind": "{kind}", "podTemplates": ["$.spec"]}}]}}"#
            )
        };
        let credentials = |key: &str, value: &str| {
            format!(r#"{{"containerCredentials": {{"serviceAccounts": ["a/b"], "{key}": "{value}"}}}}"#)
        };
        let judge = |right: &[&str], wrong: &[&str], settings: &dyn Fn(&str) -> String| {
            for text in right {
                assert_eq!(errors(&settings(text)), "", "{text}");
            }
            for text in wrong {
                assert_ne!(errors(&settings(text)), "", "{text}");
            }
        };
        judge(&["Job", "J2"], &["", "2J", "Job-Set", "-", "J\u{e4}"], &|kind| workload("batch/v1", kind));
        judge(
            &["v1", "example.com/v1beta1"],
            &["", "/", "/v1", "example.com/", "example_com/v1", "a/b/c", "a/V1", "v_1"],
            &|version| workload(version, "Job"),
        );
        judge(
            &["token", "a/token", "./token", ".token", "a/..b"],
            &["", "/token", "a/../b", "..", "..token", ".", "./", "a\\u0000b"],
            &|path| credentials("tokenPath", path),
        );
        judge(
            &["http://127.0.0.1/a", "https://host", "http://[fd00:ec2::23]/v1/credentials"],
            &["", "http://", "https:///a", "ftp://host", "host", "http://a b", "http://a\\u0000"],
            &|uri| credentials("fullUri", uri),
        );
    }

    #[test]
    fn takes_no_kind_for_a_workload_that_is_looked_at_as_itself() {
        let workload = |version: &str, kind: &str| {
            errors(&format!(
                r#"{{"customWorkloads": [{{"apiVersion": "{version}", "kind": "{kind}", "podTemplates": ["$.a"]}}]}}"#
            ))
        };
        for kind in ["Pod", "ServiceAccount"] {
            let error = format!("`customWorkloads[0].kind`: expected a kind that makes pods, but got `{kind}`");
            assert_eq!(workload("v1", kind), error);
            assert_eq!(workload("v2", kind), "");
            assert_eq!(workload("example.com/v1", kind), "");
        }
        assert_eq!(workload("v1", "ReplicationController"), "");
    }

    #[test]
    fn takes_the_partition_of_composed_roles_from_the_region() {
        let read = |text| Settings::parse(text).map(|settings| settings.compose_role_arn);
        let compose = |partition| {
            Ok(Some(ComposeRoleArn { account_id: Cow::Borrowed("111122223333"), partition: Cow::Borrowed(partition) }))
        };
        // The region may come after.
        let settings = r#"{"composeRoleArn": {"accountId": "111122223333"}, "region": "cn-north-1"}"#;
        assert_eq!(read(settings), compose("aws-cn"));
        let settings =
            r#"{"region": "cn-north-1", "composeRoleArn": {"accountId": "111122223333", "partition": "aws"}}"#;
        assert_eq!(read(settings), compose("aws"));
        assert_eq!(
            errors(r#"{"composeRoleArn": {"accountId": "111122223333"}}"#),
            "`composeRoleArn.partition`: expected an AWS partition, or `region` to tell it, but got none"
        );
        assert_eq!(
            errors(r#"{"composeRoleArn": {"accountId": 111122223333}, "region": "us-east-1"}"#),
            "`composeRoleArn.accountId`: expected an AWS account's id, a string of 12 digits, but got `111122223333`"
        );
    }

    #[test]
    fn says_where_the_text_is_no_json() {
        assert_eq!(errors(r#"{"mode": "Mutate""#), "expected JSON, but got something else at byte 17");
    }
}

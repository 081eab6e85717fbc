//! Reads the settings. Each object has a function, and each key of the object has a line in that function.
//!
//! A function reads all members of its object before it uses any of them, so that all errors are reported together.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::custom_workload::{check_kind, is_built_in, parse_api_version};
use super::definition::{self, expected, keys};
use super::reader::{
    Members, Reported, Result, Setting, array, boolean, checked, entries, lifetime, non_empty_array, one_of, root,
    string,
};
use super::role_globs::{ANY_ROLE, may_match_role};
use super::strings::{check_audience, check_token_path, check_uri};
use super::{
    Actions, AllowedRoles, ComposeRoleArn, ConfigMapName, ContainerCredentials, CustomWorkload, Mode, ObjectPath,
    RoleMapping, SessionName, Settings, SettingsError, SettingsErrors,
};
use crate::findings::{Action, FindingKind};
use crate::json::{self, Reader};
use crate::types::account_pattern::AccountPattern;
use crate::types::dns::{check_dns_label, check_dns_subdomain};
use crate::types::glob::Glob;
use crate::types::mount_path::MountPath;
use crate::types::region::Region;
use crate::types::role_arn::{RoleArn, check_account_id, check_partition};

impl<'a> Settings<'a> {
    /// Parses settings: a JSON object.
    ///
    /// # Errors
    /// Fails as [`Settings::read`] does, and if the text is not JSON.
    pub fn parse(text: &'a str) -> core::result::Result<Self, SettingsErrors> {
        let mut reader = Reader::new(text);
        let read = read(&mut reader, true).and_then(|settings| reader.finish().map(|()| settings));
        read.unwrap_or_else(|unreadable| {
            let error = SettingsError { path: String::new(), problem: unreadable.to_string() };
            Err(SettingsErrors(vec![error]))
        })
    }

    /// Reads settings from the next value of a reader.
    ///
    /// # Errors
    /// The outer error means that the text is not JSON. The inner error has all errors in the settings: invalid values,
    /// and keys that are unknown, duplicate or missing.
    pub fn read(reader: &mut Reader<'a>) -> json::Result<core::result::Result<Self, SettingsErrors>> {
        read(reader, false)
    }
}

/// Reads settings. If `is_whole` is true, also checks the entries of `roles` and `allowedRoles`.
fn read<'a>(
    reader: &mut Reader<'a>,
    is_whole: bool,
) -> json::Result<core::result::Result<Settings<'a>, SettingsErrors>> {
    let mut errors = SettingsErrors::default();
    let members = root(reader, const { &keys(&definition::SETTINGS) }, &mut errors)?;
    let mut settings = Settings::default();
    if let Ok(mut members) = members {
        read_members(&mut members, &mut settings, is_whole);
    }
    // INVARIANT: for each value that could not be read, an error was added.
    Ok(if errors.0.is_empty() { Ok(settings) } else { Err(errors) })
}

fn read_members<'a>(members: &mut Members<'_, 'a>, settings: &mut Settings<'a>, is_whole: bool) {
    members.set(&mut settings.mode, "mode", one_of(&Mode::NAMES));
    members.set(
        &mut settings.annotation_prefix,
        "annotationPrefix",
        checked(expected::DNS_SUBDOMAIN, check_dns_subdomain),
    );
    members.set(&mut settings.token_audience, "tokenAudience", audience);
    members.set(&mut settings.token_lifetime, "tokenExpirationSeconds", lifetime);
    members.set(&mut settings.token_mount_path, "tokenMountPath", string(MountPath::EXPECTED, MountPath::new));
    let region = members.optional("region", string(Region::EXPECTED, Region::new));
    members.set(&mut settings.regional_sts_endpoints, "regionalStsEndpoints", boolean);
    members.set(&mut settings.compose_role_arn, "composeRoleArn", |setting| {
        compose_role_arn(setting, region.as_ref()).map(Some)
    });
    settings.region = region.unwrap_or_default();
    let check_role: &dyn Fn(Setting<'_, 'a>) -> Result<()> = &|entry| role_mapping(entry).map(drop);
    members.set(&mut settings.roles, "roles", entries(expected::ROLES, true, is_whole.then_some(check_role)));
    members.set(&mut settings.roles_config_map, "rolesConfigMap", |setting| config_map_name(setting).map(Some));
    members.set(&mut settings.container_credentials, "containerCredentials", |setting| {
        container_credentials(setting).map(Some)
    });
    members.set(&mut settings.session_name, "sessionName", one_of(&SessionName::NAMES));
    members.set(&mut settings.disable_instance_metadata, "disableInstanceMetadata", boolean);
    members.set(&mut settings.cache_lookups, "cacheLookups", boolean);
    let check_allowed: &dyn Fn(Setting<'_, 'a>) -> Result<()> = &|entry| allowed_roles(entry).map(drop);
    let allowed_roles = entries(expected::ALLOWED_ROLES, false, is_whole.then_some(check_allowed));
    members.set(&mut settings.allowed_roles, "allowedRoles", |setting| allowed_roles(setting).map(Some));
    let audiences = non_empty_array(expected::ALLOWED_AUDIENCES, audience);
    members.set(&mut settings.allowed_audiences, "allowedAudiences", |setting| audiences(setting).map(Some));
    members.set(&mut settings.custom_workloads, "customWorkloads", array(expected::WORKLOADS, custom_workload));
    members.set(&mut settings.actions, "actions", actions);
}

/// Reads `composeRoleArn`. `region` is the value of the setting `region`. If `partition` is missing, the partition of
/// this region is used.
fn compose_role_arn<'a>(
    setting: Setting<'_, 'a>,
    region: core::result::Result<&Option<Region<'_>>, &Reported>,
) -> Result<ComposeRoleArn<'a>> {
    let mut members = setting.members(const { &keys(&definition::COMPOSE_ROLE_ARN) })?;
    let account_id = members.required("accountId", checked(expected::ACCOUNT_ID, check_account_id));
    let partition = members.optional("partition", checked(expected::PARTITION, check_partition));
    let partition = partition.and_then(|partition| match (partition, region) {
        (Some(partition), _) => Ok(partition),
        (None, Ok(Some(region))) => Ok(Cow::Borrowed(region.partition())),
        (None, Ok(None)) => {
            let problem =
                format_args!("expected {}, or the setting `region`, but both are missing", expected::PARTITION);
            Err(members.report("partition", problem))
        }
        (None, Err(reported)) => Err(*reported),
    });
    Ok(ComposeRoleArn { account_id: account_id?, partition: partition? })
}

pub(super) fn role_mapping<'a>(setting: Setting<'_, 'a>) -> Result<RoleMapping<'a>> {
    let mut members = setting.members(const { &keys(&definition::ROLE_MAPPING) })?;
    let accounts = members.required("serviceAccount", string(AccountPattern::EXPECTED, AccountPattern::new));
    let role = members.required("roleArn", string(RoleArn::EXPECTED, RoleArn::new));
    let audience = members.optional("audience", audience);
    let regional_sts_endpoints = members.optional("regionalStsEndpoints", boolean);
    let token_lifetime = members.optional("tokenExpirationSeconds", lifetime);
    let region = members.optional("region", string(Region::EXPECTED, Region::new));
    Ok(RoleMapping {
        accounts: accounts?,
        role: role?,
        audience: audience?,
        regional_sts_endpoints: regional_sts_endpoints?,
        token_lifetime: token_lifetime?,
        region: region?,
    })
}

fn config_map_name<'a>(setting: Setting<'_, 'a>) -> Result<ConfigMapName<'a>> {
    let mut members = setting.members(const { &keys(&definition::CONFIG_MAP_NAME) })?;
    let namespace = members.required("namespace", checked(expected::NAMESPACE, check_dns_label));
    let name = members.required("name", checked(expected::CONFIG_MAP, check_dns_subdomain));
    Ok(ConfigMapName { namespace: namespace?, name: name? })
}

fn container_credentials<'a>(setting: Setting<'_, 'a>) -> Result<ContainerCredentials<'a>> {
    let mut members = setting.members(const { &keys(&definition::CONTAINER_CREDENTIALS) })?;
    let accounts = members.required("serviceAccounts", non_empty_array(expected::SERVICE_ACCOUNTS, account_pattern));
    let audience = members.optional("audience", audience);
    let mount_path = members.optional("mountPath", string(MountPath::EXPECTED, MountPath::new));
    let volume_name = members.optional("volumeName", checked(expected::VOLUME, check_dns_label));
    let token_path = members.optional("tokenPath", checked(expected::TOKEN_PATH, check_token_path));
    let full_uri = members.optional("fullUri", checked(expected::URI, check_uri));
    Ok(ContainerCredentials {
        accounts: accounts?,
        audience: audience?.unwrap_or(Cow::Borrowed(ContainerCredentials::AUDIENCE)),
        mount_path: mount_path?.unwrap_or(MountPath::CONTAINER_CREDENTIALS),
        volume_name: volume_name?.unwrap_or(Cow::Borrowed("eks-pod-identity-token")),
        token_path: token_path?.unwrap_or(Cow::Borrowed("eks-pod-identity-token")),
        full_uri: full_uri?.unwrap_or(Cow::Borrowed("http://169.254.170.23/v1/credentials")),
    })
}

pub(super) fn allowed_roles<'a>(setting: Setting<'_, 'a>) -> Result<AllowedRoles<'a>> {
    let mut members = setting.members(const { &keys(&definition::ALLOWED_ROLES) })?;
    let namespaces = members.required("namespaces", non_empty_array(expected::GLOBS, glob));
    let roles = members.required("roles", non_empty_array(expected::GLOBS, glob));
    let roles = roles.and_then(|roles: Vec<Glob<'a>>| {
        if roles.iter().any(|glob| may_match_role(glob.as_str())) {
            return Ok(roles);
        }
        let problem = format_args!(
            "expected a glob that can match a role ARN, such as `{ANY_ROLE}`, but no glob in this array can"
        );
        Err(members.report("roles", problem))
    });
    Ok(AllowedRoles { namespaces: namespaces?, roles: roles? })
}

fn custom_workload<'a>(setting: Setting<'_, 'a>) -> Result<CustomWorkload<'a>> {
    let mut members = setting.members(const { &keys(&definition::CUSTOM_WORKLOAD) })?;
    let api_version = members.required("apiVersion", string(expected::API_VERSION, parse_api_version));
    let kind = members.required("kind", checked(expected::KIND, check_kind));
    let pod_templates = members.optional("podTemplates", non_empty_array(expected::PATHS, object_path));
    let pod_specs = members.optional("podSpecs", non_empty_array(expected::PATHS, object_path));
    let names = members.optional("serviceAccountNames", non_empty_array(expected::PATHS, string_path));
    if matches!((&pod_templates, &pod_specs, &names), (Ok(None), Ok(None), Ok(None))) {
        return Err(members.report_all(format_args!(
            "expected `podTemplates`, `podSpecs` or `serviceAccountNames`, but all are missing"
        )));
    }
    let ((group, version), kind) = (api_version?, kind?);
    if is_built_in(&group, &kind) {
        let problem =
            format_args!("expected a custom kind, but got the built-in kind `{kind}`, which is always checked");
        return Err(members.report("kind", problem));
    }
    Ok(CustomWorkload {
        group,
        version,
        kind,
        pod_templates: pod_templates?.unwrap_or_default(),
        pod_specs: pod_specs?.unwrap_or_default(),
        service_account_names: names?.unwrap_or_default(),
    })
}

fn actions(setting: Setting<'_, '_>) -> Result<Actions> {
    let mut members = setting.members(&FindingKind::NAMES)?;
    let mut actions = Actions::default();
    let mut outcome = Ok(());
    for kind in FindingKind::ALL {
        match members.optional(kind.name(), one_of(&Action::NAMES)) {
            Ok(Some(action)) => actions.choose(kind, action),
            Ok(None) => {}
            Err(reported) => outcome = Err(reported),
        }
    }
    outcome.map(|()| actions)
}

fn account_pattern<'a>(setting: Setting<'_, 'a>) -> Result<AccountPattern<'a>> {
    string(AccountPattern::EXPECTED, AccountPattern::new)(setting)
}

fn audience<'a>(setting: Setting<'_, 'a>) -> Result<Cow<'a, str>> {
    checked(expected::AUDIENCE, check_audience)(setting)
}

fn glob<'a>(setting: Setting<'_, 'a>) -> Result<Glob<'a>> {
    string(Glob::EXPECTED, Glob::new)(setting)
}

fn object_path<'a>(setting: Setting<'_, 'a>) -> Result<ObjectPath<'a>> {
    string(ObjectPath::EXPECTED, ObjectPath::new)(setting)
}

fn string_path<'a>(setting: Setting<'_, 'a>) -> Result<ObjectPath<'a>> {
    string(ObjectPath::EXPECTED, ObjectPath::to_string_value)(setting)
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
    fn reads_an_empty_object_as_the_defaults() {
        assert_eq!(Settings::parse("{}"), Ok(Settings::default()));
    }

    #[test]
    fn reports_all_errors_at_once() {
        let settings = r#"{
            "tokenAudiance": "x", "mode": "mutate", "tokenExpirationSeconds": 10, "region": "us-east-2a",
            "roles": [{"serviceAccount": "web", "roleArn": "app", "regionalSts": true}, 7, {"audience": ""}],
            "allowedRoles": [], "actions": {"missingRol": "Reject", "missingRole": "Refuse"}, "mode": "Mutate",
            "allowedAudiences": ["", 7], "sessionName": true, "cacheLookups": "true"
        }"#;
        let expected = [
            "`tokenAudiance`: unknown key, did you mean `tokenAudience`?",
            "`mode`: expected the key once, but got it twice",
            "`mode`: expected `Mutate` or `Validate`, but got `mutate`",
            "`tokenExpirationSeconds`: expected a number of seconds from 600 to 4294967296, but got `10`",
            "`region`: expected an AWS region, such as `us-east-2`, but got an availability zone: `us-east-2a`",
            "`roles[0].regionalSts`: unknown key, did you mean `regionalStsEndpoints`?",
            "`roles[0].serviceAccount`: expected `namespace/name`, but got no `/`: `web`",
            "`roles[0].roleArn`: expected an ARN that starts with `arn:`, but the value does not: `app`",
            "`roles[1]`: expected an object, but got `7`",
            "`roles[2].serviceAccount`: expected `namespace/name` (globs are allowed), but the key is missing",
            "`roles[2].roleArn`: expected an IAM role ARN, such as `arn:aws:iam::111122223333:role/app`, but the \
             key is missing",
            "`roles[2].audience`: expected an audience, but got an empty string",
            "`sessionName`: expected `None` or `PodName`, but got `true`",
            "`cacheLookups`: expected `true` or `false`, but got `\"true\"`",
            "`allowedRoles`: expected an array of allowed roles (remove the key to allow any), but got `[]`",
            "`allowedAudiences[0]`: expected an audience, but got an empty string",
            "`allowedAudiences[1]`: expected an audience that is not empty, but got `7`",
            "`actions.missingRol`: unknown key, did you mean `missingRole`?",
            "`actions.missingRole`: expected `Ignore` or `Warn` or `Reject`, but got `Refuse`",
        ];
        assert_eq!(errors(settings), expected.join("\n"));
    }

    #[test]
    fn shows_the_beginning_of_a_long_value() {
        let beginning = "x".repeat(64);
        assert_eq!(
            errors(&format!(r#"{{"roles": [{{"serviceAccount": "a/b", "roleArn": "{beginning}y"}}]}}"#)),
            format!(
                "`roles[0].roleArn`: expected an ARN that starts with `arn:`, but the value does not: \
                 `{beginning}\u{2026}`"
            )
        );
        assert_eq!(
            errors(&format!(r#"{{"roles": [{{"serviceAccount": "a/b", "roleArn": "{beginning}"}}]}}"#)),
            format!(
                "`roles[0].roleArn`: expected an ARN that starts with `arn:`, but the value does not: `{beginning}`"
            )
        );
    }

    #[test]
    fn reads_escaped_keys_and_strings() {
        let read = |text| Settings::parse(text).unwrap().region;
        assert_eq!(read(r#" {"r\u0065gion": "us\u002deast-2"} "#), read(r#"{"region":"us-east-2"}"#));
        assert_eq!(
            errors(r#"{"region": "us-east-2", "r\u0065gion": "us-east-2"}"#),
            "`region`: expected the key once, but got it twice"
        );
    }

    #[test]
    fn rejects_settings_that_are_not_an_object() {
        for (text, shown) in [("null", "null"), (" [1] ", "[1]"), ("\"x\"", "\"x\""), ("7", "7")] {
            assert_eq!(errors(text), format!("expected an object, but got `{shown}`"));
        }
        assert_eq!(errors("{} x"), "expected JSON, but got something else at byte 2");
    }

    #[test]
    fn rejects_built_in_kinds_as_custom_workloads() {
        let workload = |version: &str, kind: &str| {
            errors(&format!(
                r#"{{"customWorkloads": [{{"apiVersion": "{version}", "kind": "{kind}", "podTemplates": ["$.a"]}}]}}"#
            ))
        };
        for (version, kind) in [
            ("v1", "Pod"),
            ("v2", "Pod"),
            ("v1", "ServiceAccount"),
            ("v1", "ConfigMap"),
            ("apps/v1", "Deployment"),
            ("apps/*", "Deployment"),
            ("batch/v1beta1", "CronJob"),
        ] {
            let error = format!(
                "`customWorkloads[0].kind`: expected a custom kind, but got the built-in kind `{kind}`, which is \
                 always checked"
            );
            assert_eq!(workload(version, kind), error);
        }
        for (version, kind) in [("example.com/v1", "Pod"), ("ray.io/*", "RayCluster"), ("batch.volcano.sh/v1", "Job")] {
            assert_eq!(workload(version, kind), "");
        }
    }

    #[test]
    fn requires_at_least_one_path_in_a_custom_workload() {
        let workload = |paths: &str| {
            errors(&format!(r#"{{"customWorkloads": [{{"apiVersion": "example.com/v1", "kind": "Crew"{paths}}}]}}"#))
        };
        for paths in [
            r#", "podTemplates": ["$"]"#,
            r#", "podSpecs": ["$", "$.spec"]"#,
            r#", "serviceAccountNames": ["$.spec.serviceAccountName"]"#,
        ] {
            assert_eq!(workload(paths), "");
        }
        for (paths, error) in [
            ("", "``: expected `podTemplates`, `podSpecs` or `serviceAccountNames`, but all are missing"),
            (r#", "podSpecs": []"#, "`.podSpecs`: expected an array of one path or more, but got `[]`"),
            (
                r#", "serviceAccountNames": ["$"]"#,
                "`.serviceAccountNames[0]`: expected a path to a string, but got `$`, which is the object itself: `$`",
            ),
        ] {
            assert_eq!(workload(paths), error.replacen('`', "`customWorkloads[0]", 1));
        }
    }

    #[test]
    fn takes_the_partition_of_composed_roles_from_the_region() {
        let read = |text| Settings::parse(text).map(|settings| settings.compose_role_arn);
        let compose = |partition| {
            Ok(Some(ComposeRoleArn { account_id: Cow::Borrowed("111122223333"), partition: Cow::Borrowed(partition) }))
        };
        // The order of the keys does not matter.
        let settings = r#"{"composeRoleArn": {"accountId": "111122223333"}, "region": "cn-north-1"}"#;
        assert_eq!(read(settings), compose("aws-cn"));
        let settings =
            r#"{"region": "cn-north-1", "composeRoleArn": {"accountId": "111122223333", "partition": "aws"}}"#;
        assert_eq!(read(settings), compose("aws"));
        assert_eq!(
            errors(r#"{"composeRoleArn": {"accountId": "111122223333"}}"#),
            "`composeRoleArn.partition`: expected an AWS partition, such as `aws`, or the setting `region`, but both \
             are missing"
        );
        assert_eq!(
            errors(r#"{"composeRoleArn": {"accountId": 111122223333}, "region": "us-east-1"}"#),
            "`composeRoleArn.accountId`: expected an AWS account id, a string of 12 digits, but got `111122223333`"
        );
    }

    #[test]
    fn says_where_the_text_is_not_json() {
        assert_eq!(errors(r#"{"mode": "Mutate""#), "expected JSON, but got something else at byte 17");
    }
}

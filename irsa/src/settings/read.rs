//! Reading settings: everything that is wrong with them is found at once.

use std::borrow::Cow;

use super::definition::{KEYS, Key};
use super::errors::Path;
use super::{
    Actions, AllowedRoles, ComposeRoleArn, ConfigMapName, ContainerCredentials, CustomWorkload, Mode, RoleMapping,
    SessionName, Settings, SettingsError, SettingsErrors, TemplatePath,
};
use crate::account_pattern::AccountPattern;
use crate::finding::{Action, FindingKind};
use crate::glob::Glob;
use crate::json::{self, Reader};
use crate::mount_path::MountPath;
use crate::names::{is_dns_label, is_dns_subdomain};
use crate::nearest::nearest;
use crate::region::Region;
use crate::role_arn::{RoleArn, is_account_id, is_partition};
use crate::token_lifetime::TokenLifetime;

/// How much of a wrong value is shown, in characters.
const SHOWN: usize = 64;

const A_ROLE_ARN: &str = "the ARN of an IAM role, such as `arn:aws:iam::111122223333:role/app`";
const AN_AUDIENCE: &str = "an audience that is not empty";
const A_BOOLEAN: &str = "`true` or `false`";
const A_LIFETIME: &str = "seconds, from 600 to 4294967296";
const A_MOUNT_PATH: &str = "an absolute path without `:` and `..`";
const AN_ACCOUNT_PATTERN: &str = "`namespace/name`, of which each may have globs";
const A_GLOB: &str = "a glob that is not empty";

impl<'a> Settings<'a> {
    /// Reads settings.
    ///
    /// # Errors
    /// Fails with all that is wrong: keys that are unknown or there twice, and values that cannot work.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, SettingsErrors> {
        let mut check = Check::default();
        let settings = check.settings(reader).unwrap_or_else(|unreadable| {
            check.report(Path::Root, unreadable.to_string());
            Self::default()
        });
        if check.errors.is_empty() { Ok(settings) } else { Err(SettingsErrors(check.errors)) }
    }
}

/// The errors found so far. Its methods return `None` for a value that was reported as wrong; they fail only where
/// the text is no JSON.
#[derive(Default)]
struct Check {
    errors: Vec<SettingsError>,
}

type Read<T> = json::Result<Option<T>>;

impl Check {
    fn report(&mut self, at: Path<'_>, problem: String) {
        self.errors.push(SettingsError { path: at.to_string(), problem });
    }

    /// A value that `read` makes something of, where it can.
    fn value<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        expected: &str,
        read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
    ) -> Read<T> {
        let mut before = reader.clone();
        if let Some(value) = read(reader) {
            return Ok(Some(value));
        }
        let (got, _) = before.raw()?;
        *reader = before;
        let shown = match got.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}\u{2026}", got.get(..end).unwrap_or_default()),
            None => got.to_owned(),
        };
        self.report(at, format!("expected {expected}, but got `{shown}`"));
        Ok(None)
    }

    /// A string that `parse` makes something of.
    fn string<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        expected: &str,
        parse: impl FnOnce(Cow<'a, str>) -> Option<T>,
    ) -> Read<T> {
        self.value(reader, at, expected, |reader| reader.string().ok().and_then(parse))
    }

    /// A string that `is_valid`.
    fn text<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        expected: &str,
        is_valid: fn(&str) -> bool,
    ) -> Read<Cow<'a, str>> {
        self.string(reader, at, expected, |text| is_valid(&text).then_some(text))
    }

    fn boolean(&mut self, reader: &mut Reader<'_>, at: Path<'_>) -> Read<bool> {
        self.value(reader, at, A_BOOLEAN, |reader| reader.boolean().ok())
    }

    fn lifetime(&mut self, reader: &mut Reader<'_>, at: Path<'_>) -> Read<TokenLifetime> {
        self.value(reader, at, A_LIFETIME, |reader| {
            reader.raw().ok()?.0.parse::<u64>().ok().and_then(TokenLifetime::new)
        })
    }

    fn audience<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<Cow<'a, str>> {
        self.text(reader, at, AN_AUDIENCE, |text| !text.is_empty())
    }

    fn mount_path<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<MountPath<'a>> {
        self.string(reader, at, A_MOUNT_PATH, MountPath::new)
    }

    fn globs<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<Vec<Glob<'a>>> {
        self.list(reader, at, "a list of globs that is not empty", |check, reader, at| {
            check.string(reader, at, A_GLOB, Glob::new)
        })
    }

    /// One of some words.
    fn word<T: Copy>(&mut self, reader: &mut Reader<'_>, at: Path<'_>, words: &[(&'static str, T)]) -> Read<T> {
        let names: Vec<String> = words.iter().map(|(name, _)| format!("`{name}`")).collect();
        self.string(reader, at, &names.join(" or "), |text| {
            words.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
        })
    }

    /// A list with at least one element.
    fn list<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        expected: &str,
        element: impl FnMut(&mut Self, &mut Reader<'a>, Path<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let mut before = reader.clone();
        let Some(list) = self.maybe_empty_list(reader, at, expected, element)? else { return Ok(None) };
        if list.is_empty() && before.raw().is_ok_and(|(text, _)| is_empty_list(text)) {
            self.report(at, format!("expected {expected}, but got `[]`"));
            return Ok(None);
        }
        Ok(Some(list))
    }

    fn maybe_empty_list<'a, T>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        expected: &str,
        mut element: impl FnMut(&mut Self, &mut Reader<'a>, Path<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        if !reader.is_list()? {
            return self.value(reader, at, expected, |_| None);
        }
        let mut list = Vec::new();
        reader.list(|reader, index| {
            list.extend(element(self, reader, Path::Index(&at, index))?);
            Ok(())
        })?;
        Ok(Some(list))
    }

    /// An object with these keys, of which none is needed. `false` where it is no object.
    fn object<'a, K: Copy>(
        &mut self,
        reader: &mut Reader<'a>,
        at: Path<'_>,
        keys: &[(&'static str, K)],
        mut member: impl FnMut(&mut Self, &mut Reader<'a>, K, Path<'_>) -> json::Result<()>,
    ) -> json::Result<bool> {
        if !reader.is_object()? {
            self.value(reader, at, "an object", |_| None::<()>)?;
            return Ok(false);
        }
        let mut seen = vec![false; keys.len()];
        reader.object(|reader, name| {
            let at = Path::Key(&at, name);
            let known = keys.iter().zip(&mut seen).find(|((known, _), _)| *known == name);
            let Some(((_, key), seen)) = known else {
                let nearest = nearest(name, keys.iter().map(|(known, _)| *known)).unwrap_or_default();
                self.report(at, format!("unknown key, did you mean `{nearest}`?"));
                return reader.skip();
            };
            if std::mem::replace(seen, true) {
                self.report(at, "expected the key once, but got it twice".to_owned());
                return reader.skip();
            }
            member(self, reader, *key, at)
        })?;
        Ok(true)
    }

    /// A member that an object needs.
    fn needed<T>(&mut self, at: Path<'_>, key: &'static str, expected: &str, value: &Member<T>) {
        if matches!(value, Member::Missing) {
            self.report(Path::Key(&at, key), format!("expected {expected}, but got none"));
        }
    }
}

/// A member of an object that may need to be there.
#[derive(Default)]
enum Member<T> {
    #[default]
    Missing,
    Wrong,
    Right(T),
}

impl<T> From<Option<T>> for Member<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Wrong, Self::Right)
    }
}

impl<T> Member<T> {
    fn right(self) -> Option<T> {
        match self {
            Self::Right(value) => Some(value),
            Self::Missing | Self::Wrong => None,
        }
    }
}

fn is_empty_list(text: &str) -> bool {
    text.trim_matches(['[', ']', ' ', '\t', '\r', '\n']).is_empty()
}

/// `composeRoleArn` before it is known whether the region gives the partition.
#[derive(Default)]
struct Composition<'a> {
    account_id: Option<Cow<'a, str>>,
    partition: Member<Cow<'a, str>>,
}

impl Check {
    fn settings<'a>(&mut self, reader: &mut Reader<'a>) -> json::Result<Settings<'a>> {
        let mut settings = Settings::default();
        let mut composition = None;
        let mut region_is_wrong = false;
        self.object(reader, Path::Root, &KEYS, |check, reader, key, at| {
            match key {
                Key::Mode => {
                    let modes = [("Mutate", Mode::Mutate), ("Validate", Mode::Validate)];
                    set(&mut settings.mode, check.word(reader, at, &modes)?);
                }
                Key::AnnotationPrefix => {
                    let prefix = check.text(reader, at, "a DNS subdomain", is_dns_subdomain)?;
                    set(&mut settings.annotation_prefix, prefix);
                }
                Key::TokenAudience => set(&mut settings.token_audience, check.audience(reader, at)?),
                Key::TokenExpirationSeconds => set(&mut settings.token_lifetime, check.lifetime(reader, at)?),
                Key::TokenMountPath => set(&mut settings.token_mount_path, check.mount_path(reader, at)?),
                Key::Region => {
                    settings.region = check.string(reader, at, "an AWS region, such as `us-east-2`", Region::new)?;
                    region_is_wrong = settings.region.is_none();
                }
                Key::RegionalStsEndpoints => set(&mut settings.regional_sts_endpoints, check.boolean(reader, at)?),
                Key::ComposeRoleArn => composition = check.composition(reader, at)?,
                Key::Roles => {
                    let roles = check.maybe_empty_list(reader, at, "a list of roles", Self::role_mapping)?;
                    set(&mut settings.roles, roles);
                }
                Key::RolesConfigMap => settings.roles_config_map = check.config_map_name(reader, at)?,
                Key::ContainerCredentials => {
                    settings.container_credentials = check.container_credentials(reader, at)?;
                }
                Key::SessionName => {
                    let names = [("None", SessionName::None), ("PodName", SessionName::PodName)];
                    set(&mut settings.session_name, check.word(reader, at, &names)?);
                }
                Key::DisableInstanceMetadata => {
                    set(&mut settings.disable_instance_metadata, check.boolean(reader, at)?);
                }
                Key::CacheLookups => set(&mut settings.cache_lookups, check.boolean(reader, at)?),
                Key::AllowedRoles => {
                    let expected = "a list of allowed roles (leave the key out to allow any)";
                    settings.allowed_roles = check.list(reader, at, expected, Self::allowed_roles)?;
                }
                Key::AllowedAudiences => {
                    let expected = "a list of audiences (leave the key out to allow any)";
                    settings.allowed_audiences = check.list(reader, at, expected, Self::audience)?;
                }
                Key::CustomWorkloads => {
                    let workloads = check.maybe_empty_list(reader, at, "a list of workloads", Self::custom_workload)?;
                    set(&mut settings.custom_workloads, workloads);
                }
                Key::Actions => set(&mut settings.actions, check.actions(reader, at)?),
            }
            Ok(())
        })?;
        settings.compose_role_arn =
            composition.and_then(|given| self.compose_role_arn(given, settings.region.as_ref(), region_is_wrong));
        Ok(settings)
    }

    fn composition<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<Composition<'a>> {
        let mut account_id = Member::Missing;
        let mut partition = Member::Missing;
        let is_object =
            self.object(reader, at, &[("accountId", true), ("partition", false)], |check, reader, is_account, at| {
                if is_account {
                    account_id =
                        check.text(reader, at, "an AWS account's id, a string of 12 digits", is_account_id)?.into();
                } else {
                    partition = check.text(reader, at, "an AWS partition, such as `aws`", is_partition)?.into();
                }
                Ok(())
            })?;
        if is_object {
            self.needed(at, "accountId", "an AWS account's id", &account_id);
        }
        Ok(is_object.then(|| Composition { account_id: account_id.right(), partition }))
    }

    fn compose_role_arn<'a>(
        &mut self,
        given: Composition<'a>,
        region: Option<&Region<'_>>,
        region_is_wrong: bool,
    ) -> Option<ComposeRoleArn<'a>> {
        let partition = match (given.partition, region) {
            (Member::Right(partition), _) => partition,
            (Member::Missing, Some(region)) => Cow::Borrowed(region.partition()),
            (Member::Missing, None) => {
                if !region_is_wrong {
                    let at = Path::Key(&Path::Root, "composeRoleArn");
                    self.needed(at, "partition", "an AWS partition, or `region` to tell it", &Member::<()>::Missing);
                }
                return None;
            }
            (Member::Wrong, _) => return None,
        };
        Some(ComposeRoleArn { account_id: given.account_id?, partition })
    }

    fn role_mapping<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<RoleMapping<'a>> {
        #[derive(Clone, Copy)]
        enum Key {
            ServiceAccount,
            RoleArn,
            Audience,
            RegionalStsEndpoints,
            TokenExpirationSeconds,
        }
        const KEYS: [(&str, Key); 5] = [
            ("serviceAccount", Key::ServiceAccount),
            ("roleArn", Key::RoleArn),
            ("audience", Key::Audience),
            ("regionalStsEndpoints", Key::RegionalStsEndpoints),
            ("tokenExpirationSeconds", Key::TokenExpirationSeconds),
        ];
        let mut accounts = Member::Missing;
        let mut role = Member::Missing;
        let mut audience = None;
        let mut regional_sts_endpoints = None;
        let mut token_lifetime = None;
        let is_object = self.object(reader, at, &KEYS, |check, reader, key, at| {
            match key {
                Key::ServiceAccount => {
                    accounts = check.string(reader, at, AN_ACCOUNT_PATTERN, AccountPattern::new)?.into();
                }
                Key::RoleArn => role = check.string(reader, at, A_ROLE_ARN, RoleArn::new)?.into(),
                Key::Audience => audience = check.audience(reader, at)?,
                Key::RegionalStsEndpoints => regional_sts_endpoints = check.boolean(reader, at)?,
                Key::TokenExpirationSeconds => token_lifetime = check.lifetime(reader, at)?,
            }
            Ok(())
        })?;
        if is_object {
            self.needed(at, "serviceAccount", AN_ACCOUNT_PATTERN, &accounts);
            self.needed(at, "roleArn", A_ROLE_ARN, &role);
        }
        let (Some(accounts), Some(role)) = (accounts.right(), role.right()) else { return Ok(None) };
        Ok(Some(RoleMapping { accounts, role, audience, regional_sts_endpoints, token_lifetime }))
    }

    fn config_map_name<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<ConfigMapName<'a>> {
        const A_NAMESPACE: &str = "the name of a namespace";
        const A_NAME: &str = "the name of a ConfigMap";
        let mut namespace = Member::Missing;
        let mut name = Member::Missing;
        let is_object =
            self.object(reader, at, &[("namespace", true), ("name", false)], |check, reader, is_namespace, at| {
                if is_namespace {
                    namespace = check.text(reader, at, A_NAMESPACE, is_dns_label)?.into();
                } else {
                    name = check.text(reader, at, A_NAME, is_dns_subdomain)?.into();
                }
                Ok(())
            })?;
        if is_object {
            self.needed(at, "namespace", A_NAMESPACE, &namespace);
            self.needed(at, "name", A_NAME, &name);
        }
        let (Some(namespace), Some(name)) = (namespace.right(), name.right()) else { return Ok(None) };
        Ok(Some(ConfigMapName { namespace, name }))
    }

    fn container_credentials<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<ContainerCredentials<'a>> {
        #[derive(Clone, Copy)]
        enum Key {
            ServiceAccounts,
            Audience,
            MountPath,
            VolumeName,
            TokenPath,
            FullUri,
        }
        const KEYS: [(&str, Key); 6] = [
            ("serviceAccounts", Key::ServiceAccounts),
            ("audience", Key::Audience),
            ("mountPath", Key::MountPath),
            ("volumeName", Key::VolumeName),
            ("tokenPath", Key::TokenPath),
            ("fullUri", Key::FullUri),
        ];
        const ACCOUNTS: &str = "a list of service accounts that is not empty";
        let mut accounts = Member::Missing;
        let mut credentials = ContainerCredentials {
            accounts: Vec::new(),
            audience: Cow::Borrowed(ContainerCredentials::AUDIENCE),
            mount_path: MountPath::CONTAINER_CREDENTIALS,
            volume_name: Cow::Borrowed("eks-pod-identity-token"),
            token_path: Cow::Borrowed("eks-pod-identity-token"),
            full_uri: Cow::Borrowed("http://169.254.170.23/v1/credentials"),
        };
        let is_object = self.object(reader, at, &KEYS, |check, reader, key, at| {
            match key {
                Key::ServiceAccounts => {
                    let list = check.list(reader, at, ACCOUNTS, |check, reader, at| {
                        check.string(reader, at, AN_ACCOUNT_PATTERN, AccountPattern::new)
                    })?;
                    accounts = list.into();
                }
                Key::Audience => set(&mut credentials.audience, check.audience(reader, at)?),
                Key::MountPath => set(&mut credentials.mount_path, check.mount_path(reader, at)?),
                Key::VolumeName => {
                    let name = check.text(reader, at, "a volume's name, a DNS label", is_dns_label)?;
                    set(&mut credentials.volume_name, name);
                }
                Key::TokenPath => {
                    let path = check.text(reader, at, "a relative path without `..`", is_relative_path)?;
                    set(&mut credentials.token_path, path);
                }
                Key::FullUri => {
                    let uri = check.text(reader, at, "an `http` or `https` URI", is_http_uri)?;
                    set(&mut credentials.full_uri, uri);
                }
            }
            Ok(())
        })?;
        if is_object {
            self.needed(at, "serviceAccounts", ACCOUNTS, &accounts);
        }
        Ok(accounts.right().map(|accounts| ContainerCredentials { accounts, ..credentials }))
    }

    fn allowed_roles<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<AllowedRoles<'a>> {
        const GLOBS: &str = "a list of globs";
        let mut namespaces = Member::Missing;
        let mut roles = Member::Missing;
        let is_object =
            self.object(reader, at, &[("namespaces", true), ("roles", false)], |check, reader, is_namespaces, at| {
                let globs = check.globs(reader, at)?.into();
                if is_namespaces {
                    namespaces = globs;
                } else {
                    roles = globs;
                }
                Ok(())
            })?;
        if is_object {
            self.needed(at, "namespaces", GLOBS, &namespaces);
            self.needed(at, "roles", GLOBS, &roles);
        }
        let (Some(namespaces), Some(roles)) = (namespaces.right(), roles.right()) else { return Ok(None) };
        Ok(Some(AllowedRoles { namespaces, roles }))
    }

    fn custom_workload<'a>(&mut self, reader: &mut Reader<'a>, at: Path<'_>) -> Read<CustomWorkload<'a>> {
        #[derive(Clone, Copy)]
        enum Key {
            ApiVersion,
            Kind,
            PodTemplates,
        }
        const KEYS: [(&str, Key); 3] =
            [("apiVersion", Key::ApiVersion), ("kind", Key::Kind), ("podTemplates", Key::PodTemplates)];
        const AN_API_VERSION: &str = "an API version, such as `batch/v1`";
        const A_KIND: &str = "a kind, such as `JobSet`";
        const PATHS: &str = "a list of paths that is not empty";
        let mut api_version = Member::Missing;
        let mut kind = Member::Missing;
        let mut paths = Member::Missing;
        let is_object = self.object(reader, at, &KEYS, |check, reader, key, at| {
            match key {
                Key::ApiVersion => {
                    api_version = check.string(reader, at, AN_API_VERSION, |text| split_api_version(&text))?.into();
                }
                Key::Kind => kind = check.text(reader, at, A_KIND, is_kind)?.into(),
                Key::PodTemplates => {
                    let list = check.list(reader, at, PATHS, |check, reader, at| {
                        let expected = "a JSONPath of names and wildcards, such as `$.spec.jobs[*].template`";
                        check.string(reader, at, expected, |path| TemplatePath::new(&path))
                    })?;
                    paths = list.into();
                }
            }
            Ok(())
        })?;
        if is_object {
            self.needed(at, "apiVersion", AN_API_VERSION, &api_version);
            self.needed(at, "kind", A_KIND, &kind);
            self.needed(at, "podTemplates", PATHS, &paths);
        }
        let (Some((group, version)), Some(kind), Some(pod_templates)) =
            (api_version.right(), kind.right(), paths.right())
        else {
            return Ok(None);
        };
        if group.is_empty() && version == "v1" && matches!(kind.as_ref(), "Pod" | "ServiceAccount") {
            self.report(Path::Key(&at, "kind"), format!("expected a kind that makes pods, but got `{kind}`"));
            return Ok(None);
        }
        Ok(Some(CustomWorkload { group, version, kind, pod_templates }))
    }

    fn actions(&mut self, reader: &mut Reader<'_>, at: Path<'_>) -> Read<Actions> {
        let kinds = FindingKind::ALL.map(|kind| (kind.name(), kind));
        let mut actions = Actions::default();
        self.object(reader, at, &kinds, |check, reader, kind, at| {
            if let Some(action) = check.word(reader, at, &Action::NAMES)? {
                actions.choose(kind, action);
            }
            Ok(())
        })?;
        Ok(Some(actions))
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

fn is_relative_path(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('/') && !text.contains('\0') && text.split('/').all(|segment| segment != "..")
}

fn is_http_uri(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        && !text.contains(|character: char| character.is_whitespace() || character.is_control())
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The group and the version.
fn split_api_version<'a>(text: &str) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    let is_valid = is_dns_label(version)
        && (group.is_empty() != text.contains('/'))
        && (group.is_empty() || is_dns_subdomain(group));
    is_valid.then(|| (Cow::Owned(group.to_owned()), Cow::Owned(version.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(settings: &str) -> String {
        match Settings::read(&mut Reader::new(settings)) {
            Ok(_) => String::new(),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn accepts_no_settings_as_the_defaults() {
        assert_eq!(Settings::read(&mut Reader::new("{}")), Ok(Settings::default()));
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
    fn takes_the_partition_of_composed_roles_from_the_region() {
        let read = |text| Settings::read(&mut Reader::new(text)).map(|settings| settings.compose_role_arn);
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

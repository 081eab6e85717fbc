//! Checks an `AWS_WEB_IDENTITY_TOKEN_FILE` that is set explicitly: whether a token for AWS is at that path
//! (`wrongTokenFile`, `invalidAudience`).
//!
//! No message shows the path, because it is the value of a variable.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use crate::context::Checker;
use crate::findings::{FindingKind, Item, Message, Subject};
use crate::identity::Token;
use crate::injection::effective::EffectiveContainer;
use crate::objects::container::{EnvVarValue, Mount};
use crate::objects::env_var::{EnvVar, refers_to_another};
use crate::objects::pod::PodSpec;
use crate::objects::volume::ProjectedFile;
use crate::types::mount_path::{clean, relative_to};

/// The directory where Kubernetes mounts the token for the API server.
const API_SERVER_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The pod whose containers are checked.
pub(crate) struct TokenFiles<'p, 'j> {
    pub(crate) spec: &'p PodSpec<'j>,
    /// The token that the policy injects, if any.
    pub(crate) token: Option<&'p Token<'p>>,
    /// Whether the pod runs on Windows, where paths have a drive and backslashes.
    pub(crate) is_windows: bool,
    /// Whether the injected mounts are known. If not, a path outside all mounts is not reported.
    pub(crate) is_complete: bool,
    /// Whether the service account has no role. The fix then includes an annotation on the service account.
    pub(crate) needs_annotation: bool,
}

/// The content of a path in a container.
enum FileAt {
    /// No volume is mounted at the path.
    NoMount,
    /// A projected volume is mounted there, but does not have the file.
    NoFile,
    /// The token for the API server, at its usual path.
    ApiServerToken,
    /// A token without an audience, at any other path.
    TokenWithoutAudience,
    /// Any other file, or an unknown content. Not reported.
    Other,
}

impl TokenFiles<'_, '_> {
    /// Checks one container.
    pub(crate) fn check(&self, checker: &mut Checker<'_>, container: &EffectiveContainer<'_, '_>) {
        let variable = EnvVar::WebIdentityTokenFile;
        let Some(EnvVarValue::Literal(value)) = container.container().value(variable) else { return };
        let path = value.decode();
        if path.is_empty() || refers_to_another(&path) {
            return;
        }
        let (kind, text) = match self.file_at(container, &self.unix_path(&path)) {
            FileAt::Other => return,
            FileAt::NoMount if !self.is_complete => return,
            FileAt::NoMount => (FindingKind::WrongTokenFile, "is set to a path where no volume is mounted"),
            FileAt::NoFile => (FindingKind::WrongTokenFile, "is set to a file that its volume does not have"),
            FileAt::ApiServerToken => {
                (FindingKind::WrongTokenFile, "is set to the token for the API server, which STS rejects")
            }
            FileAt::TokenWithoutAudience => {
                (FindingKind::InvalidAudience, "is set to a token without an audience, which is for the API server")
            }
        };
        let fix = match kind {
            FindingKind::InvalidAudience => "set its `audience`",
            _ if self.needs_annotation => "remove it and `AWS_ROLE_ARN`, and annotate the service account",
            _ => "remove it and `AWS_ROLE_ARN`",
        };
        let text = format_args!("{text}: {fix}");
        let message = Message::new(Subject::Container(container.container().name()), text);
        checker.report(kind, message.on(Item::Variable(variable.name())));
    }

    /// Returns the path in Unix form, cleaned.
    fn unix_path(&self, path: &str) -> String {
        if !self.is_windows {
            return clean(path);
        }
        let without_drive = path.strip_prefix("C:").or_else(|| path.strip_prefix("c:")).unwrap_or(path);
        clean(&without_drive.replace('\\', "/"))
    }

    fn file_at(&self, container: &EffectiveContainer<'_, '_>, path: &str) -> FileAt {
        let mounts = &container.container().mounts.elements;
        // If several mounts cover the path, the innermost one wins.
        let covering = mounts
            .iter()
            .filter_map(|mount| Some((mount, relative_to(&self.unix_path(&mount.path.decode()), path)?)))
            .min_by_key(|(_, relative)| relative.len());
        let planned = self.token.filter(|_| container.gets_mount());
        let planned = planned.and_then(|token| Some((token, relative_to(&clean(token.mount_path.as_str()), path)?)));
        match (covering, planned) {
            (covering, Some((token, relative)))
                if covering.as_ref().is_none_or(|(_, other)| other.len() >= relative.len()) =>
            {
                if relative == token.path { FileAt::Other } else { FileAt::NoFile }
            }
            (Some((mount, relative)), _) => self.file_in(mount, &relative, path),
            // A pod template has no mount at the path of the token for the API server. The API server adds this mount
            // when the pod is created.
            _ if relative_to(API_SERVER_TOKEN, path).is_some() => FileAt::ApiServerToken,
            _ => FileAt::NoMount,
        }
    }

    fn file_in(&self, mount: &Mount<'_>, relative: &str, path: &str) -> FileAt {
        if mount.has_sub_path_expr {
            return FileAt::Other;
        }
        let sub_path = mount.sub_path.decode();
        let file: Cow<'_, str> = match (sub_path.is_empty(), relative.is_empty()) {
            (true, _) => relative.into(),
            (false, true) => sub_path,
            (false, false) => format!("{sub_path}/{relative}").into(),
        };
        let volume = mount.volume.decode();
        let Some(volume) = self.spec.volume(&volume) else {
            // The pod lacks the volume. Usually it is the token's volume, which the policy adds.
            let is_token = self.token.filter(|token| token.volume_name == volume);
            return if is_token.is_some_and(|token| token.path != file) { FileAt::NoFile } else { FileAt::Other };
        };
        match volume.projected_file(&file) {
            ProjectedFile::Missing => FileAt::NoFile,
            ProjectedFile::ApiServerToken if relative_to(API_SERVER_TOKEN, path).is_some() => FileAt::ApiServerToken,
            ProjectedFile::ApiServerToken => FileAt::TokenWithoutAudience,
            ProjectedFile::Other => FileAt::Other,
        }
    }
}

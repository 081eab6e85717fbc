//! Checks `AWS_WEB_IDENTITY_TOKEN_FILE` where it is set explicitly: whether a token is at that path.
//!
//! The path is the value of a variable, so no message shows it.

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

/// Where the API server's own token is mounted.
const API_SERVER_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The pod around the containers that are checked.
pub(crate) struct TokenFiles<'p, 'j> {
    /// The spec of the pod.
    pub(crate) spec: &'p PodSpec<'j>,
    /// The token that is injected, if any.
    pub(crate) token: Option<&'p Token<'p>>,
    /// Whether the pod runs on Windows, where paths have a drive and backslashes.
    pub(crate) is_windows: bool,
    /// Whether it is known what is injected. If not, a path that no mount covers is not reported.
    pub(crate) is_complete: bool,
}

/// What is at a path in a container.
enum FileAt {
    /// No volume is mounted there.
    NoMount,
    /// A projected volume without that file.
    NoFile,
    /// The API server's token, at its usual path.
    ApiServerToken,
    /// A token without an audience, in another volume.
    TokenWithoutAudience,
    /// A file, or unknown.
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
            FileAt::NoMount => (
                FindingKind::WrongTokenFile,
                "is set to a path where no volume is mounted: remove it and `AWS_ROLE_ARN`, and annotate the service account",
            ),
            FileAt::NoFile => (
                FindingKind::WrongTokenFile,
                "is set to a file that its volume does not have: remove it and `AWS_ROLE_ARN`, and annotate the service account",
            ),
            FileAt::ApiServerToken => (
                FindingKind::WrongTokenFile,
                "is set to the token for the API server, which STS rejects: remove it and `AWS_ROLE_ARN`, and annotate the service account",
            ),
            FileAt::TokenWithoutAudience => (
                FindingKind::InvalidAudience,
                "is set to a token without an audience: it is for the API server, and would be sent to AWS; set its `audience`",
            ),
        };
        let text = format_args!("{text}");
        let message = Message::new(Subject::Container(container.container().name()), text);
        checker.report(kind, message.on(Item::Variable(variable.name())));
    }

    /// A path as on Unix, cleaned.
    fn unix_path(&self, path: &str) -> String {
        if !self.is_windows {
            return clean(path);
        }
        let without_drive = path.strip_prefix("C:").or_else(|| path.strip_prefix("c:")).unwrap_or(path);
        clean(&without_drive.replace('\\', "/"))
    }

    fn file_at(&self, container: &EffectiveContainer<'_, '_>, path: &str) -> FileAt {
        let mounts = &container.container().mounts.elements;
        // The innermost mount covers the path.
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
            // The API server adds the mount of its token to the pod, so a template lacks it.
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
            // The token's volume, which is added.
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

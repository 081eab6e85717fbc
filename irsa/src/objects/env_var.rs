//! The table of AWS environment variables that the policy reads or injects.
//!
//! Source: the AWS SDKs and Tools Reference Guide, "Environment variables support".

use crate::util::substring::contains;

/// Defines [`EnvVar`] from the table below.
macro_rules! variables {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal;)+) => {
        /// An environment variable that AWS SDKs read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EnvVar {
            $(#[doc = concat!("`", $name, "`:")] $(#[doc = $meaning])+ $variant,)+
        }

        impl EnvVar {
            const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The variable's name.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

variables! {
    /// `regional`: SDKs call STS in the region, not the global endpoint.
    StsRegionalEndpoints = "AWS_STS_REGIONAL_ENDPOINTS";
    /// the region, for the AWS CLI and older SDKs.
    DefaultRegion = "AWS_DEFAULT_REGION";
    /// the region, for newer SDKs.
    Region = "AWS_REGION";
    /// the URL of the agent that gives container credentials.
    ContainerCredentialsFullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    /// the file with the token for that URL.
    ContainerAuthorizationTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    /// the role of web identity.
    RoleArn = "AWS_ROLE_ARN";
    /// the file with the token that SDKs send to STS.
    WebIdentityTokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE";
    /// the name of the role session, which CloudTrail shows.
    RoleSessionName = "AWS_ROLE_SESSION_NAME";
    /// `true` stops SDKs from using the node's role.
    Ec2MetadataDisabled = "AWS_EC2_METADATA_DISABLED";
    /// the id of an access key. SDKs prefer access keys to any role.
    AccessKeyId = "AWS_ACCESS_KEY_ID";
    /// the secret of the access key.
    SecretAccessKey = "AWS_SECRET_ACCESS_KEY";
    /// another name of `AWS_ACCESS_KEY_ID`, in the SDKs for Go (v1), Java and Ruby.
    AccessKey = "AWS_ACCESS_KEY";
    /// another name of `AWS_SECRET_ACCESS_KEY`, in the SDKs for Go (v1), Java and Ruby.
    SecretKey = "AWS_SECRET_KEY";
    /// another name of `AWS_ACCESS_KEY_ID`, in the SDK for Ruby.
    AmazonAccessKeyId = "AMAZON_ACCESS_KEY_ID";
    /// another name of `AWS_SECRET_ACCESS_KEY`, in the SDK for Ruby.
    AmazonSecretAccessKey = "AMAZON_SECRET_ACCESS_KEY";
}

impl EnvVar {
    /// Returns the variable of this name. `None` if the table does not contain it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        // This pattern rejects most variables of a pod, and costs less than a comparison of strings.
        let [b'A', b'W' | b'M', ..] = name.as_bytes() else { return None };
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }
}

/// Whether a variable's value refers to another variable (`$(NAME)`). The kubelet replaces the reference, so the value
/// is unknown at admission.
///
/// Source: Kubernetes' `core/v1`, `EnvVar.value`.
#[must_use]
pub fn refers_to_another(text: &str) -> bool {
    contains(text, "$(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_variable_by_its_exact_name() {
        for variable in EnvVar::ALL {
            assert_eq!(EnvVar::named(variable.name()), Some(variable));
        }
        assert_eq!(EnvVar::named("AWS_PROFILE"), None);
        assert_eq!(EnvVar::named("aws_role_arn"), None);
    }
}

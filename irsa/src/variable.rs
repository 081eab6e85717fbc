//! The environment variables that AWS SDKs read and this crate knows: the table of them.
//!
//! Source: the AWS SDKs and Tools Reference Guide, "Environment variables support".

use crate::text::holds;

macro_rules! variables {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal;)+) => {
        /// An environment variable of the AWS SDKs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Variable {
            $(#[doc = concat!("`", $name, "`:")] $(#[doc = $meaning])+ $variant,)+
        }

        impl Variable {
            const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The variable's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

variables! {
    /// `regional` asks STS in the region, not in `us-east-1`.
    StsRegionalEndpoints = "AWS_STS_REGIONAL_ENDPOINTS";
    /// the region, as the CLI and older SDKs read it.
    DefaultRegion = "AWS_DEFAULT_REGION";
    /// the region, as newer SDKs read it.
    Region = "AWS_REGION";
    /// where container credentials are asked for.
    ContainerCredentialsFullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    /// the token to ask with.
    ContainerAuthorizationTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    /// the role that web identity assumes.
    RoleArn = "AWS_ROLE_ARN";
    /// the token to assume it with.
    WebIdentityTokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE";
    /// the name of the session, which CloudTrail shows.
    RoleSessionName = "AWS_ROLE_SESSION_NAME";
    /// `true` keeps SDKs from the node's role.
    Ec2MetadataDisabled = "AWS_EC2_METADATA_DISABLED";
    /// half of static credentials, which SDKs take before any role.
    AccessKeyId = "AWS_ACCESS_KEY_ID";
    /// the other half.
    SecretAccessKey = "AWS_SECRET_ACCESS_KEY";
}

impl Variable {
    /// The variable of this name, if it is one of ours.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // Most variables of a pod are not AWS's.
        if !name.starts_with("AWS_") {
            return None;
        }
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }
}

/// Whether the text of a variable refers to another (`$(NAME)`): kubelet puts in what that holds, so it is not the value yet.
///
/// Source: Kubernetes' `core/v1`, `EnvVar.value`.
#[must_use]
pub fn refers_to_another(text: &str) -> bool {
    holds(text, "$(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_variable_by_its_name_and_no_other() {
        for variable in Variable::ALL {
            assert_eq!(Variable::named(variable.name()), Some(variable));
        }
        assert_eq!(Variable::named("AWS_PROFILE"), None);
        assert_eq!(Variable::named("aws_role_arn"), None);
    }
}

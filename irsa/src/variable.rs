//! The environment variables that AWS SDKs read and this crate knows.
//!
//! Source: the AWS SDKs and Tools Reference Guide, "Environment variables support".

/// An environment variable of the AWS SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Variable {
    /// `AWS_STS_REGIONAL_ENDPOINTS`: `regional` asks STS in the region, not in `us-east-1`.
    StsRegionalEndpoints,
    /// `AWS_DEFAULT_REGION`: the region, as the CLI and older SDKs read it.
    DefaultRegion,
    /// `AWS_REGION`: the region, as newer SDKs read it.
    Region,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI`: where container credentials are asked for.
    ContainerCredentialsFullUri,
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`: the token to ask with.
    ContainerAuthorizationTokenFile,
    /// `AWS_ROLE_ARN`: the role that web identity assumes.
    RoleArn,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`: the token to assume it with.
    WebIdentityTokenFile,
    /// `AWS_ROLE_SESSION_NAME`: the name of the session, which CloudTrail shows.
    RoleSessionName,
    /// `AWS_EC2_METADATA_DISABLED`: `true` keeps SDKs from the node's role.
    Ec2MetadataDisabled,
    /// `AWS_ACCESS_KEY_ID`: half of static credentials, which SDKs take before any role.
    AccessKeyId,
    /// `AWS_SECRET_ACCESS_KEY`: the other half.
    SecretAccessKey,
}

impl Variable {
    const ALL: [Self; 11] = [
        Self::StsRegionalEndpoints,
        Self::DefaultRegion,
        Self::Region,
        Self::ContainerCredentialsFullUri,
        Self::ContainerAuthorizationTokenFile,
        Self::RoleArn,
        Self::WebIdentityTokenFile,
        Self::RoleSessionName,
        Self::Ec2MetadataDisabled,
        Self::AccessKeyId,
        Self::SecretAccessKey,
    ];

    /// The variable of this name, if it is one of ours.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // Most variables of a pod are not AWS's.
        if !name.starts_with("AWS_") {
            return None;
        }
        Self::ALL.into_iter().find(|variable| variable.name() == name)
    }

    /// The variable's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StsRegionalEndpoints => "AWS_STS_REGIONAL_ENDPOINTS",
            Self::DefaultRegion => "AWS_DEFAULT_REGION",
            Self::Region => "AWS_REGION",
            Self::ContainerCredentialsFullUri => "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            Self::ContainerAuthorizationTokenFile => "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            Self::RoleArn => "AWS_ROLE_ARN",
            Self::WebIdentityTokenFile => "AWS_WEB_IDENTITY_TOKEN_FILE",
            Self::RoleSessionName => "AWS_ROLE_SESSION_NAME",
            Self::Ec2MetadataDisabled => "AWS_EC2_METADATA_DISABLED",
            Self::AccessKeyId => "AWS_ACCESS_KEY_ID",
            Self::SecretAccessKey => "AWS_SECRET_ACCESS_KEY",
        }
    }
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

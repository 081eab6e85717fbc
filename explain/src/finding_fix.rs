//! The fix for each of the policy's findings, in one sentence. docs/findings.md has the details.

use irsa::FindingKind;

/// Returns the fix for a finding of this kind.
#[must_use]
pub const fn fix(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::LookupFailed => {
            "correct the object: the input contains it, but it can't be read as an object of its kind"
        }
        FindingKind::MissingServiceAccount => "create the service account, or correct `serviceAccountName`",
        FindingKind::MissingRole => "annotate the service account with `eks.amazonaws.com/role-arn`",
        FindingKind::InvalidRoleArn => {
            "copy the ARN of the role from IAM, as in `arn:aws:iam::111122223333:role/app`, and not the ARN of a policy or an instance profile"
        }
        FindingKind::RoleNotAllowed => {
            "use a role that `allowedRoles` allows for this namespace, or ask the operator of the policy for an entry"
        }
        FindingKind::InvalidAudience => {
            "remove the annotation, or set the audience that the role's trust policy expects, usually `sts.amazonaws.com`"
        }
        FindingKind::UnlikelyAudience => {
            "set the audience that the role's trust policy expects, usually `sts.amazonaws.com`"
        }
        FindingKind::InvalidRegion => "write the name of an AWS region, such as `us-east-2`",
        FindingKind::AudienceNotAllowed => {
            "remove the annotation `audience`, or ask the operator of the policy to add it to `allowedAudiences`"
        }
        FindingKind::InvalidTokenExpiration => "write a number of seconds in quotes, at least 600: `\"3600\"`",
        FindingKind::InvalidStsRegionalEndpoints => "write `\"true\"` or `\"false\"`",
        FindingKind::InvalidSkipContainers => "write the names of containers, separated by commas: `init,sidecar`",
        FindingKind::UnknownSkipContainer => "correct the container's name, or remove it",
        FindingKind::MisspelledAnnotation => "rename the annotation",
        FindingKind::IneffectiveAnnotation => "move the annotation to the object that the message names, or remove it",
        FindingKind::ConflictingVolume => {
            "remove the volume and its mounts, so that the policy adds the token, or rename the volume in both places"
        }
        FindingKind::ConflictingMount => "mount the volume at another path",
        FindingKind::PartialCredentials => {
            "remove both variables of the pair, or set both; remove an empty region variable"
        }
        FindingKind::WrongTokenFile => {
            "remove `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`: the policy sets both if the service account has a role"
        }
        FindingKind::AmbiguousCredentials => "remove the variables of the credentials that the container does not need",
        FindingKind::PartitionMismatch => "use a role and a region of the same AWS partition",
        FindingKind::ReadOnlyParentMount => "mount the volume at another path, or set another `tokenMountPath`",
        FindingKind::OverriddenRole => {
            "remove `AWS_ROLE_ARN` and, if it is set, `AWS_WEB_IDENTITY_TOKEN_FILE`; or use a service account that has the role of `AWS_ROLE_ARN`"
        }
        FindingKind::StaticCredentials => "remove the variables `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
        FindingKind::InvalidRoleMapping => "correct the entry in the ConfigMap",
        FindingKind::OptedOut => "remove the label, or correct the lists of containers",
        FindingKind::ForeignToken => {
            "remove the volume and its mounts; if the pod needs a role, annotate its service account, so that the policy adds the token"
        }
        FindingKind::NotInjected => {
            "recreate the pod; if only some containers lack the role, let the webhook that adds these containers run before the injection"
        }
    }
}

//! The diagnoses: what can be wrong with a pod's way to its role.
//!
//! If the policy also reports the problem, the diagnosis is the policy's finding and has its name: see
//! `docs/findings.md`.

use irsa::FindingKind;
use serde::{Serialize, Serializer};

/// Defines the diagnoses that are not findings of the policy: meaning, variant, and name in JSON.
macro_rules! diagnoses {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal;)+) => {
        /// A diagnosis: a mistake, or a risk.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Diagnosis {
            /// A finding of the policy.
            Finding(FindingKind),
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Diagnosis {
            /// All diagnoses except the policy's findings, in the order of the steps.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the diagnosis's name in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Finding(kind) => kind.name(),
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the diagnosis's meaning, for the docs.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    Self::Finding(kind) => kind.meaning(),
                    $(Self::$variant => concat!($($meaning),+),)+
                }
            }
        }
    };
}

diagnoses! {
    /// The pod is the mirror of a static pod, which has no service account.
    StaticPod = "staticPod";
    /// The pod runs as a service account other than the given one.
    OtherServiceAccount = "otherServiceAccount";
    /// The service account does not have the expected role.
    OtherRole = "otherRole";
    /// The annotation `role-arn` is empty.
    EmptyRole = "emptyRole";
    /// The annotation `role-arn` is on the pod or its template, where it has no effect. It belongs on the service
    /// account.
    RoleOnPod = "roleOnPod";
    /// The pod's service account has no role, but another account of the input has one: the pod probably has the wrong
    /// `serviceAccountName`.
    RoleOfOtherAccount = "roleOfOtherAccount";
    /// The EKS Pod Identity association is for another service account.
    AssociationForOtherAccount = "associationForOtherAccount";
    /// The pod has two roles, by web identity (IRSA) and by an EKS Pod Identity association. SDKs use web identity.
    AssociationLoses = "associationLoses";
    /// The pod is older than the EKS Pod Identity association: EKS adds the variables when it creates a pod.
    PodOlderThanAssociation = "podOlderThanAssociation";
    /// The address of the EKS Pod Identity agent is wrong: it is `169.254.170.23`, or `[fd00:ec2::23]` with IPv6.
    WrongAgentAddress = "wrongAgentAddress";
    /// The pod was created before its account or the policy's settings changed.
    OutdatedPod = "outdatedPod";
    /// Another webhook added the container to the pod after the policy had run.
    LateContainer = "lateContainer";
    /// A variable is set to an empty string, so the policy does not set it.
    EmptyVariable = "emptyVariable";
    /// The policy is not asked about pods of this namespace.
    ExemptNamespace = "exemptNamespace";
    /// The policy is asked with `failurePolicy: Ignore`, so a pod gets no role while the policy can't be reached.
    IgnoredFailures = "ignoredFailures";
    /// The pod has ephemeral containers (`kubectl debug`), which have no role.
    EphemeralContainer = "ephemeralContainer";
    /// A volume is mounted read-only above the token's mount, so the container may not start.
    ReadOnlyMountAbove = "readOnlyMountAbove";
    /// A container has both a role and container credentials (EKS Pod Identity), so one of the two has no effect.
    BothCredentials = "bothCredentials";
    /// The pod names a profile or the shared AWS files. If they contain credentials, some SDKs use those instead of the
    /// role.
    ProfileSet = "profileSet";
    /// No token is mounted at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`.
    TokenNotMounted = "tokenNotMounted";
    /// The token has expired.
    TokenExpired = "tokenExpired";
    /// The token is not valid yet: a clock is wrong.
    TokenNotYetValid = "tokenNotYetValid";
    /// The token does not have the expected audience: often, it is the token for the API server.
    OtherAudience = "otherAudience";
    /// The token belongs to another service account.
    OtherSubject = "otherSubject";
    /// The token is a legacy token from a Secret: it has no audience, so AWS rejects it.
    LegacyToken = "legacyToken";
    /// The token has no issuer (`iss`).
    MissingIssuer = "missingIssuer";
    /// The token is signed with an algorithm that AWS does not accept.
    UnsupportedAlgorithm = "unsupportedAlgorithm";
    /// The issuer was not given as a plain URL, so its URL rests on an assumption about the input.
    AssumedIssuer = "assumedIssuer";
    /// The issuer is not an `https://` URL.
    IssuerNotHttps = "issuerNotHttps";
    /// The issuer's host is not on a public network, so AWS cannot fetch the keys.
    IssuerNotPublic = "issuerNotPublic";
    /// The token, the discovery document and the given issuer do not all have the same issuer, or the discovery
    /// document has none.
    IssuerMismatch = "issuerMismatch";
    /// The discovery document has no `jwks_uri`, or AWS can't use it: it is not an `https://` URL, or its host is not
    /// public.
    InvalidJwksUri = "invalidJwksUri";
    /// No key of the issuer has the token's key ID: the keys are old, or belong to another cluster.
    UnknownKey = "unknownKey";
    /// The issuer's key does not verify the token's signature.
    BadSignature = "badSignature";
    /// The issuer, the provider's ARN and the condition keys differ by a trailing slash.
    TrailingSlash = "trailingSlash";
    /// The provider's ARN or a condition key contains `https://`. IAM writes both without it.
    IssuerWithScheme = "issuerWithScheme";
    /// The provider belongs to another issuer: the issuer of another cluster, or the old issuer of a recreated cluster.
    OtherProvider = "otherProvider";
    /// The provider has the issuer's ID but a misspelled host, or the two URLs differ only in letter case.
    MisspelledProvider = "misspelledProvider";
    /// The provider's ARN contains `*` or `?`: IAM has no wildcards in `Principal.Federated`.
    WildcardInProvider = "wildcardInProvider";
    /// The provider's ARN or a condition key contains a template's placeholder, such as `${…}` or `ACCOUNT_ID`, that
    /// nothing has replaced; or the service account's role is `role/NAME`, as in a printed command.
    Placeholder = "placeholder";
    /// The provider is in another AWS account than the role.
    ProviderInOtherAccount = "providerInOtherAccount";
    /// The provider is in another AWS partition than the role: `aws-cn` or `aws-us-gov` instead of `aws`, for example.
    ProviderInOtherPartition = "providerInOtherPartition";
    /// The trust policy names no identity provider (`Principal.Federated`).
    NoProvider = "noProvider";
    /// The role trusts EKS Pod Identity (`pods.eks.amazonaws.com`), and the pod uses IRSA.
    TrustsPodIdentity = "trustsPodIdentity";
    /// The role trusts an AWS service, such as `ec2.amazonaws.com`: it is the nodes' role, for example.
    TrustsService = "trustsService";
    /// The role trusts AWS accounts, users or roles: it is meant for role chaining (`source_profile`), not for a token.
    TrustsAwsPrincipal = "trustsAwsPrincipal";
    /// The role trusts an identity provider that does not belong to a cluster, such as GitHub's or a SAML provider.
    TrustsOtherIdentities = "trustsOtherIdentities";
    /// The pod uses EKS Pod Identity, and the role does not trust `pods.eks.amazonaws.com`.
    PodIdentityNotTrusted = "podIdentityNotTrusted";
    /// The target role does not trust the association's role, which has to assume the target role.
    SourceRoleNotTrusted = "sourceRoleNotTrusted";
    /// The AWS account has no identity provider for the issuer: "No `OpenIDConnect` provider found in your account".
    ProviderMissing = "providerMissing";
    /// IAM's identity provider does not list the token's audience: "Incorrect token audience".
    AudienceNotRegistered = "audienceNotRegistered";
    /// The statement does not allow the action: `sts:AssumeRoleWithWebIdentity`, or for EKS Pod Identity
    /// `sts:AssumeRole` and `sts:TagSession`.
    OtherAction = "otherAction";
    /// A `Deny` statement applies to the pod.
    Denied = "denied";
    /// One statement requires the condition keys of several providers, but a token has only the keys of its own issuer.
    SeveralProviders = "severalProviders";
    /// A condition requires a key that STS never sets in this request: `PROVIDER:subject`, `sts:ExternalId`, or a key
    /// that begins with an ARN, for example.
    KeyNeverSet = "keyNeverSet";
    /// The policy has no `Version` `2012-10-17`, so `${…}` in its conditions is plain text.
    MissingVersion = "missingVersion";
    /// A value of `StringEquals` contains `*` or `?`, but `StringEquals` has no wildcards.
    WildcardInStringEquals = "wildcardInStringEquals";
    /// The condition on `sub` is for another namespace.
    WrongNamespace = "wrongNamespace";
    /// The condition on `sub` is for another service account of the namespace.
    WrongServiceAccount = "wrongServiceAccount";
    /// The condition on `sub` does not name a service account.
    WrongSubject = "wrongSubject";
    /// The condition on `aud` is for another audience than the token's.
    WrongAudience = "wrongAudience";
    /// No condition on `sub` limits access: every service account of the cluster can assume the role.
    NoSubjectCondition = "noSubjectCondition";
    /// No condition on `aud` limits access: a token for any audience that IAM's provider lists can assume the role.
    NoAudienceCondition = "noAudienceCondition";
    /// No region is set, so most SDKs do not know which STS endpoint to use.
    NoRegion = "noRegion";
    /// The region is in another AWS partition than the role.
    RegionInOtherPartition = "regionInOtherPartition";
    /// `AWS_REGION` and `AWS_DEFAULT_REGION` differ, so the STS endpoint depends on the SDK.
    RegionsDiffer = "regionsDiffer";
    /// `AWS_STS_REGIONAL_ENDPOINTS` is `legacy`, so some SDKs use the global endpoint.
    GlobalEndpoint = "globalEndpoint";
    /// `AWS_USE_FIPS_ENDPOINT` leads to a FIPS endpoint that AWS does not list.
    UnlistedFipsEndpoint = "unlistedFipsEndpoint";
    /// `AWS_STS_REGIONAL_ENDPOINTS` is neither `legacy` nor `regional`, so some SDKs fail.
    InvalidStsEndpoints = "invalidStsEndpoints";
    /// `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL` makes SDKs send their STS requests to another endpoint.
    EndpointOverride = "endpointOverride";
    /// STS refuses to give the role, and some SDKs then use the node's role.
    NodeRoleFallback = "nodeRoleFallback";
}

impl Serialize for Diagnosis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

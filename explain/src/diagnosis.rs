//! The mistakes that have a name: the table of them.
//!
//! What the policy itself finds keeps the name of the policy's finding; `docs/findings.md` has those.

use irsa::finding::FindingKind;
use serde::{Serialize, Serializer};

/// The mistakes beyond the policy's findings: name, meaning.
macro_rules! mistakes {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal;)+) => {
        /// A mistake.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Diagnosis {
            /// What the policy finds too.
            Finding(FindingKind),
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Diagnosis {
            /// All mistakes but the policy's findings: by the way's steps.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Its name, as JSON has it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Finding(kind) => kind.name(),
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means, for the docs.
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

mistakes! {
    /// The pod runs as another service account than the one that was given.
    OtherServiceAccount = "otherServiceAccount";
    /// The account gives another role than the one that the pod should have.
    OtherRole = "otherRole";
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
    /// A container has both a role and container credentials (EKS Pod Identity): one of them has no effect.
    BothCredentials = "bothCredentials";
    /// The pod names a profile or the shared files, whose content wins over the role in some SDKs.
    ProfileSet = "profileSet";
    /// No token is mounted at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`.
    TokenNotMounted = "tokenNotMounted";
    /// The token has expired.
    TokenExpired = "tokenExpired";
    /// The token is not valid yet: a clock is wrong.
    TokenNotYetValid = "tokenNotYetValid";
    /// The token is for another audience than the pod's volume asks for: often it is the one for the API server.
    OtherAudience = "otherAudience";
    /// The token is that of another service account.
    OtherSubject = "otherSubject";
    /// The token is one of the old kind, from a Secret: it has no audience, and AWS does not take it.
    LegacyToken = "legacyToken";
    /// The token has no issuer (`iss`).
    MissingIssuer = "missingIssuer";
    /// The token is signed with an algorithm that AWS does not accept.
    UnsupportedAlgorithm = "unsupportedAlgorithm";
    /// The issuer was not given as a plain URL, and is read with an assumption.
    AssumedIssuer = "assumedIssuer";
    /// The issuer is no `https://` URL.
    IssuerNotHttps = "issuerNotHttps";
    /// The issuer is a name that only the cluster knows, so AWS cannot fetch its keys.
    IssuerNotPublic = "issuerNotPublic";
    /// The issuer is written in two ways: in the token, the discovery document or what was given.
    IssuerMismatch = "issuerMismatch";
    /// The discovery document has no `jwks_uri`, or one that is no `https://` URL.
    InvalidJwksUri = "invalidJwksUri";
    /// The issuer's keys have none of the token's key id: they are old, or another cluster's.
    UnknownKey = "unknownKey";
    /// The issuer's key does not verify the token's signature.
    BadSignature = "badSignature";
    /// A trailing slash: at the end of the issuer, in the provider's ARN, or before the `:` of a condition's key.
    TrailingSlash = "trailingSlash";
    /// The issuer with its `https://` in a provider's ARN or in a condition's key, which have it without.
    IssuerWithScheme = "issuerWithScheme";
    /// The provider is that of another issuer: mostly of another cluster, or of one that was made anew.
    OtherProvider = "otherProvider";
    /// The provider is in another AWS account than the role.
    ProviderInOtherAccount = "providerInOtherAccount";
    /// The trust policy names no identity provider (`Principal.Federated`).
    NoProvider = "noProvider";
    /// The statement does not allow `sts:AssumeRoleWithWebIdentity`.
    OtherAction = "otherAction";
    /// A statement denies what another allows.
    Denied = "denied";
    /// `StringEquals` with a `*` or `?`, which it takes for the character itself.
    WildcardInStringEquals = "wildcardInStringEquals";
    /// The condition on `sub` is for another namespace.
    WrongNamespace = "wrongNamespace";
    /// The condition on `sub` is for another service account of the namespace.
    WrongServiceAccount = "wrongServiceAccount";
    /// The condition on `sub` is for something else than a service account.
    WrongSubject = "wrongSubject";
    /// The condition on `aud` is for another audience than the token's.
    WrongAudience = "wrongAudience";
    /// No condition on `sub` keeps anyone out: every service account of the cluster may assume the role.
    NoSubjectCondition = "noSubjectCondition";
    /// No condition on `aud`: a token of the cluster for whomever may assume the role.
    NoAudienceCondition = "noAudienceCondition";
    /// No region is set, so most SDKs do not know which STS to ask.
    NoRegion = "noRegion";
    /// The region is of another AWS partition than the role.
    RegionInOtherPartition = "regionInOtherPartition";
    /// `AWS_REGION` and `AWS_DEFAULT_REGION` differ, so it depends on the SDK which STS is asked.
    RegionsDiffer = "regionsDiffer";
    /// `AWS_STS_REGIONAL_ENDPOINTS` is `legacy`, so some SDKs ask the global endpoint.
    GlobalEndpoint = "globalEndpoint";
    /// `AWS_USE_FIPS_ENDPOINT` leads to a FIPS endpoint that AWS does not list.
    UnlistedFipsEndpoint = "unlistedFipsEndpoint";
    /// `AWS_STS_REGIONAL_ENDPOINTS` is neither `legacy` nor `regional`, so some SDKs fail.
    InvalidStsEndpoints = "invalidStsEndpoints";
    /// `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL` sends STS's requests somewhere else.
    EndpointOverride = "endpointOverride";
    /// STS refuses, and some SDKs then use the node's role.
    NodeRoleFallback = "nodeRoleFallback";
}

impl Serialize for Diagnosis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

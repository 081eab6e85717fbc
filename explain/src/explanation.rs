//! What is said of the scenario: the steps from the pod to its role, in their order.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::diagnosis::Diagnosis;
use crate::inputs::Input;

/// Why a pod has the role that it has, or has not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Of all steps: failed where one failed, else unknown where one is, else passed.
    pub outcome: Outcome,
    /// The right cause: what is wrong at the first step that failed. Where none failed, the mistake that is likely at
    /// the first step that is unknown.
    pub cause: Option<Cause>,
    /// Every step, in the order in which it is taken.
    pub steps: Vec<Step>,
    /// What could not be read of the inputs.
    pub problems: Vec<Problem>,
    /// What the policy answers to the pod, or else to the service account, when it is created. `null` where neither was
    /// given, or the policy would ask for an object that was not given.
    pub review: Option<Reviewed>,
}

/// How something turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is right.
    Passed,
    /// It is wrong.
    Failed,
    /// It cannot be known from what was given.
    Unknown,
    /// It was not looked at: it does not apply here, or an earlier step failed that it needs.
    Skipped,
}

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The step.
    pub step: StepKind,
    /// The mistake. Where the step failed for what has no name, there is none.
    pub mistake: Option<Diagnosis>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which.
    pub step: StepKind,
    /// Its title.
    pub title: &'static str,
    /// How it turned out.
    pub outcome: Outcome,
    /// The outcome, as a sentence.
    pub says: String,
    /// Why, each a sentence.
    pub reasons: Vec<String>,
    /// What to do about it.
    pub fix: Option<String>,
    /// The mistake that was made. On a step that passed, what is worth a warning.
    pub mistake: Option<Diagnosis>,
    /// What was looked at.
    pub details: Vec<Detail>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What it is.
    pub name: String,
    /// Its value. Never a secret.
    pub value: String,
    /// How it turned out. Skipped where it is only shown.
    pub outcome: Outcome,
}

/// An input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which.
    pub input: Input,
    /// What is wrong with it.
    pub message: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The column, from 1, where it is known.
    pub column: Option<usize>,
}

/// What the policy answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reviewed {
    /// `injected`, `unchanged`, `skipped` or `rejected`.
    pub decision: String,
    /// Why it is refused.
    pub rejection: Option<Rejected>,
    /// What whoever creates it is shown.
    pub warnings: Vec<String>,
    /// What goes to the audit log.
    pub audit_annotations: BTreeMap<String, String>,
    /// The pod after it: with what was injected. `null` where it is refused, or no pod was given.
    pub pod: Option<Value>,
}

/// Why the policy refuses something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The HTTP status.
    pub code: u16,
    /// A line for each reason.
    pub message: String,
}

/// The steps, in the order in which they are taken: name, title, meaning.
macro_rules! steps {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $title:literal;)+) => {
        /// A step of the way from a pod to its role.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub enum StepKind {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl StepKind {
            /// All steps, in their order.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Its name, as JSON has it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Its title, for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it looks at, for the docs.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+),)+ }
            }
        }
    };
}

steps! {
    /// The pod runs as a service account, and that exists.
    ServiceAccount = "serviceAccount", "Service account";
    /// The account has a role: by its annotation, the settings or the ConfigMap.
    Role = "role", "Role";
    /// The settings let the namespace use the role, and the token its audience.
    Allowed = "allowed", "Allowed";
    /// The pod's containers have the role's variables and the token's mount.
    Injected = "injected", "Injected";
    /// Nothing else in the containers' environment wins over the role, for any AWS SDK.
    Credentials = "credentials", "Credentials that win";
    /// The token is for STS and for this account, and it has not expired.
    Token = "token", "Token";
    /// The issuer is one that AWS can reach, and its documents, its keys and the token agree.
    Issuer = "issuer", "Issuer";
    /// The trust policy lets the cluster's identity provider assume the role.
    Provider = "provider", "Provider in the trust policy";
    /// The conditions of the trust policy hold, and nothing in it denies.
    Conditions = "conditions", "Conditions of the trust policy";
    /// SDKs know which STS to ask.
    Region = "region", "STS region";
    /// If STS refuses, the SDKs report an error. Some use the node's role instead.
    Fallback = "fallback", "Fallback to the node's role";
}

impl Step {
    /// A step that turned out so.
    pub(crate) fn new(step: StepKind, outcome: Outcome, says: impl Into<String>) -> Self {
        Self {
            step,
            title: step.title(),
            outcome,
            says: says.into(),
            reasons: Vec::new(),
            fix: None,
            mistake: None,
            details: Vec::new(),
        }
    }

    /// A step that passed.
    pub(crate) fn passed(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Passed, says)
    }

    /// A step that failed, by a mistake.
    pub(crate) fn failed(step: StepKind, mistake: Diagnosis, says: impl Into<String>) -> Self {
        Self { mistake: Some(mistake), ..Self::new(step, Outcome::Failed, says) }
    }

    /// A step of which nothing is known.
    pub(crate) fn unknown(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Unknown, says)
    }

    /// A step that was not taken.
    pub(crate) fn skipped(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Skipped, says)
    }

    /// The same, with a reason.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }

    /// The same, with reasons.
    pub(crate) fn because_all(mut self, reasons: impl IntoIterator<Item = String>) -> Self {
        self.reasons.extend(reasons);
        self
    }

    /// The same, with what to do about it.
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The same, with what is worth a warning.
    pub(crate) fn warn(mut self, mistake: Diagnosis) -> Self {
        self.mistake.get_or_insert(mistake);
        self
    }

    /// The same, with something that was looked at.
    pub(crate) fn detail(mut self, name: impl Into<String>, value: impl Into<String>, outcome: Outcome) -> Self {
        self.details.push(Detail { name: name.into(), value: value.into(), outcome });
        self
    }
}

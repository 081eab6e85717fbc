//! The result of an explanation: the steps from the pod to its role, in order.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::diagnosis::Diagnosis;
use crate::edit::Fix;
use crate::fix::TrustFix;
use crate::inputs::Input;

/// The explanation why a pod has its role, or does not have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The overall result: failed if a step failed, else unknown if a step is unknown, else passed.
    pub outcome: Outcome,
    /// The cause: the diagnosis of the first step that failed. If no step failed: the likely diagnosis of the first
    /// unknown step that has one.
    pub cause: Option<Cause>,
    /// All steps, in order.
    pub steps: Vec<Step>,
    /// The inputs that were not given and that unknown steps need.
    pub missing: Vec<Input>,
    /// The inputs that could not be read.
    pub problems: Vec<Problem>,
    /// A change of the trust policy that makes it accept the pod. `null` if the trust policy already accepts the pod,
    /// or if too little is known for a safe change.
    pub trust_fix: Option<TrustFix>,
    /// The policy's response to the creation of the pod, or else of the service account. `null` if neither was given,
    /// or if the policy would look up an object that was not given.
    pub review: Option<Reviewed>,
}

impl Explanation {
    /// Returns the step that has the cause.
    #[must_use]
    pub fn cause_step(&self) -> Option<&Step> {
        self.step(self.cause?.step)
    }

    /// Whether the trust policy accepts the pod: it names the cluster's identity provider, and its conditions are true.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        [StepKind::Provider, StepKind::Conditions].iter().all(|kind| self.outcome_of(*kind) == Some(Outcome::Passed))
    }

    /// Whether the conditions of the trust policy are true for the pod. The provider may not be known.
    pub(crate) fn has_true_conditions(&self) -> bool {
        self.outcome_of(StepKind::Conditions) == Some(Outcome::Passed)
            && self.outcome_of(StepKind::Provider) != Some(Outcome::Failed)
    }

    fn outcome_of(&self, kind: StepKind) -> Option<Outcome> {
        self.step(kind).map(|step| step.outcome)
    }

    fn step(&self, kind: StepKind) -> Option<&Step> {
        self.steps.iter().find(|step| step.step == kind)
    }

    /// Returns the steps that passed with a warning: something works, but is a risk.
    pub fn warnings(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.outcome == Outcome::Passed && step.mistake.is_some())
    }
}

/// The outcome of a step, or of one value that a step checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The step or the value is right.
    Passed,
    /// The step or the value is wrong.
    Failed,
    /// The inputs do not decide whether it is right.
    Unknown,
    /// Not checked: the step does not apply, or depends on an earlier step that failed.
    Skipped,
}

/// The cause: the step, and its diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The step.
    pub step: StepKind,
    /// The diagnosis. `null` if the step failed for a reason without a name.
    pub mistake: Option<Diagnosis>,
}

/// One step from the pod to its role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The kind of step.
    pub step: StepKind,
    /// The step's title.
    pub title: &'static str,
    /// The step's outcome.
    pub outcome: Outcome,
    /// The outcome as one sentence. If the step failed, the sentence names the cause.
    pub says: String,
    /// The reasons, in order.
    pub reasons: Vec<String>,
    /// The places of the reasons in the inputs. A reason that is not about one value has no place.
    pub places: Vec<Place>,
    /// How to fix the mistake.
    pub fix: Option<String>,
    /// The edits of the inputs that make the fix, in the order to apply them. Empty if the fix changes no input, if it
    /// depends on something that is not known, or if there are several ways to fix the mistake.
    pub edits: Vec<Edit>,
    /// The commands that make the fix in the cluster or in AWS, or that print a missing input, ready to paste. Parts in
    /// capitals, such as `NAME`, must be replaced first.
    pub commands: Vec<String>,
    /// The diagnosis. On a step that passed: a warning.
    pub mistake: Option<Diagnosis>,
    /// The values that were checked.
    pub details: Vec<Detail>,
}

/// The place of a reason in an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The position of the reason in `reasons`, from 0.
    pub reason: usize,
    /// The input.
    pub input: Input,
    /// The JSON pointer (RFC 6901) of the value in the input.
    pub pointer: String,
}

/// An edit of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The input.
    pub input: Input,
    /// The JSON pointer (RFC 6901) of the value in the input. Empty for the whole input. If an object on the pointer's
    /// path does not exist or is `null`, the program that applies the edit has to create that object. An input that was
    /// not given counts as an empty object.
    pub pointer: String,
    /// The new value. `None` removes the value.
    pub value: Option<Value>,
}

/// One value that a step checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The value's name.
    pub name: String,
    /// The value, which is never a secret.
    pub value: String,
    /// The outcome. [`Outcome::Skipped`] if the value is only shown, and not checked.
    pub outcome: Outcome,
}

/// The start of [`Detail::value`] for something that was not checked. The missing input follows.
const UNCHECKED: &str = "not checked: this needs ";

impl Detail {
    /// Whether this is something that the step does not check, because it needs an input that was not given.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.outcome == Outcome::Skipped && self.value.starts_with(UNCHECKED)
    }
}

/// An input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The input.
    pub input: Input,
    /// What is wrong with the input.
    pub message: String,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// The column, from 1, if it is known.
    pub column: Option<usize>,
}

/// The policy's response.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reviewed {
    /// `injected`, `unchanged`, `skipped` or `rejected`.
    pub decision: String,
    /// The rejection, if there is one.
    pub rejection: Option<Rejected>,
    /// The admission warnings.
    pub warnings: Vec<String>,
    /// The audit annotations.
    pub audit_annotations: BTreeMap<String, String>,
    /// The pod with what the policy injects. `null` if the policy rejects the pod, or if no pod was given.
    pub pod: Option<Value>,
}

/// The policy's rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The HTTP status code.
    pub code: u16,
    /// The message, with a line for each reason.
    pub message: String,
}

/// The table of the steps, in order: what they check, name, title.
macro_rules! steps {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $title:literal;)+) => {
        /// A step from a pod to its role.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub enum StepKind {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl StepKind {
            /// All steps, in order.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the step's name in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Returns the step's title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Returns what the step checks, for the docs.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+),)+ }
            }
        }
    };
}

steps! {
    /// The pod's service account exists.
    ServiceAccount = "serviceAccount", "Service account";
    /// The service account has a role: by its annotation, the settings, the ConfigMap or a pod identity association.
    Role = "role", "Role";
    /// The settings allow the namespace to use the role, and the token to have its audience.
    Allowed = "allowed", "Allowed";
    /// The pod's containers have the role's variables and the token's mount.
    Injected = "injected", "Injected";
    /// No AWS SDK uses other credentials of the container instead of the role.
    Credentials = "credentials", "Other credentials";
    /// The token is for STS and for this service account, and it has not expired.
    Token = "token", "Token";
    /// AWS can reach the issuer. The issuer's documents and keys match the token.
    Issuer = "issuer", "Issuer";
    /// The trust policy names the cluster's identity provider, or EKS Pod Identity if the pod uses that.
    Provider = "provider", "Provider in the trust policy";
    /// The conditions of the trust policy are true for this pod, and no statement denies it.
    Conditions = "conditions", "Conditions of the trust policy";
    /// SDKs know which STS endpoint to use.
    Region = "region", "STS region";
    /// If STS refuses, the SDKs report an error. Some use the node's role instead.
    Fallback = "fallback", "Fallback to the node's role";
}

impl Step {
    /// Whether the step evaluates the trust policy.
    pub(crate) fn is_of_trust_policy(&self) -> bool {
        matches!(self.step, StepKind::Provider | StepKind::Conditions)
    }

    /// Makes a step with this outcome.
    pub(crate) fn new(step: StepKind, outcome: Outcome, says: impl Into<String>) -> Self {
        Self {
            step,
            title: step.title(),
            outcome,
            says: says.into(),
            reasons: Vec::new(),
            places: Vec::new(),
            fix: None,
            edits: Vec::new(),
            commands: Vec::new(),
            mistake: None,
            details: Vec::new(),
        }
    }

    /// Makes a step that passed.
    pub(crate) fn passed(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Passed, says)
    }

    /// Makes a step that failed, with its diagnosis.
    pub(crate) fn failed(step: StepKind, mistake: Diagnosis, says: impl Into<String>) -> Self {
        Self { mistake: Some(mistake), ..Self::new(step, Outcome::Failed, says) }
    }

    /// Makes a step that is unknown, because the inputs do not decide it.
    pub(crate) fn unknown(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Unknown, says)
    }

    /// Makes a step that was not checked.
    pub(crate) fn skipped(step: StepKind, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Skipped, says)
    }

    /// Adds a reason.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }

    /// Adds a reason, and its place in an input.
    pub(crate) fn because_at(mut self, reason: impl Into<String>, input: Input, pointer: impl Into<String>) -> Self {
        self.places.push(Place { reason: self.reasons.len(), input, pointer: pointer.into() });
        self.because(reason)
    }

    /// Adds reasons.
    pub(crate) fn because_all(mut self, reasons: impl IntoIterator<Item = String>) -> Self {
        self.reasons.extend(reasons);
        self
    }

    /// Sets the fix, with its edits and its commands.
    pub(crate) fn fix(self, fix: impl Into<Fix>) -> Self {
        let Fix { says, edits, commands } = fix.into();
        Self { fix: Some(says), edits, commands, ..self }
    }

    /// Sets the diagnosis, unless the step already has one.
    pub(crate) fn warn(mut self, mistake: Diagnosis) -> Self {
        self.mistake.get_or_insert(mistake);
        self
    }

    /// Adds something that the step does not check, because an input was not given: `needs`.
    pub(crate) fn unchecked(self, name: impl Into<String>, needs: &str) -> Self {
        self.detail(name, format!("{UNCHECKED}{needs}"), Outcome::Skipped)
    }

    /// Adds a value that was checked.
    pub(crate) fn detail(mut self, name: impl Into<String>, value: impl Into<String>, outcome: Outcome) -> Self {
        self.details.push(Detail { name: name.into(), value: value.into(), outcome });
        self
    }
}

//! The data that the steps about the trust policy share: the policy, the request, and whether the issuer or the token
//! is wrong.

use crate::diagnosis::Diagnosis;
use crate::documents::{Given, PolicyOwner};
use crate::edit::Fix;
use crate::explanation::{Step, StepKind};
use crate::fix::quoted;
use crate::inputs::Input;
use crate::scenario::Scenario;
use crate::trust::{TrustDocument, WebIdentity};

use super::{failed, issuer};

/// The inputs for evaluating the trust policy: the scenario, and the request by web identity.
pub struct TrustView<'c, 'd> {
    /// The inputs.
    pub scenario: &'c Scenario<'d>,
    /// The request, as far as it is known.
    pub request: WebIdentity,
    /// Whether the issuer's URL is wrong, so that neither the provider nor the conditions can be checked.
    is_issuer_wrong: bool,
    /// Whether the issuer or the token is wrong, so that the conditions can't be checked. A token that is wrong only
    /// because of the time counts as right.
    is_token_wrong: bool,
}

impl<'c, 'd> TrustView<'c, 'd> {
    /// Makes the view from the results of the token's step and the issuer's step.
    pub fn new(scenario: &'c Scenario<'d>, token: &Step, issuer: &Step) -> Self {
        let is_legacy = token.mistake == Some(Diagnosis::LegacyToken);
        // With these diagnoses the URL is right, but the documents or keys are wrong.
        let is_url_right =
            matches!(issuer.mistake, Some(Diagnosis::InvalidJwksUri | Diagnosis::UnknownKey | Diagnosis::BadSignature));
        let is_issuer_wrong = failed(issuer) && !is_url_right || failed(token) && is_legacy;
        let is_time_only = matches!(token.mistake, Some(Diagnosis::TokenExpired | Diagnosis::TokenNotYetValid));
        Self {
            scenario,
            request: request(scenario),
            is_issuer_wrong,
            is_token_wrong: is_issuer_wrong || failed(token) && !is_time_only,
        }
    }

    /// Returns the trust policy. If it was not given or can't be read, returns a step with the outcome `Unknown` as
    /// error.
    pub fn document(&self, step: StepKind) -> Result<&'c TrustDocument, Box<Step>> {
        if let Some(step) = self.of_other_role(step).or_else(|| self.of_unknown_role(step)) {
            return Err(Box::new(step));
        }
        match &self.scenario.documents.trust_policy {
            Given::Present(document) => Ok(document),
            lacking => {
                let lack = lacking.lack(Input::TrustPolicy);
                let step = Step::unknown(step, format!("Whom the role trusts is not known: {lack}."));
                let mut problems = self.scenario.documents.problems.iter();
                let problem = problems.find(|problem| problem.input == Input::TrustPolicy);
                Err(Box::new(step.because_all(problem.map(|problem| problem.message.clone()))))
            }
        }
    }

    /// Returns a step with the outcome `Unknown` if the trust policy belongs to another role than the pod's role. Not
    /// checked for EKS Pod Identity, because the trust policy may belong to the association's target role.
    fn of_other_role(&self, step: StepKind) -> Option<Step> {
        let own = self.scenario.role_of_other_policy().filter(|_| !self.scenario.has_container_credentials())?;
        let given = self.scenario.trust_role().unwrap_or_default();
        let name = own.rsplit('/').next().unwrap_or_default();
        let says = format!(
            "Whom the role trusts is not known: the trust policy that was given belongs to role `{given}`, but the pod's role is `{own}`."
        );
        let get = format!("aws iam get-role --role-name {}", quoted(name));
        Some(Step::unknown(step, says).fix(Fix::command("Give the trust policy of the pod's role", get)))
    }

    /// Returns a step with the outcome `Unknown` if several pods are explained, and the trust policy may be meant for
    /// another pod: the role of this pod is not known, or the trust policy may belong to the role of another pod.
    /// Otherwise `None`.
    fn of_unknown_role(&self, step: StepKind) -> Option<Step> {
        let documents = self.scenario.documents;
        // A pod with container credentials has the role of its association, which the steps of EKS Pod Identity check.
        if self.scenario.has_container_credentials() || documents.trust_policy.get().is_none() {
            return None;
        }
        if documents.policy_owner == PolicyOwner::Unknown {
            let says =
                "Whether the trust policy belongs to the pod's role is not known: the pods have different roles.";
            let fix = "Give the output of `aws iam get-role --role-name NAME` as the trust policy: it contains the role's ARN. Or choose one pod.";
            return Some(Step::unknown(step, says).fix(fix));
        }
        let is_unknown = self.scenario.own_role().is_none() && self.scenario.expected_role.is_none();
        (is_unknown && documents.is_one_of_several).then(|| {
            Step::unknown(
                step,
                "Whether the trust policy belongs to the pod's role is not known: no role of this pod was found.",
            )
        })
    }

    /// Returns the skipped step if a value that the step depends on is wrong. Otherwise `None`.
    pub fn skipped(&self, step: StepKind) -> Option<Step> {
        match step {
            _ if self.is_issuer_wrong => {
                Some(Step::skipped(step, "Not checked: it depends on the issuer, which has to be corrected first."))
            }
            StepKind::Conditions if self.is_token_wrong => {
                Some(Step::skipped(step, "Not checked: it depends on the token, which has to be corrected first."))
            }
            _ => None,
        }
    }

    /// Returns the ARN of the issuer's provider, with placeholders in capitals for the parts that are not known.
    pub fn provider_arn(&self) -> String {
        let or = |part: &Option<String>, open: &str| part.clone().unwrap_or_else(|| open.to_owned());
        let WebIdentity { provider, account, partition, .. } = &self.request;
        format!("arn:{}:iam::{}:oidc-provider/{}", or(partition, "aws"), or(account, "ACCOUNT"), or(provider, "ISSUER"))
    }

    /// Returns the issuer's URL without `https://`. Empty if the issuer is not known.
    pub fn url(&self) -> &str {
        self.request.provider.as_deref().unwrap_or_default()
    }
}

/// Makes the request by web identity: with the token that was given, else with the token that kubelet would request.
fn request(scenario: &Scenario<'_>) -> WebIdentity {
    let role = scenario.role();
    let parts: Vec<&str> = role.as_deref().unwrap_or_default().split(':').collect();
    let part = |index: usize| parts.get(index).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    let (audiences, subject) = match scenario.documents.token.get() {
        Some(jwt) => {
            // If a token has the claim `azp`, IAM uses that instead of `aud`, so the audiences count as unknown.
            let audiences = (!jwt.claims.has_authorized_party).then(|| jwt.claims.audiences.clone());
            (audiences, jwt.claims.subject.clone())
        }
        None => (scenario.audience().map(|audience| vec![audience]), scenario.subject_claim()),
    };
    WebIdentity {
        provider: issuer::provider(scenario).map(str::to_owned),
        account: part(4).filter(|account| irsa::internals::check_account_id(account).is_ok()),
        partition: part(1).filter(|partition| irsa::internals::check_partition(partition).is_ok()),
        audiences,
        subject,
    }
}

//! What the steps about the trust policy share: the policy, the request, and which values are known to be wrong.

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::{Step, StepKind};
use crate::inputs::Input;
use crate::scenario::Scenario;
use crate::trust::{TrustDocument, WebIdentity};

use super::{failed, issuer};

/// The trust policy and the request by web identity.
pub struct TrustView<'c, 'd> {
    /// The inputs.
    pub scenario: &'c Scenario<'d>,
    /// The request. A value that an earlier step found to be wrong is unknown.
    pub request: WebIdentity,
    /// Whether the issuer's URL is wrong: no provider can be held against it.
    is_issuer_wrong: bool,
    /// Whether the token is not one that the pod should use: no condition can be held against it.
    is_token_wrong: bool,
}

impl<'c, 'd> TrustView<'c, 'd> {
    /// The view after the steps of the token and the issuer.
    pub fn new(scenario: &'c Scenario<'d>, token: &Step, issuer: &Step) -> Self {
        let is_legacy = token.mistake == Some(Diagnosis::LegacyToken);
        // The URL is right, and its documents are not.
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

    /// The trust policy, or the step if no trust policy can be checked.
    pub fn document(&self, step: StepKind) -> Result<&'c TrustDocument, Box<Step>> {
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

    /// The step that is skipped because a value that it depends on is wrong.
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

    /// The ARN of the issuer's provider, with capitals for what is not known.
    pub fn provider_arn(&self) -> String {
        let or = |part: &Option<String>, open: &str| part.clone().unwrap_or_else(|| open.to_owned());
        let WebIdentity { provider, account, partition, .. } = &self.request;
        format!("arn:{}:iam::{}:oidc-provider/{}", or(partition, "aws"), or(account, "ACCOUNT"), or(provider, "ISSUER"))
    }

    /// The issuer's URL without `https://`. Empty if it is not known.
    pub fn url(&self) -> &str {
        self.request.provider.as_deref().unwrap_or_default()
    }
}

/// The request by web identity: with the given token, else with the token that kubelet would request.
fn request(scenario: &Scenario<'_>) -> WebIdentity {
    let role = scenario.role();
    let parts: Vec<&str> = role.as_deref().unwrap_or_default().split(':').collect();
    let part = |index: usize| parts.get(index).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    let (audiences, subject) = match scenario.documents.token.get() {
        Some(jwt) => {
            // IAM uses the claim `azp` as the audience if there is one.
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

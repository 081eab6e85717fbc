//! The provider in the role's trust policy.
//!
//! Source: the IAM User Guide, "Create an `OpenID` Connect (OIDC) identity provider in IAM" and "Create a role for
//! `OpenID` Connect federation": the principal is the ARN of a provider in the role's own account, which ends with the
//! issuer's URL without `https://`.

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::explanation::{Outcome, Step, StepKind};
use crate::inputs::Input;
use crate::scenario::Scenario;
use crate::trust::{ACTION, Effect, Policy, Provider, Statement, Ternary};

use super::issuer;

const STEP: StepKind = StepKind::Provider;

/// What a statement has to be about: the cluster's provider, in the role's account.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The issuer's URL without `https://`, where it is known.
    pub url: Option<String>,
    /// The role's account, where it is known.
    pub account: Option<String>,
    /// Its partition, where it is known.
    pub partition: Option<String>,
}

impl Wanted {
    /// What the scenario needs.
    pub fn of(scenario: &Scenario<'_>) -> Self {
        let role = scenario.role();
        let parts: Vec<&str> = role.as_deref().unwrap_or_default().split(':').collect();
        let part = |index: usize| parts.get(index).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
        let account = part(4).filter(|account| irsa::role_arn::is_account_id(account));
        let partition = part(1).filter(|partition| irsa::role_arn::is_partition(partition));
        Self { url: issuer::provider(scenario).map(str::to_owned), account, partition }
    }

    /// The provider's ARN, with what is not known left open.
    fn arn(&self) -> String {
        let or_open = |part: &Option<String>, open: &str| part.clone().unwrap_or_else(|| open.to_owned());
        format!(
            "arn:{}:iam::{}:oidc-provider/{}",
            or_open(&self.partition, "aws"),
            or_open(&self.account, "ACCOUNT"),
            or_open(&self.url, "ISSUER")
        )
    }

    /// Whether a statement is about it. Where the issuer is not known, it may be the one that the statement names.
    pub fn is_met_by(&self, statement: &Statement) -> Ternary {
        let (account, partition) = (self.account.as_deref(), self.partition.as_deref());
        if let Some(url) = &self.url {
            return statement.is_about(url, account, partition);
        }
        let could_be = |provider: Provider<'_>| statement.is_about(provider.url, account, partition) != Ternary::False;
        let mut providers = statement.providers().peekable();
        if providers.peek().is_none() {
            return statement.is_about("", account, partition);
        }
        if providers.any(|(_, provider)| provider.is_some_and(could_be)) { Ternary::Unknown } else { Ternary::False }
    }
}

/// The policy, or the step that says why there is none to look at.
pub fn policy<'c>(scenario: &'c Scenario<'_>, step: StepKind) -> Result<&'c Policy, Step> {
    if scenario.has_container_credentials() {
        return Err(Step::skipped(
            step,
            "STS is not asked by web identity: the role has to trust `pods.eks.amazonaws.com`.",
        ));
    }
    match &scenario.documents.trust_policy {
        Given::Present(policy) => Ok(policy),
        lacking => {
            let lack = lacking.lack(Input::TrustPolicy);
            let step = Step::unknown(step, format!("Whom the role trusts is not known: {lack}."));
            let problem = scenario.documents.problems.iter().find(|problem| problem.input == Input::TrustPolicy);
            Err(step.because_all(problem.map(|problem| problem.message.clone())))
        }
    }
}

/// The trust policy lets the cluster's identity provider assume the role.
pub fn provider(scenario: &Scenario<'_>) -> Step {
    let policy = match policy(scenario, STEP) {
        Ok(policy) => policy,
        Err(step) => return step,
    };
    let wanted = Wanted::of(scenario);
    let allows: Vec<&Statement> = policy.statements.iter().filter(|it| it.effect == Effect::Allow).collect();
    let verdict = Ternary::any(allows.iter().map(|it| wanted.is_met_by(it).and(it.is_about_web_identity)));
    let step = match verdict {
        Ternary::True => {
            let step = Step::passed(STEP, "The trust policy lets the cluster's provider assume the role.");
            let is_compared = wanted.account.is_some();
            step.because_all(
                (!is_compared)
                    .then(|| "the role's account is not known, so the provider's was not held against it".to_owned()),
            )
        }
        Ternary::Unknown => unknown(&wanted, &allows),
        Ternary::False => wrong(&wanted, &allows),
    };
    let outcome = step.outcome;
    let step = match wanted.url {
        Some(_) => step.detail("expected", wanted.arn(), Outcome::Skipped),
        None => step,
    };
    let named = allows.iter().flat_map(|it| it.providers()).fold(step, |step, (arn, provider)| {
        let is_it = provider.is_some_and(|provider| wanted.url.as_deref() == Some(provider.url));
        step.detail("trusted", arn, if is_it { outcome } else { Outcome::Skipped })
    });
    named.detail("role's account", wanted.account.unwrap_or_else(|| "unknown".to_owned()), Outcome::Skipped)
}

fn unknown(wanted: &Wanted, allows: &[&Statement]) -> Step {
    // Only where no statement could be about another.
    let mut could_be = allows.iter().filter(|it| wanted.is_met_by(it) != Ternary::False);
    let all_with_scheme = |it: &&Statement| {
        it.providers().next().is_some() && it.providers().all(|(_, provider)| provider.is_some_and(has_scheme))
    };
    let with_scheme = allows.iter().find(|it| all_with_scheme(it)).and_then(|it| it.providers().next());
    if let Some((arn, _)) = with_scheme
        && could_be.all(all_with_scheme)
    {
        return issuer_with_scheme(arn, wanted);
    }
    let step = Step::unknown(STEP, "Whether the trust policy is about the cluster's provider is not known.");
    if wanted.url.is_none() {
        let urls = allows
            .iter()
            .flat_map(|it| it.providers())
            .filter_map(|(_, provider)| provider.map(|it| it.url.to_owned()));
        let urls: Vec<String> = urls.collect();
        return step
            .because(format!("no issuer was given; is it `https://{}`?", urls.join("` or `https://")))
            .fix("Give the cluster's issuer: `kubectl get --raw /.well-known/openid-configuration` has it.");
    }
    step.because("a statement has `NotAction`, `NotPrincipal` or the principal `*`, of which it is not known here what they come to")
}

fn has_scheme(provider: Provider<'_>) -> bool {
    provider.url.starts_with("https://") || provider.url.starts_with("http://")
}

fn issuer_with_scheme(arn: &str, wanted: &Wanted) -> Step {
    Step::failed(STEP, Diagnosis::IssuerWithScheme, "The provider's ARN has `https://` in it.")
        .because(format!("the trust policy has `{arn}`, which no provider is called"))
        .fix(format!("Write the issuer without `https://`: `{}`.", wanted.arn()))
}

/// What is wrong, by what comes nearest to the provider.
fn wrong(wanted: &Wanted, allows: &[&Statement]) -> Step {
    let url = wanted.url.as_deref().unwrap_or_default();
    let fix = format!("Set `Principal.Federated` to `{}`.", wanted.arn());
    if let Some(statement) = allows.iter().find(|it| wanted.is_met_by(it) != Ternary::False) {
        return Step::failed(
            STEP,
            Diagnosis::OtherAction,
            "The trust policy does not let the provider assume the role by web identity.",
        )
        .because(format!("{} is about the provider, but its `Action` has not `{ACTION}`", statement.name))
        .fix(format!("Add `{ACTION}` to its `Action`."));
    }
    let all: Vec<(&str, Option<Provider<'_>>)> = allows.iter().flat_map(|it| it.providers()).collect();
    let named = |is: &dyn Fn(Provider<'_>) -> bool| {
        all.iter().find(|(_, provider)| provider.is_some_and(is)).map(|(arn, _)| *arn)
    };
    let failed = |mistake, says: &str, arn: &str| {
        Step::failed(STEP, mistake, says)
            .because(format!("expected `{}`, but the trust policy has `{arn}`", wanted.arn()))
    };
    if let Some(arn) = named(&has_scheme) {
        return issuer_with_scheme(arn, wanted);
    }
    if let Some(arn) =
        named(&|provider| provider.url != url && provider.url.trim_end_matches('/') == url.trim_end_matches('/'))
    {
        return failed(Diagnosis::TrailingSlash, "The provider and the issuer differ by a trailing slash.", arn).fix(
            "Make the API server's `--service-account-issuer` and the provider's URL the same, best without the slash.",
        );
    }
    if let Some(arn) = named(&|provider| provider.url == url) {
        return failed(Diagnosis::ProviderInOtherAccount, "The provider is in another AWS account than the role.", arn)
            .because("a role can trust only the identity providers of its own account")
            .fix(format!("{fix} Make the provider in the role's account, where it is missing."));
    }
    if let Some((arn, _)) = all.iter().find(|(_, provider)| provider.is_some()) {
        return failed(Diagnosis::OtherProvider, "The trust policy is about the provider of another cluster.", arn)
            .because("a cluster that is made anew has a new issuer")
            .fix(format!(
                "{fix} Change the keys of its conditions likewise, and make the provider in IAM where it is missing."
            ));
    }
    Step::failed(STEP, Diagnosis::NoProvider, "The trust policy names no OIDC identity provider.").fix(fix)
}

//! Checks the identity provider in the role's trust policy, and in IAM.
//!
//! Source: the IAM User Guide, "Create an `OpenID` Connect (OIDC) identity provider in IAM" and "Create a role for
//! `OpenID` Connect federation": the principal is the ARN of a provider in the role's own account; the ARN ends with
//! the issuer's URL without `https://`; IAM accepts a token only if the provider lists the token's audience.

use crate::diagnosis::Diagnosis;
use crate::documents::Given;
use crate::edit::Fix;
use crate::explanation::{Outcome, Step, StepKind};
use crate::fix::{create_provider, quoted};
use crate::inputs::Input;
use crate::trust::{
    ArnFault, IamProviders, PODS_EKS, Principal, Provider, Request, Statement, Ternary, TrustDocument,
    WEB_IDENTITY_ACTION, is_misspelled, is_placeholder,
};

use super::trust_view::TrustView;
use super::{STS, pod_identity};

const STEP: StepKind = StepKind::Provider;

/// The start of the step's sentence if the trust policy rejects the pod.
pub const REJECTS: &str = "The role's trust policy rejects this pod";

/// The hosts of well-known issuers that are not clusters, and the issuers' names.
const OTHER_ISSUERS: [(&str, &str); 8] = [
    ("token.actions.githubusercontent.com", "GitHub Actions"),
    ("gitlab.com", "GitLab"),
    ("api.bitbucket.org", "Bitbucket"),
    ("oidc.circleci.com", "CircleCI"),
    ("app.terraform.io", "HCP Terraform"),
    ("accounts.google.com", "Google"),
    ("cognito-identity.amazonaws.com", "Amazon Cognito"),
    ("oidc.vercel.com", "Vercel"),
];

/// Checks that the trust policy names the cluster's identity provider, and that IAM has the provider.
pub fn provider(view: &TrustView<'_, '_>) -> Step {
    if view.scenario.has_container_credentials() {
        return pod_identity::provider(view);
    }
    let document = match view.document(STEP) {
        Ok(document) => document,
        Err(step) => return in_iam(view, *step),
    };
    if let Some(skipped) = view.skipped(STEP) {
        return skipped;
    }
    let request = Request::WebIdentity(view.request.clone());
    let allows: Vec<&Statement> = document.policy.allows().collect();
    let step = match Ternary::any(allows.iter().map(|it| it.is_about(&request))) {
        Ternary::True => {
            let step =
                Step::passed(STEP, "The trust policy allows the cluster's identity provider to assume the role.");
            let lack = view.request.account.is_none();
            step.because_all(
                lack.then(|| "the role's account is not known, so the provider's account was not checked".to_owned()),
            )
        }
        Ternary::Unknown => unknown(view, document, &allows),
        Ternary::False => wrong(view, document, &allows),
    };
    in_iam(view, with_details(view, step, &allows))
}

fn with_details(view: &TrustView<'_, '_>, step: Step, allows: &[&Statement]) -> Step {
    let outcome = step.outcome;
    let step = match view.request.provider {
        Some(_) => step.detail("expected", view.provider_arn(), Outcome::Skipped),
        None => step,
    };
    let named = allows.iter().flat_map(|it| it.providers()).fold(step, |step, (arn, provider)| {
        let is_it = provider.is_some_and(|provider| view.request.provider.as_deref() == Some(provider.url));
        step.detail("trusted", arn, if is_it { outcome } else { Outcome::Skipped })
    });
    let account = view.request.account.clone().unwrap_or_else(|| "unknown".to_owned());
    named.detail("role's account", account, Outcome::Skipped)
}

/// Returns the step if it is not known whether the trust policy names the provider.
fn unknown(view: &TrustView<'_, '_>, document: &TrustDocument, allows: &[&Statement]) -> Step {
    let step = Step::unknown(STEP, "Whether the trust policy names the cluster's identity provider is not known.");
    if view.request.provider.is_some() {
        let open =
            allows.iter().find(|it| it.principal == Principal::Except || it.providers().any(|(arn, _)| arn == "*"));
        return match open {
            Some(statement) => step.because_at(
                format!("{} uses `NotPrincipal` or `\"Federated\": \"*\"`. IAM does not document what these do in a trust policy", statement.name),
                Input::TrustPolicy,
                document.pointer(statement.index, &[]),
            ),
            None => step,
        };
    }
    let mut urls: Vec<&str> =
        allows.iter().flat_map(|it| it.providers()).filter_map(|(_, provider)| provider.map(|it| it.url)).collect();
    urls.dedup();
    let issuers = urls.join("` or `https://");
    let step =
        if urls.is_empty() { step } else { step.because(format!("no issuer was given; is it `https://{issuers}`?")) };
    let get = "kubectl get --raw /.well-known/openid-configuration";
    step.fix(Fix::new(format!("Add the cluster's issuer to the inputs: `{get}` prints it.")).run([get.to_owned()]))
}

/// The ARN of a provider that the trust policy names.
#[derive(Clone, Copy)]
struct Named<'p> {
    statement: &'p Statement,
    arn: &'p str,
    provider: Provider<'p>,
}

/// Returns the failed step. The step reports the fault in the statement or the provider that is most similar to the
/// right one.
fn wrong(view: &TrustView<'_, '_>, document: &TrustDocument, allows: &[&Statement]) -> Step {
    let request = Request::WebIdentity(view.request.clone());
    if let Some(statement) = allows.iter().find(|it| request.is_by(it) != Ternary::False) {
        return without_action(document, statement);
    }
    let named = allows.iter().flat_map(|statement| {
        let providers = statement.providers().filter_map(|(arn, provider)| Some((arn, provider?)));
        providers.map(|(arn, provider)| Named { statement, arn, provider })
    });
    let named: Vec<Named<'_>> = named.collect();
    let nearest = named.iter().min_by_key(|it| distance(view, it.provider));
    match nearest {
        Some(nearest) => not_the_provider(view, document, *nearest),
        None => no_provider(view, document, allows),
    }
}

fn without_action(document: &TrustDocument, statement: &Statement) -> Step {
    let names = statement.actions.names();
    let nearest = names.iter().find(|name| {
        irsa::internals::edits(&name.to_ascii_lowercase(), &WEB_IDENTITY_ACTION.to_ascii_lowercase()) <= 3
    });
    let (why, reason) = match nearest {
        Some(misspelled) => (
            "misspells the action",
            format!("{}: `{misspelled}` is a misspelling of `{WEB_IDENTITY_ACTION}`", statement.name),
        ),
        None => (
            "does not allow the action",
            format!("{} names the provider, but its actions are `{}`", statement.name, names.join("`, `")),
        ),
    };
    Step::failed(STEP, Diagnosis::OtherAction, format!("{REJECTS}: {} {why} `{WEB_IDENTITY_ACTION}`.", statement.name))
        .because_at(reason, Input::TrustPolicy, document.pointer(statement.index, &["Action"]))
        .fix(format!("Set the `Action` of {} to `{WEB_IDENTITY_ACTION}`.", statement.name))
}

/// Returns how much a provider differs from the issuer's provider. The user most likely meant the provider with the
/// lowest number.
fn distance(view: &TrustView<'_, '_>, provider: Provider<'_>) -> usize {
    match diagnose(view, provider) {
        Diagnosis::IssuerWithScheme | Diagnosis::TrailingSlash => 0,
        Diagnosis::MisspelledProvider => 1,
        Diagnosis::ProviderInOtherPartition | Diagnosis::ProviderInOtherAccount => 2,
        Diagnosis::WildcardInProvider | Diagnosis::Placeholder => 3,
        Diagnosis::TrustsOtherIdentities => 5,
        _ => 4,
    }
}

fn diagnose(view: &TrustView<'_, '_>, provider: Provider<'_>) -> Diagnosis {
    let url = view.url();
    let is_other = |ours: &Option<String>, theirs: &str| ours.as_deref().is_some_and(|ours| ours != theirs);
    match provider.fault() {
        Some(ArnFault::Scheme) => return Diagnosis::IssuerWithScheme,
        Some(ArnFault::Wildcard) => return Diagnosis::WildcardInProvider,
        Some(ArnFault::Placeholder) => return Diagnosis::Placeholder,
        None => {}
    }
    if provider.url == url && is_other(&view.request.partition, provider.partition) {
        Diagnosis::ProviderInOtherPartition
    } else if provider.url == url {
        Diagnosis::ProviderInOtherAccount
    } else if provider.url.trim_end_matches('/') == url.trim_end_matches('/') {
        Diagnosis::TrailingSlash
    } else if is_misspelled(provider.url, url) {
        Diagnosis::MisspelledProvider
    } else if other_issuer(provider.url).is_some() {
        Diagnosis::TrustsOtherIdentities
    } else {
        Diagnosis::OtherProvider
    }
}

fn other_issuer(url: &str) -> Option<&'static str> {
    let host = url.split('/').next().unwrap_or_default();
    OTHER_ISSUERS.iter().find(|(other, _)| *other == host).map(|(_, name)| *name)
}

fn not_the_provider(view: &TrustView<'_, '_>, document: &TrustDocument, named: Named<'_>) -> Step {
    let Named { statement, arn, provider } = named;
    let diagnosis = diagnose(view, provider);
    let name = &statement.name;
    let says = match diagnosis {
        Diagnosis::IssuerWithScheme => format!("the provider's ARN in {name} contains `https://`"),
        Diagnosis::WildcardInProvider => {
            format!("the provider's ARN in {name} contains a wildcard, and IAM has none in `Principal.Federated`")
        }
        Diagnosis::Placeholder => {
            format!("the provider's ARN in {name} contains a placeholder that nothing has replaced")
        }
        Diagnosis::ProviderInOtherPartition => format!(
            "{name} names a provider of the AWS partition `{}`, and the role is in `{}`",
            provider.partition,
            view.request.partition.as_deref().unwrap_or_default()
        ),
        Diagnosis::ProviderInOtherAccount => format!(
            "{name} names a provider in the AWS account {}, and the role is in {}",
            provider.account,
            view.request.account.as_deref().unwrap_or_default()
        ),
        Diagnosis::TrailingSlash => format!("the provider in {name} and the issuer differ by a trailing slash"),
        Diagnosis::MisspelledProvider if provider.url.eq_ignore_ascii_case(view.url()) => {
            format!("the provider in {name} differs from the issuer in letter case, which counts in an ARN")
        }
        Diagnosis::MisspelledProvider => {
            format!("{name} misspells the host of the cluster's issuer: the ID is the same")
        }
        Diagnosis::TrustsOtherIdentities => {
            format!("{name} trusts {}, not the cluster's issuer", other_issuer(provider.url).unwrap_or_default())
        }
        _ => format!("{name} names the identity provider of another issuer"),
    };
    let reason = format!("expected `{}`, but {name} has `{arn}`", view.provider_arn());
    let step = Step::failed(STEP, diagnosis, format!("{REJECTS}: {says}."))
        .because_at(reason, Input::TrustPolicy, document.pointer(statement.index, &["Principal", "Federated"]))
        .fix(format!(
            "{}Name `{}` in `Principal.Federated`, and begin the condition keys with `{}:`.",
            check_issuer(view, diagnosis).unwrap_or_default(),
            view.provider_arn(),
            view.url()
        ));
    match diagnosis {
        Diagnosis::ProviderInOtherAccount => step.because("a role trusts only the identity providers of its own account, so the role's account needs a provider for the issuer too"),
        Diagnosis::OtherProvider => step.because("each cluster has its own issuer, and a recreated cluster has a new one"),
        _ => step,
    }
}

/// Returns the first sentences of the fix if the issuer and the provider differ by a trailing slash, and a user typed
/// the issuer. The issuer may then be wrong, and not the provider. Otherwise `None`.
pub fn check_issuer(view: &TrustView<'_, '_>, diagnosis: Diagnosis) -> Option<&'static str> {
    let documents = view.scenario.documents;
    let is_typed = documents.discovery.get().is_none() && documents.token.get().is_none();
    (diagnosis == Diagnosis::TrailingSlash && is_typed).then_some(
        "First check the issuer that was given: `kubectl get --raw /.well-known/openid-configuration` prints the cluster's issuer. If the given issuer is right: ",
    )
}

/// Returns the failed step for a role that trusts no OIDC provider. The step names the principal that the role trusts
/// instead, if there is one.
fn no_provider(view: &TrustView<'_, '_>, document: &TrustDocument, allows: &[&Statement]) -> Step {
    let named = |of: &dyn Fn(&Statement) -> Option<String>| {
        allows.iter().find_map(|statement| Some((*statement, of(statement)?)))
    };
    let service = |is: &dyn Fn(&str) -> bool| {
        named(&|statement| match &statement.principal {
            Principal::Named(named) => named.services.iter().find(|it| is(it)).cloned(),
            _ => None,
        })
    };
    let add = format!("Add a statement for `{}`, and keep the others", view.provider_arn());
    let at = |step: Step, statement: &Statement, reason: String| {
        step.because_at(reason, Input::TrustPolicy, document.pointer(statement.index, &["Principal"]))
    };
    let trusts = |name: &str, what: &str| format!("{name} trusts `{what}`, and no statement names an OIDC provider");
    if let Some((statement, service)) = service(&|service| service == PODS_EKS) {
        let says = format!("{REJECTS}: the role trusts EKS Pod Identity (`{PODS_EKS}`), and the pod uses IRSA.");
        return at(
            Step::failed(STEP, Diagnosis::TrustsPodIdentity, says),
            statement,
            trusts(&statement.name, &service),
        )
        .fix(format!("{add}."));
    }
    if let Some((statement, service)) = service(&|_| true) {
        let is_node = service.starts_with("ec2.");
        let whose = if is_node { "EC2 instances, such as nodes" } else { "an AWS service" };
        let says = format!("{REJECTS}: the role trusts `{service}` ({whose}), but no identity provider.");
        let step = at(Step::failed(STEP, Diagnosis::TrustsService, says), statement, trusts(&statement.name, &service));
        let fix = if is_node {
            format!("Annotate the service account with another role. Or: {}.", uncapitalized(&add))
        } else {
            format!("{add}.")
        };
        return step.fix(fix);
    }
    let aws = named(&|statement| match &statement.principal {
        Principal::Named(named) => named.aws.first().cloned(),
        _ => None,
    });
    if let Some((statement, principal)) = aws {
        let says = format!("{REJECTS}: the role trusts the AWS principal `{principal}`, but no identity provider.");
        return at(
            Step::failed(STEP, Diagnosis::TrustsAwsPrincipal, says),
            statement,
            trusts(&statement.name, &principal),
        )
        .because("another role can assume this role (role chaining), but a token cannot")
        .fix(format!("{add}."));
    }
    let federated = named(&|statement| statement.providers().next().map(|(arn, _)| arn.to_owned()));
    if let Some((statement, arn)) = federated {
        let bare = arn.strip_prefix("https://").unwrap_or(&arn);
        let not_an_arn = if is_placeholder(&arn) {
            let what = "is a placeholder that nothing has replaced";
            Some((Diagnosis::Placeholder, what))
        } else if bare == view.url() {
            Some((Diagnosis::MisspelledProvider, "is the issuer's URL, not the provider's ARN"))
        } else {
            None
        };
        if let Some((diagnosis, what)) = not_an_arn {
            let says = format!("{REJECTS}: the provider in {} {what}.", statement.name);
            let reason = format!("expected `{}`, but {} has `{arn}`", view.provider_arn(), statement.name);
            return at(Step::failed(STEP, diagnosis, says), statement, reason).fix(format!("{add}."));
        }
        let what = match (arn.contains(":saml-provider/"), other_issuer(&arn)) {
            (true, _) => "an identity provider of SAML".to_owned(),
            (_, Some(name)) => name.to_owned(),
            (false, None) => "something that is not the ARN of an OIDC provider".to_owned(),
        };
        let says = format!("{REJECTS}: the role trusts {what} (`{arn}`), not the cluster's issuer.");
        return at(
            Step::failed(STEP, Diagnosis::TrustsOtherIdentities, says),
            statement,
            trusts(&statement.name, &arn),
        )
        .fix(format!("{add}."));
    }
    Step::failed(STEP, Diagnosis::NoProvider, format!("{REJECTS}: it names no OIDC identity provider."))
        .because_at("no `Allow` has a `Principal.Federated`", Input::TrustPolicy, document.whole_pointer())
        .fix(format!("{add}."))
}

fn uncapitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_lowercase).collect();
    first + characters.as_str()
}

/// Checks that IAM has the provider, and that the provider lists the token's audience. Returns the step unchanged if it
/// failed because of the trust policy, or if the issuer is wrong or not known.
fn in_iam(view: &TrustView<'_, '_>, step: Step) -> Step {
    let Some(url) = view.request.provider.as_deref() else { return step };
    if step.outcome == Outcome::Failed || view.skipped(STEP).is_some() {
        return step;
    }
    let missing = |step: Step, reason: String| {
        let audience = audience(view).unwrap_or(STS);
        Step {
            details: step.details,
            ..Step::failed(
                STEP,
                Diagnosis::ProviderMissing,
                "The role's AWS account has no identity provider for the cluster's issuer.",
            )
        }
        .because(reason)
        .because("STS says \"No OpenIDConnect provider found in your account\"")
        .fix(Fix::command("Create it in the role's account", create_provider(url, audience)))
    };
    let providers = match &view.scenario.documents.provider {
        Given::Present(providers) => providers,
        Given::NotFound => return missing(step, format!("IAM has no provider `{}`", view.provider_arn())),
        Given::Missing | Given::Unreadable => {
            let needs = "the output of `aws iam get-open-id-connect-provider` (`--provider`)";
            return step.unchecked("IAM's identity provider", needs);
        }
    };
    match (providers, providers.has(url, view.request.account.as_deref())) {
        (IamProviders::One { url: other, url_pointer, .. }, None) => {
            let says = "IAM's identity provider is for another issuer than the cluster's.";
            Step { details: step.details, ..Step::failed(STEP, Diagnosis::OtherProvider, says) }
                .because_at(
                    format!("expected `{url}`, but IAM's provider is for `{other}`"),
                    Input::Provider,
                    url_pointer,
                )
                .fix(Fix::command(
                    "Check which provider the trust policy names. If the account has no provider for the issuer, create it",
                    create_provider(url, audience(view).unwrap_or(STS)),
                ))
        }
        (IamProviders::All(_), None) => {
            step.because("the list of identity providers belongs to another AWS account than the role")
        }
        (_, Some(false)) => {
            missing(step, format!("the list of identity providers does not contain `{}`", view.provider_arn()))
        }
        (IamProviders::All(_), Some(true)) => step.because("IAM has the identity provider"),
        (IamProviders::One { client_ids, client_ids_pointer, .. }, Some(true)) => {
            let Some(audience) = audience(view) else { return step.because("IAM has the identity provider") };
            if client_ids.iter().any(|id| id == audience) {
                return step.because("IAM has the identity provider, and it lists the token's audience");
            }
            let arn = view.provider_arn();
            let says = format!("IAM's identity provider does not accept tokens for the audience `{audience}`.");
            let ids = match client_ids.as_slice() {
                [] => "it has no client IDs".to_owned(),
                ids => format!("its client IDs are `{}`", ids.join("`, `")),
            };
            Step { details: step.details, ..Step::failed(STEP, Diagnosis::AudienceNotRegistered, says) }
                .because_at(ids, Input::Provider, client_ids_pointer)
                .because("STS says \"Incorrect token audience\"")
                .fix(Fix::command(
                    "If the token's audience is right, add it to the provider",
                    format!(
                        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {} --client-id {}",
                        quoted(&arn),
                        quoted(audience)
                    ),
                ))
        }
    }
}

fn audience<'v>(view: &'v TrustView<'_, '_>) -> Option<&'v str> {
    match view.request.audiences.as_deref() {
        Some([audience]) if !audience.is_empty() => Some(audience),
        _ => None,
    }
}

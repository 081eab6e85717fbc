//! `irsa explain`: why a pod has its role, or does not have it.
//!
//! `inputs` finds the pod, its account and the rest in files, `live` reads what is missing from a cluster, the crate
//! `irsa_explain` explains, and `places` adds the file, the line and the column to each reason.

mod inputs;
mod live;
mod objects;
mod places;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::{Explanation, Line, Mark, Outcome, explain, tree, tree_with_places};

use self::places::Places;
use crate::UNREADABLE;
use crate::files::SettingsArgs;

/// The arguments of `explain`.
#[derive(ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// The pod, as `pod/NAME`: one of several in a file, or one of the cluster
    #[arg(value_name = "POD", value_parser = pod_name)]
    target: Option<String>,

    /// The pod, YAML or JSON: a manifest, or what `kubectl get pod -o yaml` prints. Other objects in the file are used
    /// by their kind
    #[arg(long, value_name = "FILE")]
    pod: Option<PathBuf>,

    /// The workload that creates the pod. The first of its pod templates is used
    #[arg(long, value_name = "FILE", conflicts_with = "pod")]
    workload: Option<PathBuf>,

    /// The service account
    #[arg(long, value_name = "FILE")]
    service_account: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,

    /// The ConfigMap of role mappings that the settings name
    #[arg(long, value_name = "FILE")]
    config_map: Option<PathBuf>,

    /// The container to explain. By default it is every container
    #[arg(short, long, value_name = "NAME")]
    container: Option<String>,

    /// The policy's own manifest, such as policy.yaml: which namespaces it exempts
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,

    /// The role's trust policy: the policy itself, what `aws iam get-role` or `list-roles` prints, or Terraform's state
    /// or plan as JSON
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,

    /// IAM's identity provider: what `aws iam get-open-id-connect-provider` or `list-open-id-connect-providers` prints
    #[arg(long, value_name = "FILE")]
    provider: Option<PathBuf>,

    /// The EKS Pod Identity association: what `aws eks describe-pod-identity-association` prints, or an object of ACK,
    /// Crossplane or Terraform
    #[arg(long, value_name = "FILE")]
    association: Option<PathBuf>,

    /// The URL of the cluster's issuer
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// The issuer's discovery document (`/.well-known/openid-configuration`)
    #[arg(long, value_name = "FILE")]
    discovery: Option<PathBuf>,

    /// The issuer's keys, a JSON Web Key Set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,

    /// A file with a token of the pod. It is checked, and never printed
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The namespace. By default it is the pod's own, or `default`
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The role that the pod should have
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// The time at which the token is checked, in seconds since 1970. By default it is now
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// How to print the explanation
    #[arg(short, long, value_enum, default_value_t = Output::Tree)]
    output: Output,

    /// Print only the corrected trust policy, as JSON. The commands that apply it go to the standard error
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "output")]
    fix: Option<Fix>,

    /// Exit with 1 also for a warning, such as a role that every service account of the cluster can assume
    #[arg(long)]
    strict: bool,

    /// Exit with 0, and not with 3, if nothing is wrong and some steps need more input
    #[arg(long)]
    allow_unknown: bool,

    /// Show every detail, also of steps that passed
    #[arg(long)]
    verbose: bool,

    /// Read what no file gives from the cluster of this kubeconfig
    #[arg(long, value_name = "FILE", requires = "target")]
    kubeconfig: Option<PathBuf>,

    /// Request a token for the pod's service account from the cluster, valid for ten minutes, and check it. It is never
    /// printed
    #[arg(long, requires = "kubeconfig")]
    request_token: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Tree,
    /// The whole explanation as one JSON object
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Fix {
    /// The role's trust policy, so that it accepts the pod
    TrustPolicy,
}

/// Explains. The exit status tells the outcome.
pub fn execute(args: &Args) -> Result<ExitCode> {
    let mut inputs = args.inputs()?;
    if let (Some(kubeconfig), Some(name)) = (&args.kubeconfig, &args.target) {
        let namespace = args.namespace.clone().unwrap_or_else(|| "default".to_owned());
        ensure!(is_name(&namespace), "expected the name of a namespace, but got `{namespace}`");
        let target = live::Target { namespace, name: name.clone() };
        live::read_into(&mut inputs, kubeconfig, &target, args.request_token)?;
    }
    let explanation = explain(&inputs);
    let mut out = anstream::stdout();
    match (args.fix, args.output) {
        (Some(Fix::TrustPolicy), _) => {
            let Some(fix) = &explanation.trust_fix else {
                let cause = tree(&explanation, false).into_iter().next().map(|line| line.text).unwrap_or_default();
                bail!("there is no safe change of the trust policy: {cause}");
            };
            writeln!(out, "{}", serde_json::to_string_pretty(&fix.policy)?)?;
            anstream::eprintln!("{}", fix.says);
            fix.commands.iter().for_each(|command| anstream::eprintln!("{command}"));
        }
        (None, Output::Json) => writeln!(out, "{}", serde_json::to_string_pretty(&explanation)?)?,
        (None, Output::Tree) => {
            let places = Places::new(args, &inputs);
            for line in tree_with_places(&explanation, args.verbose, |place| places.text_of(place)) {
                write_line(&mut out, &line)?;
            }
        }
    }
    Ok(status(&explanation, args))
}

fn status(explanation: &Explanation, args: &Args) -> ExitCode {
    ExitCode::from(match explanation.outcome {
        _ if !explanation.problems.is_empty() => UNREADABLE,
        Outcome::Failed => 1,
        // That an input was pasted in another form is not a risk.
        _ if args.strict && explanation.warnings().any(|it| it.mistake != Some(Diagnosis::AssumedIssuer)) => 1,
        Outcome::Passed | Outcome::Skipped => 0,
        Outcome::Unknown if args.allow_unknown => 0,
        Outcome::Unknown => 3,
    })
}

fn write_line(out: &mut impl Write, line: &Line) -> std::io::Result<()> {
    let style = match line.mark {
        Mark::Outcome(Outcome::Passed) => AnsiColor::Green.on_default(),
        Mark::Outcome(Outcome::Failed) | Mark::Cause => AnsiColor::Red.on_default().bold(),
        Mark::Outcome(Outcome::Unknown) | Mark::Warning => AnsiColor::Yellow.on_default().bold(),
        Mark::Outcome(Outcome::Skipped) | Mark::Reason => Style::new().dimmed(),
        Mark::Fix => Style::new().bold(),
        Mark::Copy => return writeln!(out, "{line}"),
    };
    let indent = line.depth.saturating_mul(2);
    writeln!(out, "{:indent$}{style}{}{style:#} {}", "", line.mark, line.text)
}

/// The name in `pod/NAME`.
fn pod_name(text: &str) -> Result<String> {
    let Some(("pod" | "pods", name)) = text.split_once('/') else { bail!("expected `pod/NAME`, but got `{text}`") };
    ensure!(is_name(name), "expected the name of a pod, but got `{name}`");
    Ok(name.to_owned())
}

/// Whether the text is safe as a name in the path of a URL.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

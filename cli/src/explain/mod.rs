//! `irsa explain`: explains why a pod has its role, or does not have it.
//!
//! `inputs` finds the pods, their service accounts and the other inputs in files, and `live` reads missing inputs from
//! a cluster. The crate `irsa_explain` makes the explanation. `print` prints the explanation, and `places` finds the
//! file, the line and the column of each reason.

mod inputs;
mod live;
mod objects;
mod places;
mod print;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use irsa_explain::diagnosis::Diagnosis;
use irsa_explain::selection::rank;
use irsa_explain::{Explanation, Outcome, explain_all};

use self::inputs::Subject;
use crate::UNREADABLE;
use crate::files::SettingsArgs;

/// The arguments of `explain`.
#[derive(ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Files with pods or workloads, as YAML or JSON, and what belongs to them: service accounts, a ConfigMap. `-` is
    /// the standard input. If the files contain pods, the pods are explained, otherwise the workloads. `pod/NAME`, a
    /// workload such as `deploy/NAME`, or only a name chooses one of them. With `--kubeconfig`, `pod/NAME` is the pod
    /// in the cluster
    #[arg(value_name = "FILE|KIND/NAME")]
    targets: Vec<String>,

    /// The pod as YAML or JSON: a manifest, or the output of `kubectl get pod -o yaml`. If the file contains several
    /// pods, all are explained. Any service account or ConfigMap in the file is used too
    #[arg(long, value_name = "FILE")]
    pod: Option<PathBuf>,

    /// The workload that creates the pod. If the file contains several workloads or pod templates, all are explained
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

    /// The container to explain. By default, all containers are explained
    #[arg(short, long, value_name = "NAME")]
    container: Option<String>,

    /// The policy's own manifest, such as policy.yaml. It shows which namespaces are exempt. It also defines the
    /// settings if no other flag does
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,

    /// The role's trust policy: the policy itself, the output of `aws iam get-role` or `list-roles`, or Terraform's
    /// state or plan as JSON
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,

    /// IAM's identity provider: the output of `aws iam get-open-id-connect-provider` or
    /// `list-open-id-connect-providers`
    #[arg(long, value_name = "FILE")]
    provider: Option<PathBuf>,

    /// The EKS Pod Identity association: the output of `aws eks describe-pod-identity-association`, or an object of
    /// ACK, Crossplane or Terraform
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

    /// A file with a token of the pod. The token is checked, and never printed
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The namespace of the pod. By default it is the one in the manifest, or `default`
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The role that the pod should have. If the file contains several pods, the pods of this role are explained
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// The time at which the token is checked, in seconds since 1970. By default it is the current time
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// How to print the explanation
    #[arg(short, long, value_enum, default_value_t = Output::Tree)]
    output: Output,

    /// Print only the corrected trust policy, as JSON, and exit with 0. The commands that apply it go to the standard
    /// error
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "output")]
    fix: Option<Fix>,

    /// Exit with 1 for a warning too, such as a role that every service account of the cluster can assume
    #[arg(long)]
    strict: bool,

    /// Exit with 0 instead of 3 if no step failed, but some steps need more input
    #[arg(long)]
    allow_unknown: bool,

    /// Show every detail, including those of steps that passed
    #[arg(long)]
    verbose: bool,

    /// The kubeconfig of a cluster. The pod, and inputs that no file provides, are read from this cluster
    #[arg(long, value_name = "FILE", requires = "targets")]
    kubeconfig: Option<PathBuf>,

    /// Request a token for the pod's service account from the cluster, and check it. The token is valid for ten
    /// minutes, and never printed
    #[arg(long, requires = "kubeconfig")]
    request_token: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Tree,
    /// The explanation as a JSON object. Several explanations are an array
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Fix {
    /// The role's trust policy, corrected so that it accepts the pod
    TrustPolicy,
}

/// A pod with its inputs, and its explanation.
struct Explained {
    subject: Subject,
    explanation: Explanation,
}

/// Explains each pod, and prints the explanations of failed pods first. Returns the exit status for the outcomes.
pub fn execute(args: &Args) -> Result<ExitCode> {
    let subjects = match &args.kubeconfig {
        Some(kubeconfig) => vec![args.live(kubeconfig)?],
        None => args.subjects()?,
    };
    // The time is read after the inputs. Otherwise, a token that the cluster issued meanwhile would not be valid yet.
    let now = args.now.unwrap_or_else(now);
    let (names, mut inputs): (Vec<_>, Vec<_>) = subjects.into_iter().map(|it| (it.name, it.inputs)).unzip();
    for inputs in &mut inputs {
        inputs.now = Some(now);
    }
    let explanations = explain_all(&inputs);
    let subjects = names.into_iter().zip(inputs).map(|(name, inputs)| Subject { name, inputs });
    let explained = subjects.zip(explanations).map(|(subject, explanation)| Explained { subject, explanation });
    let mut explained: Vec<Explained> = explained.collect();
    explained.sort_by_key(|it| rank(&it.explanation));
    if print::print(args, &explained)? {
        return Ok(ExitCode::SUCCESS);
    }
    let status = explained.iter().map(|it| Status::of(&it.explanation, args)).max().unwrap_or(Status::Passed);
    Ok(ExitCode::from(status.code()))
}

impl Args {
    /// Returns the files among the arguments.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.targets.iter().filter(|argument| is_file(argument)).map(Path::new)
    }

    /// Returns the argument that chooses a pod or a workload.
    fn target(&self) -> Result<Option<&str>> {
        let chosen: Vec<&str> = self.targets.iter().filter(|it| !is_file(it)).map(String::as_str).collect();
        match chosen.as_slice() {
            [] => Ok(None),
            [one] if Path::new(one).is_dir() => bail!("`{one}` is a folder: name its files, or use `irsa check {one}`"),
            [one] => Ok(Some(one)),
            [_, other, ..] => bail!("expected one pod or workload to explain, but got `{other}`, too"),
        }
    }

    /// Reads the pod and its inputs from a cluster.
    fn live(&self, kubeconfig: &Path) -> Result<Subject> {
        let target = self.target()?.unwrap_or_default();
        let Some(("pod" | "pods" | "po", name)) = target.split_once('/') else {
            bail!("expected `pod/NAME` with `--kubeconfig`, but got `{target}`");
        };
        ensure!(is_name(name), "expected the name of a pod, but got `{name}`");
        let namespace = self.namespace.clone().unwrap_or_else(|| "default".to_owned());
        ensure!(is_name(&namespace), "expected the name of a namespace, but got `{namespace}`");
        let target = live::Target { namespace, name: name.to_owned() };
        let mut inputs = self.inputs_of_cluster()?;
        live::read_into(&mut inputs, kubeconfig, &target, self.request_token)?;
        Ok(Subject { name: None, inputs })
    }
}

/// Whether an argument names a file: it is `-`, it exists, or it ends as the name of a manifest does.
fn is_file(argument: &str) -> bool {
    let path = Path::new(argument);
    let is_manifest = |end: &OsStr| ["yaml", "yml", "json"].iter().any(|it| end.eq_ignore_ascii_case(it));
    argument == "-" || path.is_file() || path.extension().is_some_and(is_manifest)
}

/// The result for the exit status, in ascending urgency. If there are several pods, the most urgent result is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Passed,
    Unknown,
    Failed,
    Unreadable,
}

impl Status {
    fn of(explanation: &Explanation, args: &Args) -> Self {
        match explanation.outcome {
            _ if !explanation.problems.is_empty() => Self::Unreadable,
            Outcome::Failed => Self::Failed,
            // A warning that is based on an assumption does not report a risk in the inputs. So `--strict` ignores it.
            _ if args.strict && explanation.warnings().any(|it| !is_assumed(it.mistake, args)) => Self::Failed,
            Outcome::Passed | Outcome::Skipped => Self::Passed,
            Outcome::Unknown if args.allow_unknown => Self::Passed,
            Outcome::Unknown => Self::Unknown,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Unreadable => UNREADABLE,
            Self::Unknown => 3,
        }
    }
}

/// Whether a warning is based on an assumption: about the issuer or, if the manifest of the policies is not given,
/// about the policies.
fn is_assumed(mistake: Option<Diagnosis>, args: &Args) -> bool {
    match mistake {
        Some(Diagnosis::AssumedIssuer) => true,
        Some(Diagnosis::IgnoredFailures) => args.policies.is_none(),
        _ => false,
    }
}

/// Returns the current time, in seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Whether the text is safe as a name in the path of a URL.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

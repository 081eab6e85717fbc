//! `policy-host run`: runs a policy as `kwctl run` does. In addition, a file can contain several requests and plain
//! Kubernetes objects, and `--cluster` answers lookups from a file.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::{Args as ClapArgs, ValueEnum};
use policy_host::admission::{self, Request};
use policy_host::capabilities::Capabilities;
use policy_host::cluster::{Answer, Cluster};
use policy_host::host::{Access, Backend, Host};
use policy_host::policy::{Policy, PolicyResponse};
use policy_host::present;
use policy_host::response::AdmissionResponse;
use policy_host::session::{Recorder, Replay};

use super::{PolicyArgs, SettingsArgs, read, read_cluster};

/// The error of a lookup without a cluster, as in policy-evaluator.
const NO_CLUSTER: &str = "kube::Client was not initialized properly";

/// The arguments of `run`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    /// The requests: an `AdmissionReview`, an `AdmissionRequest`, or Kubernetes objects, as JSON or YAML; `-` is the
    /// standard input. Each item of a `List` is a request of its own
    #[arg(short, long, value_name = "PATH")]
    request_path: PathBuf,

    /// Let the policy read the kinds that its metadata names, or any kind if it has no metadata
    #[arg(long)]
    allow_context_aware: bool,

    /// The objects that the policy finds in the cluster, as YAML or JSON. An object without a namespace is in
    /// `default`. Implies `--allow-context-aware`
    #[arg(long, value_name = "PATH", conflicts_with = "replay_host_capabilities_interactions")]
    cluster: Option<PathBuf>,

    /// The host's capabilities that the policy may use, such as `*`, `kubernetes/*` or `kubernetes/get_resource`
    #[arg(long, value_name = "PATTERN", num_args = 0.., default_values = ["*"])]
    allowed_host_capabilities: Vec<String>,

    /// Record the policy's host calls and the answers in a file
    #[arg(long, value_name = "FILE", conflicts_with = "replay_host_capabilities_interactions")]
    record_host_capabilities_interactions: Option<PathBuf>,

    /// Answer the policy's host calls from a file that `--record-host-capabilities-interactions` has written
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,

    /// Exit with 1 if the policy rejects a request
    #[arg(long)]
    fail_on_reject: bool,

    /// The kind of policy. This host runs only Kubewarden's waPC policies
    #[arg(short, long, value_name = "MODE")]
    execution_mode: Option<ExecutionMode>,

    /// How to print decisions: for people, or one line of JSON each, as kwctl does
    #[arg(long, value_enum, default_value_t = Output::Auto)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExecutionMode {
    #[value(alias = "kubewarden-wapc")]
    Kubewarden,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// Pretty on a terminal, JSON elsewhere
    Auto,
    Json,
    Pretty,
}

/// Lets the policy decide on each request, and prints the decisions.
///
/// As for `kwctl run`, a rejected request is not a failure, unless `--fail-on-reject` is set.
pub fn execute(args: &Args) -> Result<ExitCode> {
    let policy = args.policy.load()?;
    let settings = args.settings.load(&policy)?;
    let requests = admission::requests(&read(&args.request_path)?)?;
    let answers = Answers::of(args)?;
    let host = Arc::new(Host::new(
        answers.backend(),
        args.access(&policy),
        Capabilities::parse(&args.allowed_host_capabilities)?,
    ));

    let mut decisions = Decisions::to_stdout(args.output);
    let mut is_rejected = false;
    for request in &requests {
        let answer = policy.validate(&admission::payload(request, &settings), &host);
        decisions.write(request, &answer)?;
        is_rejected |= !answer.is_ok_and(|answer| answer.accepted);
    }

    for entry in host.log() {
        let _ = writeln!(anstream::stderr(), "policy log: {entry}");
    }
    answers.finish(args)?;
    Ok(if is_rejected && args.fail_on_reject { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Args {
    fn access(&self, policy: &Policy) -> Access {
        if self.allow_context_aware || self.cluster.is_some() { PolicyArgs::access(policy) } else { Access::none() }
    }
}

/// The backend that answers lookups, and whether the answers are recorded.
enum Answers {
    Live(Arc<Cluster>),
    Recorded(Arc<Recorder>),
    Replayed(Arc<Replay>),
}

impl Answers {
    fn of(args: &Args) -> Result<Self> {
        if let Some(path) = &args.replay_host_capabilities_interactions {
            return Ok(Self::Replayed(Arc::new(Replay::from_file(path)?)));
        }
        let cluster = match &args.cluster {
            Some(path) => read_cluster(path)?,
            None => Cluster::answering(Answer::Failure(NO_CLUSTER.to_owned())),
        };
        Ok(match args.record_host_capabilities_interactions {
            Some(_) => Self::Recorded(Arc::new(Recorder::new(Arc::new(cluster)))),
            None => Self::Live(Arc::new(cluster)),
        })
    }

    fn backend(&self) -> Arc<dyn Backend> {
        match self {
            Self::Live(cluster) => Arc::clone(cluster) as _,
            Self::Recorded(recorder) => Arc::clone(recorder) as _,
            Self::Replayed(replay) => Arc::clone(replay) as _,
        }
    }

    fn finish(&self, args: &Args) -> Result<()> {
        match (self, &args.record_host_capabilities_interactions) {
            (Self::Recorded(recorder), Some(path)) => recorder.write(path)?,
            (Self::Replayed(replay), _) if replay.leftovers() > 0 => {
                let _ = writeln!(
                    anstream::stderr(),
                    "warning: Some of the recorded exchanges have not been replayed: {}",
                    replay.leftovers()
                );
            }
            _ => {}
        }
        Ok(())
    }
}

/// Prints the decisions.
struct Decisions {
    out: anstream::AutoStream<std::io::Stdout>,
    pretty: bool,
    first: bool,
}

impl Decisions {
    fn to_stdout(output: Output) -> Self {
        let pretty = match output {
            Output::Auto => std::io::stdout().is_terminal(),
            Output::Json => false,
            Output::Pretty => true,
        };
        Self { out: anstream::stdout(), pretty, first: true }
    }

    fn write(&mut self, request: &Request, answer: &Result<PolicyResponse>) -> Result<()> {
        if !self.pretty {
            let json = serde_json::to_string(&AdmissionResponse::of(request, answer))?;
            return Ok(writeln!(self.out, "{json}")?);
        }
        if !std::mem::take(&mut self.first) {
            writeln!(self.out)?;
        }
        present::write(&mut self.out, request, answer)
    }
}

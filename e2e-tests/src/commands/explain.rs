//! `policy-host explain`: why a pod has the role that it has, or has not. It needs no module: the policy's own code
//! says its part.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use irsa_explain::{Explanation, Inputs, Line, Mark, Outcome, explain, service_account_of, tree};
use policy_host::objects::{self, Object};
use policy_host::yaml;
use serde_json::Value;

use super::{SettingsArgs, read};

/// Something could not be read, as when the command line is wrong.
const UNREADABLE: u8 = 2;

/// The arguments of `explain`.
#[derive(ClapArgs)]
pub struct Args {
    /// Which pod, as `pod/NAME`: of a file that has several, or of the cluster
    #[arg(value_name = "POD", value_parser = pod_name)]
    target: Option<String>,

    /// The pod, YAML or JSON, as it is written or as the cluster has it. Other documents of the file count by their
    /// kind
    #[arg(long, value_name = "FILE")]
    pod: Option<PathBuf>,

    /// The workload that makes the pod: its first pod template counts
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

    /// The role's trust policy, or what `aws iam get-role` prints
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,

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

    /// The namespace, else the pod's own, else `default`
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The role that the pod should have
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// The time by which the token is checked, in seconds since 1970, instead of now
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// How to print the explanation
    #[arg(short, long, value_enum, default_value_t = Output::Tree)]
    output: Output,

    /// Show all that was looked at, what is right too
    #[arg(long)]
    verbose: bool,

    /// Read what is not given of the cluster of this kubeconfig
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "FILE", requires = "target")]
    kubeconfig: Option<PathBuf>,

    /// Have the cluster issue a token for the pod's account, for ten minutes, and check it. It is never printed
    #[cfg(feature = "serve")]
    #[arg(long, requires = "kubeconfig")]
    request_token: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Tree,
    /// The whole explanation, as one JSON object
    Json,
}

/// Explains, and exits as it turned out.
pub fn execute(args: &Args) -> ExitCode {
    match run(args) {
        Ok(explanation) => status(&explanation),
        Err(error) => {
            anstream::eprintln!("Error: {error:#}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn run(args: &Args) -> Result<Explanation> {
    let mut inputs = args.inputs()?;
    args.read_cluster(&mut inputs)?;
    let explanation = explain(&inputs);
    let mut out = anstream::stdout();
    match args.output {
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&explanation)?)?,
        Output::Tree => {
            for line in tree(&explanation, args.verbose) {
                write_line(&mut out, &line)?;
            }
        }
    }
    Ok(explanation)
}

fn status(explanation: &Explanation) -> ExitCode {
    ExitCode::from(match explanation.outcome {
        _ if !explanation.problems.is_empty() => UNREADABLE,
        Outcome::Passed | Outcome::Skipped => 0,
        Outcome::Failed => 1,
        Outcome::Unknown => 3,
    })
}

fn write_line(out: &mut impl Write, line: &Line) -> std::io::Result<()> {
    let style = match line.mark {
        Mark::Outcome(Outcome::Passed) => AnsiColor::Green.on_default(),
        Mark::Outcome(Outcome::Failed) | Mark::Cause => AnsiColor::Red.on_default().bold(),
        Mark::Outcome(Outcome::Unknown) => AnsiColor::Yellow.on_default().bold(),
        Mark::Outcome(Outcome::Skipped) | Mark::Reason => Style::new().dimmed(),
        Mark::Fix => Style::new().bold(),
    };
    writeln!(out, "{:indent$}{style}{}{style:#} {}", "", line.mark, line.text, indent = line.depth * 2)
}

/// The name in `pod/NAME`.
fn pod_name(text: &str) -> Result<String> {
    let Some(("pod" | "pods", name)) = text.split_once('/') else { bail!("expected `pod/NAME`, but got `{text}`") };
    ensure!(is_name(name), "expected the name of a pod, but got `{name}`");
    Ok(name.to_owned())
}

/// Whether the text can be a name in the path of a URL.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

impl Args {
    fn inputs(&self) -> Result<Inputs> {
        let mut objects = Vec::new();
        for path in [&self.pod, &self.workload, &self.service_account, &self.config_map].into_iter().flatten() {
            let read = objects::read(&read(path)?);
            objects.extend(read.with_context(|| format!("cannot read the objects in `{}`", path.display()))?);
        }
        let text = |object: Option<&Object>| object.map(|object| object.text().to_owned());
        let pod = match &self.pod {
            Some(_) => objects::only(&objects, "Pod", self.target.as_deref())?,
            None => None,
        };
        ensure!(self.pod.is_none() || pod.is_some(), "expected a Pod, but the files have none of this name");
        let settings = self.settings.read()?.map(|settings| settings.as_json().to_owned());
        let workload = match &self.workload {
            Some(_) => objects::workload(&objects, |object| irsa_explain::makes_pods(object, settings.as_deref()))?,
            None => None,
        };
        ensure!(self.workload.is_none() || workload.is_some(), "expected a workload, but the files have none");
        let pod_value: Value = pod.map(|pod| serde_json::from_str(pod.text())).transpose()?.unwrap_or_default();
        let of_pod = |path: &str| pod_value.pointer(path).and_then(Value::as_str);
        let account_name = pod.map(|_| service_account_of(&pod_value));
        let namespace = self.namespace.as_deref().or_else(|| of_pod("/metadata/namespace"));
        let (trust_policy, role) = self.trust_policy()?;
        let document = |path: &Option<PathBuf>| -> Result<Option<String>> { path.as_deref().map(document).transpose() };
        Ok(Inputs {
            pod: text(pod),
            workload: text(workload),
            service_account: text(objects::account(&objects, account_name, namespace)),
            settings,
            config_map: text(objects::only(&objects, "ConfigMap", None)?),
            trust_policy,
            issuer: self.issuer.clone(),
            discovery: document(&self.discovery)?,
            jwks: document(&self.jwks)?,
            token: self.token_file.as_ref().map(|path| read(path)).transpose()?,
            namespace: self.namespace.clone(),
            role: self.role.clone().or(role),
            now: Some(self.now.unwrap_or_else(now)),
            ..Inputs::default()
        })
    }

    /// The trust policy, and the ARN of its role where the file has it.
    fn trust_policy(&self) -> Result<(Option<String>, Option<String>)> {
        let Some(path) = &self.trust_policy else { return Ok((None, None)) };
        let text = document(path)?;
        let value: Value = serde_json::from_str(&text)?;
        match value.pointer("/Role/AssumeRolePolicyDocument") {
            Some(policy) => {
                let arn = value.pointer("/Role/Arn").and_then(Value::as_str);
                Ok((Some(policy.to_string()), arn.map(str::to_owned)))
            }
            None => Ok((Some(text), None)),
        }
    }

    #[cfg(feature = "serve")]
    fn read_cluster(&self, inputs: &mut Inputs) -> Result<()> {
        use policy_host::live::client;
        use policy_host::live_case::{self, Target};

        let (Some(kubeconfig), Some(name)) = (&self.kubeconfig, &self.target) else { return Ok(()) };
        let namespace = self.namespace.clone().unwrap_or_else(|| "default".to_owned());
        ensure!(is_name(&namespace), "expected the name of a namespace, but got `{namespace}`");
        let target = Target { namespace, name: name.clone() };
        let runtime = tokio::runtime::Runtime::new()?;
        let warnings = runtime.block_on(async {
            let client = client(Some(kubeconfig)).await?;
            live_case::read(&client, &target, self.request_token, inputs).await
        })?;
        for warning in warnings {
            anstream::eprintln!("warning: {warning}");
        }
        Ok(())
    }

    #[cfg(not(feature = "serve"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "with the feature `serve` it asks the cluster")]
    fn read_cluster(&self, _inputs: &mut Inputs) -> Result<()> {
        Ok(())
    }
}

/// The one document of a file, as JSON.
fn document(path: &Path) -> Result<String> {
    let documents = yaml::documents(&read(path)?).with_context(|| format!("cannot read `{}`", path.display()))?;
    let [document] = documents.as_slice() else {
        bail!("expected one document in `{}`, but got {}", path.display(), documents.len());
    };
    Ok(document.get().to_owned())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

//! `irsa trust-policy`: prints the trust policies that service accounts need.
//!
//! `accounts` collects the service accounts by role, `build` makes a policy for each role, and `render` prints the
//! policies.

mod accounts;
mod build;
mod render;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args as ClapArgs, ValueEnum};

use render::EksCluster;

use crate::files::SettingsArgs;
use crate::output;

pub use build::{LIMIT, RAISED_LIMIT, size};

/// The arguments of `trust-policy`.
#[derive(ClapArgs)]
pub struct Args {
    /// Service accounts: manifests (files, directories, or `-` for the standard input), or names as `NAMESPACE/NAME`
    #[arg(value_name = "PATH|NAMESPACE/NAME", required = true)]
    accounts: Vec<String>,

    /// The URL of a cluster's issuer. Repeat the flag for each cluster
    #[arg(long, value_name = "URL", required_unless_present = "pod_identity")]
    issuer: Vec<String>,

    /// The ARN of the role. By default it is the role that the policy gives to the service account
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// The audience of the tokens. By default it is the audience in the service account's annotation, or in the
    /// settings
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,

    #[command(flatten)]
    settings: SettingsArgs,

    /// The namespace for objects that specify no namespace
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    namespace: String,

    /// How to print the policies
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Json)]
    format: Format,

    /// If a policy is longer than IAM's default limit: print several roles, each with a part of the service accounts
    #[arg(long, conflicts_with = "generalize")]
    split: bool,

    /// If a policy is longer than IAM's default limit: admit every service account of the namespaces
    #[arg(long)]
    generalize: bool,

    /// Print policies and associations for EKS Pod Identity instead of IRSA
    #[arg(long, conflicts_with_all = ["issuer", "split", "generalize", "audience"])]
    pod_identity: bool,

    /// The name of the EKS cluster, for the associations of `--pod-identity`
    #[arg(long, value_name = "NAME", requires = "pod_identity")]
    cluster_name: Option<String>,

    /// The region of the EKS cluster, for the associations. Required for Crossplane
    #[arg(long, value_name = "REGION", requires = "pod_identity")]
    region: Option<String>,
}

/// A format of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The policy as JSON. Several policies are an object whose keys are the ARNs of the roles
    Json,
    /// Terraform resources
    Terraform,
    /// A CloudFormation template, as JSON
    Cloudformation,
    /// Objects of AWS Controllers for Kubernetes
    Ack,
    /// Objects of Crossplane's AWS provider
    Crossplane,
    /// Commands of the AWS CLI
    Aws,
}

/// Prints the policies.
pub fn execute(args: &Args) -> Result<ExitCode> {
    let issuers = args.issuers()?;
    let collected = accounts::collect(args)?;
    let options = build::Options { issuers: &issuers, split: args.split, generalize: args.generalize };
    let mut roles = Vec::new();
    for (arn, accounts) in &collected {
        if args.pod_identity {
            roles.push(build::pod_identity(arn, accounts));
            continue;
        }
        let built = build::irsa(arn, accounts, &options);
        for warning in &built.warnings {
            output::warning(warning);
        }
        roles.extend(built.roles);
    }
    let cluster = args.eks_cluster()?;
    let text = render::render(args.format, &roles, cluster);
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Returns the cluster for the associations of EKS Pod Identity. `None` without `--pod-identity`, and for the
    /// format JSON, which contains no associations.
    fn eks_cluster(&self) -> Result<Option<EksCluster<'_>>> {
        if !self.pod_identity || self.format == Format::Json {
            return Ok(None);
        }
        let name = self.cluster_name.as_deref().context("expected `--cluster-name NAME` for the associations")?;
        let region = self.region.as_deref();
        let needs_region = self.format == Format::Crossplane;
        ensure!(!needs_region || region.is_some(), "expected `--region REGION` for the associations of Crossplane");
        Ok(Some(EksCluster { name, region }))
    }

    /// Returns the issuers, without `https://`.
    fn issuers(&self) -> Result<Vec<String>> {
        self.issuer
            .iter()
            .map(|url| {
                let issuer = url.trim().strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
                let issuer = issuer.with_context(|| format!("expected the issuer as `https://…`, but got `{url}`"))?;
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
                ensure!(
                    !issuer.is_empty() && issuer.bytes().all(is_plain),
                    "expected the URL of an issuer, but got `{url}`"
                );
                Ok(issuer.to_owned())
            })
            .collect()
    }

    /// Splits `accounts` into paths and service accounts. A service account is a pair of a namespace and a name. An
    /// argument `NAMESPACE/NAME` is a path if such a file exists.
    fn paths_and_names(&self) -> (Vec<PathBuf>, Vec<(String, String)>) {
        let mut paths = Vec::new();
        let mut names = Vec::new();
        let is_name = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it))
        };
        for text in &self.accounts {
            match text.split_once('/') {
                Some((namespace, name))
                    if is_name(namespace)
                        && is_name(name)
                        && !namespace.starts_with('.')
                        && !PathBuf::from(text).exists() =>
                {
                    names.push((namespace.to_owned(), name.to_owned()));
                }
                _ => paths.push(PathBuf::from(text)),
            }
        }
        (paths, names)
    }
}

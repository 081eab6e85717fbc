//! `policy-host serve`: an admission server for one policy, for tests and trials.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use policy_host::certificate::Certificate;
use policy_host::live::LiveCluster;
use policy_host::server::{self, Service};
use tokio::runtime::Runtime;

use super::{PolicyArgs, SettingsArgs};

/// The arguments of `serve`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    policy: PolicyArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    /// The kubeconfig of the cluster. The default is the kubeconfig that `kubectl` uses
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,

    /// The policy's name: the last part of the URL's path
    #[arg(long, value_name = "NAME", default_value = "irsa-policy")]
    name: String,

    /// The port to listen on. 0 means any free port. The server prints its URL
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,

    /// The server's certificate chain (PEM). By default, a certificate for `localhost` and `127.0.0.1` is generated
    #[arg(long, value_name = "PATH", requires = "key")]
    cert: Option<PathBuf>,

    /// The certificate's key (PEM)
    #[arg(long, value_name = "PATH", requires = "cert")]
    key: Option<PathBuf>,

    /// Where to write the authority of the generated certificate, for a webhook's `caBundle`
    #[arg(long, value_name = "PATH", conflicts_with = "cert")]
    ca_path: Option<PathBuf>,

    /// Exit when the standard input ends, so that the server does not outlive the script that started it
    #[arg(long)]
    until_stdin_ends: bool,
}

/// Serves until the process is stopped.
pub fn execute(args: &Args) -> Result<()> {
    let policy = args.policy.load()?;
    let settings = args.settings.load(&policy)?;
    let certificate = args.certificate()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .with_context(|| format!("cannot listen on port {}", args.port))?;
    let port = listener.local_addr()?.port();
    if args.until_stdin_ends {
        thread::spawn(end_with_stdin);
    }

    let runtime = Runtime::new()?;
    let backend = runtime.block_on(LiveCluster::connect(args.kubeconfig.as_deref(), runtime.handle().clone()))?;
    let access = PolicyArgs::access(&policy);
    let service = Service { name: args.name.clone(), policy, settings, access, backend: Arc::new(backend) };
    writeln!(anstream::stdout(), "https://127.0.0.1:{port}/validate/{}", args.name)?;
    runtime.block_on(server::serve(listener, &certificate, service))
}

impl Args {
    fn certificate(&self) -> Result<Certificate> {
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            return Certificate::from_files(cert, key);
        }
        let (certificate, authority) = Certificate::for_loopback()?;
        if let Some(path) = &self.ca_path {
            fs::write(path, authority).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(certificate)
    }
}

fn end_with_stdin() {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    std::process::exit(0);
}

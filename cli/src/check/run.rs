//! Runs the steps of a check.

use std::collections::HashSet;

use anyhow::{Result, anyhow};
use irsa::Settings;
use irsa_explain::check::Location;
use manifest_reader::Position;
use serde_json::Value;

use super::config::{Config, FILE};
use super::input::Input;
use super::policy::FoundSettings;
use super::positions::Positions;
use super::progress::Progress;
use super::restarts::{self, StalePod};
use super::review::{Checker, Found, object_name};
use super::skipped::{self, own_finding};
use super::{Args, ignore, names};
use crate::documents::{InputObject, Parsed, Source};
use crate::iam;
use crate::report::{Finding, ObjectName, Page, Report, Unreadable};

/// Checks the input that the arguments name, and returns the report.
///
/// # Errors
/// Fails if an argument is invalid, if settings that are not from the input are invalid, or if the standard input or a
/// file about IAM can't be read.
pub fn run(args: &Args, config: &Config) -> Result<Report> {
    let namespace = args.default_namespace(config)?;
    let issuers = args.issuers()?;
    let (mut input, kept) = Input::read(args, config, &namespace)?;
    let given = FoundSettings::given(args, config)?;
    let found = given.or_else(|| input.settings.take()).unwrap_or_default();
    let (found, invalid) = valid_settings(found, &input)?;
    // New objects are checked in mode `Mutate`, which injects. Running pods are checked in mode `Validate`, which
    // checks what was injected.
    let (json, live_json) = (found.in_mode("Mutate"), found.in_mode("Validate"));
    let (settings, settings_of_live) = (parse(&json)?, parse(&live_json)?);
    let checker = Checker {
        index: &input.index,
        settings: &settings,
        settings_of_live: &settings_of_live,
        namespace: &namespace,
        is_strict: args.strict || config.strict,
    };
    let unused = unused_role_mappings(&input, &settings).filter(|_| invalid.is_none());
    let has_unused_mappings = unused.is_some();
    let founds = invalid.into_iter().chain(unused).collect();
    let mut pass = Pass { has_unused_mappings, founds, ..Pass::default() };
    pass.report.unreadable.clone_from(&input.unreadable);
    pass.check_files(&checker, &input, kept);
    let Pass { mut report, mut founds, stale, comments, .. } = pass;
    if !args.iam.is_empty() {
        let fleet = iam::Fleet {
            index: &input.index,
            settings: &settings,
            settings_json: &json,
            issuers: &issuers,
            is_strict: checker.is_strict,
        };
        let outcome = iam::check(&iam::read(&args.iam)?, &fleet);
        founds.extend(outcome.in_accounts);
        report.findings.extend(outcome.in_files);
        report.fleet = outcome.rows;
    }
    let positions = Positions::find(&input.sources, &founds);
    report.findings.extend(distinct(founds).into_iter().map(|found| finding(found, &input.sources, &positions)));
    report.restarts = restarts::commands(&stale);
    apply_ignores(&mut report, config, comments, &input.sources);
    if report.checked.is_empty() {
        skipped::reject_charts(&mut report);
    }
    if report.checked.is_empty() && report.unreadable.is_empty() {
        let message = "the input has no Kubernetes object".to_owned();
        let file = input.sources.first().map_or_else(String::new, |source| source.name.clone());
        report.unreadable.push(Unreadable { file, at: None, message });
    }
    let order = |finding: &Finding| (finding.file.clone(), finding.at, finding.name);
    report.findings.sort_by_cached_key(order);
    Ok(report.printable())
}

fn parse(json: &str) -> Result<Settings<'_>> {
    Settings::parse(json).map_err(|errors| anyhow!("the policy's settings are invalid:\n{errors}"))
}

/// Returns the settings if they are valid. If settings from the input are invalid, returns the defaults and a finding.
///
/// # Errors
/// Fails if settings that are not from the input are invalid.
fn valid_settings(found: FoundSettings, input: &Input) -> Result<(FoundSettings, Option<Found>)> {
    let Err(errors) = Settings::parse(&found.json) else { return Ok((found, None)) };
    let Some(location) = found.location else {
        return Err(anyhow!("the policy's settings are invalid:\n{errors}"));
    };
    Ok((FoundSettings::default(), Some(invalid_settings(&errors.to_string(), location, input))))
}

/// The second pass over the input, which checks all objects.
#[derive(Default)]
struct Pass {
    /// Whether the input has role mappings that the settings do not name. A pod may then have its role from them.
    has_unused_mappings: bool,
    report: Report,
    founds: Vec<Found>,
    stale: Vec<StalePod>,
    comments: Vec<(usize, Comments)>,
}

impl Pass {
    /// Checks the objects of all files. `kept` contains the parsed files of the first pass: `None` for a file to parse
    /// again.
    fn check_files(&mut self, checker: &Checker<'_>, input: &Input, kept: Vec<Option<Parsed>>) {
        self.report.files = input.sources.len();
        let mut progress = Progress::start();
        for (file, (source, kept)) in input.sources.iter().zip(kept).enumerate() {
            progress.show(file, input.sources.len());
            let parsed = kept.unwrap_or_else(|| source.parse(checker.is_strict));
            skipped::take(&mut self.report, source, &parsed, checker.is_strict);
            for object in parsed.objects.iter().filter(|object| !input.is_owned(object, checker.namespace)) {
                self.report.checked.push((source.name.clone(), object_name(object, checker.namespace)));
                self.check_object(checker, file, object, input);
            }
            self.comments.push((file, ignore::comments(&parsed.comments)));
        }
    }

    fn check_object(&mut self, checker: &Checker<'_>, file: usize, object: &InputObject, input: &Input) {
        let mut founds = checker.check(file, object);
        if restarts::is_running(object) {
            let namespace = object.head.namespace(checker.namespace);
            let workload = restarts::workload_of(object, namespace, &input.owners);
            let template = workload.and_then(|(kind, name)| input.templates.get(&(kind, namespace.to_owned(), name)));
            founds.extend(restarts::stale(checker, file, object, template));
            // The account has no role, but the pod has a token for STS.
            if self.has_unused_mappings && founds.iter().any(|found| found.name == "foreignToken") {
                founds.retain(|found| !matches!(found.name, "foreignToken" | "stalePod"));
            }
            if founds.iter().any(|found| matches!(found.name, "stalePod" | "notInjected")) {
                self.stale.push(StalePod::new(object, namespace, &input.owners));
            }
        }
        self.founds.extend(founds);
    }
}

fn invalid_settings(errors: &str, location: Location, input: &Input) -> Found {
    let name = input.sources.get(location.file).map(|source| source.name.clone()).unwrap_or_default();
    Found {
        name: names::INVALID_SETTINGS.name,
        level: names::INVALID_SETTINGS.level,
        message: format!("the policy's settings are invalid: {}", errors.lines().collect::<Vec<_>>().join("; ")),
        fix: Some("correct the settings: the other findings use the default settings".into()),
        location,
        object: ObjectName {
            api_version: "policies.kubewarden.io/v1".to_owned(),
            kind: "ClusterAdmissionPolicy".to_owned(),
            namespace: None,
            name,
        },
        is_in_account: false,
    }
}

/// Reports the ConfigMap of kOps's webhook, if it has role mappings and the settings name no ConfigMap.
fn unused_role_mappings(input: &Input, settings: &Settings<'_>) -> Option<Found> {
    const NAMESPACE: &str = "kube-system";
    const NAME: &str = "pod-identity-webhook";
    let own = names::UNUSED_ROLE_MAPPINGS;
    let entry = input.index.find("ConfigMap", NAMESPACE, NAME, usize::MAX);
    let entry = entry.filter(|_| settings.roles_config_map.is_none())?;
    let config_map: Value = serde_json::from_str(&entry.json).ok()?;
    let mappings: Value = serde_json::from_str(config_map.pointer("/data/config")?.as_str()?).ok()?;
    if mappings.as_object()?.is_empty() {
        return None;
    }
    let location = entry.location.child("/data/config");
    let fix = format!(
        "add `rolesConfigMap: {{namespace: {NAMESPACE}, name: {NAME}}}` where the policy's other settings are: in its manifest or in the file of `--settings`"
    );
    Some(Found {
        name: own.name,
        level: own.level,
        message: format!(
            "ConfigMap `{NAMESPACE}/{NAME}` has role mappings, but the settings do not name it in `rolesConfigMap`: pods whose role is in this ConfigMap are not checked"
        ),
        fix: Some(fix.into()),
        location,
        object: ObjectName {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: Some(NAMESPACE.to_owned()),
            name: NAME.to_owned(),
        },
        is_in_account: false,
    })
}

/// Removes repeated findings. A finding in a service account is found again with each pod that uses the account. A note
/// about an account or ConfigMap that is not in the input is the same for each object.
fn distinct(founds: Vec<Found>) -> Vec<Found> {
    let is_of_account = |found: &Found| found.object.kind == "ServiceAccount";
    let key =
        |found: &Found| (found.name, found.location.file, found.location.document, found.location.pointer.clone());
    let of_accounts: HashSet<_> = founds.iter().filter(|found| is_of_account(found)).map(key).collect();
    let mut seen = HashSet::new();
    founds
        .into_iter()
        .filter(|found| {
            if found.name == names::UNKNOWN_SERVICE_ACCOUNT.name || found.name == names::UNKNOWN_CONFIG_MAP.name {
                return seen.insert(found.message.clone());
            }
            !found.is_in_account
                || is_of_account(found)
                || (!of_accounts.contains(&key(found)) && seen.insert(format!("{:?}", key(found))))
        })
        .collect()
}

fn finding(found: Found, sources: &[Source], positions: &Positions) -> Finding {
    let at = positions.get(&found.location);
    let is_own = !irsa::FindingKind::NAMES.contains(&found.name);
    Finding {
        name: found.name,
        level: found.level,
        message: found.message,
        fix: found.fix,
        page: if is_own { Page::Check } else { Page::Findings },
        file: sources.get(found.location.file).map(|source| source.name.clone()).unwrap_or_default(),
        at,
        object: Some(found.object),
        ignored: None,
    }
}

type Comments = (Vec<ignore::IgnoreComment>, Vec<(Position, String)>);

/// Marks the ignored findings, and reports the comments and rules that are invalid or ignore nothing.
fn apply_ignores(report: &mut Report, config: &Config, comments: Vec<(usize, Comments)>, sources: &[Source]) {
    let mut own = Vec::new();
    for (file, (comments, invalid)) in comments {
        let Some(source) = sources.get(file).filter(|_| !comments.is_empty() || !invalid.is_empty()) else { continue };
        let mut of_file: Vec<&mut Finding> =
            report.findings.iter_mut().filter(|finding| finding.file == source.name).collect();
        for (at, names) in ignore::apply_comments(comments, &mut of_file) {
            let message =
                format!("this comment ignores `{names}`, but its line has no such finding: remove the comment");
            own.push(own_finding(names::UNUSED_IGNORE, message, &source.name, Some(at)));
        }
        for (at, message) in invalid {
            own.push(own_finding(names::INVALID_IGNORE, message, &source.name, Some(at)));
        }
    }
    for rule in ignore::apply_rules(config, &mut report.findings) {
        let message =
            format!("this entry ignores `{}`, but the input has no such finding: remove the entry", rule.finding);
        own.push(own_finding(names::UNUSED_IGNORE, message, FILE, None));
    }
    report.findings.extend(own);
}

//! The steps of a check.

use std::collections::{BTreeMap, HashSet};
use std::fs;

use anyhow::{Context, Result};
use irsa::Settings;
use manifest_reader::{Position, documents};
use serde_json::Value;

use super::config::{Config, FILE};
use super::index::{Index, Location};
use super::policy::FoundSettings;
use super::progress::Progress;
use super::restarts::{self, Owners, StalePod, Templates};
use super::review::{Checker, Found, object_name};
use super::{Args, ignore, names};
use crate::documents::{InputObject, Parsed, Skipped, SkippedKind, Source, sources};
use crate::files::single_document;
use crate::iam;
use crate::report::{Finding, ObjectName, Page, Report, Unreadable};

/// How many bytes of the input's text stay in memory between the two passes. A larger input is read twice.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// Checks the input of the arguments.
pub fn run(args: &Args, config: &Config) -> Result<Report> {
    let namespace = args.default_namespace(config)?;
    let issuers = args.issuers()?;
    let is_strict = args.strict || config.strict;
    let mut input = Input::read(args, config, &namespace)?;
    let given = given_settings(args, config)?;
    let found = given.or_else(|| input.settings.take()).unwrap_or_else(|| FoundSettings::given("{}".to_owned()));
    let live_json = found.in_mode("Validate");
    let mut founds: Vec<Found> = Vec::new();
    let settings = match Settings::parse(&found.json) {
        Ok(settings) => settings,
        Err(errors) => {
            let location = found.location.clone().context(format!("the policy's settings are invalid:\n{errors}"))?;
            founds.push(invalid_settings(&errors.to_string(), location, &input));
            Settings::default()
        }
    };
    let settings_of_live = Settings::parse(&live_json).unwrap_or_default();
    let checker = Checker {
        index: &input.index,
        settings: &settings,
        settings_of_live: &settings_of_live,
        namespace: &namespace,
        is_strict,
    };
    let mut report = Report { files: input.sources.len(), unreadable: input.unreadable.clone(), ..Report::default() };
    let mut stale = Vec::new();
    let mut progress = Progress::start();
    let mut comments = Vec::new();
    for (file, source) in input.sources.iter().enumerate() {
        progress.show(file, input.sources.len());
        let parsed = match input.kept.get_mut(file).and_then(Option::take) {
            Some(parsed) => parsed,
            None => source.parse(is_strict),
        };
        take_skipped(&mut report, source, &parsed, is_strict);
        for object in &parsed.objects {
            if input.is_owned(object, &namespace) {
                continue;
            }
            report.checked.push((source.name.clone(), object_name(object, &namespace)));
            let mut of_object = checker.check(file, object);
            if restarts::is_running(object) {
                let own = object.head.namespace(&namespace);
                let workload = restarts::workload_of(object, own, &input.owners);
                let template = workload.and_then(|(kind, name)| input.templates.get(&(kind, own.to_owned(), name)));
                of_object.extend(restarts::stale(&checker, file, object, template));
                if of_object.iter().any(|found| matches!(found.name, "stalePod" | "notInjected")) {
                    stale.push(StalePod::new(object, own, &input.owners));
                }
            }
            founds.extend(of_object);
        }
        comments.push((file, ignore::comments(&parsed.comments)));
    }
    drop(progress);
    if !args.iam.is_empty() {
        let fleet =
            iam::Fleet { index: &input.index, settings: &settings, settings_json: &found.json, issuers: &issuers };
        let outcome = iam::check(&iam::read(&args.iam)?, &fleet);
        founds.extend(outcome.in_accounts);
        report.findings.extend(outcome.in_files);
        report.fleet = outcome.rows;
    }
    let positions = Positions::find(&input.sources, &founds);
    report.findings.extend(distinct(founds).into_iter().map(|found| finding(found, &input.sources, &positions)));
    report.restarts = restarts::commands(&stale);
    apply_ignores(&mut report, config, comments, &input.sources);
    if report.checked.is_empty() && report.unreadable.is_empty() {
        let message = "the input has no Kubernetes object".to_owned();
        let file = input.sources.first().map_or_else(String::new, |source| source.name.clone());
        report.unreadable.push(Unreadable { file, at: None, message });
    }
    let order = |finding: &Finding| (finding.file.clone(), finding.at, finding.name);
    report.findings.sort_by_cached_key(order);
    Ok(report)
}

/// The settings of the command line, or of `.irsa.yaml`.
fn given_settings(args: &Args, config: &Config) -> Result<Option<FoundSettings>> {
    let json = match (args.settings.read()?, &config.settings) {
        (Some(json), _) => Some(json),
        (None, Some(path)) => {
            let path = config.directory.join(path);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`, which `{FILE}` names", path.display()))?;
            Some(single_document(&text)?.unwrap_or_else(|| "{}".to_owned()))
        }
        (None, None) => None,
    };
    Ok(json.map(FoundSettings::given))
}

/// The input, after the first pass.
struct Input {
    sources: Vec<Source>,
    /// The objects of each file that stay in memory.
    kept: Vec<Option<Parsed>>,
    index: Index,
    settings: Option<FoundSettings>,
    templates: Templates,
    owners: Owners,
    /// The workloads of the input, as kind, namespace and name.
    workloads: HashSet<(String, String, String)>,
    unreadable: Vec<Unreadable>,
}

impl Input {
    fn read(args: &Args, config: &Config, namespace: &str) -> Result<Self> {
        let walk = sources(&args.inputs(), &|file| config.excludes(file))?;
        let mut input = Self {
            kept: Vec::new(),
            index: Index::default(),
            settings: None,
            templates: Templates::new(),
            owners: Owners::new(),
            workloads: HashSet::new(),
            unreadable: walk
                .unreadable
                .into_iter()
                .map(|(file, message)| Unreadable { file, at: None, message })
                .collect(),
            sources: walk.sources,
        };
        let mut budget = KEPT_BYTES;
        for file in 0..input.sources.len() {
            let Some(source) = input.sources.get(file) else { break };
            let parsed = source.parse(args.strict || config.strict);
            for object in &parsed.objects {
                input.add(file, object, namespace);
            }
            let size = parsed.objects.iter().map(|object| object.json.len()).fold(0, usize::saturating_add);
            input.kept.push((size <= budget).then_some(parsed));
            budget = budget.saturating_sub(size);
        }
        Ok(input)
    }

    fn add(&mut self, file: usize, object: &InputObject, default_namespace: &str) {
        self.index.add(file, object, default_namespace);
        if let Some(settings) = FoundSettings::of_manifest(file, object)
            && settings.replaces(self.settings.as_ref())
        {
            self.settings = Some(settings);
        }
        let head = &object.head;
        let key = || (head.kind.clone(), head.namespace(default_namespace).to_owned(), head.name());
        if let Some(owner) = head.controller() {
            self.owners.insert(key(), (owner.kind.clone(), owner.name.clone()));
        }
        if matches!(head.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") {
            self.workloads.insert(key());
            // Running pods come from the template that the cluster has, not from one that is yet to be applied.
            if head.is_live() {
                let value: Value = serde_json::from_str(&object.json).unwrap_or_default();
                self.templates.extend(value.pointer("/spec/template").map(|template| (key(), template.clone())));
            }
        }
    }

    /// Whether a workload of the input creates this object, so that it says the same: a `ReplicaSet` or a Job of a
    /// cluster.
    fn is_owned(&self, object: &InputObject, default_namespace: &str) -> bool {
        let head = &object.head;
        let (true, Some(owner)) = (head.is_live() && head.kind != "Pod", head.controller()) else { return false };
        let namespace = head.namespace(default_namespace).to_owned();
        self.workloads.contains(&(owner.kind.clone(), namespace, owner.name.clone()))
    }
}

fn invalid_settings(errors: &str, location: Location, input: &Input) -> Found {
    let name = input.sources.get(location.file).map(|source| source.name.clone()).unwrap_or_default();
    Found {
        name: names::INVALID_SETTINGS.name,
        level: names::INVALID_SETTINGS.level,
        message: format!("the policy's settings are invalid: {}", errors.lines().collect::<Vec<_>>().join("; ")),
        fix: Some("correct the settings. The other findings are by the default settings".to_owned()),
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

/// Adds the documents that are not checked to the report.
fn take_skipped(report: &mut Report, source: &Source, parsed: &Parsed, is_strict: bool) {
    for skipped in &parsed.skipped {
        let Skipped { kind, at, message } = skipped.clone();
        // A file that the command line names is there to be checked.
        let is_error = match kind {
            SkippedKind::Unreadable => true,
            SkippedKind::Template => source.is_named || is_strict,
            SkippedKind::Patch | SkippedKind::Fragment | SkippedKind::Kubeconfig => {
                source.is_named && parsed.objects.is_empty()
            }
            SkippedKind::DuplicateKey => false,
        };
        if is_error {
            report.unreadable.push(Unreadable { file: source.name.clone(), at: Some(at), message });
            continue;
        }
        let own = match kind {
            SkippedKind::Unreadable | SkippedKind::Template => names::TEMPLATE,
            SkippedKind::Patch => names::PATCH,
            SkippedKind::Fragment => names::FRAGMENT,
            SkippedKind::Kubeconfig => names::KUBECONFIG,
            SkippedKind::DuplicateKey => names::DUPLICATE_KEY,
        };
        if kind != SkippedKind::DuplicateKey {
            report.skipped = report.skipped.saturating_add(1);
        }
        report.findings.push(own_finding(own, message, &source.name, Some(at)));
    }
    if source.is_named && parsed.objects.is_empty() && parsed.skipped.is_empty() {
        let message = "expected Kubernetes objects, but got none".to_owned();
        report.unreadable.push(Unreadable { file: source.name.clone(), at: None, message });
    }
}

/// A finding of this command that is about a place, not an object.
fn own_finding(own: names::OwnFinding, message: String, file: &str, at: Option<Position>) -> Finding {
    Finding {
        name: own.name,
        level: own.level,
        message,
        fix: None,
        page: Page::Check,
        file: file.to_owned(),
        at,
        object: None,
        ignored: None,
    }
}

/// The lines and columns of locations.
struct Positions(BTreeMap<(usize, usize, String), Position>);

impl Positions {
    /// Reads the files that have findings again, with positions.
    fn find(sources: &[Source], founds: &[Found]) -> Self {
        let mut files: BTreeMap<usize, Vec<&Location>> = BTreeMap::new();
        for found in founds {
            files.entry(found.location.file).or_default().push(&found.location);
        }
        let mut positions = BTreeMap::new();
        for (file, locations) in files {
            let Some(Ok(text)) = sources.get(file).map(Source::text) else { continue };
            let documents = documents(&text);
            for location in locations {
                let Some(Ok(document)) = documents.get(location.document) else { continue };
                let at = document.place(&location.pointer).map_or(document.start(), |place| place.key);
                positions.insert((file, location.document, location.pointer.clone()), at);
            }
        }
        Self(positions)
    }

    fn get(&self, location: &Location) -> Option<Position> {
        self.0.get(&(location.file, location.document, location.pointer.clone())).copied()
    }
}

/// Each finding once: one in a service account is found again with each pod that uses it, and a note is the same for
/// each object.
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

/// Marks what does not count, and reports what ignores nothing.
fn apply_ignores(report: &mut Report, config: &Config, comments: Vec<(usize, Comments)>, sources: &[Source]) {
    let mut own = Vec::new();
    for (file, (comments, invalid)) in comments {
        let Some(source) = sources.get(file).filter(|_| !comments.is_empty() || !invalid.is_empty()) else { continue };
        let mut of_file: Vec<&mut Finding> =
            report.findings.iter_mut().filter(|finding| finding.file == source.name).collect();
        for (at, names) in ignore::apply_comments(comments, &mut of_file) {
            let message = format!("this comment ignores `{names}`, but its line does not have this finding: remove it");
            own.push(own_finding(names::UNUSED_IGNORE, message, &source.name, Some(at)));
        }
        for (at, message) in invalid {
            own.push(own_finding(names::INVALID_IGNORE, message, &source.name, Some(at)));
        }
    }
    for rule in ignore::apply_rules(config, &mut report.findings) {
        let message =
            format!("this entry ignores `{}`, but the input does not have this finding: remove it", rule.finding);
        own.push(own_finding(names::UNUSED_IGNORE, message, FILE, None));
    }
    report.findings.extend(own);
}

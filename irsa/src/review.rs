//! A request reviewed: from what was read to what is answered.

use std::borrow::Cow;

use crate::annotation;
use crate::check::{self, Outcome, check_pod};
use crate::cluster::Cluster;
use crate::edit::Edits;
use crate::finding::{Action, Finding, FindingKind, LINE_LIMIT, WARNING_LIMIT, printable};
use crate::findings::Findings;
use crate::identity::Source;
use crate::json::{self, Field, Reader, Span, Unreadable, path_text};
use crate::lookups::Lookups;
use crate::metadata::Metadata;
use crate::names::is_dns_label;
use crate::request::{Document, Operation, Request};
use crate::service_account::{AccountAnnotations, ServiceAccount};
use crate::settings::{Settings, SettingsErrors};
use crate::workload::{Template, Workload};

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What was decided.
    pub decision: Decision,
    /// Why the request is refused, where it is.
    pub rejection: Option<Rejection>,
    /// What was found and is not ignored, in the order in which it is reported.
    pub findings: Vec<Finding>,
    /// What whoever made the request should know; each of 256 bytes at the most.
    pub warnings: Vec<String>,
    /// What was decided and why, for the audit log.
    pub audit_annotations: Vec<(&'static str, String)>,
    /// What is added to the object. It is empty but for [`Decision::Injected`].
    pub edits: Edits,
    /// Where the object that is added to stands in the request's text.
    pub object: Span,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// An identity was added to the pod.
    Injected,
    /// There was nothing to add.
    Unchanged,
    /// The object is none of those that are looked at.
    Skipped,
    /// The request is refused.
    Rejected,
}

impl Decision {
    /// The decision's name, in audit annotations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status: 400 for what cannot be read, 500 where a lookup failed, else 403.
    pub code: u16,
    /// A line for each reason.
    pub message: String,
}

impl Review {
    /// Reviews a request.
    #[must_use]
    pub fn new(request: &Request<'_>, settings: &Settings<'_>, cluster: &mut dyn Cluster) -> Self {
        review(request, settings, cluster).unwrap_or_else(|unreadable| Self::unreadable(&unreadable))
    }

    /// Refuses what cannot be read.
    #[must_use]
    pub fn unreadable(unreadable: &Unreadable) -> Self {
        Self::rejected(400, printable(&unreadable.to_string(), LINE_LIMIT))
    }

    /// Refuses any request, since the settings are wrong.
    #[must_use]
    pub fn misconfigured(errors: &SettingsErrors) -> Self {
        Self::rejected(500, format!("the policy's settings are wrong:\n{errors}"))
    }

    fn skipped() -> Self {
        Self::plain(Decision::Skipped, None)
    }

    fn rejected(code: u16, message: String) -> Self {
        Self::plain(Decision::Rejected, Some(Rejection { code, message }))
    }

    fn plain(decision: Decision, rejection: Option<Rejection>) -> Self {
        Self {
            decision,
            rejection,
            findings: Vec::new(),
            warnings: Vec::new(),
            audit_annotations: vec![("decision", decision.name().to_owned())],
            edits: Edits::default(),
            object: Span::default(),
        }
    }
}

/// What is done about a request, by what it is about. Anything that is not named here is accepted untouched.
fn review(request: &Request<'_>, settings: &Settings<'_>, cluster: &mut dyn Cluster) -> json::Result<Review> {
    let is_write = matches!(request.operation, Operation::Create | Operation::Update);
    if request.is_subresource || !is_write {
        return Ok(Review::skipped());
    }
    if request.kind.is_pod() {
        // Once a pod is made, its volumes and its environment stay as they are.
        return match request.operation {
            Operation::Create => review_pod(request, settings, cluster),
            _ => Ok(Review::skipped()),
        };
    }
    if request.kind.is("", "v1", "ServiceAccount") {
        return review_account(request, settings);
    }
    match Workload::of_kind(&request.kind, settings) {
        Some(workload) => review_workload(request, &workload, settings, cluster),
        None => Ok(Review::skipped()),
    }
}

fn review_pod(request: &Request<'_>, settings: &Settings<'_>, cluster: &mut dyn Cluster) -> json::Result<Review> {
    let document = object(request)?;
    let pod = document.pod().map_err(|error| error.within("object"))?;
    // The API server forbids service accounts on the images of static pods.
    if pod.metadata.get().is_some_and(Metadata::is_mirror_pod) {
        return Ok(Review::skipped());
    }
    let mut findings = Findings::new(&settings.actions);
    let namespace = namespace(request)?;
    let mut lookups = Lookups::new(cluster, settings, &namespace);
    let outcome = check_pod(&pod, &request.uid.decode(), settings, &mut lookups, &mut findings)
        .map_err(|error| error.within("object"))?;
    Ok(Review { object: document.span, ..conclude(vec![outcome], findings, &[]) })
}

fn review_account(request: &Request<'_>, settings: &Settings<'_>) -> json::Result<Review> {
    let document = object(request)?;
    let metadata = read_metadata(document)?;
    if request.operation == Operation::Update && metadata.is_terminating {
        return Ok(Review::skipped());
    }
    let prefix = &settings.annotation_prefix;
    let account = ServiceAccount {
        namespace: namespace(request)?.into_owned(),
        name: metadata.name.decode().into_owned(),
        annotations: AccountAnnotations::new(&metadata.annotations, prefix),
    };
    let mut findings = Findings::new(&settings.actions);
    let role = check::check_account(&account, settings, &mut findings);
    let old = request.old_object.get().and_then(|old| read_metadata(old).ok());
    if old.is_some_and(|old| AccountAnnotations::new(&old.annotations, prefix) == account.annotations) {
        findings.soften();
    }
    let outcome = Outcome {
        service_account: Some(format!("{}/{}", account.namespace, account.name)),
        source: role.as_ref().map(|_| Source::Annotation),
        role,
        ..Outcome::default()
    };
    Ok(conclude(vec![outcome], findings, &[]))
}

fn review_workload(
    request: &Request<'_>,
    workload: &Workload<'_>,
    settings: &Settings<'_>,
    cluster: &mut dyn Cluster,
) -> json::Result<Review> {
    let document = object(request)?;
    // A new object is not being deleted.
    if request.operation == Operation::Update && read_metadata(document)?.is_terminating {
        return Ok(Review::skipped());
    }
    let templates = workload.templates(document.text).map_err(|error| error.within("object"))?;
    let old = request.old_object.get().and_then(|old| workload.templates(old.text).ok());
    let is_unchanged = old.is_some_and(|old| say_the_same(&old, &templates, settings));
    let findings = Findings::new(&settings.actions);
    if templates.is_empty() {
        return Ok(conclude(Vec::new(), findings, &[]));
    }
    if !workload.is_built_in() && request.namespace.is_empty() {
        return Err(Unreadable::missing("one (`customWorkloads` is for namespaced kinds)").within("namespace"));
    }
    let namespace = namespace(request)?;
    let lookups = Lookups::new(cluster, settings, &namespace);
    review_templates(&templates, is_unchanged, &request.uid.decode(), settings, lookups, findings)
}

/// Reviews pod templates. What is unreadable, and was so before, locks nobody in: their pods will be checked.
fn review_templates(
    templates: &[Template<'_>],
    is_unchanged: bool,
    request_uid: &str,
    settings: &Settings<'_>,
    mut lookups: Lookups<'_>,
    mut findings: Findings<'_>,
) -> json::Result<Review> {
    let within = |error: Unreadable, path: &str| error.within(path).within("object");
    let mut unreadable = Vec::new();
    for Template { path, pod, .. } in templates {
        if let Err(error) = pod {
            let error = within(error.clone(), &path_text(path));
            if !is_unchanged {
                return Err(error);
            }
            unreadable.push(error);
        }
    }
    let mut outcomes = Vec::new();
    for (index, Template { path, pod, .. }) in templates.iter().enumerate() {
        let Ok(pod) = pod else { continue };
        let path = path_text(path);
        findings.enter_template(index, path.clone());
        match check_pod(pod, request_uid, settings, &mut lookups, &mut findings) {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => unreadable.push(within(error, &path)),
        }
    }
    if !is_unchanged {
        return Ok(conclude(outcomes, findings, &unreadable));
    }
    findings.soften();
    let mut review = conclude(outcomes, findings, &[]);
    review.warnings.extend(unreadable.iter().map(|error| printable(&error.to_string(), WARNING_LIMIT)));
    Ok(review)
}

/// Whether nothing that is read was changed, so that nobody is locked in by what was there before.
fn say_the_same(old: &[Template<'_>], new: &[Template<'_>], settings: &Settings<'_>) -> bool {
    let is_relevant = |key: &str| annotation::is_relevant(key, &settings.annotation_prefix);
    let says_the_same = |old: &Template<'_>, new: &Template<'_>| match (&old.pod, &new.pod) {
        (Ok(old), Ok(new)) => old.says_the_same(new, is_relevant),
        // What it says is not known, so that it is the same can only be told by its text.
        _ => old.text == new.text,
    };
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.path == new.path && says_the_same(old, new))
}

fn object<'r, 'j>(request: &'r Request<'j>) -> json::Result<&'r Document<'j>> {
    request.object.get().ok_or_else(|| Unreadable::missing("an object").within("object"))
}

/// The namespace of the request, which is asked for as it is.
fn namespace<'j>(request: &Request<'j>) -> json::Result<Cow<'j, str>> {
    let namespace = request.namespace.decode();
    if is_dns_label(&namespace) {
        return Ok(namespace);
    }
    Err(Unreadable::value("the name of a namespace").within("namespace"))
}

fn read_metadata<'j>(document: &Document<'j>) -> json::Result<Metadata<'j>> {
    let mut metadata = Field::Missing;
    let read = Reader::new(document.text).object(|reader, key| match key {
        "metadata" => metadata.read(reader, Metadata::read),
        _ => reader.skip(),
    });
    read.map_err(|error| error.within("object"))?;
    Ok(metadata.into_value())
}

/// The answer that comes of what was found, and of what could not be read.
fn conclude(outcomes: Vec<Outcome>, findings: Findings<'_>, unreadable: &[Unreadable]) -> Review {
    let mut audit_annotations = Vec::new();
    let mut annotate = |key, values: &mut dyn Iterator<Item = &str>| {
        let values = distinct(values);
        if !values.is_empty() {
            audit_annotations.push((key, values.join(",")));
        }
    };
    annotate("role-arn", &mut outcomes.iter().filter_map(|outcome| outcome.role.as_deref()));
    annotate("role-source", &mut outcomes.iter().filter_map(|outcome| outcome.source.map(Source::name)));
    annotate("service-account", &mut outcomes.iter().filter_map(|outcome| outcome.service_account.as_deref()));
    annotate("findings", &mut findings.names());

    let findings = findings.into_made();
    let mut warnings = Vec::new();
    let mut rejection: Option<Rejection> = None;
    let mut refuse = |code, line: &str| {
        let rejection = rejection.get_or_insert(Rejection { code, message: String::new() });
        // The 400s come first, and a 500 counts before any 403.
        if rejection.code == 403 {
            rejection.code = code;
        }
        if !rejection.message.is_empty() {
            rejection.message.push('\n');
        }
        rejection.message.push_str(line);
    };
    for error in unreadable {
        refuse(400, &printable(&error.to_string(), LINE_LIMIT));
    }
    for finding in &findings {
        match finding.action {
            Action::Ignore => {}
            Action::Warn => warnings.push(finding.warning()),
            Action::Reject if finding.kind == FindingKind::LookupFailed => refuse(500, &finding.line()),
            Action::Reject => refuse(403, &finding.line()),
        }
    }
    let all_opted_out = !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.opted_out);
    // Only a pod is added to, and it is the one outcome of its request.
    let edits = outcomes.into_iter().next().map(|outcome| outcome.edits).unwrap_or_default();
    let decision = match &rejection {
        Some(_) => Decision::Rejected,
        None if all_opted_out => Decision::Skipped,
        None if edits.is_empty() => Decision::Unchanged,
        None => Decision::Injected,
    };
    audit_annotations.push(("decision", decision.name().to_owned()));
    let edits = if decision == Decision::Injected { edits } else { Edits::default() };
    Review { decision, rejection, findings, warnings, audit_annotations, edits, object: Span::default() }
}

/// The values, each once, in the order in which they first come.
fn distinct<'v>(values: &mut dyn Iterator<Item = &'v str>) -> Vec<&'v str> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

//! Workloads, and the paths of their pod templates.

use super::kind::GroupVersionKind;
use super::pod::Pod;
use crate::json::{self, Attempt, Reader, Segment, Unreadable};
use crate::settings::{Settings, Step, TemplatePath};

/// A pod template of a workload.
#[derive(Debug, Clone)]
pub struct Template<'j> {
    /// Its path in the workload.
    pub path: Vec<Segment>,
    /// Its text.
    pub text: &'j str,
    /// What is read of it, or why it cannot be read.
    pub(crate) pod: json::Result<Pod<'j>>,
}

/// The built-in kinds that make pods: group, version, kind, path of the pod template.
const BUILT_IN: [(&str, &str, &str, &[&str]); 8] = [
    ("apps", "v1", "Deployment", &["spec", "template"]),
    ("apps", "v1", "StatefulSet", &["spec", "template"]),
    ("apps", "v1", "DaemonSet", &["spec", "template"]),
    ("apps", "v1", "ReplicaSet", &["spec", "template"]),
    ("", "v1", "ReplicationController", &["spec", "template"]),
    ("batch", "v1", "Job", &["spec", "template"]),
    ("batch", "v1", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("", "v1", "PodTemplate", &["template"]),
];

/// A kind that makes pods, and the paths of its templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload<'a> {
    /// The path in a built-in kind, which must have a template.
    built_in: Option<TemplatePath<'static>>,
    /// The paths from the setting `customWorkloads`.
    custom: Vec<&'a TemplatePath<'a>>,
}

impl<'a> Workload<'a> {
    /// The workload of a kind. `None` if the kind is neither built in nor in `customWorkloads`.
    #[must_use]
    pub fn of_kind(kind: &GroupVersionKind<'_>, settings: &'a Settings<'a>) -> Option<Self> {
        let built_in = BUILT_IN.iter().find(|(group, version, name, _)| kind.is(group, version, name));
        let built_in = built_in.map(|(_, _, _, path)| TemplatePath::of_names(path));
        let entries = settings.custom_workloads.iter();
        let entries = entries.filter(|entry| kind.is(&entry.group, &entry.version, &entry.kind));
        let custom: Vec<_> = entries.flat_map(|entry| &entry.pod_templates).collect();
        (built_in.is_some() || !custom.is_empty()).then_some(Self { built_in, custom })
    }

    /// Whether it is a built-in kind.
    pub(crate) fn is_built_in(&self) -> bool {
        self.built_in.is_some()
    }

    /// The pod templates in a workload's text: by path, and within one path by position.
    ///
    /// # Errors
    /// Fails if a value on the path has the wrong type, and if a built-in kind has no template.
    pub fn templates<'j>(&self, text: &'j str) -> json::Result<Vec<Template<'j>>> {
        let mut templates = Vec::new();
        if let Some(path) = &self.built_in {
            templates = follow(path, text, true)?;
            if templates.is_empty() {
                let names: Vec<&str> = path.steps().iter().filter_map(Step::name).collect();
                return Err(Unreadable::missing("a pod template").within(&names.join(".")));
            }
        }
        for path in &self.custom {
            let mut found = follow(path, text, false)?;
            // Two paths may lead to the same template.
            found.retain(|template| templates.iter().all(|other: &Template<'_>| other.path != template.path));
            templates.append(&mut found);
        }
        Ok(templates)
    }
}

fn follow<'j>(path: &TemplatePath<'_>, text: &'j str, is_strict: bool) -> json::Result<Vec<Template<'j>>> {
    let mut found = Vec::new();
    let mut walk = Walk { is_strict, at: Vec::new(), found: &mut found };
    walk.follow(&mut Reader::new(text), path.steps())?;
    Ok(found)
}

struct Walk<'w, 'j> {
    /// Whether a value of another type than the path expects is an error. Otherwise the path matches nothing there, as
    /// in JSONPath.
    is_strict: bool,
    at: Vec<Segment>,
    /// In the order of their paths.
    found: &'w mut Vec<Template<'j>>,
}

impl<'j> Walk<'_, 'j> {
    fn follow(&mut self, reader: &mut Reader<'j>, steps: &[Step<'_>]) -> json::Result<()> {
        if reader.is_null() {
            return reader.skip();
        }
        let Some((step, rest)) = steps.split_first() else {
            let Attempt { outcome, text, .. } = reader.attempt(Pod::read)?;
            let at = self.found.partition_point(|other| other.path <= self.at);
            self.found.insert(at, Template { path: self.at.clone(), text, pod: outcome });
            return Ok(());
        };
        let is_array = *step == Step::Wildcard && reader.is_array();
        if is_array {
            return reader
                .array(|reader, index| self.enter(Segment::Index(index), |walk| walk.follow(reader, rest)))
                .map(drop);
        }
        if !self.is_strict && !reader.is_object() {
            return reader.skip();
        }
        let mut seen = false;
        reader
            .object(|reader, key| match step {
                Step::Name(name) if name != key => reader.skip(),
                // Decoders differ in which of two duplicate keys they take.
                Step::Name(_) if std::mem::replace(&mut seen, true) => Err(Unreadable::duplicate()),
                _ => self.enter(Segment::Key(key.to_owned()), |walk| walk.follow(reader, rest)),
            })
            .map(drop)
    }

    fn enter(&mut self, segment: Segment, follow: impl FnOnce(&mut Self) -> json::Result<()>) -> json::Result<()> {
        self.at.push(segment);
        let followed = follow(self);
        self.at.pop();
        followed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::path_text;

    fn paths(workload: &Workload<'_>, text: &str) -> Result<Vec<String>, String> {
        let templates = workload.templates(text).map_err(|error| error.to_string())?;
        Ok(templates.iter().map(|template| path_text(&template.path)).collect())
    }

    fn custom(paths: &[&'static str]) -> Vec<TemplatePath<'static>> {
        paths.iter().map(|path| TemplatePath::new((*path).into()).unwrap()).collect()
    }

    fn found(paths: &[&'static str], text: &str) -> Result<Vec<String>, String> {
        let owned = custom(paths);
        self::paths(&Workload { built_in: None, custom: owned.iter().collect() }, text)
    }

    #[test]
    fn finds_every_template_once_in_the_order_of_paths() {
        let text = r#"{"spec": {"b": [{"t": {"spec": {}}}, {"t": {"spec": {}}}, {}, 7], "a": {"t": {"spec": {}}}}}"#;
        assert_eq!(found(&["$.spec.b[*].t"], text), Ok(vec!["spec.b[0].t".into(), "spec.b[1].t".into()]));
        assert_eq!(
            found(&["$.spec.a.t", "$.spec.*.t", "$.spec.b.*.t"], text),
            Ok(vec!["spec.a.t".into(), "spec.b[0].t".into(), "spec.b[1].t".into()])
        );
        assert_eq!(found(&["$.spec.none.t"], text), Ok(vec![]));
    }

    #[test]
    fn keeps_a_template_that_cannot_be_read_beside_one_that_can() {
        let paths = custom(&["$.spec.b[*].t"]);
        let workload = Workload { built_in: None, custom: paths.iter().collect() };
        let templates = workload.templates(r#"{"spec": {"b": [{"t": {}}, {"t": {"spec": {}}}]}}"#).unwrap();
        let [bad, good] = templates.as_slice() else { panic!("{templates:?}") };
        assert_eq!((bad.text, path_text(&bad.path).as_str()), ("{}", "spec.b[0].t"));
        assert_eq!(bad.pod.as_ref().unwrap_err().to_string(), "`spec`: expected an object, but got none");
        assert!(good.pod.is_ok());
    }

    #[test]
    fn rejects_a_duplicate_key_on_the_path() {
        let error = "`spec`: expected the key once, but got it twice";
        assert_eq!(found(&["$.spec.t"], r#"{"spec": {"t": {"spec": {}}}, "spec": {}}"#), Err(error.into()));
    }

    #[test]
    fn rejects_a_built_in_kind_without_its_template() {
        let plain = json::RawStr::Plain;
        let kind = GroupVersionKind { group: plain("batch"), version: plain("v1"), kind: plain("CronJob") };
        let settings = Settings::default();
        let workload = Workload::of_kind(&kind, &settings).unwrap();
        for text in ["{}", r#"{"spec": {"jobTemplate": {"spec": {"template": null}}}}"#] {
            let error = "`spec.jobTemplate.spec.template`: expected a pod template, but got none";
            assert_eq!(paths(&workload, text), Err(error.into()), "{text}");
        }
        let error = "`spec.jobTemplate`: expected an object, but got a number";
        assert_eq!(paths(&workload, r#"{"spec": {"jobTemplate": 1}}"#), Err(error.into()));
    }
}

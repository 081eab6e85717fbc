//! Workloads: the kinds that create pods, and the paths to the pod templates in their objects.

use alloc::vec;
use alloc::vec::Vec;

use super::kind::GroupVersionKind;
use super::metadata::Metadata;
use super::target::{Route, SettingPath, Targets};
use super::target_walk::{walk, walk_with_metadata};
use crate::findings::TargetKind;
use crate::json::{self, Reader, Segment, Unreadable};
use crate::settings::{BUILT_IN, CustomWorkload, ObjectPath, Settings, Step};
use crate::util::names::sort;

/// A pod template of a workload.
#[derive(Debug, Clone)]
pub struct Template<'j> {
    /// The path of the template in the workload.
    pub path: Vec<Segment>,
    /// The JSON of the template, which is an object.
    pub text: &'j str,
}

/// A kind that creates pods, and the paths to the parts of its objects that the policy reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload<'a> {
    /// Sorted and distinct, so that paths with the same beginning are neighbors.
    routes: Vec<Route<'a>>,
    is_built_in: bool,
}

/// An object of a built-in kind.
#[derive(Debug, Clone)]
pub(crate) struct WorkloadObject<'j> {
    /// The metadata of the object.
    pub(crate) metadata: Metadata<'j>,
    /// The targets in the object.
    pub(crate) targets: Targets<'j>,
}

impl<'a> Workload<'a> {
    /// Returns the workload of a kind. `None` if the kind is neither built in nor in the setting `customWorkloads`.
    #[must_use]
    pub fn of_kind(kind: &GroupVersionKind<'_>, settings: &'a Settings<'a>) -> Option<Self> {
        if let Some(built_in) = Self::built_in(kind) {
            return Some(built_in);
        }
        let entries = settings.custom_workloads.iter().enumerate();
        let entries = entries.filter(|(_, entry)| is_of_kind(entry, kind));
        let routes: Vec<_> = entries.flat_map(|(index, entry)| routes(index, entry)).collect();
        if routes.is_empty() { None } else { Some(Self::of_routes(routes)) }
    }

    /// Returns the workload of a built-in kind. `None` if the kind is not built in.
    pub(crate) fn built_in(kind: &GroupVersionKind<'_>) -> Option<Self> {
        let (_, _, _, steps) = BUILT_IN.iter().find(|(group, version, name, _)| kind.is(group, version, name))?;
        let route = Route { steps, kind: TargetKind::Template, setting: None };
        Some(Self { routes: vec![route], is_built_in: true })
    }

    /// Sorts the routes. If several routes lead to the same values, keeps the first one in the settings.
    fn of_routes(mut routes: Vec<Route<'a>>) -> Self {
        sort(&mut routes);
        routes.dedup_by(|later, earlier| later.steps == earlier.steps && later.kind == earlier.kind);
        Self { routes, is_built_in: false }
    }

    /// Whether the kind is built in.
    pub(crate) fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    /// The pod templates in an object, in the order of their paths. For a custom kind, skips templates without a
    /// `spec`.
    ///
    /// # Errors
    /// Fails if the object is not valid JSON, if an object of a built-in kind has no template, or if a template is not
    /// an object.
    pub fn templates<'j>(&self, text: &'j str) -> json::Result<Vec<Template<'j>>> {
        let targets = self.targets(text)?;
        let mut templates = Vec::new();
        for target in targets.all.iter().filter(|target| target.kind == TargetKind::Template) {
            let path = || targets.path(target);
            if target.has_wrong_type() {
                return Err(target.wrong_type().within(&json::path_text(&path())));
            }
            if self.is_built_in || target.has_spec()? {
                templates.push(Template { path: path(), text: target.text });
            }
        }
        Ok(templates)
    }

    /// The values that the paths lead to, in the order of the paths. Each value occurs once per kind of target.
    ///
    /// # Errors
    /// Fails if the object is not valid JSON, or if a path matches a key that occurs twice. For a built-in kind, also
    /// fails if there is no template, or if a value on the way has a wrong type.
    pub(crate) fn targets<'j>(&self, text: &'j str) -> json::Result<Targets<'j>> {
        self.complete(walk(&self.routes, self.is_built_in, text)?)
    }

    /// Reads an object of a built-in kind in one pass.
    ///
    /// # Errors
    /// Fails as [`Workload::targets`] does, and if the metadata can't be read.
    pub(crate) fn read<'j>(&self, reader: &mut Reader<'j>) -> json::Result<WorkloadObject<'j>> {
        let (metadata, targets) = walk_with_metadata(&self.routes, reader)?;
        Ok(WorkloadObject { metadata, targets: self.complete(targets)? })
    }

    /// Fails if an object of a built-in kind has no template.
    fn complete<'j>(&self, targets: Targets<'j>) -> json::Result<Targets<'j>> {
        if let (true, true, Some(route)) = (targets.all.is_empty(), self.is_built_in, self.routes.first()) {
            let names: Vec<&str> = route.steps.iter().filter_map(Step::name).collect();
            return Err(Unreadable::missing("a pod template").within(&names.join(".")));
        }
        Ok(targets)
    }
}

fn is_of_kind(entry: &CustomWorkload<'_>, kind: &GroupVersionKind<'_>) -> bool {
    let has_version = entry.version.as_ref().is_none_or(|version| kind.version == **version);
    kind.kind == *entry.kind && kind.group == *entry.group && has_version
}

/// The routes of an entry in `customWorkloads`. `entry` is its index.
fn routes<'a>(entry: usize, workload: &'a CustomWorkload<'a>) -> impl Iterator<Item = Route<'a>> {
    let lists: [(TargetKind, &'a [ObjectPath<'a>]); 3] = [
        (TargetKind::Template, &workload.pod_templates),
        (TargetKind::Spec, &workload.pod_specs),
        (TargetKind::AccountName, &workload.service_account_names),
    ];
    lists.into_iter().flat_map(move |(kind, paths)| {
        let setting = move |path| Some(SettingPath { entry, path });
        paths.iter().enumerate().map(move |(index, path)| Route { steps: path.steps(), kind, setting: setting(index) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::path_text;

    fn paths(targets: &Targets<'_>) -> Vec<String> {
        targets.all.iter().map(|target| path_text(&targets.path(target))).collect()
    }

    fn custom(paths: &[(TargetKind, &'static str)]) -> Vec<(TargetKind, ObjectPath<'static>)> {
        paths.iter().map(|(kind, path)| (*kind, ObjectPath::new((*path).into()).unwrap())).collect()
    }

    fn workload<'a>(paths: &'a [(TargetKind, ObjectPath<'a>)]) -> Workload<'a> {
        let route = |(path, (kind, steps)): (usize, &'a (TargetKind, ObjectPath<'a>))| Route {
            steps: steps.steps(),
            kind: *kind,
            setting: Some(SettingPath { entry: 0, path }),
        };
        Workload::of_routes(paths.iter().enumerate().map(route).collect())
    }

    fn found(templates: &[&'static str], text: &str) -> Result<Vec<String>, String> {
        let templates: Vec<_> = templates.iter().map(|path| (TargetKind::Template, *path)).collect();
        let owned = custom(&templates);
        workload(&owned).targets(text).map(|targets| paths(&targets)).map_err(|error| error.to_string())
    }

    #[test]
    fn finds_every_template_once_in_the_order_of_paths() {
        let text = r#"{"spec": {"b": [{"t": {"spec": {}}}, {"t": {"spec": {}}}, {}, 7], "a": {"t": {"spec": {}}}}}"#;
        assert_eq!(found(&["$.spec.b[*].t"], text), Ok(vec!["spec.b[0].t".into(), "spec.b[1].t".into()]));
        let all: Vec<String> = ["spec.a.t", "spec.b[0].t", "spec.b[1].t"].map(str::to_owned).to_vec();
        assert_eq!(found(&["$.spec.a.t", "$.spec.*.t", "$.spec.b.*.t", "$.spec.*.*.t"], text), Ok(all));
        assert_eq!(found(&["$.spec.none.t"], text), Ok(vec![]));
        assert_eq!(found(&["$"], text), Ok(vec![String::new()]));
    }

    #[test]
    fn finds_templates_within_templates() {
        let text = r#"{"b": {"c": {}, "a": {}}, "a": [{}]}"#;
        let all = ["", "a", "a[0]", "b", "b.a", "b.c"].map(str::to_owned).to_vec();
        assert_eq!(found(&["$.*.*", "$", "$.*"], text), Ok(all));
    }

    #[test]
    fn checks_the_account_of_a_template_once() {
        let routes = custom(&[
            (TargetKind::Template, "$.t"),
            (TargetKind::Spec, "$.t.spec"),
            (TargetKind::AccountName, "$.t.spec.serviceAccountName"),
            (TargetKind::AccountName, "$.t.spec.other"),
            (TargetKind::Spec, "$.spec"),
            (TargetKind::AccountName, "$.*.serviceAccountName"),
        ]);
        let text = r#"{"t": {"serviceAccountName": "x", "spec": {"serviceAccountName": "a", "other": "b"}},
            "spec": {"serviceAccountName": "c"}}"#;
        let targets = workload(&routes).targets(text).unwrap();
        assert_eq!(paths(&targets), ["spec", "t", "t.serviceAccountName", "t.spec.other"]);
    }

    #[test]
    fn uses_the_first_setting_if_several_lead_to_the_same_value() {
        let routes = custom(&[
            (TargetKind::Template, "$.b"),
            (TargetKind::Template, "$.*"),
            (TargetKind::Template, "$.a"),
            (TargetKind::Template, "$.b"),
        ]);
        for (text, setting, got) in [(r#"{"a": 7}"#, 1, "a number"), (r#"{"b": []}"#, 0, "an array")] {
            let targets = workload(&routes).targets(text).unwrap();
            let errors: Vec<_> = targets.all.iter().map(|target| target.wrong_type().to_string()).collect();
            let error =
                format!("setting `customWorkloads[0].podTemplates[{setting}]`: expected an object, but got {got}");
            assert_eq!(errors, [error]);
        }
    }

    #[test]
    fn keeps_one_target_with_a_wrong_type() {
        let routes = custom(&[(TargetKind::Template, "$.*")]);
        let targets = workload(&routes).targets(r#"{"a": 7, "b": {}, "c": [], "d": null}"#).unwrap();
        assert_eq!(paths(&targets), ["a", "b"]);
    }

    #[test]
    fn rejects_a_duplicate_key_on_the_path() {
        let error = "`spec`: expected the key once, but got it twice";
        assert_eq!(found(&["$.spec.t"], r#"{"spec": {"t": {"spec": {}}}, "spec": {}}"#), Err(error.into()));
        assert_eq!(found(&["$.spec.t", "$.a"], r#"{"x": 1, "x": 2, "a": {}}"#), Ok(vec!["a".into()]));
    }

    #[test]
    fn rejects_a_built_in_kind_without_its_template() {
        let plain = json::RawStr::Plain;
        let kind = GroupVersionKind { group: plain("batch"), version: plain("v1"), kind: plain("CronJob") };
        let settings = Settings::default();
        let workload = Workload::of_kind(&kind, &settings).unwrap();
        let error = |text| workload.targets(text).unwrap_err().to_string();
        for text in ["{}", r#"{"spec": {"jobTemplate": {"spec": {"template": null}}}}"#] {
            assert_eq!(
                error(text),
                "`spec.jobTemplate.spec.template`: expected a pod template, but got none",
                "{text}"
            );
        }
        assert_eq!(
            error(r#"{"spec": {"jobTemplate": 1}}"#),
            "`spec.jobTemplate`: expected an object, but got a number"
        );
    }

    #[test]
    fn matches_any_version_of_a_group() {
        let settings = r#"{"customWorkloads": [
            {"apiVersion": "ray.io/*", "kind": "RayJob", "podTemplates": ["$.a"]},
            {"apiVersion": "ray.io/v1", "kind": "RayJob", "podTemplates": ["$.b"]}]}"#;
        let settings = Settings::parse(settings).unwrap();
        let routes = |group, version, kind| {
            let plain = json::RawStr::Plain;
            let kind = GroupVersionKind { group: plain(group), version: plain(version), kind: plain(kind) };
            Workload::of_kind(&kind, &settings).map(|workload| workload.routes.len())
        };
        assert_eq!(routes("ray.io", "v1", "RayJob"), Some(2));
        assert_eq!(routes("ray.io", "v1alpha1", "RayJob"), Some(1));
        assert_eq!(routes("ray.io", "v1", "RayCluster"), None);
        assert_eq!(routes("example.com", "v1", "RayJob"), None);
    }
}

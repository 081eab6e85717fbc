//! Tests the layers of the core: each folder or file directly in `src/` is a layer, and imports only from itself and
//! from layers below.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the top down.
const LAYERS: [&str; 12] = [
    "review",
    "checks",
    "injection",
    "identity",
    "context",
    "cluster",
    "request",
    "objects",
    "settings",
    "findings",
    "types",
    "util",
];

/// A module: its path, such as `review::pod`, and the modules that it imports.
struct Module {
    path: String,
    imports: Vec<String>,
}

#[test]
fn imports_only_from_layers_below() {
    let modules = modules();
    let mut upward = Vec::new();
    for module in &modules {
        let level = level(&module.path).unwrap_or_else(|| panic!("`{}` is not in LAYERS", module.path));
        for import in module.imports.iter().filter(|import| self::level(import).is_some_and(|other| other < level)) {
            upward.push(format!("`{}` imports `{import}`", module.path));
        }
    }
    assert!(upward.is_empty(), "imports from a layer above:\n{}", upward.join("\n"));
    for layer in LAYERS {
        assert!(
            modules.iter().any(|module| self::layer(&module.path) == layer),
            "`{layer}` is in LAYERS, but has no file"
        );
    }
}

#[test]
fn has_no_import_cycles() {
    let mut modules = modules();
    // Removes modules without imports, and modules whose imports were all removed. What remains is in a cycle, or
    // imports a module of a cycle.
    loop {
        let paths: Vec<String> = modules.iter().map(|module| module.path.clone()).collect();
        let before = modules.len();
        modules.retain(|module| module.imports.iter().any(|import| paths.contains(import)));
        if modules.len() == before {
            break;
        }
    }
    let cycles: Vec<_> = modules.iter().map(|module| format!("{} imports {:?}", module.path, module.imports)).collect();
    assert!(cycles.is_empty(), "modules that are in a cycle, or import a module of a cycle:\n{}", cycles.join("\n"));
}

#[test]
fn finds_the_imports_of_a_module() {
    let known = ["review", "review::pod", "types::glob", "findings"].map(str::to_owned);
    let code = "use crate::types::{glob::Glob, other};\nuse super::pod::{self, X};\n// crate::findings\n\
        fn f() { crate::findings::g() }\nmod tests { use super::*; }";
    assert_eq!(imports(code, "review::answer", &known), ["types::glob", "findings", "review::pod"]);
    assert_eq!(imports("use super::Review;", "review::answer", &known), ["review"]);
}

fn level(module: &str) -> Option<usize> {
    LAYERS.iter().position(|other| *other == layer(module))
}

fn layer(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Every module of the crate, except its root.
fn modules() -> Vec<Module> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    let path_of = |file: &Path| {
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let names: Vec<&str> = path.iter().map(|name| name.to_str().unwrap()).filter(|name| *name != "mod").collect();
        names.join("::")
    };
    files.retain(|file| path_of(file) != "lib");
    let known: Vec<String> = files.iter().map(|file| path_of(file)).collect();
    let module = |file: &PathBuf| {
        let path = path_of(file);
        let imports = imports(&fs::read_to_string(file).unwrap(), &path, &known);
        Module { path, imports }
    };
    files.iter().map(module).collect()
}

/// The modules that a module imports with `crate::` or `super::`. The re-exports of a `mod.rs`, such as `pub use
/// kind::Action`, do not count as imports.
fn imports(code: &str, module: &str, known: &[String]) -> Vec<String> {
    let code: String = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let mut imports = Vec::new();
    for (start, base) in [("crate::", ""), ("super::", parent)] {
        for rest in code.split(start).skip(1) {
            for path in expand(rest) {
                let path = if base.is_empty() { path } else { format!("{base}::{path}") };
                let target = known.iter().filter(|known| path == **known || path.starts_with(&format!("{known}::")));
                let target = target.max_by_key(|known| known.len());
                if let Some(target) = target.filter(|target| *target != module && !imports.contains(*target)) {
                    imports.push(target.clone());
                }
            }
        }
    }
    imports
}

/// The paths at the start of a string. Expands one level of the braces of a `use`.
fn expand(text: &str) -> Vec<String> {
    let is_path = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | ':');
    let end = text.find(|sign| !is_path(sign)).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    if let Some(names) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(names, _)| names) {
        return names.split(',').map(|name| format!("{path}{}", name.trim())).collect();
    }
    // The path of `super::*` in a test module is empty: it imports the tested file itself, and no other module.
    if path.is_empty() { Vec::new() } else { vec![format!("{path}::")] }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

//! Tests the GitHub Action and the pre-commit hooks: runs the commands that their files contain.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const IRSA: &str = env!("CARGO_BIN_EXE_irsa");

const BAD: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::1:role/web
";

/// Files of a repository that are not manifests.
const OTHERS: [(&str, &str); 2] = [
    ("charts/shop/templates/pod.yaml", "kind: Pod\nmetadata: {{ .Values.metadata }}\n"),
    ("docker-compose.yaml", "services: {web: {image: web}}\n"),
];

fn in_repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(file)
}

fn yaml(file: &str) -> Value {
    yaml_serde::from_str(&fs::read_to_string(in_repository(file)).unwrap()).unwrap()
}

fn write(folder: &TempDir, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Creates a repository whose only fault is the role's ARN.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, &OTHERS);
    write(&folder, &[("deploy/account.yaml", BAD)]);
    folder
}

/// Creates the repository of [`repository`] with a valid ARN.
fn fixed_repository() -> TempDir {
    let folder = repository();
    write(&folder, &[("deploy/account.yaml", &BAD.replace("::1:", "::111122223333:"))]);
    folder
}

fn text(output: &Output) -> String {
    [&*String::from_utf8_lossy(&output.stdout), &*String::from_utf8_lossy(&output.stderr)].concat()
}

/// Creates a folder with an executable script.
fn program(name: &str, script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Creates a script that runs the command. Packing a script is faster than packing a build with debug information.
fn small_command() -> TempDir {
    program("irsa", &format!("#!/bin/sh\nexec '{IRSA}' \"$@\"\n"))
}

fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// Runs a hook as pre-commit does: the words of `entry`, then the words of `args`.
fn run_hook(hook: &Value, folder: &TempDir) -> Output {
    let mut words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
    // The first word is `irsa`, or an image whose entry point is `irsa`. The test runs the command that was built
    // instead.
    words[0] = IRSA;
    words.extend(hook["args"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()));
    assert_eq!(hook["pass_filenames"], false);
    Command::new(words[0]).args(&words[1..]).current_dir(folder.path()).output().unwrap()
}

#[test]
fn the_pre_commit_hooks_check_the_repository() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    let languages: Vec<&str> = hooks.iter().map(|hook| hook["language"].as_str().unwrap()).collect();
    assert_eq!(languages, ["system", "docker_image"]);
    for hook in hooks {
        let (bad, fixed) = (run_hook(hook, &repository()), run_hook(hook, &fixed_repository()));
        assert_eq!(bad.status.code(), Some(1), "{hook}: {bad:?}");
        assert!(text(&bad).contains("deploy/account.yaml:7:5: reject: "), "{bad:?}");
        assert_eq!(fixed.status.code(), Some(0), "{hook}: {fixed:?}");
    }
}

/// Runs the steps of the action with a fake `gh`, which downloads the command for every version, but verifies only
/// version 0.1.0.
struct Action {
    temp: TempDir,
    gh: TempDir,
}

impl Action {
    fn new() -> Self {
        let gh = program(
            "gh",
            r#"#!/usr/bin/env bash
set -eu
case $1/$2 in
  release/download) [[ "$4 $5 $6" = '--repo irsa-policy/irsa-policy --pattern' ]]; cp "$(dirname "$0")/package" "$7" ;;
  attestation/verify) [[ -f $3 && $3 = irsa-v0.1.0-* && "$4 $5" = '--repo irsa-policy/irsa-policy' ]] ;;
  *) exit 1 ;;
esac
"#,
        );
        let command = small_command();
        let packed = Command::new("tar")
            .args(["-c", "-z", "-f"])
            .arg(gh.path().join("package"))
            .arg("-C")
            .arg(command.path())
            .arg("./irsa")
            .status();
        assert!(packed.unwrap().success());
        Self { temp: tempfile::tempdir().unwrap(), gh }
    }

    /// Runs the steps up to the first that fails. Returns the output of the last step that ran.
    fn run(&self, inputs: &[(&str, &str)], system: &str, folder: &TempDir) -> Output {
        let action = yaml("action.yml");
        let (os, architecture) = system.split_once('-').unwrap();
        let temp = self.temp.path().to_str().unwrap();
        let mut last = None;
        for step in action["runs"]["steps"].as_array().unwrap() {
            // GitHub runs `shell: bash` with these options.
            assert_eq!(step["shell"], "bash");
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
            command.current_dir(folder.path()).env("PATH", path_with(self.gh.path()));
            for (name, value) in step["env"].as_object().unwrap() {
                let mut value = value.as_str().unwrap().to_owned();
                for (input, definition) in action["inputs"].as_object().unwrap() {
                    let given = inputs.iter().find(|(name, _)| name == input).map(|(_, value)| *value);
                    let default = definition["default"].as_str().unwrap();
                    value = value.replace(&format!("${{{{ inputs.{input} }}}}"), given.unwrap_or(default));
                }
                for (context, known) in
                    [("runner.os", os), ("runner.arch", architecture), ("runner.temp", temp), ("github.token", "token")]
                {
                    value = value.replace(&format!("${{{{ {context} }}}}"), known);
                }
                assert!(!value.contains("${{"), "{name}: {value}");
                command.env(name, value);
            }
            let output = command.output().unwrap();
            let succeeded = output.status.success();
            last = Some(output);
            if !succeeded {
                break;
            }
        }
        last.unwrap()
    }
}

#[test]
fn the_action_annotates_the_line() {
    let action = Action::new();
    for system in ["Linux-X64", "Linux-ARM64", "macOS-X64", "macOS-ARM64"] {
        let output = action.run(&[], system, &repository());
        assert_eq!(output.status.code(), Some(1), "{system}: {output:?}");
        assert!(text(&output).contains("::error file=deploy/account.yaml,line=7,"), "{output:?}");
    }
    let output = action.run(&[], "Linux-X64", &fixed_repository());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_action_takes_paths_and_arguments() {
    let action = Action::new();
    let folder = repository();
    write(&folder, &[("other/account.yaml", &BAD.replace("::1:", "::111122223333:"))]);
    let run = |inputs: &[(&str, &str)]| action.run(inputs, "Linux-X64", &folder);
    let output = run(&[("paths", "other docker-compose.yaml")]);
    assert_eq!(output.status.code(), Some(2), "a file that the input `paths` names must be a manifest: {output:?}");
    assert_eq!(run(&[("paths", "other")]).status.code(), Some(0));
    assert_eq!(run(&[("paths", "other deploy"), ("arguments", "--quiet --fail-on never")]).status.code(), Some(0));
}

#[test]
fn the_action_runs_only_what_it_verified() {
    let action = Action::new();
    let output = action.run(&[("version", "v0.0.9")], "Linux-X64", &repository());
    assert_ne!(output.status.code(), Some(0));
    assert!(!text(&output).contains("account.yaml"), "{output:?}");
    let output = action.run(&[], "Windows-X64", &repository());
    assert!(text(&output).contains("expected a runner with Linux or macOS, but got Windows-X64"), "{output:?}");
}

/// The targets of the packages in a release, with the extension of each package.
const TARGETS: [(&str, &str); 5] = [
    ("x86_64-unknown-linux-musl", ".tar.gz"),
    ("aarch64-unknown-linux-musl", ".tar.gz"),
    ("x86_64-apple-darwin", ".tar.gz"),
    ("aarch64-apple-darwin", ".tar.gz"),
    ("x86_64-pc-windows-msvc", ".zip"),
];

#[test]
fn a_package_has_the_command_its_completions_and_man_pages() {
    let folder = tempfile::tempdir().unwrap();
    let package = in_repository("release/package");
    let command = small_command();
    let output = Command::new(package)
        .arg(command.path().join("irsa"))
        .args(["v0.1.0", TARGETS[0].0])
        .arg(folder.path().join("assets"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let archive = folder.path().join("assets/irsa-v0.1.0-x86_64-unknown-linux-musl.tar.gz");
    let unpacked = folder.path().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let tar = Command::new("tar").args(["-x", "-z", "-f"]).arg(&archive).arg("-C").arg(&unpacked).status();
    assert!(tar.unwrap().success());
    for file in ["LICENSE", "README.md", "completions/irsa.bash", "completions/_irsa", "completions/irsa.fish"] {
        assert!(fs::metadata(unpacked.join(file)).unwrap().len() > 100, "{file}");
    }
    for page in ["irsa.1", "irsa-check.1", "irsa-explain.1", "irsa-trust-policy.1"] {
        assert!(fs::read_to_string(unpacked.join("man").join(page)).unwrap().contains(".TH "), "{page}");
    }
    let version = Command::new(unpacked.join("irsa")).arg("--version").output().unwrap();
    assert_eq!(text(&version), format!("irsa {}\n", env!("CARGO_PKG_VERSION")));
}

/// For each target, `release.yml` builds a package, and `cargo binstall` looks for it under the same name.
#[test]
fn binstall_finds_the_packages() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(in_repository("cli/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|one| one["name"] == "irsa-cli").unwrap();
    let binstall = &package["metadata"]["binstall"];
    assert_eq!(binstall["bin-dir"], "{ bin }{ binary-ext }", "the command is at the top of the package");
    let workflow = fs::read_to_string(in_repository(".github/workflows/release.yml")).unwrap();
    for (target, suffix) in TARGETS {
        assert!(workflow.contains(&format!("target: {target}}}")), "{target}");
        let format = binstall["overrides"][target]["pkg-fmt"].as_str().or(binstall["pkg-fmt"].as_str()).unwrap();
        // For a format, `cargo binstall` tries several suffixes, including the suffix of the package.
        assert_eq!(format, if suffix == ".zip" { "zip" } else { "tgz" }, "{target}");
        let url = binstall["pkg-url"].as_str().unwrap();
        let url = [
            ("{ repo }", package["repository"].as_str().unwrap()),
            ("{ version }", package["version"].as_str().unwrap()),
            ("{ target }", target),
            ("{ archive-suffix }", suffix),
        ]
        .into_iter()
        .fold(url.to_owned(), |url, (name, value)| url.replace(name, value));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            url,
            format!(
                "https://github.com/irsa-policy/irsa-policy/releases/download/v{version}/irsa-v{version}-{target}{suffix}"
            )
        );
    }
}

//! Tests the documentation as its readers use it: its commands, its recipes and the README.
//!
//! Each `console` block of a page has a marker: a comment on the line before the block, or a comment `commands:`, which
//! applies to all blocks below that comment without a marker of their own.
//!
//! - `run`: this test runs the `irsa` commands of the block in the root directory of the repository, and checks that CI
//!   runs the `make` commands;
//! - `tested by: PATH`: the test in the file PATH runs the same commands;
//! - `not run: REASON`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs `irsa` in a folder.
fn irsa(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irsa")).args(args).current_dir(folder).output().unwrap()
}

/// Returns the pages that show commands to users.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "kustomize/README.md".to_owned()];
    for folder in ["docs", "docs/decisions"] {
        let paths = fs::read_dir(in_repository(folder)).unwrap().map(|entry| entry.unwrap().path());
        let names = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        pages.extend(names.map(|path| format!("{folder}/{}", path.file_name().unwrap().display())));
    }
    pages.sort();
    pages
}

/// A block of a page between fences.
struct Block {
    /// The start of the block, as `page:line`.
    place: String,
    language: String,
    lines: Vec<String>,
    /// The marker that applies to the block.
    marker: Option<String>,
}

impl Block {
    /// Returns the command after each `$`, without comments. Joins continued lines.
    fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut continues = false;
        for line in &self.lines {
            let (start, text) = match line.strip_prefix("$ ") {
                Some(command) => (true, command),
                None => (false, line.trim()),
            };
            let text = text.split("  #").next().unwrap_or_default().trim();
            let joined = text.trim_end_matches('\\').trim();
            if start {
                commands.push(joined.to_owned());
            } else if let Some(command) = commands.last_mut().filter(|_| continues) {
                command.push(' ');
                command.push_str(joined);
            }
            continues = text.ends_with('\\');
        }
        commands
    }
}

fn comment(line: &str) -> Option<&str> {
    line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")
}

fn is_marker(text: &str) -> bool {
    text == "run" || ["tested by: ", "not run: "].iter().any(|start| text.starts_with(start))
}

fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks: Vec<Block> = Vec::new();
    let (mut of_page, mut of_block, mut is_open) = (None, None, false);
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        if let Some(language) = trimmed.strip_prefix("```") {
            is_open = !is_open;
            if is_open {
                let marker = of_block.take().or_else(|| of_page.clone());
                let place = format!("{page}:{number}");
                blocks.push(Block { place, language: language.to_owned(), lines: Vec::new(), marker });
            }
        } else if is_open {
            blocks.last_mut().unwrap().lines.push(trimmed.to_owned());
        } else if let Some(text) = comment(line) {
            match text.strip_prefix("commands: ") {
                Some(text) => of_page = Some(text.to_owned()),
                None => of_block = Some(text.to_owned()).filter(|text| is_marker(text)),
            }
        } else if !trimmed.is_empty() {
            of_block = None;
        }
    }
    assert!(!is_open, "{page}: a fence is not closed");
    blocks
}

fn console_blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks(page)).filter(|block| block.language == "console").collect()
}

#[test]
fn every_command_is_run_by_a_test_or_has_a_reason_why_not() {
    let blocks = console_blocks();
    assert!(blocks.len() > 60, "{}", blocks.len());
    for Block { place, marker, .. } in &blocks {
        let marker = marker.as_deref().unwrap_or_else(|| panic!("{place}: the commands have no marker"));
        assert!(is_marker(marker), "{place}: expected a marker, but got `{marker}`");
        if let Some(test) = marker.strip_prefix("tested by: ") {
            assert!(in_repository(test).is_file(), "{place}: `{test}` does not exist");
        }
    }
}

#[test]
fn runs_the_commands_that_are_marked_run() {
    let root = in_repository("");
    let ci = read(".ci/run");
    let mut count = 0;
    for block in console_blocks().iter().filter(|block| block.marker.as_deref() == Some("run")) {
        for command in block.commands() {
            let words: Vec<&str> = command.split_whitespace().collect();
            match *words.as_slice() {
                ["make", target] => {
                    assert!(ci.contains(&format!("make {target}\n")), "{}: CI does not run `{command}`", block.place);
                }
                ["irsa" | "target/release/irsa", ref args @ ..] => {
                    let output = irsa(&root, args);
                    assert!(output.status.success(), "{}: {command}: {output:?}", block.place);
                }
                _ => panic!("{}: this test can't run `{command}`", block.place),
            }
            count += 1;
        }
    }
    assert!(count > 3, "{count}");
}

/// Fails for a typo, and for a file or an option that no longer exists.
#[test]
fn commands_name_files_options_and_targets_that_exist() {
    let targets: String =
        ["Makefile", "make/docs.mk", "make/performance.mk", "make/cluster.mk", "make/release.mk", "make/checks.mk"]
            .iter()
            .map(|makefile| read(makefile))
            .collect();
    let folders = ["kustomize/", "demo/", "chart/", "docs/", "playground/", "extras/"];
    let root = in_repository("");
    let (mut options, mut files) = (0, 0);
    for block in console_blocks() {
        for command in block.commands() {
            let place = &block.place;
            let words: Vec<&str> = command.split_whitespace().collect();
            if let ["make", words @ ..] = words.as_slice() {
                for target in words.iter().filter(|word| !word.contains('=')).take_while(|word| **word != "&&") {
                    let rule = format!("\n{target}:");
                    assert!(targets.contains(&rule), "{place}: there is no target `{target}`");
                }
            }
            for word in &words {
                let is_file = folders.iter().any(|folder| word.starts_with(folder)) || *word == "policy.yaml";
                if is_file {
                    assert!(in_repository(word).exists(), "{place}: `{word}` does not exist");
                    files += 1;
                }
            }
            if let ["irsa" | "target/release/irsa", subcommand, args @ ..] = words.as_slice() {
                let help = irsa(&root, &[subcommand, "--help"]);
                assert!(help.status.success(), "{place}: there is no `irsa {subcommand}`");
                let help = String::from_utf8(help.stdout).unwrap();
                for option in args.iter().filter(|arg| arg.starts_with("--")) {
                    let name = option.split('=').next().unwrap();
                    let has = help.split([' ', '\n', ',']).any(|word| word == name);
                    assert!(has, "{place}: `irsa {subcommand}` has no `{name}`");
                    options += 1;
                }
            }
        }
    }
    assert!(options > 20 && files > 10, "{options} {files}");
}

#[test]
fn the_readme_is_short_and_starts_with_commands_that_ci_runs() {
    let readme = read("README.md");
    let words = readme.split_whitespace().count();
    assert!(words <= 600, "the README has {words} words, but at most 600 are allowed");
    let first = blocks("README.md").into_iter().find(|block| block.language == "console").unwrap();
    let commands = first.commands();
    assert_eq!(commands[..2], ["make demo", "make test"]);
    for command in &commands[..2] {
        assert!(read(".ci/run").contains(&format!(" {command}\n")), "CI does not run `{command}`");
    }
}

#[test]
fn the_examples_of_the_playground_exist() {
    let names = fs::read_dir(in_repository("explain/setups")).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let faq = read("docs/troubleshooting.md");
    let links: Vec<&str> = faq.split("/playground/#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 8);
    for link in links {
        assert!(names.iter().any(|name| name.ends_with(&format!("-{link}.yaml"))), "there is no example `{link}`");
    }
}

#[test]
fn the_quick_start_shows_the_variables_that_the_pod_gets() {
    let args = ["explain", "--pod", "demo/kind/app.yaml", "--output", "json", "--allow-unknown"];
    let explanation: Value = serde_json::from_slice(&irsa(&in_repository(""), &args).stdout).unwrap();
    let variables = explanation["review"]["pod"]["spec"]["containers"][0]["env"].as_array().unwrap().iter();
    let lines: Vec<String> = variables
        .map(|variable| format!("{}={}\n", variable["name"].as_str().unwrap(), variable["value"].as_str().unwrap()))
        .collect();
    assert!(lines.len() > 3);
    assert!(read("docs/quickstart.md").contains(&lines.concat()), "{lines:?}");
}

/// The issuer of all recipes.
const ISSUER: &str = "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";

/// A section of the recipes with its service accounts and the trust policy of their role.
struct Recipe {
    title: String,
    manifests: String,
    trust_policy: String,
}

fn recipes() -> Vec<Recipe> {
    let page = read("docs/recipes.md");
    let sections = page.split("\n## ").skip(1).filter_map(|section| {
        let block = |language: &str, content: &str| {
            let fence = format!("```{language}\n");
            let parts = section.split(&fence).skip(1);
            parts.filter_map(|part| part.split("\n```").next()).find(|part| part.contains(content)).map(str::to_owned)
        };
        Some(Recipe {
            title: section.lines().next()?.to_owned(),
            manifests: block("yaml", "kind: ServiceAccount\nmetadata:\n  name")?,
            trust_policy: block("json", "AssumeRoleWithWebIdentity")?,
        })
    });
    sections.collect()
}

/// Returns the namespaces and names of the service accounts.
fn accounts(manifests: &str) -> Vec<(String, String)> {
    let value = |document: &str, key: &str| {
        let line = document.lines().find(|line| line.trim_start().starts_with(key));
        line.unwrap_or_else(|| panic!("no `{key}` in {document}"))
            .trim_start()
            .trim_start_matches(key)
            .trim()
            .to_owned()
    };
    let documents = manifests.split("\n---\n").filter(|document| document.contains("kind: ServiceAccount"));
    documents.map(|document| (value(document, "namespace:"), value(document, "name:"))).collect()
}

/// Creates a folder with the recipe's files, and a pod of an account.
fn folder(recipe: &Recipe, namespace: &str, account: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: test, namespace: {namespace}}}\nspec:\n  serviceAccountName: {account}\n  \
         containers: [{{name: app, image: app}}]\n"
    );
    fs::write(folder.path().join("manifests.yaml"), &recipe.manifests).unwrap();
    fs::write(folder.path().join("account.yaml"), only(&recipe.manifests, account)).unwrap();
    fs::write(folder.path().join("pod.yaml"), pod).unwrap();
    fs::write(folder.path().join("trust.json"), &recipe.trust_policy).unwrap();
    folder
}

/// Returns the manifest of one account.
fn only<'m>(manifests: &'m str, account: &str) -> &'m str {
    let name = format!("\n  name: {account}\n");
    manifests.split("\n---\n").find(|document| document.contains(&name)).unwrap()
}

#[test]
fn the_recipes_give_each_account_its_role() {
    let recipes = recipes();
    let titles: Vec<&str> = recipes.iter().map(|recipe| recipe.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Terraform",
            "eksctl",
            "Argo CD",
            "Flux",
            "Karpenter",
            "EBS CSI driver",
            "external-dns",
            "Airflow",
            "Spark",
            "Istio"
        ]
    );
    for recipe in &recipes {
        for (namespace, account) in accounts(&recipe.manifests) {
            let folder = folder(recipe, &namespace, &account);
            let check = irsa(folder.path(), &["check", "manifests.yaml", "--fail-on", "warn"]);
            assert!(check.status.success(), "{}: {check:?}", recipe.title);
            let output = explain(&folder);
            let text = String::from_utf8_lossy(&output.stdout);
            // For a pod in `kube-system`, `irsa explain` warns that the pod starts without its role while no policy
            // server runs.
            let warns = text.lines().filter(|line| line.starts_with("warning:")).count();
            let is_expected = namespace == "kube-system" && warns == 1 && text.contains("[ignoredFailures]");
            assert!(output.status.success() || is_expected, "{}: {text}", recipe.title);
        }
    }
}

fn explain(folder: &TempDir) -> Output {
    irsa(
        folder.path(),
        &[
            "explain",
            "--pod",
            "pod.yaml",
            "--service-account",
            "account.yaml",
            "--trust-policy",
            "trust.json",
            "--issuer",
            ISSUER,
            "--settings-json",
            r#"{"region":"us-east-2"}"#,
            "--policies",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../policy.yaml"),
            "--allow-unknown",
            "--strict",
        ],
    )
}

#[test]
fn the_recipes_refuse_every_other_account() {
    for recipe in recipes() {
        let (namespace, account) = accounts(&recipe.manifests).into_iter().next().unwrap();
        let folder = folder(&recipe, &namespace, &account);
        let trust_policy =
            recipe.trust_policy.replace(&format!(":{namespace}:{account}\""), &format!(":{namespace}:other\""));
        assert_ne!(trust_policy, recipe.trust_policy, "{}", recipe.title);
        fs::write(folder.path().join("trust.json"), trust_policy).unwrap();
        assert_eq!(explain(&folder).status.code(), Some(1), "{}", recipe.title);
    }
}

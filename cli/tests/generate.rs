//! `irsa completions` and `irsa man`, as users and packages run them.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::process::{Command, Output};

const SUBCOMMANDS: [&str; 5] = ["check", "explain", "trust-policy", "completions", "man"];

fn irsa(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irsa")).args(args).output().unwrap()
}

fn completions(shell: &str) -> String {
    let output = irsa(&["completions", shell]);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{shell}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the completions that Bash offers for these words after TAB.
fn bash_offers(words: &str) -> Vec<String> {
    let script = format!(
        "{}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        last=$COMP_CWORD; _irsa irsa \"${{COMP_WORDS[last]}}\" \"${{COMP_WORDS[last-1]}}\"
        printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        completions("bash")
    );
    let output = Command::new("bash").args(["--norc", "--noprofile", "-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_subcommands_options_and_values() {
    let offered = bash_offers("irsa ''");
    for subcommand in SUBCOMMANDS {
        assert!(offered.iter().any(|one| one == subcommand), "{subcommand}: {offered:?}");
    }
    assert_eq!(bash_offers("irsa exp"), ["explain"]);
    assert_eq!(bash_offers("irsa check --fail"), ["--fail-on"]);
    assert_eq!(bash_offers("irsa check --format sa"), ["sarif"]);
}

#[test]
fn every_shell_gets_every_subcommand() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = completions(shell);
        for subcommand in SUBCOMMANDS {
            assert!(script.contains(subcommand), "{shell}: {subcommand}");
        }
    }
}

#[test]
fn rejects_a_shell_that_it_does_not_know() {
    let output = irsa(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("'tcsh'") && error.contains("powershell"), "{error}");
}

#[test]
fn writes_a_man_page_for_each_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    let output = irsa(&["man", pages.to_str().unwrap()]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]), "{output:?}");
    let mut names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected: Vec<String> = SUBCOMMANDS.map(|subcommand| format!("irsa-{subcommand}.1")).to_vec();
    expected.push("irsa.1".to_owned());
    expected.sort();
    assert_eq!(names, expected);

    let main = fs::read_to_string(pages.join("irsa.1")).unwrap();
    assert!(main.contains(&format!(r#""irsa {}""#, env!("CARGO_PKG_VERSION"))), "{main}");
    for subcommand in SUBCOMMANDS {
        assert!(main.contains(&format!("irsa\\-{}(1)", subcommand.replace('-', "\\-"))), "{subcommand}: {main}");
    }
    let check = fs::read_to_string(pages.join("irsa-check.1")).unwrap();
    assert!(check.contains(r"\-\-fail\-on"), "{check}");
}

#[test]
fn says_why_a_man_page_can_not_be_written() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let directory = file.path().join("man1");
    let output = irsa(&["man", directory.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.starts_with(&format!("Error: can't write to `{}`: ", directory.display())), "{error}");
}

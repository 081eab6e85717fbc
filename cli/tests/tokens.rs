//! Tests that no command prints a part of a token, even if the token was pasted into the wrong option or the wrong
//! file.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The length of the parts of a token that must not be printed, in characters.
const PART: usize = 16;

fn token() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/setups/00-walk-through.yaml");
    let setup: Value = yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    setup["inputs"]["token"].as_str().unwrap().to_owned()
}

fn irsa(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_irsa")).args(arguments).output().unwrap()
}

/// Returns the first part of the token that was printed, and the output. `None` if no part was printed.
fn leak(token: &str, output: &Output) -> Option<String> {
    let printed = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    let is_leaked = |part: &&[u8]| printed.contains(std::str::from_utf8(part).unwrap());
    let leaked = token.as_bytes().windows(PART).find(is_leaked);
    leaked.map(|part| format!("{} in: {printed}", String::from_utf8_lossy(part)))
}

/// Returns the options that the help of a subcommand lists, and whether each takes a value.
fn options(command: &str) -> BTreeSet<(String, bool)> {
    let help = String::from_utf8(irsa(&[command, "--help"]).stdout).unwrap();
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    let options: BTreeSet<_> = lines
        .filter_map(|line| {
            let start = line.find("--")?;
            let name = line.get(start..)?.split([' ', '=', ',']).next()?;
            Some((name.to_owned(), line.contains('<')))
        })
        .collect();
    assert!(options.len() > 5, "{options:?}");
    options
}

/// Returns what users may paste: the token, only its payload, only its header, and parts of it within other text.
fn pasted(token: &str) -> Vec<String> {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next().unwrap(), parts.next().unwrap());
    vec![
        token.to_owned(),
        format!("--{token}"),
        format!("pod/\"{token}\""),
        claims.to_owned(),
        header.to_owned(),
        format!("https://idp.example/{claims}"),
    ]
}

#[test]
fn prints_no_token_from_an_argument() {
    let token = token();
    for command in ["explain", "trust-policy", "check"] {
        for pasted in pasted(&token) {
            let mut lines = vec![
                vec![command.to_owned(), pasted.clone()],
                vec![command.to_owned(), "--".to_owned(), pasted.clone()],
            ];
            for (option, takes_value) in options(command) {
                lines.push(vec![command.to_owned(), format!("{option}={pasted}")]);
                if takes_value {
                    lines.push(vec![command.to_owned(), option.clone(), pasted.clone()]);
                }
            }
            for line in lines {
                let line: Vec<&str> = line.iter().map(String::as_str).collect();
                if let Some(leak) = leak(&token, &irsa(&line)) {
                    panic!("irsa {line:?} prints {leak}");
                }
            }
        }
        assert_eq!(leak(&token, &irsa(&[&token])), None);
    }
}

#[test]
fn prints_no_token_from_a_file() {
    let token = token();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = path.to_str().unwrap();
    let contents = [
        token.clone(),
        format!("{{\"token\": \"{token}\""),
        format!(
            "kind: Pod\nmetadata: {{name: '{token}', namespace: '{token}'}}\nspec: {{serviceAccountName: '{token}', containers: [{{name: '{token}', image: '{token}', env: [{{name: AWS_ROLE_ARN, value: '{token}'}}]}}]}}"
        ),
        format!("kind: ServiceAccount\nmetadata: {{name: a, annotations: {{eks.amazonaws.com/role-arn: '{token}'}}}}"),
        format!("kind: Deployment\napiVersion: apps/v1\nmetadata: {{name: '{token}'}}\nspec: '{token}'"),
        format!("{{Version: '{token}', Statement: '{token}'}}"),
        format!(
            "{{Statement: {{Effect: Allow, Action: '{token}', Principal: {{Federated: '{token}'}}, Condition: {{'{token}': {{'{token}': '{token}'}}}}}}}}"
        ),
        format!("{{region: '{token}'}}"),
        format!("{{'{token}': 1}}"),
        format!("{{issuer: '{token}', jwks_uri: '{token}', keys: [{{kid: '{token}'}}]}}"),
        format!("'{token}': ["),
        format!("- {token}\n {token}\n  - {token}: {token}: x"),
        format!("%7B{token}"),
    ];
    for content in contents {
        fs::write(&path, &content).unwrap();
        for (option, _) in options("explain").into_iter().filter(|(_, takes_value)| *takes_value) {
            let has_json = matches!(&*option, "--pod" | "--trust-policy");
            let modes: &[&[&str]] = if has_json { &[&["--verbose"], &["--output", "json"]] } else { &[&["--verbose"]] };
            for more in modes.iter().copied() {
                let line = [&["explain", &option, file][..], more].concat();
                if let Some(leak) = leak(&token, &irsa(&line)) {
                    panic!("irsa {line:?} with a file `{content}` prints {leak}");
                }
            }
        }
    }
}

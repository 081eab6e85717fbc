//! Generates parts of the documentation from the output of the command. Each test fails if its file is stale. `make
//! docs` writes the files.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ISSUER: &str = "https://oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a file with its expected text. With `UPDATE_DOCS`, writes the text to the file first.
fn check(file: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(in_repository(file), expected).unwrap();
    }
    assert_eq!(
        fs::read_to_string(in_repository(file)).unwrap_or_default(),
        expected,
        "{file} is stale: run `make docs`"
    );
}

#[test]
fn the_terraform_recipe_is_what_the_command_prints() {
    let role = "arn:aws:iam::111122223333:role/shop-web";
    let args = ["trust-policy", "shop/web", "--role", role, "--issuer", ISSUER, "--format", "terraform"];
    let output = Command::new(env!("CARGO_BIN_EXE_irsa")).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = read("docs/recipes.md");
    let (open, close) = ("<!-- terraform -->\n", "<!-- /terraform -->");
    let (before, rest) = text.split_once(open).unwrap();
    let (_, after) = rest.split_once(close).unwrap();
    let block = String::from_utf8(output.stdout).unwrap();
    check("docs/recipes.md", &format!("{before}{open}```hcl\n{}\n```\n{close}{after}", block.trim_end()));
}

/// A command of the recording, as a viewer could type it.
struct Scene {
    shown: &'static str,
    args: &'static [&'static str],
    then: Then,
}

/// What the end of the shown command does with the output.
enum Then {
    /// `| head -n COUNT`
    Head(usize),
    /// `> FILE`
    Write(&'static str),
    /// `| grep '^START'`
    Grep(&'static str),
}

/// The commands in the README's recording: a trust policy with a mistake, its correction, and the result.
const SCENES: [Scene; 3] = [
    Scene {
        shown: "irsa explain --pod pod.yaml --trust-policy trust.json --issuer \"$ISSUER\" | head -n 2",
        args: &["--trust-policy", "trust.json"],
        then: Then::Head(2),
    },
    Scene {
        shown: "irsa explain --pod pod.yaml --trust-policy trust.json --issuer \"$ISSUER\" --fix trust-policy > fixed.json",
        args: &["--trust-policy", "trust.json", "--fix", "trust-policy"],
        then: Then::Write("fixed.json"),
    },
    Scene {
        shown: "irsa explain --pod pod.yaml --trust-policy fixed.json --issuer \"$ISSUER\" --verbose | grep '^✓'",
        args: &["--trust-policy", "fixed.json", "--verbose"],
        then: Then::Grep("✓"),
    },
];

#[test]
fn the_recording_is_what_the_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["pod.yaml", "trust.json"] {
        fs::copy(in_repository("docs/recording").join(file), folder.path().join(file)).unwrap();
    }
    let mut screen = Screen::default();
    let mut last = None;
    for Scene { shown, args, then } in SCENES {
        let output = Command::new(env!("CARGO_BIN_EXE_irsa"))
            .args(["explain", "--pod", "pod.yaml", "--issuer", ISSUER])
            .args(args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        screen.command(shown);
        match then {
            Then::Head(count) => screen.output(text.lines().take(count)),
            Then::Write(file) => fs::write(folder.path().join(file), &text).unwrap(),
            Then::Grep(start) => screen.output(text.lines().filter(|line| line.starts_with(start))),
        }
        last = output.status.code();
    }
    assert_eq!(last, Some(0), "the corrected trust policy is not accepted");
    check("docs/recording.svg", &screen.svg());
}

/// The lines of a terminal, each with the second at which it appears.
#[derive(Default)]
struct Screen {
    lines: Vec<(f32, String)>,
    time: f32,
}

const COLUMNS: usize = 104;

impl Screen {
    fn command(&mut self, command: &str) {
        if !self.lines.is_empty() {
            self.time += 3.0;
            self.line("");
        }
        self.wrapped(&format!("$ {command}"), "    ");
        self.time += 1.0;
    }

    fn output<'t>(&mut self, lines: impl Iterator<Item = &'t str>) {
        for line in lines {
            let indent = " ".repeat(line.len() - line.trim_start().len() + 2);
            self.wrapped(line, &indent);
            self.time += 0.15;
        }
    }

    /// Adds a line. Wraps a long line, and indents the rest.
    fn wrapped(&mut self, line: &str, indent: &str) {
        let mut current = String::new();
        for word in line.split_inclusive(' ') {
            if current.chars().count() + word.trim_end().chars().count() > COLUMNS && !current.trim().is_empty() {
                self.line(&std::mem::replace(&mut current, indent.to_owned()));
            }
            current.push_str(word);
        }
        self.line(&current);
    }

    fn line(&mut self, line: &str) {
        self.lines.push((self.time, line.trim_end().to_owned()));
    }

    /// Returns the recording as SVG. All lines are visible at once if the reader has animations off. The background is
    /// dark in both light and dark themes.
    fn svg(&self) -> String {
        let height = 18 * self.lines.len() + 52;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 840 {height}\" width=\"840\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"title\">\n\
             <title id=\"title\">irsa explain finds a mistake in a trust policy, corrects it, and passes every step</title>\n\
             <style>\n\
             text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d7dde5;white-space:pre}}\n\
             .command{{fill:#ffffff;font-weight:600}}.bad{{fill:#ff9d97}}.good{{fill:#8fe0ab}}.fix{{fill:#ffd479}}\n\
             @keyframes show{{to{{opacity:1}}}}\n\
             @media (prefers-reduced-motion:no-preference){{.l{{opacity:0;animation:show .05s linear forwards}}}}\n\
             </style>\n\
             <rect width=\"840\" height=\"{height}\" rx=\"8\" fill=\"#1b1f24\" stroke=\"#4a5360\"/>\n\
             <circle cx=\"20\" cy=\"18\" r=\"6\" fill=\"#ff5f57\"/><circle cx=\"40\" cy=\"18\" r=\"6\" fill=\"#febc2e\"/>\
             <circle cx=\"60\" cy=\"18\" r=\"6\" fill=\"#28c840\"/>\n"
        );
        let mut color = "";
        for (index, (time, line)) in self.lines.iter().enumerate() {
            color = match line.split([' ', ':']).next().unwrap_or_default() {
                "$" => "command",
                "cause" | "✗" => "bad",
                "fix" => "fix",
                "✓" => "good",
                "" if line.starts_with(' ') => color,
                _ => "",
            };
            let text = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(
                svg,
                "<text class=\"l {color}\" x=\"16\" y=\"{}\" style=\"animation-delay:{time:.2}s\" xml:space=\"preserve\">{text}</text>",
                52 + 18 * index
            );
        }
        svg + "</svg>\n"
    }
}

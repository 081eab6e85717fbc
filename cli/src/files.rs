//! Reads the files that the command line names, or the standard input for `-`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use manifest_reader::{Document, documents};

use crate::policy_settings;

/// Reads a file, or the standard input if the path is `-`.
pub fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return io::read_to_string(io::stdin().lock()).context("cannot read the standard input");
    }
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Returns the only document of a YAML or JSON text as JSON. `None` if the text is empty. Fails if there are several.
pub fn single_document(text: &str) -> Result<Option<String>> {
    let mut documents: Vec<Document<'_>> = documents(text).into_iter().collect::<Result<_, _>>()?;
    ensure!(documents.len() <= 1, "expected one document, but got {}", documents.len());
    Ok(documents.pop().map(|document| document.json().into_owned()))
}

/// The policy's settings.
#[derive(Args)]
pub struct SettingsArgs {
    /// The policy's settings as JSON
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,

    /// A file with the policy's settings, the policy's manifest, or values of its Helm chart
    #[arg(short, long, visible_alias = "settings", value_name = "FILE", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
}

impl SettingsArgs {
    /// Reads the settings as JSON. `None` if the command line sets no settings. Empty settings become `{}`.
    pub fn read(&self) -> Result<Option<String>> {
        let json = match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => {
                let text = read(path)?;
                policy_settings::in_text(&text)
                    .with_context(|| format!("cannot read the settings in `{}`", path.display()))?
            }
            (None, Some(json)) => Some(json.clone()),
            (None, None) => return Ok(None),
        };
        let json = json.unwrap_or_default();
        match json.trim() {
            "" | "null" => Ok(Some("{}".to_owned())),
            text if text.starts_with('{') => Ok(Some(json)),
            _ => bail!("expected the settings to be an object, such as `{{\"region\": \"us-east-2\"}}`"),
        }
    }
}

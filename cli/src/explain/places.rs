//! Finds the file, the line and the column of a place in an input.

use std::fs;
use std::path::{Path, PathBuf};

use irsa_explain::Inputs;
use irsa_explain::explanation::Place;
use irsa_explain::inputs::Input;

use super::Args;

/// The inputs that come from a file, with the text of that file.
pub struct Places(Vec<(Input, PathBuf, Source)>);

enum Source {
    /// The only document of the file.
    Document(String),
    /// An object of the file, which is found by its JSON.
    Object { text: String, json: String },
}

impl Places {
    /// Reads the files again. The standard input can't be read again, so its places are not found.
    pub fn new(args: &Args, inputs: &Inputs) -> Self {
        let mut places = Vec::new();
        let read = |path: &Path| fs::read_to_string(path).ok();
        let documents = [
            (Input::TrustPolicy, &args.trust_policy),
            (Input::Provider, &args.provider),
            (Input::Association, &args.association),
        ];
        for (input, path) in documents {
            if let Some((path, text)) = path.as_ref().and_then(|path| Some((path, read(path)?))) {
                places.push((input, path.clone(), Source::Document(text)));
            }
        }
        let objects = [
            (Input::Pod, &inputs.pod),
            (Input::Workload, &inputs.workload),
            (Input::ServiceAccount, &inputs.service_account),
            (Input::ConfigMap, &inputs.config_map),
        ];
        let of_flags = [&args.pod, &args.workload, &args.service_account, &args.config_map];
        for path in args.files().chain(of_flags.into_iter().flatten().map(PathBuf::as_path)) {
            let Some(text) = read(path) else { continue };
            for (input, json) in &objects {
                let Some(json) = (*json).clone() else { continue };
                places.push((*input, path.to_owned(), Source::Object { text: text.clone(), json }));
            }
        }
        Self(places)
    }

    /// Formats the place as `FILE:LINE:COLUMN`. `None` if the input has no file, or if the file does not contain the
    /// place.
    pub fn text_of(&self, place: &Place) -> Option<String> {
        self.0.iter().filter(|(input, ..)| *input == place.input).find_map(|(_, path, source)| {
            let (line, column) = source.find(&place.pointer)?;
            Some(format!("{}:{line}:{column}", path.display()))
        })
    }
}

impl Source {
    fn find(&self, pointer: &str) -> Option<(u32, u32)> {
        match self {
            Self::Document(text) => {
                let documents = manifest_reader::documents(text);
                let place = documents.into_iter().next()?.ok()?.place(pointer)?;
                Some((place.key.line, place.key.column))
            }
            Self::Object { text, json } => {
                manifest_reader::documents(text).into_iter().flatten().find_map(|document| {
                    let object = document.objects().into_iter().find(|object| object.json == json.as_str())?;
                    let place = document.place(&format!("{}{pointer}", object.pointer))?;
                    Some((place.key.line, place.key.column))
                })
            }
        }
    }
}

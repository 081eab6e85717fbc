//! Binds a module that was built for `wasm32-unknown-unknown` to JavaScript: `bindgen MODULE FOLDER`.
//!
//! It is `wasm-bindgen --target web` as a library, so that its version is the crate's, by one lock file.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("bindgen: expected a module and a folder");
        return ExitCode::FAILURE;
    };
    match bind(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bind(module: &str, folder: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module);
    // The names are for debuggers, and a third of the module.
    bindgen.remove_name_section(true).remove_producers_section(true);
    let bindgen = bindgen.web(true).map_err(|error| error.to_string())?;
    bindgen.typescript(false).omit_default_module_path(true).generate(folder).map_err(|error| format!("{error:#}"))
}

//! Writes the JavaScript bindings of a module that was built for `wasm32-unknown-unknown`: `bindgen MODULE FOLDER`.
//!
//! Does the same as `wasm-bindgen --target web`, but as a library, so that the lock file gives it the same version as
//! the crate `wasm-bindgen`.

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
    // Removes the names of functions, which only debuggers use: they are a third of the module.
    bindgen.remove_name_section(true).remove_producers_section(true);
    let bindgen = bindgen.web(true).map_err(|error| error.to_string())?;
    bindgen.typescript(false).omit_default_module_path(true).generate(folder).map_err(|error| format!("{error:#}"))
}

//! Splits the size of a module by crate: counts the bytes of the functions of each crate.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Returns the size of each crate's functions in bytes, largest first. The entry `(data)` is the size of the data.
///
/// # Errors
/// Fails if the bytes are not a Wasm module, or if the module does not contain the names of its functions.
pub fn by_crate(module: &[u8]) -> Result<Vec<(String, usize)>> {
    let mut imported = 0_u32;
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                let functions = imports.into_imports().filter(|import| {
                    import.as_ref().is_ok_and(|import| matches!(import.ty, wasmparser::TypeRef::Func(_)))
                });
                imported = u32::try_from(functions.count())?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::DataSection(data) => *sizes.entry("(data)".to_owned()).or_default() += data.range().len(),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        let Name::Function(functions) = subsection? else { continue };
                        for naming in functions {
                            let naming = naming?;
                            names.insert(naming.index, naming.name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (index, size) in (imported..).zip(bodies) {
        let name = names.get(&index).context("the module does not contain the names of its functions")?;
        *sizes.entry(crate_of(&format!("{:#}", demangle(name)))).or_default() += size;
    }
    let mut sizes: Vec<_> = sizes.into_iter().collect();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    Ok(sizes)
}

/// Returns the first crate in a demangled name: `core` for `<core::fmt::Formatter>::pad` and for `<str>::parse`, `libc`
/// for a name that is not from Rust.
fn crate_of(name: &str) -> String {
    let is_of_path = |character: char| character == '_' || character == ':' || character.is_ascii_alphanumeric();
    // A part that begins with a colon does not start with a crate, because it follows a type: `::parse` in
    // `<str>::parse`.
    let mut paths = name.split(|character| !is_of_path(character)).filter(|path| !path.starts_with(':'));
    let first = paths.find_map(|path| path.split_once("::")).map(|(first, _)| first);
    first.unwrap_or(if name.starts_with('<') { "core" } else { "libc" }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_crate_of_a_function() {
        for (name, expected) in [
            ("irsa::check::check_pod", "irsa"),
            ("<core::fmt::Formatter>::pad", "core"),
            ("<&str as core::fmt::Debug>::fmt", "core"),
            ("core::ptr::drop_in_place::<irsa::Settings>", "core"),
            ("<str>::parse::<i64>", "core"),
            ("<alloc::vec::Vec<irsa::pod::Mount>>::push", "alloc"),
            ("dlmalloc", "libc"),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    #[test]
    fn adds_up_the_functions_of_a_crate() {
        let module = wat::parse_str(
            r#"(module
                (import "host" "call" (func $imported))
                (func $irsa::one (result i32) i32.const 1)
                (func $irsa::two (result i32) i32.const 2)
                (func $dlmalloc)
                (memory 1)
                (data (i32.const 0) "data"))"#,
        )
        .unwrap();
        let sizes = by_crate(&module).unwrap();
        assert_eq!(sizes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["(data)", "irsa", "libc"]);
        assert_eq!(sizes[1].1, 8);
    }
}

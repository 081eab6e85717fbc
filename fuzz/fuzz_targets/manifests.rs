//! Tests the reader of manifests, which `irsa` uses: the JSON of each document can be read again, and every position is
//! in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest_reader::{Node, Position, documents};

/// Checks the positions of a node and of everything in it.
fn check(node: &Node<'_>, is_in_text: &impl Fn(Position) -> bool) {
    assert!(is_in_text(node.at), "{:?}", node.at);
    for member in node.members() {
        assert!(is_in_text(member.at), "{}: {:?}", member.key, member.at);
        check(&member.node, is_in_text);
    }
    node.elements().iter().for_each(|element| check(element, is_in_text));
}

fuzz_target!(|text: &str| {
    // YAML ends a line with `\n`, `\r` or `\r\n`. A position may also be at the end of the text.
    let lines = text.matches(['\n', '\r']).count() + 2;
    let is_in_text = |at: Position| {
        (1..=lines).contains(&(at.line as usize)) && (1..=text.len() + 2).contains(&(at.column as usize))
    };
    for document in documents(text) {
        let document = match document {
            Ok(document) => document,
            Err(unreadable) => {
                assert!(is_in_text(unreadable.at) && !unreadable.message.is_empty(), "{unreadable:?}");
                continue;
            }
        };
        let parses = |json: &str| match serde_json::from_str::<serde_json::Value>(json) {
            Ok(_) => true,
            // `serde_json` rejects JSON that is nested deeper than 128 levels.
            Err(error) => error.to_string().starts_with("recursion limit"),
        };
        assert!(parses(&document.json()), "{}", document.json());
        assert!(document.objects().iter().all(|object| parses(&object.json)));
        if let Some(root) = document.root() {
            check(root, &is_in_text);
        }
    }
});

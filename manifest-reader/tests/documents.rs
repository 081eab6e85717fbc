//! Tests which documents the reader finds in YAML and JSON files as users write them.

use manifest_reader::{Document, Place, Position, documents};

#[allow(clippy::unwrap_used, reason = "a helper of tests")]
fn all(text: &str) -> Vec<Document<'_>> {
    documents(text).into_iter().map(Result::unwrap).collect()
}

fn json(text: &str) -> Vec<String> {
    all(text).iter().map(|document| document.json().into_owned()).collect()
}

fn at(line: u32, column: u32) -> Position {
    Position { line, column }
}

#[test]
fn keeps_json_byte_for_byte() {
    let text = r#"{"i": 1234567890123456789012345678901234567890, "s": "\u00e9\/", "f": 1.0}"#;
    assert_eq!(json(text), [text]);
}

#[test]
fn reads_json_documents_one_after_the_other() {
    let text = "{\"a\": 1}\n {\"b\":\n 2}";
    assert_eq!(json(text), ["{\"a\": 1}", "{\"b\":\n 2}"]);

    let documents = all(text);
    let place = |index: usize, pointer| documents[index].place(pointer).unwrap();
    assert_eq!(place(0, "/a"), Place { key: at(1, 2), value: at(1, 7) });
    assert_eq!(place(1, "/b"), Place { key: at(2, 3), value: at(3, 2) });
}

#[test]
fn reads_json_and_yaml_that_are_mixed() {
    assert_eq!(json("{\"a\": 1}\n---\nb: 2\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
}

#[test]
fn skips_empty_documents_a_byte_order_mark_and_carriage_returns() {
    for text in ["", "---\n", "# only a comment\n", "---\n---\n...\n"] {
        assert!(documents(text).is_empty(), "{text}");
    }
    let text = "\u{feff}# a comment\r\n---\r\na: 1\r\n---\r\n---\r\nb:\r\n- \"x\"\r\n";
    assert_eq!(json(text), [r#"{"a":1}"#, r#"{"b":["x"]}"#]);
    assert_eq!(all(text)[1].place("/b/0"), Some(Place { key: at(7, 3), value: at(7, 3) }));
}

#[test]
fn finds_the_positions_of_keys_and_values() {
    let text =
        "metadata:\n  annotations:\n    eks.amazonaws.com/role-arn: arn\nspec: {containers: [{name: é, image: b}]}\n";
    let document = &all(text)[0];
    for (pointer, key, value) in [
        ("", at(1, 1), at(1, 1)),
        ("/metadata/annotations", at(2, 3), at(3, 5)),
        ("/metadata/annotations/eks.amazonaws.com~1role-arn", at(3, 5), at(3, 33)),
        ("/spec/containers/0", at(4, 21), at(4, 21)),
        ("/spec/containers/0/image", at(4, 31), at(4, 38)),
    ] {
        assert_eq!(document.place(pointer), Some(Place { key, value }), "{pointer}");
    }
    assert_eq!(document.place("/spec/containers/1"), None);
    assert_eq!(document.place("/metadata/annotations/other/x"), None);
}

#[test]
fn resolves_aliases_and_merge_keys_as_kubectl_does() {
    let text = "base: &b {p: 1, q: 2}
over: {<<: *b, p: 5}
late: {p: 5, <<: *b}
many: {<<: [{p: 1}, {p: 2, r: 3}]}
alias: *b
";
    assert_eq!(
        json(text),
        [concat!(
            r#"{"base":{"p":1,"q":2},"over":{"q":2,"p":5},"late":{"p":1,"q":2},"many":{"r":3,"p":1},"#,
            r#""alias":{"p":1,"q":2}}"#
        )]
    );
    assert!(all(text)[0].duplicates.is_empty());
}

#[test]
fn keeps_the_last_of_equal_keys_and_reports_the_first() {
    let text = "a: 1\nb: 2\na: 3\n";
    let document = &all(text)[0];
    assert_eq!(document.json(), r#"{"b":2,"a":3}"#);
    let duplicate = &document.duplicates[0];
    assert_eq!((duplicate.key.as_str(), duplicate.dropped, duplicate.kept), ("a", at(1, 1), at(3, 1)));
}

#[test]
fn turns_keys_into_strings_and_takes_tags_into_account() {
    let text = "5: a\nyes: b\nn: no\n1.5: c\nstr: !!str 5\nint: !!int '7'\nfunction: !Ref Role\n";
    let document = &all(text)[0];
    assert_eq!(document.json(), r#"{"5":"a","true":"b","n":false,"1.5":"c","str":"5","int":7,"function":"Role"}"#);
    assert_eq!(document.root().unwrap().get("function").unwrap().tag.as_deref(), Some("!Ref"));
}

#[test]
fn continues_after_a_document_that_cannot_be_read() {
    let text = "a: 1\n---\nname: {{ .Values.name }}\n---\nb: [1\n---\n\tc: 1\n---\nd: 4\n";
    let read = documents(text);
    let lines: Vec<_> = read.iter().map(|document| document.as_ref().map_err(|error| error.at.line)).collect();
    assert!(matches!(lines[..], [Ok(_), Err(3), Err(_), Err(7), Ok(_)]), "{lines:?}");
    assert_eq!(read[4].as_ref().unwrap().json(), r#"{"d":4}"#);
}

#[test]
fn refuses_what_kubectl_refuses() {
    for (text, message) in [
        ("? [a]\n: b\n", "expected a key, but got an array"),
        ("~: b\n", "expected a key, but got nothing"),
        ("a: *b\n", "unknown anchor"),
        ("a: &a [*a]\n", "unknown anchor"),
        ("a: !!bool x\n", "does not fit its tag"),
        ("a:\n\tb: 1\n", "tab"),
        ("a:\n  b: 1\n\tc: 2\n", "tab"),
        ("a:\n\t- 1\n", "tab"),
        ("a: {<<: 1}\n", "expected a mapping to merge"),
    ] {
        let error = documents(text).remove(0).unwrap_err();
        assert!(error.message.contains(message) || error.message.contains("alias to itself"), "{text}: {error}");
    }
}

#[test]
fn rejects_aliases_that_add_too_many_nodes() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text = format!("{text}a{level}: &a{level} [{aliases}]\n");
    }
    let error = documents(&text).remove(0).unwrap_err();
    assert!(error.message.contains("1,000,000"), "{error}");
}

#[test]
fn splits_lists_into_their_items() {
    let yaml = "kind: List\nitems:\n- kind: Pod\n- kind: PodList\n  items: [{kind: Pod, i: 1}]\n";
    let json =
        r#"{"kind": "List", "items": [{"kind": "Pod"}, {"kind": "PodList", "items": [{"kind": "Pod", "i": 1.0}]}]}"#;
    let objects = |text| -> Vec<(String, String)> {
        let objects = all(text)[0].objects();
        objects.into_iter().map(|object| (object.pointer, object.json.into_owned())).collect()
    };
    let pointers = ["/items/0".to_owned(), "/items/1/items/0".to_owned()];
    let expected = |n: &str| [r#"{"kind":"Pod"}"#.to_owned(), format!(r#"{{"kind":"Pod","i":{n}}}"#)];
    assert_eq!(objects(yaml), pointers.clone().into_iter().zip(expected("1")).collect::<Vec<_>>());
    let found = objects(json);
    assert_eq!(found.iter().map(|(pointer, _)| pointer.clone()).collect::<Vec<_>>(), pointers);
    assert_eq!(found[1].1, r#"{"kind": "Pod", "i": 1.0}"#, "JSON is kept byte for byte");

    let other = "kind: ConfigMap\nitems: [{kind: Pod}]\n";
    assert_eq!(all(other)[0].objects().len(), 1, "a ConfigMap with items stays one object");
}

#[test]
fn keeps_comments_if_the_input_contains_irsa() {
    let text = "a: 1 # irsa: ignore[x] a reason\n---\n# irsa: ignore[y]\nb: 2\n# plain\n";
    let documents = all(text);
    let comment = &documents[0].comments[0];
    assert_eq!((comment.at, comment.text.as_str(), comment.is_trailing), (at(1, 6), "irsa: ignore[x] a reason", true));
    let texts: Vec<_> = documents.iter().map(|document| document.comments.len()).collect();
    assert_eq!(texts.iter().sum::<usize>(), 3, "{texts:?}");
    assert!(all("a: 1 # other\n")[0].comments.is_empty());
}

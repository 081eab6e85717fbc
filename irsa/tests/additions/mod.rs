//! An assertion that injection only adds to a pod. `tests/laws.rs` and `fuzz/` use it.

use serde_json::Value;

/// Asserts that `after` is `before` with additions, and that the additions are only where they are allowed.
pub fn assert_only_additions(before: &Value, after: &Value) {
    let mut rest = after.clone();
    for list in ["containers", "initContainers"] {
        for (index, container) in before["spec"][list].as_array().into_iter().flatten().enumerate() {
            let same = rest["spec"][list].get_mut(index).expect("no container was removed");
            for key in ["env", "volumeMounts"] {
                let kept = elements(&container[key]);
                assert!(
                    elements(&same[key]).starts_with(kept),
                    "existing elements come first: {key} of {container} in {after}"
                );
                put_back(same, container, key);
            }
        }
    }
    let (volumes, kept) = (elements(&after["spec"]["volumes"]), elements(&before["spec"]["volumes"]));
    assert!(volumes.ends_with(kept), "existing volumes come last: {before}\n{after}");
    assert!(volumes.len().saturating_sub(kept.len()) <= 1, "at most one volume is added: {after}");
    put_back(&mut rest["spec"], &before["spec"], "volumes");
    if after["metadata"]["labels"]["eks.amazonaws.com/pod-identity"] == "enabled" {
        put_back(&mut rest["metadata"], &before["metadata"], "labels");
    }
    assert_eq!(&rest, before, "nothing else is changed");
}

/// The elements of an array. Empty if the array is missing or `null`.
fn elements(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Sets a key of `object` to its value in `original`. Removes the key if `original` lacks it.
fn put_back(object: &mut Value, original: &Value, key: &str) {
    let members = object.as_object_mut().expect("an object stays an object");
    match original.get(key) {
        Some(value) => members.insert(key.to_owned(), value.clone()),
        None => members.remove(key),
    };
}

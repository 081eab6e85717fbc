//! Tests the parsers of short strings: globs, ARNs, account patterns, paths to pod templates, `skip-containers` and
//! lifetimes.
#![no_main]

use std::borrow::Cow;

use irsa::RoleArn;
use irsa::internals::AccountPattern;
use irsa::internals::Glob;
use irsa::internals::ObjectPath;
use irsa::internals::{TokenLifetime, skip_containers};
use libfuzzer_sys::fuzz_target;

/// Matches a glob by trying every length for each star. `*` matches neither `/` nor `:`, and `**` does not match `:`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let star = |crosses: fn(u8) -> bool, rest: &[u8]| {
        let run = text.iter().take_while(|byte| crosses(**byte)).count();
        (0..=run).any(|length| matches(rest, &text[length..]))
    };
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => star(|byte| byte != b':', rest),
        [b'*', rest @ ..] => star(|byte| !matches!(byte, b'/' | b':'), rest),
        [first, rest @ ..] => text.split_first().is_some_and(|(other, text)| first == other && matches(rest, text)),
    }
}

fuzz_target!(|texts: (&str, &str)| {
    let (one, other) = texts;
    let borrowed = Cow::Borrowed(one);
    if let Ok(glob) = Glob::new(borrowed.clone()) {
        let matched = glob.matches(other);
        // Trying every length takes too long for longer strings.
        if one.len() <= 12 && other.len() <= 24 {
            assert_eq!(matched, matches(one.as_bytes(), other.as_bytes()), "{one:?} {other:?}");
        }
    }
    if RoleArn::new(borrowed.clone()).is_ok() {
        assert!(one.starts_with("arn:aws") && one.contains(":iam::") && one.contains(":role/"), "{one}");
        assert!((20..=2048).contains(&one.len()) && one.is_ascii(), "{one}");
    }
    if let Ok(pattern) = AccountPattern::new(borrowed.clone()) {
        assert_eq!(one.matches('/').count(), 1, "{one}");
        std::hint::black_box(pattern.matches(other, one));
    }
    if let Ok(path) = ObjectPath::new(borrowed) {
        // The path `$`, without steps, leads to the object itself.
        assert_eq!(path.steps().is_empty(), one == "$", "{one}");
    }
    for name in skip_containers::read(one).into_iter().flatten() {
        assert_eq!(name, name.trim());
    }
    if let Some(lifetime) = TokenLifetime::read(one).lifetime() {
        assert!((600..=1 << 32).contains(&lifetime.seconds()), "{one}");
        assert!((600..=1 << 32).contains(&lifetime.with_jitter(other).seconds()), "{one}");
    }
});

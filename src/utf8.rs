//! Turns the payload into a string.

#![expect(unsafe_code, reason = "the standard library would check the bytes a second time")]

use irsa::json::is_utf8;

/// Returns bytes as a string. `None` if they are not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    // SAFETY: the bytes are UTF-8. A property test of `is_utf8` compares it with the standard library.
    is_utf8(bytes).then(|| unsafe { core::str::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_utf8_only() {
        let long = "\u{20ac}".repeat(50);
        for valid in ["", "a", "\u{1f600}", &long] {
            assert_eq!(text(valid.as_bytes()), Some(valid));
            assert_eq!(text(&[valid.as_bytes(), b"\xe2\x82"].concat()), None, "{valid}");
        }
    }
}

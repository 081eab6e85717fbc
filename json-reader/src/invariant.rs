//! Stops the program if an invariant of this crate is broken.

/// Panics, so that no wrong output is produced. In the policy, the panic is a trap, and the API server rejects the
/// request.
///
/// Each caller names its invariant in a comment that starts with `INVARIANT:`.
#[cold]
#[inline(never)]
#[expect(clippy::panic, reason = "fails closed: a default would silently lose a part of the text")]
pub(crate) fn broken() -> ! {
    panic!("a bug in json-reader: an invariant does not hold");
}

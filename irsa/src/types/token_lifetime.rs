//! The lifetime of a token: the valid range, the jitter, and how a value in user input is read.
//!
//! Sources: Kubernetes' `ServiceAccountTokenProjection.expirationSeconds` (600 s to 2^32 s,
//! `pkg/apis/core/validation`); Go's `strconv.ParseInt`, which the webhook uses to read the annotation.

use core::fmt;

/// A token's lifetime that the API server accepts: 600 to 2^32 seconds.
///
/// ```
/// use irsa::internals::{Reading, TokenLifetime, TokenLifetimeError};
///
/// assert_eq!(TokenLifetime::new(3600).map(TokenLifetime::seconds), Ok(3600));
/// assert_eq!(TokenLifetime::new(599), Err(TokenLifetimeError::TooShort));
/// assert_eq!(TokenLifetime::read("60"), Reading::Raised);
/// assert_eq!(TokenLifetime::read("an hour"), Reading::Unreadable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLifetime(u64);

/// Why a number of seconds is not a token's lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLifetimeError {
    /// It is below [`TokenLifetime::MIN`].
    TooShort,
    /// It is above [`TokenLifetime::MAX`].
    TooLong,
}

/// The result of reading a lifetime in user input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A valid lifetime.
    Lifetime(TokenLifetime),
    /// A lifetime below [`TokenLifetime::MIN`]. The minimum is used instead.
    Raised,
    /// Not a whole number, or more than [`TokenLifetime::MAX`].
    Unreadable,
}

impl TokenLifetime {
    /// The shortest lifetime: ten minutes.
    pub const MIN: Self = Self(600);
    /// The longest lifetime: 2^32 s.
    pub const MAX: Self = Self(1 << 32);
    /// The valid range, for messages.
    pub const RANGE: &str = "600 to 4294967296 s";
    /// The webhook's default: 24 hours.
    pub const DEFAULT: Self = Self(86_400);

    /// Checks that the API server accepts a lifetime of this number of seconds.
    ///
    /// # Errors
    /// Fails if it is below [`Self::MIN`] or above [`Self::MAX`].
    pub const fn new(seconds: u64) -> Result<Self, TokenLifetimeError> {
        match seconds {
            _ if seconds < Self::MIN.0 => Err(TokenLifetimeError::TooShort),
            _ if seconds > Self::MAX.0 => Err(TokenLifetimeError::TooLong),
            _ => Ok(Self(seconds)),
        }
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Adds jitter to the lifetime of a token for container credentials. The default of 24 hours becomes 22 to 24
    /// hours, so that the tokens of pods that start together expire at different times. The same seed gives the same
    /// lifetime. Any other lifetime stays unchanged.
    ///
    /// The webhook uses a random number (`pkg/handler/handler.go`, `addJitterToDefaultToken`).
    #[must_use]
    pub fn with_jitter(self, seed: &str) -> Self {
        const SHORTEST: u64 = 79_200;
        const CHOICES: u64 = TokenLifetime::DEFAULT.0 - SHORTEST + 1;
        if self != Self::DEFAULT {
            return self;
        }
        // The FNV-1a hash, with its upper half folded into the lower half.
        let hash = seed
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(SHORTEST.saturating_add((hash ^ (hash >> 32)) % CHOICES))
    }

    /// Reads the value of an annotation: an optional sign and digits that form a 64-bit number.
    #[must_use]
    pub fn read(text: &str) -> Reading {
        text.parse().map_or(Reading::Unreadable, Self::of_seconds)
    }

    /// Reads a number of seconds.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Reading {
        // A negative number is treated as 0, which is below the minimum.
        match Self::new(u64::try_from(seconds).unwrap_or(0)) {
            Ok(lifetime) => Reading::Lifetime(lifetime),
            Err(TokenLifetimeError::TooShort) => Reading::Raised,
            Err(TokenLifetimeError::TooLong) => Reading::Unreadable,
        }
    }
}

impl Reading {
    /// The lifetime to use. `None` if the value is ignored and the next source applies.
    #[must_use]
    pub fn lifetime(self) -> Option<TokenLifetime> {
        match self {
            Self::Lifetime(lifetime) => Some(lifetime),
            Self::Raised => Some(TokenLifetime::MIN),
            Self::Unreadable => None,
        }
    }

    /// How an invalid lifetime is treated, for a message. `None` if it is valid.
    #[must_use]
    pub fn consequence(self) -> Option<&'static str> {
        match self {
            Self::Lifetime(_) => None,
            Self::Raised => Some("raised to 600"),
            Self::Unreadable => Some("ignored"),
        }
    }
}

impl fmt::Display for TokenLifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least_or_most, limit, got) = match self {
            Self::TooShort => ("least", TokenLifetime::MIN, "shorter"),
            Self::TooLong => ("most", TokenLifetime::MAX, "longer"),
        };
        write!(f, "expected a lifetime of at {least_or_most} {} s, but got a {got} lifetime", limit.seconds())
    }
}

impl core::error::Error for TokenLifetimeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_numbers_that_go_reads() {
        let (shortest, longest) = (TokenLifetime::MIN.seconds(), TokenLifetime::MAX.seconds());
        assert_eq!(TokenLifetime::RANGE, format!("{shortest} to {longest} s"));
        for (text, seconds) in [("600", 600), ("+900", 900), ("007200", 7200), ("4294967296", 1 << 32)] {
            assert_eq!(TokenLifetime::read(text), Reading::Lifetime(TokenLifetime(seconds)), "{text}");
        }
    }

    #[test]
    fn rejects_lifetimes_out_of_range_with_the_reason() {
        let [shortest, longest] = [TokenLifetime::MIN, TokenLifetime::MAX].map(TokenLifetime::seconds);
        for (seconds, message) in [
            (shortest - 1, "expected a lifetime of at least 600 s, but got a shorter lifetime"),
            (longest + 1, "expected a lifetime of at most 4294967296 s, but got a longer lifetime"),
        ] {
            assert_eq!(TokenLifetime::new(seconds).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn spreads_lifetimes_of_24_hours_evenly_over_22_to_24_hours() {
        // There are 7,201 lifetimes: 22 to 24 hours, in seconds. The test computes the lifetime for 72,010 UIDs. It
        // counts the results in ten buckets, each for 720 or 721 of the possible lifetimes.
        let mut buckets = [0_u32; 10];
        let (mut least, mut most) = (u64::MAX, 0);
        for seed in 0..72_010_u64 {
            let high = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let uid = format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{seed:012x}",
                high >> 32,
                high >> 16 & 0xffff,
                high >> 4 & 0xfff,
                high & 0xfff
            );
            let seconds = TokenLifetime::DEFAULT.with_jitter(&uid).seconds();
            assert_eq!(TokenLifetime::DEFAULT.with_jitter(&uid).seconds(), seconds);
            least = least.min(seconds);
            most = most.max(seconds);
            buckets[usize::try_from((seconds - 79_200) * 10 / 7_201).unwrap()] += 1;
        }
        assert_eq!((least, most), (79_200, 86_400));
        // Pearson's chi-squared test with 9 degrees of freedom: a fair draw exceeds 27.9 once in 1,000 times.
        let expected = 7_201.0;
        let chi_squared: f64 = buckets.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi_squared < 27.9, "{chi_squared} {buckets:?}");
    }

    #[test]
    fn gives_a_seed_the_same_lifetime_in_every_version() {
        // 64-bit FNV-1a, folded, modulo 7,201: computed by a separate implementation.
        for (uid, seconds) in [("", 79_403), ("a", 82_718), ("705ab4f5-6393-11e8-b7cc-42010a800002", 84_012)] {
            assert_eq!(TokenLifetime::DEFAULT.with_jitter(uid).seconds(), seconds, "{uid}");
        }
    }

    #[test]
    fn adds_no_jitter_to_lifetimes_other_than_24_hours() {
        for seconds in [600, 86_399, 86_401] {
            let lifetime = TokenLifetime(seconds);
            assert_eq!(lifetime.with_jitter("uid"), lifetime);
        }
    }

    #[test]
    fn raises_lifetimes_that_are_too_short() {
        for text in ["599", "0", "-5", "-9223372036854775808"] {
            assert_eq!(TokenLifetime::read(text), Reading::Raised, "{text}");
        }
    }

    #[test]
    fn rejects_strings_that_are_not_a_number_and_lifetimes_that_are_too_long() {
        for text in ["", " 900", "7200s", "1e4", "0x384", "1_000", "4294967297", "9223372036854775808"] {
            assert_eq!(TokenLifetime::read(text), Reading::Unreadable, "{text}");
        }
    }
}

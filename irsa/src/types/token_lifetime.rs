//! How long a token is good for.
//!
//! Sources: Kubernetes' `ServiceAccountTokenProjection.expirationSeconds` (600 s to 2^32 s, `pkg/apis/core/validation`);
//! Go's `strconv.ParseInt`, by which the webhook reads the annotation.

/// A token's lifetime, in seconds: one that the API server accepts.
///
/// ```
/// use irsa::internals::{Reading, TokenLifetime};
///
/// assert_eq!(TokenLifetime::new(3600).map(TokenLifetime::seconds), Some(3600));
/// assert_eq!(TokenLifetime::new(599), None);
/// assert_eq!(TokenLifetime::read("60"), Reading::Raised);
/// assert_eq!(TokenLifetime::read("an hour"), Reading::Unreadable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLifetime(u64);

/// What a text says of a lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A lifetime.
    Lifetime(TokenLifetime),
    /// One below [`TokenLifetime::MIN`], which is used in its stead.
    Raised,
    /// No number of seconds, or too many.
    Unreadable,
}

impl TokenLifetime {
    /// The shortest: ten minutes.
    pub const MIN: Self = Self(600);
    /// The longest: 2^32 s.
    pub const MAX: Self = Self(1 << 32);
    /// From the shortest to the longest, for messages.
    pub const RANGE: &str = "600 to 4294967296 s";
    /// The webhook's default: a day.
    pub const DEFAULT: Self = Self(86_400);

    /// A lifetime of so many seconds, if the API server accepts it.
    #[must_use]
    pub fn new(seconds: u64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&seconds).then_some(Self(seconds))
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The lifetime of a container credentials' token: one of a day is spread over 22 to 24 hours, so that not all
    /// tokens of pods made together end together. The same seed gives the same lifetime.
    ///
    /// The webhook draws it by chance (`pkg/handler/handler.go`, `addJitterToDefaultToken`).
    #[must_use]
    pub fn with_jitter(self, seed: &str) -> Self {
        const SHORTEST: u64 = 79_200;
        const CHOICES: u64 = TokenLifetime::DEFAULT.0 - SHORTEST + 1;
        if self != Self::DEFAULT {
            return self;
        }
        // FNV-1a, folded to as many bits as matter.
        let hash = seed
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(SHORTEST.saturating_add((hash ^ (hash >> 32)) % CHOICES))
    }

    /// Reads an annotation: an optional sign and digits, of at most 64 bits.
    #[must_use]
    pub fn read(text: &str) -> Reading {
        text.parse().map_or(Reading::Unreadable, Self::of_seconds)
    }

    /// What a number of seconds says of a lifetime.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Reading {
        match u64::try_from(seconds) {
            Ok(seconds) if seconds > Self::MAX.0 => Reading::Unreadable,
            Ok(seconds) => Self::new(seconds).map_or(Reading::Raised, Reading::Lifetime),
            Err(_) => Reading::Raised,
        }
    }
}

impl Reading {
    /// The lifetime that comes of it. `None` where the next source's counts.
    #[must_use]
    pub fn lifetime(self) -> Option<TokenLifetime> {
        match self {
            Self::Lifetime(lifetime) => Some(lifetime),
            Self::Raised => Some(TokenLifetime::MIN),
            Self::Unreadable => None,
        }
    }

    /// What comes of a lifetime that is not as it should be, for a message. `None` where it is.
    #[must_use]
    pub fn consequence(self) -> Option<&'static str> {
        match self {
            Self::Lifetime(_) => None,
            Self::Raised => Some("raised to 600"),
            Self::Unreadable => Some("ignored"),
        }
    }
}

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
    #[cfg_attr(miri, ignore = "takes an hour there, and does nothing that the other tests do not")]
    fn jitter_spreads_a_day_evenly_over_22_to_24_hours() {
        // 72,010 seeds of the form of a uid, over ten buckets of 720 or 721 lifetimes each.
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
        // Pearson's chi-squared, 9 degrees of freedom: above 27.9 in one of 1,000 fair draws.
        let expected = 7_201.0;
        let chi_squared: f64 = buckets.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi_squared < 27.9, "{chi_squared} {buckets:?}");
    }

    #[test]
    fn spreads_the_same_uid_the_same_way_in_every_version() {
        // FNV-1a of 64 bits, folded, over 7,201 lifetimes: reckoned by another program.
        for (uid, seconds) in [("", 79_403), ("a", 82_718), ("705ab4f5-6393-11e8-b7cc-42010a800002", 84_012)] {
            assert_eq!(TokenLifetime::DEFAULT.with_jitter(uid).seconds(), seconds, "{uid}");
        }
    }

    #[test]
    fn spreads_no_other_lifetime() {
        for seconds in [600, 86_399, 86_401] {
            let lifetime = TokenLifetime(seconds);
            assert_eq!(lifetime.with_jitter("uid"), lifetime);
        }
    }

    #[test]
    fn raises_what_is_too_short() {
        for text in ["599", "0", "-5", "-9223372036854775808"] {
            assert_eq!(TokenLifetime::read(text), Reading::Raised, "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_number_or_too_long() {
        for text in ["", " 900", "7200s", "1e4", "0x384", "1_000", "4294967297", "9223372036854775808"] {
            assert_eq!(TokenLifetime::read(text), Reading::Unreadable, "{text}");
        }
    }
}

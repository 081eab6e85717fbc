//! Three-valued logic: true, false, or unknown.

/// Whether a statement is true, as far as the inputs tell (Kleene's logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ternary {
    /// True, whatever the missing inputs are.
    True,
    /// False, whatever the missing inputs are.
    False,
    /// Depends on a missing input.
    Unknown,
}

impl Ternary {
    /// True if both are true.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// True if at least one is true.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// The opposite. The opposite of unknown is unknown.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// True if all are true, also for an empty sequence.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::True, Self::and)
    }

    /// True if at least one is true.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::False, Self::or)
    }

    /// The common value. Unknown if the values differ, and for an empty sequence.
    pub fn agreed(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut truths = truths.into_iter();
        match truths.next() {
            Some(first) if truths.all(|other| other == first) => first,
            _ => Self::Unknown,
        }
    }
}

impl From<bool> for Ternary {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Ternary::{False, True, Unknown};
    use super::*;

    #[test]
    fn unknown_decides_nothing_that_the_known_part_decides() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(Ternary::all([]), True);
        assert_eq!(Ternary::any([]), False);
    }

    #[test]
    fn values_that_differ_do_not_agree() {
        assert_eq!(Ternary::agreed([True, True]), True);
        assert_eq!(Ternary::agreed([True, False]), Unknown);
        assert_eq!(Ternary::agreed([]), Unknown);
    }
}

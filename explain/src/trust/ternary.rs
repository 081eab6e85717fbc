//! Three-valued logic: true, false, or unknown.

/// Whether a proposition is true, as far as the inputs show (Kleene's logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ternary {
    /// True, whatever the missing values are.
    True,
    /// False, whatever the missing values are.
    False,
    /// The result depends on a missing value, or IAM does not document the result.
    Unknown,
}

impl Ternary {
    /// True if `self` and `other` are true.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// True if `self` or `other` is true.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// Returns the opposite. The opposite of unknown is unknown.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// True if all values are true. Also true for an empty sequence.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::True, Self::and)
    }

    /// True if at least one value is true. False for an empty sequence.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::False, Self::or)
    }

    /// Returns the common value. Unknown if the values differ, or if the sequence is empty.
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
    fn a_known_value_can_decide_the_result_despite_an_unknown_one() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(Ternary::all([]), True);
        assert_eq!(Ternary::any([]), False);
    }

    #[test]
    fn agreed_is_unknown_if_the_values_differ() {
        assert_eq!(Ternary::agreed([True, True]), True);
        assert_eq!(Ternary::agreed([True, False]), Unknown);
        assert_eq!(Ternary::agreed([]), Unknown);
    }
}

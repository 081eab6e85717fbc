//! True, false, or unknown.

/// Whether something holds, as far as it can be known (Kleene's logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ternary {
    /// It holds, whatever the unknown is.
    True,
    /// It does not hold, whatever the unknown is.
    False,
    /// It depends on what is not known.
    Unknown,
}

impl Ternary {
    /// Whether both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// Whether one of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// Whether it does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether all hold. Of nothing, all hold.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::True, Self::and)
    }

    /// Whether any holds. Of nothing, none holds.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::False, Self::or)
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
    fn the_unknown_decides_only_where_the_known_does_not() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(Ternary::all([]), True);
        assert_eq!(Ternary::any([]), False);
    }
}

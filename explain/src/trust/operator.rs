//! Condition operators.
//!
//! Sources: the IAM User Guide, "IAM JSON policy elements: Condition operators"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>) and "Set
//! operators for multivalued context keys"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>).
//! `conditions/operators.yaml` holds each rule against a sentence of these.

use super::context::Known;
use super::pattern;
use super::ternary::Ternary;

/// An operator of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// The set operator before it.
    set: Option<Set>,
    /// What it tests.
    pub test: Test,
    /// It ends with `IfExists`.
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// What an operator tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// A text.
    Text {
        /// `*` and `?` are wildcards.
        is_pattern: bool,
        /// Letter case does not count.
        ignores_case: bool,
        /// It holds where no value matches.
        is_negated: bool,
    },
    /// Whether the key is there.
    Null,
    /// Something else: numbers, dates, addresses, ARNs. It is known only where the key is known to be absent.
    Other {
        /// It holds where no value matches.
        is_negated: bool,
    },
}

/// Operators whose values are not compared here, and whether they are negated.
const OTHERS: [(&str, bool); 20] = [
    ("NumericEquals", false),
    ("NumericNotEquals", true),
    ("NumericLessThan", false),
    ("NumericLessThanEquals", false),
    ("NumericGreaterThan", false),
    ("NumericGreaterThanEquals", false),
    ("DateEquals", false),
    ("DateNotEquals", true),
    ("DateLessThan", false),
    ("DateLessThanEquals", false),
    ("DateGreaterThan", false),
    ("DateGreaterThanEquals", false),
    ("Bool", false),
    ("BinaryEquals", false),
    ("IpAddress", false),
    ("NotIpAddress", true),
    ("ArnEquals", false),
    ("ArnLike", false),
    ("ArnNotEquals", true),
    ("ArnNotLike", true),
];

impl Operator {
    /// The operator of this name, if it is known.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let test = Test::named(name)?;
        // `Null` takes neither.
        (test != Test::Null || (set.is_none() && !if_exists)).then_some(Self { set, test, if_exists })
    }

    /// Whether the operator is one for texts that takes `*` and `?` as they are.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self.test, Test::Text { is_pattern: false, is_negated: false, .. })
    }

    /// Whether it holds for a key of the request, and these values of the policy. Where the policy is of a version that
    /// knows variables, a value with `${` is one whose text is not known.
    #[must_use]
    pub fn holds(self, key: &Known<'_>, values: &[String], has_variables: bool) -> Ternary {
        if values.is_empty() {
            return Ternary::Unknown;
        }
        let (is_negated, satisfies) = match self.test {
            Test::Null => return null(key, values),
            Test::Other { is_negated } => (is_negated, None),
            Test::Text { is_negated, .. } => (is_negated, Some(())),
        };
        match (key, self.set) {
            (Known::Unknown, _) => Ternary::Unknown,
            (Known::Absent, None) => (is_negated || self.if_exists).into(),
            (Known::Absent, Some(Set::All)) => Ternary::True,
            // The documentation does not say what `IfExists` makes of it.
            (Known::Absent, Some(Set::Any)) if self.if_exists => Ternary::Unknown,
            (Known::Absent, Some(Set::Any)) => Ternary::False,
            (Known::Values(_), _) if satisfies.is_none() => Ternary::Unknown,
            (Known::Values(all), Some(Set::All)) => {
                // "An empty string" is "a null data set", for which it holds.
                let all = all.iter().filter(|value| !value.is_empty());
                Ternary::all(all.map(|value| self.satisfied(value, values, has_variables)))
            }
            (Known::Values(all), Some(Set::Any)) => {
                Ternary::any(all.iter().map(|value| self.satisfied(value, values, has_variables)))
            }
            (Known::Values(all), None) => match all.as_slice() {
                [value] => self.satisfied(value, values, has_variables),
                // Several values are for set operators.
                _ => Ternary::Unknown,
            },
        }
    }

    /// Whether a value of the request satisfies those of the policy: it matches one of them, or, negated, none.
    fn satisfied(self, value: &str, values: &[String], has_variables: bool) -> Ternary {
        let Test::Text { is_pattern, ignores_case, is_negated } = self.test else { return Ternary::Unknown };
        let any = Ternary::any(values.iter().map(|expected| {
            if has_variables && expected.contains("${") {
                return Ternary::Unknown;
            }
            Ternary::from(match (is_pattern, ignores_case) {
                (true, _) => pattern::matches(expected, value),
                (false, true) => expected.to_lowercase() == value.to_lowercase(),
                (false, false) => expected == value,
            })
        }));
        if is_negated { any.negated() } else { any }
    }
}

impl Test {
    fn named(name: &str) -> Option<Self> {
        let text = |is_pattern, ignores_case, is_negated| Some(Self::Text { is_pattern, ignores_case, is_negated });
        match name {
            "StringEquals" => text(false, false, false),
            "StringNotEquals" => text(false, false, true),
            "StringEqualsIgnoreCase" => text(false, true, false),
            "StringNotEqualsIgnoreCase" => text(false, true, true),
            "StringLike" => text(true, false, false),
            "StringNotLike" => text(true, false, true),
            "Null" => Some(Self::Null),
            _ => OTHERS
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, is_negated)| Self::Other { is_negated: *is_negated }),
        }
    }
}

fn null(key: &Known<'_>, values: &[String]) -> Ternary {
    let is_absent = match key {
        Known::Unknown => return Ternary::Unknown,
        Known::Absent => true,
        Known::Values(values) => values.is_empty(),
    };
    Ternary::any(values.iter().map(|value| match value.as_str() {
        "true" => is_absent.into(),
        "false" => (!is_absent).into(),
        _ => Ternary::Unknown,
    }))
}

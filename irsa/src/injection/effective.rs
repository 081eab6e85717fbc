//! The environment of a container after injection, for the checks. Injects nothing itself.

use alloc::borrow::Cow;

use super::environment::Value;
use super::plan::{Additions, Plan};
use crate::objects::container::{Container, EnvVarValue};
use crate::objects::env_var::{EnvVar, refers_to_another};

/// A container, and what the plan adds to it.
pub(crate) struct EffectiveContainer<'p, 'j> {
    container: &'p Container<'j>,
    plan: Option<(&'p Plan<'p>, Additions)>,
}

/// The value of a variable after injection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EffectiveValue<'v> {
    /// Not set.
    Unset,
    /// A literal value.
    Literal(Cow<'v, str>),
    /// Set, but the value is unknown at admission.
    Unknown,
    /// Possibly not set: an optional key of a Secret or `ConfigMap`.
    MayBeUnset,
}

impl EffectiveValue<'_> {
    /// The literal value, unless it is empty.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(value) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// Whether the variable is set, and is not an empty literal.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self, Self::Unknown) || self.literal().is_some()
    }
}

impl<'p, 'j> EffectiveContainer<'p, 'j> {
    /// Pairs each container of a pod with what the plan adds to it. Without a plan, or with an empty plan, nothing is
    /// added.
    pub(crate) fn all(containers: &'p [Container<'j>], plan: Option<&'p Plan<'p>>) -> impl Iterator<Item = Self> {
        containers.iter().enumerate().map(move |(index, container)| {
            let plan = plan.and_then(|plan| Some((plan, *plan.containers.get(index)?)));
            Self { container, plan }
        })
    }

    /// The container in the request.
    pub(crate) fn container(&self) -> &'p Container<'j> {
        self.container
    }

    /// Whether the plan adds the token's mount.
    pub(crate) fn gets_mount(&self) -> bool {
        self.plan.is_some_and(|(_, additions)| additions.mount)
    }

    /// The value of a variable after injection.
    pub(crate) fn value(&self, variable: EnvVar) -> EffectiveValue<'p>
    where
        'j: 'p,
    {
        if let Some(value) = self.container.value(variable) {
            return match value {
                EnvVarValue::Literal(value) => match value.decode() {
                    value if refers_to_another(&value) => EffectiveValue::Unknown,
                    value => EffectiveValue::Literal(value),
                },
                EnvVarValue::Reference { is_optional: true } => EffectiveValue::MayBeUnset,
                EnvVarValue::Reference { is_optional: false } => EffectiveValue::Unknown,
            };
        }
        let Some((plan, additions)) = self.plan else { return EffectiveValue::Unset };
        match plan.variables(additions).find(|(other, _)| *other == variable) {
            Some((_, Value::Text(text))) => EffectiveValue::Literal(Cow::Borrowed(text)),
            Some((_, Value::PodName)) => EffectiveValue::Unknown,
            None => EffectiveValue::Unset,
        }
    }
}

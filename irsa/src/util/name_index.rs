//! Finds a name among many, in time that does not grow with their number.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Up to this number of names, a search from the first to the last is the quickest.
const FEW: usize = 16;

/// The positions of names in a list. Of a duplicate name, the first position counts.
#[derive(Debug, Default)]
pub(crate) struct NameIndex<'n> {
    few: Vec<Cow<'n, str>>,
    /// The names behind the first [`FEW`].
    many: BTreeMap<Cow<'n, str>, usize>,
}

impl<'n> NameIndex<'n> {
    /// An index of the names, in their order.
    // One kind of iterator and of map, so that the module has the code once.
    pub(crate) fn new(names: &mut dyn Iterator<Item = Cow<'n, str>>) -> Self {
        let mut index = Self::default();
        for (position, name) in names.enumerate() {
            if position < FEW {
                index.few.push(name);
            } else {
                index.many.entry(name).or_insert(position);
            }
        }
        index
    }

    /// The position of a name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.few.iter().position(|other| other == name).or_else(|| self.many.get(name).copied())
    }

    /// Whether the name is there.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Whether there are no names.
    pub(crate) fn is_empty(&self) -> bool {
        self.few.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_position_of_a_name() {
        for count in [0, 3, FEW, 100] {
            let names: Vec<String> = (0..count).map(|index| format!("n{index}")).collect();
            let twice = names.iter().chain(&names).map(|name| Cow::Borrowed(name.as_str()));
            let index = NameIndex::new(&mut { twice });
            for (position, name) in names.iter().enumerate() {
                assert_eq!(index.position(name), Some(position), "{name}");
            }
            assert!(!index.contains("other"));
            assert_eq!(index.is_empty(), count == 0);
        }
    }
}

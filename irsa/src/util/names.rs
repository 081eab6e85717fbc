//! An index of names: finds one of many names without a comparison with each of them.
//!
//! A `BTreeMap` or the standard library's sort would add kilobytes to the module. A hash map with a fixed hash would be
//! slow if an attacker chooses names with equal hashes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The maximum number of names that are searched one by one. Sorting so few names would cost more.
const UNSORTED: usize = 16;

/// A name, and its position in the original order.
pub(crate) type Entry<'n> = (Cow<'n, str>, usize);

/// An index of names. A name can occur more than once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names<'n>(Vec<Entry<'n>>);

impl<'n> Names<'n> {
    pub(crate) fn new(names: impl Iterator<Item = Cow<'n, str>>) -> Self {
        let mut entries: Vec<Entry<'n>> = names.enumerate().map(|(position, name)| (name, position)).collect();
        if entries.len() > UNSORTED {
            sort(&mut entries);
        }
        Self(entries)
    }

    /// The first position of a name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let entry = if self.0.len() > UNSORTED {
            self.0.get(self.0.partition_point(|(other, _)| **other < *name)).filter(|(other, _)| *other == name)
        } else {
            self.0.iter().find(|(other, _)| *other == name)
        };
        entry.map(|(_, position)| *position)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }
}

/// Sorts by heapsort, which is small and never quadratic. Does not keep the order of equal elements.
pub(crate) fn sort<T: PartialOrd>(elements: &mut [T]) {
    let length = elements.len();
    for root in (0..length / 2).rev() {
        sift_down(elements, root);
    }
    for end in (1..length).rev() {
        elements.swap(0, end);
        if let Some(heap) = elements.get_mut(..end) {
            sift_down(heap, 0);
        }
    }
}

/// Moves the element at `root` down until no child is greater.
fn sift_down<T: PartialOrd>(heap: &mut [T], mut root: usize) {
    loop {
        let left = root.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let greater = if heap.get(left) < heap.get(right) { right } else { left };
        // Beyond the end of the heap, `get` returns `None`, which is less than any element.
        if heap.get(greater) <= heap.get(root) {
            return;
        }
        heap.swap(root, greater);
        root = greater;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_position_of_every_name() {
        for count in [0, 1, UNSORTED, UNSORTED + 1, 1000] {
            // A step that shares no factor with the count gives each name once, out of order.
            let all: Vec<String> = (0..count).map(|index| format!("n{}", index * 7919 % count.max(1))).collect();
            let twice = || all.iter().chain(&all).map(|name| Cow::Borrowed(name.as_str()));
            let names = Names::new(twice());
            for name in &all {
                assert_eq!(names.position(name), twice().position(|other| other == *name), "{name} of {count}");
            }
            assert!(!names.contains("") && !names.contains("n") && !names.contains("x"), "{count}");
        }
    }

    #[test]
    fn sorts_as_the_standard_library_does() {
        for modulus in [1, 2, 7, 97] {
            let mut entries: Vec<Entry<'_>> =
                (0..100).map(|index| (Cow::Owned(format!("{}", index * 31 % modulus)), index)).collect();
            let mut expected = entries.clone();
            expected.sort();
            sort(&mut entries);
            assert_eq!(entries, expected);
        }
    }
}

//! A map that forgets what was not needed for longest: a run may be given millions of names.
//!
//! It forgets by generations, half of what it may hold at a time, so that keeping the order costs
//! nothing. What is forgotten is asked again.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Holds `MOST` entries at most.
#[derive(Debug)]
pub(crate) struct Lru<K, V, const MOST: usize> {
    young: HashMap<K, V>,
    /// Those that were young before, and not needed since.
    old: HashMap<K, V>,
}

impl<K, V, const MOST: usize> Default for Lru<K, V, MOST> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash, V, const MOST: usize> Lru<K, V, MOST> {
    /// A look that does not keep it from being forgotten.
    pub(crate) fn peek<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// It is needed, and forgotten later than others.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key)
            && let Some((key, value)) = self.old.remove_entry(key)
        {
            self.insert(key, value);
        }
        self.young.get(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        self.make_room(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let known = self.old.remove(&key);
        self.make_room(&key);
        self.young.entry(key).or_insert_with(|| known.unwrap_or_else(value))
    }

    fn make_room(&mut self, key: &K) {
        if self.young.len() >= MOST / 2 && !self.young.contains_key(key) {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_stays_and_the_rest_is_forgotten_in_time() {
        let mut recent = Lru::<u32, u32, 100>::default();
        for number in 0..10_000 {
            recent.insert(number, number);
            assert_eq!(recent.get(&0), Some(&0), "at {number}");
            assert_eq!(*recent.get_or_insert_with(1, || number), if number < 2 { number } else { 1 });
            assert!(recent.young.len() + recent.old.len() <= 100);
            let last = number.saturating_sub(40)..=number;
            assert!(last.into_iter().all(|near| recent.peek(&near).is_some()), "at {number}");
        }
        assert_eq!(recent.peek(&5), None);
        recent.insert(9_999, 7);
        assert_eq!(recent.get(&9_999), Some(&7), "the new one counts");
    }
}

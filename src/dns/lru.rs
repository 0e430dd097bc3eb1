//! A bounded map that forgets what was not needed for longest (least recently used, nearly): a run may be given
//! millions of names.
//!
//! It forgets by generations, half of what it may hold at a time, so that keeping the order costs
//! nothing. What is forgotten is asked again.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::clock::Moment;

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

    /// All that is held, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
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

/// The same for what holds until a certain moment; after that it is as if it were forgotten.
#[derive(Debug)]
pub(crate) struct Expiring<K, V, const MOST: usize>(Lru<K, (V, Moment), MOST>);

impl<K, V, const MOST: usize> Default for Expiring<K, V, MOST> {
    fn default() -> Self {
        Self(Lru::default())
    }
}

impl<K: Eq + Hash, V, const MOST: usize> Expiring<K, V, MOST> {
    pub(crate) fn get(&mut self, key: &K, now: Moment) -> Option<&V> {
        self.0.get(key).filter(|(_, until)| now <= *until).map(|(value, _)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, until: Moment) {
        self.0.insert(key, (value, until));
    }

    /// Takes over what another holds, of the keys that `which` names and as long as it holds.
    pub(crate) fn take_over(&mut self, other: &Self, which: impl Fn(&K) -> bool)
    where
        K: Clone,
        V: Clone,
    {
        for (key, (value, until)) in other.0.iter().filter(|(key, _)| which(key)) {
            self.insert(key.clone(), value.clone(), *until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_needed_stays_and_the_rest_is_forgotten_in_time() {
        let mut lru = Lru::<u32, u32, 100>::default();
        for number in 0..10_000 {
            lru.insert(number, number);
            assert_eq!(lru.get(&0), Some(&0), "at {number}");
            assert_eq!(*lru.get_or_insert_with(1, || number), if number < 2 { number } else { 1 });
            assert!(lru.young.len() + lru.old.len() <= 100);
            let last = number.saturating_sub(40)..=number;
            assert!(last.into_iter().all(|near| lru.peek(&near).is_some()), "at {number}");
        }
        assert_eq!(lru.peek(&5), None);
        lru.insert(9_999, 7);
        assert_eq!(lru.get(&9_999), Some(&7), "the new one counts");
    }

    #[test]
    fn what_has_its_end_is_not_found_after_it() {
        let (now, second) = (Moment::now(), Duration::from_secs(1));
        let mut expiring = Expiring::<u32, &str, 100>::default();
        expiring.insert(1, "one", now.after(second));
        assert_eq!(expiring.get(&1, now.after(second)), Some(&"one"));
        let later = now.after(second * 2);
        assert_eq!(expiring.get(&1, later), None);
        expiring.insert(1, "another", later);
        assert_eq!(expiring.get(&1, later), Some(&"another"));
    }
}

//! The word of a list that was most likely meant by one that is not in it.

/// The nearest of `words` to what was typed, in any case; `None` where none is near.
#[must_use]
pub fn nearest<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let typed = typed.to_lowercase();
    let with_distance = words.into_iter().map(|word| (distance(&typed, &word.to_lowercase()), word));
    let (steps, word) = with_distance.min_by_key(|(steps, _)| *steps)?;
    (steps <= 1 + typed.chars().count() / 5).then_some(word)
}

/// Letters put in, left out, swapped or changed between two words (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, counterpart) in other.iter().enumerate() {
            let change = last[column] + usize::from(letter != counterpart);
            let mut steps = change.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped =
                row > 0 && column > 0 && one[row - 1] == *counterpart && other[column - 1] == *letter;
            if swapped {
                steps = steps.min(before[column - 1] + 1);
            }
            next.push(steps);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_forgiven_and_another_word_is_not() {
        let words = ["nxdomain", "nodata", "tcp-address-failed"];
        for (typed, meant) in [
            ("nxdomian", Some("nxdomain")),
            ("NODTA", Some("nodata")),
            ("tcp-adress-faild", Some("tcp-address-failed")),
            ("servfail", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words), meant, "{typed}");
        }
        assert_eq!(distance("abcd", "abdc"), 1);
    }
}

//! How far two words are apart: the letters to insert, drop, replace, or swap with a neighbour (optimal
//! string alignment).

/// The number of such changes between two words.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_are_inserted_dropped_replaced_and_swapped() {
        for (one, other, want) in [
            ("ttl", "ttl", 0),
            ("nxdomian", "nxdomain", 1),
            ("reterral", "referral", 1),
            ("glu", "glue", 1),
            ("gluee", "glue", 1),
            ("", "abc", 3),
            ("ab", "", 2),
            ("cdn", "dns", 2),
        ] {
            assert_eq!(distance(one, other), want, "{one} {other}");
            assert_eq!(distance(other, one), want, "{other} {one}");
        }
    }
}

//! How findings name the hops that they speak of.

/// `hop 3`, `hops 1 and 2`, `hops 1, 2 and 4 to 7`. The numbers rise.
pub(super) fn hop_list(hops: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for hop in hops {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *hop => *last = *hop,
            _ => runs.push((*hop, *hop)),
        }
    }
    let mut words: Vec<String> = Vec::new();
    for (first, last) in runs {
        match last - first {
            0 => words.push(first.to_string()),
            1 => words.extend([first.to_string(), last.to_string()]),
            _ => words.push(format!("{first} to {last}")),
        }
    }
    let noun = if hops.len() == 1 { "hop" } else { "hops" };
    match words.split_last() {
        Some((last, [])) => format!("{noun} {last}"),
        Some((last, before)) => format!("{noun} {} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_taken_together() {
        for (hops, words) in [
            (&[3][..], "hop 3"),
            (&[1, 2], "hops 1 and 2"),
            (&[1, 3, 4, 5, 9, 10], "hops 1, 3 to 5, 9 and 10"),
            (&[1, 2, 3], "hops 1 to 3"),
        ] {
            assert_eq!(hop_list(hops), words);
        }
    }
}

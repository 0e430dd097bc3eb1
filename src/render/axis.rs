//! A time axis as pictures and pages draw it: where a time stands, and where helper lines are of use.

/// `at` of `end`, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a pixel is coarser than what a float loses")]
pub(super) fn share(at: u64, end: u64) -> f64 {
    if end == 0 { 0.0 } else { (at.min(end) as f64) / (end as f64) }
}

/// The round times at which helper lines stand.
pub(super) fn helper_lines(end: u64) -> impl Iterator<Item = u64> {
    let step = step(end);
    (0..).map(move |line: u64| line.saturating_mul(step)).take_while(move |at| *at <= end).take(8)
}

/// Times on the axis are round: no digits behind the point that say nothing.
pub(super) fn round(micros: u64) -> String {
    match micros {
        0 => "0".to_owned(),
        1..=999 => format!("{micros} µs"),
        _ if micros.is_multiple_of(1_000_000) => format!("{} s", micros / 1_000_000),
        1_000_000.. if micros.is_multiple_of(100_000) => {
            format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000)
        }
        _ if micros.is_multiple_of(1_000) => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
    }
}

/// The distance of the helper lines: 1, 2 or 5 of a power of ten, six of them at the most.
fn step(end: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if end / step <= 6 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helper_lines_stand_at_round_times() {
        for (end, step_at) in
            [(0, 1), (6, 1), (7, 2), (18_100, 5_000), (302_820, 50_000), (30_000_000, 5_000_000)]
        {
            assert_eq!(step(end), step_at, "{end}");
        }
        assert!(step(u64::MAX) > 0);
        assert_eq!(
            [0, 500, 1_500, 20_000, 3_000_000, 1_200_000].map(round),
            ["0", "500 µs", "1.5 ms", "20 ms", "3 s", "1.2 s"]
        );
    }
}

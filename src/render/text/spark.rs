//! A strip of marks, one a run from the first to the last: how a phase went from run to run.

use crate::render::style::Charset;

/// Marks from nothing to the largest. In ASCII each is higher or denser than the one before.
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', '-', '=', '+', '*', '%', '#'];

/// The strip of some values, `None` for a run that has none; scaled from zero to the largest. Where there are more
/// than columns, a mark is the largest of several runs side by side.
pub(super) fn strip(values: &[Option<u64>], columns: usize, charset: Charset) -> String {
    let most = values.iter().flatten().copied().max().unwrap_or_default().max(1);
    let each = values.len().div_ceil(columns.max(1)).max(1);
    let marks = match charset {
        Charset::Unicode => UNICODE,
        Charset::Ascii => ASCII,
    };
    let mark = |runs: &[Option<u64>]| match runs.iter().flatten().max() {
        None => ' ',
        Some(value) => {
            let step = (u128::from(*value) * marks.len() as u128).div_ceil(u128::from(most));
            marks[usize::try_from(step).unwrap_or(marks.len()).clamp(1, marks.len()) - 1]
        }
    };
    values.chunks(each).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_grow_with_their_values_and_gaps_stay() {
        let values = [Some(0), Some(1), Some(50), None, Some(100)];
        assert_eq!(strip(&values, 80, Charset::Unicode), "▁▁▄ █");
        assert_eq!(strip(&values, 80, Charset::Ascii), "__= #");
        let many: Vec<Option<u64>> = (0..100).map(|value| Some(u64::from(value == 57))).collect();
        let strip = strip(&many, 20, Charset::Ascii);
        assert_eq!((strip.len(), strip.find('#')), (20, Some(11)), "the largest of five stands");
    }
}

//! Whether the slow ones of a series come in turn: every second, every third. How likely so many of them stand in places of
//! a turn by chance is counted out (the hypergeometric distribution); for all turns together it is the sum of what each could
//! do as unlikely (R. E. Tarone, Biometrics 46 (1990) 515-522).

use super::pattern::PATTERN_LEVEL;

/// The longest turn.
const LONGEST: usize = 8;
/// How often it has to come.
const LEAST_TIMES: usize = 4;

/// The turn of the slow ones: every how many, which of them have its places, and how likely chance does as much. `runs`
/// says where each stands: those that failed take their turn, too.
pub(super) fn in_turn(runs: &[usize], slow: &[bool]) -> Option<(usize, Vec<bool>, f64)> {
    let (all, many) = (slow.len(), slow.iter().filter(|slow| **slow).count());
    let chances = Chances::of(all);
    let mut best: Option<(f64, (usize, usize))> = None;
    for turn in turns(runs) {
        let size = places(runs, turn).filter(|own| *own).count();
        let hit = places(runs, turn).zip(slow).filter(|(own, slow)| *own && **slow).count();
        // Nearly all of the turn are slow, and nearly none of the others.
        let is_clear = hit * 5 >= size * 4 && (many - hit) * 5 <= all - size;
        if hit < LEAST_TIMES || !is_clear {
            continue;
        }
        let likely = chances.at_least(size, many, hit);
        if best.is_none_or(|(least, _)| likely < least) {
            best = Some((likely, turn));
        }
    }
    let (least, turn) = best?;
    let together: f64 = turns(runs)
        .map(|turn| chances.as_unlikely(places(runs, turn).filter(|own| *own).count(), many, least))
        .sum();
    (together < PATTERN_LEVEL).then(|| (turn.0, places(runs, turn).collect(), together))
}

/// Every turn that comes often enough, the shortest first: every how many, and the first of it.
fn turns(runs: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    (2..=LONGEST)
        .flat_map(|period| (0..period).map(move |first| (period, first)))
        .filter(|turn| places(runs, *turn).filter(|own| *own).count() >= LEAST_TIMES)
}

/// Which of them are in a turn.
fn places(runs: &[usize], (period, first): (usize, usize)) -> impl Iterator<Item = bool> + '_ {
    runs.iter().map(move |run| run % period == first)
}

/// Chances of drawing without putting back.
struct Chances {
    /// The logarithms of the factorials.
    factorials: Vec<f64>,
}

impl Chances {
    fn of(all: usize) -> Self {
        let mut factorials = vec![0.0];
        for number in 1..=all {
            #[allow(clippy::cast_precision_loss)] // a thousand runs
            factorials.push(factorials[number - 1] + (number as f64).ln());
        }
        Self { factorials }
    }

    fn choices(&self, of: usize, many: usize) -> f64 {
        self.factorials[of] - self.factorials[many] - self.factorials[of - many]
    }

    /// That `many` of all have at least `hit` in `size` places.
    fn at_least(&self, size: usize, many: usize, hit: usize) -> f64 {
        let all = self.factorials.len() - 1;
        (hit..=size.min(many))
            .filter(|hit| many - hit <= all - size)
            .map(|hit| {
                (self.choices(size, hit) + self.choices(all - size, many - hit) - self.choices(all, many))
                    .exp()
            })
            .sum()
    }

    /// The largest of these chances that is no larger than `least`.
    fn as_unlikely(&self, size: usize, many: usize, least: f64) -> f64 {
        let tails = (0..=size.min(many)).map(|hit| self.at_least(size, many, hit));
        tails.filter(|tail| *tail <= least * 1.000_001).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(slow: &str) -> Option<(usize, usize)> {
        let slow: Vec<bool> = slow.chars().map(|mark| mark == '#').collect();
        let runs: Vec<usize> = (0..slow.len()).collect();
        in_turn(&runs, &slow)
            .map(|(period, places, _)| (period, places.iter().position(|place| *place).unwrap_or(99)))
    }

    #[test]
    fn turns_are_told_and_chance_is_not() {
        assert_eq!(told("..#..#..#..#"), Some((3, 2)));
        assert_eq!(told("#..#..#..#..#.."), Some((3, 0)));
        assert_eq!(told(".#.#.#.#.#.#.#.#"), Some((2, 1)));
        assert_eq!(told("..#..#..#..##.#..#..#"), Some((3, 2)), "with one besides");
        assert_eq!(told("..#..#..#"), None, "three times is too few");
        assert_eq!(told("##..#...#.#.....#..#"), None);
        assert_eq!(told("...................."), None);
        assert_eq!(told("####################"), None);
        assert_eq!(told("..........##########"), None);
    }

    #[test]
    fn chances_are_those_of_drawing() {
        let chances = Chances::of(12);
        // Of 12 over 4 = 495 choices one.
        assert!((chances.at_least(4, 4, 4) - 1.0 / 495.0).abs() < 1e-9);
        assert!((chances.at_least(4, 4, 0) - 1.0).abs() < 1e-9);
        assert!((chances.as_unlikely(6, 4, 1.0 / 495.0)).abs() < 1e-9, "four of six places have 15 choices");
    }
}

//! What was measured, as tables of Markdown; and what of it is over the limits.

use crate::wire::PHASES;

/// How busy the machine is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    Idle,
    Busy,
}

impl Load {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "every core busy",
        }
    }

    /// The most that a median and the worst of all may be off, in microseconds.
    const fn limits(self) -> (i64, i64) {
        match self {
            Self::Idle => (50, 200),
            Self::Busy => (100, 500),
        }
    }
}

/// The most that a whole trace may take of what its round trips take on the wire.
const MAX_RATIO: f64 = 1.02;
/// Three questions of a walk, the connect, the handshake of TLS 1.3, the request.
const ROUND_TRIPS: i64 = 6;
/// The most that our own work may take: of the whole, and where that is less, so many microseconds. Held to at the 95th
/// percentile: an idle machine, too, has moments when something else runs.
const MAX_OWN: (f64, i64) = (0.01, 1_500);

/// What one program's runs came to.
#[derive(Default)]
pub(crate) struct Runs {
    /// By phase: how far each run was off the capture, in microseconds.
    pub(crate) errors: [Vec<i64>; 6],
    pub(crate) wholes: Vec<Whole>,
    /// Runs that cannot be judged.
    pub(crate) left_out: usize,
}

/// One run of urltrace as a whole, in microseconds.
pub(crate) struct Whole {
    pub(crate) total: i64,
    /// What of it belongs to no phase and is work.
    pub(crate) own: i64,
    /// What went by between arrivals, by the kernel's stamps, and this program's reading them: it slept, and the system
    /// had to wake it. No phase has that either.
    pub(crate) waking: i64,
    /// What the phases took on the wire, together.
    pub(crate) wire: i64,
    /// From the SYN to its answer on the wire: the length of the path, of which a cold run needs [`ROUND_TRIPS`].
    pub(crate) round_trip: i64,
}

/// How far the values lie from zero.
struct Spread {
    median: i64,
    p95: i64,
    worst: i64,
}

impl Spread {
    /// `None` of no values.
    fn of(values: impl IntoIterator<Item = i64>) -> Option<Self> {
        let mut sizes: Vec<i64> = values.into_iter().map(i64::abs).collect();
        sizes.sort_unstable();
        let last = sizes.len().checked_sub(1)?;
        // The nearest rank, rounded up: of few runs the 95th percentile is the worst.
        let at = |percent: usize| sizes[(sizes.len() * percent).div_ceil(100) - 1];
        Some(Self { median: at(50), p95: at(95), worst: sizes[last] })
    }

    fn cell(&self) -> String {
        format!("{} / {} / {}", self.median, self.p95, self.worst)
    }
}

/// The table of one path: a row for each program.
pub(crate) fn of_path(rows: &[(&str, &Runs)]) -> String {
    let mut table =
        format!("| off by, us | {} |\n| --- |{}\n", PHASES.join(" | "), " ---: |".repeat(PHASES.len()));
    for (title, runs) in rows {
        let cells = runs.errors.each_ref().map(|errors| {
            Spread::of(errors.iter().copied()).map_or_else(|| "not told".to_owned(), |spread| spread.cell())
        });
        table += &format!("| {title} | {} |\n", cells.join(" | "));
    }
    table
}

/// The heading of the table of wholes.
pub(crate) const WHOLES: &str = "| path | machine | total, ms | of the wire's | of 6 round trips | own work, us | woken after, us |\n\
                                 | --- | --- | ---: | ---: | ---: | ---: | ---: |";

/// A row of the table of wholes.
pub(crate) fn of_wholes(delay: u16, load: Load, runs: &Runs) -> Option<String> {
    let total = Spread::of(runs.wholes.iter().map(|whole| whole.total))?;
    let own = Spread::of(runs.wholes.iter().map(|whole| whole.own))?.cell();
    let waking = Spread::of(runs.wholes.iter().map(|whole| whole.waking))?.cell();
    let ms = total.median as f64 / 1000.0;
    let of_wire = ratio(runs, |whole| whole.wire)?;
    // A path of no length has no round trips to compare with.
    let trips = ratio(runs, |whole| whole.round_trip * ROUND_TRIPS).filter(|_| delay > 0);
    let trips = trips.map_or_else(|| "-".to_owned(), |trips| format!("{trips:.3}"));
    let load = load.words();
    Some(format!("| {delay} ms | {load} | {ms:.2} | {of_wire:.3} | {trips} | {own} | {waking} |"))
}

/// The median of what the wholes took of something.
fn ratio(runs: &Runs, of: impl Fn(&Whole) -> i64) -> Option<f64> {
    let mut ratios: Vec<f64> =
        runs.wholes.iter().map(|whole| whole.total as f64 / of(whole) as f64).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

/// What of urltrace's is over the limits.
pub(crate) fn broken(delay: u16, load: Load, runs: &Runs) -> Vec<String> {
    let (most_median, most_worst) = load.limits();
    let place = format!("at {delay} ms, {}", load.words());
    let mut broken = Vec::new();
    for (phase, errors) in PHASES.iter().zip(&runs.errors) {
        let Some(Spread { median, worst, .. }) = Spread::of(errors.iter().copied()) else {
            broken.push(format!("{phase} {place}: not told"));
            continue;
        };
        if median > most_median || worst > most_worst {
            broken.push(format!("{phase} {place}: off by {median} us (median), {worst} us (worst)"));
        }
    }
    // Of a busy machine nothing is promised but the phases, and a path of no length has no physical limit.
    if load == Load::Busy {
        return broken;
    }
    let over = |whole: &Whole| whole.own - ((whole.total as f64 * MAX_OWN.0) as i64).max(MAX_OWN.1);
    let mut over: Vec<i64> = runs.wholes.iter().map(over).collect();
    over.sort_unstable();
    if let Some(by) = (over.len() * 95).div_ceil(100).checked_sub(1).map(|at| over[at]).filter(|by| *by > 0) {
        broken.push(format!("own work {place}: {by} us too much (95th percentile)"));
    }
    if let Some(ratio) = ratio(runs, |whole| whole.wire).filter(|ratio| delay > 0 && *ratio > MAX_RATIO) {
        broken.push(format!("total {place}: {ratio:.3} of the wire's time"));
    }
    broken
}

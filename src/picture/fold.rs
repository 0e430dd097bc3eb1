//! What of a ladder is drawn: all of it, or the counted part with long runs folded, nothing left unsaid.

use super::arrow::{Arrow, Source};
use super::depth::Depth;
use super::ladder::Ladder;
use super::lane::Party;
use crate::timeline::Phase;
use crate::trace::At;

/// One step of a drawing, downward in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'l> {
    /// One arrow.
    Arrow(&'l Arrow),
    /// Several that are not drawn one by one.
    Folded(Fold),
}

/// Arrows that are not drawn one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// How many questions, requests and other things sent.
    pub sent: usize,
    /// How many replies and other things received.
    pub received: usize,
    /// The phase that they fall into.
    pub phase: Phase,
    /// The lanes between which they lie.
    pub lanes: (usize, usize),
    /// The first of them.
    pub start: At,
    /// The last of them.
    pub end: At,
}

/// Arrows of one stage behind each other that are drawn one by one.
const MOST: usize = 24;
/// Of a longer run, the first.
const FIRST: usize = 12;
/// And the last.
const LAST: usize = 8;

impl Ladder {
    /// What to draw, in the order of time.
    #[must_use]
    pub fn steps(&self, depth: Depth) -> Vec<Step<'_>> {
        let drawn: Vec<&Arrow> =
            self.arrows.iter().filter(|arrow| depth == Depth::Full || self.is_drawn(arrow)).collect();
        if depth == Depth::Full {
            return drawn.into_iter().map(Step::Arrow).collect();
        }
        let runs = drawn.chunk_by(|one, next| one.source.phase().stage() == next.source.phase().stage());
        runs.flat_map(folded).collect()
    }

    /// How many questions a short drawing leaves out because the answer did not wait for them: those for
    /// DNSSEC, priming, those that only compare.
    #[must_use]
    pub fn beside(&self) -> usize {
        let asked = self.arrows.iter().filter(|arrow| matches!(arrow.source, Source::Question(..)));
        asked.filter(|arrow| !self.is_drawn(arrow)).count()
    }

    /// Whether a short drawing has it: what is counted, the loser of a race, and what this machine's resolver
    /// said meanwhile.
    pub(super) fn is_drawn(&self, arrow: &Arrow) -> bool {
        let peer = self.lanes.get(arrow.from.max(arrow.to)).map(|lane| lane.party);
        arrow.counted || matches!(arrow.source, Source::Attempt(..)) || peer == Some(Party::Resolver)
    }
}

/// A run of arrows of one stage, as steps.
fn folded<'l>(run: &[&'l Arrow]) -> Vec<Step<'l>> {
    if run.len() <= MOST {
        return run.iter().copied().map(Step::Arrow).collect();
    }
    // What nothing waited for goes first.
    let mut steps: Vec<Vec<&Arrow>> = Vec::new();
    for arrow in run {
        match steps.last_mut() {
            Some(last) if !arrow.critical && !last[0].critical => last.push(arrow),
            _ => steps.push(vec![arrow]),
        }
    }
    if steps.len() > MOST {
        let middle: Vec<&Arrow> = steps.drain(FIRST..steps.len() - LAST).flatten().collect();
        steps.insert(FIRST, middle);
    }
    steps
        .into_iter()
        .map(|arrows| match arrows[..] {
            [only] => Step::Arrow(only),
            _ => Step::Folded(Fold::of(&arrows)),
        })
        .collect()
}

impl Fold {
    fn of(arrows: &[&Arrow]) -> Self {
        let sent = arrows.iter().filter(|arrow| arrow.is_sent()).count();
        let far = |arrow: &&Arrow| arrow.from.max(arrow.to);
        Self {
            sent,
            received: arrows.len() - sent,
            phase: arrows[0].source.phase(),
            lanes: (0, arrows.iter().map(far).max().unwrap_or(0)),
            start: arrows[0].at(),
            end: arrows[arrows.len() - 1].at(),
        }
    }
}

//! What most of a trace's time is owed to: its parts, taken together by who or what they are owed to.

use std::time::Duration;

use super::cause::Cause;
use super::part::Part;
use crate::timeline::Phase;

/// Below this nothing stands out.
const LEAST: Duration = Duration::from_millis(5);
/// Below this nobody is named: a busy machine alone can make a reply this late.
const LEAST_TO_NAME: Duration = Duration::from_millis(20);
/// Our own work is told from a tenth of the total.
const OWN_SHARE: u32 = 10;
/// What is less than a fifth of the total does not stand out.
const LEAST_SHARE: u32 = 5;

/// Parts that are owed to the same.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// What they are owed to.
    pub(super) cause: Cause,
    /// All of it.
    pub(super) time: Duration,
    /// The parts.
    pub(super) parts: Vec<Part>,
}

/// The parts by what they are owed to, the most first.
pub(super) fn claims(parts: Vec<Part>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for part in parts {
        match claims.iter_mut().find(|claim| are_of_one(&claim.parts[0], &part)) {
            Some(claim) => {
                claim.time += part.time;
                claim.parts.push(part);
            }
            None => claims.push(Claim { cause: part.cause, time: part.time, parts: vec![part] }),
        }
    }
    claims.sort_by_key(|claim| std::cmp::Reverse(claim.time));
    claims
}

/// The way is one, and so is this machine; other things are told by whom and when they were.
fn are_of_one(one: &Part, other: &Part) -> bool {
    let whole = matches!(one.cause, Cause::Distance | Cause::Us);
    one.cause == other.cause && (whole || (one.phase, &one.seen.server) == (other.phase, &other.seen.server))
}

impl Claim {
    /// The largest of its parts, the first of equals.
    pub(super) fn lead(&self) -> &Part {
        self.parts.iter().rev().max_by_key(|part| part.time).unwrap_or(&self.parts[0])
    }

    /// The largest of its parts in a phase.
    pub(super) fn lead_in(&self, phase: Phase) -> &Part {
        let inside = self.parts.iter().rev().filter(|part| part.phase == Some(phase));
        inside.max_by_key(|part| part.time).unwrap_or_else(|| self.lead())
    }

    /// The phase with most of it.
    pub(super) fn phase(&self) -> Option<Phase> {
        let of = |phase: Phase| self.of_phase(phase);
        Phase::ALL.into_iter().rev().filter(|phase| !of(*phase).is_zero()).max_by_key(|phase| of(*phase))
    }

    /// How much of it is in a phase.
    pub(super) fn of_phase(&self, phase: Phase) -> Duration {
        self.parts.iter().filter(|part| part.phase == Some(phase)).map(|part| part.time).sum()
    }

    /// Whether it says where the time of a run went.
    pub(super) fn stands_out(&self, total: Duration) -> bool {
        let names_nobody = matches!(self.cause, Cause::Distance | Cause::Us);
        self.time >= if names_nobody { LEAST } else { LEAST_TO_NAME } && self.time * LEAST_SHARE >= total
    }

    /// Whether it is our own work, and too much of it to be left unsaid.
    pub(super) fn is_own_to_tell(&self, total: Duration) -> bool {
        self.cause == Cause::Us && self.time > LEAST && self.time * OWN_SHARE > total
    }
}

//! What the findings of a run promise together: never more than the run spent.
//!
//! Every saving is laid onto the run's time axis, clipped to the phases that it stands in. What two findings
//! would save at once is the first one's; what is left is the other's, and what is too little for a number is
//! told without one. So the sum is what the run would be shorter without all of those moments. What a later
//! load would save is reckoned apart: it is not this load's time. What mends of a page save is `paged`'s. No rule
//! itself.

use std::time::Duration;

use super::found::{Finding, Mark, Saving};
use super::moments::Moments;
use super::place::{InConnection, InRequest, Place};
use crate::timeline::{Phase, Subject, spans};
use crate::trace::{At, Dns, RequestId, StageName, Trace};

/// Less than this is told without a number: a run varies by as much.
const LEAST: Duration = Duration::from_millis(5);
/// And so is less than a fiftieth of the total.
const LEAST_SHARE: u32 = 50;

/// Whether this much of a total is worth a number.
pub(super) fn is_worth_telling(saved: Duration, total: Duration) -> bool {
    saved >= LEAST && saved * LEAST_SHARE >= total
}

/// What the savings of findings come to in their run; `None` where there are none. Those of later loads are
/// no part of it.
#[must_use]
pub fn saved_together(findings: &[Finding]) -> Option<Duration> {
    savings_of_run(findings).map(|saving| saving.amount).reduce(|sum, more| sum + more)
}

/// The savings that this run itself would have had. What brings the end of a page forward and nothing before it adds to
/// none of the others.
pub(crate) fn savings_of_run(findings: &[Finding]) -> impl Iterator<Item = &Saving> {
    let all = findings.iter().filter_map(|finding| finding.saving.as_ref());
    all.filter(|saving| saving.load.is_of_run() && saving.mark != Mark::PageEnd)
}

/// The time axis of a run: its phases and its hops.
pub(super) struct Axis<'t> {
    trace: Option<&'t Trace>,
    total: Duration,
    phases: Vec<(RequestId, Phase, (At, At))>,
    hops: Vec<(At, At)>,
}

impl<'t> Axis<'t> {
    pub(super) fn of(trace: &'t Trace) -> Self {
        let phases = spans(trace).into_iter().filter_map(|span| match span.subject {
            Subject::Phase(phase) => Some((span.request, phase, (span.start, span.end))),
            _ => None,
        });
        Self {
            trace: Some(trace),
            total: trace.total,
            phases: phases.collect(),
            hops: trace.hops().map(|hop| (hop.start, hop.end)).collect(),
        }
    }

    /// The axis of a lookup for its own sake.
    pub(super) fn of_lookup(dns: &Dns) -> Self {
        let whole = (dns.start, dns.end);
        let phases = vec![(RequestId(0), Phase::Dns, whole)];
        Self { trace: None, total: dns.end.since(dns.start), phases, hops: vec![whole] }
    }

    /// The phases of a request that these are.
    fn phases(&self, wanted: impl Fn(RequestId, Phase) -> bool) -> Vec<(At, At)> {
        let of = self.phases.iter().filter(|(request, phase, _)| wanted(*request, *phase));
        of.map(|(.., stretch)| *stretch).collect()
    }

    /// All that a stage can have cost: of DNS its phases alone, as packets fly beside them, too.
    fn of_stage(&self, stage: StageName) -> Moments {
        match stage {
            StageName::Dns => Moments::of(self.phases(|_, phase| phase == Phase::Dns)),
            _ => Moments::of(self.hops.iter().copied()),
        }
    }

    /// The phases that a finding stands in, by its evidence.
    fn seen_in(&self, finding: &Finding) -> Moments {
        let seen = Moments::of(finding.evidence.iter().flat_map(|place| self.around(*place, finding.stage)));
        if seen == Moments::default() { self.of_stage(finding.stage) } else { seen }
    }

    fn around(&self, place: Place, stage: StageName) -> Vec<(At, At)> {
        let opener = |id: crate::trace::ConnectionId| Some(self.trace?.connections.get(id.0)?.opened_for);
        match place {
            Place::StartedAt | Place::Failure | Place::Resource(..) | Place::Again(..) => Vec::new(),
            Place::Request(id, InRequest::Phase(phase)) => self.phases(|of, it| of == id && it == phase),
            Place::Request(id, InRequest::Total | InRequest::Phases | InRequest::Failure) => {
                self.hops.get(id.0).copied().into_iter().collect()
            }
            Place::Request(id, _) => {
                self.phases(|of, it| of == id && matches!(it, Phase::Send | Phase::Wait | Phase::Receive))
            }
            // Beside others it only says how far away the server is.
            Place::Connection(_, InConnection::RoundTrip | InConnection::LeastRoundTrip)
                if stage != StageName::Tcp =>
            {
                Vec::new()
            }
            Place::Connection(
                id,
                InConnection::Duration
                | InConnection::Attempt(..)
                | InConnection::Address(_)
                | InConnection::UdpCheck
                | InConnection::RoundTrip
                | InConnection::LeastRoundTrip,
            ) => self.phases(|of, it| Some(of) == opener(id) && it == Phase::Connect),
            Place::Connection(id, _) => self.phases(|of, it| Some(of) == opener(id) && it == Phase::Tls),
            Place::Lookup(id, _) => {
                let asked = |of: RequestId| {
                    let request = self.trace.and_then(|trace| trace.requests.get(of.0));
                    request.is_none_or(|request| request.lookup.ran() == Some(id))
                };
                self.phases(|of, it| asked(of) && it == Phase::Dns)
            }
        }
    }
}

/// Brings the savings of findings, the first first, to what they can be of this run. Those of mends are left as they are.
pub(super) fn settle(mut findings: Vec<Finding>, axis: &Axis<'_>) -> Vec<Finding> {
    let (mut of_run, mut of_repeats) = (Moments::default(), Moments::default());
    for finding in &mut findings {
        let Some(saving) = finding.saving.take_if(|saving| saving.mends.is_empty()) else { continue };
        let gone = if saving.load.is_of_run() { &mut of_run } else { &mut of_repeats };
        finding.saving = settled(saving, finding, axis, gone);
        if let Some(saving) = &finding.saving {
            *gone = gone.or(&Moments::of(saving.stretches.iter().copied()));
        }
    }
    findings
}

fn settled(saving: Saving, finding: &Finding, axis: &Axis<'_>, gone: &Moments) -> Option<Saving> {
    let alone = if saving.stretches.is_empty() {
        axis.seen_in(finding).last(saving.amount)
    } else {
        Moments::of(saving.stretches).and(&axis.of_stage(finding.stage))
    };
    let left = alone.without(gone);
    let amount = left.length();
    let most = axis.seen_in(finding).length().max(alone.length());
    let more = saving.high.saturating_sub(saving.amount);
    is_worth_telling(amount, axis.total).then(|| Saving {
        amount,
        low: saving.low.min(amount),
        high: (alone.length() + more).min(most),
        stretches: left.stretches().to_vec(),
        ..saving
    })
}

#[cfg(test)]
#[path = "savings_tests.rs"]
mod tests;

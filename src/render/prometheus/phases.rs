//! Where the time went, as metrics: phases that sum to the duration, to the last digit.

use super::exposition::{Family, Kind, Value};
use super::single::single;
use crate::timeline::{self, Phases, phases_of_all};
use crate::trace::Trace;

/// What belongs to no phase.
const UNACCOUNTED: &str = "unaccounted";

/// From t0 to the end.
pub(super) fn duration(trace: &Trace) -> Family {
    let value = Some(Value::Micros(phases_of_all(trace).total));
    single("urltrace_duration_seconds", "From the start to the last byte, redirects included.", value)
}

/// The phases of all requests, summed.
pub(super) fn phases_of(trace: &Trace) -> Vec<(&'static str, u64)> {
    spent(&phases_of_all(trace))
}

fn spent(all: &Phases) -> Vec<(&'static str, u64)> {
    let happened = all.spent.iter().filter_map(|(phase, us)| Some((phase.as_str(), (*us)?)));
    happened.chain([(UNACCOUNTED, all.unaccounted)]).collect()
}

/// The phases of the whole.
pub(super) fn phases(trace: &Trace) -> Family {
    let help = "What each phase took, over all requests; they sum to the duration. None that did not happen.";
    let mut family = Family::new("urltrace_phase_seconds", Kind::Gauge, help);
    if !trace.requests.is_empty() {
        for (phase, us) in phases_of(trace) {
            family.add(vec![("phase", phase.to_owned())], Value::Micros(us));
        }
    }
    family
}

/// Those of each request of the chain.
pub(super) fn of_requests(trace: &Trace) -> Family {
    let help = "What each phase of a request of the redirect chain took.";
    let mut family = Family::new("urltrace_hop_phase_seconds", Kind::Gauge, help);
    for (hop, request) in trace.hops().enumerate() {
        for (phase, us) in spent(&timeline::phases(&request)) {
            let labels = vec![("hop", hop.to_string()), ("phase", phase.to_owned())];
            family.add(labels, Value::Micros(us));
        }
    }
    family
}

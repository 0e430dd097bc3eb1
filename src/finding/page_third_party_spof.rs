//! Rendering waits for another site, which was slow or did not answer.

use std::time::Duration;

use super::found::{Finding, Severity};
use super::paged::{Asked, asked, saving, stalls};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::page::{Mend, Simulation};
use crate::trace::{StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "page-third-party-spof",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: rendering waited a second or more for a script or a stylesheet of another site, or for one that failed",
    standard: "WHATWG HTML section 4.12.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let awaited = asked(trace).into_iter().filter_map(|one| Some((one, stalls(trace, &one)?)));
    let simulation = Simulation::of(trace);
    awaited.map(|(one, waited)| judge(rule, &one, waited, simulation.as_ref())).collect()
}

fn judge(rule: &Rule, one: &Asked<'_>, waited: Duration, simulation: Option<&Simulation>) -> Finding {
    let (host, kind) = (&one.hop.url.host_ascii, one.resource.kind.as_str());
    let waited = duration(waited);
    let title = match one.hop.failure {
        None => format!("rendering waited {waited} for a {kind} of another site, {host}"),
        Some(failure) => {
            let code = failure.code.as_str();
            format!("rendering waited {waited} for a {kind} of another site, {host}, which failed ({code})")
        }
    };
    let place = if one.hop.failure.is_some() { InResource::Failure } else { InResource::Total };
    let evidence = vec![Place::Resource(one.id, InResource::Blocking), Place::Resource(one.id, place)];
    let mut finding = rule.finding(
        title,
        evidence,
        "load it with async or defer, or serve it from the page's own host: as it is, nothing is painted while that site \
         is slow or down",
    );
    let mend = vec![Mend::Defer(one.request())];
    finding.saving = simulation.and_then(|simulation| saving(simulation, mend));
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Failure, FailureCode};

    fn page(host: &'static str, wait: u64) -> Trace {
        sample::page_of(&[sample::Asked { host, ..sample::script("/widget.js", wait) }])
    }

    #[test]
    fn fires_where_another_site_holds_up_rendering_for_long_or_does_not_answer() {
        let finding = sample::of(&RULE, &page("widgets.example.net", 1_200_000)).remove(0);
        assert_eq!(
            finding.title,
            "rendering waited 1.20 s for a script of another site, widgets.example.net"
        );
        assert!(finding.saving.unwrap().amount.as_millis() > 1000);
        assert!(sample::of(&RULE, &page("widgets.example.net", 900_000)).is_empty());
        assert!(sample::of(&RULE, &page("widgets.example.test", 1_200_000)).is_empty(), "its own");
        for (code, fires) in [(FailureCode::ConnectionRefused, true), (FailureCode::MaxTime, false)] {
            let mut trace = page("widgets.example.net", 100_000);
            sample::resource(&mut trace, 1).failure = Some(Failure {
                stage: StageName::Tcp,
                code,
                message: "refused".to_owned(),
                hint: None,
                running: std::time::Duration::ZERO,
            });
            assert_eq!(!sample::of(&RULE, &trace).is_empty(), fires, "{code:?}");
        }
    }
}

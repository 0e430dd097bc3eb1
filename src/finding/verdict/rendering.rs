//! What the start of a page's rendering waited for longest, where that is another request than the document's. Which
//! requests decide it is `crate::page`'s to tell; what would be won is the findings'.

use std::time::Duration;

use super::cause::Cause;
use super::claim::{Claim, claims};
use super::culprit::{Culprit, connected_to};
use super::parts::of_hop;
use super::round_trips::RoundTrips;
use super::words::of;
use crate::finding::found::{Finding, Mark, Saving};
use crate::finding::paged::{Asked, asked};
use crate::finding::place::{InResource, Place};
use crate::page::{Link, critical_chain};
use crate::timeline::Phase;
use crate::trace::Trace;
use crate::units::{duration, percent};

/// Below this nobody is named, as in a run without a page.
const LEAST: Duration = Duration::from_millis(20);
/// What is less than a fifth of the time until anything can be painted does not stand out.
const LEAST_SHARE: u32 = 5;

/// A request that most of the time until anything can be painted went by on.
pub(super) struct Held<'t> {
    one: Asked<'t>,
    /// How long of that time: from when it could be known of until the next could, or until rendering could start.
    time: Duration,
    /// Until rendering could start.
    start: Duration,
    /// What most of its own time is owed to.
    claim: Option<Claim>,
}

/// `None` without a page, or where the document takes longer, or where nothing stands out.
pub(super) fn held(trace: &Trace) -> Option<Held<'_>> {
    let start = Duration::from_micros(trace.page.as_ref()?.marks.start_render?.0);
    let chain = critical_chain(trace);
    let of_document = chain.iter().filter(|link| link.resource.is_none()).map(Link::share).sum();
    let (id, share) = chain
        .iter()
        .filter_map(|link| Some((link.resource?, link.share())))
        .max_by_key(|(_, share)| *share)
        .filter(|(_, share)| *share > of_document)?;
    let time = Duration::from_micros(share);
    if time < LEAST || time * LEAST_SHARE < start {
        return None;
    }
    let one = asked(trace).into_iter().find(|one| one.id == id)?;
    let claim = claims(of_hop(&one.hop, &RoundTrips::of(trace))).into_iter().next();
    // Behind a proxy its way and the server's own time cannot be told apart.
    let claim = claim.filter(|_| one.hop.connection.is_none_or(|used| used.proxy.is_none()));
    Some(Held { one, time, start, claim })
}

impl Held<'_> {
    /// Where the time went, in one sentence.
    pub(super) fn sentence(&self) -> String {
        let (name, host) = (self.one.name(), &self.one.hop.url.host_ascii);
        let of_host = if name.contains(host.as_str()) { String::new() } else { format!(" of {host}") };
        let most = self.claim.as_ref().map_or_else(String::new, |claim| most(claim, self.time));
        format!(
            "{} until anything can be painted went by on {name}{of_host}, which rendering waits for{most}",
            of(self.time, self.start)
        )
    }

    /// The phase of the request that took longest.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.claim.as_ref().and_then(Claim::phase)
    }

    /// Its share of the time until rendering could start, in percent.
    pub(super) fn share_percent(&self) -> Option<u8> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        percent(micros(self.time), micros(self.start))
    }

    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    /// How much sooner something could be painted by what a finding says of this request.
    pub(super) fn saving(&self, findings: &[Finding]) -> Option<Saving> {
        let is_of_it = |place: &Place| matches!(place, Place::Resource(id, _) if *id == self.one.id);
        let savings = findings.iter().filter(|finding| finding.evidence.iter().any(is_of_it));
        let savings = savings.filter_map(|finding| finding.saving.as_ref());
        savings.filter(|saving| saving.mark == Mark::StartRender).max_by_key(|saving| saving.amount).cloned()
    }

    pub(super) fn culprit(&self) -> Culprit {
        Culprit {
            stage: self.phase().map(Phase::stage),
            cause: self.claim.as_ref().map_or(Cause::None, cause),
            span: None,
            place: Some(Place::Resource(self.one.id, InResource::Total)),
            host: Some(self.one.hop.url.host_ascii.clone()),
            server: connected_to(&self.one.hop),
        }
    }
}

/// In a page, a request waits for its turn; in a run without one, for a server to recover.
fn cause(claim: &Claim) -> Cause {
    match (claim.cause, claim.phase()) {
        (Cause::Retry, Some(Phase::Queue)) => Cause::Queue,
        (cause, _) => cause,
    }
}

/// What most of its time was; empty where that is less than half of what is told, or where its name says nothing.
fn most(claim: &Claim, told: Duration) -> String {
    if claim.time * 2 < told {
        return String::new();
    }
    let time = duration(claim.time.min(told));
    match (cause(claim), claim.phase()) {
        (Cause::Queue, Some(Phase::Queue)) => format!(": it waited {time} for its turn"),
        (Cause::Distance, _) => format!(": {time} are the way there and back"),
        (Cause::Loss, _) => format!(": {time} went by until what was lost had been sent again"),
        (Cause::Us, _) => format!(": {time} are this machine's own work"),
        (_, Some(Phase::Dns)) => format!(": the lookup of its host took {time}"),
        (_, Some(Phase::Connect | Phase::Proxy | Phase::Tls | Phase::Quic)) => {
            format!(": {time} went by until its connection stood")
        }
        (_, Some(Phase::Receive)) => format!(": its body took {time} to arrive"),
        (Cause::Server, Some(Phase::Wait)) => format!(": its server thought for {time}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict;
    use super::*;
    use crate::finding::{check, sample};

    fn told(trace: &Trace) -> (String, Cause, Option<Phase>, Option<Saving>) {
        let verdict = verdict(trace, &check(trace));
        (verdict.summary, verdict.culprit.cause, verdict.phase, verdict.saving)
    }

    #[test]
    fn a_page_is_told_by_what_its_rendering_waits_for() {
        let slow = sample::page_of(&[sample::script("/app.js", 900_000)]);
        assert!(held(&slow).is_some_and(|held| (50..100).contains(&held.share_percent().unwrap())));
        let (summary, cause, phase, saving) = told(&slow);
        assert!(
            summary.contains("until anything can be painted went by on `app.js` of www.example.test"),
            "{summary}"
        );
        assert!(summary.ends_with("its server thought for 900 ms"), "{summary}");
        assert_eq!((cause, phase), (Cause::Server, Some(Phase::Wait)));
        assert_eq!(saving.unwrap().mark, Mark::StartRender, "what a finding of it says");
        let queued = sample::Asked { queued: Some(900_000), ..sample::script("/app.js", 1_000) };
        let (summary, cause, phase, _) = told(&sample::page_of(&[queued]));
        assert!(summary.ends_with("it waited 900 ms for its turn"), "{summary}");
        assert_eq!((cause, phase), (Cause::Queue, Some(Phase::Queue)));
    }

    /// What a proxy does with a request cannot be told from what the server behind it does.
    #[test]
    fn behind_a_proxy_no_server_is_blamed() {
        let mut slow = sample::page_of(&[sample::script("/app.js", 900_000)]);
        let (before, ..) = told(&slow);
        assert!(before.contains("its server thought"), "{before}");
        sample::put_behind_proxy(&mut slow);
        let proxy = slow.connections[0].proxy.clone();
        slow.connections.iter_mut().for_each(|connection| connection.proxy.clone_from(&proxy));
        let (summary, cause, phase, _) = told(&slow);
        assert!(
            summary.contains("went by on `app.js` of www.example.test, which rendering waits for"),
            "{summary}"
        );
        assert!(!summary.contains("thought"), "{summary}");
        assert_eq!((cause, phase), (Cause::None, None));
    }

    #[test]
    fn where_the_document_takes_longer_it_is_told_of_that() {
        for trace in [
            sample::sound(),
            sample::page_of(&[]),
            sample::page_of(&[sample::image("/large.png", 900_000)]),
            sample::page_of(&[sample::script("/app.js", 21_000)]),
        ] {
            let (summary, ..) = told(&trace);
            assert!(!summary.contains("painted"), "{summary}");
        }
        let mut unpainted = sample::page_of(&[sample::script("/app.js", 900_000)]);
        unpainted.page.as_mut().unwrap().marks.start_render = None;
        assert!(held(&unpainted).is_none(), "not seen to the end");
    }
}

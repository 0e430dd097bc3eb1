//! What the rules on pages share: a page's responses, and savings by simulation. No rule itself.

use std::time::Duration;

use super::found::{Basis, Finding, Load, Mark, Saving};
use super::savings::is_worth_telling;
use crate::page::{Mend, Outcome, Simulation};
use crate::suffix;
use crate::timeline::{Phase, phases};
use crate::trace::{
    Asker, Blocking, FailureCode, Fate, Hop, Http, RequestId, Resource, ResourceId, ResourceKind, Trace, Url,
};

/// Less than this is not told of what blocks: what Lighthouse ignores, too.
pub(super) const LEAST: Duration = Duration::from_millis(50);
/// Names in a title.
pub(super) const MOST_NAMES: usize = 3;

/// A resource that was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'t> {
    pub(super) id: ResourceId,
    pub(super) resource: &'t Resource,
    pub(super) hop: Hop<'t>,
}

impl Asked<'_> {
    pub(super) const fn request(&self) -> RequestId {
        self.hop.id
    }

    /// The last part of its path, or its host.
    pub(super) fn name(&self) -> String {
        let url = self.hop.url;
        let file = url.path.rsplit('/').find(|part| !part.is_empty());
        format!("`{}`", file.unwrap_or(&url.host_ascii))
    }

    /// Its response, where that came whole.
    pub(super) fn whole(&self) -> Option<&Http> {
        let http = self.hop.http.ran()?;
        (self.hop.failure.is_none() && http.body.complete && http.status == Some(200)).then_some(http)
    }

    /// Whether only this side ended it.
    pub(super) fn is_cut_off(&self) -> bool {
        self.hop.failure.is_some_and(|failure| is_of_this_side(failure.code))
    }
}

/// Whether a failure is of the run itself, or of a proxy of this side: visitors of the page need not come by that.
pub(super) const fn is_of_this_side(code: FailureCode) -> bool {
    use FailureCode as Code;
    matches!(
        code,
        Code::MaxTime
            | Code::Interrupted
            | Code::AddressNotPublic
            | Code::ProxyUnresolved
            | Code::ProxyUnreachable
            | Code::ProxyTls
            | Code::ProxyAuthentication
            | Code::ProxyRefused
            | Code::ProxyClosed
            | Code::ProxyTimeout
            | Code::NotProxy
    )
}

/// All that were asked for, but for what frames of other sites ask for: nobody at the page can mend that.
pub(super) fn asked(trace: &Trace) -> Vec<Asked<'_>> {
    let Some(page) = &trace.page else { return Vec::new() };
    let all = page.requested().filter(|(_, resource, _)| !is_anothers(trace, resource));
    all.filter_map(|(id, resource, request)| Some(Asked { id, resource, hop: trace.page_hop(request)? }))
        .collect()
}

/// Whether a frame of another site asks for it, however deep below.
pub(super) fn is_anothers(trace: &Trace, resource: &Resource) -> bool {
    let (Some(page), Some(document)) = (&trace.page, trace.hops().next_back()) else { return false };
    let mut of = resource.initiator.of;
    while let Asker::Resource(id) = of {
        let Some(above) = page.resources.get(id.0) else { return false };
        let url = match above.fate {
            Fate::Requested(request) => trace.page_hop(request).map(|hop| hop.url),
            Fate::Prepared(_) | Fate::Left(_) | Fate::Unstarted => None,
        };
        let is_other = |url: &Url| is_other_site(&document.url.host_ascii, &url.host_ascii);
        if matches!(above.kind, ResourceKind::Frame | ResourceKind::Object) && url.is_some_and(is_other) {
            return true;
        }
        of = above.initiator.of;
    }
    false
}

/// Some names, and that there are more.
pub(super) fn names(all: &[Asked<'_>]) -> String {
    let names: Vec<String> = all.iter().take(MOST_NAMES).map(Asked::name).collect();
    let more = if all.len() > MOST_NAMES { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}

/// Whether two hosts lie in different sites, as names are registered. Of addresses that is not known.
pub(super) fn is_other_site(one: &str, other: &str) -> bool {
    let is_name = |host: &str| host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    is_name(one) && is_name(other) && suffix::site(one) != suffix::site(other)
}

/// From here on visitors notice that another site is slow.
pub(super) const STALL: Duration = Duration::from_secs(1);

/// How long rendering waited for another site that was slow or failed: not while the head itself was still to come.
pub(super) fn stalls(trace: &Trace, one: &Asked<'_>) -> Option<Duration> {
    let document = trace.hops().next_back()?;
    let head_read = trace.page.as_ref()?.marks.head_read;
    let begun = one.hop.request.queued.unwrap_or(one.hop.start);
    let from = head_read.map_or(begun, |read| read.max(begun));
    let waited = one.hop.end.since(from.min(one.hop.end));
    let is_stall = waited >= STALL || one.hop.failure.is_some() && !waited.is_zero();
    let is_anothers = is_other_site(&document.url.host_ascii, &one.hop.url.host_ascii);
    (one.resource.blocking == Blocking::Render && is_anothers && !one.is_cut_off() && is_stall)
        .then_some(waited)
}

/// What lookup, connection and handshake took; 0 where a connection was open.
pub(super) fn opening(hop: &Hop<'_>) -> u64 {
    let spent = phases(hop).spent;
    let connects = [Phase::Connect, Phase::Proxy, Phase::Tls, Phase::Quic];
    let connects: u64 = connects.into_iter().filter_map(|phase| spent[phase]).sum();
    if connects == 0 { 0 } else { connects + spent[Phase::Dns].unwrap_or(0) }
}

/// How much sooner rendering could start, by simulation.
pub(super) fn sooner(simulation: &Simulation, mends: &[Mend]) -> Duration {
    between(simulation.base(), simulation.mended(mends), Mark::StartRender)
}

/// What mends would save, where that is worth a number: of the time until rendering can start, or else of the page's.
pub(super) fn saving(simulation: &Simulation, mends: Vec<Mend>) -> Option<Saving> {
    let (base, mended) = (simulation.base(), simulation.mended(&mends));
    let of = |mark: Mark| {
        let amount = between(base, mended, mark);
        is_worth_telling(amount, total(base, mark)).then_some((mark, amount))
    };
    let (mark, amount) = of(Mark::StartRender).or_else(|| of(Mark::PageEnd))?;
    let applies = match mark {
        Mark::PageEnd => "until the static page has ended, and nothing of the time until it can be painted",
        Mark::StartRender | Mark::Document => "until anything can be painted",
    };
    Some(Saving {
        amount,
        low: amount.saturating_sub(simulation.doubt()),
        high: amount,
        basis: Basis::Modelled,
        applies: applies.to_owned(),
        load: Load::This,
        stretches: Vec::new(),
        mark,
        mends,
    })
}

/// Brings the savings of a page to what each saves beside those before it: all of them are simulated together.
pub(super) fn settle(findings: &mut [Finding], trace: &Trace) {
    let of_page = |finding: &Finding| finding.saving.as_ref().is_some_and(|saving| !saving.mends.is_empty());
    if !findings.iter().any(of_page) {
        return;
    }
    let simulation = Simulation::of(trace);
    let mut made: Vec<Mend> = Vec::new();
    for finding in findings.iter_mut().filter(|finding| of_page(finding)) {
        let Some(simulation) = &simulation else {
            finding.saving = None;
            continue;
        };
        finding.saving = finding.saving.take().and_then(|saving| {
            let before = simulation.mended(&made);
            let all: Vec<Mend> = made.iter().chain(&saving.mends).cloned().collect();
            let amount = between(before, simulation.mended(&all), saving.mark).min(saving.high);
            is_worth_telling(amount, total(simulation.base(), saving.mark)).then(|| {
                made = all;
                Saving { amount, low: amount.saturating_sub(simulation.doubt()), ..saving }
            })
        });
    }
}

fn between(before: Outcome, after: Outcome, mark: Mark) -> Duration {
    match (mark, before.start_render, after.start_render) {
        (Mark::PageEnd, ..) => before.end.since(after.end),
        (_, Some(before), Some(after)) => before.since(after),
        _ => Duration::ZERO,
    }
}

fn total(base: Outcome, mark: Mark) -> Duration {
    let at = match mark {
        Mark::PageEnd => base.end,
        Mark::StartRender | Mark::Document => base.start_render.unwrap_or(base.end),
    };
    Duration::from_micros(at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_another_only_where_that_is_sure() {
        for (one, other, differs) in [
            ("www.example.com", "cdn.example.com", false),
            ("www.example.com", "example.com", false),
            ("www.example.com", "cdn.example.net", true),
            ("a.co.uk", "b.co.uk", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("www.example.com", "192.0.2.2", false),
        ] {
            assert_eq!(is_other_site(one, other), differs, "{one} {other}");
        }
    }
}

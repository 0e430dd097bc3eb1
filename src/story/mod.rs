//! The run told as a story, for somebody who wants to understand each step: plain paragraphs, made from
//! what the trace holds and from nothing else.
//!
//! Nothing is escaped, wrapped or drawn here, and nothing judged: that is for renderers and findings. A
//! step that was left out or failed is told as such. Terms are RFC 9499's, each explained where it first
//! stands.
//!
//! # Layout
//! - `paragraph`, `teller`: the paragraphs so far, and which terms have been explained
//! - `typed`, `caches`, `walk`, `packets`, `answer`, `signatures`: from the URL to an address
//! - `connect`, `quic`, `proxy`, `handshake`, `certificate`: from the address to a channel
//! - `request`, `response`, `said`, `next`: the exchange, what else it says, and what is left for the next visit
//! - `page`: what else the document makes a browser ask for
//! - `ending`: what kept the run from its goal

mod answer;
mod caches;
mod certificate;
mod connect;
mod ending;
mod handshake;
mod next;
mod packets;
mod page;
mod paragraph;
mod proxy;
mod quic;
mod request;
mod response;
mod said;
mod signatures;
mod teller;
#[cfg(test)]
mod tests;
mod typed;
mod walk;

pub use paragraph::Paragraph;
use teller::Teller;

use crate::trace::{Dns, Failure, Hop, StageName, Trace};

/// The story of a traced URL.
#[must_use]
pub fn story(trace: &Trace) -> Vec<Paragraph> {
    let mut teller = Teller::default();
    if let (Some(failure), None) = (&trace.no_request, trace.requests.first()) {
        typed::no_url(&mut teller, &trace.input, failure);
    }
    for hop in trace.hops() {
        hop_story(&mut teller, trace, &hop);
    }
    if let Some(page) = &trace.page {
        page::put(&mut teller, trace, page);
    }
    if let Some(hop) =
        trace.hops().next_back().filter(|hop| hop.failure.is_none() && hop.request.until == StageName::Http)
    {
        next::put(&mut teller, trace, &hop);
    }
    teller.into_paragraphs()
}

/// The story of a lookup alone.
#[must_use]
pub fn lookup_story(dns: &Dns, failure: Option<&Failure>) -> Vec<Paragraph> {
    let mut teller = Teller::default();
    typed::question(&mut teller, dns);
    lookup(&mut teller, dns);
    match failure {
        Some(failure) => ending::put(&mut teller, failure, &[]),
        None => next::lookup(&mut teller, dns),
    }
    teller.into_paragraphs()
}

fn hop_story(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>) {
    teller.request(hop.id, trace.requests.len());
    typed::put(teller, trace, hop);
    match hop.dns.ran() {
        Some(dns) => lookup(teller, dns),
        None => walk::left_out(teller, hop),
    }
    // Of stages that were not wanted the end tells.
    let wanted = |stage| hop.request.until >= stage;
    if wanted(StageName::Tcp) {
        match hop.quic {
            Some(_) => quic::put(teller, hop),
            None => connect::put(teller, trace, hop),
        }
        connect::path(teller, hop);
        proxy::put(teller, hop);
    }
    if wanted(StageName::Tls) {
        handshake::put(teller, hop);
    }
    if let Some(tls) = hop.tls.ran() {
        certificate::put(teller, tls);
    }
    if let Some(http) = hop.http.ran() {
        request::put(teller, hop, http);
        response::put(teller, hop, http);
    }
    if hop.failure.is_none() && hop.request.until != StageName::Http {
        ending::wanted(teller, hop);
    }
    if let Some(failure) = hop.failure {
        ending::put(teller, failure, &ending::not_reached(hop));
    }
}

fn lookup(teller: &mut Teller, dns: &Dns) {
    caches::put(teller, dns);
    walk::put(teller, dns);
    answer::put(teller, dns);
    signatures::put(teller, dns);
}

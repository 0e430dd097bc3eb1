//! The proxy on the way: what it is for, what it was asked, and what it hides.

use super::teller::{Teller, clip};
use crate::trace::{Hop, Proxy, ProxyUsage};
use crate::units;

const TUNNEL: &[&str] = &["RFC 9110 section 9.3.6", "RFC 1928 section 4"];
const FORWARD: &[&str] = &["RFC 9112 section 3.2.2", "RFC 9110 section 3.7"];

/// The proxy of a request.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>) {
    let Some(proxy) = hop.proxy else { return bypassed(teller, hop) };
    let mut told = vec![
        teller
            .once(
                "A proxy is a program on another machine that is asked to connect in this one's place. Networks \
                 use them to keep connections under control, to keep copies, or to hide who asks.",
            )
            .to_owned(),
        format!("This run goes by {}, which {} names.", proxy.url(), proxy.source.as_str()),
    ];
    if let Some(lookup) = &proxy.lookup {
        told.push(format!(
            "Its own name was asked of this machine's resolver, as every program does it: that took {}.",
            units::duration(lookup.end.since(lookup.start))
        ));
    }
    if let Some(tls) = &proxy.tls {
        told.push(format!(
            "It is spoken to over TLS of its own, so that nobody between here and there reads what it is asked: that \
             handshake took {}.",
            units::duration(tls.end.since(tls.start))
        ));
    }
    told.extend(asked(proxy));
    if proxy.stands() && hop.connect.ran().is_some_and(|connect| connect.winner.is_some()) {
        told.push(hidden(proxy, hop));
    }
    match proxy.usage {
        ProxyUsage::Forward => teller.tell(
            "The proxy",
            &told,
            FORWARD,
            "urltrace --lab -x proxy.http.test:3128 http://clear-endpoint.https.test/",
        ),
        ProxyUsage::Tunnel => teller.tell(
            "The proxy",
            &told,
            TUNNEL,
            "urltrace --lab -x proxy.http.test:3128 https://www.example.test/",
        ),
    }
}

fn asked(proxy: &Proxy) -> Vec<String> {
    let took = |from: crate::trace::At, to: crate::trace::At| units::duration(to.since(from));
    proxy
        .rounds
        .iter()
        .map(|round| {
            let took = took(round.start, round.end);
            match &round.answer {
                Some(answer) => format!("Asked `{}`, it said `{}` after {took}.", round.asked, clip(answer)),
                None => format!("Asked `{}`, it said nothing in {took}.", round.asked),
            }
        })
        .collect()
}

fn hidden(proxy: &Proxy, hop: &Hop<'_>) -> String {
    let host = &hop.url.host_unicode;
    match (proxy.usage, proxy.kind.resolves()) {
        (ProxyUsage::Forward, _) => format!(
            "An http request is sent to the proxy itself, with the whole URL in its first line, and it asks {host} or \
             answers from a copy: 0 ms of its own way there can be seen from here."
        ),
        (ProxyUsage::Tunnel, true) => format!(
            "It looks {host} up by itself: which address that gave, and how long the lookup and the connection there \
             took, is a part of its answer's time and cannot be told apart here."
        ),
        (ProxyUsage::Tunnel, false) => format!(
            "It was told the address of {host}, which this machine had looked up; how long its connection there took \
             is a part of its answer's time."
        ),
    }
}

fn bypassed(teller: &mut Teller, hop: &Hop<'_>) {
    let Some(bypass) = &hop.request.bypass else { return };
    let told = format!(
        "The proxy {} was not used: the list of {} has `{}`, which {} matches, so 0 bytes went by it.",
        bypass.spared,
        bypass.source.as_str(),
        clip(&bypass.entry),
        hop.url.host_unicode
    );
    teller.tell("No proxy", &[told], TUNNEL, "urltrace --lab https://www.example.test/");
}

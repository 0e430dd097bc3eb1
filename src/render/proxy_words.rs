//! A proxy in words: what it was asked and said, and what cannot be seen behind it. Nothing is escaped here.

use crate::trace::{Connect, Proxy, ProxyBypass, ProxyRound, ProxyUsage, Url};
use crate::units;

/// The proxy that was used, who named it, and what it said.
pub(super) fn proxy(proxy: &Proxy) -> String {
    let mut words = format!("{}, named by {}", proxy.url(), proxy.source.as_str());
    if proxy.credentials.is_some() {
        words.push_str(", with credentials");
    }
    if let Some(lookup) = &proxy.lookup {
        let took = units::duration(lookup.end.since(lookup.start));
        words.push_str(&format!("; this machine's resolver gave its address in {took}"));
    }
    if let Some(tls) = &proxy.tls {
        let version = tls.version.map_or("TLS", crate::trace::TlsVersion::spoken);
        words.push_str(&format!("; {version} with it took {}", units::duration(tls.end.since(tls.start))));
    }
    for round in &proxy.rounds {
        words.push_str(&format!("; {} {}", round.asked, answer(round)));
    }
    if let Some(bound) = &proxy.bound {
        words.push_str(&format!("; it uses {bound}"));
    }
    words
}

/// `answered 200 Connection established in 3.20 ms`.
pub(super) fn answer(round: &ProxyRound) -> String {
    let took = units::duration(round.end.since(round.start));
    match &round.answer {
        Some(answer) => format!("answered {answer} in {took}"),
        None => format!("not answered in {took}"),
    }
}

/// What the proxy hides; nothing where it passes nothing on.
pub(super) fn behind(proxy: &Proxy, connect: Option<&Connect>, url: &Url) -> Option<String> {
    connect?.winner.filter(|_| proxy.stands())?;
    let host = &url.host_unicode;
    Some(match (proxy.usage, proxy.is_told_a_name()) {
        (ProxyUsage::Forward, _) => format!(
            "it is sent the request and forwards it: whether {host} or the proxy itself answers, at which address, \
             and how long the way between them takes, cannot be seen here"
        ),
        (ProxyUsage::Tunnel, true) => format!(
            "it resolves {host}: to which address it connects, and how long that and the lookup take, cannot be \
             seen here"
        ),
        (ProxyUsage::Tunnel, false) => format!(
            "it was told the address {}: how long its own connection there takes, and whether it goes there, cannot \
             be seen here",
            proxy.target
        ),
    })
}

/// A proxy that was left out.
pub(super) fn bypass(bypass: &ProxyBypass) -> String {
    let ProxyBypass { source, entry, spared } = bypass;
    format!("none: {} has `{entry}`, so {spared} was not used", source.as_str())
}

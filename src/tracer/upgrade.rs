//! From http to https, because the host has an HTTPS record (RFC 9460 §9.5).
//!
//! A browser takes the record as a redirect that it need not fetch. Here the hop's URL is rewritten
//! before anything is connected, and the change is on record; nothing is asked and nothing waits.

use crate::trace::{Dns, Scheme, Url, UrlChange, UrlChangeKind};
use crate::url;

/// Whether a URL was rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    Done,
    NotWanted,
}

/// The same URL by https, with the change on record; `None` where it is none of http.
pub(super) fn by_https(url: &Url) -> Option<Url> {
    // The default port is not written out, so the scheme alone changes port 80 to 443.
    let rest = url.href.strip_prefix("http:").filter(|_| url.scheme == Scheme::Http)?;
    let mut secure = url::parse(&format!("https:{rest}")).ok()?;
    secure.changes.clone_from(&url.changes);
    secure.changes.push(UrlChange {
        kind: UrlChangeKind::HttpsRecordUpgrade,
        before: format!("http://{}", url.host_ascii),
        after: format!("https://{}", url.host_ascii),
    });
    Some(secure)
}

/// Rewrites an http URL whose host has an HTTPS record that is not of no use.
pub(super) fn to_https(url: &mut Url, dns: &mut Dns) -> Upgrade {
    let wanted = dns.service.as_ref().is_some_and(crate::trace::ServiceBinding::demands_https);
    let Some(secure) = by_https(url).filter(|_| wanted) else { return Upgrade::NotWanted };
    *url = secure;
    dns.notes
        .push(format!("{} has an HTTPS record: the request goes by https (RFC 9460 section 9.5)", dns.name));
    Upgrade::Done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ServiceBinding, ServiceRecord, sample};

    #[test]
    fn an_http_url_is_rewritten_once_and_says_so() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut url = url::parse("http://www.example.test/a?b#c").unwrap();
        assert_eq!(to_https(&mut url, dns), Upgrade::NotWanted, "no record");
        let ignored = ServiceRecord { ignored: Some("of no use".to_owned()), ..ServiceRecord::default() };
        dns.service = Some(ServiceBinding { records: vec![ignored], ..ServiceBinding::default() });
        assert_eq!(to_https(&mut url, dns), Upgrade::NotWanted, "a record of no use upgrades nothing");
        let record = ServiceRecord { priority: 1, ..ServiceRecord::default() };
        let binding = ServiceBinding { records: vec![record], used: Some(0), ..ServiceBinding::default() };
        dns.service = Some(binding);
        assert_eq!(to_https(&mut url, dns), Upgrade::Done);
        assert_eq!(url.href, "https://www.example.test/a?b#c");
        assert_eq!((url.scheme, url.port), (Scheme::Https, 443));
        assert_eq!(url.changes.last().unwrap().kind, UrlChangeKind::HttpsRecordUpgrade);
        assert!(dns.notes.last().unwrap().contains("HTTPS record"));
        assert_eq!(to_https(&mut url, dns), Upgrade::NotWanted, "it is https by now");
        let mut odd = url::parse("http://www.example.test:8080/").unwrap();
        to_https(&mut odd, dns);
        assert_eq!((odd.scheme, odd.port), (Scheme::Https, 8080));
    }
}

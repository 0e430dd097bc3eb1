//! Credentials for a proxy went over the network in the clear.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule};
use crate::trace::{ProxyUsage, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tcp-proxy-credentials-in-clear",
    severity: Severity::Notice,
    stage: StageName::Tcp,
    fires: "user name and password were sent to a proxy without TLS that is not on this machine",
    standard: "RFC 7617 section 4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let (Some(proxy), Some(connect), Some(id)) =
            (hop.proxy, hop.connect.ran(), hop.request.connection.ran())
        else {
            continue;
        };
        let winner = connect.winner.and_then(|winner| connect.attempts.get(winner));
        let away = winner.is_some_and(|winner| !winner.address.ip().is_loopback());
        let sent = proxy.credentials_were_sent()
            || proxy.usage == ProxyUsage::Forward && hop.http.ran().is_some_and(|http| http.bytes_sent > 0);
        if !away || proxy.kind.is_encrypted() || proxy.credentials.is_none() || !sent {
            continue;
        }
        let title = format!("the credentials for the {} went in the clear", proxy.words());
        let mut finding = rule.finding(
            title,
            vec![Place::Connection(id, InConnection::ProxyCredentials)],
            "use the proxy over TLS (https://), if it has that, or from a network that nobody else listens to",
        );
        finding.detail =
            "anybody between here and the proxy can read user name and password, whatever the target's TLS hides"
                .to_owned();
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::ProxyKind;

    #[test]
    fn fires_on_a_password_in_the_clear_and_not_over_tls_or_at_home() {
        let mut trace = sample::sound();
        sample::put_behind_proxy(&mut trace);
        assert!(sample::of(&RULE, &trace).is_empty(), "there are none");
        trace.connections[0].proxy.as_mut().unwrap().credentials =
            Some(crate::trace::Secret("joe:hunter2".to_owned()));
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let mut socks = trace.clone();
        let proxy = socks.connections[0].proxy.as_mut().unwrap();
        (proxy.kind, proxy.rounds[0].asked) = (ProxyKind::Socks5h, "SOCKS greeting".to_owned());
        assert!(sample::of(&RULE, &socks).is_empty(), "the proxy asked for none");
        let mut local = trace.clone();
        sample::connect(&mut local).attempts[0].address = "127.0.0.1:3128".parse().unwrap();
        assert!(sample::of(&RULE, &local).is_empty());
        trace.connections[0].proxy.as_mut().unwrap().kind = ProxyKind::Https;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}

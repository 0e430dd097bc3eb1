//! A proxy that a trace is put behind.

use super::super::*;

/// Puts the first request of a sound trace behind an HTTP proxy that opened a tunnel in 200 us.
pub(crate) fn put_behind_proxy(trace: &mut Trace) {
    let request = &mut trace.requests[0];
    request.lookup = Stage::Skipped("the proxy resolves the name");
    let connection = &mut trace.connections[0];
    let start = At(connection.tcp.end.0 + 10);
    connection.proxy = Some(proxy(start));
}

/// A proxy that was asked for a tunnel then.
pub(crate) fn proxy(start: At) -> Proxy {
    let end = At(start.0 + 200);
    let (host, target) = ("proxy.example.test".to_owned(), "www.example.test:443".to_owned());
    let source = ProxySource::Variable("https_proxy");
    Proxy {
        rounds: vec![ProxyRound {
            asked: "CONNECT www.example.test:443".to_owned(),
            answer: Some("200 Connection established".to_owned()),
            start,
            end,
            bytes_sent: 118,
            bytes_received: 39,
        }],
        start: Some(start),
        end,
        status: Some(200),
        reason: Some("Connection established".to_owned()),
        ..Proxy::unused(ProxyKind::Http, host, 3128, source, ProxyUsage::Tunnel, target)
    }
}

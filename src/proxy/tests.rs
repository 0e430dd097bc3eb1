//! Proxies, good and hostile: each answer becomes a tunnel or a named failure, in bounded time and memory.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::{FailureCode, ProxySource, ProxyUsage, Secret};

const LIMIT: Duration = Duration::from_millis(200);

/// What a proxy does after it has been sent something.
enum Does {
    /// Answers so.
    Says(&'static [u8]),
    /// Sends this again and again, for as long as it is read.
    Repeats(&'static [u8]),
    /// Says nothing more, and stays.
    Waits,
}

use Does::{Repeats, Says, Waits};

/// A proxy that does one thing after another, and closes.
async fn play(mut stream: DuplexStream, script: Vec<Does>) {
    for does in script {
        if stream.read(&mut [0; 4096]).await.unwrap_or(0) == 0 {
            return;
        }
        match does {
            Says(bytes) => stream.write_all(bytes).await.unwrap_or(()),
            Repeats(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Waits => std::future::pending().await,
        }
    }
}

fn proxy(kind: ProxyKind, credentials: Option<&str>) -> Proxy {
    let (host, target) = ("192.0.2.1".to_owned(), "a.test:443".to_owned());
    let source = ProxySource::Option("--proxy");
    let credentials = credentials.map(|given| Secret(given.to_owned()));
    Proxy { credentials, ..Proxy::unused(kind, host, 3128, source, ProxyUsage::Tunnel, target) }
}

async fn run(
    kind: ProxyKind,
    password: Option<&'static str>,
    script: Vec<Does>,
) -> (Proxy, Result<Vec<u8>, Failure>) {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let joined = password.map(|password| format!("joe:{password}"));
    let mut record = proxy(kind, joined.as_deref());
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(60));
    let credentials =
        password.map(|password| Credentials { user: "joe", password, basic: "Basic am9lOmh1bnRlcjI=" });
    let terms = Terms {
        clock: &clock,
        stop: &stop,
        limit: clock.now().after(LIMIT),
        agent: "ut",
        fields: &[],
        credentials,
    };
    let opening = async {
        let opened = open(&mut near, Destination::Name("a.test", 443), &mut record, terms).await;
        drop(near);
        opened
    };
    let (opened, ()) = tokio::join!(opening, async {
        // A proxy that waits is left alone once the other side has gone.
        let _ = tokio::time::timeout(LIMIT * 3, play(far, script)).await;
    });
    (record, opened)
}

/// A script and the failure it leads to, with words of its message.
type Case = (ProxyKind, Option<&'static str>, Vec<Does>, FailureCode, &'static str);

#[tokio::test]
async fn every_bad_proxy_is_a_failure_of_its_own() {
    use FailureCode::{
        NotProxy, ProxyAuthentication, ProxyClosed, ProxyRefused, ProxyTargetFailed, ProxyTimeout,
    };
    use ProxyKind::{Http, Socks5h};
    let cases: Vec<Case> = vec![
        (Http, None, vec![Says(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: Negotiate\r\n\r\n")], ProxyAuthentication, "wants credentials: 407 Proxy Authentication Required, by Basic or Negotiate"),
        (Http, Some("hunter2"), vec![Says(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n")], ProxyAuthentication, "did not take the credentials"),
        (Http, None, vec![Says(b"HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n<html>")], ProxyRefused, "refused a tunnel to a.test:443: 403 Forbidden (x-squid-error: ERR_ACCESS_DENIED 0)"),
        (Http, None, vec![Says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")], ProxyTargetFailed, "could not reach a.test:443, it says: 502 Bad Gateway"),
        (Http, None, vec![Says(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")], ProxyTargetFailed, "503"),
        (Http, None, vec![Says(b"HTTP/1.0 405 \r\n\r\n")], ProxyRefused, "405"),
        (Http, None, vec![Says(b"HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n")], ProxyRefused, "302"),
        (Http, None, vec![Says(b"SSH-2.0-OpenSSH_9.2\r\n")], NotProxy, "does not speak HTTP: its answer begins with `SSH-2.0-OpenSSH_9.2"),
        (Http, None, vec![Says(b"\x15\x03\x01\x00\x02\x02\x46")], NotProxy, "\\x15\\x03"),
        (Http, None, vec![Says(b"\x05\xff")], NotProxy, "does not speak HTTP"),
        (Http, None, vec![Says(b"HTTP/2.0 200 OK\r\n\r\n")], NotProxy, "HTTP/2.0"),
        (Http, None, vec![Says(b"HTTP/1.1 20x OK\r\n\r\n")], NotProxy, "does not speak HTTP"),
        (Http, None, vec![Repeats(b"HTTP/1.1 200 OK\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\n")], NotProxy, ""),
        (Http, None, vec![Says(b"HTTP/1.1 200 OK\r\nx: "), Waits], ProxyTimeout, "did not answer in"),
        (Http, None, vec![Repeats(b"HTTP/1.1 100 Continue\r\n\r\n")], NotProxy, "interim responses without an end"),
        (Http, None, vec![Waits], ProxyTimeout, "did not answer in 20"),
        (Http, None, vec![Says(b"")], ProxyClosed, "closed the connection after `CONNECT a.test:443`, without an answer"),
        (Http, None, vec![Says(b"HTTP/1.1 200")], ProxyClosed, "inside its answer"),
        (Socks5h, None, vec![Says(b"HTTP/1.1 400 Bad Request\r\n\r\n")], NotProxy, "does not speak SOCKS 5: its answer begins with `HTTP/1.1 400"),
        (Socks5h, None, vec![Says(b"\x00\x5a\0\0\0\0\0\0")], NotProxy, "does not speak SOCKS 5"),
        (Socks5h, None, vec![Says(b"\x05\xff")], ProxyAuthentication, "wants credentials"),
        (Socks5h, Some("x"), vec![Says(b"\x05\xff")], ProxyAuthentication, "neither no authentication nor a password"),
        (Socks5h, None, vec![Says(b"\x05\x02")], NotProxy, "method 2, which was not offered"),
        (Socks5h, Some("x"), vec![Says(b"\x05\x01")], NotProxy, "method 1, which was not offered"),
        (Socks5h, Some("x"), vec![Says(b"\x05\x02"), Says(b"\x01\x01")], ProxyAuthentication, "did not take the credentials"),
        (Socks5h, Some("x"), vec![Says(b"\x05\x02"), Says(b"\x07\x00")], NotProxy, "begins with `\\x07"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x01\0\x01\0\0\0\0\0\0")], ProxyTargetFailed, "general SOCKS server failure (reply 1)"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x02")], ProxyRefused, "connection not allowed by ruleset (reply 2)"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x03\0\x01")], ProxyTargetFailed, "network unreachable"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x04\0\x01")], ProxyTargetFailed, "host unreachable"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x05\0\x01")], ProxyTargetFailed, "connection refused"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x06\0\x01")], ProxyTargetFailed, "TTL expired"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x07\0\x01")], ProxyRefused, "command not supported"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x08\0\x01")], ProxyRefused, "address type not supported"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x63\0\x01")], NotProxy, "means nothing: unassigned (reply 99)"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x09\0\0\0\0\0\0")], NotProxy, "an address of the unknown type 9"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x03\xffshort")], ProxyClosed, "inside its answer"),
        (Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x03\xffshort"), Waits], ProxyTimeout, "after `CONNECT a.test:443`"),
        (Socks5h, None, vec![Says(b"\x05")], ProxyClosed, "inside its answer"),
        (Socks5h, None, vec![Says(b"\x05\x00")], ProxyClosed, "without an answer"),
        (Socks5h, None, vec![Waits], ProxyTimeout, "SOCKS greeting"),
    ];
    assert!(cases.len() >= 40);
    for (number, (kind, password, script, code, words)) in cases.into_iter().enumerate() {
        let (record, opened) = run(kind, password, script).await;
        let failure = opened.expect_err(&format!("case {number} is no tunnel"));
        assert_eq!(failure.code, code, "case {number}: {}", failure.message);
        assert!(failure.message.contains(words), "case {number}: {}", failure.message);
        assert!(failure.hint.is_some(), "case {number}");
        assert!(!failure.message.contains("hunter2"), "case {number}");
        let read: usize = record.rounds.iter().map(|round| round.bytes_received).sum();
        assert!(read <= 80 * 1024, "case {number}: {read} bytes were read");
        assert!(failure.running < LIMIT * 2, "case {number}: {:?}", failure.running);
        assert!(record.start.is_some() && record.end >= record.start.unwrap(), "case {number}");
    }
}

#[tokio::test]
async fn a_tunnel_stands_and_what_came_behind_is_the_targets() {
    let (record, opened) = run(
        ProxyKind::Http,
        Some("hunter2"),
        vec![Says(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 Connection established\r\nContent-Length: 999999\r\nTransfer-Encoding: chunked\r\n\r\nSSH-2.0")],
    )
    .await;
    assert_eq!(opened.unwrap(), b"SSH-2.0", "the length of a success means nothing");
    assert_eq!((record.status, record.reason.as_deref()), (Some(200), Some("Connection established")));
    assert_eq!(record.rounds.len(), 1);
    assert_eq!(record.rounds[0].answer.as_deref(), Some("200 Connection established"));
    let (start, end) = record.tunnel().unwrap();
    assert!(start <= end && end == record.end);

    let (record, opened) = run(
        ProxyKind::Socks5h,
        Some("hunter2"),
        vec![Says(b"\x05\x02"), Says(b"\x01\x00"), Says(b"\x05\x00\0\x01\xc0\0\x02\x07\x04\xd2behind")],
    )
    .await;
    assert_eq!(opened.unwrap(), b"behind");
    assert_eq!(record.bound.as_deref(), Some("192.0.2.7:1234"));
    assert_eq!(record.reply, Some(crate::trace::SocksReply::SUCCEEDED));
    let told: Vec<_> = record.rounds.iter().map(|round| round.answer.as_deref().unwrap()).collect();
    assert_eq!(told, ["user name and password", "accepted", "succeeded"]);
    assert!(record.rounds.iter().all(|round| !round.asked.contains("hunter2")));
    assert!(record.credentials_were_sent());
    let refused = vec![Says(b"\x05\x02"), Says(b"\x01\x01")];
    assert!(run(ProxyKind::Socks5h, Some("hunter2"), refused).await.0.credentials_were_sent());
    let unasked = vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x01\0\0\0\0\0\0")];
    assert!(!run(ProxyKind::Socks5h, Some("hunter2"), unasked).await.0.credentials_were_sent());

    let (record, opened) =
        run(ProxyKind::Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x03\x01h\0\x50")]).await;
    assert_eq!((opened.unwrap().len(), record.bound.as_deref()), (0, Some("h:80")));
    let (record, opened) =
        run(ProxyKind::Socks5h, None, vec![Says(b"\x05\x00"), Says(b"\x05\x00\0\x01\0\0\0\0\0\0")]).await;
    assert_eq!((opened.unwrap().len(), record.bound), (0, None), "zeros say nothing");
}

/// What is sent, as it goes over the wire.
#[tokio::test]
async fn what_is_asked_has_the_form_of_the_standards() {
    type Fields<'a> = &'a [(String, Option<String>)];
    async fn sent(kind: ProxyKind, destination: Destination<'_>, reply: &'static [u8]) -> Vec<u8> {
        sent_with(kind, destination, reply, &[]).await
    }
    async fn sent_with(
        kind: ProxyKind,
        destination: Destination<'_>,
        reply: &'static [u8],
        fields: Fields<'_>,
    ) -> Vec<u8> {
        let (mut near, mut far) = tokio::io::duplex(4096);
        let mut record = proxy(kind, None);
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(60));
        let terms = Terms {
            clock: &clock,
            stop: &stop,
            limit: clock.now().after(LIMIT),
            agent: "ut",
            fields,
            credentials: None,
        };
        far.write_all(reply).await.unwrap();
        let _ = open(&mut near, destination, &mut record, terms).await;
        drop(near);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        bytes
    }
    let head = sent(ProxyKind::Http, Destination::Name("a.test", 443), b"HTTP/1.1 200 OK\r\n\r\n").await;
    let expected = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: ut\r\n\r\n";
    assert_eq!(String::from_utf8(head).unwrap(), expected);
    let field = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let given = [field("user-agent", Some("it")), field("X-Of", Some("a")), field("host", None)];
    let to = Destination::Name("a.test", 443);
    let head = sent_with(ProxyKind::Http, to, b"HTTP/1.1 200 OK\r\n\r\n", &given).await;
    let expected = "CONNECT a.test:443 HTTP/1.1\r\nuser-agent: it\r\nX-Of: a\r\n\r\n";
    assert_eq!(String::from_utf8(head).unwrap(), expected);
    let name = sent(ProxyKind::Socks5h, Destination::Name("a.test", 443), b"\x05\x00").await;
    assert_eq!(name, b"\x05\x01\x00\x05\x01\x00\x03\x06a.test\x01\xbb");
    let v4 =
        sent(ProxyKind::Socks5, Destination::Address("192.0.2.1:80".parse().unwrap()), b"\x05\x00").await;
    assert_eq!(v4, b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50");
    let v6 = sent(ProxyKind::Socks5, Destination::Address("[::1]:80".parse().unwrap()), b"\x05\x00").await;
    assert_eq!(&v6[3..], b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50");
}

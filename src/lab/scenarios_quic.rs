//! What the lab can show of QUIC and HTTP/3, and of one version of HTTP beside another. A table: the rest of the scenarios
//! stands beside it.

use super::scenario::{
    EVERY_STAGE_PAUSE, EVERY_STAGE_PIECES, EVERY_STAGE_TLS, EVERY_STAGE_WAIT, Scenario, millis,
};

const TCP: u8 = 5;
const TLS: u8 = 6;

/// Scenarios of QUIC.
pub(super) const QUIC_SCENARIOS: &[Scenario] = &[
    Scenario::new("http3", "https://www.http3.test/", "HTTP/3: QUIC's one handshake in place of two")
        .options(&["--http3-only"]),
    Scenario::new(
        "http3-offered",
        "https://offered.http3.test/",
        "an HTTPS record offers HTTP/3: QUIC and TCP start together, one is used",
    ),
    Scenario::new(
        "http3-unheard",
        "https://unheard.http3.test/",
        "an HTTPS record offers HTTP/3, and UDP vanishes: TCP carries the request",
    ),
    Scenario::new(
        "http3-record-alone",
        "https://alone.http3.test/",
        "an HTTPS record offers HTTP/3 and nothing else: TCP is not tried",
    ),
    Scenario::new(
        "http3-record-alone-unheard",
        "https://alone-unheard.http3.test/",
        "the same where UDP vanishes: after 2 s the host's own address by TCP",
    ),
    Scenario::new(
        "http3-fallback",
        "https://blocked.http3.test/",
        "HTTP/3 is wanted and UDP is blocked: TCP ran beside it, nothing is lost",
    )
    .options(&["--http3"]),
    Scenario::new(
        "http3-every-stage",
        "https://slow.http3.test/",
        "HTTP/3 with a known delay in handshake, response and body",
    )
    .options(&["--http3-only"])
    .injected(&[
        ("quic", millis(EVERY_STAGE_TLS)),
        ("wait", millis(EVERY_STAGE_WAIT)),
        ("receive", EVERY_STAGE_PIECES as u64 * millis(EVERY_STAGE_PAUSE)),
    ]),
    Scenario::new(
        "compare-http",
        "https://www.http3.test/",
        "one page by HTTP/1.1, 2 and 3 in turn, phase against phase",
    )
    .options(&["--compare-http"]),
    Scenario::new(
        "compare-http-missing",
        "https://http1-only.http.test/",
        "the same of a server that has HTTP/1.1 alone: two rows fail, and say why",
    )
    .options(&["--compare-http"]),
    Scenario::new(
        "quic-retry",
        "https://retry.http3.test/",
        "a server that first wants proof of our address: one round trip more",
    )
    .options(&["--http3-only"]),
    Scenario::new(
        "http3-early-data",
        "https://early.http3.test/",
        "HTTP/3 and a ticket that allows 0-RTT, which the server takes",
    )
    .options(&["--http3-only", "--resume"]),
    Scenario::new(
        "http3-early-data-refused",
        "https://late.http3.test/",
        "HTTP/3 and a ticket that allows 0-RTT, which the server then turns down",
    )
    .options(&["--http3-only", "--resume"]),
    Scenario::new(
        "quic-refused",
        "https://refused.http3.test/",
        "a QUIC server that takes no connections now",
    )
    .options(&["--http3-only"])
    .fails(TCP, "quic-closed"),
    Scenario::new("udp-blocked", "https://blocked.http3.test/", "UDP that vanishes, as behind a firewall")
        .options(&["--http3-only", "--connect-timeout", "1"])
        .fails(TCP, "quic-timeout"),
    Scenario::new(
        "http3-expired",
        "https://expired.http3.test/",
        "a certificate that has expired, met by QUIC: the same verdict as by TCP",
    )
    .options(&["--http3-only"])
    .fails(TLS, "certificate-expired"),
];

//! What a scenario of the lab is: a URL, and what a trace of it must find; and the delays that are put in.
//! The scenarios themselves are a table of their own.

use std::time::Duration;

/// The name server of `slow.test.` thinks this long before each answer.
pub const SLOW_AUTHORITATIVE: Duration = Duration::from_millis(80);
/// The name server of `very-slow.test.` thinks this long before each answer, by UDP and TCP.
pub const VERY_SLOW_AUTHORITATIVE: Duration = Duration::from_millis(1_600);
/// The resolver of the lab, which is not part of the counted lane, thinks this long.
pub const STUB_DELAY: Duration = Duration::from_millis(2);
/// `slow-tls`: from the ClientHello's arrival to the ServerHello.
pub const SLOW_TLS: Duration = Duration::from_millis(150);
/// `slow-first-byte`: from the request's last byte to the response's first.
pub const SLOW_FIRST_BYTE: Duration = Duration::from_millis(700);
/// `slow-upstream`: the same, 120 ms of it by the server's own word for a query.
pub const SLOW_UPSTREAM: Duration = Duration::from_millis(150);
/// `gateway-overhead`: the same, 60 ms of it by the gateway's word for what is behind it.
pub const SLOW_GATEWAY: Duration = Duration::from_millis(80);
/// `cdn-miss`, `cdn-bypass`: the same, behind a cache.
pub const BEHIND_CACHE: Duration = Duration::from_millis(80);
/// `proxy-tunnel`: from a CONNECT's arrival to the proxy's answer.
pub const SLOW_PROXY: Duration = Duration::from_millis(40);
/// `cold-function`: the same for the first request on a connection; the others are answered at once.
pub const COLD_START: Duration = Duration::from_millis(500);
/// `slow-continue`: from the request's head to the 100.
pub const SLOW_CONTINUE: Duration = Duration::from_millis(200);
/// `flapping`: how much later every third request is answered.
pub const FLAPPING: Duration = Duration::from_millis(300);
/// `bimodal`: how much later two requests of five are answered.
pub const BIMODAL: Duration = Duration::from_millis(60);
/// `drifting`: how much later each request is answered than the one before.
pub const DRIFT: Duration = Duration::from_millis(4);
/// `slow-backend`, `slow-address`: how much later one of three servers answers.
pub const SLOW_BACKEND: Duration = Duration::from_millis(120);
/// `websocket`: from the ping to the pong.
pub const SLOW_PONG: Duration = Duration::from_millis(120);
/// `grpc` and its kin: from the call to its answer.
pub const GRPC_THINK: Duration = Duration::from_millis(60);
/// `events`: the pause before each event.
pub const EVENT_PAUSE: Duration = Duration::from_millis(500);
/// `early-hints`: from the 103 to the 200.
pub const EARLY_HINTS: Duration = Duration::from_millis(50);
/// `page`: from the request for the page's stylesheet to its response.
pub const PAGE_STYLE: Duration = Duration::from_millis(100);
/// `page`: the same of what that imports.
pub const PAGE_IMPORT: Duration = Duration::from_millis(150);
/// `page-slow-script`: the same of the script in its head.
pub const PAGE_SCRIPT: Duration = Duration::from_millis(400);
/// `page-other-site`: the same of the script that another site has.
pub const PAGE_WIDGET: Duration = Duration::from_millis(1200);
/// `page-late-host`: what the handshake with the other host takes longer.
pub const PAGE_HANDSHAKE: Duration = Duration::from_millis(200);
/// `page-queue`: the same of each of its ten images.
pub const PAGE_IMAGE: Duration = Duration::from_millis(120);
/// `page-unhinted`: what its server thinks about the document.
pub const PAGE_THINK: Duration = Duration::from_millis(500);
/// `drip-body`: how many pieces the body comes in.
pub const DRIP_PIECES: u32 = 10;
/// `drip-body`: the pause before each piece.
pub const DRIP_PAUSE: Duration = Duration::from_millis(20);
/// `every-stage`: the delay of the name server.
pub const EVERY_STAGE_DNS: Duration = Duration::from_millis(20);
/// `every-stage`: the delay of the ServerHello.
pub const EVERY_STAGE_TLS: Duration = Duration::from_millis(30);
/// `every-stage`: the delay of the response.
pub const EVERY_STAGE_WAIT: Duration = Duration::from_millis(40);
/// `every-stage`: how many pieces the body comes in.
pub const EVERY_STAGE_PIECES: u32 = 5;
/// `every-stage`: the pause before each piece.
pub const EVERY_STAGE_PAUSE: Duration = Duration::from_millis(10);

/// `large-hello`: bytes of the largest ClientHello that its server bears. One with a share for
/// X25519MLKEM768 is larger.
pub const LARGEST_HELLO: usize = 1200;

/// A delay as the tables tell it.
pub(super) const fn millis(delay: Duration) -> u64 {
    delay.as_millis() as u64
}

/// One thing the lab can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, in kebab-case.
    pub id: &'static str,
    /// The URL to trace.
    pub url: &'static str,
    /// What it shows, in one line.
    pub summary: &'static str,
    /// Command line options it needs besides `--lab`.
    pub options: &'static [&'static str],
    /// What a trace of it must find.
    pub expect: Expect,
}

/// What a trace of a scenario must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// `ok`, or the word of a [`FailureCode`](crate::trace::FailureCode).
    pub outcome: &'static str,
    /// The exit code of the program.
    pub exit: u8,
    /// The status of the last response, if there is one.
    pub status: Option<u16>,
    /// The delays put in: the phase as in JSON without `_us`, and milliseconds. Phases that are not
    /// named have none, but for a client's own waits: `silent-server` costs what the client waits
    /// for an answer, `no-answer-http` lasts until `--max-time`. `connect` of `dead-ipv6` is such a
    /// wait too, before the next address is tried; it holds only where the lab could make a dead
    /// address: see [`Lab::dead_ipv6`](super::Lab::dead_ipv6).
    pub injected: &'static [(&'static str, u64)],
    /// What DNSSEC says of the last hop's name; `None` where nobody is asked.
    pub dnssec: Option<&'static str>,
}

impl Scenario {
    pub(super) const fn new(id: &'static str, url: &'static str, summary: &'static str) -> Self {
        let expect =
            Expect { outcome: "ok", exit: 0, status: Some(200), injected: &[], dnssec: Some("secure") };
        Self { id, url, summary, options: &[], expect }
    }

    /// The host that its URL comes to.
    #[cfg(test)]
    pub(crate) fn host(&self) -> String {
        let authority = self.url.split('/').nth(2).unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        host.split(':').next().unwrap_or_default().replace("%2E", ".")
    }

    /// Whether its host is looked up here: not behind a proxy that resolves, nor with an address that is given.
    #[cfg(test)]
    pub(crate) fn is_looked_up(&self) -> bool {
        !self.options.iter().any(|option| matches!(*option, "-x" | "address=all"))
    }

    pub(super) const fn options(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }

    pub(super) const fn status(self, status: u16) -> Self {
        Self { expect: Expect { status: Some(status), ..self.expect }, ..self }
    }

    /// It ends before HTTP, because no more was asked for.
    pub(super) const fn without_http(self) -> Self {
        Self { expect: Expect { status: None, ..self.expect }, ..self }
    }

    /// It fails before any response.
    pub(super) const fn fails(self, exit: u8, outcome: &'static str) -> Self {
        Self { expect: Expect { outcome, exit, status: None, ..self.expect }, ..self }
    }

    pub(super) const fn dnssec(self, verdict: Option<&'static str>) -> Self {
        Self { expect: Expect { dnssec: verdict, ..self.expect }, ..self }
    }

    pub(super) const fn injected(self, injected: &'static [(&'static str, u64)]) -> Self {
        Self { expect: Expect { injected, ..self.expect }, ..self }
    }
}

//! One question of a scan: a connection, a ClientHello, and what came of it. Keeps to the allowance of the run.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::suites;
use crate::clock::Clock;
use crate::stop::{Stop, Stopped};
use crate::tls::answer::{Answer, End, Exchange, Kind, ServerHello};
use crate::tls::{hello, names};
use crate::trace::{At, ScanEnd, ScanVersion};

/// Connections of one run at most.
const MOST: u32 = 200;
/// The time of all together at most.
const LONGEST: Duration = Duration::from_secs(30);
/// From the end of one connection to the next.
const PAUSE: Duration = Duration::from_millis(50);
/// One connection, from the SYN to the answer.
const ONE: Duration = Duration::from_secs(3);
/// The rest of a flight after its ServerHello; without it an answer only says less.
const REST: Duration = Duration::from_millis(600);
/// Questions in a row without an answer, after which the server is left alone.
const SILENCES: u32 = 3;
/// Encrypted bytes that no alert has: a certificate and what is signed have come.
const A_FLIGHT: usize = 150;

/// What the scans of one run may spend together.
#[derive(Debug)]
pub struct Allowance {
    connections: u32,
    until: At,
    asked: bool,
}

impl Allowance {
    /// All of it, from now on.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self { connections: MOST, until: clock.now().after(LONGEST), asked: false }
    }
}

/// What a ClientHello offers.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) version: ScanVersion,
    pub(super) suites: Vec<u16>,
    pub(super) groups: Vec<u16>,
    pub(super) schemes: Vec<u16>,
    /// Key shares of TLS 1.3; none asks the server for a group.
    pub(super) shares: Vec<(u16, Vec<u8>)>,
}

impl Question {
    /// The ClientHello.
    fn hello(&self, sni: Option<&str>) -> Vec<u8> {
        let legacy = self.version.number().min(0x0303);
        hello::message(legacy, &self.suites, |out| {
            hello::server_name(out, sni);
            if !self.groups.is_empty() {
                hello::extension(out, 10, |data| hello::numbers(data, &self.groups));
                hello::extension(out, 11, |data| data.extend([1, 0]));
            }
            if self.version >= ScanVersion::Tls12 {
                hello::extension(out, 13, |data| hello::numbers(data, &self.schemes));
                // Whatever the chain is signed with: that is not the question (RFC 8446 §4.2.3).
                hello::extension(out, 50, |data| hello::numbers(data, suites::SCHEMES));
            }
            // extended_master_secret
            hello::extension(out, 23, |_| {});
            if self.version == ScanVersion::Tls13 {
                hello::extension(out, 43, |data| data.extend([2, 3, 4]));
                // psk_dhe_ke
                hello::extension(out, 45, |data| data.extend([1, 1]));
                hello::key_shares(out, &self.shares);
            }
            hello::extension(out, 0xff01, |data| data.push(0));
        })
    }
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A ServerHello or HelloRetryRequest.
    Hello(Chosen),
    /// An alert.
    Refused(u8),
    /// The end of the connection without a word.
    Closed,
    /// No connection, no answer in time, or no TLS.
    Lost,
}

/// What a server chose, and the rest of its flight as far as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) hello: ServerHello,
    pub(super) exchange: Option<Exchange>,
    /// Its certificate (until TLS 1.2).
    pub(super) leaf: Option<Vec<u8>>,
    /// Whether it has signed the handshake (TLS 1.3, where that is encrypted): `None` where the end of the
    /// flight was not seen.
    pub(super) signed: Option<bool>,
}

/// Who is asked, and what may be spent.
pub(super) struct Asker<'a, C> {
    /// Opens a connection to the server.
    pub(super) open: C,
    pub(super) sni: Option<&'a str>,
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a Stop,
    pub(super) allowance: &'a mut Allowance,
    pub(super) connections: u32,
    /// Questions in a row that were lost.
    pub(super) silences: u32,
    /// Why nothing more is asked.
    pub(super) ended: Option<ScanEnd>,
}

impl<C, S> Asker<'_, C>
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Puts a question, a second time where the first was lost. `None`: nothing more may be asked.
    pub(super) async fn ask(&mut self, question: &Question) -> Option<Outcome> {
        let bytes = question.hello(self.sni);
        let mut outcome = self.once(&bytes).await?;
        if matches!(outcome, Outcome::Closed | Outcome::Lost) {
            outcome = self.once(&bytes).await?;
        }
        self.silences = if outcome == Outcome::Lost { self.silences + 1 } else { 0 };
        if self.silences == SILENCES {
            self.ended = Some(ScanEnd::Unanswered);
        }
        Some(outcome)
    }

    async fn once(&mut self, hello: &[u8]) -> Option<Outcome> {
        if self.ended.is_some() {
            return None;
        }
        if self.allowance.connections == 0 {
            self.ended = Some(ScanEnd::Connections(MOST));
            return None;
        }
        let pause = if self.allowance.asked { PAUSE } else { Duration::ZERO };
        let until = self.allowance.until;
        let pause = tokio::time::sleep(pause); // between two connections: what the scan promises a server
        if let Err(why) = self.stop.within(Some(until), pause).await {
            return self.stopped(why);
        }
        self.allowance.asked = true;
        self.allowance.connections -= 1;
        self.connections += 1;
        let mut answer = Answer::default();
        let limit = self.clock.now().after(ONE).min(until);
        let open = &self.open;
        let asked = async {
            let mut carrier = open().await?;
            carrier.write_all(hello).await.ok()?;
            let end = answer.read(&mut carrier, |answer| answer.hello().is_some()).await;
            Some((carrier, end))
        };
        match self.stop.within(Some(limit), asked).await {
            Ok(Some((mut carrier, End::Enough))) => Some(self.rest(&mut carrier, answer).await),
            Ok(Some((_, End::Alert(description)))) => Some(Outcome::Refused(description)),
            // Some refuse by a mere warning.
            Ok(Some((_, End::Closed))) => Some(answer.names.alert.map_or(Outcome::Closed, Outcome::Refused)),
            Ok(Some((_, End::Broken)) | None) => Some(Outcome::Lost),
            Err(Stopped::Limit) if self.clock.now() < until => Some(Outcome::Lost),
            Err(why) => self.stopped(why),
        }
    }

    /// What follows a ServerHello.
    async fn rest(&self, carrier: &mut S, mut answer: Answer) -> Outcome {
        let Some(hello) = answer.hello() else { return Outcome::Lost };
        let limit = Some(self.clock.now().after(REST));
        let mut chosen = Chosen { hello, exchange: None, leaf: None, signed: None };
        if hello.version >= 0x0304 {
            if !hello.retry {
                let read = answer.read(carrier, |answer| answer.encrypted >= A_FLIGHT);
                chosen.signed = match self.stop.within(limit, read).await {
                    Ok(End::Enough) => Some(true),
                    // Less than a signature, and the end: an alert that is encrypted.
                    Ok(End::Closed | End::Alert(_)) => Some(false),
                    _ => None,
                };
            }
            return Outcome::Hello(chosen);
        }
        let kind = kind(hello.suite);
        let is_there =
            |answer: &Answer| answer.is_done() || kind.is_some_and(|kind| answer.exchange(kind).is_some());
        let _ = self.stop.within(limit, answer.read(carrier, is_there)).await;
        chosen.exchange = kind.and_then(|kind| answer.exchange(kind));
        // Only TLS 1.2 names the scheme (RFC 5246 §4.7).
        if let Some(exchange) = chosen.exchange.as_mut().filter(|_| hello.version < 0x0303) {
            exchange.scheme = None;
        }
        chosen.leaf = answer.leaf().map(<[u8]>::to_vec);
        Outcome::Hello(chosen)
    }

    fn stopped(&mut self, why: Stopped) -> Option<Outcome> {
        self.ended = Some(match why {
            Stopped::MaxTime => ScanEnd::MaxTime,
            Stopped::Interrupted => ScanEnd::Interrupted,
            Stopped::Limit | Stopped::Part(_) => ScanEnd::Time(LONGEST),
        });
        None
    }
}

/// How a suite exchanges keys; `None` where no message of its own does.
pub(super) fn kind(suite: u16) -> Option<Kind> {
    let name = names::cipher_suite(suite);
    let has = |parts: [&str; 2]| parts.iter().any(|part| name.contains(part));
    match () {
        () if has(["_ECDHE_", "_ECDH_anon_"]) => Some(Kind::Curve),
        () if has(["_DHE_", "_DH_anon_"]) => Some(Kind::Prime),
        () => None,
    }
}

/// Whether the server signs the key exchange of a suite.
pub(super) fn is_signed(suite: u16) -> bool {
    kind(suite).is_some() && !names::cipher_suite(suite).contains("_anon_")
}

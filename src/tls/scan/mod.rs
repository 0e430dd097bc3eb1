//! `--tls-scan`: which versions, suites, groups and signature schemes a server takes, found out by ClientHellos
//! made by hand.
//!
//! A server chooses one of what it is offered; what it chose is left out of the next offer, until it refuses.
//! Nothing is ever encrypted, no key is made that is used, and every connection ends after the server's first
//! flight. Runs after a trace, one connection at a time.
//!
//! - `ask`: one question, and what may be spent on all;
//! - `scanner`: what is told by leaving out what was chosen;
//! - `groups`, `schemes`: beside the versions and suites that are asked for here;
//! - `suites`: what is asked for;
//! - `judge`: how good it is.

mod ask;
mod groups;
mod judge;
mod scanner;
mod schemes;
mod suites;

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

pub use self::ask::Allowance;
use self::ask::{Asker, Chosen, Outcome, Question};
use self::scanner::{Scanner, Vary};
use super::names;
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::{ScanAnswer, ScanEnd, ScanVersion, ScannedSuite, ScannedVersion, SuiteOrder, TlsScan};

/// Whom a scan asks.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Where it is.
    pub address: SocketAddr,
    /// The name to ask for (SNI).
    pub sni: Option<&'a str>,
}

/// Asks a server what it takes. `open` makes a connection to it.
pub async fn scan<C, S>(
    open: C,
    target: Target<'_>,
    clock: &Clock,
    stop: &Stop,
    allowance: &mut Allowance,
) -> TlsScan
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let start = clock.now();
    let sni = target.sni;
    let asker = Asker { open, sni, clock, stop, allowance, connections: 0, silences: 0, ended: None };
    let found = TlsScan { address: Some(target.address), ..TlsScan::default() };
    let mut scanner = Scanner { asker, found, seen_at: clock.started_at() };
    scanner.run().await;
    let Scanner { asker, mut found, .. } = scanner;
    found.connections = asker.connections;
    found.took = clock.now().since(start);
    found.end = asker.ended.unwrap_or(ScanEnd::Done);
    found
}

/// A version that the server takes: the question that it took, and its answer.
type Taken = (ScanVersion, Question, Chosen);

impl<C, S> Scanner<'_, C>
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    async fn run(&mut self) {
        let mut taken = Vec::new();
        for version in ScanVersion::ALL {
            let (answer, first) = self.version(version).await;
            let judged = judge::version(version);
            self.found.versions.push(ScannedVersion { version, answer, judged, order: None });
            taken.extend(first);
        }
        // What matters most comes first, in case that there is not enough time for all.
        for (version, question, first) in &taken {
            self.suites(*version, question, first).await;
            match version {
                ScanVersion::Tls13 => {
                    self.groups_of_tls13(question).await;
                    self.schemes_of_tls13(question).await;
                }
                ScanVersion::Tls12 => {
                    self.groups_of_tls12(question).await;
                    self.schemes_of_tls12(question).await;
                }
                _ => {}
            }
        }
        self.found.groups.sort_by_key(|row| suites::GROUPS.iter().position(|group| Some(*group) == row.code));
    }

    /// Offers nothing but this version.
    async fn version(&mut self, version: ScanVersion) -> (ScanAnswer, Option<Taken>) {
        let (usual, rare) = suites::of(version);
        let mut question = Question {
            version,
            suites: usual,
            groups: groups::offered(version),
            schemes: schemes::offered(version),
            shares: Vec::new(),
        };
        let mut answer = self.answer(&question).await;
        let refused = |answer: &(ScanAnswer, Option<Chosen>)| {
            !matches!(answer.0, ScanAnswer::Taken | ScanAnswer::Unasked)
        };
        if version == ScanVersion::Tls13 && refused(&answer) {
            // There are servers that take no empty list of key shares.
            question.shares = groups::shares();
            let again = self.answer(&question).await;
            if again.0 == ScanAnswer::Taken {
                answer = again;
            }
        }
        // An alert on the version leaves nothing to ask.
        let on_version = |answer: &ScanAnswer| *answer == ScanAnswer::Refused("protocol_version".to_owned());
        if !rare.is_empty() && refused(&answer) && !on_version(&answer.0) {
            question.suites = rare;
            let again = self.answer(&question).await;
            if again.0 == ScanAnswer::Taken {
                answer = again;
            }
        }
        (answer.0, answer.1.map(|chosen| (version, question, chosen)))
    }

    async fn suites(&mut self, version: ScanVersion, question: &Question, first: &Chosen) {
        self.look_at(first);
        let what = format!("suites of {}", version.spoken());
        let mut found = self.leave_out(question, Vary::Suites, Some(first.hello.suite), &what).await;
        let order = self.order(question, &found).await;
        let (_, rare) = suites::of(version);
        if !rare.is_empty() && question.suites != rare {
            let rare = Question { suites: rare, ..question.clone() };
            // Beside the usual ones they have no place in an order that was seen.
            found.extend(self.leave_out(&rare, Vary::Suites, None, &what).await);
        }
        if let Some(row) = self.found.versions.iter_mut().find(|row| row.version == version) {
            row.order = order;
        }
        self.found.suites.extend(found.into_iter().map(|code| {
            let name = names::cipher_suite(code);
            let judged = judge::suite(&name);
            ScannedSuite { version, code, name, openssl: suites::openssl(code), judged }
        }));
    }

    /// Offers the suites in the opposite order. Those with ChaCha20 are left out: servers that have an order may
    /// follow a client that has no AES in hardware.
    async fn order(&mut self, question: &Question, found: &[u16]) -> Option<SuiteOrder> {
        let is_plain = |code: &&u16| !names::cipher_suite(**code).contains("CHACHA20");
        let mut plain: Vec<u16> = found.iter().filter(is_plain).copied().collect();
        let first = *plain.first().filter(|_| plain.len() > 1)?;
        plain.reverse();
        let last = *plain.first()?;
        let turned = Question { suites: plain, ..question.clone() };
        match self.asker.ask(&turned).await {
            Some(Outcome::Hello(chosen)) if chosen.hello.suite == first => Some(SuiteOrder::Server),
            Some(Outcome::Hello(chosen)) if chosen.hello.suite == last => Some(SuiteOrder::Client),
            _ => None,
        }
    }
}

//! `--tls-scan`: which versions, suites, groups and signature schemes a server takes, found out by ClientHellos
//! made by hand.
//!
//! A server chooses one of what it is offered; what it chose is left out of the next offer, until it refuses.
//! Nothing is ever encrypted, no key is made that is used, and every connection ends after the server's first
//! flight. Runs after a trace, one connection at a time.
//!
//! - `ask`: one question, and what may be spent on all;
//! - `suites`: what is asked for;
//! - `judge`: how good it is.

mod ask;
mod judge;
mod suites;

use std::net::SocketAddr;
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncWrite};

pub use self::ask::Allowance;
use self::ask::{Asker, Chosen, Outcome, Question};
use super::answer::{ExchangedBy, Kind};
use super::{certificate, group, names};
use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::{
    Judged, ScanAnswer, ScanEnd, ScanVersion, Scanned, ScannedCertificate, ScannedSuite, ScannedVersion,
    SuiteOrder, TlsScan,
};

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

/// What is left out of offers, one after another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vary {
    Suites,
    Groups,
    Schemes,
}

impl Vary {
    fn of(self, question: &mut Question) -> &mut Vec<u16> {
        match self {
            Self::Suites => &mut question.suites,
            Self::Groups => &mut question.groups,
            Self::Schemes => &mut question.schemes,
        }
    }

    /// Which of them the server chose.
    fn chosen(self, chosen: &Chosen) -> Option<u16> {
        match (self, &chosen.exchange) {
            (Self::Suites, _) => Some(chosen.hello.suite),
            (Self::Groups, None) => chosen.hello.group,
            (Self::Groups, Some(exchange)) => match exchange.by {
                ExchangedBy::Curve(group) => Some(group),
                ExchangedBy::Prime { .. } => None,
            },
            (Self::Schemes, exchange) => exchange.as_ref()?.scheme,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Suites => "suites",
            Self::Groups => "groups",
            Self::Schemes => "signature schemes",
        }
    }
}

struct Scanner<'a, C> {
    asker: Asker<'a, C>,
    found: TlsScan,
    seen_at: SystemTime,
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
                ScanVersion::Tls13 => self.groups_and_schemes_of_tls13(question).await,
                ScanVersion::Tls12 => self.groups_and_schemes_of_tls12(question).await,
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
            groups: groups_of(version),
            schemes: schemes_of(version),
            shares: Vec::new(),
        };
        let mut answer = self.answer(&question).await;
        let refused = |answer: &(ScanAnswer, Option<Chosen>)| {
            !matches!(answer.0, ScanAnswer::Taken | ScanAnswer::Unasked)
        };
        if version == ScanVersion::Tls13 && refused(&answer) {
            // There are servers that take no empty list of key shares.
            question.shares = shares();
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

    async fn answer(&mut self, question: &Question) -> (ScanAnswer, Option<Chosen>) {
        let answer = match self.asker.ask(question).await {
            None => ScanAnswer::Unasked,
            Some(Outcome::Hello(chosen)) if chosen.hello.version == question.version.number() => {
                return (ScanAnswer::Taken, Some(chosen));
            }
            Some(Outcome::Hello(chosen)) => {
                ScanAnswer::Refused(format!("it chose {}", names::version(chosen.hello.version)))
            }
            Some(Outcome::Refused(description)) => ScanAnswer::Refused(crate::alert::name(description)),
            Some(Outcome::Closed) => ScanAnswer::Closed,
            Some(Outcome::Lost) => ScanAnswer::Unclear,
        };
        (answer, None)
    }

    /// Leaves out what was chosen, until the server refuses the rest. `first` is what it chose of all.
    async fn leave_out(
        &mut self,
        question: &Question,
        vary: Vary,
        first: Option<u16>,
        what: &str,
    ) -> Vec<u16> {
        let mut question = question.clone();
        let mut found: Vec<u16> = first.into_iter().collect();
        vary.of(&mut question).retain(|number| Some(*number) != first);
        while !vary.of(&mut question).is_empty() {
            let lacks = match self.asker.ask(&question).await {
                Some(Outcome::Hello(chosen)) if chosen.hello.version == question.version.number() => {
                    self.look_at(&chosen);
                    let number = vary.chosen(&chosen);
                    let rest = vary.of(&mut question);
                    let place = number.and_then(|number| rest.iter().position(|one| *one == number));
                    match (place, number) {
                        (Some(place), _) => {
                            found.push(rest.remove(place));
                            continue;
                        }
                        (None, Some(_)) => "the server chose one that was not offered",
                        // Another kind of key exchange: none of these.
                        (None, None) => return found,
                    }
                }
                Some(Outcome::Hello(_) | Outcome::Refused(_)) => return found,
                Some(Outcome::Closed) => "the server ended the connection without a word",
                Some(Outcome::Lost) => "a question was lost",
                None => "not all were asked for",
            };
            self.found.gaps.push(format!("{what}: {lacks}"));
            return found;
        }
        found
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

    async fn groups_and_schemes_of_tls13(&mut self, question: &Question) {
        let version = ScanVersion::Tls13;
        let what = "groups of TLS 1.3";
        if question.shares.is_empty() {
            let groups = self.leave_out(question, Vary::Groups, None, what).await;
            self.keep_groups(version, groups);
        } else {
            self.found.gaps.push(format!("{what}: the server takes no ClientHello without key shares"));
        }
        let of_server: Vec<u16> = self.found.groups.iter().filter_map(|row| row.code).collect();
        let shares: Vec<_> = if question.shares.is_empty() {
            shares().into_iter().filter(|(group, _)| of_server.contains(group)).take(1).collect()
        } else {
            question.shares.clone()
        };
        if shares.is_empty() {
            let why = "no key share of the server's groups is at hand";
            self.found.gaps.push(format!("signature schemes of TLS 1.3: {why}"));
            return;
        }
        let groups = shares.iter().map(|(group, _)| *group).collect();
        let base = Question { shares, groups, ..question.clone() };
        let mut taken = Vec::new();
        for family in suites::FAMILIES {
            if self.signs(&base, family).await == Some(false) {
                continue;
            }
            for scheme in *family {
                match self.signs(&base, &[*scheme]).await {
                    Some(true) => taken.push(*scheme),
                    Some(false) => {}
                    None => {
                        let name = names::signature_scheme(*scheme);
                        self.found.gaps.push(format!("signature schemes of TLS 1.3: no answer on {name}"));
                    }
                }
            }
        }
        self.keep_schemes(version, taken);
    }

    /// Whether the server signs by one of these schemes in TLS 1.3; `None` where that was not seen.
    async fn signs(&mut self, base: &Question, schemes: &[u16]) -> Option<bool> {
        let question = Question { schemes: schemes.to_vec(), ..base.clone() };
        match self.asker.ask(&question).await? {
            Outcome::Hello(chosen) => chosen.signed,
            Outcome::Refused(_) => Some(false),
            Outcome::Closed | Outcome::Lost => None,
        }
    }

    async fn groups_and_schemes_of_tls12(&mut self, question: &Question) {
        let version = ScanVersion::Tls12;
        let taken: Vec<u16> = self.found.suites_of(version).map(|suite| suite.code).collect();
        let by_curve: Vec<u16> =
            taken.iter().copied().filter(|suite| ask::kind(*suite) == Some(Kind::Curve)).collect();
        if !by_curve.is_empty() {
            let what = "groups of TLS 1.2";
            let base = Question { suites: by_curve.clone(), ..question.clone() };
            let groups = self.leave_out(&base, Vary::Groups, None, what).await;
            if self.lacks_groups(&by_curve, &groups) {
                let why = "those that the server wants less than its certificate's own curve are not seen";
                self.found.gaps.push(format!("{what}: {why}"));
            }
            self.keep_groups(version, groups);
        }
        let signed: Vec<u16> = taken.into_iter().filter(|suite| ask::is_signed(*suite)).collect();
        if !signed.is_empty() {
            let what = format!("{} of TLS 1.2", Vary::Schemes.words());
            let base = Question { suites: signed, ..question.clone() };
            let schemes = self.leave_out(&base, Vary::Schemes, None, &what).await;
            self.keep_schemes(version, schemes);
        }
    }

    /// Whether TLS 1.2 may have groups that no answer showed: a server with certificates of ECDSA only takes no
    /// offer without their curve (RFC 8422 §5.1), so that those it wants less than that one stay unseen.
    fn lacks_groups(&self, suites: &[u16], groups: &[u16]) -> bool {
        let by_ecdsa = |suite: &u16| names::cipher_suite(*suite).contains("_ECDSA_");
        let is_curve = |group: &u16| matches!(group, 0x0017..=0x0019);
        let order = self.found.version(ScanVersion::Tls12).and_then(|row| row.order);
        if order == Some(SuiteOrder::Client) || !suites.iter().all(by_ecdsa) || !groups.iter().any(is_curve) {
            return false;
        }
        let of_tls13 = self.found.groups.iter().filter_map(|row| row.code);
        let mut unseen = of_tls13.filter(|group| matches!(group, 0x0017..=0x0019 | 0x001d | 0x001e));
        !self.found.takes(ScanVersion::Tls13) || unseen.any(|group| !groups.contains(&group))
    }

    /// Keeps what an answer shows beside the question: the server's certificate, and its prime.
    fn look_at(&mut self, chosen: &Chosen) {
        if let Some(leaf) = &chosen.leaf {
            let described = certificate::describe(leaf, self.seen_at, |_| false);
            let is_new = self.found.certificates.iter().all(|known| known.sha256 != described.sha256);
            if is_new && self.found.certificates.len() < MOST_CERTIFICATES {
                let crate::trace::Certificate { key_type, key_bits, sha256, .. } = described;
                self.found.certificates.push(ScannedCertificate { key_type, key_bits, sha256 });
            }
        }
        let Some(ExchangedBy::Prime { bits, group }) = chosen.exchange.map(|exchange| exchange.by) else {
            return;
        };
        let version = ScanVersion::ALL.into_iter().find(|one| one.number() == chosen.hello.version);
        let name = group.map_or_else(|| format!("DH, a prime of {bits} bits"), names::group);
        keep(&mut self.found.groups, version, group, name, judge::prime(bits));
    }

    fn keep_groups(&mut self, version: ScanVersion, groups: Vec<u16>) {
        for code in groups {
            let judged = judge::group(code);
            keep(&mut self.found.groups, Some(version), Some(code), names::group(code), judged);
        }
    }

    fn keep_schemes(&mut self, version: ScanVersion, schemes: Vec<u16>) {
        for code in schemes {
            let name = names::signature_scheme(code);
            let judged = judge::scheme(&name);
            keep(&mut self.found.signature_schemes, Some(version), Some(code), name, judged);
        }
    }
}

/// Certificates of one server that are told apart.
const MOST_CERTIFICATES: usize = 8;

/// Adds a version to a row, or the row.
fn keep(
    rows: &mut Vec<Scanned>,
    version: Option<ScanVersion>,
    code: Option<u16>,
    name: String,
    judged: Judged,
) {
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.versions.extend(version.filter(|version| !row.versions.contains(version))),
        None => rows.push(Scanned { code, name, versions: version.into_iter().collect(), judged }),
    }
}

fn groups_of(version: ScanVersion) -> Vec<u16> {
    // ML-KEM, and brainpool's second numbers, are of TLS 1.3 alone.
    let is_new = |group: &u16| matches!(group, 0x11eb..=0x11ed | 0x0200..=0x0202 | 0x001f..=0x0021);
    // Those that it has not any more (RFC 8446 §4.2.7).
    let is_old = |group: &u16| matches!(group, 0x0013 | 0x0015 | 0x0016 | 0x001a..=0x001c);
    let of = |left_out: &dyn Fn(&u16) -> bool| {
        suites::GROUPS.iter().copied().filter(|group| !left_out(group)).collect()
    };
    match version {
        ScanVersion::Tls13 => of(&is_old),
        ScanVersion::Tls12 | ScanVersion::Tls11 | ScanVersion::Tls10 => of(&is_new),
        ScanVersion::Ssl3 => Vec::new(),
    }
}

fn schemes_of(version: ScanVersion) -> Vec<u16> {
    match version {
        ScanVersion::Tls13 => suites::FAMILIES.concat(),
        ScanVersion::Tls12 => suites::SCHEMES.to_vec(),
        ScanVersion::Tls11 | ScanVersion::Tls10 | ScanVersion::Ssl3 => Vec::new(),
    }
}

/// Key shares of the groups that keys are made for here, and of X448, where any bytes are one (RFC 7748 §5): the
/// shortest first.
fn shares() -> Vec<(u16, Vec<u8>)> {
    let own = group::provider().kx_groups.into_iter().filter_map(|group| {
        let share = group.start().ok()?;
        Some((u16::from(group.name()), share.pub_key().to_vec()))
    });
    let mut all: Vec<_> = own.chain([(0x001e, vec![0x75; 56])]).collect();
    all.sort_by_key(|(_, share)| share.len());
    all
}

//! A scan under way: what is asked by leaving out what was chosen, and what every answer shows beside.

use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncWrite};

use super::ask::{Asker, Chosen, Outcome, Question};
use super::judge;
use crate::tls::answer::ExchangedBy;
use crate::tls::{certificate, names};
use crate::trace::{Judged, ScanAnswer, ScanVersion, Scanned, ScannedCertificate, TlsScan};

/// What is left out of offers, one after another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Vary {
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

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Suites => "suites",
            Self::Groups => "groups",
            Self::Schemes => "signature schemes",
        }
    }
}

/// A scan under way.
pub(super) struct Scanner<'a, C> {
    pub(super) asker: Asker<'a, C>,
    pub(super) found: TlsScan,
    pub(super) seen_at: SystemTime,
}

impl<C, S> Scanner<'_, C>
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    pub(super) async fn answer(&mut self, question: &Question) -> (ScanAnswer, Option<Chosen>) {
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
    pub(super) async fn leave_out(
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

    /// Keeps what an answer shows beside the question: the server's certificate, and its prime.
    pub(super) fn look_at(&mut self, chosen: &Chosen) {
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
}

/// Certificates of one server that are told apart.
const MOST_CERTIFICATES: usize = 8;

/// Adds a version to a row, or the row.
pub(super) fn keep(
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

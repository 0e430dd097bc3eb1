//! The signature schemes that a server signs its handshakes with.

use tokio::io::{AsyncRead, AsyncWrite};

use super::ask::{self, Outcome, Question};
use super::groups::shares;
use super::scanner::{Scanner, Vary, keep};
use super::{judge, suites};
use crate::tls::names;
use crate::trace::ScanVersion;

impl<C, S> Scanner<'_, C>
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Those of TLS 1.3, where the signature itself is encrypted: whether one has come is told by the length of what did.
    pub(super) async fn schemes_of_tls13(&mut self, question: &Question) {
        let version = ScanVersion::Tls13;
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

    /// Those of TLS 1.2.
    pub(super) async fn schemes_of_tls12(&mut self, question: &Question) {
        let version = ScanVersion::Tls12;
        let taken = self.found.suites_of(version).map(|suite| suite.code);
        let signed: Vec<u16> = taken.filter(|suite| ask::is_signed(*suite)).collect();
        if !signed.is_empty() {
            let what = format!("{} of TLS 1.2", Vary::Schemes.words());
            let base = Question { suites: signed, ..question.clone() };
            let schemes = self.leave_out(&base, Vary::Schemes, None, &what).await;
            self.keep_schemes(version, schemes);
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

/// What may be asked for in a version.
pub(super) fn offered(version: ScanVersion) -> Vec<u16> {
    match version {
        ScanVersion::Tls13 => suites::FAMILIES.concat(),
        ScanVersion::Tls12 => suites::SCHEMES.to_vec(),
        ScanVersion::Tls11 | ScanVersion::Tls10 | ScanVersion::Ssl3 => Vec::new(),
    }
}

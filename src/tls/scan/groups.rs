//! The key exchange groups that a server takes.

use tokio::io::{AsyncRead, AsyncWrite};

use super::ask::{self, Question};
use super::scanner::{Scanner, Vary, keep};
use super::{judge, suites};
use crate::tls::answer::Kind;
use crate::tls::{group, names};
use crate::trace::{ScanVersion, SuiteOrder};

impl<C, S> Scanner<'_, C>
where
    C: AsyncFn() -> Option<S>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Those of TLS 1.3: a ClientHello without key shares has the server name one.
    pub(super) async fn groups_of_tls13(&mut self, question: &Question) {
        let version = ScanVersion::Tls13;
        let what = "groups of TLS 1.3";
        if question.shares.is_empty() {
            let groups = self.leave_out(question, Vary::Groups, None, what).await;
            self.keep_groups(version, groups);
        } else {
            self.found.gaps.push(format!("{what}: the server takes no ClientHello without key shares"));
        }
    }

    /// Those of TLS 1.2.
    pub(super) async fn groups_of_tls12(&mut self, question: &Question) {
        let version = ScanVersion::Tls12;
        let taken = self.found.suites_of(version).map(|suite| suite.code);
        let by_curve: Vec<u16> = taken.filter(|suite| ask::kind(*suite) == Some(Kind::Curve)).collect();
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

    fn keep_groups(&mut self, version: ScanVersion, groups: Vec<u16>) {
        for code in groups {
            let judged = judge::group(code);
            keep(&mut self.found.groups, Some(version), Some(code), names::group(code), judged);
        }
    }
}

/// What may be asked for in a version.
pub(super) fn offered(version: ScanVersion) -> Vec<u16> {
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

/// Key shares of the groups that keys are made for here, and of X448, where any bytes are one (RFC 7748 §5): the
/// shortest first.
pub(super) fn shares() -> Vec<(u16, Vec<u8>)> {
    let own = group::provider().kx_groups.into_iter().filter_map(|group| {
        let share = group.start().ok()?;
        Some((u16::from(group.name()), share.pub_key().to_vec()))
    });
    let mut all: Vec<_> = own.chain([(0x001e, vec![0x75; 56])]).collect();
    all.sort_by_key(|(_, share)| share.len());
    all
}

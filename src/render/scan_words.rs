//! The words for what `--tls-scan` found, for every format that people read.

use crate::trace::{Grade, ScanAnswer, ScanEnd, Scanned, ScannedSuite, ScannedVersion, SuiteOrder, TlsScan};
use crate::units;

/// Who was asked, how often, and what it cost nobody.
pub(super) fn head(scan: &TlsScan) -> String {
    let Some(address) = scan.address else { return format!("not made: {}", end(scan).unwrap_or_default()) };
    let connections = units::count(scan.connections as usize, "connection");
    format!("what {address} takes, by {connections} in {} (not counted)", units::duration(scan.took))
}

/// That there was nothing to ask, and why.
pub(super) fn skipped(why: &str) -> String {
    format!("nothing to scan: {why}")
}

/// Why not all was asked; `None` where it was.
pub(super) fn end(scan: &TlsScan) -> Option<String> {
    Some(match scan.end {
        ScanEnd::Done => return None,
        ScanEnd::Connections(most) => format!("{most} connections were made, and more are not"),
        ScanEnd::Time(longest) => format!("its {} were over", units::duration(longest)),
        ScanEnd::MaxTime => "--max-time was over".to_owned(),
        ScanEnd::Interrupted => "it was interrupted".to_owned(),
        ScanEnd::Unanswered => "the server gave no more answers".to_owned(),
        ScanEnd::NotTried(why) => why.to_owned(),
    })
}

/// What the lists may lack: each a sentence of its own.
pub(super) fn gaps(scan: &TlsScan) -> Vec<String> {
    let ended = end(scan).map(|why| format!("not all was asked: {why}"));
    scan.gaps.iter().cloned().chain(ended).collect()
}

/// What became of a version that is not taken, or what is to be said of one that is.
pub(super) fn version(row: &ScannedVersion) -> String {
    match &row.answer {
        ScanAnswer::Taken => {
            let order = match row.order {
                Some(SuiteOrder::Server) => "; the server decides on the suite",
                Some(SuiteOrder::Client) => "; the client decides on the suite",
                None => "",
            };
            format!("{}{order}", row.judged.why)
        }
        ScanAnswer::Refused(words) => format!("refused ({words})"),
        ScanAnswer::Closed => "the connection was ended without a word: probably refused".to_owned(),
        ScanAnswer::Unclear => "no answer that can be read".to_owned(),
        ScanAnswer::Unasked => "not asked".to_owned(),
    }
}

/// The grade of a version, where the server takes it.
pub(super) fn grade(row: &ScannedVersion) -> Option<Grade> {
    (row.answer == ScanAnswer::Taken).then_some(row.judged.grade)
}

/// A suite by both names.
pub(super) fn both_names(suite: &ScannedSuite) -> String {
    match suite.openssl.filter(|name| *name != suite.name) {
        Some(openssl) => format!("{} ({openssl})", suite.name),
        None => suite.name.clone(),
    }
}

/// The versions of a row, as `TLS 1.3, TLS 1.2`.
pub(super) fn versions(row: &Scanned) -> String {
    row.versions.iter().map(|version| version.spoken()).collect::<Vec<_>>().join(", ")
}

/// The kinds of certificates that were seen, as `ECDSA P-256 and RSA 2048`.
pub(super) fn certificates(scan: &TlsScan) -> String {
    let kinds = scan.certificates.iter().map(|one| match one.key_bits {
        // The name of a curve has its size.
        Some(bits) if one.key_type.starts_with("RSA") => format!("{} {bits}", one.key_type),
        _ => one.key_type.clone(),
    });
    kinds.collect::<Vec<_>>().join(" and ")
}

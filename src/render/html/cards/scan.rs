//! The tables of what `--tls-scan` found.

use super::table;
use crate::render::html::markup::Page;
use crate::render::scan_words as words;
use crate::trace::{ScanEnd, TlsScan};

pub(super) fn put(page: &mut Page, scan: &TlsScan) {
    page.element("<p><b>TLS scan</b>: ", &words::head(scan), ".</p>\n");
    if matches!(scan.end, ScanEnd::NotTried(_)) {
        return;
    }
    let versions = scan.versions.iter().map(|row| {
        let grade = words::grade(row).map_or("-", |grade| grade.as_str());
        [row.version.spoken().to_owned(), grade.to_owned(), words::version(row)]
    });
    table::columns(page, "Versions", ["version", "verdict", "why"], versions);
    if !scan.suites.is_empty() {
        let rows = scan.suites.iter().map(|suite| {
            [
                suite.version.spoken().to_owned(),
                suite.name.clone(),
                suite.openssl.unwrap_or_default().to_owned(),
                suite.judged.grade.as_str().to_owned(),
                suite.judged.why.to_owned(),
                suite.judged.standard.to_owned(),
            ]
        });
        let columns = ["version", "suite", "OpenSSL's name", "verdict", "why", "standard"];
        table::columns(page, "Suites that are taken, in their order", columns, rows);
    }
    for (caption, list) in [
        ("Key exchange groups that are taken", &scan.groups),
        ("Signature schemes that the server signs by", &scan.signature_schemes),
    ] {
        if !list.is_empty() {
            let rows = list.iter().map(|row| {
                [
                    row.name.clone(),
                    words::versions(row),
                    row.judged.grade.as_str().to_owned(),
                    row.judged.why.to_owned(),
                    row.judged.standard.to_owned(),
                ]
            });
            table::columns(page, caption, ["name", "versions", "verdict", "why", "standard"], rows);
        }
    }
    if !scan.certificates.is_empty() {
        page.element("<p>Certificates of ", &words::certificates(scan), ".</p>\n");
    }
    for gap in words::gaps(scan) {
        page.element("<p class=\"faint\">", &gap, ".</p>\n");
    }
}

//! What `--tls-scan` found: versions, suites, groups and signature schemes, each with its verdict.

use super::fact::{LABEL, fact_text};
use super::ink::Ink;
use super::page::Page;
use crate::render::scan_words as words;
use crate::trace::{Grade, Judged, ScanEnd, ScanVersion, Scanned, TlsScan};

/// Columns of a verdict.
const GRADE: usize = 7;

pub(super) fn put(page: &mut Page, scan: &TlsScan, verbose: bool) {
    page.gap();
    fact_text(page, Ink::Strong, "tls scan", &words::head(scan));
    if matches!(scan.end, ScanEnd::NotTried(_)) {
        return;
    }
    for row in &scan.versions {
        put_row(page, row.version.spoken(), words::grade(row), &words::version(row));
    }
    let codes = |version| scan.suites_of(version).map(|suite| suite.code).collect::<Vec<u16>>();
    let mut newer: Option<ScanVersion> = None;
    for version in ScanVersion::ALL {
        let mut label = format!("{}:", version.spoken());
        let own = codes(version);
        match newer.replace(version) {
            Some(newer) if !own.is_empty() && own == codes(newer) => {
                put_row(page, &label, None, &format!("the same as {}", newer.spoken()));
                continue;
            }
            _ => {}
        }
        let mut before = None;
        for suite in scan.suites_of(version) {
            let mut told = if verbose { words::both_names(suite) } else { suite.name.clone() };
            // Of several alike the first says why.
            if before != Some(suite.judged) || verbose {
                told.push_str(&format!(", {}", why(&suite.judged, verbose)));
            }
            before = Some(suite.judged);
            put_row(page, &label, Some(suite.judged.grade), &told);
            label.clear();
        }
    }
    put_names(page, "groups:", &scan.groups, verbose);
    put_names(page, "signs by:", &scan.signature_schemes, verbose);
    if !scan.certificates.is_empty() {
        put_row(page, "has:", None, &format!("certificates of {}", words::certificates(scan)));
    }
    for gap in words::gaps(scan) {
        put_row(page, "", None, &gap);
    }
}

fn why(judged: &Judged, verbose: bool) -> String {
    if verbose { format!("{} ({})", judged.why, judged.standard) } else { judged.why.to_owned() }
}

/// Names of one verdict in one row; with `-v` each in its own, with its reason.
fn put_names(page: &mut Page, label: &str, rows: &[Scanned], verbose: bool) {
    let mut label = label.to_owned();
    for grade in [Grade::Good, Grade::Fine, Grade::Weak, Grade::Broken] {
        let of_grade = rows.iter().filter(|row| row.judged.grade == grade);
        let told: Vec<String> = if verbose {
            let each = of_grade
                .map(|row| format!("{} ({}): {}", row.name, words::versions(row), why(&row.judged, verbose)));
            each.collect()
        } else {
            let names: Vec<&str> = of_grade.map(|row| row.name.as_str()).collect();
            if names.is_empty() { Vec::new() } else { vec![names.join(", ")] }
        };
        for line in told {
            put_row(page, &label, Some(grade), &line);
            label.clear();
        }
    }
}

fn put_row(page: &mut Page, label: &str, grade: Option<Grade>, text: &str) {
    let mut head = page.line();
    head.column(Ink::Tls, label, LABEL);
    let (ink, word) = match grade {
        Some(Grade::Good) => (Ink::Good, Grade::Good.as_str()),
        Some(Grade::Fine) => (Ink::Plain, Grade::Fine.as_str()),
        Some(Grade::Weak) => (Ink::Warn, Grade::Weak.as_str()),
        Some(Grade::Broken) => (Ink::Bad, Grade::Broken.as_str()),
        None => (Ink::Faint, "-"),
    };
    head.column(ink, word, GRADE);
    let mut body = page.line();
    body.push(if grade.is_some() { Ink::Plain } else { Ink::Faint }, text);
    page.wrap(head, &body);
}

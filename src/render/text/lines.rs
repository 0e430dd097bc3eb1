//! `urltrace dns` in single lines: a name of a batch, and the bare data of `--short`.
//!
//! Lines are as long as they have to be: they are read by programs, too.

use std::io::{self, Write};

use super::ink::Ink;
use super::page::Page;
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::render::words;
use crate::report::DnsReport;
use crate::trace::{DnssecVerdict, Rcode};
use crate::units;

/// Names up to this length stand in a column.
const NAME: usize = 32;
/// Wide enough for every line that can come up.
const WIDTH: usize = 1 << 20;

/// One name: name, code, time, what was known of it already, answers or the reason.
pub(crate) fn dns_line(run: &Redacted<DnsReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(&Style { width: WIDTH, ..*style });
    let mut line = page.line();
    line.push(Ink::Strong, &run.dns.name).pad_to(NAME).push(Ink::Plain, "  ");
    let (ink, code) = match (&run.failure, run.dns.rcode) {
        (None, rcode) => (Ink::Good, rcode.map_or("".into(), Rcode::mnemonic)),
        (Some(_), Some(rcode)) if rcode != Rcode::NOERROR => (Ink::Bad, rcode.mnemonic()),
        // NODATA is NOERROR on the wire, and no answer all the same.
        (Some(failure), _) => (Ink::Bad, failure.code.as_str().to_ascii_uppercase().into()),
    };
    line.column(ink, &code, code.len().max(9)).push(Ink::Plain, "  ");
    line.right(Ink::Plain, &units::duration(run.total), 8).push(Ink::Plain, "  ");
    let cached = cached(run);
    line.column(Ink::Faint, &cached, cached.len().max(8)).push(Ink::Plain, "  ");
    match &run.failure {
        Some(failure) => line.push(Ink::Plain, &failure.message),
        None => {
            let data: Vec<&str> = run.dns.answers.iter().map(|record| record.data.as_str()).collect();
            line.push(Ink::Plain, data.join(", "))
        }
    };
    let verdict = run.dns.dnssec.as_ref().map(|dnssec| dnssec.verdict);
    if let Some(bogus @ DnssecVerdict::Bogus) = verdict {
        line.push(Ink::Plain, "  dnssec ").push(Ink::Bad, bogus.as_str());
    }
    page.put(line);
    out.write_all(page.into_text().as_bytes())
}

/// `cached` for an answer that cost nothing, `cached test.` for a walk that began there.
fn cached(run: &DnsReport) -> String {
    if words::counted_packets(&run.dns) == 0 && run.dns.rcode.is_some() {
        return "cached".to_owned();
    }
    let known = run.dns.cuts.iter().rfind(|cut| cut.cached && cut.zone != ".");
    known.map_or_else(|| "-".to_owned(), |cut| format!("cached {}", cut.zone))
}

/// The data of the answer, as `dig +short` prints it.
pub(crate) fn short(report: &Redacted<DnsReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(&Style { width: WIDTH, color: false, ..*style });
    for record in &report.dns.answers {
        let mut line = page.line();
        line.push(Ink::Plain, &record.data);
        page.put(line);
    }
    out.write_all(page.into_text().as_bytes())
}

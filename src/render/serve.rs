//! What the probe server shows to people: where it listens, and the page with the last probes.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::escape::markup;
use crate::redact::{Redacted, Typed};

/// A probe in the list of them.
#[derive(Clone, Debug)]
pub struct ProbeRow {
    /// Its number.
    pub id: u64,
    /// The name of the module.
    pub module: String,
    /// As it was asked for.
    pub target: Redacted<Typed>,
    /// Why it was no success.
    pub fault: Option<Redacted<String>>,
    /// Whether there is a report of it.
    pub has_report: bool,
}

/// Says where the server listens: it takes requests from now on.
///
/// # Errors
/// Only those of `out`.
pub fn serving(scheme: &str, address: SocketAddr, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "listening on {scheme}://{address}/; interrupt it (Ctrl-C) to stop")?;
    out.flush()
}

/// The page with the last probes. It loads nothing and runs nothing.
///
/// # Errors
/// Only those of `out`.
pub fn probes(modules: &[String], rows: &[ProbeRow], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    let modules: Vec<String> = modules.iter().map(|name| format!("<code>{}</code>", markup(name))).collect();
    writeln!(out, "<p>Modules: {}</p>", modules.join(", "))?;
    if rows.is_empty() {
        writeln!(out, "<p>Nothing was probed yet.</p>")?;
    } else {
        writeln!(out, "<table><thead><tr><th>Module<th>Target<th>Result<th>Report</thead><tbody>")?;
    }
    for row in rows {
        let (class, result) = match &row.fault {
            None => ("good", "success".to_owned()),
            Some(fault) => ("bad", markup(fault)),
        };
        let report = match row.has_report {
            true => format!("<a href=\"report?id={}\">report {}</a>", row.id, row.id),
            false => "too large to be kept".to_owned(),
        };
        let (module, target) = (markup(&row.module), markup(&row.target.0));
        writeln!(out, "<tr><td>{module}<td>{target}<td class=\"{class}\">{result}<td>{report}")?;
    }
    if !rows.is_empty() {
        writeln!(out, "</tbody></table>")?;
    }
    writeln!(out, "</body></html>")
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>urltrace probes</title>
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
<style>:root{color-scheme:light dark}body{font:16px/1.4 system-ui,sans-serif;margin:2rem}
table{border-collapse:collapse}th,td{text-align:left;padding:.25rem .75rem;border-bottom:1px solid #8886;overflow-wrap:anywhere}
.good{color:#070}.bad{color:#b00}@media(prefers-color-scheme:dark){.good{color:#7d7}.bad{color:#f88}}</style></head><body>
<h1>urltrace probes</h1>
<p><a href=\"metrics\">metrics of this server</a></p>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Secrets, redact};

    #[test]
    fn targets_are_text_on_the_page() {
        let row = ProbeRow {
            id: 7,
            module: "<m>".to_owned(),
            target: redact(Typed("ann:hunter2@a.test/<script>".to_owned()), Secrets::Hide),
            fault: Some(redact("it matches `<b>`".to_owned(), Secrets::Hide)),
            has_report: true,
        };
        let mut out = Vec::new();
        probes(&["http_2xx".to_owned()], &[row], &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.contains("report?id=7") && page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("hunter2"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
}

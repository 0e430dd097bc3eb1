//! What `urltrace findings` prints: every rule, how bad what it finds is, and when it finds it.

use std::io::{self, Write};

use crate::finding::{Rule, aliases, failure_aliases};

/// The rules, a line each, with their other names.
///
/// # Errors
/// Only those of `out`.
pub fn findings_list(rules: &[Rule], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        writeln!(
            out,
            "{:width$}  {:8}  {} [{}]",
            rule.id,
            rule.severity.as_str(),
            rule.fires,
            rule.standard
        )?;
    }
    writeln!(out)?;
    writeln!(out, "Other names that --only, --ignore and --fail-on take:")?;
    for (alias, ids) in aliases() {
        writeln!(out, "{alias:width$}  {}", ids.join(", "))?;
    }
    for (alias, codes) in failure_aliases() {
        let codes: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        writeln!(out, "{alias:width$}  failure {}", codes.join(", "))?;
    }
    Ok(())
}

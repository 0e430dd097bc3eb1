//! What `--all-addresses` found, a line for each address.

use unicode_width::UnicodeWidthStr;

use super::ink::Ink;
use super::page::{Line, Page};
use crate::trace::{AddressCheck, AddressOutcome, Connect};
use crate::units;

/// Columns of an address.
const ADDRESS: usize = 34;
/// Digits of a fingerprint: enough to tell some from others; `-v` and JSON have all.
const FINGERPRINT: usize = 12;

pub(super) fn put(page: &mut Page, connect: &Connect, verbose: bool) {
    if let Some(why) = connect.addresses_skipped {
        page.gap();
        let (mut head, mut body) = (page.line(), page.line());
        head.push(Ink::Strong, "all addresses").push(Ink::Plain, "  ");
        body.push(Ink::Faint, "not tried: ").push(Ink::Faint, why);
        page.wrap(head, &body);
    }
    let Some(checks) = connect.addresses.as_deref().filter(|checks| !checks.is_empty()) else { return };
    page.gap();
    let title = "all addresses";
    let labels: Vec<String> = checks.iter().map(|check| check.address.to_string()).collect();
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(title.len(), ADDRESS);
    let mut head = page.line();
    head.column(Ink::Strong, title, width);
    for column in ["connect", "RTT", "TLS"] {
        head.push(Ink::Plain, " ").right(Ink::Faint, column, 8);
    }
    head.push(Ink::Faint, "  outcome (not counted)");
    page.put(head);
    for (check, label) in checks.iter().zip(&labels) {
        let mut head = page.line();
        head.column(Ink::Plain, label, width);
        for time in [check.connect, check.rtt, check.tls] {
            head.push(Ink::Plain, " ");
            head.right(Ink::Plain, &time.map_or("-".to_owned(), units::duration), 8);
        }
        head.push(Ink::Plain, "  ");
        let mut body = page.line();
        outcome(&mut body, check, verbose);
        page.wrap(head, &body);
    }
}

fn outcome(body: &mut Line, check: &AddressCheck, verbose: bool) {
    body.push(ink(check.outcome), word(check.outcome));
    let mut facts: Vec<String> = Vec::new();
    facts.extend(check.status.map(|status| status.to_string()));
    facts.extend(check.tls_version.map(|version| version.spoken().to_owned()));
    // Why it is not is said before.
    facts.extend(check.verified.filter(|good| *good).map(|_| "trusted".to_owned()));
    facts.extend(check.fingerprint.as_ref().map(|digits| match (verbose, digits.get(..FINGERPRINT)) {
        (false, Some(first)) => format!("certificate {first}"),
        _ => format!("certificate {digits}"),
    }));
    // A refusal and silence are said by the word alone.
    let said = matches!(check.outcome, AddressOutcome::Refused | AddressOutcome::TimedOut);
    match check.error.as_ref().filter(|_| !said) {
        Some(why) if facts.is_empty() => body.push(Ink::Plain, format!(": {why}")),
        Some(why) => body.push(Ink::Plain, format!(": {why} ({})", facts.join(", "))),
        None if facts.is_empty() => body,
        None => body.push(Ink::Plain, format!(": {}", facts.join(", "))),
    };
}

const fn ink(outcome: AddressOutcome) -> Ink {
    match outcome {
        AddressOutcome::Ok => Ink::Good,
        AddressOutcome::Refused
        | AddressOutcome::TimedOut
        | AddressOutcome::TlsFailed
        | AddressOutcome::HttpFailed => Ink::Bad,
        AddressOutcome::Unreachable
        | AddressOutcome::Failed
        | AddressOutcome::Stopped
        | AddressOutcome::Untried => Ink::Warn,
    }
}

/// What came of an address, in a word or two.
pub(crate) const fn word(outcome: AddressOutcome) -> &'static str {
    match outcome {
        AddressOutcome::Ok => "ok",
        AddressOutcome::Refused => "refused",
        AddressOutcome::TimedOut => "silent",
        AddressOutcome::Unreachable => "not reachable from here",
        AddressOutcome::Failed => "not connected",
        AddressOutcome::TlsFailed => "TLS failed",
        AddressOutcome::HttpFailed => "no valid response",
        AddressOutcome::Stopped => "stopped before it was over",
        AddressOutcome::Untried => "not tried: too many, or no time left",
    }
}

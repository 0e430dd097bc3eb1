//! What is wrong, slow or worth knowing.

use super::ink::Ink;
use super::page::Page;
use crate::finding::{Basis, Finding, Mark, Saving, Severity, saved_together, savings_of_run};
use crate::units;

/// How many are shown without `-v`.
const MOST: usize = 5;

pub(super) fn put(page: &mut Page, findings: &[Finding], verbose: bool) {
    if !findings.is_empty() {
        page.gap();
    }
    let most = if verbose { findings.len() } else { MOST };
    for finding in findings.iter().take(most) {
        let signs = page.line().signs();
        let (ink, mark) = match finding.severity {
            Severity::Critical | Severity::Error => (Ink::Bad, signs.failed),
            Severity::Warning => (Ink::Warn, "!"),
            Severity::Notice | Severity::Info => (Ink::Faint, signs.bullet),
        };
        let (mut head, mut title) = (page.line(), page.line());
        head.push(ink, mark).push(Ink::Plain, " ");
        title.push(Ink::Strong, &finding.title);
        page.wrap(head, &title);
        let saving = finding.saving.as_ref().map(saved).unwrap_or_default();
        let standard =
            if verbose { format!("see {} ({})", finding.standard, finding.id) } else { String::new() };
        for (lead, text) in
            [("", &finding.detail), (signs.leads_to, &finding.advice), ("", &saving), ("", &standard)]
        {
            if text.is_empty() {
                continue;
            }
            let (mut head, mut body) = (page.line(), page.line());
            head.push(Ink::Plain, "  ");
            if !lead.is_empty() {
                head.push(ink, lead).push(Ink::Plain, " ");
            }
            body.push(Ink::Plain, text);
            page.wrap(head, &body);
        }
    }
    if let Some(saved) = together(findings) {
        let mut line = page.line();
        line.push(Ink::Plain, saved);
        page.put(line);
    }
    if findings.len() > most {
        let mut more = page.line();
        more.push(Ink::Faint, format!("{} more: -v", findings.len() - most));
        page.put(more);
    }
}

/// `all of that together would save 520 ms`, where several would save time of this load.
pub(crate) fn together(findings: &[Finding]) -> Option<String> {
    let several = savings_of_run(findings).count() > 1;
    let saved = saved_together(findings).filter(|_| several)?;
    let later =
        findings.iter().filter(|finding| finding.saving.is_some()).count() > savings_of_run(findings).count();
    let paints = savings_of_run(findings).any(|saving| saving.mark == Mark::StartRender);
    let what = match (paints, later) {
        (true, _) => "what lets something be painted sooner",
        (false, true) => "what saves time on this load",
        (false, false) => "all of that",
    };
    Some(format!("{what} together would save {}", units::duration(saved)))
}

/// `would save about 250 ms on every first visit (240 ms to 250 ms, derived)`.
pub(crate) fn saved(saving: &Saving) -> String {
    format!("would save {}", worth(saving))
}

/// The same without its verb.
pub(super) fn worth(saving: &Saving) -> String {
    let amount = units::duration(saving.amount);
    let [low, high] = [saving.low, saving.high].map(units::duration);
    let range = if low == high {
        saving.basis.as_str().to_owned()
    } else {
        format!("{low} to {high}, {}", saving.basis.as_str())
    };
    let about = if saving.basis == Basis::Measured { "" } else { "about " };
    let applies = if saving.applies.is_empty() { String::new() } else { format!(" {}", saving.applies) };
    format!("{about}{amount}{applies} ({range})")
}

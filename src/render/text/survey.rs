//! What other servers said once the answer was there, as tables.

use unicode_width::UnicodeWidthStr;

use super::fact::fact_text;
use super::ink::Ink;
use super::page::Page;
use crate::explain::dns_words::holder;
use crate::trace::{Dns, Record, ServerCheck, ServerFault, UnfoundServer};
use crate::units;

/// Columns of a server's name and address.
const SERVER: usize = 36;

/// The servers of the last zone, a line each.
pub(super) fn all_servers(page: &mut Page, dns: &Dns) {
    let checks = dns.all_servers.as_deref().unwrap_or_default();
    // Of a zone without servers a note speaks.
    if checks.is_empty() && dns.unfound_servers.is_empty() {
        return;
    }
    page.gap();
    let labels: Vec<String> =
        checks.iter().map(|check| format!("{} {}", check.name, check.address.ip())).collect();
    let names = dns.unfound_servers.iter().map(|server| &server.name);
    let width = labels.iter().chain(names).map(|label| label.width()).max().unwrap_or(0).min(SERVER);
    let mut head = page.line();
    head.column(Ink::Strong, "all servers", width).push(Ink::Plain, "  ");
    head.right(Ink::Faint, "RTT", 8).push(Ink::Plain, "  ").right(Ink::Faint, "serial", 10);
    head.push(Ink::Faint, "  EDNS TCP  answer");
    page.put(head);
    for (check, label) in checks.iter().zip(&labels) {
        server(page, check, label, width);
    }
    for UnfoundServer { name, why } in &dns.unfound_servers {
        let (mut head, mut body) = (page.line(), page.line());
        head.column(Ink::Plain, name.as_str(), width).push(Ink::Plain, "  ");
        head.right(Ink::Plain, "-", 8).push(Ink::Plain, "  ").right(Ink::Plain, "-", 10);
        head.push(Ink::Plain, "  -    -    ");
        body.push(Ink::Bad, "no address").push(Ink::Plain, ": ").push(Ink::Plain, why);
        page.wrap(head, &body);
    }
}

fn server(page: &mut Page, check: &ServerCheck, label: &str, width: usize) {
    let (mut head, mut body) = (page.line(), page.line());
    head.column(Ink::Plain, label, width).push(Ink::Plain, "  ");
    head.right(Ink::Plain, &check.rtt.map_or("-".to_owned(), units::duration), 8).push(Ink::Plain, "  ");
    head.right(Ink::Plain, &check.serial.map_or("-".to_owned(), |serial| serial.to_string()), 10);
    let word = |fine: Option<bool>| match fine {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    head.push(Ink::Plain, format!("  {:<4} {:<3}  ", word(check.edns), word(check.tcp)));
    for (index, fault) in check.faults.iter().enumerate() {
        let bad = matches!(
            fault,
            ServerFault::Unreachable(_)
                | ServerFault::Lame(_)
                | ServerFault::Unreadable(_)
                | ServerFault::NoUdp(_)
                | ServerFault::EdnsDropped
        );
        let ink = if bad { Ink::Bad } else { Ink::Warn };
        body.push(Ink::Plain, if index == 0 { "" } else { ", " }).push(ink, fault.as_str());
    }
    if check.reachable {
        body.push(Ink::Plain, if check.faults.is_empty() { "" } else { ": " });
        body.push(Ink::Plain, answer(&check.answers, check.rcode.map(crate::trace::Rcode::mnemonic)));
    }
    page.wrap(head, &body);
}

/// The data of an answer, or the code when there is none.
pub(super) fn answer(records: &[Record], rcode: Option<std::borrow::Cow<'static, str>>) -> String {
    const SHOWN: usize = 3;
    let mut words: Vec<&str> = records.iter().take(SHOWN).map(|record| record.data.as_str()).collect();
    let more = format!("and {} more", records.len().saturating_sub(SHOWN));
    if records.len() > SHOWN {
        words.push(&more);
    }
    if words.is_empty() {
        rcode.map_or("no answer".to_owned(), std::borrow::Cow::into_owned)
    } else {
        words.join(", ")
    }
}

/// Who has which copy, a line each, and what follows.
pub(super) fn propagation(page: &mut Page, dns: &Dns) {
    let Some(propagation) = &dns.propagation else { return };
    page.gap();
    let labels: Vec<String> = propagation.copies.iter().map(|copy| holder(propagation, copy)).collect();
    let title = format!("copies of {}", propagation.rtype.mnemonic());
    let width = labels.iter().map(|label| label.width()).max().unwrap_or(0).clamp(title.len(), SERVER);
    let mut head = page.line();
    head.column(Ink::Strong, &title, width).push(Ink::Plain, "  ");
    head.right(Ink::Faint, "RTT", 8).push(Ink::Plain, "  ").right(Ink::Faint, "TTL left", 8);
    head.push(Ink::Faint, "  answer");
    page.put(head);
    for (copy, label) in propagation.copies.iter().zip(&labels) {
        let (mut head, mut body) = (page.line(), page.line());
        head.column(Ink::Plain, label, width).push(Ink::Plain, "  ");
        head.right(Ink::Plain, &copy.rtt.map_or("-".to_owned(), units::duration), 8).push(Ink::Plain, "  ");
        head.right(Ink::Plain, &copy.ttl.map_or("-".to_owned(), |ttl| format!("{ttl} s")), 8);
        head.push(Ink::Plain, "  ");
        match &copy.error {
            Some(error) => body.push(Ink::Warn, error),
            None => {
                if copy.agrees == Some(false) {
                    body.push(Ink::Warn, "differs").push(Ink::Plain, ": ");
                }
                body.push(Ink::Plain, answer(&copy.answers, copy.rcode.map(crate::trace::Rcode::mnemonic)))
            }
        };
        page.wrap(head, &body);
    }
    page.gap();
    for line in &propagation.advice {
        fact_text(page, Ink::Dns, "copies", line);
    }
}

/// What the machine's own files say, for `-v`.
pub(super) fn system(page: &mut Page, dns: &Dns) {
    let Some(files) = &dns.system else { return };
    let names = if files.addresses.is_empty() { "does not have the name" } else { "has the name" };
    let order = files.order.as_ref().map_or_else(String::new, |order| format!("; nsswitch: hosts: {order}"));
    fact_text(
        page,
        Ink::Faint,
        "system",
        &format!("{} {names}{order} (not heeded by the walk)", files.hosts_file),
    );
}

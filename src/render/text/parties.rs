//! Who serves a page: a line for its own host, its site and strangers.

use super::fact::fact;
use super::ink::Ink;
use super::page::Page;
use crate::reading::{HostShare, Party, hosts};
use crate::trace::Trace;
use crate::units::{self, count};

/// Strangers that are named.
const MOST_NAMED: usize = 3;

/// Writes the line; nothing where all comes from one host.
pub(super) fn put(page: &mut Page, trace: &Trace) {
    let all = hosts(trace);
    if all.len() < 2 {
        return;
    }
    let mut line = page.line();
    for party in Party::ALL {
        let own: Vec<&HostShare<'_>> = all.iter().filter(|share| share.party == *party).collect();
        if own.is_empty() {
            continue;
        }
        let requests: usize = own.iter().map(|share| share.requests).sum();
        let bytes: u64 = own.iter().map(|share| share.wire_bytes).sum();
        let name = match party {
            Party::First => "own host".to_owned(),
            Party::Second => format!("{} of its site", count(own.len(), "host")),
            Party::Third => format!("{} of others", count(own.len(), "host")),
        };
        let before = if *party == Party::First { "" } else { "; " };
        line.push(Ink::Plain, format!("{before}{name} "))
            .push(Ink::Faint, format!("{}, {}", count(requests, "request"), units::bytes(bytes)));
    }
    let mut sites: Vec<&str> =
        all.iter().filter(|share| share.party == Party::Third).map(|share| share.site.as_str()).collect();
    sites.dedup();
    if !sites.is_empty() {
        let more = if sites.len() > MOST_NAMED { ", ..." } else { "" };
        let named = sites[..sites.len().min(MOST_NAMED)].join(", ");
        line.push(Ink::Faint, format!(" ({named}{more})"));
    }
    fact(page, Ink::Faint, "parties", &line);
}

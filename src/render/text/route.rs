//! What `--route` found, a line for each hop, and what the numbers do not say.

use unicode_width::UnicodeWidthStr;

use super::ink::Ink;
use super::page::Page;
use crate::trace::{Carrier, Connect, Route, RouteAnswer, RouteEnd, RouteHop};
use crate::units;

/// Columns of an address.
const ADDRESS: usize = 39;

pub(super) fn put(page: &mut Page, connect: &Connect) {
    let Some(route) = &connect.route else { return };
    page.gap();
    if !route.hops.is_empty() {
        table(page, route);
    }
    for (place, note) in notes(connect, route).iter().enumerate() {
        let mut head = page.line();
        head.push(Ink::Connect, if place == 0 && route.hops.is_empty() { "route" } else { "" });
        head.pad_to(super::fact::LABEL);
        let mut body = page.line();
        body.push(Ink::Faint, note);
        page.wrap(head, &body);
    }
}

fn table(page: &mut Page, route: &Route) {
    let widest = route.hops.iter().map(|hop| address(hop).width()).max().unwrap_or(0);
    let width = widest.clamp("address".len(), ADDRESS);
    let mut head = page.line();
    head.push(Ink::Strong, "route ").column(Ink::Faint, "address", width);
    head.push(Ink::Plain, " ").right(Ink::Faint, "RTT", 8).push(Ink::Faint, "  answered  name (not counted)");
    page.put(head);
    for hop in &route.hops {
        let mut head = page.line();
        head.right(Ink::Plain, &hop.ttl.to_string(), 5).push(Ink::Plain, " ");
        let ink = if hop.answer == Some(RouteAnswer::Reached) { Ink::Good } else { Ink::Plain };
        head.column(ink, &address(hop), width).push(Ink::Plain, " ");
        head.right(Ink::Plain, &hop.rtt.map_or_else(|| "-".to_owned(), units::duration), 8);
        head.push(Ink::Plain, "  ").column(Ink::Plain, &answered(hop), 8).push(Ink::Plain, "  ");
        let mut body = page.line();
        body.push(Ink::Plain, about(hop));
        page.wrap(head, &body);
    }
}

/// Who answered; a star where nobody did.
pub(crate) fn address(hop: &RouteHop) -> String {
    match hop.address {
        Some(address) => address.to_string(),
        None if hop.answered > 0 => "(not told by this system)".to_owned(),
        None => "*".to_owned(),
    }
}

/// How many probes were answered, of how many.
pub(crate) fn answered(hop: &RouteHop) -> String {
    format!("{} of {}", hop.answered, hop.sent)
}

/// Its name, and who else answered.
pub(crate) fn about(hop: &RouteHop) -> String {
    let mut told: Vec<String> = hop.name.iter().cloned().collect();
    if hop.answer == Some(RouteAnswer::Unreachable) {
        told.push("says there is no way on (ICMP unreachable)".to_owned());
    }
    if !hop.others.is_empty() {
        let others: Vec<String> = hop.others.iter().map(ToString::to_string).collect();
        told.push(format!("also {}", units::few(&others, ", ")));
    }
    told.join("; ")
}

/// What to know beside the table: how it ended, and what its gaps mean.
pub(crate) fn notes(connect: &Connect, route: &Route) -> Vec<String> {
    let mut notes = Vec::new();
    match &route.end {
        RouteEnd::Reached => notes.extend(last_hop(connect, route)),
        RouteEnd::Unreachable => {
            notes.push("The way of the probes ended before the address, to which there is a connection all the same.".to_owned());
        }
        RouteEnd::TooFar => notes.push(format!(
            "The address itself answered none of the probes, to {} hops.",
            route.hops.last().map_or(0, |hop| hop.ttl)
        )),
        RouteEnd::Stopped => notes.push("Not to its end: the time for it was over.".to_owned()),
        RouteEnd::Failed(why) => notes.push(format!("The probes could not be sent: {why}.")),
        RouteEnd::Untraced(why) => notes.push(format!("none: {why}")),
    }
    let sparing: Vec<&RouteHop> = route.sparing().collect();
    let (silent, some): (Vec<&RouteHop>, Vec<&RouteHop>) = sparing.iter().partition(|hop| hop.answered == 0);
    if !silent.is_empty() {
        notes.push(format!(
            "{}: no answer, and packets pass: such a router sends no ICMP, or its ICMP is dropped.",
            hops(&silent)
        ));
    }
    if !some.is_empty() {
        notes.push(format!(
            "{}: answers are missing, and a later hop lost none: routers limit the rate of ICMP; this is no loss on the way.",
            hops(&some)
        ));
    }
    notes
}

/// The round trip to the last hop against the connect that was counted.
fn last_hop(connect: &Connect, route: &Route) -> Option<String> {
    let rtt = route.target()?.rtt?;
    let won = connect.attempts.get(connect.winner?)?;
    let took = units::duration(won.end.since(won.start));
    let away = units::count(route.hops.len(), "hop");
    let what = match won.transport {
        Carrier::Tcp => "connect",
        Carrier::Quic => "QUIC handshake",
    };
    Some(format!("The server, {away} away, answers in {}; the {what} took {took}.", units::duration(rtt)))
}

fn hops(hops: &[&RouteHop]) -> String {
    let ttls: Vec<String> = hops.iter().map(|hop| hop.ttl.to_string()).collect();
    format!("{} {}", if hops.len() == 1 { "Hop" } else { "Hops" }, ttls.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::render::style::Style;
    use crate::trace::{At, Attempt, AttemptOutcome, EndpointSource};

    fn hop(ttl: u8, answered: u8, answer: Option<RouteAnswer>) -> RouteHop {
        let address = (answered > 0).then(|| [192, 0, 2, ttl].into());
        let rtt = (answered > 0).then(|| Duration::from_micros(1_000 * u64::from(ttl)));
        RouteHop { ttl, address, others: Vec::new(), name: None, rtt, sent: 3, answered, answer }
    }

    fn text(route: Route) -> String {
        let attempt = Attempt {
            address: "192.0.2.4:443".parse().unwrap(),
            start: At(0),
            end: At(4_200),
            outcome: AttemptOutcome::Won,
            syn_retransmits: Some(0),
            answered: None,
            source: EndpointSource::Host,
            transport: Carrier::Tcp,
        };
        let connect =
            Connect { attempts: vec![attempt], winner: Some(0), route: Some(route), ..Connect::default() };
        let mut page = Page::new(&Style { width: 80, ..Style::default() });
        put(&mut page, &connect);
        page.into_text()
    }

    #[test]
    fn a_gap_is_told_as_what_it_is() {
        let mut named = hop(1, 3, Some(RouteAnswer::TimeExceeded));
        named.name = Some("gateway.example".to_owned());
        named.others = vec![[198, 51, 100, 1].into()];
        let some = hop(3, 1, Some(RouteAnswer::TimeExceeded));
        let hops = vec![named, hop(2, 0, None), some, hop(4, 3, Some(RouteAnswer::Reached))];
        assert_eq!(
            text(Route { hops, end: RouteEnd::Reached }),
            "\
route address        RTT  answered  name (not counted)
    1 192.0.2.1  1.00 ms  3 of 3    gateway.example; also 198.51.100.1
    2 *                -  0 of 3
    3 192.0.2.3  3.00 ms  1 of 3
    4 192.0.2.4  4.00 ms  3 of 3
          The server, 4 hops away, answers in 4.00 ms; the connect took 4.20 ms.
          Hop 2: no answer, and packets pass: such a router sends no ICMP, or
          its ICMP is dropped.
          Hop 3: answers are missing, and a later hop lost none: routers limit
          the rate of ICMP; this is no loss on the way.
"
        );
    }

    #[test]
    fn what_was_not_found_is_said_with_its_reason() {
        assert_eq!(text(Route::untraced("a reason")), "route     none: a reason\n");
        let hops = vec![hop(1, 3, Some(RouteAnswer::Unreachable))];
        let told = text(Route { hops, end: RouteEnd::Unreachable });
        assert!(told.contains("says there is no way on (ICMP unreachable)"), "{told}");
    }
}

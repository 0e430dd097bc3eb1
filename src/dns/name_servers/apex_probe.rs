//! A query for the SOA at a zone's apex (RFC 9499 §7), which tells a zone that fails from a name that does.

use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::failures::{Extent, Failures};
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::single::judge;
use crate::dns::name_servers::zone_query::ZoneQuery;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::trace::{Choice, Purpose, RecordType};

/// The servers that are asked about the zone itself.
const APEX_AT_ONCE: usize = 2;

/// Less than is left of the time for the query that it goes beside: its end is known before.
const APEX_TIMEOUT: Duration = Duration::from_millis(3_500);

/// Silent servers are asked about their zone itself, once in a run: one that answers that is not dead,
/// whatever it does with the name. What it says is not waited for.
pub(crate) fn ask_apex<'a>(query: &ZoneQuery, silent: impl Iterator<Item = &'a Candidate>) {
    let zone = &query.zone.name;
    let is_new = !zone.is_root() && (&query.qname, query.qtype) != (zone, RecordType::SOA);
    let is_idle = query.extent == Extent::Part || query.work.is_detached() || query.failure().has_answered();
    if !is_new || is_idle || query.is_spent() || !query.context.failures.begin_probe(zone, Moment::now()) {
        return;
    }
    for server in silent.take(APEX_AT_ONCE) {
        if !query.is_spent() && query.log.spend() {
            query.budget.spend();
            ask_about_zone(query, server);
        }
    }
}

fn ask_about_zone(query: &ZoneQuery, server: &Candidate) {
    let (context, log, zone) = (Rc::clone(&query.context), Rc::clone(&query.log), query.zone.name.clone());
    let form = QueryForm::to(&context, server.address, Choice::Again);
    let ask = Ask {
        // It is no name server's name, whoever's walk came here.
        purpose: if query.purpose == Purpose::NsAddress { Purpose::Walk } else { query.purpose },
        qname: zone.clone(),
        qtype: RecordType::SOA,
        ..query.ask(server, form)
    };
    let flight = send(&log, ask);
    let probe = Probe { failures: Rc::clone(&context.failures), zone, over: false };
    let work = async move {
        let Exchanged { id, ask, outcome, rtt, .. } = receive(flight, APEX_TIMEOUT).await;
        probe.has_ended();
        if let (Ok(reply), Some(rtt)) = (outcome, rtt) {
            context.infra.measured(ask.server, rtt);
            log.close(id, judge(&reply, &ask).meaning());
        }
    };
    drop(query.tasks.spawn(work));
}

/// A probe under way. One that ends with its resolution, before its time, has not been made.
struct Probe {
    failures: Rc<Failures>,
    zone: Name,
    over: bool,
}

impl Probe {
    fn has_ended(mut self) {
        self.over = true;
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if !self.over {
            self.failures.give_up_probe(&self.zone);
        }
    }
}

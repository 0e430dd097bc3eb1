//! A question for the SOA of a zone, which tells a dead zone from a dead name.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::dns::cache::failures::{APEX_AT_ONCE, APEX_TIMEOUT, Case, Extent};
use crate::dns::name_servers::form::Way;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::Quest;
use crate::dns::response::classify::{Asked, classify};
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::{Exchanged, receive, send_spelled};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::dns::wire::query_case::Spelling;
use crate::trace::{Choice, Purpose, RecordType};

/// Silent servers are asked about their zone itself, once in a run: one that answers that is not dead,
/// whatever it does with the name. What it says is not waited for.
pub(crate) fn ask_apex(quest: &Quest, silent: &VecDeque<Candidate>) {
    let zone = &quest.zone.name;
    let is_new = !zone.is_root() && (&quest.qname, quest.qtype) != (zone, RecordType::SOA);
    let is_idle = quest.extent == Extent::Part || quest.lane.is_detached() || Case::of(quest).has_answered();
    let is_spent = || quest.budget.is_spent() || quest.log.is_spent();
    if !is_new || is_idle || is_spent() || !quest.shared.dead.apex.borrow_mut().insert(zone.clone()) {
        return;
    }
    for server in silent.iter().take(APEX_AT_ONCE) {
        if !is_spent() && quest.log.spend() {
            quest.budget.spend();
            ask_about_zone(quest, server);
        }
    }
}

fn ask_about_zone(quest: &Quest, server: &Candidate) {
    let (shared, log, zone) = (Rc::clone(&quest.shared), Rc::clone(&quest.log), quest.zone.name.clone());
    let Way { chosen, transport, edns } = Way::to(&shared, server.address, Choice::Again);
    let ask = Ask {
        parent: quest.parent,
        // It is no name server's name, whoever's walk came here.
        purpose: if quest.purpose == Purpose::NsAddress { Purpose::Walk } else { quest.purpose },
        zone: name_text(&zone),
        qname: zone.clone(),
        qtype: RecordType::SOA,
        server_name: Some(name_text(&server.name)),
        server: server.address,
        source: server.source,
        chosen,
        transport,
        edns,
        recursion: Recursion::No,
    };
    let flight = send_spelled(&log, ask, Spelling::Plain);
    tokio::task::spawn_local(async move {
        let Exchanged { id, ask, outcome, rtt, .. } = receive(flight, APEX_TIMEOUT).await;
        if let (Outcome::Reply(reply), Some(rtt)) = (outcome, rtt) {
            shared.measured(ask.server, rtt);
            let Ask { qname, qtype, transport, edns, .. } = ask;
            let asked = Asked { zone: &zone, qname: &qname, qtype, transport, edns };
            log.close(id, classify(&reply, &asked).meaning());
        }
    });
}

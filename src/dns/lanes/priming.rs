//! The priming query (RFC 9609), and how far the root hints have drifted.

use std::collections::HashSet;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::context::Context;
use crate::dns::name_servers::selection::order;
use crate::dns::name_servers::zone_query::PACKET_TIMEOUT;
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::trace::{Choice, Purpose, RecordType, Transport};

/// RFC 9609: asks the root for its own servers, once in a run.
pub(crate) async fn prime(context: &Context, log: &Rc<Log>) {
    let root = context.delegations.above(&Name::root(), Moment::now()).into_iter().next();
    let first = root.and_then(|root| order(context, &root, &HashSet::new()).into_iter().next());
    let Some(server) = first else { return };
    let ask = Ask {
        parent: None,
        purpose: Purpose::Priming,
        zone: ".".to_owned(),
        qname: Name::root(),
        qtype: RecordType::NS,
        server_name: Some(name_text(&server.name)),
        server: server.address,
        source: server.source,
        chosen: Choice::First,
        transport: Transport::Udp,
        edns: true,
        recursion: Recursion::No,
    };
    let Exchanged { id, outcome, .. } = receive(send(log, ask), PACKET_TIMEOUT).await;
    if let Outcome::Reply(reply) = outcome {
        let root = Name::root();
        let asked = crate::dns::response::classify::Asked {
            zone: &root,
            qname: &root,
            qtype: RecordType::NS,
            transport: Transport::Udp,
            edns: true,
        };
        let verdict = crate::dns::response::classify::classify(&reply, &asked);
        log.close(id, verdict.meaning());
        if let crate::dns::response::classify::Verdict::Answer { .. } = verdict {
            *context.priming.drift.borrow_mut() = Some(context.hints.drift(&reply));
        }
    }
}

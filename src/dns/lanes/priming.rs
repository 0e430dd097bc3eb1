//! The priming query (RFC 9609), and how far the root hints have drifted.

use std::collections::HashSet;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::clock::Moment;
use crate::dns::cache::network::Udp;
use crate::dns::context::Context;
use crate::dns::name_servers::selection::order;
use crate::dns::name_servers::single::judge;
use crate::dns::name_servers::zone_query::PACKET_TIMEOUT;
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::trace::{Purpose, RecordType};

/// RFC 9609: asks the root for its own servers, once in a run.
pub(crate) async fn prime(context: &Context, log: &Rc<Log>) {
    let root = context.delegations.above(&Name::root(), Moment::now()).into_iter().next();
    let first = root.and_then(|root| order(context, &root, &HashSet::new()).into_iter().next());
    let Some(server) = first else { return };
    let to = (&server.name, server.address, server.source);
    let ask = Ask::of(Purpose::Priming, &Name::root(), (&Name::root(), RecordType::NS), to);
    let Exchanged { id, ask, outcome, .. } = receive(send(log, ask), PACKET_TIMEOUT).await;
    if let Ok(reply) = outcome {
        // The walk's own question may be lost all the same.
        context.network.udp.set(Udp::Works);
        let verdict = judge(&reply, &ask);
        log.close(id, verdict.meaning());
        if let Verdict::Answer { .. } = verdict {
            *context.priming.drift.borrow_mut() = Some(context.hints.drift(&reply));
        }
    }
}

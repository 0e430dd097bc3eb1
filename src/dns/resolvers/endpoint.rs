//! Resolvers that are asked on a connection: TCP (RFC 7766), TLS (RFC 7858), HTTPS (RFC 8484), QUIC (RFC 9250).
//!
//! A run has one connection, kept open. Set-up and questions are timed apart: the first packet's record
//! has both, the others of the same connection only their question. What a reply means is decided as for
//! any resolver.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;

use crate::dns::iterate::job::{Patience, Resolution};
use crate::dns::name_servers::single::{Fallbacks, ask};
use crate::dns::resolvers::combine::{Questions, ResolverAnswer, TypeAnswer, Useless, combine, gather};
use crate::dns::resolvers::connection::{Client, Losses, NotTaken, Taken};
use crate::dns::resolvers::connection_query::put;
use crate::dns::transport::ask::Ask;
use crate::trace::{Purpose, RecordType};

/// The limit for a question on it.
const QUESTION: Duration = Duration::from_secs(5);

/// Stands where nobody has been chosen yet.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Asks the resolver of the plan, all questions at the same time, on the connection of the run.
pub(crate) async fn ask_endpoint(
    client: &Client,
    run: &Rc<Resolution>,
    questions: Questions,
    patience: Patience,
) -> ResolverAnswer {
    let query = |question| Ask {
        transport: client.upstream.endpoint.transport,
        ..Ask::to_resolver(Purpose::Resolver, question, NOBODY)
    };
    let first = questions.types.first().copied().unwrap_or(RecordType::A);
    let mut first = query((&questions.name, first));
    // The others would only wait for it.
    let mut taken = match client.kept.take(client, run, &mut first, Losses::None).await {
        Ok(taken) => Some((taken, first)),
        Err(NotTaken::Nowhere { fault, path }) => {
            return ResolverAnswer { server: None, rcode: None, result: Err(fault), services: None, path };
        }
        Err(NotTaken::Unreachable { why, path }) => {
            return combine(&questions, &[NOBODY], vec![Some(Useless::unreachable(why).of_all(path))]);
        }
    };
    let running: FuturesUnordered<_> = questions
        .each()
        .enumerate()
        .map(|(index, question)| {
            let (taken, query) = match taken.take() {
                Some((taken, query)) => (Some(taken), query),
                None => (None, query(question)),
            };
            async move { (index, ask_type(client, run, query, taken).await) }
        })
        .collect();
    let done = gather(&run.log, running, &questions, patience).await;
    combine(&questions, &[NOBODY], done)
}

async fn ask_type(client: &Client, run: &Rc<Resolution>, query: Ask, mut taken: Option<Taken>) -> TypeAnswer {
    let asked = ask(&run.log, query, Fallbacks::Any, async |query| {
        put(client, run, query, taken.take(), QUESTION).await
    });
    let asked = asked.await;
    let (server, path) = (asked.ask.server, asked.path.clone());
    let mut useless = Useless::default();
    match useless.outcome_of(asked) {
        Some((rcode, outcome)) => TypeAnswer { server: Some(server), rcode: Some(rcode), outcome, path },
        None => useless.of_all(path),
    }
}

//! After a trace: the CAA records of the hosts whose certificates public roots trust (RFC 8659 §3). Nothing of it
//! is counted.
//!
//! By the run's own resolver, which knows the zones by then; one name after another, as authorities climb, and
//! for a second at most. A host whose name was not asked for in this run is not asked for here.

use std::time::Duration;

use super::scene::Scene;
use crate::plan::Question;
use crate::stop::Stop;
use crate::tls;
use crate::trace::{
    Caa, CaaOutcome, CaaQuestion, CaaVerdict, ConnectionId, DnsLane, FailureCode, Hop, Host, Record, RootsOf,
    Trace,
};

/// How long all of it may take in one run.
const TIME: Duration = Duration::from_secs(1);
/// Names that are asked for one certificate at most.
const MOST: usize = 10;

/// Asks for the records of every host of a trace that has a certificate to compare them with.
pub(super) async fn ask_all(scene: &Scene<'_>, trace: &mut Trace) {
    let wanted: Vec<(ConnectionId, String)> = trace.hops().filter_map(|hop| wanted(&hop)).collect();
    let limit = scene.stop.child(TIME);
    scene.resolver.compare_no_more();
    let mut known: Vec<(String, Caa)> = Vec::new();
    for (connection, host) in wanted {
        let Some(tls) = trace.connections[connection.0].tls.ran_mut() else { continue };
        let earlier = known.iter().find(|(name, _)| *name == host).map(|(_, caa)| caa.clone());
        // What is over begins nothing.
        if earlier.is_none() && limit.within(None, tokio::task::yield_now()).await.is_err() {
            return;
        }
        tls.caa = match (earlier, tls.chain.first()) {
            (Some(caa), _) => Some(caa),
            (None, Some(leaf)) => match tls::caa_names(&host, leaf) {
                Some((names, property)) => {
                    let (questions, records) = climb(scene, &limit, names).await;
                    let verdict = match questions.last().map(|last| &last.outcome) {
                        Some(CaaOutcome::Failed(why)) => CaaVerdict::Unjudged(why.clone()),
                        _ => tls::judge_caa(&records, property, leaf),
                    };
                    Some(Caa { questions, records, property, verdict })
                }
                None => None,
            },
            (None, None) => None,
        };
        known.extend(tls.caa.clone().map(|caa| (host, caa)));
    }
}

/// The connection and host of a hop whose certificate public roots trust, and whose name the run looked up.
fn wanted(hop: &Hop<'_>) -> Option<(ConnectionId, String)> {
    let (tls, dns) = (hop.tls.ran()?, hop.dns.ran()?);
    let checked = tls.verification.as_ref()?;
    let is_public = checked.faults.is_empty() && checked.roots_of == RootsOf::Everybody;
    // The hosts file and --resolve give addresses, and no answers.
    let was_asked = matches!(dns.lane, DnsLane::Walk | DnsLane::Resolver) && !dns.answers.is_empty();
    let Host::Name(_) = hop.url.host else { return None };
    let is_own = is_public && was_asked && hop.reused.is_none() && hop.proxy.is_none();
    is_own.then_some((hop.request.connection.ran()?, hop.url.host_ascii.clone()))
}

/// Asks from the nearest name upwards, until one has records.
async fn climb(scene: &Scene<'_>, limit: &Stop, names: Vec<String>) -> (Vec<CaaQuestion>, Vec<Record>) {
    let mut questions = Vec::new();
    for (at, name) in names.into_iter().enumerate() {
        if at == MOST {
            let (start, why) = (scene.clock.now(), format!("not asked: more than {MOST} names"));
            let (end, outcome, packets) = (start, CaaOutcome::Failed(why), Vec::new());
            questions.push(CaaQuestion { name, start, end, outcome, packets });
            break;
        }
        let start = scene.clock.now();
        let question = Question { name: name.clone(), types: vec![tls::CAA] };
        let (mut dns, result, mut lanes) = scene.resolver.ask(&question, scene.clock, limit).await;
        let end = scene.clock.now();
        // Nobody compares.
        lanes.stub = None;
        lanes.settle(&mut dns, Duration::ZERO, scene.clock, limit).await;
        let packets = dns.packets;
        let found: Vec<Record> = dns.answers.into_iter().filter(|record| record.rtype == tls::CAA).collect();
        let outcome = match result {
            Ok(()) if !found.is_empty() => CaaOutcome::Found,
            Ok(()) => CaaOutcome::Absent,
            Err(failure) if matches!(failure.code, FailureCode::NoData | FailureCode::NxDomain) => {
                CaaOutcome::Absent
            }
            Err(failure) => CaaOutcome::Failed(failure.message),
        };
        let is_over = outcome != CaaOutcome::Absent;
        questions.push(CaaQuestion { name, start, end, outcome, packets });
        if is_over {
            return (questions, found);
        }
    }
    (questions, Vec::new())
}

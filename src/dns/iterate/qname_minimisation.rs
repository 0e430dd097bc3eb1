//! Query name minimisation (RFC 9156): a server is told one label more than its zone has.
//!
//! Relaxed, as resolvers do it: what does not lead on is no answer, and the whole name is asked
//! instead. It costs round trips, so that a walk does it only when asked to.

use std::rc::Rc;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::Extent;
use crate::dns::iterate::job::Job;
use crate::dns::iterate::zone::ask_zone;
use crate::dns::limits::MAX_MINIMISE_COUNT;
use crate::dns::name_servers::budget::Budget;
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::response::classify::{Absence, Referral, Verdict};
use crate::dns::wire::name::name_text;
use crate::trace::RecordType;

/// How many parts of a name were asked for.
#[derive(Debug, Default)]
pub(crate) struct Steps(usize);

/// Asks a zone for longer and longer parts of the name until it refers. `None` when it does not:
/// then the whole name has to be asked.
///
/// RFC 9156 §2.1: the type is A, which every middlebox knows and which says nothing of ours.
pub(crate) async fn lead_on(
    job: &Job,
    zone: &Rc<Zone>,
    name: &Name,
    parent: Option<usize>,
    budget: &Rc<Budget>,
    steps: &mut Steps,
) -> Option<(usize, Referral)> {
    let mut parent = parent;
    for labels in zone.name.iter().len() + 1..name.iter().len() {
        let log = &job.resolution.log;
        if steps.0 >= MAX_MINIMISE_COUNT {
            log.note(format!("the limit of {MAX_MINIMISE_COUNT} questions for parts of one name was hit"));
            return None;
        }
        steps.0 += 1;
        let part = name.trim_to(labels);
        let before = log.len();
        let question = (&part, Extent::Part);
        let why = match ask_zone(job, zone, question, RecordType::A, parent, budget).await {
            Ok(Answered { id, verdict: Verdict::Referral(referral), .. }) => return Some((id, referral)),
            Ok(Answered { verdict: Verdict::Absent { absence: Absence::Name, .. }, .. }) => "says NXDOMAIN",
            Ok(Answered { id, .. }) => {
                parent = Some(id);
                continue;
            }
            // Another name has met its silence: this part was not asked for.
            Err(_) if log.len() == before => return None,
            Err(_) => "does not answer",
        };
        log.note(format!(
            "zone {} {why} for {}, a part of the name: the whole name was asked",
            name_text(&zone.name),
            name_text(&part)
        ));
        return None;
    }
    None
}

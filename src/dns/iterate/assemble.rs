//! The response of a resolution (RFC 9499 §3) from what each type of the name came to: one answer or one reason.
//! Nothing is asked here.

use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::job::Job;
use crate::dns::outcome::fault::{Fault, Found, Witness, addresses, services};
use crate::dns::outcome::words::{absent, type_list};
use crate::dns::response::alias::alias_targets;
use crate::dns::response::classify::Absence;
use crate::dns::wire::message::{Rr, records};
use crate::dns::wire::name::name_text;
use crate::trace::{FailureCode, Negative, Record, RecordType};

/// What one type of a name came to.
pub(crate) enum TypeOutcome {
    Records { chain: Vec<Rr>, records: Vec<Rr> },
    Absent { chain: Vec<Rr>, absence: Absence, negative: Negative },
    Failed(Fault),
    NotAwaited,
}

impl TypeOutcome {
    /// The aliases before its end.
    pub(crate) fn chain(&self) -> &[Rr] {
        match self {
            Self::Records { chain, .. } | Self::Absent { chain, .. } => chain,
            Self::Failed(_) | Self::NotAwaited => &[],
        }
    }
}

/// Puts the outcomes of all types together.
pub(crate) fn assemble(
    job: &Job,
    name: &Name,
    types: &[RecordType],
    mut answers: Vec<Record>,
    outcomes: Vec<(RecordType, TypeOutcome)>,
) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut chain_taken = false;
    let (mut gone, mut failed) = (None, None);
    let mut records_of_all = Vec::new();
    for (rtype, outcome) in outcomes {
        let chain = match outcome {
            TypeOutcome::NotAwaited => continue,
            TypeOutcome::Failed(fault) => {
                failed.get_or_insert((rtype, fault));
                continue;
            }
            TypeOutcome::Records { chain, records } => {
                records_of_all.extend(records);
                chain
            }
            TypeOutcome::Absent { chain, absence, negative } => {
                let last = alias_targets(&chain).last().cloned();
                // One type's word about the whole name outweighs another's about a type.
                if gone.is_none() || absence == Absence::Name {
                    gone = Some((last.unwrap_or_else(|| name.clone()), negative));
                }
                chain
            }
        };
        found.finished.push(rtype);
        if !chain_taken {
            chain_taken = !chain.is_empty();
            answers.extend(records(&chain));
        }
    }
    found.addresses = addresses(&records_of_all);
    found.services = services(&records_of_all);
    answers.extend(records(&records_of_all));
    if !records_of_all.is_empty() {
        if let (true, Some((rtype, fault))) = (job.is_main(), failed) {
            let rtype = rtype.mnemonic();
            job.resolution.log.note(format!("{rtype} failed, the other types did not: {}", fault.message));
        }
        found.answers = answers;
        return Ok(found);
    }
    let fault = match (failed, gone) {
        (None, Some((name, negative))) => absent(&name, types, negative, Witness::Walk),
        (Some((_, _)), Some((name, negative))) if negative.rtype.is_none() => {
            absent(&name, types, negative, Witness::Walk)
        }
        (Some((_, fault)), _) => fault,
        (None, None) => Fault::new(
            FailureCode::NoUsableServer,
            format!("nothing was learned of {} {}", name_text(name), type_list(types, "and")),
        ),
    };
    answers.extend(fault.answers);
    Err(Fault { answers, ..fault })
}

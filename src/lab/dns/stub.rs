//! The lab's resolver: the whole answer to a question, out of every zone at once.
//!
//! It stands for the machine's configured resolver with a warm cache: it follows CNAMEs across
//! zones, asks nobody, and its TTLs have already run for a while. It says AD of what is soundly
//! signed. It does not know of the faults of name servers, except that a zone which no server has
//! loaded cannot be resolved.

use std::rc::Rc;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType};

use super::signer::Signer;
use super::signing::{answer_nsec, sign};
use super::zone::{Answer, End, Zone, zone_of};

/// How long ago the resolver is taken to have learned everything, in seconds.
pub(crate) const AGE: u32 = 37;
/// The zone whose TTLs it cuts short, as CoreDNS does to all in every Kubernetes pod, and to how many seconds.
const CAPPED: (&str, u32) = ("capped.test.", 30);
/// Zones that one chain of CNAMEs may pass.
const MAX_ZONES: usize = 8;

/// Whether an asker wants what proves the answer (DO, RFC 4035 §3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proofs {
    Wanted,
    LeftOut,
}

/// Answers as a resolver does.
pub(super) fn resolve(zones: &[Rc<Zone>], name: &Name, kind: RecordType, proofs: Proofs) -> Answer {
    let mut whole = Answer::default();
    let mut owner = name.clone();
    for _ in 0..MAX_ZONES {
        let Some(zone) = zone_of(zones, &owner, kind) else { return failed() };
        let mut part = zone.answer(&owner, kind);
        answer_nsec(zone, &owner, kind, &mut part);
        if proofs == Proofs::Wanted && part.end != End::Referral {
            sign(zone, &owner, &mut part);
        }
        whole.answers.extend(part.answers);
        whole.authorities.extend(part.authorities);
        match part.end {
            End::Leaves(next) => owner = next,
            End::Referral | End::Loop => return failed(),
            end @ (End::Found | End::Negative) => {
                whole.end = end;
                whole.rcode = part.rcode;
                return age(whole);
            }
        }
    }
    failed()
}

/// Whether it would say to have validated an answer: every zone it is from is soundly signed, and
/// every zone above. It does not look for what is wrong with the others.
pub(super) fn is_secure(zones: &[Rc<Zone>], name: &Name, answer: &Answer) -> bool {
    let mut owners = answer.answers.iter().map(|record| &record.name).chain([name]);
    answer.end != End::Referral
        && answer.rcode != ResponseCode::ServFail
        && owners.all(|owner| {
            let mut above = zones.iter().filter(|zone| zone.origin.zone_of(owner));
            above.all(|zone| zone.signer.as_ref().is_some_and(Signer::is_sound))
        })
}

fn failed() -> Answer {
    Answer { rcode: ResponseCode::ServFail, ..Answer::default() }
}

fn age(mut answer: Answer) -> Answer {
    for record in answer.answers.iter_mut().chain(&mut answer.authorities) {
        // Never 0: a resolver does not hand out what has run out.
        record.ttl = record.ttl.saturating_sub(AGE).max(1);
        let (zone, limit) = CAPPED;
        if record.name.to_string().ends_with(zone) {
            record.ttl = record.ttl.min(limit);
        }
    }
    answer
}

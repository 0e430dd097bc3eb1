//! The answer cache: what was answered to a name and types, by records or by their absence (RFC 2308), while
//! its TTL lasts. Not the packets, and nothing of who said it; nothing is sent here.

use std::cell::RefCell;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::stamp::Stamp;
use crate::dns::lru::Lru;
use crate::dns::outcome::fault::{Fault, Found};
use crate::trace::RecordType;

/// Answers that are remembered at most: a list may have any number of names, and each takes some kilobytes together with
/// what it is validated by.
const MOST_ANSWERS: usize = 1_024;

/// The answers of all runs.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    known: RefCell<Lru<(Name, Vec<RecordType>), Answer, MOST_ANSWERS>>,
}

#[derive(Clone, Debug)]
struct Answer {
    learned: Stamp,
    result: Result<Found, Fault>,
}

impl Answers {
    /// An earlier answer to the same question, while its TTL lasts (a second at least in the run that got
    /// it, so that a TTL of zero does not make a run ask the same thing twice in a row).
    pub(crate) fn get(&self, name: &Name, types: &[RecordType], now: Stamp) -> Option<Result<Found, Fault>> {
        self.get_with_stamp(name, types, now).map(|(result, _)| result)
    }

    /// The same with when it was learned.
    pub(crate) fn get_with_stamp(
        &self,
        name: &Name,
        types: &[RecordType],
        now: Stamp,
    ) -> Option<(Result<Found, Fault>, Stamp)> {
        let mut known = self.known.borrow_mut();
        let Answer { learned, result } = known.get(&(name.clone(), types.to_vec()))?;
        let ttl = match result {
            Ok(found) => found.answers.iter().map(|record| record.ttl).min(),
            Err(fault) => fault.negative.as_ref().and_then(|negative| negative.ttl),
        };
        let least = u32::from(learned.run == now.run);
        let life = Duration::from_secs(u64::from(ttl.unwrap_or(0).max(least)));
        (now.at.since(learned.at) <= life).then(|| (result.clone(), *learned))
    }

    pub(crate) fn keep(
        &self,
        name: &Name,
        types: &[RecordType],
        learned: Stamp,
        result: Result<Found, Fault>,
    ) {
        self.known.borrow_mut().insert((name.clone(), types.to_vec()), Answer { learned, result });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::dns::cache::stamp::Runs;
    use crate::dns::wire::name::parse_name;
    use crate::trace::{FailureCode, Negative};

    const A: &[RecordType] = &[RecordType::A];

    #[test]
    fn what_was_answered_long_ago_is_forgotten() {
        let answers = Answers::default();
        let now = Stamp { at: Moment::now(), run: Runs::default().next() };
        let name = |number: usize| parse_name(&format!("h{number}.test")).unwrap();
        for number in 0..2 * MOST_ANSWERS {
            answers.keep(&name(number), A, now, Ok(Found::default()));
        }
        assert!(answers.get(&name(0), A, now).is_none());
        assert!(answers.get(&name(2 * MOST_ANSWERS - 1_000), A, now).is_some());
    }

    #[test]
    fn an_answer_holds_for_its_types_and_its_ttl() {
        let answers = Answers::default();
        let (name, runs) = (parse_name("www.test").unwrap(), Runs::default());
        let now = Stamp { at: Moment::now(), run: runs.next() };
        let later = |seconds| Stamp { at: now.at.after(Duration::from_secs(seconds)), ..now };
        let negative = Negative { zone: None, foreign_soa: None, ttl: Some(60), rtype: None };
        let fault = Fault::new(FailureCode::NxDomain, "it does not exist".to_owned());
        answers.keep(&name, A, now, Err(Fault { negative: Some(Box::new(negative)), ..fault }));
        assert!(answers.get(&name, A, later(60)).is_some());
        assert!(answers.get(&name, A, later(61)).is_none());
        assert!(answers.get(&name, &[RecordType::AAAA], later(0)).is_none());
        answers.keep(&name, A, now, Ok(Found::default()));
        assert!(answers.get(&name, A, later(1)).is_some(), "a second at least");
        assert!(answers.get(&name, A, later(2)).is_none());
        let next_run = Stamp { run: runs.next(), ..later(1) };
        assert!(answers.get(&name, A, next_run).is_none(), "for another run its TTL is what it is");
    }
}

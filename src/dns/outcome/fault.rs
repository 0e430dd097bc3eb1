//! The outcome of a resolution (RFC 2308 §1: an answer, NXDOMAIN, NODATA, or a failure, RFC 9520 §2). The sentences
//! are in `words`.

use std::net::IpAddr;

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Rr};
use crate::trace::{FailureCode, Negative, Rcode, Record, RecordType};

/// The HTTPS records among records.
pub(crate) fn services(records: &[Rr]) -> Vec<Rr> {
    records.iter().filter(|rr| rr.rtype == RecordType::HTTPS).cloned().collect()
}

/// The addresses among records, each once.
pub(crate) fn addresses(records: &[Rr]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for rr in records {
        if let Data::Address(address) = rr.data
            && !addresses.contains(&address)
        {
            addresses.push(address);
        }
    }
    addresses
}

pub(crate) fn is_answer(result: &Result<Found, Fault>) -> bool {
    result.as_ref().err().is_none_or(Fault::is_negative)
}

/// An answer: the chain of aliases, then the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) answers: Vec<Record>,
    pub(crate) addresses: Vec<IpAddr>,
    /// The types that were answered, by records or by their absence.
    pub(crate) finished: Vec<RecordType>,
    /// The HTTPS records among the answers.
    pub(crate) services: Vec<Rr>,
    /// NXDOMAIN where a resolver says so beside records.
    pub(crate) rcode: Option<Rcode>,
}

/// Why there is no answer. What a server has said goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: FailureCode,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) rcode: Option<Rcode>,
    pub(crate) negative: Option<Box<Negative>>,
    /// Aliases on the way to the failure.
    pub(crate) answers: Vec<Record>,
}

impl Fault {
    pub(crate) fn new(code: FailureCode, message: String) -> Self {
        Self { code, message, hint: None, rcode: None, negative: None, answers: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// Whether it is an answer too: a name or a type that does not exist.
    pub(crate) fn is_negative(&self) -> bool {
        matches!(self.code, FailureCode::NxDomain | FailureCode::NoData)
    }
}

/// Who says that something does not exist.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Witness<'a> {
    /// The servers of a zone.
    Walk,
    /// A recursive resolver.
    Resolver(&'a str),
}

/// Why one server was of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFailure {
    /// Name and address.
    pub(crate) server: String,
    pub(crate) why: String,
    pub(crate) kind: FailureKind,
}

/// The kinds of failure that a whole zone's failure is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Timeout,
    ServerFailure(Rcode),
    /// The question has not left this machine.
    Unsent,
    Other,
}

/// A name server whose address was looked up in vain.
#[derive(Clone, Debug)]
pub(crate) struct Unfound {
    pub(crate) server: Name,
    /// Why the lookup failed; `None` where it found no address.
    pub(crate) why: Option<Fault>,
}

/// Why no more name servers of a zone are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMoreLookups {
    DepthLimit,
    LookupLimit,
    /// Too many of them do not exist.
    MissingLimit,
    /// None is left.
    NoneLeft,
}

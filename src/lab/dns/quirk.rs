//! What is wrong with a name server: the faults that the lab shows, and those that only tests need.
//!
//! A server may have several. The lab's lie on the way of an answer, in `server`; what tests need bends the
//! answer once it is made, and is not in the program.

#[cfg(test)]
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;

/// One thing that a name server does wrong, or differently.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Quirk {
    /// Never answers.
    Silent,
    /// TC and nothing else over UDP.
    Truncate,
    /// Answers every question with this code.
    Rcode(ResponseCode),
    /// FORMERR to everything with EDNS, as servers older than RFC 6891 do.
    NoEdns,
    /// Refers to the root.
    Upward,
    /// Repeats the question in lower case.
    LowerCase,
    /// Nothing listens for TCP; of a curt server: closes every TCP connection.
    NoTcp,
    /// Answers as a resolver does, though nobody asks it to (it stands for an interceptor).
    Resolves,
    /// Adds the zone's own name servers to its answers.
    TellsServers,
    /// Has a copy of its zone that was never signed.
    Unsigned,
    /// Knows names in lower case only: to one with a capital in it, it says NXDOMAIN.
    CaseSensitive,
    /// Answers questions of this type with this code, and with its OPT record.
    RcodeFor(RecordType, ResponseCode),
    /// As test servers are: takes one question on a TCP connection, repeats none that it has no EDNS for, and
    /// cuts no reply to size.
    #[cfg(test)]
    Curt,
    /// Changes its answers, once they are made.
    #[cfg(test)]
    Bent(Bend),
    /// Never answers questions of this type.
    #[cfg(test)]
    SilentFor(RecordType),
    /// Never answers questions for this name.
    #[cfg(test)]
    SilentAt(&'static str),
    /// Never answers questions for names that begin so.
    #[cfg(test)]
    SilentFrom(&'static str),
    /// Never answers what has EDNS in it.
    #[cfg(test)]
    DropsEdns,
    /// Never answers what has an EDNS option in it.
    #[cfg(test)]
    DropsOptions,
    /// Answers what has an EDNS option in it with this code; the second is whether it sends its OPT record.
    #[cfg(test)]
    RefusesOptions(ResponseCode, bool),
    /// Answers questions of this type with this code and without an OPT record, unless they come without EDNS.
    #[cfg(test)]
    PlainRcodeFor(RecordType, ResponseCode),
    /// Never answers a name with a capital in it.
    #[cfg(test)]
    DropsCapitals,
    /// Answers a name with a capital in it with this code.
    #[cfg(test)]
    RcodeForCapitals(ResponseCode),
    /// Does not answer the first so many datagrams of each question.
    #[cfg(test)]
    LosesFirst(usize),
    /// Does not answer its first so many questions.
    #[cfg(test)]
    SilentFirst(usize),
    /// Refers one label deeper with each question, to itself.
    #[cfg(test)]
    Deeper,
    /// Says NXDOMAIN beside its records.
    #[cfg(test)]
    DeniesNames,
    /// Forgets AA.
    #[cfg(test)]
    NoAuthority,
    /// Answers as a recursive resolver: RA and no AA.
    #[cfg(test)]
    Recursive,
    /// Sends datagrams with a wrong id and with a wrong question before each answer.
    #[cfg(test)]
    Spoofed,
    /// Sends so many replies with a wrong id by UDP, and none with the right one; closes TCP.
    #[cfg(test)]
    WrongIds(u32),
    /// Answers by UDP as if it had been asked for another operation.
    #[cfg(test)]
    WrongOperation,
    /// Answers by UDP from another address.
    #[cfg(test)]
    Elsewhere,
    /// The same, and then from its own.
    #[cfg(test)]
    ElsewhereFirst,
    /// Never answers by UDP.
    #[cfg(test)]
    NoUdp,
    /// Puts the OPT among the answers, and an address of its own beside it, where the question has EDNS.
    #[cfg(test)]
    MisplacedOpt,
    /// Sends three bytes too few.
    #[cfg(test)]
    Garbled,
    /// Waits before each answer.
    #[cfg(test)]
    Delay(std::time::Duration),
    /// Waits before answers of this type.
    #[cfg(test)]
    DelayFor(RecordType, std::time::Duration),
}

/// What becomes of an answer: its question, and itself.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct Bend(pub(crate) fn(&Message, &mut Message));

#[cfg(test)]
impl PartialEq for Bend {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

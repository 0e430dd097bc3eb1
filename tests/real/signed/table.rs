//! The table: what is asked, and what both urltrace and unbound have to say.

/// What DNSSEC says of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Secure,
    Insecure,
    /// With words that urltrace gives as the reason.
    Bogus(&'static str),
}

/// What comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    Data,
    /// NOERROR without records of the type.
    NoData,
    /// NXDOMAIN.
    NoName,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) rtype: &'static str,
    pub(super) gives: Gives,
    pub(super) verdict: Verdict,
    /// Where unbound says something else, and why urltrace is right.
    pub(super) unbound: Option<(Verdict, &'static str)>,
}

const fn secure(name: &'static str, rtype: &'static str, gives: Gives) -> Row {
    Row { name, rtype, gives, verdict: Verdict::Secure, unbound: None }
}

const fn insecure(name: &'static str, rtype: &'static str, gives: Gives) -> Row {
    Row { name, rtype, gives, verdict: Verdict::Insecure, unbound: None }
}

const fn bogus(name: &'static str, rtype: &'static str, gives: Gives, why: &'static str) -> Row {
    Row { name, rtype, gives, verdict: Verdict::Bogus(why), unbound: None }
}

use Gives::{Data, NoData, NoName};

pub(super) const PRESENT: &[Row] = &[
    secure("www.plain.alpha", "A", Data),
    secure("www.plain.alpha", "MX", NoData),
    secure("nothing.plain.alpha", "A", NoName),
    secure("www.alpha", "A", Data),
    insecure("nothing.omega", "A", NoName),
];

//! Which names of a walk are the question's own.

use crate::trace::{Dns, Record, RecordType};

/// Whether a name is the one asked for, or what an alias made of it: not that of a name server, and
/// not the first labels of one (RFC 9156).
pub(super) fn is_on_the_way(dns: &Dns, qname: &str) -> bool {
    let is_target = |record: &Record| record.rtype == RecordType::CNAME && record.data == qname;
    qname == dns.name || dns.answers.iter().any(is_target)
}

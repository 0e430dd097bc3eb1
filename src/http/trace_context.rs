//! W3C Trace Context (Recommendation of November 2021, section 3.2): the trace that the requests of a run belong to. What
//! responses say of traces is read elsewhere (`reading`), and `tracestate` is not sent: it is the vendors'.

use data_encoding::HEXLOWER;

use super::socket_key::random;
use crate::plan::HttpPlan;
use crate::trace::span_ids;

/// The field.
const NAME: &str = "traceparent";

/// A trace (`--traceparent`). Each request of it is a caller of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext([u8; 16]);

impl TraceContext {
    /// A new one, of random bytes; the last is no 0, as a trace of zeros is none (section 3.2.2.3).
    #[must_use]
    pub fn random() -> Self {
        let mut id: [u8; 16] = random();
        id[15] |= 1;
        Self(id)
    }

    /// The value for one request: version 0, this trace, a new parent, and the flag that asks for it to be recorded.
    fn value(&self) -> String {
        let parent = span_ids::caller(self.0, random());
        format!("00-{}-{}-01", HEXLOWER.encode(&self.0), HEXLOWER.encode(&parent))
    }
}

/// The field of a request that belongs to a trace, unless `-H` says something of it.
pub(super) fn field(trace: Option<&TraceContext>, plan: &HttpPlan) -> Option<(String, String)> {
    let is_given = plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(NAME));
    trace.filter(|_| !is_given).map(|trace| (NAME.to_owned(), trace.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_its_id_in_each_request_and_a_parent_of_each() {
        let trace = TraceContext::random();
        let (one, two) = (trace.value(), trace.value());
        let parts: Vec<&str> = one.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2]);
        assert!(one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{one}");
        assert_eq!((&one[..36], &one[52..]), (&two[..36], "-01"));
        assert_ne!(one, two);
        assert_ne!(trace, TraceContext::random());
    }
}

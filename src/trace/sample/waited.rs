//! The good run with a server that takes longer.

use std::time::Duration;

use super::fixtures::success;
use crate::trace::Trace;

/// [`success`] whose response came so much later.
pub(crate) fn waited(more: Duration) -> Trace {
    let mut trace = success();
    let request = trace.requests.last_mut().unwrap();
    request.end = request.end.after(more);
    let http = request.http.ran_mut().unwrap();
    (http.first_byte, http.end) = (http.first_byte.map(|at| at.after(more)), http.end.after(more));
    trace.total += more;
    trace
}

//! `--reuse`: how many requests more, and which may be made again.

use super::body::has_body;
use super::declarations::Request;
use super::error::PlanError;
use crate::http::is_safe;
use crate::plan::{FurtherMethods, FurtherRequests};

/// Further requests that are made at most: it is a look at a server, and no load for one.
const MOST: usize = 100;

/// What `--reuse` asks for.
///
/// # Errors
/// No number, or a request that may change something at the server.
pub(super) fn reuse(request: &Request) -> Result<Option<FurtherRequests>, PlanError> {
    let Some(text) = &request.reuse else { return Ok(None) };
    let requests = text.parse().ok().filter(|number| (1..=MOST).contains(number)).ok_or_else(|| {
        PlanError::with_hint(
            format!("--reuse: `{}` is no number from 1 to {MOST}", text.escape_debug()),
            "--reuse=10 makes ten more requests on the same connection, --reuse alone four",
        )
    })?;
    let has_body = has_body(request) && !request.get;
    let safe = !has_body && request.method.as_deref().is_none_or(is_safe);
    let methods = match (request.reuse_all, safe) {
        (true, _) => FurtherMethods::All,
        (false, true) => FurtherMethods::Safe,
        (false, false) => {
            return Err(PlanError::with_hint(
                "--reuse would make the request again, and it may change something at the server",
                "--reuse-all makes any request again; GET, HEAD and OPTIONS without a body need no such word",
            ));
        }
    };
    Ok(Some(FurtherRequests { requests, methods }))
}

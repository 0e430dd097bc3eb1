//! URLs that name a call of gRPC: `grpc://HOST[:PORT]` and `grpcs://HOST[:PORT]`, with a method for a path, or none for
//! the health check. What is called is not judged here.

use super::mistyped::Mistyped;
use crate::trace::{FailureCode, Scheme};

/// How such a URL is written.
const FORM: &str = "grpcs://HOST/package.Service/Method is a call, grpcs://HOST/?service=NAME the health check of one service";

/// What such a URL has too much or too little of. Not quoted: it may hold a secret.
pub(super) fn misfit(parsed: &::url::Url, scheme: Scheme) -> Option<Mistyped> {
    if !scheme.is_grpc() {
        return None;
    }
    let parts: Vec<&str> = parsed.path().trim_start_matches('/').split('/').collect();
    let message = match (&parts[..], parsed.query()) {
        ([""], None) => return None,
        ([""], Some(query)) if query.starts_with("service=") && !query.contains('&') => return None,
        ([""], Some(_)) => "the health check takes ?service=NAME and nothing beside it",
        ([_], _) => "the path of a call of gRPC has a service and a method",
        (parts, _) if parts.contains(&"") => {
            "the path of a call of gRPC has a service and a method, none of them empty"
        }
        (_, Some(_)) => "a call of gRPC has no query: what it is about stands in its message (--data-binary)",
        (_, None) => return None,
    };
    Some(Mistyped { code: FailureCode::InvalidUrl, message: message.to_owned(), hint: FORM.to_owned() })
}

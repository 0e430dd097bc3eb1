//! How a request stands to the page that makes it.

use std::time::Duration;

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{
    Cors, CorsCredentials, CorsRefusal, CorsRole, CorsVerdict, PreflightFreshness, PreflightKept,
    PreflightUse, RequestId,
};

objects! {
    Cors => |it| record!(it, Cors { origin } {
        role: role(&it)?,
        credentials: if it.get("credentials")? { CorsCredentials::Included } else { CorsCredentials::Omitted },
        verdict: match it.get("allowed")? {
            None => None,
            Some(true) => Some(CorsVerdict::Allowed),
            Some(false) => Some(CorsVerdict::Refused(refusal(&it)?)),
        },
        kept: match it.get("kept_s")? {
            Some(kept) => Some(PreflightKept { told: it.get("max_age_s")?, kept: Duration::from_secs(kept) }),
            None => None,
        },
        allowed_by: match it.get("preflight_hop")? {
            Some(hop) => Some(PreflightUse {
                by: RequestId(hop),
                freshness: it.or("preflight_use", PreflightFreshness::Asked)?,
            }),
            None => None,
        },
    });
}

fn role(it: &Object<'_>) -> Read<CorsRole> {
    Ok(match it.get::<String>("role")?.as_str() {
        "same-origin" => CorsRole::SameOrigin,
        "simple" => CorsRole::Simple,
        "preflight" => {
            CorsRole::Preflight { method: it.get("request_method")?, fields: it.get("request_fields")? }
        }
        "preflighted" => CorsRole::Preflighted,
        _ => return Err(Fault::new("it is no role of a request").within("role")),
    })
}

fn refusal(it: &Object<'_>) -> Read<CorsRefusal> {
    let about = it.get::<Option<String>>("refusal_about")?.unwrap_or_default();
    let status = || about.parse().map_err(|_| Fault::new("it is no status").within("refusal_about"));
    Ok(match it.get::<String>("refusal")?.as_str() {
        "no-allow-origin" => CorsRefusal::NoOrigin,
        "other-origin" => CorsRefusal::OtherOrigin(about),
        "any-origin-with-credentials" => CorsRefusal::AnyWithCredentials,
        "no-allow-credentials" => CorsRefusal::NoCredentials,
        "preflight-status" => CorsRefusal::Status(status()?),
        "preflight-redirected" => CorsRefusal::Redirected(status()?),
        "method-not-allowed" => CorsRefusal::Method(about),
        "field-not-allowed" => CorsRefusal::Field(about),
        _ => return Err(Fault::new("it is no reason of a browser's").within("refusal")),
    })
}

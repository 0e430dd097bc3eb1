//! What a browser does about a request that a page of another origin makes: whether it asks first, and whether the
//! page gets the response (Fetch standard, WHATWG, sections 3.2, 4.8 and 4.9). Pure.
//!
//! A script's fields are those of the request but for what browsers set themselves. Those of `-A` and the defaults are
//! the browser's own. Of an answer to a preflight it is told how long a browser keeps it, and what it covers until then.

use std::time::Duration;

use super::request::{Draft, authority};
use super::scene::{Ask, OnBehalf};
use crate::plan::HttpPlan;
use crate::trace::{
    At, Cors, CorsCredentials, CorsRefusal, CorsRole, CorsVerdict, Header, Http, PreflightKept, RequestId,
    Url, members,
};

/// Fields that a script cannot set (Fetch, forbidden request-header).
const FORBIDDEN: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
/// Content types that forms have always sent.
const FORMS: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
/// The longest safelisted value, and all of them together.
const LONGEST: usize = 128;
const LONGEST_TOGETHER: usize = 1024;
/// How long an answer to a preflight is kept that does not say (section 4.8), and at most: the standard leaves that to
/// browsers, and this is Chromium's.
const KEPT_UNTOLD: Duration = Duration::from_secs(5);
const KEPT_MOST: Duration = Duration::from_secs(7_200);

/// The origin of a URL, as the field Origin has it (RFC 6454 §6.1).
#[must_use]
pub fn origin_of(url: &Url) -> String {
    format!("{}://{}", url.scheme.as_str(), authority(url))
}

/// How a request stands to the page of `origin` that makes it. One that is not simple is a preflight first: whether that
/// has been asked is the caller's to know.
#[must_use]
pub fn stand(url: &Url, ask: &Ask, plan: &HttpPlan, origin: &str) -> Cors {
    let mut cors = Cors {
        origin: origin.to_owned(),
        role: CorsRole::SameOrigin,
        credentials: CorsCredentials::Omitted,
        verdict: None,
        kept: None,
        allowed_by: None,
    };
    if origin == origin_of(url) {
        return cors;
    }
    // What cannot be sent is told when it is to be sent.
    let Ok(draft) = Draft::new(url, ask, plan) else { return cors };
    let of_url = url.username.is_some() || url.password.is_some();
    let has = |name: &str| draft.fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if has("cookie") || of_url && has("authorization") {
        cors.credentials = CorsCredentials::Included;
    }
    let own = |(name, value): &&(String, String)| {
        let name = name.to_ascii_lowercase();
        let of_browser =
            name == "user-agent" && *value == plan.user_agent || of_url && name == "authorization";
        !of_browser && !is_forbidden(&name)
    };
    let fields = unsafe_fields(draft.fields.iter().filter(own));
    let method = normalized(&ask.method);
    cors.role = if fields.is_empty() && is_safelisted_method(&method) {
        CorsRole::Simple
    } else {
        CorsRole::Preflight { method, fields }
    };
    cors
}

/// What is asked: the request with its origin, or the preflight in its place.
#[must_use]
pub fn asked(ask: &Ask, cors: &Cors) -> Ask {
    let origin = cors.origin.clone();
    match &cors.role {
        CorsRole::Preflight { method, fields } => Ask {
            method: "OPTIONS".to_owned(),
            body: None,
            credentials: false,
            on_behalf: OnBehalf::Preflight { origin, method: method.clone(), fields: fields.clone() },
            ..ask.clone()
        },
        // A browser tells its own server nothing new where it only looks.
        CorsRole::SameOrigin if matches!(ask.method.as_str(), "GET" | "HEAD") => ask.clone(),
        CorsRole::SameOrigin | CorsRole::Simple | CorsRole::Preflighted => {
            Ask { on_behalf: OnBehalf::Page { origin }, ..ask.clone() }
        }
    }
}

/// What a browser makes of the response; `None` where it does not judge, or there is none.
#[must_use]
pub fn judge(cors: &Cors, http: &Http) -> Option<CorsVerdict> {
    let status = http.status?;
    let refusal = match &cors.role {
        CorsRole::SameOrigin => return None,
        CorsRole::Simple | CorsRole::Preflighted => origin_refused(cors, &http.headers),
        CorsRole::Preflight { method, fields } => match status {
            300..=399 => Some(CorsRefusal::Redirected(status)),
            200..=299 => origin_refused(cors, &http.headers)
                .or_else(|| method_refused(cors, method, &http.headers))
                .or_else(|| field_refused(cors, fields, &http.headers)),
            _ => Some(CorsRefusal::Status(status)),
        },
    };
    Some(refusal.map_or(CorsVerdict::Allowed, CorsVerdict::Refused))
}

/// The answer to a preflight, as a browser keeps it (section 4.9).
#[derive(Debug)]
pub struct Preflight {
    /// The request that was the preflight.
    pub by: RequestId,
    asked: Cors,
    target: String,
    headers: Vec<Header>,
    until: At,
}

impl Preflight {
    /// What of it is to be kept, and how long; `None` for one that was refused, and for any other request.
    #[must_use]
    pub fn answered(by: RequestId, url: &Url, cors: &Cors, http: &Http) -> Option<(Self, PreflightKept)> {
        if !cors.is_preflight() || cors.verdict != Some(CorsVerdict::Allowed) {
            return None;
        }
        let lists = ["access-control-allow-methods", "access-control-allow-headers"];
        let is_list = |field: &&Header| lists.iter().any(|name| field.name.eq_ignore_ascii_case(name));
        let headers = http.headers.iter().filter(is_list).cloned().collect();
        let kept = kept(&http.headers);
        let until = http.end.after(kept.kept);
        Some((Self { by, asked: cors.clone(), target: target(url), headers, until }, kept))
    }

    /// Whether a browser that has it asks nothing before this request.
    #[must_use]
    pub fn covers(&self, url: &Url, cors: &Cors, now: At) -> bool {
        let CorsRole::Preflight { method, fields } = &cors.role else { return false };
        // One that was asked without credentials says nothing of a request with them.
        let fits =
            self.asked.credentials == CorsCredentials::Included || self.asked.credentials == cors.credentials;
        now < self.until
            && fits
            && self.asked.origin == cors.origin
            && self.target == target(url)
            && method_refused(&self.asked, method, &self.headers).is_none()
            && field_refused(&self.asked, fields, &self.headers).is_none()
    }
}

/// The URL that an answer is kept for.
fn target(url: &Url) -> String {
    format!("{}{}?{}", origin_of(url), url.path, url.query.as_deref().unwrap_or_default())
}

/// Access-Control-Max-Age. What is below 0 keeps nothing, as in Chromium.
fn kept(headers: &[Header]) -> PreflightKept {
    let told: Option<i64> = whole(headers, "access-control-max-age").and_then(|text| text.parse().ok());
    let seconds = |told: i64| Duration::from_secs(u64::try_from(told).unwrap_or(0)).min(KEPT_MOST);
    PreflightKept { told, kept: told.map_or(KEPT_UNTOLD, seconds) }
}

/// The CORS check (section 4.10).
fn origin_refused(cors: &Cors, headers: &[Header]) -> Option<CorsRefusal> {
    let Some(allowed) = whole(headers, "access-control-allow-origin") else {
        return Some(CorsRefusal::NoOrigin);
    };
    let included = cors.credentials == CorsCredentials::Included;
    if allowed == "*" {
        return included.then_some(CorsRefusal::AnyWithCredentials);
    }
    if allowed != cors.origin {
        return Some(CorsRefusal::OtherOrigin(allowed.chars().take(200).collect()));
    }
    let granted = whole(headers, "access-control-allow-credentials").is_some_and(|word| word == "true");
    (included && !granted).then_some(CorsRefusal::NoCredentials)
}

fn method_refused(cors: &Cors, method: &str, headers: &[Header]) -> Option<CorsRefusal> {
    let allowed = members(headers, "access-control-allow-methods");
    let any = cors.credentials == CorsCredentials::Omitted && allowed.iter().any(|word| word == "*");
    let named = allowed.iter().any(|word| word == method);
    (!named && !any && !is_safelisted_method(method)).then(|| CorsRefusal::Method(method.to_owned()))
}

fn field_refused(cors: &Cors, fields: &[String], headers: &[Header]) -> Option<CorsRefusal> {
    let allowed = members(headers, "access-control-allow-headers");
    let any = cors.credentials == CorsCredentials::Omitted && allowed.iter().any(|word| word == "*");
    let is_allowed = |field: &&String| {
        let named = allowed.iter().any(|word| word.eq_ignore_ascii_case(field));
        // No star stands for it.
        named || any && *field != "authorization"
    };
    fields.iter().find(|field| !is_allowed(field)).cloned().map(CorsRefusal::Field)
}

/// All values of a field in one, as a browser gets them.
fn whole(headers: &[Header], name: &str) -> Option<String> {
    let values = headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    let values: Vec<String> = values.map(|field| field.text().trim().to_owned()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// A method as browsers send it (section 2.2.1): a few are written in capitals.
fn normalized(method: &str) -> String {
    let capitals = method.to_ascii_uppercase();
    match capitals.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => capitals,
        _ => method.to_owned(),
    }
}

fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

/// The names of fields that need a preflight, in lower case, sorted, each once (section 2.2.2, CORS-unsafe
/// request-header names).
fn unsafe_fields<'f>(fields: impl Iterator<Item = &'f (String, String)>) -> Vec<String> {
    let (mut found, mut safe, mut together) = (Vec::new(), Vec::new(), 0);
    for (name, value) in fields {
        let name = name.to_ascii_lowercase();
        if is_safelisted(&name, value) {
            together += value.len();
            safe.push(name);
        } else {
            found.push(name);
        }
    }
    if together > LONGEST_TOGETHER {
        found.append(&mut safe);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn is_safelisted(name: &str, value: &str) -> bool {
    let language = |byte: u8| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte);
    value.len() <= LONGEST
        && match name {
            "accept" => !value.bytes().any(is_unsafe),
            "accept-language" | "content-language" => value.bytes().all(language),
            "content-type" => {
                let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                !value.bytes().any(is_unsafe) && FORMS.contains(&essence.as_str())
            }
            "range" => is_simple_range(value),
            _ => false,
        }
}

/// CORS-unsafe request-header byte.
const fn is_unsafe(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t')
        || matches!(
            byte,
            b'"' | b'(' | b')' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'{' | b'}' | 0x7f
        )
}

/// One range with a begin.
fn is_simple_range(value: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = value.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    parts.is_some_and(|(from, to)| !from.is_empty() && digits(from) && digits(to))
}

#[cfg(test)]
#[path = "tests/cors.rs"]
mod tests;

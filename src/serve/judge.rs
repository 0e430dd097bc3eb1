//! Whether a probe was a success, by the rules of its module. Reads a finished trace.

use crate::modules::{Encryption, FieldRule, HttpRules, Matched, Missing, Prober};
use crate::plan::{KeptBody, TalkEnd, TalkFault};
use crate::trace::{FailureCode, Hop, Http, HttpVersion, Tls, Trace};

/// What a probe came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Why it was none; `None` for a success.
    pub(super) fault: Option<String>,
    /// Whether it was a regular expression that it did not pass.
    pub(super) by_pattern: bool,
}

impl Judged {
    pub(super) const fn is_success(&self) -> bool {
        self.fault.is_none()
    }

    /// A probe whose regular expressions were not tried to their end.
    pub(super) fn without_end(trace: &Trace) -> Self {
        match failed(trace) {
            Some(fault) => Self { fault: Some(fault), by_pattern: false },
            None => Self { fault: Some(TOO_LONG.to_owned()), by_pattern: true },
        }
    }
}

const TOO_LONG: &str =
    "the regular expressions took longer than the probe had: simpler ones, or a smaller body";

fn failed(trace: &Trace) -> Option<String> {
    trace.failure().map(|failure| format!("{}: {}", failure.stage.as_str(), failure.message))
}

/// Judges a probe. `kept` is the body of the last response, `talked` how a conversation ended.
pub(super) fn judge(
    prober: &Prober,
    trace: &Trace,
    kept: Option<&KeptBody>,
    talked: Option<&TalkEnd>,
) -> Judged {
    let failed = failed(trace);
    let rules = match prober {
        Prober::Tcp(_) => return conversation(failed, talked),
        Prober::Http(rules) => rules,
    };
    let Some((hop, http)) = response(trace) else {
        let fault = failed.or_else(|| Some("there was no response".to_owned()));
        return Judged { fault, by_pattern: false };
    };
    let status = status(rules, http);
    let pattern = status.is_none().then(|| fields(rules, http).or_else(|| body(rules, kept))).flatten();
    // A redirect that is not followed any further is a response all the same.
    let is_response = |code| matches!(code, FailureCode::TooManyRedirects | FailureCode::BadRedirect);
    let failed = failed.filter(|_| !trace.failure().is_some_and(|failure| is_response(failure.code)));
    let by_pattern = pattern.is_some();
    let undone = http.body.decode_error.as_ref().map(|why| format!("the body cannot be decoded: {why}"));
    let failed = failed.or(undone).or_else(|| coding(rules, http)).or_else(|| size(rules, http));
    let others = || version(rules, http).or_else(|| encryption(rules, tls(&hop).is_some()));
    Judged { fault: status.or(pattern).or(failed).or_else(others), by_pattern }
}

/// Judges a connection by what was said on it.
fn conversation(failed: Option<String>, talked: Option<&TalkEnd>) -> Judged {
    match talked.and_then(|end| end.fault.as_ref()).filter(|_| failed.is_none()) {
        Some(TalkFault::Unmatched(why)) => Judged { fault: Some(why.clone()), by_pattern: true },
        Some(TalkFault::Broken(why)) => Judged { fault: Some(why.clone()), by_pattern: false },
        None => Judged { fault: failed, by_pattern: false },
    }
}

/// The last response, where the last request got one.
pub(super) fn response(trace: &Trace) -> Option<(Hop<'_>, &Http)> {
    let hop = trace.hops().next_back()?;
    let http = hop.http.ran()?;
    (http.status.is_some() && http.head_end.is_some()).then_some((hop, http))
}

/// The handshake of the connection that a request went out on, whoever it was opened for.
pub(super) fn tls<'t>(hop: &Hop<'t>) -> Option<&'t Tls> {
    hop.connection?.tls.as_ref().ran()
}

fn status(rules: &HttpRules, http: &Http) -> Option<String> {
    let status = http.status?;
    if rules.statuses.is_empty() {
        return (!(200..300).contains(&status))
            .then(|| format!("the status is {status}, and not 200 to 299"));
    }
    let wanted = || rules.statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    (!rules.statuses.contains(&status)).then(|| format!("the status is {status}, and not {}", wanted()))
}

/// The name of a version as Go has it.
const fn version_name(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2.0",
        HttpVersion::Http3 => "HTTP/3.0",
    }
}

fn version(rules: &HttpRules, http: &Http) -> Option<String> {
    let name = version_name(http.version);
    let is_good = rules.versions.is_empty() || rules.versions.iter().any(|good| good == name);
    (!is_good).then(|| format!("the version is {name}, and not {}", rules.versions.join(", ")))
}

/// A module that names a coding takes nothing else.
fn coding(rules: &HttpRules, http: &Http) -> Option<String> {
    let wanted = rules.coding.filter(|_| !is_of_coding(rules, http))?;
    Some(format!("the body is not packed with {wanted}"))
}

/// Whether a body is packed with the coding that its module names, if it names one. Of any other nothing can be unpacked.
pub(super) fn is_of_coding(rules: &HttpRules, http: &Http) -> bool {
    let named = http.body.encoding.as_deref().unwrap_or_default();
    rules
        .coding
        .is_none_or(|wanted| named.trim().eq_ignore_ascii_case(wanted) && http.body.decoded_bytes.is_some())
}

fn size(rules: &HttpRules, http: &Http) -> Option<String> {
    let most = rules.most.filter(|most| unpacked(http) > *most)?;
    Some(format!("the body is larger than the {most} bytes of body_size_limit"))
}

/// Bytes of a body, unpacked where that was done.
pub(super) fn unpacked(http: &Http) -> u64 {
    http.body.decoded_bytes.unwrap_or(http.body.encoded_bytes)
}

fn encryption(rules: &HttpRules, is_encrypted: bool) -> Option<String> {
    match (rules.encryption, is_encrypted) {
        (Encryption::Required, false) => Some("the last request did not go over TLS".to_owned()),
        (Encryption::Forbidden, true) => Some("the last request went over TLS".to_owned()),
        _ => None,
    }
}

fn fields(rules: &HttpRules, http: &Http) -> Option<String> {
    rules.fields.iter().find_map(|rule| field(rule, http))
}

fn field(rule: &FieldRule, http: &Http) -> Option<String> {
    let FieldRule { name, pattern, matched, missing } = rule;
    let mut values = http.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).peekable();
    if values.peek().is_none() {
        return (*missing == Missing::Fails).then(|| format!("the response has no field {name}"));
    }
    let is_match = values.any(|field| pattern.is_match(&field.text()));
    match (matched, is_match) {
        (Matched::Unwanted, true) => Some(format!("the field {name} matches `{pattern}`")),
        (Matched::Wanted, false) => Some(format!("the field {name} does not match `{pattern}`")),
        _ => None,
    }
}

fn body(rules: &HttpRules, kept: Option<&KeptBody>) -> Option<String> {
    let kept = kept.filter(|_| !rules.body.is_empty())?;
    let Some(bytes) = kept.whole() else {
        return Some(format!("the body is larger than the {} bytes that are looked through", rules.room));
    };
    let text = String::from_utf8_lossy(&bytes);
    rules.body.iter().find_map(|rule| match (rule.matched, rule.pattern.is_match(&text)) {
        (Matched::Unwanted, true) => Some(format!("the body matches `{}`", rule.pattern)),
        (Matched::Wanted, false) => Some(format!("the body does not match `{}`", rule.pattern)),
        _ => None,
    })
}

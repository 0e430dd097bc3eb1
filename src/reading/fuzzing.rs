//! Bytes in, facts out: what each reader of fields makes of anything, for fuzzing and for the tests that hold its seeds.
//! No part of the program calls it.
//!
//! A defect is a panic, a text that is not bounded, or a fact that its own rules forbid: a vendor by one field, a token
//! that is told with a part of itself.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use super::fields::Fields;
use super::{alt_svc, challenges, error_source, habits, layers, limits, metrics, page, spoken, trace_ids};
use super::{bodies, cache_words, dates, flow, tokens};
use crate::trace::{Header, Http, WebToken, sample};

/// What a reader makes of bytes, or the defect.
pub type Judged = Result<(), String>;

/// The name of a target, and its reader.
pub type Target = (&'static str, fn(&[u8]) -> Judged);

/// Every reader, by the name of its target and of the folder of its seeds.
pub const READERS: &[Target] = &[
    ("layers", read_layers),
    ("timings", read_timings),
    ("limits", read_limits),
    ("challenges", read_challenges),
    ("logins", read_logins),
    ("tokens", read_tokens),
    ("habits", read_habits),
    ("bodies", read_bodies),
    ("dates", read_dates),
];

/// The longest text that a fact may hold: what is kept of a value, in the longest characters, and our words around it.
const LONGEST: usize = 2_000;

fn bounded(facts: &impl std::fmt::Debug, count: usize) -> Judged {
    let text = format!("{facts:?}");
    // Escaped, a character may take ten.
    let most = (count + 1) * LONGEST * 10;
    if text.len() > most { Err(format!("{} bytes of {count} facts", text.len())) } else { Ok(()) }
}

/// A field a line: `Name: value`.
fn head(bytes: &[u8]) -> Vec<Header> {
    let field = |line: &[u8]| {
        let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(end);
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        Header { name: String::from_utf8_lossy(name).into_owned(), value: value.to_vec() }
    };
    bytes.split(|byte| *byte == b'\n').take(1_000).map(field).collect()
}

/// A response: the first two bytes are its status, what stands behind an empty line the begin of its body.
fn response(bytes: &[u8]) -> Http {
    let (status, rest) = bytes.split_at(bytes.len().min(2));
    let status = status.iter().fold(0_u16, |sum, byte| sum << 8 | u16::from(*byte));
    let end = rest.windows(2).position(|two| two == b"\n\n").unwrap_or(rest.len());
    static SOUND: OnceLock<Http> = OnceLock::new();
    let sound = || sample::sound().requests[0].http.ran_mut().cloned();
    // The sample has a request, and that an answer.
    let mut http = SOUND.get_or_init(|| sound().unwrap_or_else(|| unreachable!())).clone();
    http.status = Some(100 + status % 500);
    http.headers = head(&rest[..end]);
    let body = rest.get(end + 2..).unwrap_or_default();
    http.body.said.page = page(body);
    http
}

/// Who stood on the way, and who made an error.
///
/// # Errors
/// A defect.
pub fn read_layers(bytes: &[u8]) -> Judged {
    let http = response(bytes);
    let all = layers(&http.headers);
    for layer in &all {
        if layer.vendor.is_some() && layer.evidence.len() < 2 {
            return Err(format!("a vendor by one field: {layer:?}"));
        }
    }
    if all.len() > 16 {
        return Err(format!("{} layers", all.len()));
    }
    for member in Fields::of(&http.headers).members("cache-status") {
        bounded(&cache_words::member(&member), 1)?;
    }
    bounded(&all, all.len())?;
    bounded(&error_source(&http), 1)
}

/// Server-Timing.
///
/// # Errors
/// A defect.
pub fn read_timings(bytes: &[u8]) -> Judged {
    let mut http = response(b"OK");
    http.headers.push(Header { name: "server-timing".to_owned(), value: bytes.to_vec() });
    let all = metrics(&http);
    if all
        .iter()
        .any(|metric| metric.name.is_empty() || metric.took_us.is_some_and(|took| took > 1_000_000_000_000))
    {
        return Err(format!("a metric without a name, or longer than any: {all:?}"));
    }
    bounded(&all, all.len())
}

/// Retry-After and the fields of quotas.
///
/// # Errors
/// A defect.
pub fn read_limits(bytes: &[u8]) -> Judged {
    let http = response(bytes);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let Some(said) = limits(&http, now) else { return Ok(()) };
    let _ = said.refused(http.status.unwrap_or_default());
    for quota in &said.quotas {
        if quota.limit.is_none() && quota.remaining.is_none() {
            return Err(format!("a quota of nothing: {quota:?}"));
        }
        if quota.fields.iter().any(|place| *place >= http.headers.len()) {
            return Err(format!("a field that is not there: {quota:?}"));
        }
        let _ = quota.reset.map(spoken);
    }
    let _ = said.retry.as_ref().map(|retry| spoken(retry.at));
    bounded(&said, said.quotas.len() + 1)
}

/// WWW-Authenticate.
///
/// # Errors
/// A defect.
pub fn read_challenges(bytes: &[u8]) -> Judged {
    let field = |value: &[u8]| Header { name: "WWW-Authenticate".to_owned(), value: value.to_vec() };
    let fields: Vec<Header> = bytes.split(|byte| *byte == b'\n').take(1_000).map(field).collect();
    let all = challenges(&fields, "www-authenticate");
    if all.len() > 16 || all.iter().any(|one| one.scheme.is_empty() || one.field >= fields.len()) {
        return Err(format!("{all:?}"));
    }
    all.iter().try_for_each(|challenge| {
        bounded(&challenge.meaning(), 6)?;
        bounded(challenge, 2 * challenge.parameters.len())
    })
}

/// A URL that may begin a login.
///
/// # Errors
/// A defect.
pub fn read_logins(bytes: &[u8]) -> Judged {
    let Some(flow) = flow::of_url(&String::from_utf8_lossy(bytes)) else { return Ok(()) };
    bounded(&flow, 4)
}

/// Tokens in a text.
///
/// # Errors
/// A defect.
pub fn read_tokens(bytes: &[u8]) -> Judged {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    for token in tokens::found(bytes) {
        let Some(told) = tokens::read(token, "url", now) else { continue };
        let WebToken { algorithm, audience, .. } = &told;
        if algorithm.is_none() || audience.len() > 8 {
            return Err(format!("{told:?}"));
        }
        bounded(&told, 6 + audience.len())?;
        let secret = token.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        // A claim may repeat a signature: nobody's would, by chance.
        let shown = format!("{:?}", (told.issued, told.expires, told.left, &told.faults));
        if secret.len() > 20 && shown.contains(&*String::from_utf8_lossy(secret)) {
            return Err(format!("a signature is told: {told:?}"));
        }
    }
    Ok(())
}

/// Link, Allow, Deprecation, Sunset, Alt-Svc and the names of requests.
///
/// # Errors
/// A defect.
pub fn read_habits(bytes: &[u8]) -> Judged {
    let fields = head(bytes);
    let said = habits(&fields);
    bounded(&said, said.links.len() + said.allow.len() + 2)?;
    let _ = said.sunset.map(spoken);
    let ids = trace_ids(&fields);
    bounded(&ids, ids.len())?;
    let places = alt_svc(&fields);
    bounded(&places, places.as_ref().map_or(0, |all| all.alternatives.len()))
}

/// The begin of a body: problem details, GraphQL, error pages. Its first byte says which media type it has.
///
/// # Errors
/// A defect.
pub fn read_bodies(bytes: &[u8]) -> Judged {
    let (kind, body) = bytes.split_at(bytes.len().min(1));
    let kinds = ["application/problem+json", "application/json", "application/graphql-response+json"];
    let kind = kinds[usize::from(kind.first().copied().unwrap_or_default()) % kinds.len()];
    let fields = [Header { name: "Content-Type".to_owned(), value: kind.into() }];
    bounded(&bodies::problem(&fields, body), 4)?;
    bounded(&bodies::graphql(&fields, body), 2)?;
    bounded(&page(body), 1)
}

/// Moments in all their forms.
///
/// # Errors
/// A defect.
pub fn read_dates(bytes: &[u8]) -> Judged {
    let text = String::from_utf8_lossy(bytes);
    for at in [dates::http_date(&text), dates::timestamp(&text)] {
        at.map(spoken).filter(|words| words.starts_with("a time")).map_or(Ok(()), Err)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_has_its_seeds_a_target_and_no_defect_in_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, read) in READERS {
            let folder = root.join("fixtures/fuzz").join(name);
            let seeds: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
            assert!(seeds.len() >= 3, "{name}: {} seeds", seeds.len());
            for seed in seeds {
                let bytes = std::fs::read(seed.path()).unwrap();
                read(&bytes).unwrap_or_else(|defect| panic!("{}: {defect}", seed.path().display()));
            }
            let target = root.join(format!("fuzz/fuzz_targets/{name}.rs"));
            let text = std::fs::read_to_string(target).unwrap();
            assert!(text.contains(&format!("fuzzing::read_{name}(")), "{name}");
        }
    }

    #[test]
    fn the_seeds_reach_what_they_are_for() {
        let seed = |path: &str| {
            std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(path))
                .unwrap()
        };
        assert_eq!(layers(&response(&seed("layers/stacked")).headers).len(), 3);
        assert!(error_source(&response(&seed("layers/error"))).is_some());
        assert_eq!(tokens::found(&seed("tokens/signed")).len(), 1);
        assert!(flow::of_url(&String::from_utf8(seed("logins/openid")).unwrap()).is_some());
        assert!(
            bodies::problem(
                &[Header { name: "content-type".to_owned(), value: b"application/problem+json".to_vec() }],
                &seed("bodies/problem")[1..]
            )
            .is_some()
        );
    }
}

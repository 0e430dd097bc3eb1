//! What a browser does with a response that it may have kept, when it comes back (RFC 9111): its own cache, shared with
//! nobody. Where the standard leaves a choice, Chrome's is taken.

use std::time::{Duration, SystemTime};

use super::dates::{http_date, sent_date};
use crate::trace::{
    self, Header, Http, HttpVersion, Reuse, ReuseReason, directive, header, members, seconds,
};

/// What is done, why, and what a request can ask by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What is done.
    pub reuse: Reuse,
    /// Why.
    pub why: ReuseReason,
    /// For If-None-Match.
    pub etag: Option<String>,
    /// For If-Modified-Since.
    pub modified: Option<String>,
}

impl Stored {
    /// What is not there to be used, or may not be.
    #[must_use]
    pub const fn gone(why: ReuseReason) -> Self {
        Self { reuse: Reuse::Fetched, why, etag: None, modified: None }
    }

    /// What nobody need be asked about.
    #[must_use]
    pub const fn fresh(why: ReuseReason) -> Self {
        Self { reuse: Reuse::Fresh, why, etag: None, modified: None }
    }
}

/// The times of a response on this machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When it came.
    pub came: SystemTime,
    /// How long it was waited for.
    pub delay: Duration,
    /// When it is to be used again.
    pub now: SystemTime,
}

/// What may be used while it is asked about (RFC 5861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleUse {
    /// Browsers let it be used: it is no document.
    Allowed,
    /// They do not.
    Never,
}

/// Judges a whole response to a GET. `cookie` is the Cookie field that a request would have now.
#[must_use]
pub fn stored(http: &Http, times: Times, stale: StaleUse, cookie: Option<&str>) -> Stored {
    let fields = &http.headers;
    let says = |name: &str| directive(fields, "cache-control", name).is_some_and(|it| it.is_empty());
    if says("no-store") {
        return Stored::gone(ReuseReason::NoStore);
    }
    let differs = varies(http, cookie);
    // Nothing but a success is asked about, as in Chrome; nor what HTTP/1.0 gave as a tag.
    let is_success = http.status == Some(200);
    let etag = header(fields, "etag").filter(|_| is_success && http.version != HttpVersion::Http10);
    let modified = header(fields, "last-modified").filter(|_| is_success && !differs);
    let told = |text: std::borrow::Cow<'_, str>| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let (etag, modified) = (etag.and_then(told), modified.and_then(told));
    let has_validator = etag.is_some() || modified.is_some();
    let with = |reuse, why| Stored { reuse, why, etag: etag.clone(), modified: modified.clone() };
    let asked = |why| {
        if has_validator { with(Reuse::Revalidated, why) } else { Stored::gone(ReuseReason::NoValidator) }
    };
    if differs {
        return if has_validator {
            with(Reuse::Revalidated, ReuseReason::Vary)
        } else {
            Stored::gone(ReuseReason::Vary)
        };
    }
    let pragma = members(fields, "pragma").iter().any(|word| word.eq_ignore_ascii_case("no-cache"));
    if says("no-cache") || pragma {
        return asked(ReuseReason::NoCache);
    }
    let (lifetime, why) = lifetime(http, times.came, says("must-revalidate"));
    let age = age(fields, times);
    if lifetime > age {
        return Stored::fresh(why);
    }
    let grace = directive(fields, "cache-control", "stale-while-revalidate").and_then(|it| seconds(&it));
    let grace = grace.filter(|_| stale == StaleUse::Allowed && !says("must-revalidate"));
    if lifetime.saturating_add(Duration::from_secs(grace.unwrap_or_default())) > age {
        return with(Reuse::Stale, why);
    }
    asked(why)
}

/// Whether a request now would not be matched by what was kept (RFC 9111 section 4.1). All its fields are those of the
/// first visit, but for cookies.
fn varies(http: &Http, cookie: Option<&str>) -> bool {
    members(&http.headers, "vary").iter().any(|name| match name.as_str() {
        "*" => true,
        name if name.eq_ignore_ascii_case("cookie") => {
            header(&http.request.headers, "cookie").as_deref() != cookie
        }
        _ => false,
    })
}

/// For how long it is fresh, and by whose word (sections 4.2.1 and 4.2.2).
fn lifetime(http: &Http, came: SystemTime, must_revalidate: bool) -> (Duration, ReuseReason) {
    let fields = &http.headers;
    let max_age = directive(fields, "cache-control", "max-age").and_then(|age| seconds(&age));
    if let Some(age) = max_age {
        return (Duration::from_secs(age), ReuseReason::MaxAge);
    }
    let date = sent_date(fields).unwrap_or(came);
    if let Some(expires) = header(fields, "expires") {
        // What cannot be read has passed (section 5.3).
        let left = http_date(&expires).and_then(|at| at.duration_since(date).ok());
        return (left.unwrap_or_default(), ReuseReason::Expires);
    }
    let guessed = matches!(http.status, Some(200 | 203 | 206)) && !must_revalidate;
    let modified = header(fields, "last-modified").filter(|_| guessed).and_then(|at| http_date(&at));
    if let Some(since) = modified.and_then(|modified| date.duration_since(modified).ok()) {
        return (since / 10, ReuseReason::Heuristic);
    }
    if matches!(http.status, Some(300 | 301 | 308 | 410)) {
        return (Duration::MAX, ReuseReason::Permanent);
    }
    (Duration::ZERO, ReuseReason::NoLifetime)
}

/// How old it is (section 4.2.3).
fn age(fields: &[Header], times: Times) -> Duration {
    let apparent = sent_date(fields).and_then(|date| times.came.duration_since(date).ok());
    let told = trace::age(fields);
    let received = apparent.unwrap_or_default().max(Duration::from_secs(told.unwrap_or_default()));
    let resident = times.now.duration_since(times.came).unwrap_or_default();
    received.saturating_add(times.delay).saturating_add(resident)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample::{self, http};

    const DATE: &str = "date: Wed, 06 Nov 2024 10:42:57 GMT";

    /// What becomes of a response of these lines, two seconds after it came at its Date.
    fn judged(status: u16, lines: &str) -> Stored {
        let mut trace = sample::sound();
        let http = http(&mut trace);
        http.status = Some(status);
        http.headers = format!("{DATE}\n{lines}")
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| Header { name: name.to_owned(), value: value.into() })
            .collect();
        let came = http_date("Wed, 06 Nov 2024 10:42:57 GMT").unwrap();
        let times = Times { came, delay: Duration::ZERO, now: came + Duration::from_secs(2) };
        stored(http, times, StaleUse::Allowed, None)
    }

    #[test]
    fn what_a_browser_does_when_it_comes_back() {
        use ReuseReason as Why;
        let old = "last-modified: Mon, 06 May 2024 10:42:57 GMT";
        for (status, lines, reuse, why) in [
            (200, "cache-control: max-age=60".to_owned(), Reuse::Fresh, Why::MaxAge),
            (200, "cache-control: max-age=60, immutable".to_owned(), Reuse::Fresh, Why::MaxAge),
            (200, "cache-control: max-age=60\nage: 58".to_owned(), Reuse::Fetched, Why::NoValidator),
            (200, "cache-control: max-age=60\nage: 57\netag: \"a\"".to_owned(), Reuse::Fresh, Why::MaxAge),
            (200, "cache-control: max-age=60\nage: 58, 0".to_owned(), Reuse::Fetched, Why::NoValidator),
            (200, "cache-control: max-age=60\nage: 58\nage: 0".to_owned(), Reuse::Fetched, Why::NoValidator),
            (200, "cache-control: max-age=1\netag: \"a\"".to_owned(), Reuse::Revalidated, Why::MaxAge),
            // Of a shared cache alone.
            (200, "cache-control: s-maxage=60\netag: \"a\"".to_owned(), Reuse::Revalidated, Why::NoLifetime),
            (
                200,
                "cache-control: max-age=0\nexpires: Wed, 06 Nov 2030 10:42:57 GMT\netag: \"a\"".to_owned(),
                Reuse::Revalidated,
                Why::MaxAge,
            ),
            (200, "expires: Wed, 06 Nov 2024 10:43:57 GMT".to_owned(), Reuse::Fresh, Why::Expires),
            (200, format!("expires: 0\n{old}"), Reuse::Revalidated, Why::Expires),
            (200, old.to_owned(), Reuse::Fresh, Why::Heuristic),
            (200, format!("cache-control: must-revalidate\n{old}"), Reuse::Revalidated, Why::NoLifetime),
            (404, old.to_owned(), Reuse::Fetched, Why::NoValidator),
            (404, "cache-control: max-age=60".to_owned(), Reuse::Fresh, Why::MaxAge),
            (301, String::new(), Reuse::Fresh, Why::Permanent),
            (301, "cache-control: no-cache".to_owned(), Reuse::Fetched, Why::NoValidator),
            (302, "etag: \"a\"".to_owned(), Reuse::Fetched, Why::NoValidator),
            (302, "cache-control: max-age=60".to_owned(), Reuse::Fresh, Why::MaxAge),
            (
                200,
                "cache-control: no-store, max-age=60\netag: \"a\"".to_owned(),
                Reuse::Fetched,
                Why::NoStore,
            ),
            (
                200,
                "cache-control: no-cache, max-age=60\netag: \"a\"".to_owned(),
                Reuse::Revalidated,
                Why::NoCache,
            ),
            (200, "cache-control: no-cache=\"set-cookie\", max-age=60".to_owned(), Reuse::Fresh, Why::MaxAge),
            (200, format!("vary: *\ncache-control: max-age=60\n{old}"), Reuse::Fetched, Why::Vary),
            (
                200,
                "vary: *\ncache-control: max-age=60\netag: \"a\"".to_owned(),
                Reuse::Revalidated,
                Why::Vary,
            ),
            (
                200,
                "vary: accept-encoding, cookie\ncache-control: max-age=60".to_owned(),
                Reuse::Fresh,
                Why::MaxAge,
            ),
            (200, "cache-control: max-age=1, stale-while-revalidate=5".to_owned(), Reuse::Stale, Why::MaxAge),
            (
                200,
                "cache-control: max-age=1, stale-while-revalidate=1\netag: \"a\"".to_owned(),
                Reuse::Revalidated,
                Why::MaxAge,
            ),
            (200, String::new(), Reuse::Fetched, Why::NoValidator),
            (200, "etag: \"a\"".to_owned(), Reuse::Revalidated, Why::NoLifetime),
        ] {
            let judged = judged(status, &lines);
            assert_eq!((judged.reuse, judged.why), (reuse, why), "{status} {lines}");
        }
    }

    #[test]
    fn a_request_asks_by_what_was_given() {
        let both = judged(
            200,
            "cache-control: no-cache\netag: W/\"a\"\nlast-modified: Mon, 06 May 2024 10:42:57 GMT",
        );
        assert_eq!(both.etag.as_deref(), Some("W/\"a\""));
        assert_eq!(both.modified.as_deref(), Some("Mon, 06 May 2024 10:42:57 GMT"));
        let other = judged(200, "vary: *\netag: \"a\"\nlast-modified: Mon, 06 May 2024 10:42:57 GMT");
        assert_eq!((other.etag.as_deref(), other.modified), (Some("\"a\""), None), "of another request");
    }

    #[test]
    fn a_cookie_that_has_changed_is_another_request() {
        let mut trace = sample::sound();
        let http = http(&mut trace);
        http.headers = [("vary", "Cookie"), ("cache-control", "max-age=60")]
            .map(|(name, value)| Header { name: name.to_owned(), value: value.into() })
            .into();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let times = Times { came: now, delay: Duration::ZERO, now };
        let of = |cookie| stored(http, times, StaleUse::Allowed, cookie).reuse;
        assert_eq!((of(None), of(Some("a=1"))), (Reuse::Fresh, Reuse::Fetched));
    }
}

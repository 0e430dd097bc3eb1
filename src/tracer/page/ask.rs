//! What a request of a page says of itself, as Chrome says it: Accept, Referer, Origin, Priority, cookies.

use crate::http::{self, Ask, OnBehalf};
use crate::page::{Cors, Wish, is_picture};
use crate::plan::{Compression, Cookie, CookieJar, ExpectPlan, HttpPlan};
use crate::suffix;
use crate::trace::{Priority, ResourceKind, Url};

use super::hosts::Credentials;
use super::revisit::Row;

/// What Chrome accepts of images.
const IMAGES: &str = "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
/// And of documents, but for signed exchanges, which are not read here.
const DOCUMENTS: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8";

/// Whether a resource is fetched with credentials.
pub(super) fn credentials(wish: &Wish, url: &Url) -> Credentials {
    let is_bare = wish.cors == Cors::Anonymous || wish.cors == Cors::No && wish.credentialless;
    let is_apart = wish.apart || wish.terms.apart;
    if is_apart || is_bare && !is_own(wish, url) { Credentials::Omitted } else { Credentials::Sent }
}

/// The plan of one request: that of the document without what belongs to the document alone.
pub(super) fn plan(
    of: &HttpPlan,
    (page, url): (&Url, &Url),
    wish: &Wish,
    (kind, priority): (ResourceKind, Priority),
) -> HttpPlan {
    let same = http::origin_of(page) == http::origin_of(url);
    // What is given for the document's server is nobody else's.
    let given = of.headers.iter().filter(|(name, _)| same && !is_of_document(name)).cloned();
    let accept = match kind {
        _ if wish.dictionary => "*/*",
        _ if wish.prefetch => DOCUMENTS,
        ResourceKind::Image | ResourceKind::Icon => IMAGES,
        ResourceKind::Stylesheet => "text/css,*/*;q=0.1",
        ResourceKind::Frame | ResourceKind::Document => DOCUMENTS,
        // What is no picture by its name is a document to browsers.
        ResourceKind::Object if !is_picture(&url.path) => DOCUMENTS,
        _ => "*/*",
    };
    let mut headers = vec![("Accept".to_owned(), Some(accept.to_owned()))];
    let urgency = priority_field(kind, priority, wish.prefetch);
    headers.extend(urgency.map(|urgency| ("Priority".to_owned(), Some(urgency))));
    headers.extend(referer(wish, url).map(|referer| ("Referer".to_owned(), Some(referer))));
    headers.extend(given);
    HttpPlan {
        method: None,
        headers,
        cookies: Vec::new(),
        cookie_jar: CookieJar::OfChain,
        body: None,
        compression: match of.compression {
            Compression::Unasked => Compression::Unasked,
            Compression::Asked | Compression::Undone => Compression::Undone,
        },
        output: None,
        origin: None,
        reuse: None,
        ..of.clone()
    }
}

/// How urgent it is, and whether its bytes are of use as they come (RFC 9218 section 4): Chrome says so of all but
/// stylesheets, scripts, fonts and manifests. What is the default it does not say.
fn priority_field(kind: ResourceKind, priority: Priority, prefetch: bool) -> Option<String> {
    let is_whole = matches!(
        kind,
        ResourceKind::Stylesheet | ResourceKind::Script | ResourceKind::Font | ResourceKind::Manifest
    );
    let urgency = match priority.urgency() {
        3 => None,
        urgency => Some(format!("u={urgency}")),
    };
    let incremental = (!is_whole || prefetch).then(|| "i".to_owned());
    let parts: Vec<String> = urgency.into_iter().chain(incremental).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn is_of_document(name: &str) -> bool {
    ["accept", "content-type", "content-length", "range", "referer", "host", "priority", "origin"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

/// By the policy of the element, or else of whoever asks.
fn referer(wish: &Wish, url: &Url) -> Option<String> {
    let from = wish.terms.asker.as_ref()?;
    let policy = wish.referrer.or(wish.terms.referrer).unwrap_or_default();
    policy.referer(from, &::url::Url::parse(&url.href).ok()?)
}

/// Whether it leads to the origin of the document or the frame that it is for.
pub(super) fn is_own(wish: &Wish, url: &Url) -> bool {
    !wish.tainted
        && !wish.terms.is_opaque()
        && wish
            .terms
            .document
            .as_ref()
            .is_some_and(|own| own.origin().ascii_serialization() == http::origin_of(url))
}

/// The origin of that, as servers are told it.
pub(super) fn own_origin(wish: &Wish) -> String {
    let document = wish.terms.document.as_ref().filter(|_| !wish.tainted && !wish.terms.is_opaque());
    document.map_or_else(|| "null".to_owned(), |own| own.origin().ascii_serialization())
}

/// Whether a response may not be read by the page: of another origin, and asked for without CORS.
pub(super) fn is_opaque(wish: &Wish, url: &Url) -> bool {
    wish.cors == Cors::No && !is_own(wish, url)
}

/// Whether it leads to the site of the document or the frame that it is for; what came in the clear is of no site that
/// is read over TLS (Fetch section 3.7).
pub(super) fn is_of_same_site(wish: &Wish, url: &Url) -> bool {
    let own = wish.terms.document.as_ref().filter(|_| !wish.terms.is_opaque());
    own.is_some_and(|own| {
        suffix::site(own.host_str().unwrap_or_default()) == suffix::site(&url.host_ascii)
            && (own.scheme() == "https" || url.scheme.is_clear())
    })
}

/// Whether a request goes to another site than the page's, or from a document of one: with it go no cookies but those
/// that say so (RFC 6265bis section 5.2).
pub(super) fn is_other_site((page, url): (&Url, &Url), wish: &Wish) -> bool {
    let own = suffix::site(&page.host_ascii);
    let is_own_site =
        |host: &str, is_clear: bool| suffix::site(host) == own && page.scheme.is_clear() == is_clear;
    let asker = wish.terms.document.as_ref();
    let of_asker =
        asker.is_none_or(|asker| is_own_site(asker.host_str().unwrap_or_default(), asker.scheme() == "http"));
    !(of_asker && !wish.terms.is_opaque() && is_own_site(&url.host_ascii, url.scheme.is_clear()))
}

/// The cookies that go with it.
fn fitting((page, url): (&Url, &Url), wish: &Wish, cookies: &[Cookie]) -> Vec<Cookie> {
    let other = is_other_site((page, url), wish);
    cookies.iter().filter(|cookie| !other || cookie.cross_site).cloned().collect()
}

/// The request.
pub(super) fn ask((page, url): (&Url, &Url), wish: &Wish, cookies: &[Cookie]) -> Ask {
    let same = http::origin_of(page) == http::origin_of(url);
    let sent = credentials(wish, url) == Credentials::Sent;
    Ask {
        method: "GET".to_owned(),
        body: None,
        expect: ExpectPlan::Never,
        cookies: if sent { fitting((page, url), wish, cookies) } else { Vec::new() },
        credentials: same,
        given_host: false,
        on_behalf: match wish.cors {
            // Of a frame in a sandbox Chrome says so in each request.
            Cors::No if wish.framed && wish.terms.is_opaque() => OnBehalf::Page { origin: own_origin(wish) },
            Cors::No => OnBehalf::Nobody,
            // Of a dictionary Chrome names no origin to itself; of all else it does.
            _ if wish.dictionary && is_own(wish, url) => OnBehalf::Nobody,
            Cors::Anonymous | Cors::Credentials => OnBehalf::Page { origin: own_origin(wish) },
        },
        trace: None,
        listener: None,
    }
}

/// The same at the second visit, asked by what the first one's response gave. A document is asked for as any URL is.
pub(super) fn once_more(
    (http, ask): (HttpPlan, Ask),
    row: &Row,
    of: &HttpPlan,
    (first, url): (Option<&Url>, &Url),
    cookies: &[Cookie],
) -> (HttpPlan, Ask) {
    let (mut http, ask) = if row.is_document {
        let same = first.is_some_and(|first| http::origin_of(first) == http::origin_of(url));
        let given_host = first.is_some_and(|first| first.host_ascii == url.host_ascii);
        let ask = Ask { cookies: cookies.to_vec(), credentials: same, given_host, ..ask };
        (HttpPlan { output: None, reuse: None, ..of.clone() }, ask)
    } else {
        (http, ask)
    };
    for (name, value) in [("If-None-Match", &row.stored.etag), ("If-Modified-Since", &row.stored.modified)] {
        http.headers.extend(value.as_ref().map(|value| (name.to_owned(), Some(value.clone()))));
    }
    (http, ask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Terms;
    use crate::url;
    use std::rc::Rc;

    #[test]
    fn cookies_go_to_the_page_s_own_site_alone_but_for_those_that_say_so() {
        let cookie = |name: &str, domain: &str, cross_site| Cookie {
            domain: domain.to_owned(),
            subdomains: true,
            path: "/".to_owned(),
            secure: cross_site,
            cross_site,
            expires: None,
            name: name.to_owned(),
            value: "v".to_owned(),
        };
        let jar =
            [cookie("own", "a.test", false), cookie("lax", "b.test", false), cookie("none", "b.test", true)];
        let page = url::parse("https://www.a.test/").unwrap();
        for (asker, to, names) in [
            ("https://www.a.test/", "https://img.a.test/x", &["own", "lax", "none"][..]),
            ("https://www.a.test/", "https://b.test/x", &["none"]),
            ("https://b.test/frame", "https://www.a.test/x", &["none"]),
            ("https://www.a.test/", "http://www.a.test/x", &["none"]),
        ] {
            let wish = Wish { terms: Rc::new(Terms::of(asker, &[])), ..Wish::default() };
            let given = fitting((&page, &url::parse(to).unwrap()), &wish, &jar);
            let given: Vec<_> = given.iter().map(|cookie| cookie.name.as_str()).collect();
            assert_eq!(given, names, "{asker} {to}");
        }
    }

    #[test]
    fn a_credentialless_document_tells_other_origins_nothing() {
        let wish = |cors| Wish {
            terms: Rc::new(Terms::of("https://www.a.test/", &[])),
            credentialless: true,
            cors,
            ..Wish::default()
        };
        for (cors, to, is_told) in [
            (Cors::No, "https://www.a.test/x", true),
            (Cors::No, "https://img.a.test/x", false),
            (Cors::Credentials, "https://img.a.test/x", true),
        ] {
            let told = credentials(&wish(cors), &url::parse(to).unwrap());
            assert_eq!(told == Credentials::Sent, is_told, "{cors:?} {to}");
        }
    }

    #[test]
    fn a_sandbox_makes_everybody_a_stranger() {
        let own = Terms::of("https://www.a.test/frame", &[]);
        let boxed = own.clone().framed(Some("allow-scripts"), &Terms::default());
        let (page, url) =
            (url::parse("https://www.a.test/").unwrap(), url::parse("https://www.a.test/x").unwrap());
        for (terms, is_free) in [(own, true), (boxed, false)] {
            let wish = Wish { terms: Rc::new(terms), cors: Cors::Anonymous, ..Wish::default() };
            assert_eq!(is_own(&wish, &url), is_free);
            assert_eq!(own_origin(&wish) == "null", !is_free);
            assert_eq!(is_other_site((&page, &url), &wish), !is_free);
            assert_eq!(credentials(&wish, &url) == Credentials::Sent, is_free);
            let plain = Wish { cors: Cors::No, framed: true, ..wish };
            let origin = OnBehalf::Page { origin: "null".to_owned() };
            assert_eq!(ask((&page, &url), &plain, &[]).on_behalf == origin, !is_free);
        }
    }
}

//! What a request of a page says of itself, as Chrome says it: Accept, Referer, Origin, Priority, cookies.

use crate::http::{self, Ask, OnBehalf};
use crate::page::{Cors, Wish};
use crate::plan::{Compression, Cookie, CookieJar, ExpectPlan, HttpPlan};
use crate::trace::{Priority, ResourceKind, Url};

use super::hosts::Credentials;

/// What Chrome accepts of images.
const IMAGES: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
/// And of documents.
const DOCUMENTS: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/// Whether a resource is fetched with credentials, for a page of an origin.
pub(super) fn credentials(page: &Url, url: &Url, cors: Cors) -> Credentials {
    let same = http::origin_of(page) == http::origin_of(url);
    if cors == Cors::Anonymous && !same { Credentials::Omitted } else { Credentials::Sent }
}

/// The plan of one request: that of the document without what belongs to the document alone.
pub(super) fn plan(
    of: &HttpPlan,
    (page, url): (&Url, &Url),
    kind: ResourceKind,
    priority: Priority,
) -> HttpPlan {
    let same = http::origin_of(page) == http::origin_of(url);
    // What is given for the document's server is nobody else's.
    let given = of.headers.iter().filter(|(name, _)| same && !is_of_document(name)).cloned();
    let accept = match kind {
        ResourceKind::Image | ResourceKind::Icon => IMAGES,
        ResourceKind::Stylesheet => "text/css,*/*;q=0.1",
        ResourceKind::Frame | ResourceKind::Document => DOCUMENTS,
        _ => "*/*",
    };
    let mut headers = vec![
        ("Accept".to_owned(), Some(accept.to_owned())),
        ("Priority".to_owned(), Some(format!("u={}", priority.urgency()))),
    ];
    headers.extend(referer(page, url).map(|referer| ("Referer".to_owned(), Some(referer))));
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

fn is_of_document(name: &str) -> bool {
    ["accept", "content-type", "content-length", "range", "referer", "host", "priority", "origin"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

/// By the default policy, strict-origin-when-cross-origin (Referrer Policy, section 3.7).
fn referer(page: &Url, url: &Url) -> Option<String> {
    if !page.scheme.is_clear() && url.scheme.is_clear() {
        return None;
    }
    let origin = http::origin_of(page);
    if origin != http::origin_of(url) {
        return Some(format!("{origin}/"));
    }
    let query = page.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    Some(format!("{origin}{}{query}", page.path))
}

/// The request.
pub(super) fn ask((page, url): (&Url, &Url), wish: &Wish, cookies: &[Cookie]) -> Ask {
    let same = http::origin_of(page) == http::origin_of(url);
    let sent = credentials(page, url, wish.cors) == Credentials::Sent;
    Ask {
        method: "GET".to_owned(),
        body: None,
        expect: ExpectPlan::Never,
        cookies: if sent { cookies.to_vec() } else { Vec::new() },
        credentials: same,
        given_host: false,
        on_behalf: match wish.cors {
            Cors::No => OnBehalf::Nobody,
            _ if same => OnBehalf::Nobody,
            Cors::Anonymous | Cors::Credentials => OnBehalf::Page { origin: http::origin_of(page) },
        },
        trace: None,
        listener: None,
    }
}

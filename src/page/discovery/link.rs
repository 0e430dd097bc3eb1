//! Link fields (RFC 8288), of a response and of the 103 before it (RFC 8297).

use url::Url;

use super::charset::Charset;
use super::elements::{Rel, essence, is_javascript, linked};
use super::resolve::{Resolved, resolve};
use super::srcset;
use crate::page::found::{Found, Place};
use crate::trace::{Header, InitiatorKind, Viewport, parameter};

/// Links that are looked at.
const MOST: usize = 256;

/// Which response a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkSource {
    /// A 103, of which browsers take preload and preconnect.
    EarlyHints,
    /// The response itself.
    Response,
}

/// What the Link fields of a response ask for.
#[must_use]
pub fn links(base: &str, headers: &[Header], source: LinkSource, viewport: Viewport) -> Vec<Found> {
    let Ok(base) = Url::parse(base) else { return Vec::new() };
    let lines = headers.iter().filter(|field| field.name.eq_ignore_ascii_case("link"));
    let mut all = Vec::new();
    for line in lines {
        for link in split(&line.text()) {
            if all.len() < MOST {
                all.extend(read(link, &base, source, viewport));
            }
        }
    }
    all
}

fn read(link: &str, base: &Url, source: LinkSource, viewport: Viewport) -> Option<Found> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let value = |name: &str| parameter(parameters, name);
    // A link with another context is none of this response (RFC 8288 section 3.2), and Chromium heeds none that names one.
    if value("anchor").is_some() {
        return None;
    }
    let rels = value("rel")?;
    let rel = Rel::of(&rels)?;
    // In a field it takes scripts of their own types alone; in markup of any.
    let is_other =
        |kind: String| !kind.trim().is_empty() && !is_javascript(&essence(&kind).to_ascii_lowercase());
    let of_script = value("as").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("script"));
    if rel == Rel::Preload && of_script && value("type").is_some_and(is_other) {
        return None;
    }
    let early = matches!(rel, Rel::Preload | Rel::ModulePreload | Rel::Preconnect);
    // A page cannot be styled by a field of Chrome's, and a 103 knows of few.
    if rel == Rel::Stylesheet || (source == LinkSource::EarlyHints && !early) {
        return None;
    }
    let by = match source {
        LinkSource::EarlyHints => InitiatorKind::EarlyHint,
        LinkSource::Response => InitiatorKind::Header,
    };
    let images = value("imagesrcset").filter(|_| rel == Rel::Preload);
    let sizes = value("imagesizes");
    let chosen = images
        .as_deref()
        .and_then(|images| srcset::choose(images, sizes.as_deref(), Some(target), viewport))
        .map(|(url, note)| (url.to_owned(), note));
    let (target, note) = match &chosen {
        Some((url, note)) => (url.as_str(), Some(note.clone())),
        None => (target, None),
    };
    let (url, left) = match resolve(base, Charset::Utf8, target) {
        Resolved::Url(url) => (url, None),
        Resolved::Left(url, why) => (url, Some(why)),
        Resolved::Nothing => return None,
    };
    let mut found = linked(rel, &value, viewport)?;
    (found.url, found.by, found.left) = (url, by, left.or(found.left));
    (found.wish.place, found.note) = (Place::Head, note.or(found.note));
    Some(found)
}

/// The links of a line: a comma in a URL or in a quoted string parts nothing.
fn split(line: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut in_url, mut quoted, mut escaped) = (false, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !in_url => quoted = !quoted,
            b'<' if !quoted => in_url = true,
            b'>' if !quoted => in_url = false,
            b',' if !quoted && !in_url => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ResourceKind;

    fn of(value: &str, source: LinkSource) -> Vec<(String, ResourceKind)> {
        let headers = [Header { name: "Link".to_owned(), value: value.into() }];
        let found = links("https://example.test/dir/", &headers, source, Viewport::default());
        found.into_iter().map(|found| (found.url, found.kind)).collect()
    }

    #[test]
    fn links_are_read() {
        use LinkSource::{EarlyHints, Response};
        use ResourceKind::{Font, Preconnect, Script, Stylesheet};
        let url = |path: &str| format!("https://example.test{path}");
        for (value, source, expected) in [
            ("</a.css>; rel=preload; as=style", Response, vec![(url("/a.css"), Stylesheet)]),
            ("<a,b.css>;rel=\"preload\";as=style", EarlyHints, vec![(url("/dir/a,b.css"), Stylesheet)]),
            (
                "</f.woff2>; rel=preload; as=font; crossorigin, </m.js>; rel=modulepreload",
                Response,
                vec![(url("/f.woff2"), Font), (url("/m.js"), Script)],
            ),
            (
                "<https://cdn.test>; rel=preconnect",
                EarlyHints,
                vec![("https://cdn.test/".to_owned(), Preconnect)],
            ),
            ("</x>; rel=prefetch", EarlyHints, vec![]),
            ("</x>; rel=preload", Response, vec![]),
            ("</x>; rel=preload; as=style; media=print", Response, vec![]),
            ("</x.css>; rel=stylesheet", Response, vec![]),
            ("</x>; rel=canonical", Response, vec![]),
            ("/x; rel=preload; as=style", Response, vec![]),
            (
                "</f.png>; rel=preload; as=image; imagesrcset=\"/g.png 1x, /h.png 2x\"",
                Response,
                vec![(url("/g.png"), ResourceKind::Image)],
            ),
            ("<data:text/css,a>; rel=preload; as=style", Response, vec![]),
            ("</a.css>; rel=preload; as=style; anchor=\"/other\"", Response, vec![]),
            ("</a.js>; rel=preload; as=script; type=text/plain", Response, vec![]),
            ("</a.js>; rel=preload; as=script; type=Text/JavaScript", Response, vec![(url("/a.js"), Script)]),
        ] {
            assert_eq!(of(value, source), expected, "{value}");
        }
    }
}

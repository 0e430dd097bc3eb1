//! Content Security Policy (W3C CSP Level 3), as far as it decides what is fetched: which directive a request falls
//! under, and whether its sources allow it.
//!
//! Scripts, evaluation and where forms may lead are no matter of fetching and left aside.

use url::Url;

use crate::trace::ResourceKind;

/// Policies that are looked at, and sources of one directive.
const MOST: usize = 32;
const MOST_SOURCES: usize = 512;
/// Directives of one policy, and bytes of its text; browsers' own bounds are those of a response's head.
const MOST_DIRECTIVES: usize = 64;
const LONGEST: usize = 64 << 10;

/// All policies of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    all: Vec<Policy>,
}

/// Directives in their order; of equal names the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Policy(Vec<(String, Vec<String>)>);

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The document's URL: what `'self'` means.
    pub document: &'a Url,
    /// Where the request leads.
    pub url: &'a Url,
    /// What it is for.
    pub kind: ResourceKind,
    /// For a page that may come later.
    pub prefetch: bool,
    /// A module that is asked for ahead: no parser has inserted it (HTML section 8.1.4.2).
    pub of_modules: bool,
    /// What the element says.
    pub nonce: Option<&'a str>,
    /// The same.
    pub integrity: Option<&'a str>,
    /// Behind a redirect, where paths do not count (section 6.7.2.8).
    pub redirected: bool,
}

impl Policies {
    /// Adds those of a field's value, which may hold several.
    pub fn add_field(&mut self, value: &str) {
        for policy in value.split(',') {
            self.add(policy, true);
        }
    }

    /// Adds that of a meta element, in which some directives mean nothing (HTML, section 4.2.5.3).
    pub fn add_meta(&mut self, value: &str) {
        self.add(value, false);
    }

    fn add(&mut self, text: &str, of_field: bool) {
        if self.all.len() >= MOST || text.len() > LONGEST {
            return;
        }
        let mut directives: Vec<(String, Vec<String>)> = Vec::new();
        for directive in text.split(';').take(MOST_DIRECTIVES) {
            let mut words = directive.split_ascii_whitespace();
            let Some(name) = words.next().map(str::to_ascii_lowercase) else { continue };
            let is_void = !of_field && matches!(name.as_str(), "sandbox" | "frame-ancestors" | "report-uri");
            if !is_void && directives.iter().all(|(own, _)| *own != name) {
                directives.push((name, words.take(MOST_SOURCES).map(str::to_owned).collect()));
            }
        }
        if !directives.is_empty() {
            self.all.push(Policy(directives));
        }
    }

    /// Whether any says that http is to be made https.
    #[must_use]
    pub fn upgrade(&self) -> bool {
        self.all.iter().any(|policy| policy.directive("upgrade-insecure-requests").is_some())
    }

    /// Whether a sandbox takes the document's origin from it, which then tells nobody where it comes from.
    #[must_use]
    pub fn bars_origin(&self) -> bool {
        let barred = |words: &[String]| !has(words, "allow-same-origin");
        self.all.iter().any(|policy| policy.directive("sandbox").is_some_and(barred))
    }

    /// Puts a document into the sandbox of the frame that it is in, as the attribute has it, and into those around it.
    pub(super) fn enter(&mut self, attribute: Option<&str>, around: &Self) {
        let of_policy = |policy: &Policy| policy.directive("sandbox").map(|words| words.join(" "));
        let around: Vec<String> = around.all.iter().filter_map(of_policy).collect();
        for words in around.iter().map(String::as_str).chain(attribute) {
            // Either would begin something else in a field; in the attribute it is a part of a word.
            self.add_field(&format!("sandbox {}", words.replace([';', ','], "+")));
        }
    }

    /// Whether scripts are kept from running by a sandbox: then markup for browsers without them counts.
    #[must_use]
    pub fn bars_scripts(&self) -> bool {
        self.all.iter().any(Policy::bars_scripts)
    }

    /// The directive that a request breaks, with its value.
    #[must_use]
    pub fn broken_by(&self, judged: &Judged<'_>) -> Option<String> {
        self.all.iter().find_map(|policy| {
            if judged.prefetch {
                return policy.breaks_hint(judged);
            }
            let (name, sources) = policy.of(names_of(judged.kind))?;
            let allowed = allows(sources, judged);
            (!allowed).then(|| shown(name, sources))
        })
    }

    /// Whether any says who may frame the document: X-Frame-Options does not count then (section 6.4.2.2).
    #[must_use]
    pub fn says_who_frames(&self) -> bool {
        self.all.iter().any(|policy| policy.directive("frame-ancestors").is_some())
    }

    /// Whether they keep a document from being framed in another (section 6.4.2.1).
    #[must_use]
    pub fn bars_frame(&self, own: &Url, ancestor: &Url) -> bool {
        self.all.iter().filter_map(|policy| policy.directive("frame-ancestors")).any(|sources| {
            // Paths say nothing here: the ancestor's origin is matched.
            !sources.iter().any(|source| matches(source, (own, ancestor), true))
        })
    }

    /// The directive that keeps a base element from being heard.
    #[must_use]
    pub fn bars_base(&self, document: &Url, base: &Url) -> Option<String> {
        self.all.iter().find_map(|policy| {
            let sources = policy.directive("base-uri")?;
            let url = (document, base);
            (!sources.iter().any(|source| matches(source, url, false))).then(|| shown("base-uri", sources))
        })
    }
}

impl Policy {
    fn directive(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, sources)| sources.as_slice())
    }

    fn bars_scripts(&self) -> bool {
        let barred = |words: &[String]| !has(words, "allow-scripts");
        self.directive("sandbox").is_some_and(barred)
    }

    /// The first of these that is there.
    fn of(&self, names: &[&'static str]) -> Option<(&'static str, &[String])> {
        names.iter().find_map(|name| Some((*name, self.directive(name)?)))
    }

    /// A hint is broken where default-src is there and no directive of fetching allows it (section 6.7.2.3).
    fn breaks_hint(&self, judged: &Judged<'_>) -> Option<String> {
        let default = self.directive("default-src")?;
        let fetching = self.0.iter().filter(|(name, _)| name.ends_with("-src") || name.contains("-src-"));
        let url = (judged.document, judged.url);
        let allowed = fetching.into_iter().any(|(_, sources)| {
            sources.iter().any(|source| matches(source, url, judged.redirected))
                || nonce_matches(sources, judged.nonce)
        });
        (!allowed).then(|| shown("default-src", default))
    }
}

fn shown(name: &str, sources: &[String]) -> String {
    let value = sources.join(" ");
    let short: String = value.chars().take(80).collect();
    let more = if short.len() < value.len() { "…" } else { "" };
    format!("{name} {short}{more}").trim_end().to_owned()
}

/// The directives that a request falls under, the nearest first (section 6.8.3).
const fn names_of(kind: ResourceKind) -> &'static [&'static str] {
    match kind {
        ResourceKind::Script => &["script-src-elem", "script-src", "default-src"],
        ResourceKind::Stylesheet => &["style-src-elem", "style-src", "default-src"],
        ResourceKind::Image | ResourceKind::Icon => &["img-src", "default-src"],
        ResourceKind::Font => &["font-src", "default-src"],
        ResourceKind::Media => &["media-src", "default-src"],
        ResourceKind::Frame => &["frame-src", "child-src", "default-src"],
        ResourceKind::Object => &["object-src", "default-src"],
        ResourceKind::Manifest => &["manifest-src", "default-src"],
        ResourceKind::Fetch => &["connect-src", "default-src"],
        ResourceKind::Document
        | ResourceKind::Preconnect
        | ResourceKind::DnsPrefetch
        | ResourceKind::Other => &[],
    }
}

/// Whether a directive's sources allow a request.
fn allows(sources: &[String], judged: &Judged<'_>) -> bool {
    let by_element = matches!(judged.kind, ResourceKind::Script | ResourceKind::Stylesheet);
    if by_element && nonce_matches(sources, judged.nonce) {
        return true;
    }
    if judged.kind == ResourceKind::Script {
        if integrity_matches(sources, judged.integrity) {
            return true;
        }
        // Scripts of markup are trusted by nonces and hashes alone.
        if has(sources, "'strict-dynamic'") {
            return judged.of_modules;
        }
    }
    sources.iter().any(|source| matches(source, (judged.document, judged.url), judged.redirected))
}

fn has(sources: &[String], word: &str) -> bool {
    sources.iter().any(|source| source.eq_ignore_ascii_case(word))
}

fn quoted<'a>(source: &'a str, prefix: &str) -> Option<&'a str> {
    let inner = source.strip_prefix('\'')?.strip_suffix('\'')?;
    let (start, rest) = (inner.get(..prefix.len())?, inner.get(prefix.len()..)?);
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn nonce_matches(sources: &[String], nonce: Option<&str>) -> bool {
    let nonce = nonce.filter(|nonce| !nonce.is_empty());
    nonce.is_some_and(|nonce| sources.iter().any(|source| quoted(source, "nonce-") == Some(nonce)))
}

/// Every hash of the element has to be among the sources (section 6.7.1.1).
fn integrity_matches(sources: &[String], integrity: Option<&str>) -> bool {
    let hashes: Vec<&str> = integrity.unwrap_or_default().split_ascii_whitespace().collect();
    let known = |hash: &&str| {
        let hash = hash.split('?').next().unwrap_or_default();
        sources.iter().any(|source| {
            source.strip_prefix('\'').and_then(|source| source.strip_suffix('\'')) == Some(hash)
        })
    };
    !hashes.is_empty() && hashes.iter().all(known)
}

/// Whether a source stands for a URL (section 6.7.2.8).
fn matches(source: &str, (document, url): (&Url, &Url), redirected: bool) -> bool {
    if source == "*" {
        return matches!(url.scheme(), "http" | "https") || url.scheme() == document.scheme();
    }
    if source.eq_ignore_ascii_case("'self'") {
        let ports = url.port_or_known_default() == document.port_or_known_default()
            || (url.port().is_none() && document.port().is_none());
        return url.host() == document.host() && ports && scheme_matches(document.scheme(), url.scheme());
    }
    if source.starts_with('\'') {
        return false;
    }
    if let Some(scheme) = source.strip_suffix(':').filter(|scheme| !scheme.contains(['/', '.', '*'])) {
        return scheme_matches(&scheme.to_ascii_lowercase(), url.scheme());
    }
    host_matches(source, (document, url), redirected)
}

/// `http` stands for `https`, too.
fn scheme_matches(own: &str, other: &str) -> bool {
    own == other || (own == "http" && other == "https")
}

fn host_matches(source: &str, (document, url): (&Url, &Url), redirected: bool) -> bool {
    let (scheme, rest) = match source.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, source),
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    // Not of the grammar (CSP3 section 2.3.1); browsers leave it away and say so on their console.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let Some(own) = url.host_str() else { return false };
    let by_host = match host.strip_prefix('*') {
        Some("") => true,
        Some(rest) => {
            let end = own.len().checked_sub(rest.len()).filter(|start| *start > 0);
            rest.len() > 1
                && rest.starts_with('.')
                && end.and_then(|start| own.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(rest))
        }
        None => host.eq_ignore_ascii_case(own),
    };
    // Most differ by their host: whoever lists thousands of them for thousands of resources is served soon.
    if !by_host {
        return false;
    }
    let scheme = scheme.map_or_else(|| document.scheme().to_owned(), str::to_ascii_lowercase);
    scheme_matches(&scheme, url.scheme())
        && port_matches(port, &scheme, url)
        && (redirected || path_matches(path, url.path()))
}

fn port_matches(port: Option<&str>, scheme: &str, url: &Url) -> bool {
    let own = url.port_or_known_default();
    match port {
        Some("*") => true,
        None => own == default_port(url.scheme()),
        Some(port) => {
            let port: Option<u16> = port.parse().ok();
            // The upgrade of a scheme is one of its port, too.
            own == port || (port == Some(80) && own == Some(443) && scheme_matches(scheme, "https"))
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn path_matches(path: &str, own: &str) -> bool {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let (path, own) = (decode(path), decode(own));
    match path.last() {
        None => true,
        Some(b'/') => own.starts_with(&path),
        Some(_) => own == path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of no bytes.
    const NOTHING: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn broken(policy: &str, url: &str, kind: ResourceKind) -> bool {
        let mut policies = Policies::default();
        policies.add_field(policy);
        let (document, url) =
            (Url::parse("https://www.example.test/dir/page").unwrap(), Url::parse(url).unwrap());
        let judged = Judged {
            document: &document,
            url: &url,
            kind,
            of_modules: false,
            prefetch: false,
            nonce: Some("n1"),
            integrity: Some(NOTHING),
            redirected: false,
        };
        policies.broken_by(&judged).is_some()
    }

    #[test]
    fn sources_allow_and_refuse() {
        use ResourceKind::{Fetch, Font, Frame, Image, Object, Script, Stylesheet};
        let own = "https://www.example.test/a/b.png";
        for (policy, url, kind, expected) in [
            ("", own, Image, false),
            ("img-src 'none'", own, Image, true),
            ("img-src", own, Image, true),
            ("img-src https://www.example.test/a/b.png?v=1", own, Image, false),
            ("img-src https://www.example.test/a/c.png?v=1", own, Image, true),
            ("img-src 'none'", own, Script, false),
            ("default-src 'none'", own, Image, true),
            ("default-src 'none'; img-src 'self'", own, Image, false),
            ("img-src 'self'; img-src 'none'", own, Image, false),
            ("IMG-SRC 'SELF'", own, Image, false),
            ("img-src 'self', default-src 'none'", own, Image, true),
            ("img-src 'self'", "https://example.test/", Image, true),
            ("img-src 'self'", "https://www.example.test:444/", Image, true),
            ("img-src *.example.test", own, Image, false),
            ("img-src *.example.test", "https://example.test/", Image, true),
            ("img-src *.www.example.test", own, Image, true),
            ("img-src *.EXAMPLE.test", own, Image, false),
            ("img-src *.", own, Image, true),
            ("img-src *ww.example.test", own, Image, true),
            ("img-src www.*.test", own, Image, true),
            ("img-src *", "http://other.test/", Image, false),
            ("img-src https:", own, Image, false),
            ("img-src https:", "http://other.test/", Image, true),
            ("img-src http:", own, Image, false),
            ("img-src http://www.example.test", own, Image, false),
            ("img-src www.example.test:443", own, Image, false),
            ("img-src http://www.example.test:80", own, Image, false),
            ("img-src www.example.test:444", own, Image, true),
            ("img-src www.example.test:*", "https://www.example.test:8443/", Image, false),
            ("img-src www.example.test/a/", own, Image, false),
            ("img-src www.example.test/a", own, Image, true),
            ("img-src www.example.test/a/%62.png", own, Image, false),
            ("img-src other.test", own, Image, true),
            ("font-src 'none'", own, Font, true),
            ("connect-src 'none'", own, Fetch, true),
            ("child-src 'none'", own, Frame, true),
            ("child-src 'none'; frame-src *", own, Frame, false),
            ("object-src 'none'", own, Object, true),
            ("style-src 'none'; style-src-elem *", own, Stylesheet, false),
            ("style-src 'nonce-n1'", own, Stylesheet, false),
            ("style-src 'nonce-n2'", own, Stylesheet, true),
            ("img-src 'nonce-n1'", own, Image, true),
            ("script-src 'nonce-n1' 'strict-dynamic'", own, Script, false),
            ("script-src 'self' 'strict-dynamic'", own, Script, true),
            ("script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", own, Script, false),
            ("script-src 'sha256-AAAA'", own, Script, true),
            ("style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", own, Stylesheet, true),
            ("script-src 'unsafe-inline'", own, Script, true),
        ] {
            assert_eq!(broken(policy, url, kind), expected, "{policy} for {url} as {kind:?}");
        }
    }

    #[test]
    fn what_a_meta_element_cannot_say_and_how_much_is_heard() {
        let mut policies = Policies::default();
        policies.add_meta("sandbox; upgrade-insecure-requests");
        assert!(policies.upgrade() && !policies.bars_scripts());
        policies.add_field("sandbox allow-forms");
        assert!(policies.bars_scripts());
        (0..10_000).for_each(|_| policies.add_field(&"img-src a, ".repeat(10)));
        assert_eq!(policies.all.len(), MOST);
    }
}

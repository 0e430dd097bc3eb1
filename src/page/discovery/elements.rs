//! What a tag asks for: the table of elements and their attributes.

use super::media::holds;
use super::srcset;
use crate::page::found::{Cors, Found, Wish};
use crate::page::referrer::ReferrerPolicy;
use crate::trace::{InitiatorKind, Left, ResourceKind, Viewport};

/// The area up to which an image is small, in square pixels.
const SMALL: f64 = 10_000.0;

/// The attributes of a tag.
pub(super) struct Attributes<'a>(pub(super) &'a [(String, String)]);

impl<'a> Attributes<'a> {
    /// The value of one, entities undone.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.value(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
    }

    /// Whether a list of words, parted by white space, holds one.
    fn lists(&self, name: &str, word: &str) -> bool {
        let words = self.value(name).unwrap_or_default();
        words.split_ascii_whitespace().any(|own| own.eq_ignore_ascii_case(word))
    }
}

/// What a link is, as far as it asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rel {
    Stylesheet,
    Preload,
    ModulePreload,
    Prefetch,
    /// By which what comes later may be compressed (RFC 9842): fetched when all else is there.
    Dictionary,
    Preconnect,
    DnsPrefetch,
    Icon,
    Manifest,
}

impl Rel {
    /// By a list of relations, of which the one that asks for most counts; an alternate stylesheet does not apply.
    pub(super) fn of(list: &str) -> Option<Self> {
        // Of several that are no more than hints, the first: the minimum keeps it.
        list.split_ascii_whitespace().filter_map(Self::of_word).min_by_key(|rel| match rel {
            Self::Stylesheet => 0,
            Self::Preload => 1,
            Self::ModulePreload => 2,
            Self::Preconnect => 3,
            _ => 4,
        })
    }

    fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "stylesheet" => Self::Stylesheet,
            "preload" => Self::Preload,
            "modulepreload" => Self::ModulePreload,
            "prefetch" => Self::Prefetch,
            "compression-dictionary" => Self::Dictionary,
            "preconnect" => Self::Preconnect,
            "dns-prefetch" => Self::DnsPrefetch,
            "icon" => Self::Icon,
            "manifest" => Self::Manifest,
            _ => return None,
        })
    }
}

/// A finding without a URL yet.
fn found(kind: ResourceKind, wish: Wish) -> Found {
    let (url, by) = (String::new(), InitiatorKind::Parser);
    Found { url, kind, by, offset: None, wish, left: None, note: None }
}

/// What a link asks for, whether it is an element or a field; `value` gives its attributes.
pub(super) fn linked(rel: Rel, value: &dyn Fn(&str) -> Option<String>, viewport: Viewport) -> Option<Found> {
    let cors = Cors::of(value("crossorigin").as_deref());
    let media_differs = value("media").is_some_and(|media| !holds(&media, viewport));
    let wish = Wish {
        importance: importance(value("fetchpriority").as_deref()),
        integrity: value("integrity").filter(|text| !text.trim().is_empty()),
        nonce: value("nonce"),
        referrer: value("referrerpolicy").and_then(|word| ReferrerPolicy::of(&word)),
        cors,
        ..Wish::default()
    };
    Some(match rel {
        Rel::Stylesheet => {
            let is_css = value("type")
                .is_none_or(|kind| kind.is_empty() || essence(&kind).eq_ignore_ascii_case("text/css"));
            if !is_css {
                return None;
            }
            found(ResourceKind::Stylesheet, Wish { media_differs, ..wish })
        }
        // One whose media query does not hold is not fetched at all.
        Rel::Preload | Rel::ModulePreload if media_differs => return None,
        Rel::Preload => {
            let kind = destination(&value("as")?)?;
            if value("type").is_some_and(|word| !is_of_kind(kind, &word)) {
                return None;
            }
            found(kind, Wish { preload: true, ..wish })
        }
        Rel::ModulePreload => {
            let cors = if cors == Cors::No { Cors::Anonymous } else { cors };
            found(ResourceKind::Script, Wish { preload: true, of_modules: true, cors, ..wish })
        }
        Rel::Prefetch => {
            let kind = value("as").and_then(|kind| destination(&kind)).unwrap_or(ResourceKind::Other);
            found(kind, Wish { prefetch: true, ..wish })
        }
        Rel::Dictionary => {
            // Chromium tells nobody who asks for it.
            let referrer = Some(ReferrerPolicy::NoReferrer);
            let cors = if cors == Cors::No { Cors::Anonymous } else { cors };
            found(ResourceKind::Other, Wish { prefetch: true, dictionary: true, referrer, cors, ..wish })
        }
        Rel::Preconnect => Found { left: Some(Left::Hint), ..found(ResourceKind::Preconnect, wish) },
        Rel::DnsPrefetch => Found { left: Some(Left::Hint), ..found(ResourceKind::DnsPrefetch, wish) },
        Rel::Icon => Found { left: Some(Left::Chrome), ..found(ResourceKind::Icon, wish) },
        Rel::Manifest => Found { left: Some(Left::Chrome), ..found(ResourceKind::Manifest, wish) },
    })
}

/// What `as` says (Fetch standard, request destinations), of those that preload takes.
fn destination(word: &str) -> Option<ResourceKind> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "style" => ResourceKind::Stylesheet,
        "script" => ResourceKind::Script,
        "image" => ResourceKind::Image,
        "font" => ResourceKind::Font,
        "fetch" => ResourceKind::Fetch,
        "track" => ResourceKind::Media,
        _ => return None,
    })
}

fn importance(word: Option<&str>) -> Option<bool> {
    match word.map(str::trim) {
        Some(word) if word.eq_ignore_ascii_case("high") => Some(true),
        Some(word) if word.eq_ignore_ascii_case("low") => Some(false),
        _ => None,
    }
}

/// The image that the `source` elements of a `picture` have chosen, for its `img`.
pub(super) type Chosen = Option<(String, String)>;

/// A reference as it was written, and what it is for.
type Asked = (String, Found);

/// What a start tag asks for.
pub(super) fn asked(
    tag: &str,
    attributes: &Attributes<'_>,
    chosen: &Chosen,
    (viewport, is_foreign): (Viewport, bool),
) -> Vec<Asked> {
    let plain = |name: &str, kind| -> Option<Asked> {
        Some((attributes.value(name)?.to_owned(), found(kind, wish(attributes))))
    };
    let left =
        |asked: Option<Asked>, why| asked.map(|(url, found)| (url, Found { left: Some(why), ..found }));
    // An image that is no element of its own.
    let beside = |asked: Option<Asked>| {
        asked.map(|(url, found)| (url, Found { wish: Wish { is_minor: true, ..found.wish }, ..found }))
    };
    let is_shown = |(url, _): &Asked| is_shown(attributes.value("type"), url);
    let all: [Option<Asked>; 2] = match tag {
        "link" => [link(attributes, viewport), None],
        "script" => [if is_foreign { script_of_svg(attributes) } else { script(attributes) }, None],
        "img" => [image(attributes, chosen, viewport), None],
        // In HTML another name for img; in SVG an element of its own.
        "image" if attributes.value("href").or(attributes.value("xlink:href")).is_none() => {
            [image(attributes, &None, viewport), None]
        }
        "image" => [plain(name_of_href(attributes), ResourceKind::Image), None],
        "use" => [beside(plain(name_of_href(attributes), ResourceKind::Image)), None],
        "feimage" if is_foreign => [beside(plain(name_of_href(attributes), ResourceKind::Image)), None],
        "input" if attributes.is("type", "image") => [plain("src", ResourceKind::Image), None],
        "video" => {
            [plain("poster", ResourceKind::Image), left(plain("src", ResourceKind::Media), Left::Media)]
        }
        "audio" | "track" => [left(plain("src", ResourceKind::Media), Left::Media), None],
        // Those of a picture are heard where its image is.
        "source" => [left(plain("src", ResourceKind::Media), Left::Media), None],
        "iframe" if attributes.has("srcdoc") => [None, None],
        "iframe" | "frame" => {
            // A navigation, whatever its attributes say: there is no crossorigin (HTML section 4.8.5).
            let mut frame = plain("src", ResourceKind::Frame);
            if let Some((_, found)) = &mut frame {
                found.wish.cors = Cors::No;
                found.wish.sandbox = attributes.value("sandbox").map(str::to_owned);
                found.wish.apart = tag == "iframe" && attributes.has("credentialless");
            }
            [if attributes.is("loading", "lazy") { left(frame, Left::Lazy) } else { frame }, None]
        }
        "object" => [plain("data", ResourceKind::Object).filter(is_shown), None],
        "embed" => [plain("src", ResourceKind::Object).filter(is_shown), None],
        "body" | "table" | "td" | "th" => [beside(plain("background", ResourceKind::Image)), None],
        "meta" => [refresh(attributes), None],
        _ => [None, None],
    };
    all.into_iter().flatten().filter(|(url, _)| !url.trim().is_empty()).collect()
}

/// Which attribute of an element of SVG has its reference.
fn name_of_href(attributes: &Attributes<'_>) -> &'static str {
    if attributes.has("href") { "href" } else { "xlink:href" }
}

/// Whether browsers ask for what an `object` or an `embed` names: they do not where its type, or else the end of its name,
/// is that of something only a plug-in could show (HTML section 4.8.7).
fn is_shown(kind: Option<&str>, url: &str) -> bool {
    let kind = kind.map(essence).filter(|kind| !kind.is_empty()).map(str::to_ascii_lowercase);
    if let Some(kind) = kind {
        let (family, own) = kind.split_once('/').unwrap_or_default();
        return matches!(family, "image" | "text" | "audio" | "video")
            || matches!(own, "pdf" | "xml" | "json" | "javascript")
            || own.ends_with("+xml")
            || own.ends_with("+json");
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    ![".swf", ".class", ".jar", ".bin", ".exe", ".dll", ".xap"].iter().any(|end| path.ends_with(end))
}

fn wish(attributes: &Attributes<'_>) -> Wish {
    Wish {
        importance: importance(attributes.value("fetchpriority")),
        cors: Cors::of(attributes.value("crossorigin")),
        integrity: attributes.value("integrity").filter(|text| !text.trim().is_empty()).map(str::to_owned),
        nonce: attributes.value("nonce").map(str::to_owned),
        referrer: attributes.value("referrerpolicy").and_then(ReferrerPolicy::of),
        blocks_render: attributes.lists("blocking", "render"),
        ..Wish::default()
    }
}

fn link(attributes: &Attributes<'_>, viewport: Viewport) -> Option<Asked> {
    let rels = attributes.value("rel")?;
    let rel = Rel::of(rels)?;
    if rel == Rel::Stylesheet && attributes.has("disabled") {
        return None;
    }
    let value = |name: &str| attributes.value(name).map(str::to_owned);
    let mut found = linked(rel, &value, viewport)?;
    found.wish.blocks_render = attributes.lists("blocking", "render");
    if rel == Rel::Stylesheet && attributes.lists("rel", "alternate") {
        found.wish.media_differs = true;
    }
    let href = attributes.value("href").filter(|url| !url.trim().is_empty());
    if let (Rel::Preload, Some(srcset)) = (rel, attributes.value("imagesrcset"))
        && let Some((url, note)) = srcset::choose(srcset, attributes.value("imagesizes"), href, viewport)
    {
        found.note = Some(note);
        return Some((url.to_owned(), found));
    }
    Some((href?.to_owned(), found))
}

/// A script that runs: data blocks do not (HTML, section 4.12.1.1).
fn script(attributes: &Attributes<'_>) -> Option<Asked> {
    let url = attributes.value("src")?;
    scripted(url, attributes)
}

/// The same in SVG (SVG 2, section 15.9).
fn script_of_svg(attributes: &Attributes<'_>) -> Option<Asked> {
    scripted(attributes.value("href").or(attributes.value("xlink:href"))?, attributes)
}

fn scripted(url: &str, attributes: &Attributes<'_>) -> Option<Asked> {
    let kind = attributes.value("type").map(|kind| kind.trim().to_ascii_lowercase());
    let kind = kind.filter(|kind| !kind.is_empty()).or_else(|| {
        let language = attributes.value("language").filter(|language| !language.is_empty());
        language
            .filter(|_| !attributes.has("type"))
            .map(|language| format!("text/{}", language.to_ascii_lowercase()))
    });
    let is_module = kind.as_deref() == Some("module");
    if !is_module && !kind.as_deref().is_none_or(is_javascript) {
        return None;
    }
    let is_async = attributes.has("async");
    let mut found = found(ResourceKind::Script, wish(attributes));
    found.wish.is_async = is_async;
    found.wish.deferred = !is_async && (is_module || attributes.has("defer"));
    found.wish.is_module = is_module;
    if is_module && found.wish.cors == Cors::No {
        found.wish.cors = Cors::Anonymous;
    }
    if attributes.has("nomodule") && !is_module {
        found.left = Some(Left::NoModule);
    }
    Some((url.to_owned(), found))
}

/// What of a media type stands before its parameters.
pub(super) fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// The essence of a JavaScript type (MIME Sniffing standard, section 4.6); one with parameters is none.
#[must_use]
pub fn is_javascript(essence: &str) -> bool {
    matches!(
        essence,
        "application/ecmascript"
            | "application/javascript"
            | "application/x-ecmascript"
            | "application/x-javascript"
            | "text/ecmascript"
            | "text/javascript"
            | "text/jscript"
            | "text/livescript"
            | "text/x-ecmascript"
            | "text/x-javascript"
    ) || essence.strip_prefix("text/javascript1.").is_some_and(|minor| minor.len() == 1)
}

fn image(attributes: &Attributes<'_>, chosen: &Chosen, viewport: Viewport) -> Option<Asked> {
    let src = attributes.value("src");
    let own = attributes
        .value("srcset")
        .and_then(|srcset| srcset::choose(srcset, attributes.value("sizes"), src, viewport))
        .map(|(url, note)| (url.to_owned(), note));
    let (url, note) = match chosen.clone().or(own) {
        Some((url, note)) => (url, Some(note)),
        None => (src?.to_owned(), None),
    };
    let mut found = found(ResourceKind::Image, wish(attributes));
    let side = |name| attributes.value(name).and_then(|value| value.trim().parse::<f64>().ok());
    found.wish.is_minor = matches!((side("width"), side("height")), (Some(a), Some(b)) if a * b <= SMALL);
    found.wish.of_set = note.is_some();
    found.note = note;
    if attributes.is("loading", "lazy") {
        found.left = Some(Left::Lazy);
    }
    Some((url, found))
}

/// Images that browsers can show, by the essence of their type.
pub(super) fn is_image(kind: &str) -> bool {
    matches!(
        essence(kind),
        "" | "image/png"
            | "image/jpeg"
            | "image/jpg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/jxl"
            | "image/svg+xml"
            | "image/bmp"
            | "image/apng"
            | "image/x-icon"
            | "image/vnd.microsoft.icon"
    )
}

/// Whether Chrome takes a type for what it is preloaded as (HTML, section 4.6.7.16); of scripts it takes any.
fn is_of_kind(kind: ResourceKind, word: &str) -> bool {
    let word = word.trim().to_ascii_lowercase();
    match kind {
        _ if word.is_empty() => true,
        ResourceKind::Image => is_image(&word),
        ResourceKind::Stylesheet => essence(&word) == "text/css",
        ResourceKind::Font => {
            matches!(essence(&word), "font/woff2" | "font/woff" | "font/ttf" | "font/otf" | "font/sfnt")
        }
        _ => true,
    }
}

/// What a `source` of a picture offers, where a browser would take it.
pub(super) fn source(attributes: &Attributes<'_>, viewport: Viewport) -> Chosen {
    let kind = attributes.value("type").map(|kind| kind.trim().to_ascii_lowercase());
    if !kind.as_deref().is_none_or(is_image) {
        return None;
    }
    if attributes.value("media").is_some_and(|media| !holds(media, viewport)) {
        return None;
    }
    let (url, note) = srcset::choose(attributes.value("srcset")?, attributes.value("sizes"), None, viewport)?;
    Some((url.to_owned(), format!("{note}, of a picture's source")))
}

/// Where a refresh leads (HTML, section 4.2.5.3).
fn refresh(attributes: &Attributes<'_>) -> Option<Asked> {
    if !attributes.is("http-equiv", "refresh") {
        return None;
    }
    let (delay, rest) = attributes.value("content")?.split_once([';', ','])?;
    let rest = rest.trim();
    let url = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().strip_prefix('=').map_or(rest, str::trim_start)
        }
        _ => rest,
    };
    let url = url.trim_matches(['"', '\'']);
    let note = format!("a refresh after {} s", delay.trim().chars().take(12).collect::<String>());
    let found = found(ResourceKind::Document, Wish::default());
    Some((url.to_owned(), Found { left: Some(Left::Navigation), note: Some(note), ..found }))
}

/// The charset that a meta element names.
pub(super) fn charset(attributes: &Attributes<'_>) -> Option<String> {
    if let Some(name) = attributes.value("charset") {
        return Some(name.trim().to_owned());
    }
    if !attributes.is("http-equiv", "content-type") {
        return None;
    }
    crate::trace::parameter(attributes.value("content")?, "charset").filter(|name| !name.is_empty())
}

/// Elements that a head may hold (HTML, section 13.2.6.4.4).
pub(super) fn is_of_head(name: &str) -> bool {
    matches!(
        name,
        "html"
            | "head"
            | "base"
            | "basefont"
            | "bgsound"
            | "link"
            | "meta"
            | "noframes"
            | "noscript"
            | "script"
            | "style"
            | "template"
            | "title"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_relations_the_one_that_asks_for_most_counts() {
        for (list, expected) in [
            ("preload stylesheet", Some(Rel::Stylesheet)),
            ("Modulepreload PRELOAD", Some(Rel::Preload)),
            ("dns-prefetch preconnect", Some(Rel::Preconnect)),
            ("shortcut icon", Some(Rel::Icon)),
            ("icon prefetch", Some(Rel::Icon)),
            ("prefetch icon", Some(Rel::Prefetch)),
            ("Compression-Dictionary", Some(Rel::Dictionary)),
            ("canonical", None),
            ("", None),
        ] {
            assert_eq!(Rel::of(list), expected, "{list}");
        }
    }
}

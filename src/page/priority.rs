//! How soon Chrome wants a resource, and what waits for it.
//!
//! By Chrome's own table (web.dev/articles/fetch-priority): what an element is, where it stands and what it says of
//! its importance. What a browser learns from layout alone, that an image lies in the viewport, is not known here.

use super::found::{Found, Place};
use crate::trace::{Blocking, InitiatorKind, Left, Priority, ResourceKind};

/// The first images of a page that are wanted sooner than others.
const FIRST_IMAGES: usize = 5;

/// What was met so far: a script is late behind the first image, and the first images are wanted sooner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ranks {
    images: usize,
    large_images: usize,
}

/// Where a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// How soon it is wanted.
    pub priority: Priority,
    /// What waits for it.
    pub blocking: Blocking,
}

/// Judges what was found; `above` is what waits for whoever asks for it.
#[must_use]
pub fn place(found: &Found, above: Blocking, ranks: &mut Ranks) -> Placed {
    let blocking = blocking(found, above);
    let wish = &found.wish;
    if wish.prefetch {
        let priority = if wish.importance == Some(true) { Priority::High } else { Priority::VeryLow };
        return Placed { priority, blocking };
    }
    let is_late = ranks.images > 0;
    let own = match found.kind {
        ResourceKind::Document | ResourceKind::Frame => Priority::VeryHigh,
        ResourceKind::Stylesheet if wish.media_differs => Priority::VeryLow,
        ResourceKind::Stylesheet if is_late && wish.place == Place::Body => Priority::Medium,
        ResourceKind::Stylesheet => Priority::VeryHigh,
        ResourceKind::Script if wish.preload => Priority::High,
        // A module is wanted soon though it is run late, as what it imports is still to be found.
        ResourceKind::Script if wish.is_module => Priority::High,
        ResourceKind::Script if wish.is_async || wish.deferred => Priority::Low,
        ResourceKind::Script if is_late => Priority::Medium,
        ResourceKind::Script | ResourceKind::Fetch => Priority::High,
        ResourceKind::Font if wish.preload => Priority::High,
        ResourceKind::Font => Priority::VeryHigh,
        ResourceKind::Image => image(found, ranks),
        // What is no picture by its name is a document to browsers.
        ResourceKind::Object if !is_picture(&found.url) => Priority::VeryHigh,
        ResourceKind::Media
        | ResourceKind::Object
        | ResourceKind::Icon
        | ResourceKind::Manifest
        | ResourceKind::Preconnect
        | ResourceKind::DnsPrefetch
        | ResourceKind::Other => Priority::Low,
    };
    let priority = match (wish.importance, found.kind) {
        // A navigation is no less wanted for what its frame says.
        (None, _) | (_, ResourceKind::Document | ResourceKind::Frame) => own,
        (Some(true), _) => own.max(Priority::High),
        (Some(false), ResourceKind::Stylesheet) if own == Priority::VeryHigh => Priority::High,
        (Some(false), _) => own.min(Priority::Low),
    };
    // What the first paint waits for is no less wanted for what it says of itself, nor for being async.
    let is_awaited = found.kind == ResourceKind::Script && blocking == Blocking::Render;
    Placed { priority: if is_awaited { priority.max(Priority::High) } else { priority }, blocking }
}

/// How the names of pictures end.
const PICTURES: [&str; 8] = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico"];

/// Whether a URL, or the path of one, is that of a picture by its name.
#[must_use]
pub fn is_picture(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    PICTURES.iter().any(|end| path.ends_with(end))
}

/// An image, which counts for what comes behind it.
fn image(found: &Found, ranks: &mut Ranks) -> Priority {
    // What is no URL is no image, and none of the first.
    if found.by != InitiatorKind::Parser || found.wish.preload || found.left == Some(Left::BadUrl) {
        return Priority::Low;
    }
    ranks.images += 1;
    if found.wish.is_minor {
        return Priority::Low;
    }
    ranks.large_images += 1;
    if ranks.large_images <= FIRST_IMAGES { Priority::Medium } else { Priority::Low }
}

fn blocking(found: &Found, above: Blocking) -> Blocking {
    let wish = &found.wish;
    if wish.preload || wish.prefetch || found.left.is_some() {
        return Blocking::None;
    }
    match (found.kind, found.by) {
        // In the head alone (HTML, section 2.5.8): behind it, what is painted may have been painted.
        (ResourceKind::Stylesheet | ResourceKind::Script, _)
            if wish.blocks_render && wish.place == Place::Head =>
        {
            Blocking::Render
        }
        (ResourceKind::Stylesheet, _) if wish.media_differs => Blocking::None,
        // An import is waited for as its sheet is.
        (ResourceKind::Stylesheet, InitiatorKind::Css) => above,
        (ResourceKind::Stylesheet, InitiatorKind::Header | InitiatorKind::EarlyHint) => Blocking::None,
        (ResourceKind::Stylesheet, _) if wish.place == Place::Head => Blocking::Render,
        (ResourceKind::Stylesheet, _) => Blocking::Parser,
        (ResourceKind::Script, _) if wish.is_async || wish.deferred => Blocking::None,
        (ResourceKind::Script, InitiatorKind::Parser) if wish.place == Place::Head => Blocking::Render,
        (ResourceKind::Script, InitiatorKind::Parser) => Blocking::Parser,
        _ => Blocking::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::found::Wish;

    fn found(kind: ResourceKind, wish: Wish) -> Found {
        Found {
            url: "https://example.test/x".to_owned(),
            kind,
            by: InitiatorKind::Parser,
            offset: Some(1),
            wish,
            left: None,
            note: None,
        }
    }

    #[test]
    fn the_table_of_priorities() {
        use Blocking::{None as Nothing, Parser, Render};
        use Priority::{High, Low, Medium, VeryHigh, VeryLow};
        use ResourceKind::{Font, Frame, Image, Script, Stylesheet};
        let head = Wish::default;
        let body = || Wish { place: Place::Body, ..Wish::default() };
        for (kind, wish, images, priority, blocking) in [
            (Stylesheet, head(), 0, VeryHigh, Render),
            (Stylesheet, Wish { media_differs: true, ..head() }, 0, VeryLow, Nothing),
            (Stylesheet, body(), 0, VeryHigh, Parser),
            (Stylesheet, body(), 1, Medium, Parser),
            (Stylesheet, Wish { importance: Some(true), ..body() }, 1, High, Parser),
            (Stylesheet, Wish { importance: Some(false), ..head() }, 0, High, Render),
            (Stylesheet, Wish { preload: true, ..head() }, 0, VeryHigh, Nothing),
            (Script, head(), 0, High, Render),
            (Script, body(), 1, Medium, Parser),
            (Script, Wish { is_async: true, ..head() }, 0, Low, Nothing),
            (Script, Wish { deferred: true, ..head() }, 0, Low, Nothing),
            (Script, Wish { deferred: true, is_module: true, ..body() }, 1, High, Nothing),
            (Script, Wish { is_async: true, is_module: true, ..head() }, 0, High, Nothing),
            (
                Script,
                Wish { deferred: true, is_module: true, importance: Some(false), ..head() },
                0,
                Low,
                Nothing,
            ),
            (Script, Wish { is_async: true, importance: Some(true), ..head() }, 0, High, Nothing),
            (Script, Wish { is_async: true, blocks_render: true, ..head() }, 0, High, Render),
            (Script, Wish { is_async: true, blocks_render: true, ..body() }, 0, Low, Nothing),
            (Stylesheet, Wish { blocks_render: true, ..body() }, 0, VeryHigh, Parser),
            (Script, Wish { importance: Some(false), ..head() }, 0, High, Render),
            (Script, Wish { importance: Some(false), ..body() }, 0, Low, Parser),
            (Font, Wish { preload: true, ..head() }, 0, High, Nothing),
            (Font, Wish { preload: true, importance: Some(true), ..head() }, 0, High, Nothing),
            (Image, body(), 0, Medium, Nothing),
            (Image, body(), 5, Low, Nothing),
            (Image, Wish { is_minor: true, ..body() }, 0, Low, Nothing),
            (Image, Wish { importance: Some(true), ..body() }, 9, High, Nothing),
            (Image, Wish { importance: Some(false), ..body() }, 0, Low, Nothing),
            (Frame, body(), 0, VeryHigh, Nothing),
            (Frame, Wish { importance: Some(false), ..body() }, 0, VeryHigh, Nothing),
            (ResourceKind::Object, body(), 0, VeryHigh, Nothing),
            (Script, Wish { prefetch: true, ..head() }, 0, VeryLow, Nothing),
            (Script, Wish { prefetch: true, importance: Some(true), ..head() }, 0, High, Nothing),
        ] {
            let mut ranks = Ranks { images, large_images: images };
            let placed = place(&found(kind, wish.clone()), Blocking::None, &mut ranks);
            assert_eq!(
                (placed.priority, placed.blocking),
                (priority, blocking),
                "{kind:?} {wish:?} {images}"
            );
        }
    }

    #[test]
    fn what_is_no_url_is_none_of_the_first_images() {
        let mut ranks = Ranks::default();
        let bad = Found { left: Some(Left::BadUrl), ..found(ResourceKind::Image, Wish::default()) };
        for _ in 0..9 {
            assert_eq!(place(&bad, Blocking::None, &mut ranks).priority, Priority::Low);
        }
        let image = found(ResourceKind::Image, Wish::default());
        assert_eq!(place(&image, Blocking::None, &mut ranks).priority, Priority::Medium);
    }

    #[test]
    fn an_import_is_waited_for_as_its_sheet_is() {
        for above in [Blocking::None, Blocking::Parser, Blocking::Render] {
            let import = Found { by: InitiatorKind::Css, ..found(ResourceKind::Stylesheet, Wish::default()) };
            assert_eq!(place(&import, above, &mut Ranks::default()).blocking, above);
        }
    }
}

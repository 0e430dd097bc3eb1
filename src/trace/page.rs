//! The model of a page: what its document asks for, in the order in which a browser's preload scanner could have
//! seen it, and what became of each. The document's own requests are those of the trace.

use super::asked::{Ahead, CrossOrigin};
use super::at::At;
use super::ids::{RequestId, ResourceId};
use super::request::Request;
use super::revisit::SecondVisit;

/// What a page needs next to its document.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What was found, in order of discovery; redirects of it included.
    pub resources: Vec<Resource>,
    /// The requests made for it. Their ids go on behind those of the trace.
    pub requests: Vec<Request>,
    /// What was known of the document.
    pub document: DocumentRead,
    /// The window that images and media queries were chosen for.
    pub viewport: Viewport,
    /// Whose order the requests were made in.
    pub profile: PageProfile,
    /// Limits that were hit, and what was left out for each.
    pub limits: Vec<PageLimit>,
    /// What stands out on the time axis.
    pub marks: Marks,
    /// `--again`: the second visit; none of it is counted.
    pub again: Option<SecondVisit>,
}

/// What was known of the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentRead {
    /// Its charset, as it was read, and by whose word.
    pub charset: Option<(String, CharsetSource)>,
    /// Decoded bytes that were looked through.
    pub scanned_bytes: u64,
    /// Why it was not looked through, or not to its end.
    pub left: Option<&'static str>,
}

/// Who named a document's charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharsetSource {
    /// A byte order mark.
    ByteOrderMark,
    /// Content-Type.
    Field,
    /// A meta element.
    Meta,
    /// Nobody.
    Assumed,
}

impl CharsetSource {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "bom",
            Self::Field => "field",
            Self::Meta => "meta",
            Self::Assumed => "assumed",
        }
    }
}

/// The window of the browser that is stood in for, in CSS pixels, one device pixel each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Default for Viewport {
    /// That of Lighthouse on a desktop.
    fn default() -> Self {
        Self { width: 1350, height: 940 }
    }
}

/// In whose order a page's requests are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageProfile {
    /// By priorities, in tight mode first.
    #[default]
    Chrome,
    /// In order of discovery.
    Plain,
}

impl PageProfile {
    /// The word used in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Plain => "plain",
        }
    }
}

/// Something a page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its URL, absolute.
    pub url: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Who asked for it, and where.
    pub initiator: Initiator,
    /// When that was there to be read.
    pub discovered: At,
    /// How soon a browser would want it.
    pub priority: Priority,
    /// What waits for it.
    pub blocking: Blocking,
    /// Whether it is asked for ahead of its use, and whether that use was met.
    pub ahead: Option<Ahead>,
    /// How it is asked for where it is another origin's.
    pub cross_origin: CrossOrigin,
    /// What became of it.
    pub fate: Fate,
    /// Something of it worth telling: which candidate of a srcset it is, that its scheme was upgraded, the directive
    /// that keeps it from being fetched.
    pub note: Option<String>,
    /// Whether its body is what its reference says (SRI); `None` where that says nothing, or nothing came.
    pub integrity: Option<Integrity>,
    /// Why a browser would not use what came.
    pub unused: Option<Unused>,
    /// Opening a connection for it where it went over another, told as of a request that went no further.
    pub spare: Option<RequestId>,
}

/// What the check of a body's integrity came to (W3C SRI).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It is what its reference says.
    Holds,
    /// It is not.
    Differs,
    /// It may not be read by the page, and so cannot be checked: of another origin, and asked for without CORS.
    Unreadable,
}

impl Integrity {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Differs => "differs",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Why a browser would not use what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// Its integrity does not hold.
    Integrity,
    /// Its server does not allow it to the page's origin (CORS).
    Cors,
    /// A stylesheet that does not call itself one, or what calls itself something else than a script.
    MediaType,
    /// A frame that its server lets nobody, or not this page, show (X-Frame-Options, frame-ancestors).
    Framing,
    /// Its server keeps it from other origins or sites (Cross-Origin-Resource-Policy), or does not give it to others in
    /// words, which the page asks for (Cross-Origin-Embedder-Policy).
    ResourcePolicy,
    /// A frame that does not ask of its own resources what the page asks of all (Cross-Origin-Embedder-Policy).
    EmbedderPolicy,
}

impl Unused {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::Integrity,
        Self::Cors,
        Self::MediaType,
        Self::Framing,
        Self::ResourcePolicy,
        Self::EmbedderPolicy,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Cors => "cors",
            Self::MediaType => "media-type",
            Self::Framing => "framing",
            Self::ResourcePolicy => "resource-policy",
            Self::EmbedderPolicy => "embedder-policy",
        }
    }

    /// The reason, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Integrity => "its integrity does not hold",
            Self::Cors => "CORS does not allow it",
            Self::MediaType => "its Content-Type says it is something else",
            Self::Framing => "its server lets no such page frame it",
            Self::ResourcePolicy => "Cross-Origin-Resource-Policy does not allow it",
            Self::EmbedderPolicy => "the page's Cross-Origin-Embedder-Policy wants one of its frames, too",
        }
    }
}

/// Kinds of resources, as browsers tell them apart (Fetch standard, request destinations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// A document that is gone to.
    Document,
    /// A stylesheet.
    Stylesheet,
    /// A script.
    Script,
    /// An image.
    Image,
    /// A font.
    Font,
    /// A video, a sound, or a track of one.
    Media,
    /// A document in a frame.
    Frame,
    /// `<object>` and `<embed>`.
    Object,
    /// An icon of the page.
    Icon,
    /// A web app manifest.
    Manifest,
    /// Something for a script (preload as fetch).
    Fetch,
    /// An origin to connect to ahead.
    Preconnect,
    /// A name to look up ahead.
    DnsPrefetch,
    /// Anything else.
    Other,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Document,
        Self::Stylesheet,
        Self::Script,
        Self::Image,
        Self::Font,
        Self::Media,
        Self::Frame,
        Self::Object,
        Self::Icon,
        Self::Manifest,
        Self::Fetch,
        Self::Preconnect,
        Self::DnsPrefetch,
        Self::Other,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Stylesheet => "stylesheet",
            Self::Script => "script",
            Self::Image => "image",
            Self::Font => "font",
            Self::Media => "media",
            Self::Frame => "frame",
            Self::Object => "object",
            Self::Icon => "icon",
            Self::Manifest => "manifest",
            Self::Fetch => "fetch",
            Self::Preconnect => "preconnect",
            Self::DnsPrefetch => "dns-prefetch",
            Self::Other => "other",
        }
    }

    /// The same in four letters at most, for a narrow column.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Document => "html",
            Self::Stylesheet => "css",
            Self::Script => "js",
            Self::Image => "img",
            Self::Font => "font",
            Self::Media => "av",
            Self::Frame => "fram",
            Self::Object => "obj",
            Self::Icon => "icon",
            Self::Manifest => "app",
            Self::Fetch => "data",
            Self::Preconnect => "conn",
            Self::DnsPrefetch => "dns",
            Self::Other => "?",
        }
    }
}

/// Where a resource was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initiator {
    /// How.
    pub kind: InitiatorKind,
    /// In what.
    pub of: Asker,
    /// How many decoded bytes of that had to be there.
    pub offset: Option<u64>,
}

/// What a resource was asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The document, or its response.
    Document,
    /// Another resource, or its response.
    Resource(ResourceId),
}

/// How a resource is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitiatorKind {
    /// By markup.
    Parser,
    /// By a stylesheet, or by CSS in markup.
    Css,
    /// By a Link field of a response (RFC 8288).
    Header,
    /// By a Link field of a 103 (RFC 8297).
    EarlyHint,
    /// By a redirect.
    Redirect,
    /// By us, once more: the kept connection that it went out on had ended, or was another host's and did not take it
    /// (421).
    Retry,
}

impl InitiatorKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Parser, Self::Css, Self::Header, Self::EarlyHint, Self::Redirect, Self::Retry];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Css => "css",
            Self::Header => "header",
            Self::EarlyHint => "early-hint",
            Self::Redirect => "redirect",
            Self::Retry => "retry",
        }
    }
}

/// How soon a browser wants a resource: Chrome's five levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// When nothing else is to be done.
    VeryLow,
    /// Images, scripts that wait.
    Low,
    /// The first images, late scripts.
    Medium,
    /// Scripts in the way.
    High,
    /// The document, its stylesheets, its fonts.
    VeryHigh,
}

impl Priority {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very-high",
        }
    }

    /// The urgency that Chrome sends for it (RFC 9218 §4.1).
    #[must_use]
    pub const fn urgency(self) -> u8 {
        match self {
            Self::VeryHigh => 0,
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
            Self::VeryLow => 4,
        }
    }
}

/// What waits for a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocking {
    /// Nothing.
    None,
    /// The parser alone: a script in the body, behind what may be shown already.
    Parser,
    /// The first paint.
    Render,
}

impl Blocking {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Parser => "parser",
            Self::Render => "render",
        }
    }
}

/// What became of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was asked for.
    Requested(RequestId),
    /// A hint: its origin was connected to, or its name looked up. What was done is told as of a request that went no
    /// further, and is none.
    Prepared(RequestId),
    /// It was not.
    Left(Left),
    /// It was to be, and the run ended first.
    Unstarted,
}

/// Why a resource was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Left {
    /// `loading=lazy`: whether it is needed is a question of layout.
    Lazy,
    /// A font or an image of a stylesheet: the same.
    Potential,
    /// Audio or video: how much of it is fetched is a player's choice.
    Media,
    /// An icon or a manifest: for the tab, not for the page.
    Chrome,
    /// A hint to connect or to look up, and nothing was left to do for it.
    Hint,
    /// A refresh leads to another page.
    Navigation,
    /// A script for browsers without modules.
    NoModule,
    /// Active content in the clear on a page over TLS: browsers block it.
    MixedContent,
    /// The page's own Content Security Policy blocks it.
    Policy,
    /// It is of another site than the document (`--same-site`).
    OtherSite,
    /// More resources than `--max-resources`.
    TooMany,
    /// It lies deeper than is looked.
    TooDeep,
    /// More bytes than a page may have here.
    TooLarge,
    /// Its URL is no URL that can be asked for here.
    BadUrl,
    /// Its URL holds letters of a charset that is not known here.
    Charset,
}

impl Left {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::Lazy,
        Self::Potential,
        Self::Media,
        Self::Chrome,
        Self::Hint,
        Self::Navigation,
        Self::NoModule,
        Self::MixedContent,
        Self::Policy,
        Self::OtherSite,
        Self::TooMany,
        Self::TooDeep,
        Self::TooLarge,
        Self::BadUrl,
        Self::Charset,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lazy => "lazy",
            Self::Potential => "potential",
            Self::Media => "media",
            Self::Chrome => "browser-only",
            Self::Hint => "hint",
            Self::Navigation => "navigation",
            Self::NoModule => "nomodule",
            Self::MixedContent => "mixed-content",
            Self::Policy => "blocked-by-csp",
            Self::OtherSite => "other-site",
            Self::TooMany => "too-many",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::BadUrl => "bad-url",
            Self::Charset => "charset",
        }
    }

    /// The reason, to stand behind a count.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Lazy => "lazy: layout decides",
            Self::Potential => "of stylesheets: layout decides (--fetch-potential)",
            Self::Media => "audio or video: a player decides how much of it",
            Self::Chrome => "for the browser's own window (icon, manifest)",
            Self::Hint => "to connect or look up ahead (hints), and nothing was left to do",
            Self::Navigation => "where a refresh would go to",
            Self::NoModule => "for browsers without modules",
            Self::MixedContent => "in the clear on a page over TLS: browsers block it",
            Self::Policy => "against the page's own Content Security Policy: browsers block it",
            Self::OtherSite => "of other sites (--same-site)",
            Self::TooMany => "beyond --max-resources",
            Self::TooDeep => "deeper than three levels",
            Self::TooLarge => "beyond 50 MB",
            Self::BadUrl => "whose URL cannot be asked for",
            Self::Charset => "whose URL has letters of a charset that is not known here",
        }
    }
}

/// A limit that was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit {
    /// Which.
    pub why: Left,
    /// How many resources were left out for it.
    pub left_out: usize,
}

/// What stands out on a page's time axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The first byte of the document's response.
    pub first_byte: Option<At>,
    /// The document's head was there to its end, or the document was.
    pub head_read: Option<At>,
    /// Before this nothing can have been painted: the end of the render-blocking set and of the head.
    pub start_render: Option<At>,
    /// The end of all that the page asks for without running scripts.
    pub end: Option<At>,
}

impl Page {
    /// The resources that were asked for, each with its request.
    pub fn requested(&self) -> impl Iterator<Item = (ResourceId, &Resource, RequestId)> {
        self.resources.iter().enumerate().filter_map(|(id, resource)| match resource.fate {
            Fate::Requested(request) => Some((ResourceId(id), resource, request)),
            Fate::Prepared(_) | Fate::Left(_) | Fate::Unstarted => None,
        })
    }

    /// The hints that something was done for, each with what was.
    pub fn prepared(&self) -> impl Iterator<Item = (ResourceId, &Resource, RequestId)> {
        self.resources.iter().enumerate().filter_map(|(id, resource)| match resource.fate {
            Fate::Prepared(request) => Some((ResourceId(id), resource, request)),
            Fate::Requested(_) | Fate::Left(_) | Fate::Unstarted => None,
        })
    }

    /// How many resources were left out for a reason.
    #[must_use]
    pub fn left_for(&self, why: Left) -> usize {
        self.resources.iter().filter(|resource| resource.fate == Fate::Left(why)).count()
    }
}

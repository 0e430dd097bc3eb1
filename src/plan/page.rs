//! How a page is fetched behind its document (`--page`).

use crate::trace::{PageProfile, Viewport};

/// `--max-resources` when not given.
pub const MAX_RESOURCES: usize = 200;
/// Levels below the document: a stylesheet is on the first, what it imports on the second.
pub const MAX_LEVELS: usize = 3;
/// Decoded bytes of a page, its document aside.
pub const MAX_PAGE_BYTES: u64 = 50 << 20;

/// How a page is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePlan {
    /// In whose order.
    pub profile: PageProfile,
    /// `--max-resources`: requests behind the document's, redirects included.
    pub max_resources: usize,
    /// `--fetch-potential`: what becomes of fonts and images of stylesheets.
    pub potential: Potential,
    /// `--allow-private`: whom a page of a public address may lead to.
    pub reach: Reach,
    /// `--same-site`: whose resources are asked for.
    pub sites: Sites,
    /// The window that images are chosen for.
    pub viewport: Viewport,
    /// `--again`: how often the page is visited.
    pub visits: Visits,
}

impl Default for PagePlan {
    fn default() -> Self {
        Self {
            profile: PageProfile::default(),
            max_resources: MAX_RESOURCES,
            potential: Potential::Listed,
            reach: Reach::Public,
            sites: Sites::Any,
            viewport: Viewport::default(),
            visits: Visits::One,
        }
    }
}

/// Whose resources are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sites {
    /// Anybody's.
    Any,
    /// Those of the document's site (HTML, section 7.1.1).
    Own,
}

/// What becomes of what only layout can tell to be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Potential {
    /// It is told.
    Listed,
    /// It is fetched, too.
    Fetched,
}

/// Which addresses are connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// All.
    #[default]
    Any,
    /// Those that mean the same host everywhere on the Internet (RFC 6890).
    Public,
}

/// How often a page is visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visits {
    /// Once.
    One,
    /// Once more behind that, with what a browser would have kept; it is not counted.
    Two,
}

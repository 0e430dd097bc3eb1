//! What can be typed for a page behind its document.

use clap::{Args, ValueEnum};

use crate::plan::MAX_RESOURCES;

/// Options of pages.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Page")]
pub struct Paged {
    /// Also fetch what the page asks for, as a browser would that runs no scripts, and show all of it on one axis
    ///
    /// Redirects are followed, and cookies kept for the page. What scripts would ask for is not seen.
    #[arg(long, conflicts_with_all = ["compare", "compare_http", "until", "output", "origin", "reuse",
        "method", "head", "data", "data_raw", "data_binary", "data_urlencode", "form", "form_string",
        "upload_file", "json", "range", "unix_socket"])]
    pub page: bool,
    /// Ask for at most so many resources of a page, redirects included
    #[arg(long, value_name = "N", default_value_t = MAX_RESOURCES, requires = "page")]
    pub max_resources: usize,
    /// In whose order a page is fetched
    #[arg(long, value_enum, ignore_case = true, value_name = "PROFILE", default_value_t = Profile::Chrome, requires = "page")]
    pub profile: Profile,
    /// Fetch the fonts and images of stylesheets, too, of which only layout knows whether they are needed
    #[arg(long, requires = "page")]
    pub fetch_potential: bool,
    /// Ask only for what is of the document's own site: below the same registered name
    #[arg(long, requires = "page")]
    pub same_site: bool,
    /// Let a page of a public address lead to addresses that are not public
    #[arg(long, requires = "page")]
    pub allow_private: bool,
    /// Visit the page once more, with what a browser would have kept, and show what that asks for; it is not counted
    ///
    /// What is still fresh is not asked for, what has a validator is asked about with it, and all else is fetched anew.
    /// The second visit opens connections of its own.
    #[arg(long, requires = "page")]
    pub again: bool,
}

/// In whose order a page is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// By Chrome's priorities, in tight mode first
    Chrome,
    /// In the order of the page
    Plain,
}

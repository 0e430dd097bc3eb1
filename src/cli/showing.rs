//! `urltrace show`: its declarations, and what it has no use for.

use clap::Args;

use super::declarations::Diagram;
use super::error::PlanError;
use super::files::{exports, read_saved};
use super::formats::Exports;
use super::settings::{Action, Show};
use super::{hands, secrets};

/// Options of `urltrace show`.
#[derive(Clone, Debug, Args)]
pub struct ShowOptions {
    /// The document, or several, one behind another; `-` for standard input
    #[arg(value_name = "FILE.json")]
    pub file: String,
    /// Also show the response's header fields
    #[arg(short = 'i', long, alias = "show-headers", help_heading = "Output and lab")]
    pub include: bool,
    /// Files beside the report
    #[command(flatten)]
    pub exports: Exports,
}

/// What is shown, and how.
///
/// # Errors
/// A file that cannot be read, and options that it has no use for.
pub(super) fn action(options: ShowOptions, show: Show) -> Result<(Action, Show), PlanError> {
    let ShowOptions { file, include, exports: wanted } = options;
    let show = Show { exports: exports(wanted, None)?, headers: include, ..show };
    hands::check_story(&show, false)?;
    secrets::check(&show, false)?;
    if !show.selection.fail_on.is_empty() {
        return Err(PlanError::with_hint(
            "show judges nothing: --fail-on is for a trace",
            "`exit_code` in the document is what its run ended with",
        ));
    }
    if show.diagram == Diagram::Connections {
        return Err(PlanError::usage("--diagram connections is a picture of a page, and show draws traces"));
    }
    let bytes = read_saved("show", &file)?;
    Ok((Action::Show { name: file, bytes }, show))
}

//! `urltrace show`: what is shown, how, and what it has no use for.

use super::error::PlanError;
use super::files::{exports, read_saved};
use super::settings::{Action, Show};
use super::showing::ShowOptions;
use super::{hands, secrets};

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
    let bytes = read_saved("show", &file)?;
    Ok((Action::Show { name: file, bytes }, show))
}

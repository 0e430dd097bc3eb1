//! `--page`: what is done behind a document.

use super::declarations::{Format, Profile, Request};
use super::error::PlanError;
use super::settings::Show;
use crate::plan::{PagePlan, Potential, Reach};
use crate::trace::PageProfile;

/// What `--page` and its kin ask for.
pub(super) fn page(request: &Request) -> Option<PagePlan> {
    request.page.then(|| PagePlan {
        profile: match request.profile {
            Profile::Chrome => PageProfile::Chrome,
            Profile::Plain => PageProfile::Plain,
        },
        max_resources: request.max_resources,
        potential: if request.fetch_potential { Potential::Fetched } else { Potential::Listed },
        reach: if request.allow_private { Reach::Any } else { Reach::Public },
        ..PagePlan::default()
    })
}

/// Refuses what a page has no form for.
pub(super) fn check(request: &Request, show: &Show) -> Result<(), PlanError> {
    let has_form = |format| matches!(format, Format::Text | Format::Json | Format::Jsonl | Format::Har);
    if !request.page || has_form(show.format) && show.exports.iter().all(|export| has_form(export.format)) {
        return Ok(());
    }
    Err(PlanError::with_hint(
        "--page is told as text, JSON or an HTTP Archive",
        "--format json has all that was seen; --format har opens in the waterfalls of other tools",
    ))
}

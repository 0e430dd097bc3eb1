//! `--page`: what is done behind a document.

use super::declarations::Format;
use super::error::PlanError;
use super::paged::{Paged, Profile};
use super::settings::Show;
use crate::plan::{PagePlan, Potential, Reach, Sites};
use crate::trace::PageProfile;

/// What `--page` and its kin ask for.
pub(super) fn page(paged: &Paged) -> Option<PagePlan> {
    paged.page.then(|| PagePlan {
        profile: match paged.profile {
            Profile::Chrome => PageProfile::Chrome,
            Profile::Plain => PageProfile::Plain,
        },
        max_resources: paged.max_resources,
        potential: if paged.fetch_potential { Potential::Fetched } else { Potential::Listed },
        sites: if paged.same_site { Sites::Own } else { Sites::Any },
        reach: if paged.allow_private { Reach::Any } else { Reach::Public },
        ..PagePlan::default()
    })
}

/// Refuses what a page has no form for.
pub(super) fn check(paged: &Paged, show: &Show) -> Result<(), PlanError> {
    let has_form = |format| matches!(format, Format::Text | Format::Json | Format::Jsonl | Format::Har);
    if !paged.page || has_form(show.format) && show.exports.iter().all(|export| has_form(export.format)) {
        return Ok(());
    }
    Err(PlanError::with_hint(
        "--page is told as text, JSON or an HTTP Archive",
        "--format json has all that was seen; --format har opens in the waterfalls of other tools",
    ))
}

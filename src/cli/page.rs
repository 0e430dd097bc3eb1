//! `--page`: what is done behind a document.

use super::declarations::Diagram;
use super::error::PlanError;
use super::formats::has_no_page;
use super::paged::{Paged, Profile};
use super::settings::Show;
use crate::plan::{PagePlan, Potential, Reach, Sites, Visits};
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
        visits: if paged.again { Visits::Two } else { Visits::One },
        ..PagePlan::default()
    })
}

/// Refuses what only a page has.
pub(super) fn check(paged: &Paged, show: &Show) -> Result<(), PlanError> {
    if paged.page && show.formats().any(has_no_page) {
        return Err(PlanError::with_hint(
            "a page has no such form",
            "--format json has all of it, har what other tools read",
        ));
    }
    if paged.page || show.diagram != Diagram::Connections {
        return Ok(());
    }
    Err(PlanError::with_hint(
        "--diagram connections is a picture of a page",
        "add --page; the one connection of a trace is drawn by --diagram ladder",
    ))
}

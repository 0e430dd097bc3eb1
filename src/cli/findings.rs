//! `--only`, `--ignore` and `--fail-on`: which findings are reported, and which must not be there.

use super::declarations::Common;
use super::error::PlanError;
use crate::finding::{Selection, Unknown, forbidden, named};

/// What the three options come to.
pub(super) fn selection(common: &Common) -> Result<Selection, PlanError> {
    Ok(Selection {
        only: all("--only", &common.only, named)?,
        ignore: all("--ignore", &common.ignore, named)?,
        fail_on: all("--fail-on", &common.fail_on, forbidden)?,
    })
}

fn all<T>(
    option: &str,
    words: &[String],
    read: impl Fn(&str) -> Result<Vec<T>, Unknown>,
) -> Result<Vec<T>, PlanError> {
    let mut found = Vec::new();
    for word in words {
        found.extend(read(word.trim()).map_err(|unknown| unknown_word(option, word, unknown))?);
    }
    Ok(found)
}

fn unknown_word(option: &str, word: &str, unknown: Unknown) -> PlanError {
    let message = format!("{option}: there is no finding `{}`", word.escape_debug());
    let list = "`urltrace findings` lists all";
    let hint = match unknown.nearest {
        Some(nearest) => format!("did you mean {nearest}? {list}"),
        None => list.to_owned(),
    };
    PlanError::with_hint(message, hint)
}

//! `urltrace lab --tour`: the steps of the tour read as the command lines that they print.

use std::ffi::OsString;
use std::io::IsTerminal;

use super::declarations::Format;
use super::environment::Environment;
use super::error::PlanError;
use super::settings::{Action, Settings, Show};
use crate::explain::tour::STEPS;

/// All steps, or one alone.
pub(super) fn action(
    only: Option<usize>,
    show: &Show,
    environment: &Environment,
    settings: impl Fn(Vec<OsString>, &Environment) -> Result<Settings, PlanError>,
) -> Result<Action, PlanError> {
    if show.format != Format::Text {
        return Err(PlanError::usage("--tour is read by people: it cannot be used with --format"));
    }
    let indices = match only {
        None => 0..STEPS.len(),
        Some(number @ 1..) if number <= STEPS.len() => number - 1..number,
        Some(number) => {
            return Err(PlanError::usage(format!(
                "--tour: there is no step {number}, only 1 to {}",
                STEPS.len()
            )));
        }
    };
    let read = |index: usize| {
        let words = std::iter::once("urltrace").chain(STEPS[index].arguments.split(' '));
        let step = settings(words.map(OsString::from).collect(), environment)?;
        Ok((index, Settings { show: Show { progress: None, ..show.clone() }, ..step }))
    };
    let steps: Result<Vec<_>, PlanError> = indices.map(read).collect();
    Ok(Action::Tour { steps: steps?, waits: show.terminal && std::io::stdin().is_terminal() })
}

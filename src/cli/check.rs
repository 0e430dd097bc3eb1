//! `urltrace check`: its thresholds, and what it does otherwise than a trace.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::declarations::{CheckOptions, Common, Format};
use super::error::PlanError;
use super::hands;
use super::settings::Show;
use crate::check::{Days, Range, Thresholds};

/// What the options ask for.
///
/// # Errors
/// Numbers that mean nothing.
pub(super) fn thresholds(options: &CheckOptions) -> Result<Thresholds, PlanError> {
    Ok(Thresholds {
        warning: range("-w", options.warning.as_deref())?,
        critical: range("-c", options.critical.as_deref())?,
        certificate: options.certificate.as_deref().map(days).transpose()?,
    })
}

fn range(option: &str, text: Option<&str>) -> Result<Option<Range>, PlanError> {
    let Some(text) = text else { return Ok(None) };
    Range::read(text).map(Some).ok_or_else(|| {
        PlanError::usage(format!(
            "{option}: `{}` is no number of seconds and no range, such as 0.5, 1:2 or @1:2",
            text.escape_debug()
        ))
    })
}

fn days(text: &str) -> Result<Days, PlanError> {
    let (warning, critical) = text.split_once(',').unwrap_or((text, "0"));
    let both = warning.trim().parse().ok().zip(critical.trim().parse().ok());
    let days = both.map(|(warning, critical)| Days { warning, critical });
    days.filter(|days| days.critical <= days.warning).ok_or_else(|| {
        PlanError::with_hint(
            format!("-C: `{}` are no days", text.escape_debug()),
            "-C 30,14 warns with 30 days left, and is critical with 14",
        )
    })
}

/// As a monitor has it: this machine's resolver and 10 s, unless it is said otherwise.
pub(super) fn settle(common: &mut Common, options: &CheckOptions, matches: &ArgMatches) {
    let is_given = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    if !is_given("resolver") && !common.lab {
        "system".clone_into(&mut common.resolver);
    }
    if !is_given("max_time") {
        common.max_time = options.timeout.clone().unwrap_or_else(|| "10".to_owned());
    }
}

/// Refuses what a line has no room for.
///
/// # Errors
/// A format, and what asks for more than a check.
pub(super) fn check(options: &CheckOptions, show: &Show) -> Result<(), PlanError> {
    let request = &options.request;
    let is_host = |text: &String| !text.contains([':', ';']) && !text.starts_with('@');
    if request.headers.iter().any(is_host) {
        return Err(PlanError::usage(format!(
            "what stands behind -H is not a header field: {}",
            hands::ONE_URL
        )));
    }
    let more = [
        ("--format", show.format != Format::Text),
        ("--explain", show.explain),
        ("-o", request.output.is_some()),
        ("--fail", request.fail),
        ("--fail-on", !show.selection.fail_on.is_empty()),
    ];
    let asked = more.into_iter().chain(hands::looks_further(&options.connection, request));
    match asked.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(PlanError::usage(format!(
            "`urltrace check` prints one line for a monitor: it does not take {option}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_one_number_or_two() {
        assert_eq!(days("30").unwrap(), Days { warning: 30, critical: 0 });
        assert_eq!(days("30,14").unwrap(), Days { warning: 30, critical: 14 });
        for text in ["", "x", "14,30", "-1", "1,2,3"] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}

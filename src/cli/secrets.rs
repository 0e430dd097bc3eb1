//! `--show-secrets`, refused where what is written is kept for long and read by many.

use super::declarations::Format;
use super::error::PlanError;
use super::settings::Show;
use crate::redact::Secrets;

/// Refuses secrets in metrics and spans.
///
/// # Errors
/// The format or the option that would carry them.
pub(super) fn check(show: &Show, is_sent: bool) -> Result<(), PlanError> {
    let is_kept = |format| matches!(format, Format::Prometheus | Format::Openmetrics | Format::Otlp);
    let option = show.exports.iter().find(|export| is_kept(export.format)).map(|export| export.option);
    let what = option.or_else(|| is_kept(show.format).then_some("metrics and spans"));
    let what = what.or_else(|| is_sent.then_some("--otlp"));
    match what.filter(|_| show.secrets == Secrets::Show) {
        None => Ok(()),
        Some(what) => Err(PlanError::with_hint(
            format!(
                "--show-secrets is not for {what}: what is written there is kept for long and read by many"
            ),
            "without it `[redacted]` stands in their place",
        )),
    }
}

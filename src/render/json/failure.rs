//! The view of a failure, of a whole trace and of one request.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::trace::Failure;

/// Why there is no whole response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct FailureView<'a> {
    /// The stage that failed or was running.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"])))]
    stage: &'static str,
    /// A stable kebab-case word.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::failure_codes())))]
    code: &'static str,
    /// One sentence with the names and numbers of this run.
    message: &'a str,
    /// What to try next.
    hint: Option<&'a str>,
    /// The hop it happened in.
    hop: usize,
    /// How long the stage had been running.
    running_us: u64,
}

impl<'a> FailureView<'a> {
    pub(super) fn new(failure: &'a Failure, hop: usize) -> Self {
        Self {
            stage: failure.stage.as_str(),
            code: failure.code.as_str(),
            message: &failure.message,
            hint: failure.hint.as_deref(),
            hop,
            running_us: us(failure.running),
        }
    }
}

//! What went wrong in a stage, worded: the one form of it that all stages use, and the one wording of
//! being stopped (`--max-time`, an interrupt).
//!
//! On the ground: it knows the model and nothing of any stage. A stage whose faults carry more keeps
//! this one inside its own. [`Failure`] is the record made of it once the stage has ended.

use std::time::Duration;

use crate::stop::Stopped;
use crate::trace::{Failure, FailureCode, StageName};
use crate::units;

/// A failure that does not know yet how long its stage had been running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The stage that failed.
    pub(crate) stage: StageName,
    /// A stable word for scripts.
    pub(crate) code: FailureCode,
    /// One sentence for people: lower case, no full stop, with the names and numbers of this run.
    pub(crate) message: String,
    /// What to try next.
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(stage: StageName, code: FailureCode, message: impl Into<String>) -> Self {
        Self { stage, code, message: message.into(), hint: None }
    }

    /// Adds what to try next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds what to try next, where there is something.
    pub(crate) fn hint_if(self, hint: Option<&str>) -> Self {
        Self { hint: hint.map(ToOwned::to_owned), ..self }
    }

    /// The record of it, once the stage has ended.
    pub(crate) fn after(self, running: Duration) -> Failure {
        let Self { stage, code, message, hint } = self;
        Failure { stage, code, message, hint, running }
    }

    /// The whole trace was stopped while the stage was `doing` something, such as "waiting for the
    /// ServerHello". A stage's own limit has a fault of its own.
    pub(crate) fn stopped(stage: StageName, why: Stopped, max_time: Duration, doing: &str) -> Self {
        let fault = |end| Self::new(stage, stop_code(why), format!("{end} while {doing}"));
        match why {
            Stopped::Interrupted => fault("interrupted".to_owned()),
            Stopped::Part(limit) => {
                fault(format!("the limit of {} for this part ran out", units::limit(limit)))
            }
            Stopped::MaxTime | Stopped::Limit => {
                fault(format!("--max-time {} ran out", units::limit(max_time))).hint(MORE_TIME)
            }
        }
    }
}

/// What to try when `--max-time` ended it.
pub(crate) const MORE_TIME: &str = "raise --max-time";

/// The code of a stop of the whole trace.
pub(crate) const fn stop_code(why: Stopped) -> FailureCode {
    match why {
        Stopped::Interrupted => FailureCode::Interrupted,
        Stopped::Part(_) | Stopped::MaxTime | Stopped::Limit => FailureCode::MaxTime,
    }
}

/// A stop of the whole trace in two words, to stand in brackets: `interrupted`, `max time 5 s`.
pub(crate) fn stop_words(why: Stopped, max_time: Duration) -> String {
    match why {
        Stopped::Interrupted => "interrupted".to_owned(),
        Stopped::Part(limit) => format!("limit of this part {}", units::limit(limit)),
        Stopped::MaxTime | Stopped::Limit => format!("--max-time {}", units::limit(max_time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_names_its_end_and_what_was_going_on() {
        let stopped = |why| Fault::stopped(StageName::Tcp, why, Duration::from_millis(1_500), "connecting");
        let late = stopped(Stopped::MaxTime).after(Duration::from_secs(1));
        assert_eq!((late.stage, late.code), (StageName::Tcp, FailureCode::MaxTime));
        assert_eq!(late.message, "--max-time 1.5 s ran out while connecting");
        assert_eq!(late.hint.as_deref(), Some(MORE_TIME));
        let part = stopped(Stopped::Part(Duration::from_secs(2)));
        assert_eq!((part.code, &part.hint), (FailureCode::MaxTime, &None), "--max-time would not help");
        assert_eq!(part.message, "the limit of 2 s for this part ran out while connecting");
        let interrupted = stopped(Stopped::Interrupted);
        assert_eq!((interrupted.code, interrupted.hint), (FailureCode::Interrupted, None));
        assert_eq!(interrupted.message, "interrupted while connecting");
    }
}

//! Further attempts (`--retry`) in words: why one was made, how long was waited, and why there was none.

use crate::trace::{At, NotRetried, RetryWait, Transient, WaitRule};
use crate::units;

/// `again 1.00 s after 503, by Retry-After`.
pub(super) fn wait(waited: RetryWait, start: At) -> String {
    let RetryWait { cause, rule, end } = waited;
    let cause = match cause {
        Transient::Status(status) => status.to_string(),
        Transient::Timeout => "a time-out".to_owned(),
        Transient::Refused => "a refused connection".to_owned(),
    };
    let rule = match rule {
        WaitRule::Backoff | WaitRule::Given => "",
        WaitRule::RetryAfter => ", by Retry-After",
    };
    format!("again {} after {cause}{rule}", units::duration(end.since(start)))
}

/// Why there was no further attempt.
pub(super) fn not_retried(why: NotRetried, method: Option<&str>) -> String {
    match why {
        NotRetried::UsedUp => "no more attempts: --retry is used up".to_owned(),
        NotRetried::NotIdempotent => format!(
            "not sent once more: {} is not idempotent, and it may have been done (--retry-all sends it all the \
             same)",
            method.map_or_else(|| "its method".to_owned(), |method| format!("a {method}"))
        ),
        NotRetried::BodySpent => {
            "not sent once more: its body was read from what can be read only once (a file can be sent again)"
                .to_owned()
        }
        NotRetried::TooLong(wait) => {
            format!("not sent once more: a wait of {} would not end within --max-time", units::limit(wait))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_says_why_it_was_made_or_not() {
        let waited = |cause, rule| wait(RetryWait { cause, rule, end: At(3_000_000) }, At(1_000_000));
        assert_eq!(
            waited(Transient::Status(503), WaitRule::RetryAfter),
            "again 2.00 s after 503, by Retry-After"
        );
        assert_eq!(waited(Transient::Refused, WaitRule::Backoff), "again 2.00 s after a refused connection");
        assert!(not_retried(NotRetried::NotIdempotent, Some("POST")).contains("a POST is not idempotent"));
    }
}

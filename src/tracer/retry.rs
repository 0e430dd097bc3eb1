//! `--retry`: whether what a request came to may pass by itself, whether it may be sent once more, and how long
//! to wait before.
//!
//! Results are those of curl's option of that name. It sends nothing, and it knows nothing of a kept connection
//! that ended under a request: nobody waits then.

use std::time::Duration;

use crate::http;
use crate::plan::{RetryMethods, RetryPlan, RetryRefused};
use crate::reading;
use crate::trace::{At, Failure, FailureCode, NotRetried, Request, Transient, WaitRule};

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of those, as curl has it.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What comes behind an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is over: it went well, or will fail in the same way.
    Over,
    /// It may pass, and is not sent once more.
    Not(NotRetried),
    /// It is sent once more.
    After { cause: Transient, rule: WaitRule, wait: Duration },
}

/// The further attempts of a run.
pub(super) struct Retries {
    plan: RetryPlan,
    left: u32,
    wait: Duration,
}

impl Retries {
    pub(super) const fn new(plan: RetryPlan) -> Self {
        Self { plan, left: plan.times, wait: FIRST_WAIT }
    }

    /// What comes behind this attempt. `left` is what is left of the run's time, `here` the wall time of its end.
    pub(super) fn next(
        &mut self,
        request: &Request,
        method: &str,
        clock: (At, std::time::SystemTime),
        max: Duration,
    ) -> Next {
        let (now, here) = clock;
        if self.plan.times == 0 {
            return Next::Over;
        }
        let Some(cause) = transient(request, self.plan.refused) else { return Next::Over };
        if self.plan.methods == RetryMethods::Idempotent && !http::is_idempotent(method) {
            return Next::Not(NotRetried::NotIdempotent);
        }
        if self.left == 0 {
            return Next::Not(NotRetried::UsedUp);
        }
        let asked = request.http.as_ref().ran().filter(|_| matches!(cause, Transient::Status(_)));
        let asked = asked.and_then(|http| reading::limits(http, here)?.retry).map(|retry| retry.wait);
        let (rule, wait) = match (asked.filter(|wait| !wait.is_zero()), self.plan.delay) {
            (Some(asked), _) => (WaitRule::RetryAfter, asked),
            (None, Some(delay)) => (WaitRule::Given, delay),
            (None, None) => (WaitRule::Backoff, self.wait),
        };
        if now.since(At(0)).saturating_add(wait) >= max {
            return Next::Not(NotRetried::TooLong(wait));
        }
        self.left -= 1;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        Next::After { cause, rule, wait }
    }
}

/// What may pass by itself, if it is that.
fn transient(request: &Request, refused: RetryRefused) -> Option<Transient> {
    let status = request.http.as_ref().ran().and_then(|http| http.status);
    if let Some(status @ (408 | 429 | 500 | 502 | 503 | 504)) = status {
        return Some(Transient::Status(status));
    }
    let Failure { code, .. } = request.failure.as_ref()?;
    match code {
        FailureCode::DnsTimeout
        | FailureCode::ConnectTimeout
        | FailureCode::QuicTimeout
        | FailureCode::ProxyTimeout
        | FailureCode::TlsTimeout => Some(Transient::Timeout),
        FailureCode::ConnectionRefused if refused == RetryRefused::Yes => Some(Transient::Refused),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::trace::{Header, StageName, sample};

    const LONG: Duration = Duration::from_secs(3_600);

    fn answered(status: u16, fields: &[(&str, &str)]) -> Request {
        let mut request = sample::success().requests.remove(0);
        let http = request.http.ran_mut().unwrap();
        http.status = Some(status);
        http.headers = fields
            .iter()
            .map(|(name, value)| Header { name: (*name).to_owned(), value: value.as_bytes().to_vec() })
            .collect();
        request
    }

    fn failed(code: FailureCode) -> Request {
        let mut request = answered(200, &[]);
        request.http.ran_mut().unwrap().status = None;
        let message = String::new();
        let running = Duration::ZERO;
        request.failure = Some(Failure { stage: StageName::Tcp, code, message, hint: None, running });
        request
    }

    fn next(plan: RetryPlan, request: &Request, method: &str) -> Next {
        Retries::new(plan).next(request, method, (At(0), SystemTime::UNIX_EPOCH), LONG)
    }

    #[test]
    fn what_may_pass_is_what_curl_takes_for_that() {
        let plan = RetryPlan { times: 1, ..RetryPlan::default() };
        for status in [408, 429, 500, 502, 503, 504] {
            let wanted = Next::After {
                cause: Transient::Status(status),
                rule: WaitRule::Backoff,
                wait: Duration::from_secs(1),
            };
            assert_eq!(next(plan, &answered(status, &[]), "GET"), wanted);
        }
        for status in [200, 301, 400, 404, 425, 501, 505, 507] {
            assert_eq!(next(plan, &answered(status, &[]), "GET"), Next::Over, "{status}");
        }
        for (code, passes) in [
            (FailureCode::ConnectTimeout, true),
            (FailureCode::TlsTimeout, true),
            (FailureCode::DnsTimeout, true),
            (FailureCode::NxDomain, false),
            (FailureCode::ConnectionRefused, false),
            (FailureCode::EmptyResponse, false),
            (FailureCode::MaxTime, false),
        ] {
            assert_eq!(next(plan, &failed(code), "GET") != Next::Over, passes, "{code:?}");
        }
        let refused = RetryPlan { refused: RetryRefused::Yes, ..plan };
        assert!(matches!(next(refused, &failed(FailureCode::ConnectionRefused), "GET"), Next::After { .. }));
        assert_eq!(next(RetryPlan::default(), &answered(503, &[]), "GET"), Next::Over, "not asked for");
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        let plan = RetryPlan { times: 1, ..RetryPlan::default() };
        for (method, again) in [("PUT", true), ("DELETE", true), ("POST", false), ("PATCH", false)] {
            let what = next(plan, &answered(503, &[]), method);
            assert_eq!(matches!(what, Next::After { .. }), again, "{method}");
            assert_eq!(what == Next::Not(NotRetried::NotIdempotent), !again, "{method}");
        }
        let all = RetryPlan { methods: RetryMethods::All, ..plan };
        assert!(matches!(next(all, &answered(503, &[]), "POST"), Next::After { .. }));
    }

    #[test]
    fn waits_grow_and_the_server_has_the_first_word() {
        let mut retries = Retries::new(RetryPlan { times: 12, ..RetryPlan::default() });
        let mut wait =
            |request: &Request| match retries.next(request, "GET", (At(0), SystemTime::UNIX_EPOCH), LONG) {
                Next::After { wait, rule, .. } => (wait.as_secs(), rule),
                other => panic!("{other:?}"),
            };
        let plain = answered(503, &[]);
        assert_eq!(wait(&plain), (1, WaitRule::Backoff));
        assert_eq!(wait(&plain), (2, WaitRule::Backoff));
        assert_eq!(wait(&answered(503, &[("Retry-After", "7")])), (7, WaitRule::RetryAfter));
        let date =
            [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:49:50 GMT")];
        assert_eq!(wait(&answered(429, &date)), (13, WaitRule::RetryAfter));
        let over =
            [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:49:30 GMT")];
        assert_eq!(wait(&answered(429, &over)), (16, WaitRule::Backoff), "one that is over asks for nothing");
        for doubled in [32, 64, 128, 256, 512, 600, 600] {
            assert_eq!(wait(&plain), (doubled, WaitRule::Backoff));
        }
        let plain = answered(503, &[]);
        assert_eq!(
            retries.next(&plain, "GET", (At(0), SystemTime::UNIX_EPOCH), LONG),
            Next::Not(NotRetried::UsedUp)
        );
        let given = RetryPlan { times: 3, delay: Some(Duration::from_millis(50)), ..RetryPlan::default() };
        let mut retries = Retries::new(given);
        for _ in 0..3 {
            let next = retries.next(&plain, "GET", (At(0), SystemTime::UNIX_EPOCH), LONG);
            assert!(
                matches!(next, Next::After { wait, rule: WaitRule::Given, .. } if wait.as_millis() == 50)
            );
        }
    }

    #[test]
    fn nobody_waits_in_vain() {
        let plan = RetryPlan { times: 3, ..RetryPlan::default() };
        let asks = answered(503, &[("Retry-After", "30")]);
        let mut retries = Retries::new(plan);
        let at = (At(2_000_000), SystemTime::UNIX_EPOCH);
        let max = Duration::from_secs(30);
        let wait = Duration::from_secs(30);
        assert_eq!(retries.next(&asks, "GET", at, max), Next::Not(NotRetried::TooLong(wait)));
        let max = Duration::from_secs(33);
        assert!(matches!(retries.next(&asks, "GET", at, max), Next::After { .. }));
    }
}

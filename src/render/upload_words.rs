//! The way of a request's body in words: what it waited for, how fast it went, and when it was acknowledged.

use std::time::Duration;

use crate::trace::{Expect, ExpectOutcome, Http};
use crate::units;

/// Bodies below this say nothing about a speed: they fit into the kernel's buffers.
const FAST: u64 = 4 << 20;

/// What became of `Expect: 100-continue`.
pub(super) fn expect(expect: Expect, status: Option<u16>) -> String {
    let waited = units::duration(expect.end.since(expect.asked));
    match expect.outcome {
        ExpectOutcome::Continue => format!("100 after {waited}: the body was asked for"),
        ExpectOutcome::Final => {
            let status = status.map_or_else(|| "an answer".to_owned(), |status| status.to_string());
            format!("{status} after {waited}, and the body was not sent")
        }
        ExpectOutcome::TimedOut => {
            format!("no 100 within {}: the body was sent without it", units::limit(expect.limit))
        }
        ExpectOutcome::Unanswered => format!("neither 100 nor an answer, for {waited}"),
    }
}

/// What there is to say of a body that was sent; `None` where nothing is.
pub(super) fn body(http: &Http) -> Option<String> {
    let sent = http.request.body_bytes;
    if sent == 0 {
        return None;
    }
    let mut told = vec![units::bytes(sent)];
    if let Some(end) = http.sent.filter(|_| sent >= FAST) {
        let took = end.since(http.start).saturating_sub(http.body_wait);
        told.extend(speed(sent, took).map(|speed| format!("handed over at {speed}")));
    }
    if http.body_wait >= Duration::from_millis(1) {
        told.push(format!("{} more went by until it was read here", units::duration(http.body_wait)));
    }
    if let (Some(acked), Some(end)) = (http.body_acked, http.sent) {
        told.push(format!("acknowledged {} after the last byte left", units::duration(acked.since(end))));
    }
    (told.len() > 1).then(|| told.join(", "))
}

/// Bytes a second, rounded.
fn speed(bytes: u64, took: Duration) -> Option<String> {
    let millis = u64::try_from(took.as_millis()).ok().filter(|millis| *millis > 0)?;
    Some(format!("{}/s", units::bytes(bytes.saturating_mul(1000) / millis)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{At, sample};

    #[test]
    fn what_a_body_waited_for_is_said() {
        let told = |outcome, status| {
            let limit = Duration::from_secs(1);
            expect(Expect { asked: At(1_000), end: At(21_000), limit, outcome }, status)
        };
        assert_eq!(told(ExpectOutcome::Continue, Some(200)), "100 after 20.0 ms: the body was asked for");
        assert_eq!(told(ExpectOutcome::Final, Some(413)), "413 after 20.0 ms, and the body was not sent");
        assert!(told(ExpectOutcome::TimedOut, None).starts_with("no 100 within 1 s: "));
    }

    #[test]
    fn a_small_body_has_no_speed_and_a_slow_source_is_named() {
        let mut trace = sample::sound();
        let http = trace.requests[0].http.ran_mut().unwrap();
        (http.start, http.sent) = (At(0), Some(At(3_000_000)));
        assert_eq!(body(http), None);
        http.request.body_bytes = 100;
        assert_eq!(body(http), None);
        http.request.body_bytes = 100 << 20;
        http.body_wait = Duration::from_secs(1);
        let told = body(http).unwrap();
        assert!(told.contains("/s, 1.00 s more went by until it was read here"), "{told}");
        http.body_acked = Some(At(3_020_000));
        assert!(body(http).unwrap().ends_with("acknowledged 20.0 ms after the last byte left"));
    }
}

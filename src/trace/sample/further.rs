//! Further requests on one connection.

use std::time::Duration;

use super::super::*;
use super::exchange;

/// Answered ones, with these waits in microseconds.
pub(crate) fn further(waits: &[u64]) -> Further {
    Further { exchanges: waits.iter().map(|wait| answered(*wait)).collect(), end: FurtherEnd::Done }
}

fn answered(wait: u64) -> FurtherExchange {
    let mut http = exchange::http("www.example.test", "/");
    let sent = http.sent.unwrap_or(http.start);
    http.informational.clear();
    http.first_byte = Some(At(sent.0 + wait));
    (http.head_end, http.end) = (http.first_byte, At(sent.0 + wait + 400));
    FurtherExchange { http, failure: None }
}

/// One under which the connection ended.
pub(crate) fn further_failed() -> FurtherExchange {
    let mut exchange = answered(5_000);
    (exchange.http.status, exchange.http.first_byte) = (None, None);
    exchange.failure = Some(Failure {
        stage: StageName::Http,
        code: FailureCode::EmptyResponse,
        message: "the server closed the connection without sending a byte".into(),
        hint: None,
        running: Duration::from_micros(5_400),
    });
    exchange
}

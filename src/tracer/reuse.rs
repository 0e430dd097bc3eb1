//! `--reuse`: when the trace has ended, its last request is made again on the same connection, a few times, one after
//! another. Nothing of it is counted.

use super::pool::{Idle, Pool};
use super::scene::Scene;
use super::target::Origin;
use crate::http::{self, Ask, Session};
use crate::plan::{FurtherMethods, FurtherRequests, HttpPlan};
use crate::trace::{
    FailureCode, Further, FurtherEnd, FurtherExchange, HttpVersion, Request, StageName, Trace, Unanswered,
    Url, header,
};

/// Why none is made.
const NO_REQUEST: &str = "no request was made";
const FAILED: &str = "the first request failed";
const REFUSED: &str = "the preflight was refused, and the request not sent";
const UNSAFE: &str = "the request may change something at the server; with --reuse-all it is made again";
const CLOSED: &str = "the server ended the connection with its first response";
const NOT_KEPT: &str = "the connection was not kept after the first response";

/// Makes the last request again.
pub(super) async fn request_again(
    scene: &Scene<'_>,
    pool: &mut Pool,
    ask: &Ask,
    wanted: FurtherRequests,
    trace: &mut Trace,
) {
    let Some(request) = trace.requests.last_mut() else { return };
    let kept = match hindrance(request, ask, wanted) {
        Some(why) => Err(why),
        None => {
            let idle = pool.take(&Origin::of(&request.url)).await;
            let own = idle.filter(|idle| Some(idle.connection) == request.connection.ran());
            own.ok_or_else(|| ended(request))
        }
    };
    request.further = Some(match kept {
        Err(why) => Further::untried(why),
        Ok(idle) => {
            let (further, session) = again(scene, idle.session, (&request.url, ask), wanted.requests).await;
            if let Some(session) = session {
                pool.keep(Origin::of(&request.url), Idle { session, connection: idle.connection });
            }
            further
        }
    });
}

/// What stands against making it again, whatever became of the connection.
fn hindrance(request: &Request, ask: &Ask, wanted: FurtherRequests) -> Option<&'static str> {
    if request.until != StageName::Http {
        Some(NO_REQUEST)
    } else if request.failure.is_some() || request.http.as_ref().ran().is_none() {
        Some(FAILED)
    } else if request.is_preflight() {
        Some(REFUSED)
    } else if wanted.methods == FurtherMethods::Safe
        && !http::is_safe(&ask.method)
        && !http::is_health_check(&request.url)
    {
        Some(UNSAFE)
    } else {
        None
    }
}

/// Why there is no connection any more.
fn ended(request: &Request) -> &'static str {
    let http = request.http.as_ref().ran();
    let says = |http: &crate::trace::Http| {
        let word = header(&http.headers, "connection").is_some_and(|word| word.eq_ignore_ascii_case("close"));
        word || http.version == HttpVersion::Http10 || http.goaway.is_some()
    };
    if http.is_some_and(says) { CLOSED } else { NOT_KEPT }
}

/// Further exchanges, until there are as many as wanted or the session has ended.
async fn again(
    scene: &Scene<'_>,
    session: Session,
    (url, ask): (&Url, &Ask),
    wanted: usize,
) -> (Further, Option<Session>) {
    // The file of `-o` is that of the trace.
    let plan = HttpPlan { output: None, ..scene.plan.http.clone() };
    let mut further = Further { exchanges: Vec::new(), end: FurtherEnd::Done };
    let mut left = Some(session);
    for _ in 0..wanted {
        let Some(mut session) = left.take() else {
            further.end = FurtherEnd::Closed;
            break;
        };
        if !session.is_open().await {
            further.end = FurtherEnd::Closed;
            break;
        }
        (scene.on_stage)(StageName::Http, &url.host_ascii);
        let made = http::prepare(url, ask, &plan);
        let (mut http, result) = http::fetch(session, made, (url, ask), &plan, scene.clock, scene.stop).await;
        http.body.start = Vec::new();
        let failure = match result {
            Ok(session) => {
                left = session;
                further.exchanges.push(FurtherExchange { http, failure: None });
                continue;
            }
            Err(failure) => failure,
        };
        further.end = match failure.code {
            FailureCode::MaxTime | FailureCode::Interrupted => FurtherEnd::Stopped,
            _ if http.unanswered.is_some_and(|why| why != Unanswered::Http1Required) => FurtherEnd::Closed,
            _ => FurtherEnd::Failed,
        };
        // One that nothing was sent of was none.
        if http.bytes_sent > 0 {
            further.exchanges.push(FurtherExchange { http, failure: Some(failure) });
        }
        break;
    }
    (further, left)
}

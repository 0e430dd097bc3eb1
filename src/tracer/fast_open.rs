//! TCP Fast Open around a request: a connection that was put off until its first data, and never came about, is a
//! failure of the connection; and whether there is a cookie for the next one.

use std::borrow::Cow;

use super::scene::Scene;
use crate::plan::{FastOpenUse, TcpPlan};
use crate::tcp;
use crate::trace::{
    AttemptOutcome, Connection, Failure, FailureCode, FastOpenStart, Request, Scheme, Stage, StageName, Trace,
};

/// How the connection of a request is made. Where no data follows the connect there is none to put into the SYN, and one
/// that was put off would never be made.
pub(super) fn terms<'a>(plan: &'a TcpPlan, request: &Request) -> Cow<'a, TcpPlan> {
    let speaks = match request.until {
        StageName::Http => true,
        StageName::Tls => {
            matches!(request.url.scheme, Scheme::Https | Scheme::Wss | Scheme::Grpcs | Scheme::Tls)
        }
        StageName::Url | StageName::Dns | StageName::Tcp => false,
    };
    if speaks || plan.fast_open == FastOpenUse::Never {
        Cow::Borrowed(plan)
    } else {
        Cow::Owned(TcpPlan { fast_open: FastOpenUse::Never, ..plan.clone() })
    }
}

/// Why it failed, for people.
const UNANSWERED: &str =
    "the SYN, which took the first data along (--tcp-fastopen), was not answered by SYN and ACK";

/// Tells a failure of what followed a connect that was put off, where there was no connection: then the stages behind
/// it have not run.
pub(super) fn told(failure: Failure, request: &mut Request, connection: &mut Connection) -> Failure {
    let Connection { tcp, tls, .. } = connection;
    let never = tcp.fast_open.and_then(|fast_open| fast_open.answered) == Some(false);
    let Some(attempt) =
        tcp.winner.filter(|_| never && tcp.is_deferred()).and_then(|it| tcp.attempts.get_mut(it))
    else {
        return failure;
    };
    let end = [tls.as_ref().ran().map(|tls| tls.end), request.http.as_ref().ran().map(|http| http.end)];
    let end = end.into_iter().flatten().max().unwrap_or(tcp.end);
    let ended_by_us = matches!(failure.code, FailureCode::MaxTime | FailureCode::Interrupted);
    attempt.end = end;
    attempt.outcome =
        if ended_by_us { AttemptOutcome::Stopped } else { AttemptOutcome::Failed(UNANSWERED.to_owned()) };
    let running = end.since(tcp.start);
    let message = if ended_by_us {
        format!("connect to {} was not over: {}", attempt.address, failure.message)
    } else {
        format!("connect to {} failed: {UNANSWERED}", attempt.address)
    };
    (tcp.winner, tcp.end, tcp.tcp_info_after) = (None, end, None);
    (*tls, request.http) = (Stage::NotReached, Stage::NotReached);
    let code = if ended_by_us { failure.code } else { FailureCode::ConnectFailed };
    let hint = Some("without --tcp-fastopen the reason is told, and other addresses are tried".to_owned());
    Failure { stage: StageName::Tcp, code, message, hint, running }
}

/// Finds out for each connection that asked for a cookie whether it got one. Nothing of it is counted.
pub(super) async fn look_for_cookies(scene: &Scene<'_>, trace: &mut Trace) {
    for Connection { tcp, .. } in &mut trace.connections {
        let winner = tcp.winner.and_then(|winner| tcp.attempts.get(winner)).map(|attempt| attempt.address);
        if let (Some(address), Some(fast_open)) = (winner, &mut tcp.fast_open)
            && fast_open.start == FastOpenStart::Asked
        {
            fast_open.granted = tcp::has_cookie(address, &scene.plan.tcp.afterwards());
        }
    }
}

//! One exchange from its start to its record: over which protocol it goes, and what stops it.

use super::expect::Gate;
use super::fault;
use super::framing::Persistence;
use super::going::Going;
use super::request::Draft;
use super::scene::{Ask, Scene, blank};
use super::session::{Forwarded, Session, Wire};
use super::upload::Feed;
use super::{grpc, h1, h2, h3, h3_course, h3_fault, link, tap, words};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::{HttpPlan, VersionChoice};
use crate::stop::{Stop, Stopped};
use crate::stream::Stream;
use crate::trace::{EventStreamEnd, Expect, ExpectOutcome, Failure, FailureCode, Http, Unanswered, Url};

/// A request that is made and not sent: nothing of it needs the connection.
pub struct Prepared {
    draft: Result<Draft, String>,
    /// Its body, which is read ahead of the sending.
    feed: Feed,
    /// Room for what is read of HTTP/1.
    room: Vec<u8>,
}

/// Makes a request. What is wrong with it is told by the exchange.
#[must_use]
pub fn prepare(url: &Url, ask: &Ask, plan: &HttpPlan) -> Prepared {
    let feed = Feed::new(ask.body.as_ref());
    Prepared { draft: Draft::new(url, ask, plan), feed, room: vec![0; link::FIRST_READ] }
}

/// Sends one request and reads its response to the end. Gives the session back when it can carry
/// a further request. Of HTTP/2 the connection is a task of its own: this has to run in a
/// [`LocalSet`](tokio::task::LocalSet).
///
/// The record is whole also on failure: it holds what was seen until then. A session that comes
/// back may be closed by the server at any time: see [`Session::is_open`].
pub async fn fetch(
    mut session: Session,
    mut prepared: Prepared,
    (url, ask): (&Url, &Ask),
    plan: &HttpPlan,
    clock: &Clock,
    stop: &Stop,
) -> (Http, Result<Option<Session>, Failure>) {
    let start = clock.now();
    let mut record = blank(session.version(), start);
    let scene = Scene { url, ask, plan, clock: *clock };
    if url.scheme.is_grpc() {
        record.grpc = Some(grpc::call(url));
        if let Ok(draft) = &mut prepared.draft {
            draft.add_default("grpc-timeout", grpc::timeout(stop.left()), plan);
        }
    }
    let Session { wire, negotiated, forwarded, bursts } = &mut session;
    if let Some(bursts) = bursts {
        bursts.begin();
    }
    let mut line = match wire {
        Wire::Http1(stream) => Line::Http1(stream),
        Wire::Http2(link) => Line::Http2(link, link.watch()),
        Wire::Http3(link) => Line::Http3(link, h3_course::Course::default()),
    };
    let Prepared { draft, mut feed, room } = prepared;
    let gate = Gate::new(draft.as_ref().ok().and_then(|draft| draft.expect));
    let leaving = (draft, &mut feed, &gate, room);
    let running = exchange(&mut line, (negotiated, forwarded.as_ref()), &scene, leaving, &mut record);
    let outcome = stop.within(None, running).await;
    note_body(&mut record, (&feed, &gate), &line, clock);
    record.bursts = bursts.as_ref().map(|bursts| bursts.end(clock)).unwrap_or_default();
    let result = match outcome {
        Ok(result) => {
            record.unanswered = result.as_ref().err().and_then(|fault| unanswered(fault, &line, &record));
            result
        }
        // It has no end of its own: what came by then is what was asked for.
        Err(Stopped::MaxTime) if record.body.events.is_some() => {
            record.end = clock.now();
            record.body.events.iter_mut().for_each(|events| events.end = EventStreamEnd::MaxTime);
            Ok(Persistence::Close)
        }
        Err(why) if record.body.complete && plan.output.is_none() => {
            Err(fault::still_decoding(why, &record, clock.now(), stop.max_time()))
        }
        Err(why) => Err(fault::stopped(why, &record, clock.now(), stop.max_time())),
    };
    let result = result.map_err(|fault| excused(fault, &line, &record));
    drop(line);
    grpc::conclude(&mut record, result.is_ok());
    match result {
        Ok(Persistence::Keep) => (record, Ok(Some(session))),
        Ok(Persistence::Close) => (record, Ok(None)),
        Err(fault) => {
            record.end = clock.now();
            let failure = fault.after(record.end.since(start));
            (record, Err(failure))
        }
    }
}

/// Writes into the record what became of the request's body.
fn note_body(record: &mut Http, (feed, gate): (&Feed, &Gate), line: &Line<'_>, clock: &Clock) {
    let now = clock.now();
    record.expect = gate.told(now);
    match line {
        Line::Http1(_) => {}
        Line::Http2(_, watch) => watch.settle(record),
        Line::Http3(_, course) => course.settle(record),
    }
    if let Some(Expect { asked, outcome: ExpectOutcome::Final, .. }) = record.expect {
        // All that was to be sent.
        record.sent.get_or_insert(asked);
    }
    // What was seen after the answer's first byte had come is no part of the wait for it.
    record.body_acked = record.body_acked.filter(|at| record.first_byte.is_none_or(|first| *at < first));
    record.body_wait = feed.waited(record.sent.or(record.first_byte).unwrap_or(now));
}

/// A connection, as one exchange has it.
enum Line<'a> {
    /// For itself.
    Http1(&'a mut Stream),
    /// With others; its own part is seen from the tap.
    Http2(&'a h2::Link, tap::Watch),
    /// With others, on a stream of its own.
    Http3(&'a h3::Link, h3_course::Course),
}

/// Adds to a failure without an answer what the connection says of it.
fn excused(fault: Fault, line: &Line<'_>, record: &Http) -> Fault {
    let unanswered = matches!(
        fault.code,
        FailureCode::MaxTime
            | FailureCode::EmptyResponse
            | FailureCode::HeadIncomplete
            | FailureCode::ConnectionReset
    );
    let excuse = match line {
        _ if !unanswered || record.first_byte.is_some() => None,
        Line::Http2(link, _) => link.excuse().map(|(words, hint)| (words.to_owned(), hint)),
        Line::Http3(link, course) => {
            let has_waited = fault.code == FailureCode::MaxTime;
            link.excuse(course, has_waited).map(|words| (words, h3_fault::BY_TCP))
        }
        Line::Http1(_) => None,
    };
    match excuse {
        Some((words, hint)) => {
            let own = fault.hint.clone().filter(|_| fault.code != FailureCode::MaxTime);
            let fault = Fault { message: format!("{}; {words}", fault.message), ..fault };
            fault.hint(own.unwrap_or_else(|| hint.to_owned()))
        }
        None => fault,
    }
}

/// What is known of a request when the connection failed it.
fn unanswered(fault: &Fault, line: &Line<'_>, record: &Http) -> Option<Unanswered> {
    let ended = matches!(
        fault.code,
        FailureCode::EmptyResponse
            | FailureCode::ConnectionReset
            | FailureCode::TlsFlood
            | FailureCode::TlsProtocol
    );
    // HTTP/2 has heard the server's SETTINGS by then, and may have been told why.
    let told = matches!(fault.code, FailureCode::HeadIncomplete | FailureCode::Http2Protocol);
    match line {
        Line::Http2(_, watch) if ended || told => watch.unanswered(),
        Line::Http2(..) => None,
        // Of a request that it had begun to answer, a server's word counts for nothing (RFC 9114 §4.1.1).
        Line::Http3(..) if record.bytes_received > 0 => None,
        Line::Http3(_, course) => course.refusal.get().or_else(|| h3_fault::unanswered(fault, record)),
        Line::Http1(_) if !ended || record.bytes_received > 0 => None,
        Line::Http1(_) if record.bytes_sent == 0 => Some(Unanswered::Unprocessed),
        Line::Http1(_) => Some(Unanswered::Unknown),
    }
}

async fn exchange(
    line: &mut Line<'_>,
    (negotiated, forwarded): (&Option<Option<String>>, Option<&Forwarded>),
    scene: &Scene<'_>,
    (draft, feed, gate, room): (Result<Draft, String>, &mut Feed, &Gate, Vec<u8>),
    record: &mut Http,
) -> Result<Persistence, Fault> {
    let draft = draft.map_err(|why| fault::new(FailureCode::InvalidRequest, why))?;
    let draft = match forwarded {
        Some(Forwarded { fields }) => draft.forwarded(fields),
        None => draft,
    };
    if let Some(fault) = feed.hindrance() {
        return Err(fault);
    }
    let is_call = scene.url.scheme.is_grpc();
    if let (true, Some(alpn)) = (is_call || scene.plan.version == VersionChoice::Http2, negotiated)
        && alpn.as_deref() != Some("h2")
    {
        let chose = alpn.as_deref().map_or("no protocol".to_owned(), |alpn| words::escape(alpn.as_bytes()));
        let what = if is_call { "gRPC goes by HTTP/2" } else { "HTTP/2 was asked for" };
        let message = format!("{what} and the server chose {chose} by ALPN");
        return Err(fault::new(FailureCode::VersionNotNegotiated, message).hint("leave --http2 away"));
    }
    let going = Going { draft: &draft, feed, gate };
    match line {
        Line::Http1(stream) => h1::exchange(*stream, scene, (going, room), record).await,
        Line::Http2(link, watch) => link.exchange(scene, going, watch, record).await,
        Line::Http3(link, course) => link.exchange(scene, going, course, record).await,
    }
}

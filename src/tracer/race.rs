//! QUIC and TCP side by side for one request: the first whose handshake is complete carries it, which with TCP has TLS
//! in it. The other is ended, stays on record, and counts for nothing: UDP that is blocked costs no time.
//!
//! The SYN leaves first. QUIC's ClientHello is made while it is on its way, and leaves at once; TCP's own, and the
//! request, are made while both are. So no work for the one lies between two packets of the other, unless the way is
//! shorter than that work.
//!
//! An HTTPS record that offers HTTP/3 alone is no matter of TCP (RFC 9460 §7.1.2). Where such a one comes first, TCP is
//! held back: until QUIC has failed, or has been silent for as long as an endpoint of TCP may be.

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;

use super::beside::{Beside, goes_on, make_request};
use super::by_tcp::{self, Company};
use super::endpoint;
use super::opening::{Opened, Opening};
use super::scene::Scene;
use crate::clock::Clock;
use crate::http::Session;
use crate::plan::{FastOpenUse, Http3, Plan, Resume, RouteProbe, TcpPlan, VersionChoice};
use crate::quic::{self, Dialled};
use crate::tcp::{self, Candidate, Endpoint, FALLBACK_PATIENCE};
use crate::tls;
use crate::trace::{
    At, Attempt, AttemptOutcome, Carrier, Connection, ConnectionId, EndpointSource, Failure, Request, Scheme,
    ServiceBinding, ServiceRecord, Stage, StageName, TlsVersion,
};

/// What a run speaks, by its names in ALPN, most wanted first: HTTP/3 where QUIC may be tried beside TCP.
pub(super) fn protocols(plan: &Plan, until: StageName) -> Vec<&'static str> {
    let by_quic = may_try(plan, until).then_some("h3");
    by_quic.into_iter().chain(tls::Client::protocols(plan.http.version)).collect()
}

/// Whether QUIC may be tried beside TCP.
fn may_try(plan: &Plan, until: StageName) -> bool {
    let can = plan.http.version == VersionChoice::Auto && plan.tls.max_version == TlsVersion::Tls13;
    can && match plan.http.http3 {
        Http3::Always => until >= StageName::Tls,
        Http3::WhereOffered | Http3::Remembered(_) => until == StageName::Http && !asks_about_tcp(plan),
        Http3::Never => false,
    }
}

/// The addresses that QUIC is to be tried at beside TCP; none where it is not.
pub(super) fn candidates(
    plan: &Plan,
    request: &Request,
    queue: &[Candidate],
    service: Option<&ServiceBinding>,
) -> Vec<Candidate> {
    if request.url.scheme != Scheme::Https || !may_try(plan, request.until) {
        return Vec::new();
    }
    let by_record = |candidate: &&Candidate| {
        record_of(candidate.source(), service).is_some_and(ServiceRecord::offers_http3)
    };
    match plan.http.http3 {
        Http3::Always => queue.to_vec(),
        Http3::Remembered(port) if port == request.url.port => queue.to_vec(),
        Http3::Remembered(port) => {
            let addresses = queue.iter().map(|candidate| candidate.address().ip()).collect();
            tcp::line_up(&endpoint::own(addresses, port), &plan.tcp)
        }
        Http3::WhereOffered | Http3::Never => queue.iter().filter(by_record).copied().collect(),
    }
}

/// The addresses that TCP is to be tried at: an endpoint of a record that offers HTTP/3 alone is not among them (RFC 9460
/// §7.1.2), though the host's own may have the same address. And for how long QUIC has the way for itself, where such a
/// record comes first: as long as its endpoint would have, if it were one for TCP.
pub(super) fn for_tcp(
    endpoints: Vec<Endpoint>,
    service: Option<&ServiceBinding>,
    plan: &TcpPlan,
) -> (Vec<Candidate>, Option<Duration>) {
    let is_for_it = |endpoint: &Endpoint| {
        record_of(endpoint.source, service).is_none_or(|record| !record.is_by_quic_alone())
    };
    let comes_first = endpoints.first().is_some_and(|first| !is_for_it(first));
    let endpoints: Vec<Endpoint> = endpoints.into_iter().filter(is_for_it).collect();
    let queue = tcp::line_up(&endpoints, plan);
    let waits =
        queue.first().map(|first| if first.is_last_resort() { FALLBACK_PATIENCE } else { plan.stagger });
    (queue, waits.filter(|_| comes_first))
}

/// The HTTPS record that names an endpoint.
fn record_of(source: EndpointSource, service: Option<&ServiceBinding>) -> Option<&ServiceRecord> {
    service?.records.get(source.record()?)
}

/// Whether something is wanted that a connection by TCP alone has.
fn asks_about_tcp(plan: &Plan) -> bool {
    plan.tcp.all_addresses.is_some()
        || plan.tcp.route == RouteProbe::Afterwards
        || plan.tcp.fast_open != FastOpenUse::Never
        || plan.tls.resume == Resume::Afterwards
}

/// From the addresses of an origin to a connection by whichever is faster. QUIC is alone for as long as `lead` says, if
/// it is not over before.
pub(super) async fn open(
    scene: &Scene<'_>,
    opening: Opening<'_>,
    (by_udp, lead): (&[Candidate], Option<Duration>),
    beside: &mut Beside,
) -> Opened {
    let Opening { id, request, ask, connections, queue, found, mut service, redirected_from } = opening;
    let (end, ended) = watch::channel(false);
    let own = scene.stop.ended_by(ended);
    let of_tcp = Scene { stop: &own, ..*scene };
    let host = request.url.host_ascii.trim_end_matches('.').to_owned();
    let target = quic::Target { queue: by_udp, found, host: &host, tls: scene.quic };
    let before = connections.len();
    // Where TCP is held back, QUIC's own company is the request.
    let early = lead.map(|_| request.clone());
    let mut made = None;
    let finish = {
        let opening = Opening {
            id,
            request: &mut *request,
            ask,
            connections: &mut *connections,
            queue,
            found,
            service: service.as_deref_mut(),
            redirected_from: redirected_from.clone(),
        };
        let company = if lead.is_some() { Company::None } else { Company::Quic };
        let tcp = by_tcp::open(&of_tcp, opening, company, beside);
        let quic = async {
            let ahead = async { made = early.and_then(|request| make_request(scene, &request, ask)) };
            futures_util::join!(quic::connect(target, &scene.plan.tcp, scene.clock, &own), ahead).0
        };
        run(scene, (tcp, lead), quic, &end).await
    };
    let Finish { by_tcp, mut dialled, first, tcp_failed } = finish;
    if let Some(by_tcp) = by_tcp.filter(|_| first != Some(Carrier::Quic)) {
        let failed = dialled.result.as_ref().err().map(|failure| failure.message.clone());
        let won = first.map(|_| scene.clock.now());
        let begun = connections.get_mut(before..).unwrap_or_default();
        let rivals = rivals(dialled.connect.attempts, failed.as_deref(), won);
        if let Some((connection, lead)) = begun.first_mut().zip(lead) {
            // What was waited for was QUIC.
            connection.tcp.start = rivals.iter().map(|rival| rival.start).fold(connection.tcp.start, At::min);
            endpoint::tell_rivals(service, &rivals, lead);
        }
        if let Some(connection) = begun.last_mut() {
            connection.tcp.rivals = rivals;
        }
        return by_tcp;
    }
    // What was begun by TCP becomes a part of the record of QUIC's connection.
    let won = Some(dialled.quic.end);
    let begun = connections.split_off(before).into_iter();
    dialled.connect.rivals =
        begun.flat_map(|begun| rivals(begun.tcp.attempts, tcp_failed.as_deref(), won)).collect();
    dialled.connect.redirected_from = redirected_from.or(dialled.connect.redirected_from);
    let Dialled { connect, quic, tls, unread, result } = dialled;
    let connection = ConnectionId(connections.len());
    request.connection = Stage::Ran(connection);
    endpoint::tell_attempts(service, &connect);
    connections.push(Connection { opened_for: id, tcp: connect, proxy: None, quic: Some(quic), tls });
    beside.begin_checks();
    let opened = result?;
    (beside.watch, beside.unread) = (None, Some(unread));
    beside.request = made.or_else(|| beside.request.take());
    beside.quic = Some((connection, opened.watch()));
    Ok(goes_on(Session::over_quic(opened), connection, request.until).await)
}

/// What came of the two.
struct Finish {
    /// `None` where TCP had no turn.
    by_tcp: Option<Opened>,
    dialled: Dialled,
    /// Whose handshake was complete first, if any was.
    first: Option<Carrier>,
    /// Why TCP has failed, where it did so by itself.
    tcp_failed: Option<String>,
}

/// Runs both until each has its record: the first one's success ends the other, and so may TCP's failure. TCP may have to
/// wait for a while, or for QUIC's failure.
async fn run(
    scene: &Scene<'_>,
    (tcp, lead): (impl Future<Output = Opened>, Option<Duration>),
    quic: impl Future<Output = Dialled>,
    end: &watch::Sender<bool>,
) -> Finish {
    let start = scene.clock.now();
    let (mut tcp, mut quic) = (pin!(tcp), pin!(quic));
    let mut stopped = pin!(scene.stop.within(None, pending::<()>()));
    let (mut by_tcp, mut dialled, mut first, mut tcp_failed) = (None, None, None, None);
    // Until when TCP is held back, and until when QUIC is awaited that TCP has left alone.
    let (mut held, mut patience) = (lead.map(|lead| start.after(lead)), None);
    let mut is_ended = false;
    loop {
        (by_tcp, dialled) = match (by_tcp, dialled) {
            (by_tcp @ Some(_), Some(dialled)) => return Finish { by_tcp, dialled, first, tcp_failed },
            (None, Some(dialled)) if held.is_some() => {
                return Finish { by_tcp: None, dialled, first, tcp_failed };
            }
            either => either,
        };
        let is_over = tokio::select! {
            biased;
            opened = &mut tcp, if by_tcp.is_none() && held.is_none() => {
                match &opened {
                    Ok(_) if first.is_none() => first = Some(Carrier::Tcp),
                    Err(failure) if first.is_none() && !is_ended => {
                        tcp_failed = Some(failure.message.clone());
                        patience = Some(may_go_on(failure, start, scene.clock));
                    }
                    _ => {}
                }
                by_tcp = Some(opened);
                first.is_some()
            }
            done = &mut quic, if dialled.is_none() => {
                if done.result.is_ok() && first.is_none() {
                    first = Some(Carrier::Quic);
                } else if !is_ended {
                    held = None;
                }
                dialled = Some(done);
                first.is_some()
            }
            _ = &mut stopped, if !is_ended => true,
            () = until(held, scene.clock), if !is_ended => {
                held = None;
                false
            }
            () = until(patience, scene.clock), if !is_ended => true,
        };
        if is_over {
            is_ended = true;
            let _ = end.send(true);
        }
    }
}

/// Until when QUIC may go on alone: a server that TCP does not reach may still be there by UDP. What TLS says of a
/// certificate holds for both.
fn may_go_on(failure: &Failure, start: At, clock: &Clock) -> At {
    let another_may_do = failure.stage == StageName::Tcp || endpoint::may_be_replaced(failure);
    let limit = if another_may_do { start.after(FALLBACK_PATIENCE) } else { start };
    limit.max(clock.now())
}

async fn until(limit: Option<At>, clock: &Clock) {
    match limit {
        Some(limit) => tokio::time::sleep_until(clock.instant(limit).into()).await, // the patience with one of the two alone
        None => pending().await,
    }
}

/// The attempts of the one that was not first; `won` is when the other was complete, if it was.
fn rivals(attempts: Vec<Attempt>, failed: Option<&str>, won: Option<At>) -> Vec<Attempt> {
    let told = |mut attempt: Attempt| {
        let given_up = won.map_or(attempt.end, |won| won.max(attempt.start));
        match (&attempt.outcome, failed) {
            // It was connected, and its handshake failed.
            (AttemptOutcome::Won, Some(why)) => attempt.outcome = AttemptOutcome::Failed(why.to_owned()),
            (AttemptOutcome::Won | AttemptOutcome::Lost, _) => {
                (attempt.outcome, attempt.end) = (AttemptOutcome::Lost, given_up);
            }
            (AttemptOutcome::Stopped, _) if won.is_some() => {
                (attempt.outcome, attempt.end) = (AttemptOutcome::Lost, given_up);
            }
            _ => {}
        }
        attempt
    };
    attempts.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(outcome: AttemptOutcome) -> Attempt {
        Attempt {
            address: "192.0.2.1:443".parse().unwrap(),
            start: At(10),
            end: At(20),
            outcome,
            syn_retransmits: None,
            answered: None,
            source: EndpointSource::Host,
            transport: Carrier::Quic,
        }
    }

    #[test]
    fn what_was_not_first_is_told_as_it_ended() {
        use AttemptOutcome::{Failed, Lost, Refused, Stopped, Won};
        for (outcome, failed, won, wanted, end) in [
            (Stopped, None, Some(At(50)), Lost, 50),
            (Won, None, Some(At(50)), Lost, 50),
            (Won, Some("broken"), Some(At(50)), Failed("broken".to_owned()), 20),
            (Refused, Some("refused"), Some(At(50)), Refused, 20),
            (Stopped, Some("stopped"), None, Stopped, 20),
        ] {
            let told = rivals(vec![attempt(outcome.clone())], failed, won);
            assert_eq!((&told[0].outcome, told[0].end), (&wanted, At(end)), "{outcome:?}");
        }
    }

    #[test]
    fn a_certificate_is_judged_once_and_an_address_twice() {
        let clock = Clock::start();
        let failure = |stage, code| Failure {
            stage,
            code,
            message: String::new(),
            hint: None,
            running: std::time::Duration::ZERO,
        };
        use crate::trace::FailureCode::{CertificateExpired, ConnectionRefused};
        let far = At(0).after(FALLBACK_PATIENCE);
        assert_eq!(may_go_on(&failure(StageName::Tcp, ConnectionRefused), At(0), &clock), far);
        assert!(may_go_on(&failure(StageName::Tls, CertificateExpired), At(0), &clock) < far);
    }
}

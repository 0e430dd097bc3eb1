//! From a URL to an open connection through a proxy: who resolves what, the connection to the proxy, and the
//! tunnel from there.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::beside::{Beside, goes_on, make_request};
use super::by_tcp::{self, Hello, PLAIN, secure, version_for};
use super::connect::{CONNECT_TO, IP_LITERAL};
use super::endpoint;
use super::fast_open;
use super::scene::Scene;
use super::target::Target;
use super::until;
use crate::http::{Ask, Session, basic_credentials};
use crate::plan::{PlainRequests, Plan, ProxyServer, VersionChoice};
use crate::proxy::{self, Choice, Credentials, Destination, Terms};
use crate::stream::Stream;
use crate::tcp;
use crate::trace::{
    At, Connect, Connection, ConnectionId, Failure, FailureCode, Hop, LookupId, Proxy, ProxyLookup,
    ProxyUsage, RequestId, Scheme, Secret, Stage, StageName, Trace, Url,
};

/// Why the target's name is not looked up.
const PROXY_RESOLVES: &str = "the proxy resolves the name";

/// From the URL of a request to a connection through `server` that can carry it.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    (id, ask): (RequestId, &Ask),
    server: &ProxyServer,
    beside: &mut Beside,
) -> Result<Option<(Session, ConnectionId)>, Failure> {
    let Scene { plan, on_stage, .. } = *scene;
    let target = Target::of(&trace.requests[id.0].url, &plan.tcp);
    let address = whom(scene, trace, id, server, &target, beside).await?;
    let usage = usage(&trace.requests[id.0].url, &target, server, plan);
    let mut proxy = record(server, usage, &target, address);
    on_stage(StageName::Tcp, &server.host);
    let addresses = find(scene, server, &mut proxy).await;
    let connection = ConnectionId(trace.connections.len());
    trace.requests[id.0].connection = Stage::Ran(connection);
    let found = match addresses {
        Ok(found) => found,
        Err(failure) => {
            let tcp = nowhere(proxy.end);
            let failure = proxy::not_resolved(&proxy, failure);
            trace.connections.push(Connection {
                opened_for: id,
                tcp,
                proxy: Some(proxy),
                quic: None,
                tls: Stage::NotReached,
            });
            return Err(failure);
        }
    };
    let queue = tcp::line_up(&endpoint::own(found.clone(), server.port), &plan.tcp);
    let terms = fast_open::terms(&plan.tcp, &trace.requests[id.0]);
    let connecting = tcp::connect(&queue, found.len(), &terms, scene.clock, scene.stop);
    // What is for the proxy itself is made while the SYN is on its way.
    let ahead = async {
        let request = &trace.requests[id.0];
        let forwarded = (usage == ProxyUsage::Forward).then(|| make_request(scene, request, ask));
        (Hello::to_proxy(scene, server), forwarded.flatten())
    };
    let ((tcp, stream), (hello, forwarded)) = futures_util::join!(connecting, ahead);
    beside.begin_checks();
    proxy.end = tcp.end;
    let proxy = Some(proxy);
    trace.connections.push(Connection { opened_for: id, tcp, proxy, quic: None, tls: Stage::NotReached });
    let Trace { requests, connections, .. } = trace;
    let Connection { proxy: Some(proxy), tls, .. } = &mut connections[connection.0] else {
        unreachable!("it was just put there")
    };
    let stream = stream.map_err(|failure| proxy::not_connected(proxy, failure))?;
    beside.watch = tcp::Watch::of(&stream).map(|watch| (connection, watch));
    let stream = secure_proxy(scene, hello, proxy, stream.into(), beside).await?;
    let basic = basic(server);
    let request = &requests[id.0];
    let until = request.until;
    if usage == ProxyUsage::Forward {
        *tls = Stage::Skipped(PLAIN);
        beside.request = forwarded;
        let fields = for_forwarder(&scene.plan.proxy.headers, basic);
        return Ok(goes_on(Session::forwarded(stream, fields), connection, until).await);
    }
    // And what is for the target, while the proxy's answer is.
    let ahead = async { (Hello::wanted(scene, request), make_request(scene, request, ask)) };
    let opening = tunnel(scene, server, &target, address, proxy, stream, basic.as_deref());
    let (stream, (hello, made)) = futures_util::join!(opening, ahead);
    let stream = stream?;
    beside.request = made;
    if request.url.scheme.is_clear() {
        *tls = Stage::Skipped(PLAIN);
        let version = version_for(request, &plan.http);
        return Ok(goes_on(Session::in_the_clear(stream, version), connection, until).await);
    }
    let Some(hello) = hello else {
        *tls = Stage::Skipped(until::reason(request));
        return Ok(None);
    };
    let session = secure(scene, hello, tls, stream, None, &mut beside.unread).await?;
    Ok(goes_on(session, connection, until).await)
}

/// A tunnel of its own to the target that `first` has led to, when the trace has ended: at the same address of the same
/// proxy, which is told the same.
pub(super) async fn again(
    scene: &Scene<'_>,
    url: &Url,
    first: &Proxy,
    at: SocketAddr,
) -> Result<Stream, Failure> {
    let Choice::Use(server) = proxy::choose(url, &scene.plan.proxy) else {
        unreachable!("the same URL went by it before")
    };
    let target = Target::of(url, &scene.plan.tcp);
    let address = first.target.parse::<SocketAddr>().ok().map(|told| told.ip());
    let mut proxy = record(server, ProxyUsage::Tunnel, &target, address);
    let hello = Hello::to_proxy(scene, server);
    let stream = by_tcp::again(scene, at).await.map_err(|failure| proxy::not_connected(&proxy, failure))?;
    let stream = secure_proxy(scene, hello, &mut proxy, stream, &mut Beside::default()).await?;
    let basic = basic(server);
    tunnel(scene, server, &target, address, &mut proxy, stream, basic.as_deref()).await
}

/// The credentials for an HTTP proxy.
fn basic(server: &ProxyServer) -> Option<String> {
    let (user, password) = server.credentials.as_ref()?;
    Some(basic_credentials(&format!("{user}:{password}")))
}

/// What a proxy that forwards requests is told beside them: the fields given for it, and who asks.
fn for_forwarder(given: &[(String, Option<String>)], basic: Option<String>) -> Vec<(String, Option<String>)> {
    const NAME: &str = "Proxy-Authorization";
    let other = basic.filter(|_| !given.iter().any(|(name, _)| name.eq_ignore_ascii_case(NAME)));
    given.iter().cloned().chain(other.map(|value| (NAME.to_owned(), Some(value)))).collect()
}

/// A tunnel to the target.
async fn tunnel(
    scene: &Scene<'_>,
    server: &ProxyServer,
    target: &Target,
    address: Option<IpAddr>,
    proxy: &mut Proxy,
    mut stream: Stream,
    basic: Option<&str>,
) -> Result<Stream, Failure> {
    let destination = match address {
        Some(address) => Destination::Address(SocketAddr::new(address, target.port)),
        None => Destination::Name(&target.host, target.port),
    };
    let credentials = server.credentials.as_ref().map(|(user, password)| Credentials {
        user,
        password,
        basic: basic.unwrap_or_default(),
    });
    let limit = scene.clock.now().after(scene.plan.proxy.timeout);
    let agent = &scene.plan.http.user_agent;
    let fields = &scene.plan.proxy.headers;
    let terms = Terms { clock: scene.clock, stop: scene.stop, limit, agent, fields, credentials };
    let early = proxy::open(&mut stream, destination, proxy, terms).await?;
    Ok(stream.behind(early))
}

/// Resolves the target's name where that is left to this program, and gives the address that the proxy is told;
/// `None` where it is told a name.
async fn whom(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    server: &ProxyServer,
    target: &Target,
    beside: &mut Beside,
) -> Result<Option<IpAddr>, Failure> {
    let Scene { resolver, clock, stop, on_stage, .. } = *scene;
    let request = &mut trace.requests[id.0];
    if let Some(address) = target.literal() {
        let given = target.redirected_from.is_some() && request.url.host.address().is_none();
        request.lookup = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
        return Ok(Some(address));
    }
    if server.kind.resolves() {
        request.lookup = Stage::Skipped(PROXY_RESOLVES);
        return Ok(None);
    }
    on_stage(StageName::Dns, &target.host);
    let (dns, result, lanes) = resolver.resolve(&target.host, target.port, clock, stop).await;
    let lookup = LookupId(trace.lookups.len());
    trace.lookups.push(dns);
    request.lookup = Stage::Ran(lookup);
    beside.lanes = Some((lookup, lanes));
    let family = scene.plan.tcp.family;
    let usable: Vec<IpAddr> = result?.into_iter().filter(|address| family.admits(*address)).collect();
    // Whether the proxy has IPv6 is not known; IPv4 it has.
    let first = usable.iter().find(|address| address.is_ipv4()).or(usable.first()).copied();
    first.map(Some).ok_or_else(|| Failure {
        stage: StageName::Tcp,
        code: FailureCode::NoAddress,
        message: format!("{} has no address of the family that was asked for", target.host),
        hint: Some("leave the family option out".to_owned()),
        running: Duration::ZERO,
    })
}

/// Whether requests are forwarded as they are.
fn usage(url: &Url, target: &Target, server: &ProxyServer, plan: &Plan) -> ProxyUsage {
    let forwards = server.kind.is_http()
        && url.scheme == Scheme::Http
        && plan.proxy.plain == PlainRequests::Forward
        // Forwarding is HTTP/1: whoever insists on another version needs a tunnel.
        && plan.http.version != VersionChoice::Http2
        // The request names the URL's host: another can be reached through a tunnel only.
        && target.redirected_from.is_none();
    if forwards { ProxyUsage::Forward } else { ProxyUsage::Tunnel }
}

/// The record of a proxy that nothing has been done with yet.
fn record(server: &ProxyServer, usage: ProxyUsage, target: &Target, address: Option<IpAddr>) -> Proxy {
    let ProxyServer { kind, host, port, credentials, source } = server;
    let whom = address.map_or_else(|| target.host.clone(), |address| address.to_string());
    let whom = if whom.contains(':') { format!("[{whom}]") } else { whom };
    let target = format!("{whom}:{}", target.port);
    let credentials = credentials.as_ref().map(|(user, password)| Secret(format!("{user}:{password}")));
    Proxy { credentials, ..Proxy::unused(*kind, host.clone(), *port, *source, usage, target) }
}

/// The addresses of the proxy itself: the machine's resolver is asked, as every other program has it.
async fn find(scene: &Scene<'_>, server: &ProxyServer, proxy: &mut Proxy) -> Result<Vec<IpAddr>, Failure> {
    let Scene { clock, stop, means, .. } = *scene;
    let Some(resolver) = &means.resolver else { return Ok(server.host.parse().into_iter().collect()) };
    if let Ok(address) = server.host.parse() {
        return Ok(vec![address]);
    }
    let start = clock.now();
    let (dns, result, _) = resolver.resolve(&server.host, server.port, clock, stop).await;
    let end = dns.end.max(start);
    let error = result.as_ref().err().map(|failure| failure.message.clone());
    proxy.lookup = Some(ProxyLookup { start, end, addresses: dns.addresses, error });
    proxy.end = end;
    result
}

/// A race that nobody could take part in.
const fn nowhere(at: At) -> Connect {
    Connect {
        start: at,
        end: at,
        attempts: Vec::new(),
        winner: None,
        rivals: Vec::new(),
        udp_check: None,
        local: None,
        tcp_info: None,
        tcp_info_after: None,
        noticed: None,
        stamped_by: None,
        untried: Vec::new(),
        redirected_from: None,
        unix_socket: None,
        addresses: None,
        route: None,
        fast_open: None,
        addresses_skipped: None,
    }
}

/// TLS with an https proxy; nothing for the others.
async fn secure_proxy(
    scene: &Scene<'_>,
    hello: Option<Hello<'_>>,
    proxy: &mut Proxy,
    stream: Stream,
    beside: &mut Beside,
) -> Result<Stream, Failure> {
    let Some(hello) = hello else { return Ok(stream) };
    let (tls, secured, unread) = hello.shake_hands(scene, stream, None).await;
    (proxy.start, proxy.end) = (Some(tls.start), tls.end);
    proxy.tls = Some(Box::new(tls));
    match secured {
        Ok(secured) => {
            beside.of_proxy = Some(unread);
            Ok(Stream::Tls(Box::new(secured)))
        }
        Err(failure) => Err(proxy::not_secured(proxy, failure)),
    }
}

/// Adds to a failure behind a proxy what part the proxy may have in it.
pub(super) fn hint(mut failure: Failure, hop: &Hop<'_>) -> Failure {
    let Some(proxy) = hop.connection.and_then(|connection| connection.proxy.as_ref()) else { return failure };
    if failure.code == FailureCode::NotHttp && proxy.usage == ProxyUsage::Forward {
        let who = proxy.words();
        let begins = hop.http.ran().and_then(|http| http.garbage.as_deref()).unwrap_or_default();
        let guess = proxy::guess(proxy, begins);
        failure.hint = Some(format!("it is the {who} that answered so: {guess}"));
        return failure;
    }
    if let Some(part) = part(&failure, proxy) {
        failure.hint = Some(match failure.hint {
            Some(own) => format!("{part}; {own}"),
            None => part,
        });
    }
    failure
}

fn part(failure: &Failure, proxy: &Proxy) -> Option<String> {
    use FailureCode::{
        BadRedirect, DecodeFailed, Interrupted, InvalidRequest, OutputFailed, RequestBodyFailed,
        TooManyRedirects,
    };
    let who = proxy.words();
    match (failure.stage, failure.code) {
        (
            _,
            BadRedirect | TooManyRedirects | DecodeFailed | OutputFailed | RequestBodyFailed | InvalidRequest
            | Interrupted,
        ) => None,
        (StageName::Http, _) if proxy.usage == ProxyUsage::Forward => Some(format!(
            "the request went to the {who}, which forwards it: it is the proxy that did so, on its own or as the server \
             behind it did"
        )),
        (StageName::Http, _) => Some(format!("it came through the {who}, which may have a part in it")),
        (StageName::Tls, code) if code.as_str().starts_with("certificate") => Some(format!(
            "the {who} may have put its own certificate in place of the server's: --cacert trusts its CA"
        )),
        (StageName::Tls, _) => {
            Some(format!("the tunnel of the {who} stood; who ended or changed it cannot be seen from here"))
        }
        _ => None,
    }
}

//! Each transport against a server of its own on loopback, with known delays and faults.
#![cfg(feature = "encrypted-dns")]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hickory_resolver::proto::op::{Edns as OptRecord, Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{Run, STUB, local, plan, resolve_with, root};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, DnssecPlan, Endpoint, EndpointHost, ResolverChoice, RootsChoice};
use crate::trace::{Choice, DnsLane, Edns, FailureCode, Packet, Purpose, Transport};

/// Put in before TLS or QUIC is answered.
const HANDSHAKE: Duration = Duration::from_millis(60);

/// Put in before each reply.
const THINKING: Duration = Duration::from_millis(30);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conduct {
    Fine,
    NoEdns,
    Closes,
    Silent,
    Status(u16),
    Html,
    Garbage,
    /// Replies with another id.
    OtherId,
    /// Says more bytes than come.
    Long,
    /// Answers each question by itself, in any order; closes after so many, if that is said.
    Steady(Option<usize>),
    /// Answers both types of one name on its first connection, and says no more there.
    Stalls,
    /// HTTPS: says its media type in another way, and that the reply is 100 s old.
    Aged,
    /// HTTPS: refuses the first of its streams.
    RefusesFirst,
    /// HTTPS: has room for one question at a time.
    OneAtATime,
    /// Closes the connection that `n6` comes on with others, twice; answers everything else at once.
    Averse,
}

/// What a server saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) connections: Cell<usize>,
    /// Length of each question, and of the padding in it.
    pub(crate) questions: RefCell<Vec<(usize, Option<usize>)>>,
    pub(crate) most_at_once: Cell<usize>,
    /// Connections closed on account of `n6`.
    pub(crate) averted: Cell<usize>,
}

impl Seen {
    fn question(&self, query: &[u8]) {
        let message = Message::from_vec(query).unwrap();
        let padding = message.edns.as_ref().and_then(|edns| match edns.option(EdnsCode::Padding)? {
            EdnsOption::Unknown(12, zeros) => Some(zeros.len()),
            _ => None,
        });
        self.questions.borrow_mut().push((query.len(), padding));
    }
}

/// What a recursive resolver answers.
fn reply(query: &[u8], conduct: Conduct) -> Vec<u8> {
    let query = Message::from_vec(query).unwrap();
    let mut reply = Message::response(query.metadata.id, OpCode::Query);
    reply.metadata.recursion_desired = true;
    reply.metadata.recursion_available = true;
    reply.queries.clone_from(&query.queries);
    if conduct == Conduct::NoEdns && query.edns.is_some() {
        reply.metadata.response_code = ResponseCode::FormErr;
        return reply.to_vec().unwrap();
    }
    reply.edns = query.edns.as_ref().map(|_| OptRecord::new());
    let question = &query.queries[0];
    if question.name == Name::from_ascii("nope.example.test.").unwrap() {
        reply.metadata.response_code = ResponseCode::NXDomain;
    } else {
        let data = match question.query_type {
            // `n7` has 192.0.2.7.
            WireType::A => {
                let label = String::from_utf8_lossy(question.name.iter().next().unwrap()).into_owned();
                let number = label.strip_prefix('n').and_then(|number| number.parse().ok()).unwrap_or(1);
                RData::A(std::net::Ipv4Addr::new(192, 0, 2, number).into())
            }
            _ => RData::AAAA("2001:db8::1".parse().unwrap()),
        };
        reply.add_answer(Record::from_rdata(question.name.clone(), 300, data));
    }
    let mut bytes = reply.to_vec().unwrap();
    match conduct {
        Conduct::Garbage => bytes.truncate(bytes.len() - 3),
        Conduct::OtherId => bytes[0] ^= 0xff,
        _ => {}
    }
    bytes
}

async fn serve_framed(mut stream: impl AsyncRead + AsyncWrite + Unpin, conduct: Conduct) -> Option<()> {
    let mut replies = Vec::new();
    if conduct == Conduct::Closes {
        // Whoever comes again comes with one question.
        let _ = stream.read_u16().await;
        return None;
    }
    // Both types are read before the first is answered, and the second is answered first.
    for _ in 0..2 {
        let length = stream.read_u16().await.ok()?;
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await.ok()?;
        replies.push(reply(&bytes, conduct));
    }
    match conduct {
        Conduct::Silent => std::future::pending().await,
        _ => tokio::time::sleep(THINKING).await, // the injected delay of the resolver
    }
    for reply in replies.iter().rev() {
        let more = if conduct == Conduct::Long { 100 } else { 0 };
        stream.write_u16(u16::try_from(reply.len()).unwrap() + more).await.ok()?;
        stream.write_all(reply).await.ok()?;
        stream.flush().await.ok()?;
    }
    if conduct == Conduct::NoEdns {
        return Box::pin(serve_framed(stream, Conduct::Fine)).await;
    }
    let _ = stream.read_u8().await;
    None
}

async fn serve_steadily(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    conduct: Conduct,
    seen: Rc<Seen>,
) -> Option<()> {
    let limit = match conduct {
        Conduct::Steady(limit) => limit,
        Conduct::Stalls if seen.connections.get() == 1 => Some(2),
        _ => None,
    };
    let (mut read, write) = tokio::io::split(stream);
    let write = Rc::new(tokio::sync::Mutex::new(write));
    // Of the questions in hand: an id that was answered may be drawn again.
    let ids = Rc::new(RefCell::new(HashSet::new()));
    for number in 1.. {
        let length = read.read_u16().await.ok()?;
        let mut bytes = vec![0; usize::from(length)];
        read.read_exact(&mut bytes).await.ok()?;
        seen.question(&bytes);
        let id = [bytes[0], bytes[1]];
        assert!(ids.borrow_mut().insert(id), "{id:?} stands for two questions");
        seen.most_at_once.set(seen.most_at_once.get().max(ids.borrow().len()));
        let (write, ids) = (Rc::clone(&write), Rc::clone(&ids));
        let answer = async move {
            // The first of three is the last to be answered.
            tokio::time::sleep(Duration::from_millis(3 - number % 3)).await; // the reordering itself
            let reply = reply(&bytes, conduct);
            let framed = [&u16::try_from(reply.len()).unwrap().to_be_bytes()[..], &reply].concat();
            let mut write = write.lock().await;
            ids.borrow_mut().remove(&id);
            write.write_all(&framed).await.ok()?;
            write.flush().await.ok()
        };
        match limit {
            None => drop(tokio::task::spawn_local(answer)),
            Some(limit) => {
                answer.await;
                if number == limit as u64 {
                    if conduct == Conduct::Stalls {
                        std::future::pending::<()>().await;
                    }
                    return None;
                }
            }
        }
    }
    None
}

async fn serve_averse(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: Rc<Seen>) -> Option<()> {
    let mut held_back = false;
    for number in 1.. {
        let length = stream.read_u16().await.ok()?;
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await.ok()?;
        let reply = reply(&bytes, Conduct::Averse);
        if bytes.windows(3).any(|label| label == b"\x02n6") && seen.averted.get() < 2 {
            seen.averted.set(seen.averted.get() + 1);
            held_back = true;
        } else {
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await.ok()?;
            stream.write_all(&reply).await.ok()?;
        }
        if held_back && number > 1 {
            break;
        }
    }
    // Read to the end: a reset would take the replies along.
    stream.shutdown().await.ok()?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok().map(drop)
}

async fn serve_https(stream: impl AsyncRead + AsyncWrite + Unpin, conduct: Conduct, seen: Rc<Seen>) {
    let mut settings = h2::server::Builder::new();
    if conduct == Conduct::OneAtATime {
        settings.max_concurrent_streams(1);
    }
    let mut connection = settings.handshake(stream).await.unwrap();
    let mut number = 0;
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        number += 1;
        if conduct == Conduct::Steady(Some(number)) {
            connection.graceful_shutdown();
        }
        let seen = Rc::clone(&seen);
        tokio::task::spawn_local(async move {
            assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/dns-query"));
            assert_eq!(request.headers()["content-type"], "application/dns-message");
            let mut body = request.into_body();
            let mut query = Vec::new();
            while let Some(chunk) = body.data().await {
                query.extend_from_slice(&chunk.unwrap());
            }
            assert_eq!(query[..2], [0, 0], "RFC 8484 section 4.1");
            seen.question(&query);
            tokio::time::sleep(THINKING).await; // the injected delay of the resolver
            if conduct == Conduct::RefusesFirst && number == 1 {
                respond.send_reset(h2::Reason::REFUSED_STREAM);
                return;
            }
            let status = if let Conduct::Status(status) = conduct { status } else { 200 };
            let kind = match conduct {
                Conduct::Html => "text/html",
                Conduct::Aged => "Application/DNS-Message ; charset=utf-8",
                _ => "application/dns-message",
            };
            let age = if conduct == Conduct::Aged { "100" } else { "0" };
            let response = http::Response::builder().status(status).header("content-type", kind);
            let response = response.header("age", age).body(()).unwrap();
            let mut stream = respond.send_response(response, false).unwrap();
            // In two pieces: the reply is there with the last.
            let reply = reply(&query, conduct);
            let (head, rest) = reply.split_at(5);
            stream.send_data(Bytes::copy_from_slice(head), false).unwrap();
            stream.send_data(Bytes::copy_from_slice(rest), true).unwrap();
        });
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    roots: RootsChoice,
    pub(crate) seen: Rc<Seen>,
}

/// Starts a resolver whose certificate is for `name`.
pub(crate) async fn start(transport: Transport, name: &str, conduct: Conduct) -> Server {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let roots =
        RootsChoice::Given { name: "test".to_owned(), certificates: vec![certificate.der().to_vec()] };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let alpn: &[u8] = match transport {
        Transport::Https => b"h2",
        Transport::Quic => b"doq",
        _ => b"dot",
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    let seen = Rc::new(Seen::default());
    let heard = Rc::clone(&seen);
    if transport == Transport::Quic {
        let crypto = quinn::crypto::rustls::QuicServerConfig::try_from(config).unwrap();
        let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = quinn::Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = endpoint.local_addr().unwrap();
        tokio::task::spawn_local(serve_quic(endpoint, conduct, heard));
        return Server { address, roots, seen };
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), Rc::clone(&heard));
            seen.connections.set(seen.connections.get() + 1);
            stream.set_nodelay(true).unwrap();
            tokio::task::spawn_local(async move {
                if let (Transport::Tcp, Conduct::Steady(_) | Conduct::Stalls) = (transport, conduct) {
                    serve_steadily(stream, conduct, seen).await;
                    return;
                }
                if conduct == Conduct::Averse {
                    serve_averse(stream, seen).await;
                    return;
                }
                if transport == Transport::Tcp {
                    serve_framed(stream, conduct).await;
                    return;
                }
                tokio::time::sleep(HANDSHAKE).await; // the injected delay of the set-up
                let Ok(stream) = acceptor.accept(stream).await else { return };
                match transport {
                    Transport::Https => serve_https(stream, conduct, seen).await,
                    _ => match conduct {
                        Conduct::Steady(_) => drop(serve_steadily(stream, conduct, seen).await),
                        _ => drop(serve_framed(stream, conduct).await),
                    },
                }
            });
        }
    });
    Server { address, roots, seen }
}

async fn serve_quic(endpoint: quinn::Endpoint, conduct: Conduct, seen: Rc<Seen>) {
    while let Some(incoming) = endpoint.accept().await {
        let seen = Rc::clone(&seen);
        seen.connections.set(seen.connections.get() + 1);
        tokio::task::spawn_local(async move {
            tokio::time::sleep(HANDSHAKE).await; // the injected delay of the set-up
            let Ok(connection) = incoming.await else { return };
            let mut number = 0;
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                number += 1;
                let closing = (conduct == Conduct::Steady(Some(number))).then(|| connection.clone());
                let (seen, connection) = (Rc::clone(&seen), connection.clone());
                tokio::task::spawn_local(async move {
                    let query = receive.read_to_end(65_537).await;
                    if connection.close_reason().is_some() {
                        return;
                    }
                    let query = query.unwrap();
                    assert_eq!(query[2..4], [0, 0], "RFC 9250 section 4.2.1");
                    seen.question(&query[2..]);
                    tokio::time::sleep(THINKING).await; // the injected delay of the resolver
                    let reply = reply(&query[2..], conduct);
                    let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                    let written = send.write_all(&[&length[..], &reply].concat()).await;
                    if connection.close_reason().is_some() {
                        return;
                    }
                    written.unwrap();
                    send.finish().unwrap();
                    if let Some(connection) = closing {
                        // Not before the reply has arrived.
                        let _ = send.stopped().await;
                        connection.close(0_u32.into(), b"");
                    }
                });
            }
        });
    }
}

pub(crate) fn endpoint(transport: Transport, server: &Server, name: Option<&str>) -> DnsPlan {
    let host = match name {
        Some(name) => EndpointHost::Name(name.to_owned()),
        None => EndpointHost::Address(server.address.ip()),
    };
    let endpoint = Endpoint {
        text: "test".to_owned(),
        transport,
        host,
        port: server.address.port(),
        certificate_name: name.unwrap_or("dns.resolver.test").to_owned(),
        path: "/dns-query".to_owned(),
    };
    DnsPlan {
        lane: ResolverChoice::Endpoint(endpoint),
        roots: server.roots.clone(),
        root_hints: None,
        dnssec: DnssecPlan::Off,
        ..DnsPlan::default()
    }
}

async fn ask(transport: Transport, conduct: Conduct, host: &str) -> Run {
    let server = start(transport, "dns.resolver.test", conduct).await;
    resolve_with(&Resolver::new(endpoint(transport, &server, None)).unwrap(), host).await
}

pub(crate) const ALL: [Transport; 4] = [Transport::Tcp, Transport::Tls, Transport::Https, Transport::Quic];

pub(crate) fn millis(from: crate::trace::At, to: crate::trace::At) -> u128 {
    to.since(from).as_millis()
}

#[test]
fn set_up_and_question_are_timed_apart_on_one_connection() {
    for transport in ALL {
        let run = local(ask(transport, Conduct::Fine, "www.example.test"));
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"], "{transport:?}");
        assert_eq!((run.dns.lane, run.dns.stub.is_none()), (DnsLane::Resolver, true));
        let [first, second] = &run.dns.packets[..] else { panic!("{transport:?}: {:?}", run.dns.packets) };
        let connected = first.connected.unwrap();
        assert_eq!((second.connected, second.transport), (None, transport), "it used the same connection");
        assert_eq!(first.tcp_done.is_some(), matches!(transport, Transport::Tls | Transport::Https));
        // 60 and 30 ms were put in; 100 ms of scheduling are allowed.
        if transport != Transport::Tcp {
            let tls = millis(first.tcp_done.unwrap_or(first.sent), connected);
            assert!((60..160).contains(&tls), "{transport:?}: {tls} ms for the handshake");
        }
        let rtt = millis(connected, first.received.unwrap());
        assert!((30..130).contains(&rtt), "{transport:?}: {rtt} ms for the question");
        let rtt = millis(second.sent, second.received.unwrap());
        assert!((30..130).contains(&rtt), "{transport:?}: {rtt} ms for the second question");
        assert!(second.sent < first.received.unwrap(), "{transport:?}: both at the same time");
        assert_eq!(run.dns.critical_path, [0], "{transport:?}");
    }
}

#[test]
fn absence_and_a_server_without_edns_are_understood() {
    for transport in ALL {
        let run = local(ask(transport, Conduct::Fine, "nope.example.test"));
        assert_eq!(run.code(), FailureCode::NxDomain, "{transport:?}");
        let run = local(ask(transport, Conduct::NoEdns, "www.example.test"));
        if transport != Transport::Https && transport != Transport::Quic {
            assert_eq!(run.addresses().len(), 2, "{transport:?}: {:?}", run.dns.packets);
        }
        // The server stumbles over the first question of a connection only.
        assert!(run.dns.packets.iter().any(|packet| packet.edns != Edns::Full), "{transport:?}");
    }
}

#[test]
fn https_is_taken_as_its_rfcs_have_it() {
    for conduct in [Conduct::Aged, Conduct::Status(203), Conduct::RefusesFirst] {
        let run = local(ask(Transport::Https, conduct, "www.example.test"));
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"], "{conduct:?}");
        let ttl = if conduct == Conduct::Aged { 200 } else { 300 };
        assert!(run.dns.answers.iter().all(|record| record.ttl == ttl), "{conduct:?}: {:?}", run.dns.answers);
        let again: Vec<_> = run.dns.packets.iter().filter(|packet| packet.chosen == Choice::Again).collect();
        assert_eq!(again.len(), usize::from(conduct == Conduct::RefusesFirst), "{conduct:?}");
    }
}

#[test]
fn what_goes_wrong_on_a_connection_is_named() {
    for (transport, conduct, words) in [
        (Transport::Tcp, Conduct::Closes, "connection reset"),
        (Transport::Tls, Conduct::Closes, "closed"),
        (Transport::Https, Conduct::Status(502), "answered with HTTP status 502"),
        (Transport::Https, Conduct::Html, "sent text/html in place of application/dns-message"),
        (Transport::Quic, Conduct::Garbage, "cannot be read"),
        (Transport::Tcp, Conduct::Silent, "did not answer in 5 s"),
        (Transport::Tls, Conduct::OtherId, "not a reply to the question sent on this connection (wrong id)"),
        (
            Transport::Https,
            Conduct::OtherId,
            "not a reply to the question sent on this connection (wrong id)",
        ),
        (Transport::Tcp, Conduct::Long, "sent a reply that cannot be read: its length says "),
    ] {
        let run = local(ask(transport, conduct, "www.example.test"));
        assert!(run.message().contains(words), "{transport:?} {conduct:?}: {}", run.message());
        assert!(run.dns.packets.iter().all(|packet| !packet.meaning.is_useful()));
    }
}

#[test]
fn a_certificate_for_another_name_ends_it_before_the_question() {
    for transport in [Transport::Tls, Transport::Https, Transport::Quic] {
        local(async move {
            let server = start(transport, "other.resolver.test", Conduct::Fine).await;
            let run =
                resolve_with(&Resolver::new(endpoint(transport, &server, None)).unwrap(), "www.example.test")
                    .await;
            assert_eq!(run.code(), FailureCode::ResolverFailed);
            assert!(run.message().to_lowercase().contains("certificate"), "{}", run.message());
            let packet = &run.dns.packets[0];
            assert_eq!((packet.connected, packet.received), (None, None));
        });
    }
}

#[test]
fn a_port_where_nobody_listens_is_said_and_the_roots_are_checked_first() {
    local(async {
        let mut server = start(Transport::Tcp, "x", Conduct::Fine).await;
        server.address = "127.0.0.1:1".parse().unwrap();
        let run = resolve_with(
            &Resolver::new(endpoint(Transport::Tls, &server, None)).unwrap(),
            "www.example.test",
        )
        .await;
        assert!(run.message().contains("127.0.0.1:1 connection refused"), "{}", run.message());
        server.roots = RootsChoice::File("/no/such/file".into());
        assert!(
            Resolver::new(endpoint(Transport::Tls, &server, None)).unwrap_err().contains("/no/such/file")
        );
        assert!(Resolver::new(endpoint(Transport::Tcp, &server, None)).is_ok(), "TCP trusts nobody");
    });
}

#[test]
fn the_name_of_a_resolver_is_resolved_in_sight() {
    let bootstrap = |run: &Run| -> Vec<Packet> {
        run.dns.packets.iter().filter(|packet| packet.purpose == Purpose::Bootstrap).cloned().collect()
    };
    local(async {
        let server = start(Transport::Tls, "dns.resolver.test", Conduct::Fine).await;
        let zone = "dns.resolver.test. A 127.0.0.1\n";
        let test = "test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n";
        let stub = (STUB, vec![Quirk::Recursive], vec![(".", zone)]);
        let top = (crate::dns::tests::kit::TLD, vec![], vec![("test.", zone)]);
        let net = TestNet::start(vec![(root().0, vec![], vec![(".", test)]), top, stub]).await;
        let own = endpoint(Transport::Tls, &server, Some("dns.resolver.test"));
        // By the machine's resolver.
        let by_stub = DnsPlan { stub_servers: vec![net.address(STUB)], ..own.clone() };
        let run = resolve_with(&Resolver::new(by_stub).unwrap(), "www.example.test").await;
        assert_eq!(run.addresses().len(), 2, "{:?}", run.result);
        let packets = bootstrap(&run);
        assert_eq!(packets[0].server, net.address(STUB));
        assert_eq!(run.dns.critical_path.len(), 2, "the bootstrap, then the question");
        assert!(packets.iter().all(|packet| packet.qname == "dns.resolver.test."));
        // By a walk, where there is none.
        let walked = DnsPlan { stub_servers: Vec::new(), ..plan(&net) };
        let walked = DnsPlan { lane: own.lane.clone(), roots: own.roots.clone(), ..walked };
        let run = resolve_with(&Resolver::new(walked.clone()).unwrap(), "www.example.test").await;
        assert_eq!(run.addresses().len(), 2, "{:?}", run.result);
        assert_eq!(bootstrap(&run).len(), run.dns.packets.len() - 2);
        assert_eq!(run.dns.critical_path.len(), 3, "root, TLD, the question");
        assert!(run.dns.cuts.is_empty(), "they are not those of the name asked");
        // A name that does not exist.
        let mut lost = walked;
        if let ResolverChoice::Endpoint(endpoint) = &mut lost.lane {
            endpoint.host = EndpointHost::Name("no.resolver.test".to_owned());
        }
        let run = resolve_with(&Resolver::new(lost).unwrap(), "www.example.test").await;
        assert_eq!(run.code(), FailureCode::ResolverFailed);
        assert!(
            run.message().starts_with("the resolver no.resolver.test has no address: "),
            "{}",
            run.message()
        );
    });
}

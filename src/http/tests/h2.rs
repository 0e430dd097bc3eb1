//! HTTP/2: with the server of the `h2` crate, and with one scripted frame by frame.

use ::h2::server::SendResponse;
use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;

use super::*;
use crate::plan::VersionChoice;
use crate::trace::{FailureCode, HttpVersion, header};

pub(super) fn plan() -> HttpPlan {
    HttpPlan { version: VersionChoice::Http2, ..HttpPlan::default() }
}

/// A server that gives every request to `answer`, one after another.
pub(super) async fn serve_h2<F, W>(mut answer: F) -> SocketAddr
where
    F: FnMut(Request<::h2::RecvStream>, SendResponse<Bytes>) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    serve(|stream| async move {
        let mut connection = ::h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((request, respond))) = connection.accept().await {
            tokio::spawn(answer(request, respond));
        }
    })
    .await
}

fn ok() -> Response<()> {
    Response::builder().status(200).header("x-one", "1").header("x-one", "2").body(()).unwrap()
}

/// A SETTINGS frame without settings, and its acknowledgement.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";

/// A frame of stream 1.
pub(super) fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[length[1], length[2], length[3], kind, flags, 0, 0, 0, 1], payload].concat()
}

/// A server that sends SETTINGS and then these bytes once it has the request, and waits.
async fn raw(bytes: Vec<u8>) -> SocketAddr {
    serve(|mut stream| async move {
        let mut sink = vec![0; 24 + 9];
        stream.read_exact(&mut sink).await.unwrap();
        stream.write_all(SETTINGS).await.unwrap();
        // The request's HEADERS follow the client's SETTINGS; reading on is enough to order them.
        let mut more = [0; 4096];
        let _ = stream.read(&mut more).await;
        stream.write_all(&bytes).await.unwrap();
        hold(stream).await;
    })
    .await
}

#[test]
fn a_response_is_recorded_and_the_connection_used_again() {
    local(async {
        let address = serve_h2(|request, mut respond| async move {
            assert_eq!(request.uri().path(), "/");
            let mut stream = respond.send_response(ok(), false).unwrap();
            stream.send_data(Bytes::from_static(b"hello "), false).unwrap();
            stream.send_data(Bytes::from_static(b"world"), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "42".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
        })
        .await;
        let (clock, target, plan) = (Clock::start(), url(&format!("http://{address}/")), plan());
        let stop = Stop::after(clock, Duration::from_secs(20));
        let mut session = connect(address, &plan).await;
        assert_eq!(session.version(), HttpVersion::Http2);
        for _ in 0..3 {
            let (http, result) = fetch(session, &target, &ask("GET", None), &plan, &clock, &stop).await;
            assert_eq!((http.status, http.version, &http.reason), (Some(200), HttpVersion::Http2, &None));
            assert_eq!(http.request.headers[0].name, ":method");
            assert_eq!(http.headers.iter().filter(|field| field.name == "x-one").count(), 2);
            assert_eq!((http.body.encoded_bytes, http.body.wire_bytes), (11, 11 + 2 * 9));
            assert_eq!((http.body.framing.as_str(), http.body.complete), ("h2", true));
            assert_eq!(header(&http.trailers, "x-sum").as_deref(), Some("42"));
            assert!(http.head_bytes > 9 && http.head_bytes < 100, "{}", http.head_bytes);
            assert!(http.bytes_received > http.head_bytes + http.body.wire_bytes && http.bytes_sent > 9);
            let stamps = [Some(http.start), http.sent, http.first_byte, http.head_end, Some(http.end)];
            assert!(stamps.iter().all(Option::is_some) && stamps.is_sorted(), "{stamps:?}");
            session = result.unwrap().unwrap();
            assert!(session.is_open().await);
        }
    });
}

#[test]
fn interim_responses_and_delays_are_where_they_belong() {
    local(async {
        let delays = Delays::default();
        let pauses = delays.clone();
        let answer = |pause: Delays, mut respond: SendResponse<Bytes>| async move {
            pause.sleep().await; // an injected delay, measured
            let early = Response::builder().status(103).header("link", "</a>").body(()).unwrap();
            respond.send_informational(early).unwrap();
            pause.sleep().await; // an injected delay, measured
            let mut stream = respond.send_response(ok(), false).unwrap();
            pause.sleep().await; // an injected delay, measured
            stream.send_data(Bytes::from_static(b"end"), true).unwrap();
        };
        let address = serve_h2(move |_, respond| answer(pauses.clone(), respond)).await;
        let (http, result) = get(address, &plan()).await;
        assert!(result.is_ok());
        let [early] = http.informational.as_slice() else { panic!("{:?}", http.informational) };
        assert_eq!((early.status, header(&early.headers, "link").as_deref()), (103, Some("</a>")));
        delays.assert_found(0, early.at.since(http.sent.unwrap()));
        delays.assert_found(1, http.first_byte.unwrap().since(early.at));
        delays.assert_found(2, http.end.since(http.head_end.unwrap()));
        assert!(http.sent.unwrap().since(http.start) < TOLERANCE);
    });
}

#[test]
fn a_response_may_have_no_body() {
    local(async {
        let address = serve_h2(|_, mut respond| async move {
            respond.send_response(Response::builder().status(204).body(()).unwrap(), true).unwrap();
        })
        .await;
        let (http, result) = get(address, &plan()).await;
        assert!(result.unwrap().is_some());
        assert_eq!((http.body.framing.as_str(), http.body.wire_bytes, http.body.complete), ("none", 0, true));
        assert_eq!(Some(http.end), http.head_end);
    });
}

#[test]
fn a_head_request_may_be_answered_with_a_length() {
    local(async {
        let address = raw(frame(1, 5, &[0x88, 0x0f, 0x0d, 0x02, b'1', b'0'])).await;
        let limit = Duration::from_secs(20);
        let (http, result) = fetch_within(address, &ask("HEAD", None), &plan(), limit).await;
        assert!(result.unwrap().is_some());
        assert_eq!((http.status, http.body.framing.as_str(), http.body.complete), (Some(200), "none", true));
    });
}

#[test]
fn a_large_upload_and_a_large_answer_pass() {
    local(async {
        const SIZE: usize = 4_000_000;
        let address = serve_h2(|request, mut respond| async move {
            let (mut body, mut count) = (request.into_body(), 0);
            while let Some(Ok(bytes)) = body.data().await {
                body.flow_control().release_capacity(bytes.len()).unwrap();
                count += bytes.len();
            }
            assert_eq!(count, SIZE);
            tokio::time::sleep(DELAY).await; // the delay that is to be found in the wait
            let mut stream = respond.send_response(ok(), false).unwrap();
            stream.send_data(Bytes::from(vec![b'd'; SIZE]), true).unwrap();
        })
        .await;
        let limit = Duration::from_secs(20);
        let (http, result) = fetch_within(address, &ask("POST", Some(&vec![0; SIZE])), &plan(), limit).await;
        assert!(result.unwrap().is_some());
        assert_eq!((http.request.body_bytes, http.body.encoded_bytes), (SIZE as u64, SIZE as u64));
        assert!(http.body.wire_bytes > SIZE as u64 + 9);
        assert!(http.first_byte.unwrap().since(http.sent.unwrap()) >= DELAY);
    });
}

#[test]
fn a_server_may_answer_before_it_has_read_the_upload() {
    local(async {
        let address = serve_h2(|request, mut respond| async move {
            let mut stream = respond.send_response(ok(), false).unwrap();
            stream.send_data(Bytes::from_static(b"enough"), true).unwrap();
            drop(request);
        })
        .await;
        let limit = Duration::from_secs(20);
        let (http, result) =
            fetch_within(address, &ask("POST", Some(&vec![0; 4 << 20])), &plan(), limit).await;
        assert!(result.is_ok(), "{:?}", result.err());
        assert_eq!((http.status, http.body.encoded_bytes, http.body.complete), (Some(200), 6, true));
    });
}

#[test]
fn an_encoding_is_undone() {
    local(async {
        let data = b"to be decoded ".repeat(10_000);
        let br = encode("br", &data);
        let size = br.len() as u64;
        let address = serve_h2(move |request, mut respond| {
            assert_eq!(request.headers()["accept-encoding"], "gzip, deflate, br, zstd");
            let body = Bytes::from(br.clone());
            async move {
                let head = Response::builder().header("content-encoding", "br").body(()).unwrap();
                respond.send_response(head, false).unwrap().send_data(body, true).unwrap();
            }
        })
        .await;
        let (http, _) = get(address, &plan()).await;
        assert_eq!((http.body.encoded_bytes, http.body.decoded_bytes), (size, Some(140_000)));
    });
}

#[test]
fn every_bad_answer_has_its_name() {
    local(async {
        const OK: u8 = 0x88; // HPACK: `:status: 200` of the static table
        let fields = |count: usize| [&[OK][..], &b"\x00\x01a\x01b".repeat(count)].concat();
        let large = |size: usize| {
            let mut frames = frame(1, 0, &[&[OK][..], b"\x00\x01a\x01b"].concat());
            for _ in 0..size / 16_000 {
                frames.extend(frame(9, 0, &[&b"\x00\x01a\x7f\x81\x7c"[..], &[b'v'; 16_000]].concat()));
            }
            frames
        };
        let length = [OK, 0x0f, 0x0d, 0x02, b'1', b'0'];
        let interim = frame(1, 4, b"\x08\x03102").repeat(1001);
        let table: Vec<(Vec<u8>, FailureCode, &str)> = vec![
            (frame(3, 0, &[0, 0, 0, 0xb]), FailureCode::Http2Protocol, "ENHANCE_YOUR_CALM (RST_STREAM)"),
            (frame(3, 0, &[0, 0, 0, 0xd]), FailureCode::Http2Protocol, "HTTP_1_1_REQUIRED (RST_STREAM)"),
            (
                b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x02".to_vec(),
                FailureCode::Http2Protocol,
                "INTERNAL_ERROR (GOAWAY)",
            ),
            (frame(0, 1, b"data before a head"), FailureCode::Http2Protocol, "DATA before the HEADERS"),
            (frame(1, 4, &fields(1001)), FailureCode::TooManyHeaders, "more than 1000 fields"),
            (large(300_000), FailureCode::HeadersTooLarge, "256 kB"),
            (interim, FailureCode::TooManyInformational, "more than 1000"),
            (
                [frame(1, 4, &length), frame(0, 1, b"abc")].concat(),
                FailureCode::BadFraming,
                "says 10 bytes and 3 came",
            ),
        ];
        for (bytes, code, words) in table {
            let (http, result) = get(raw(bytes).await, &plan()).await;
            let failure = result.err().unwrap_or_else(|| panic!("{words} passed"));
            assert_eq!(failure.code, code, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
            assert!(http.sent.is_some() && http.bytes_received > 0 && !http.body.complete);
        }
    });
}

#[test]
fn a_rule_that_is_broken_is_named_also_where_the_crate_goes_on() {
    local(async {
        let ok = frame(1, 4, &[0x88]);
        let trailers = [ok.clone(), frame(0, 0, b"abc"), frame(1, 5, b"\x08\x03200")].concat();
        let push = b"\0\0\x06\x04\0\0\0\0\0\0\x02\0\0\0\x01".to_vec();
        let table: [(Vec<u8>, &str); 7] = [
            (push, "ENABLE_PUSH 1, which is for clients (RFC 9113 section 6.5.2)"),
            (frame(1, 4, b"\x08\x03101"), "status 101, which only HTTP/1.1 has"),
            (trailers, "the field `:status` among the trailers"),
            (frame(1, 5, b"\x88\x00\x0aconnection\x05close"), "the field `connection: close`"),
            (frame(1, 5, b"\x88\x00\x03X-A\x01b"), "the field `X-A` has a capital letter in its name"),
            (frame(1, 5, b"\x00\x01a\x01b"), "no field `:status`"),
            (frame(5, 4, b"\0\0\0\x02\x82"), "PUSH_PROMISE, although pushes were refused"),
        ];
        for (bytes, words) in table {
            let (_, result) = get(raw(bytes).await, &plan()).await;
            let failure = result.err().unwrap_or_else(|| panic!("{words} passed"));
            assert_eq!(failure.code, FailureCode::Http2Protocol, "{}", failure.message);
            assert!(failure.message.contains(words), "{}, not {words}", failure.message);
        }
    });
}

#[test]
fn a_rule_that_the_crate_only_gives_a_code_for_is_named() {
    local(async {
        let ok = frame(1, 4, &[0x88]);
        let table: [(Vec<u8>, &str); 7] = [
            (
                [ok, frame(0, 9, b"\x09abc")].concat(),
                "DATA of 4 bytes with 9 of padding (RFC 9113 section 6.1)",
            ),
            (frame(1, 0x24, b"\0\0\0\x01\x10\x88"), "HEADERS that lets stream 1 depend on itself"),
            (b"\0\0\0\x04\x01\0\0\0\0".repeat(2), "more acknowledgements than there were SETTINGS"),
            (frame(1, 4, b"\xff\xff\xff\xff\x0f"), "a block of fields that cannot be unpacked"),
            (b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\xff\xff".to_vec(), "connection's window beyond 2^31-1"),
            (frame(1, 5, b"\x88\x0f\x0d\x01x"), "content-length is not a number: \"x\""),
            (frame(1, 5, b"\x08\x03103"), "an interim response (1xx) that ends the stream"),
        ];
        for (bytes, words) in table {
            let (_, result) = get(raw(bytes).await, &plan()).await;
            let failure = result.err().unwrap_or_else(|| panic!("{words} passed"));
            assert_eq!(failure.code, FailureCode::Http2Protocol, "{}", failure.message);
            assert!(failure.message.contains(words), "{}, not {words}", failure.message);
        }
    });
}

#[test]
fn many_interim_responses_are_read() {
    local(async {
        let bytes = [frame(1, 4, b"\x08\x03102").repeat(100), frame(1, 5, &[0x88])].concat();
        let (http, result) = get(raw(bytes).await, &plan()).await;
        assert!(result.is_ok(), "{:?}", result.err());
        assert_eq!((http.status, http.informational.len()), (Some(200), 100));
    });
}

#[test]
fn a_list_that_unpacks_to_too_much_is_refused() {
    local(async {
        // One field of 4000 bytes goes into the table of HPACK; 100 references to it cost a byte each.
        let mut block = vec![0x88, 0x40, 0x01, b'a', 0x7f, 0xa1, 0x1e];
        block.extend_from_slice(&[b'v'; 4000]);
        for count in [100, 1200] {
            let bytes = [block.clone(), vec![0xbe; count]].concat();
            let failure = get(raw(frame(1, 4, &bytes)).await, &plan()).await.1.err().unwrap();
            assert_eq!(failure.code, FailureCode::HeadersTooLarge, "{}", failure.message);
        }
    });
}

#[test]
fn a_peer_that_does_not_speak_http2_is_named() {
    local(async {
        let table: [(&[u8], FailureCode, &str, &str); 5] = [
            // HAProxy's own.
            (
                b"HTTP/1.0 400 Bad request\r\nCache-Control: no-cache\r\n\r\n",
                FailureCode::Http2Protocol,
                "answered `HTTP/1.0 400 Bad request`",
                "--http1.1",
            ),
            (
                b"HTTP/1.1 400 Bad Request\r\n\r\n",
                FailureCode::Http2Protocol,
                "`HTTP/1.1 400 Bad Request`",
                "--http1.1",
            ),
            (b"\x15\x03\x01\0\x02\x02F", FailureCode::NotHttp, "\\x15\\x03", "https://"),
            (b"SSH-2.0-OpenSSH_9.6 Debian\r\n", FailureCode::NotHttp, "SSH-2.0", "SSH"),
            (b"", FailureCode::EmptyResponse, "without sending a byte", "HTTP version"),
        ];
        for (bytes, code, words, hint) in table {
            let address = serve(move |mut stream| async move {
                let mut preface = [0; 24];
                stream.read_exact(&mut preface).await.unwrap();
                stream.write_all(bytes).await.unwrap();
                stream.shutdown().await.unwrap();
                hold(stream).await;
            })
            .await;
            let (http, result) = get(address, &plan()).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.code, code, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
            assert!(failure.hint.as_ref().unwrap().contains(hint), "{:?}", failure.hint);
            assert_eq!(http.garbage.as_deref(), (!bytes.is_empty()).then_some(bytes));
        }
    });
}

/// As browsers and curl do it: a redirect is followed whether its stream ends or not.
#[test]
fn a_redirect_that_is_followed_keeps_nobody_waiting() {
    local(async {
        // 302, by a name of HPACK's table, and a Location; then nothing, a piece of a body, or a length that does not come.
        let head = frame(1, 4, b"\x08\x03302\x0f\x1f\x02/b");
        let sized = frame(1, 4, b"\x08\x03302\x0f\x1f\x02/b\x0f\x0d\x019");
        let plan = HttpPlan { follow: true, ..plan() };
        for (bytes, came) in [(head.clone(), 0), ([head.clone(), frame(0, 0, b"abc")].concat(), 3)] {
            let (http, result) = fetch_within(raw(bytes).await, &ask("GET", None), &plan, DELAY * 8).await;
            assert!(result.is_ok(), "{:?}", result.err());
            assert_eq!(http.redirect.unwrap().target.as_deref().unwrap().rsplit('/').next(), Some("b"));
            assert!(http.body.encoded_bytes <= came && !http.body.complete);
        }
        let whole = [head.clone(), frame(0, 1, b"abc")].concat();
        let (http, result) = fetch_within(raw(whole).await, &ask("GET", None), &plan, DELAY * 8).await;
        assert!(result.is_ok() && http.end >= http.head_end.unwrap());
        for (bytes, plan) in [(sized, &plan), (head, &self::plan())] {
            let (_, result) = fetch_within(raw(bytes).await, &ask("GET", None), plan, DELAY * 4).await;
            assert_eq!(result.err().unwrap().code, FailureCode::MaxTime);
        }
    });
}

#[test]
fn an_end_of_the_connection_is_named_by_its_place() {
    local(async {
        let head = frame(1, 4, &[0x88, 0x0f, 0x0d, 0x02, b'1', b'0']);
        let table = [
            (Vec::new(), FailureCode::HeadIncomplete, "and no response"),
            ([head, frame(0, 0, b"abc")].concat(), FailureCode::BodyIncomplete, "3 of 10 bytes came"),
        ];
        for (bytes, code, words) in table {
            let address = serve(move |mut stream| async move {
                let mut preface = [0; 24 + 9];
                stream.read_exact(&mut preface).await.unwrap();
                stream.write_all(SETTINGS).await.unwrap();
                let mut more = [0; 4096];
                let _ = stream.read(&mut more).await;
                stream.write_all(&bytes).await.unwrap();
                stream.shutdown().await.unwrap();
                hold(stream).await;
            })
            .await;
            let failure = get(address, &plan()).await.1.err().unwrap();
            assert_eq!(failure.code, code, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    });
}

#[test]
fn max_time_says_what_was_going_on() {
    local(async {
        let limit = Duration::from_millis(100);
        let table = [
            (Vec::new(), "the server took the request and sent nothing"),
            ([frame(1, 4, &[0x88]), frame(0, 0, b"abc")].concat(), "3 B so far"),
        ];
        for (bytes, words) in table {
            let (http, result) = fetch_within(raw(bytes).await, &ask("GET", None), &plan(), limit).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.code, FailureCode::MaxTime);
            assert!(failure.message.contains(words), "{}", failure.message);
            assert!(http.sent.is_some() && http.bytes_received >= 18);
        }
    });
}

#[test]
fn a_server_that_allows_nothing_or_never_begins_is_told_by_that() {
    local(async {
        let nothing: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
        for (bytes, words) in [
            (nothing, "; its SETTINGS allow no request at all (MAX_CONCURRENT_STREAMS 0)"),
            (&b""[..], "; not even the SETTINGS came with which a server of HTTP/2 begins"),
        ] {
            let address = serve(move |mut stream| async move {
                stream.write_all(bytes).await.unwrap();
                hold(stream).await;
            })
            .await;
            let (_, result) = fetch_within(address, &ask("GET", None), &plan(), DELAY * 4).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.code, FailureCode::MaxTime);
            assert!(failure.message.ends_with(words), "{}", failure.message);
            assert!(failure.hint.unwrap().starts_with("--http1.1"));
        }
        // One that has begun is as silent as any.
        let (_, result) = fetch_within(raw(Vec::new()).await, &ask("GET", None), &plan(), DELAY * 4).await;
        let failure = result.err().unwrap();
        assert!(!failure.message.contains("SETTINGS"), "{}", failure.message);
    });
}

#[test]
fn a_protocol_that_alpn_chose_in_vain_is_told_of_whoever_chose_it() {
    local(async {
        for (scheme, hint) in [("https", "chose h2 by ALPN"), ("http", "use --http1.1")] {
            let address = serve(|mut stream| async move {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
                hold(stream).await;
            })
            .await;
            let session = connect(address, &plan()).await;
            let clock = Clock::start();
            let stop = Stop::after(clock, Duration::from_secs(20));
            let url = url(&format!("{scheme}://{address}/"));
            let (_, result) = fetch(session, &url, &ask("GET", None), &plan(), &clock, &stop).await;
            assert!(result.err().unwrap().hint.unwrap().contains(hint), "{scheme}");
        }
    });
}

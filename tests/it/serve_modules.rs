//! Keys of a probe server's modules beyond the request itself: conversations, proxies, and the address that is left from.
//! On loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, Stream};

use crate::serving::{AT_ONCE, GOOD, Serving, config, web};
use crate::tls_server;

/// A mail server that knows STARTTLS, as far as a probe goes; it is slow to greet.
fn mail() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(tls_server::config());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || talk(stream, config));
        }
    });
    address
}

fn talk(mut stream: TcpStream, config: Arc<rustls::ServerConfig>) -> std::io::Result<()> {
    thread::sleep(GREETS_AFTER); // the delay that the test asks for
    stream.write_all(b"220-be welcome\r\n220 mail.test ESMTP\r\n")?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(Ok(line)) = lines.next() {
        match line.as_str() {
            "EHLO mail.test" => stream.write_all(b"250-mail.test\r\n250 STARTTLS\r\n")?,
            "STARTTLS" => {
                stream.write_all(b"220 go ahead\r\n")?;
                let mut connection = ServerConnection::new(config).unwrap();
                let mut secured = Stream::new(&mut connection, &mut stream);
                let mut said = [0; 64];
                let many = secured.read(&mut said)?;
                let answer: &[u8] = if said[..many] == *b"NOOP\n" { b"250 OK\r\n" } else { b"500 what\r\n" };
                return secured.write_all(answer).and_then(|()| secured.flush());
            }
            _ => stream.write_all(b"500 what\r\n")?,
        }
    }
    Ok(())
}

const GREETS_AFTER: Duration = Duration::from_millis(120);

#[test]
fn a_conversation_is_held_and_tls_begins_in_it() {
    let path = config(
        "talks",
        "modules:
  greets: {prober: tcp, tcp: {query_response: [{expect: '^220 '}]}}
  secures:
    prober: tcp
    timeout: 5s
    tcp:
      tls_config: {insecure_skip_verify: true}
      query_response:
        - {expect: '^220 ([^ ]+) ESMTP$', send: 'EHLO $1'}
        - {expect: '^250 STARTTLS', send: STARTTLS}
        - {expect: '^220'}
        - {starttls: true}
        - {send: NOOP}
        - {expect: '^250 OK'}
  trusts: {prober: tcp, tcp: {query_response: [{expect: '^220 ', send: STARTTLS}, {expect: '^220'}, {starttls: true}]}}
  waits: {prober: tcp, timeout: 500ms, tcp: {query_response: [{expect: '^nobody says this'}]}}
  quits: {prober: tcp, tcp: {query_response: [{expect: '^HTTP/1.1 404'}]}}
",
    );
    let serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let mail = mail();
    let seen = |module: &str, target: SocketAddr| {
        let answer = serving.probe(&format!("target={target}&module={module}"));
        let values =
            ["probe_success", "probe_failed_due_to_regex", "probe_tls_version_info{version=\"TLS 1.3\"}"];
        let [success, pattern, tls] = values.map(|series| answer.value(series));
        (success.unwrap(), pattern.unwrap(), tls, answer)
    };
    let (success, pattern, tls, answer) = seen("greets", mail);
    assert_eq!((success, pattern, tls), (1.0, 0.0, None), "{}", serving.get("/").body);
    // The conversation is of the probe, and the connection alone is what the trace tells.
    assert!(answer.value("probe_duration_seconds").unwrap() >= GREETS_AFTER.as_secs_f64(), "{}", answer.body);
    assert!(
        answer.value("urltrace_duration_seconds").unwrap() < GREETS_AFTER.as_secs_f64(),
        "{}",
        answer.body
    );
    let (success, pattern, tls, answer) = seen("secures", mail);
    assert_eq!((success, pattern, tls), (1.0, 0.0, Some(1.0)), "{}", serving.get("/").body);
    assert!(answer.value("probe_ssl_earliest_cert_expiry").is_some(), "{}", answer.body);
    let (success, pattern, tls, _) = seen("trusts", mail);
    assert_eq!((success, pattern, tls), (0.0, 0.0, None), "nobody vouches for its certificate");
    let (success, pattern, _, answer) = seen("waits", mail);
    assert_eq!((success, pattern), (0.0, 0.0), "time was over, and what would have come is not known");
    assert!(answer.value("probe_duration_seconds").unwrap() >= 0.4, "{}", answer.body);
    // The web server closes when it has answered a line that is no request.
    let (success, pattern, ..) = seen("quits", closes_at_once());
    assert_eq!((success, pattern), (0.0, 1.0));
    let page = serving.get("/").body;
    for why in ["no line came that matches", "was not over", "tls: "] {
        assert!(page.contains(why), "{why}: {page}");
    }
}

/// A server that says one line and closes.
fn closes_at_once() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n");
        }
    });
    address
}

/// A proxy that answers by itself; gives what it was asked.
fn proxy() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let _ = stream.write_all(GOOD.as_bytes());
            let _ = send.send(head.join("\n"));
        }
    });
    (address, receive)
}

#[test]
fn a_proxy_is_asked_and_whom_it_reaches_nobody_here_knows() {
    let (proxy, asked) = proxy();
    let path = config(
        "proxies",
        &format!(
            "modules:
  by: {{prober: http, http: {{proxy_url: 'http://me:geheim@{proxy}', no_proxy: 127.0.0.1}}}}
"
        ),
    );
    let serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let answer = serving.probe("target=http://inside.test/&module=by");
    assert_eq!(answer.value("probe_success"), Some(1.0), "{}", serving.get("/").body);
    let head = asked.recv().unwrap();
    assert!(head.starts_with("GET http://inside.test/ HTTP/1.1"), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6Z2VoZWlt"), "{head}");
    for unknown in ["probe_ip_protocol", "probe_ip_addr_hash", "probe_dns_lookup_time_seconds"] {
        assert_eq!(answer.value(unknown), None, "{unknown}");
    }
    let good = web(GOOD, AT_ONCE);
    let answer = serving.probe(&format!("target=http://{good}/&module=by"));
    assert_eq!((answer.value("probe_success"), answer.value("probe_ip_protocol")), (Some(1.0), Some(4.0)));
    assert!(asked.try_recv().is_err(), "that host needs none");
    assert!(!serving.get("/report?id=1").body.contains("geheim"));
}

#[test]
fn a_connection_leaves_from_the_address_that_it_is_given() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let text = "modules: {from: {prober: tcp, tcp: {source_ip_address: 127.0.0.77}}}\n";
    let path = config("source", text);
    let serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let caller = thread::spawn(move || listener.accept().unwrap().1.ip().to_string());
    let answer = serving.probe(&format!("target={target}&module=from"));
    assert_eq!(answer.value("probe_success"), Some(1.0));
    assert_eq!(caller.join().unwrap(), "127.0.0.77");
}

//! Bodies that are read while they are sent: memory that does not grow with them, sources that can be read once, and
//! `Expect: 100-continue`, against servers that count.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::Value;

use crate::support::{check_document, urltrace};

/// What came of a request.
struct Came {
    head: String,
    /// Bytes behind the head, framing included.
    body: u64,
}

/// A server that reads each request to its end, with 100 or without, and answers with the next of these: once it is
/// told to go on, or nobody is there to tell it.
fn server(answers: &'static [&'static str]) -> (String, Receiver<Came>, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (send, receive) = channel();
    let (go, waits) = channel();
    thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let _ = send.send(read(&mut stream, answer));
            let _ = waits.recv();
            let end = "Content-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\n{end}").as_bytes());
        }
    });
    (url, receive, go)
}

fn read(stream: &mut TcpStream, answer: &str) -> Came {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let expects = head.contains("\r\nExpect: 100-continue\r\n");
    let refused = expects && answer.starts_with("417");
    if expects && !refused {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let length: Option<u64> =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    let chunked = head.contains("\r\nTransfer-Encoding: chunked\r\n");
    let (mut body, mut buffer, mut last) = (0, vec![0; 1 << 20], Vec::new());
    while !refused && (length.is_some_and(|length| body < length) || chunked && !last.ends_with(b"0\r\n\r\n"))
    {
        let count = stream.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        body += count as u64;
        last.extend_from_slice(&buffer[count.saturating_sub(5)..count]);
        last.drain(..last.len().saturating_sub(5));
    }
    Came { head, body }
}

/// The program on its way, and who writes its standard input.
fn start(arguments: &[&str], input: Option<u64>) -> (Child, Option<thread::JoinHandle<()>>) {
    let mut command = urltrace();
    command.args(["--format", "json", "-m", "300"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    let writer = input.map(|count| {
        let mut pipe = child.stdin.take().unwrap();
        thread::spawn(move || drop(std::io::copy(&mut std::io::repeat(b'x').take(count), &mut pipe)))
    });
    (child, writer)
}

fn end((mut child, writer): (Child, Option<thread::JoinHandle<()>>)) -> (i32, Value) {
    let mut stdout = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    writer.into_iter().for_each(|writer| writer.join().unwrap());
    let document: Value = serde_json::from_slice(&stdout).unwrap();
    check_document(&document);
    (code, document)
}

/// One run with so many bytes on standard input, by a pipe, whose length nobody knows.
fn once(arguments: &[&str], input: Option<u64>) -> (i32, Value) {
    end(start(arguments, input))
}

/// The most memory that a process has had so far, in kilobytes.
fn most_memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A file of so many bytes, none of which is on the disk.
fn sparse(name: &str, length: u64) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("urltrace-{name}-{}", std::process::id()));
    File::create(&path).unwrap().set_len(length).unwrap();
    path
}

fn statuses(document: &Value) -> Vec<u64> {
    let hops = document["hops"].as_array().unwrap();
    hops.iter().map(|hop| hop["http"]["status"].as_u64().unwrap_or(0)).collect()
}

#[test]
fn a_gigabyte_is_sent_in_memory_that_does_not_grow() {
    const SMALL: u64 = 8 << 20;
    const LARGE: u64 = 1 << 30;
    let peak = |arguments: &[&str], length: u64, input: Option<u64>| {
        let (url, came, go) = server(&["201 Created"]);
        let running = start(&[arguments, &[&url]].concat(), input);
        let came = came.recv().unwrap();
        let most = most_memory(&running.0);
        go.send(()).unwrap();
        let (code, document) = end(running);
        let request = &document["hops"][0]["http"]["request"];
        assert_eq!((code, request["body_bytes"].as_u64()), (0, Some(length)), "{arguments:?}");
        assert!(came.body >= length);
        most
    };
    let (small, large) = (sparse("small", SMALL), sparse("large", LARGE));
    let (small_path, large_path) = (small.to_str().unwrap(), large.to_str().unwrap());
    let least = peak(&["-T", small_path], SMALL, None);
    // The form's own lines come on top of the file's bytes.
    let of_file = format!("@{large_path}");
    for arguments in [["-T", large_path], ["--data-binary", &of_file]] {
        let most = peak(&arguments, LARGE, None);
        assert!(most < least + 8 * 1024, "{arguments:?}: {most} kB, and {least} kB for {SMALL} bytes");
    }
    for arguments in [["-T", "-"], ["--data-binary", "@-"]] {
        let most = peak(&arguments, LARGE / 4, Some(LARGE / 4));
        assert!(most < least + 8 * 1024, "{arguments:?}: {most} kB, and {least} kB for {SMALL} bytes");
    }
    std::fs::remove_file(small).unwrap();
    std::fs::remove_file(large).unwrap();
}

#[test]
fn a_file_goes_again_with_a_redirect_and_standard_input_cannot() {
    let file = sparse("again", 3 << 20);
    let path = file.to_str().unwrap();
    let (url, came, _) = server(&["307 Go\r\nLocation: /there", "204 No"]);
    let (code, document) = once(&["-L", "-T", path, &url], None);
    assert_eq!((code, statuses(&document)), (0, vec![307, 204]), "{document:#}");
    assert_eq!(came.iter().take(2).map(|came| came.body).collect::<Vec<_>>(), [3 << 20, 3 << 20]);
    std::fs::remove_file(file).unwrap();

    let (url, came, _) = server(&["307 Go\r\nLocation: /there", "204 No"]);
    let (code, document) = once(&["-L", "-T", "-", &url], Some(2_000_000));
    let failure = &document["failure"];
    assert_eq!((code, &failure["code"]), (2, &"request-body-failed".into()), "{document:#}");
    assert!(
        failure["message"].as_str().unwrap().contains("standard input can be read only once"),
        "{failure}"
    );
    assert_eq!(document["hops"][0]["http"]["redirect"]["followed"], false);
    let came = came.recv().unwrap();
    assert!(came.head.contains("Transfer-Encoding: chunked"), "{}", came.head);

    // Where the next request has none, it is not missed.
    let (url, _came, _) = server(&["303 Go\r\nLocation: /there", "204 No"]);
    let (code, document) = once(&["-L", "-T", "-", &url], Some(2_000_000));
    assert_eq!((code, statuses(&document)), (0, vec![303, 204]));

    let (url, _came, _) = server(&["503 No"]);
    let (_, document) = once(&["--retry", "1", "--retry-delay", "10ms", "-T", "-", &url], Some(2_000_000));
    assert_eq!((statuses(&document), &document["hops"][0]["not_retried"]), (vec![503], &"body-spent".into()));
}

#[test]
fn standard_input_that_is_short_has_a_length_as_with_curl() {
    let (url, came, _) = server(&["204 No"]);
    let (code, _) = once(&["--data-binary", "@-", &url], Some(1_000));
    let came = came.recv().unwrap();
    assert_eq!((code, came.body), (0, 1_000));
    assert!(came.head.contains("Content-Length: 1000\r\n"), "{}", came.head);
}

#[test]
fn an_expectation_that_is_refused_goes_once_more_without() {
    let (url, came, _) = server(&["417 No", "204 No"]);
    let (code, document) = once(&["--expect100", "-d", "a=1", &url], None);
    assert_eq!((code, statuses(&document)), (0, vec![417, 204]), "{document:#}");
    let hops = &document["hops"];
    assert_eq!((&hops[0]["http"]["expect"]["outcome"], &hops[1]["retry_of"]), (&"final".into(), &0.into()));
    assert_eq!(hops[0]["http"]["request"]["body_bytes"], 0);
    assert!(hops[1]["http"]["expect"].is_null());
    let (first, second) = (came.recv().unwrap(), came.recv().unwrap());
    assert!(first.head.contains("Expect: 100-continue") && !second.head.contains("Expect"));
    assert_eq!((first.body, second.body), (0, 3));
    let ids: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(!ids.contains(&&"http-connection-closed".into()), "{ids:?}");
}

#[test]
fn the_wait_for_a_100_is_a_row_of_the_sending() {
    let (url, _came, _) = server(&["204 No"]);
    let (code, document) = once(&["-H", "Expect: 100-continue", "-d", "a=1", &url], None);
    assert_eq!((code, statuses(&document)), (0, vec![204]), "{document:#}");
    let http = &document["hops"][0]["http"];
    assert_eq!(http["expect"]["outcome"], "continue");
    assert_eq!(http["informational"][0]["at_us"], http["expect"]["end_us"]);
    let spans = document["spans"].as_array().unwrap();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    for part in ["wait for 100", "100"] {
        assert_eq!(named(part)["parent"], named("send")["id"], "{part}");
    }
}

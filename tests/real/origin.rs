//! The origin behind the gateways: it thinks for a known time before it answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What it thinks before its first byte.
pub(crate) const THINKS: Duration = Duration::from_millis(150);

/// First argument of this test binary when it is to be the origin.
pub(crate) const ROLE: &str = "origin";

/// Serves HTTP/1.1, each connection on a thread of its own, one request each, after [`THINKS`]. Never returns.
pub(crate) fn serve(address: &str) -> ! {
    serve_each(address, answer)
}

/// Takes connections for ever, each on a thread of its own.
pub(crate) fn serve_each(address: &str, answer: fn(TcpStream)) -> ! {
    let listener = TcpListener::bind(address.parse::<SocketAddr>().unwrap()).unwrap();
    loop {
        let (stream, _) = listener.accept().unwrap();
        thread::spawn(move || answer(stream));
    }
}

/// The head of a request.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn answer(mut stream: TcpStream) {
    let head = head(&mut stream);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let is = |word: &str| path.starts_with(word);
    if is("/garbage") {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\x01\x02 no field\r\n\r\n");
        return;
    }
    let thinks = if is("/slow") { Duration::from_millis(1_500) } else { THINKS };
    thread::sleep(thinks); // what it thinks, or more than any gateway waits
    let lifetime = if is("/brief") { 3 } else { 60 };
    let status = if is("/broken") { "503 Service Unavailable" } else { "200 OK" };
    let cached = if is("/pass") { "no-store".to_owned() } else { format!("max-age={lifetime}") };
    let _ = stream.write_all(
        format!(
            "HTTP/1.1 {status}\r\nServer: thinker\r\nCache-Control: {cached}\r\nContent-Type: text/plain\r\n\
             Content-Length: 6\r\nConnection: close\r\n\r\nhello\n"
        )
        .as_bytes(),
    );
}

//! Servers that think: `/.../think/MILLISECONDS/NAME` is there when that time has passed, empty but for stylesheets.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::origin;

/// First argument of this test binary when it is to be one.
pub(crate) const ROLE: &str = "thinker";

/// Serves HTTP/1.0, each connection on a thread of its own. Never returns.
pub(crate) fn serve(address: &str) -> ! {
    origin::serve_each(address, answer)
}

fn answer(mut stream: TcpStream) {
    let head = origin::head(&mut stream);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let words: Vec<&str> = path.rsplit('/').take(2).collect();
    let [name, milliseconds] = words[..] else { return };
    let thinks = Duration::from_millis(milliseconds.parse().unwrap_or(0));
    thread::sleep(thinks); // what it thinks
    let (kind, body) = match name.rsplit('.').next() {
        Some("css") => ("text/css", "p { color: green }"),
        Some("js") => ("text/javascript", ""),
        Some("html") => ("text/html", "<!doctype html><p>text"),
        _ => ("application/octet-stream", ""),
    };
    let length = body.len();
    let answer = format!("HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes());
}

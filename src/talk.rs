//! A conversation on a connection that is open: lines are waited for and sent, and TLS may begin in it (STARTTLS).
//!
//! It is no stage of a trace: its time is in no phase, and the trace does not know of it. How it ended is told by way of its
//! plan ([`Talk`]), for whoever wanted it. What is said by which protocol nobody here knows.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::clock::Clock;
use crate::os;
use crate::plan::{Talk, TalkEnd, TalkFault, TalkStep, Then};
use crate::stop::Stop;
use crate::stream::Stream;
use crate::tls::{self, Peer};
use crate::trace::Tls;

/// Bytes of a line at most, as the scanner of Go's bufio has it.
const LONGEST: usize = 64 << 10;

/// With whom it is held.
pub(crate) struct Partner<'a> {
    /// The host, as its certificate is to have it.
    pub(crate) host: &'a str,
    /// Its address.
    pub(crate) address: Option<SocketAddr>,
    /// What shakes hands with it.
    pub(crate) client: &'a tls::Client,
}

/// Holds a conversation to its end, or until the trace has to end.
pub(crate) async fn hold(talk: &Talk, stream: Stream, partner: Partner<'_>, clock: &Clock, stop: &Stop) {
    let start = clock.now();
    let mut tls = None;
    let held = stop.within(None, all(talk, stream, &partner, (clock, stop), &mut tls)).await;
    let late =
        || Err(TalkFault::Broken("the conversation was not over when the time of the probe was".to_owned()));
    let fault = held.unwrap_or_else(|_| late()).err();
    talk.told.tell(TalkEnd { fault, tls, took: clock.now().since(start) });
}

async fn all(
    talk: &Talk,
    stream: Stream,
    partner: &Partner<'_>,
    (clock, stop): (&Clock, &Stop),
    secured: &mut Option<Box<Tls>>,
) -> Result<(), TalkFault> {
    let mut lines = Lines { stream, read: Vec::new(), from: 0 };
    for TalkStep { expect, send, then } in &*talk.steps {
        let mut said = send.clone();
        if let Some(pattern) = expect {
            loop {
                let Some(line) = lines.next().await? else {
                    return Err(TalkFault::Unmatched(format!("no line came that matches `{pattern}`")));
                };
                if let Some(found) = pattern.captures(&line) {
                    said.clear();
                    found.expand(send, &mut said);
                    break;
                }
            }
        }
        if !said.is_empty() {
            said.push('\n');
            let sent = async {
                lines.stream.write_all(said.as_bytes()).await?;
                lines.stream.flush().await
            };
            sent.await.map_err(|error| broken("cannot be written to", &error))?;
        }
        if *then == Then::StartsTls {
            let Lines { stream, .. } = lines;
            let peer = Peer { host: partner.host, address: partner.address };
            let (record, result) = partner.client.handshake(stream, peer, clock, stop).await;
            let stream = result.map_err(|failure| TalkFault::Broken(format!("tls: {}", failure.message)))?;
            *secured = Some(Box::new(record));
            // What came in the clear is no word of whoever has shaken hands.
            lines = Lines { stream: Stream::Tls(Box::new(stream)), read: Vec::new(), from: 0 };
        }
    }
    // The last words; whether they arrive changes nothing.
    let _ = lines.stream.shutdown().await;
    Ok(())
}

/// What comes, line by line.
struct Lines {
    stream: Stream,
    read: Vec<u8>,
    /// Where the next line begins in it.
    from: usize,
}

impl Lines {
    /// The next line without its end; `None` when there is no more. What the end of the connection cuts off is a line, too.
    async fn next(&mut self) -> Result<Option<String>, TalkFault> {
        loop {
            let rest = &self.read[self.from..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = text(&rest[..end]);
                self.from += end + 1;
                return Ok(Some(line));
            }
            if rest.len() >= LONGEST {
                return Err(TalkFault::Broken(format!("a line came of more than {LONGEST} bytes")));
            }
            self.read.drain(..self.from);
            self.from = 0;
            let many = self.stream.read_buf(&mut self.read).await;
            if many.map_err(|error| broken("cannot be read from", &error))? == 0 {
                let line = Some(text(&self.read)).filter(|_| !self.read.is_empty());
                self.read.clear();
                return Ok(line);
            }
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

fn broken(what: &str, error: &std::io::Error) -> TalkFault {
    TalkFault::Broken(format!("the connection {what}: {}", os::words(error)))
}

#[cfg(test)]
#[path = "talk/tests.rs"]
mod tests;

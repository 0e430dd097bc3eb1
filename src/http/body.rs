//! What is done with a body: counted, its `content-encoding` undone and counted again, written to a
//! file. Never kept, but for the beginning of what may say why a request was refused.
//!
//! Decoding costs CPU, so bytes wait in a small queue and are worked off while the network has
//! nothing for us: it must not delay the stamps of the bytes that follow. The work comes in slices, and
//! between two of them others have their turn: no body, and no reader of the file, can hold up an end.

use std::collections::VecDeque;
use std::time::Duration;

use super::decode::{Decoders, Step, TAKE};
use super::events::Events;
use super::fault;
use super::framing::list;
use super::grpc::Messages;
use super::listener::Listener;
use super::output::{Output, Put};
use crate::fault::Fault;
use crate::plan::BodyOutput;
use crate::trace::{At, Body, FailureCode, GrpcMessages, Header, TlsComplaint};

/// Bytes that may wait to be worked off.
const QUEUE: usize = 1 << 20;
/// What is kept of a body's beginning.
const START: usize = 8 << 10;
/// What of it is looked at for a word on TLS.
const COMPLAINT: usize = 2 << 10;
/// How long the file is left alone that took nothing: its reader has to come, or to read on.
const BLOCKED: Duration = Duration::from_millis(2);

/// The decoders of one body, and the file behind them.
pub(super) struct Sink {
    /// Bytes, not pieces: a body in pieces of one byte must not cost more than its bytes.
    queue: VecDeque<u8>,
    undo: Undo,
    layers: Layers,
    output: Option<Output>,
    /// The first bytes, where they may say why the request was refused.
    start: Option<Vec<u8>>,
    /// The events in it, where they are counted.
    events: Option<Events>,
    /// The messages in it, where it is one of gRPC: what is saved is what they hold.
    messages: Option<Messages>,
    /// Who hears of it as it is undone.
    heard: Option<Heard>,
}

/// Who hears of a body, and when what of it had arrived.
struct Heard {
    listener: Listener,
    /// What is taken next arrived then.
    now: At,
    /// Bytes taken in all, and bytes worked off.
    taken: u64,
    worked: u64,
    /// Up to which byte had arrived when, of those that are not worked off.
    arrivals: VecDeque<(u64, At)>,
}

impl Heard {
    fn take(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        match self.arrivals.back_mut() {
            Some((end, at)) if *at == self.now => *end = self.taken,
            _ => self.arrivals.push_back((self.taken, self.now)),
        }
    }

    /// Notes bytes that are worked off.
    fn work(&mut self, bytes: usize) {
        self.worked += bytes as u64;
        while self.arrivals.len() > 1 && self.arrivals.front().is_some_and(|(end, _)| *end < self.worked) {
            self.arrivals.pop_front();
        }
    }

    /// Tells what came of the bytes that are worked off.
    fn tell(&self, bytes: &[u8]) {
        let arrived = self.arrivals.front().map_or(self.now, |(_, at)| *at);
        self.listener.0.body(bytes, arrived);
    }
}

/// What is undone of a body's codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// Nothing.
    No,
    /// They are undone to count; what is saved is the body as it came.
    Counted,
    /// They are undone, and that is saved.
    Saved,
}

enum Layers {
    /// Nothing is undone.
    None,
    Open(Decoders),
    /// Decoding failed or was stopped.
    Dead,
}

/// What a slice of work came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// There is more.
    More,
    /// Nothing is left.
    Done,
    /// The file takes nothing now.
    Blocked,
}

impl Sink {
    /// For a response with these fields. `output` is where the body goes, if anywhere. The file is
    /// made by the first slice of work.
    pub(super) fn new(fields: &[Header], undo: Undo, output: Option<BodyOutput>, record: &mut Body) -> Self {
        let codings = list(fields, "content-encoding");
        record.encoding = (!codings.is_empty()).then(|| codings.join(", "));
        let codings: Vec<&str> =
            codings.iter().map(String::as_str).filter(|c| !c.eq_ignore_ascii_case("identity")).collect();
        let mut layers = Layers::None;
        if undo != Undo::No && !codings.is_empty() {
            match Decoders::new(&codings) {
                Ok(decoders) => layers = Layers::Open(decoders),
                Err(error) => record.decode_error = Some(error),
            }
        }
        Self {
            queue: VecDeque::new(),
            undo,
            layers,
            output: output.map(Output::new),
            start: None,
            events: None,
            messages: None,
            heard: None,
        }
    }

    /// Lets somebody hear of it; what is there already arrived with the head.
    pub(super) fn heard_by(self, listener: Listener, now: At) -> Self {
        let (taken, worked, arrivals) = (0, 0, VecDeque::new());
        Self { heard: Some(Heard { listener, now, taken, worked, arrivals }), ..self }
    }

    /// Keeps the beginning of the body: it is that of an error.
    pub(super) fn look(self) -> Self {
        Self { start: Some(Vec::new()), ..self }
    }

    /// Counts the events in it.
    pub(super) fn count_events(self, record: &mut Body, now: At) -> Self {
        let events = Events::new(now);
        record.events = Some(events.found());
        Self { events: Some(events), ..self }
    }

    /// Counts the messages in it.
    pub(super) fn count_messages(self, record: &mut Body) -> Self {
        record.messages = Some(GrpcMessages::default());
        Self { messages: Some(Messages::default()), ..self }
    }

    /// What is taken next arrived then.
    pub(super) fn arrived(&mut self, at: At) {
        self.events.iter_mut().for_each(|events| events.at(at));
        self.heard.iter_mut().for_each(|heard| heard.now = at);
    }

    /// Notes the events and messages so far: nobody knows whether there will be more.
    pub(super) fn tell(&self, record: &mut Body) {
        if let Some(messages) = &self.messages {
            record.messages = Some(messages.found());
        }
        if let Some(events) = &self.events {
            record.events = Some(events.found());
        }
    }

    /// Takes bytes of the body as encoded by the server.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if let Some(messages) = &mut self.messages {
            let (is_saved, queue) = (self.output.is_some(), &mut self.queue);
            messages.take(bytes, |message| queue.extend(message.iter().filter(|_| is_saved)));
            return;
        }
        if matches!(self.layers, Layers::None) {
            keep(&mut self.start, bytes);
            self.events.iter_mut().for_each(|events| events.take(bytes));
        }
        let is_heard = self.heard.is_some() && matches!(self.layers, Layers::None);
        if self.output.is_some() || is_heard || matches!(self.layers, Layers::Open(_)) {
            self.heard.iter_mut().for_each(|heard| heard.take(bytes.len()));
            self.queue.extend(bytes);
        }
    }

    /// Whether there is something to work off.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether something has to be worked off before more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= QUEUE
    }

    /// Works off one slice, then lets others have their turn.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub(super) async fn work(&mut self, record: &mut Body) -> Result<(), Fault> {
        let work = self.slice(record);
        pause(work?).await;
        Ok(())
    }

    /// Works off everything and closes the decoders and the file.
    ///
    /// # Errors
    /// The output file cannot be written, or holds less than the body because decoding failed.
    pub(super) async fn finish(mut self, record: &mut Body) -> Result<(), Fault> {
        loop {
            match self.slice(record)? {
                Work::Done => break,
                work => pause(work).await,
            }
        }
        if let Layers::Open(decoders) = &mut self.layers {
            decoders.end();
        }
        loop {
            match self.slice(record)? {
                Work::Done => break,
                work => pause(work).await,
            }
        }
        self.tell(record);
        let start = self.start.take().unwrap_or_default();
        record.tls_complaint = complaint(&start[..start.len().min(COMPLAINT)]);
        record.start = start;
        if let Layers::Open(decoders) = &self.layers {
            record.surplus_bytes = decoders.surplus();
            if let Err(why) = decoders.finish() {
                self.give_up(why, record);
            }
        }
        match (&self.layers, &self.output, &record.decode_error) {
            (Layers::Dead, Some(output), Some(why)) if self.undo == Undo::Saved => {
                let message = format!("{} holds only a part of the body: {why}", output.path().display());
                Err(fault::new(FailureCode::DecodeFailed, message).hint(
                    "-H 'Accept-Encoding: gzip' saves it as it comes, --no-compressed asks for it plain",
                ))
            }
            _ => Ok(()),
        }
    }

    /// One bounded piece of work.
    fn slice(&mut self, record: &mut Body) -> Result<Work, Fault> {
        if let Some(output) = &mut self.output {
            let put = output.put().inspect_err(|_| record.saved_to = None)?;
            if put == Put::Blocked {
                return Ok(Work::Blocked);
            }
            if !output.is_memory() {
                record.saved_to.get_or_insert_with(|| output.path().to_owned());
            }
        }
        match &mut self.layers {
            Layers::Dead if self.undo == Undo::Saved => {
                self.queue.clear();
                return Ok(Work::Done);
            }
            Layers::None | Layers::Dead => {
                let piece = piece(&mut self.queue);
                if piece.is_empty() {
                    return Ok(Work::Done);
                }
                if let Some(output) = &mut self.output {
                    output.take(piece);
                }
                let count = piece.len();
                if let Some(heard) = &mut self.heard {
                    heard.work(count);
                    if matches!(self.layers, Layers::None) {
                        heard.tell(piece);
                    }
                }
                self.queue.drain(..count);
            }
            Layers::Open(decoders) => {
                record.decoded_bytes.get_or_insert(0);
                if decoders.wants_input() {
                    let piece = piece(&mut self.queue);
                    if !piece.is_empty() {
                        decoders.feed(piece);
                        if let (Undo::Counted, Some(output)) = (self.undo, &mut self.output) {
                            output.take(piece);
                        }
                        let count = piece.len();
                        self.heard.iter_mut().for_each(|heard| heard.work(count));
                        self.queue.drain(..count);
                    }
                }
                match decoders.step() {
                    Ok(Step::Made(bytes)) => {
                        *record.decoded_bytes.get_or_insert(0) += bytes.len() as u64;
                        keep(&mut self.start, bytes);
                        self.events.iter_mut().for_each(|events| events.take(bytes));
                        self.heard.iter().for_each(|heard| heard.tell(bytes));
                        if let (Undo::Saved, Some(output)) = (self.undo, &mut self.output) {
                            output.take(bytes);
                        }
                    }
                    Ok(Step::Done) => {}
                    Ok(Step::Idle) if self.queue.is_empty() => return Ok(Work::Done),
                    // What is there does not tell yet what it is.
                    Ok(Step::Idle) => {}
                    Err(why) => self.give_up(why, record),
                }
            }
        }
        Ok(Work::More)
    }

    fn give_up(&mut self, why: String, record: &mut Body) {
        self.layers = Layers::Dead;
        if self.undo == Undo::Saved {
            self.queue = VecDeque::new();
        }
        record.decode_error = Some(why);
    }
}

/// Adds to the beginning of a body, if that is kept.
fn keep(start: &mut Option<Vec<u8>>, bytes: &[u8]) {
    if let Some(start) = start {
        let room = START - start.len();
        start.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// What well-known servers say of TLS when they refuse a request.
fn complaint(start: &[u8]) -> Option<TlsComplaint> {
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if says(&[
        "to https port",
        "to an https server",
        "ssl-enabled server port",
        "combination of host and port requires tls",
    ]) {
        Some(TlsComplaint::PlainRequest)
    } else if says(&["cannot perform post-handshake authentication"]) {
        Some(TlsComplaint::PostHandshake)
    } else if says(&[
        "no required ssl certificate",
        "client certificate required",
        "requires a client certificate",
        "no client certificate",
    ]) {
        Some(TlsComplaint::NoCertificate)
    } else {
        None
    }
}

/// What is worked off next.
fn piece(queue: &mut VecDeque<u8>) -> &[u8] {
    let (first, _) = queue.as_slices();
    &first[..first.len().min(TAKE)]
}

async fn pause(work: Work) {
    match work {
        Work::More | Work::Done => tokio::task::yield_now().await,
        Work::Blocked => tokio::time::sleep(BLOCKED).await, // nothing tells when a FIFO has room
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::http::tests::encode;

    fn run(encoding: &str, bytes: &[u8], output: Option<PathBuf>) -> (Body, Result<(), Fault>) {
        undone(Undo::Saved, encoding, bytes, output)
    }

    fn undone(
        undo: Undo,
        encoding: &str,
        bytes: &[u8],
        output: Option<PathBuf>,
    ) -> (Body, Result<(), Fault>) {
        let output = output.map(BodyOutput::File);
        let mut record = Body::default();
        let fields = [Header { name: "Content-Encoding".to_owned(), value: encoding.into() }];
        let mut sink = Sink::new(&fields, undo, output, &mut record);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(async {
            for piece in bytes.chunks(1000) {
                sink.take(piece);
                while sink.is_full() {
                    sink.work(&mut record).await?;
                }
            }
            sink.finish(&mut record).await
        });
        (record, result)
    }

    #[test]
    fn every_encoding_is_undone_and_counted() {
        let data = b"urltrace ".repeat(20_000);
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let (record, result) = run(coding, &encode(coding, &data), None);
            assert_eq!(record.decoded_bytes, Some(data.len() as u64), "{coding}: {record:?}");
            assert_eq!((record.decode_error, result), (None, Ok(())));
        }
        let twice = encode("br", &encode("gzip", &data));
        assert_eq!(run("gzip, identity, br", &twice, None).0.decoded_bytes, Some(data.len() as u64));
    }

    /// A member of gzip, then the next; a frame of zstd, then the next.
    #[test]
    fn what_curl_and_browsers_read_is_read() {
        let data = b"one and two ".repeat(30_000);
        let (one, two) = data.split_at(100_000);
        let both = |coding| [encode(coding, one), encode(coding, two)].concat();
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &encode("zstd", &data)].concat();
        let behind = |coding| [&encode(coding, &data)[..], b"\0\0junk"].concat();
        let table = [
            ("deflate", encode("raw deflate", &data), 0),
            ("deflate", encode("deflate", &data), 0),
            ("gzip", both("gzip"), 0),
            ("zstd", both("zstd"), 0),
            ("zstd", skippable, 0),
            ("x-gzip", behind("gzip"), 6),
            ("GZIP", [&encode("gzip", &data)[..], b"\x1f"].concat(), 1),
            ("deflate", behind("deflate"), 6),
            ("deflate", behind("raw deflate"), 6),
            ("br", behind("br"), 6),
            ("zstd", behind("zstd"), 6),
            ("gzip, deflate", encode("raw deflate", &both("gzip")), 0),
        ];
        let path = std::env::temp_dir().join(format!("urltrace-codings-{}", std::process::id()));
        for (coding, bytes, surplus) in table {
            let (record, result) = run(coding, &bytes, Some(path.clone()));
            assert_eq!((result, &record.decode_error), (Ok(()), &None), "{coding}");
            assert_eq!((record.decoded_bytes, record.surplus_bytes), (Some(data.len() as u64), surplus));
            assert!(std::fs::read(&path).unwrap() == data, "{coding}");
        }
        std::fs::remove_file(&path).unwrap();
        for cut in [both("gzip"), both("zstd")] {
            let (record, _) = run(if cut[0] == 0x1f { "gzip" } else { "zstd" }, &cut[..cut.len() - 9], None);
            assert!(record.decode_error.unwrap().contains("ends too early"));
        }
    }

    #[test]
    fn what_servers_say_of_tls_is_known() {
        for (body, wanted) in [
            (
                "<center>The plain HTTP request was sent to HTTPS port</center>",
                Some(TlsComplaint::PlainRequest),
            ),
            ("Client sent an HTTP request to an HTTPS server.\n", Some(TlsComplaint::PlainRequest)),
            ("You're speaking plain HTTP to an SSL-enabled server port.", Some(TlsComplaint::PlainRequest)),
            ("This combination of host and port requires TLS.", Some(TlsComplaint::PlainRequest)),
            ("{\"message\":\"Delivery to this tenant requires TLS 1.3 on the mail server\"}", None),
            ("<title>400 No required SSL certificate was sent</title>", Some(TlsComplaint::NoCertificate)),
            (
                "Reason: Cannot perform Post-Handshake Authentication.<br />",
                Some(TlsComplaint::PostHandshake),
            ),
            ("<h1>Bad Request</h1>", None),
            ("{\"error\": \"the field client certificate is too long\"}", None),
        ] {
            assert_eq!(complaint(body.as_bytes()), wanted, "{body}");
        }
    }

    /// A file that takes nothing, and one that nobody reads, hold up nobody.
    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_written_is_not_said_to_hold_the_body() {
        let (record, result) = run("identity", b"hello", Some("/dev/full".into()));
        let fault = result.unwrap_err();
        assert_eq!((fault.code, record.saved_to), (FailureCode::OutputFailed, None));
        assert!(fault.message.ends_with("cannot be written: no space left on device"), "{}", fault.message);
    }

    #[test]
    fn what_cannot_be_undone_is_said() {
        let gzip = encode("gzip", b"hello");
        let table: [(&str, &[u8], &str); 5] = [
            ("lzw", b"x", "unknown encoding \"lzw\""),
            ("gzip", b"hello, world", "not readable as gzip"),
            ("gzip", &gzip[..gzip.len() - 4], "ends too early"),
            ("gzip,gzip,gzip,gzip,gzip", b"x", "5 layers"),
            ("br, gzip", &gzip, "the br data ends too early"),
        ];
        for (encoding, bytes, words) in table {
            let (record, result) = run(encoding, bytes, None);
            let error = record.decode_error.unwrap();
            assert!(error.contains(words), "{encoding}: {error}");
            assert_eq!(result, Ok(()), "a trace does not fail for it");
        }
        assert_eq!(run("gzip", b"", None).0.decode_error, None, "no body, no fault");
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = vec![0; 80 << 20];
        let (record, _) = run("zstd", &encode("zstd", &zeros), None);
        assert!(record.decode_error.unwrap().contains("bomb"));
        assert!(record.decoded_bytes.unwrap() < (65 << 20));
        let (record, _) = run("zstd, gzip", &encode("gzip", &encode("zstd", &zeros)), None);
        assert!(record.decode_error.unwrap().contains("bomb"));
    }

    /// As it came, whether it can be decoded or not; counted decoded all the same.
    #[test]
    fn a_body_is_saved_as_it_came_where_its_coding_was_asked_for_by_hand() {
        let path = std::env::temp_dir().join(format!("urltrace-as-it-came-{}", std::process::id()));
        let data = b"hello ".repeat(50_000);
        for coding in ["gzip", "br", "zstd"] {
            let packed = encode(coding, &data);
            let (record, result) = undone(Undo::Counted, coding, &packed, Some(path.clone()));
            assert_eq!((result, record.decoded_bytes), (Ok(()), Some(data.len() as u64)), "{coding}");
            assert!(std::fs::read(&path).unwrap() == packed, "{coding}");
        }
        for broken in [&b"\x1f"[..], b"no gzip", &[b'x'; 100_000]] {
            let (record, result) = undone(Undo::Counted, "gzip", broken, Some(path.clone()));
            assert!(result.is_ok() && record.decode_error.is_some());
            assert!(std::fs::read(&path).unwrap() == broken);
        }
        let packed = encode("gzip", &data);
        let (record, result) = undone(Undo::No, "gzip", &packed, Some(path.clone()));
        assert_eq!((result, record.decoded_bytes, record.decode_error), (Ok(()), None, None));
        assert!(std::fs::read(&path).unwrap() == packed);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_gets_the_decoded_body_or_a_named_error() {
        let path = std::env::temp_dir().join(format!("urltrace-body-{}", std::process::id()));
        let data = b"hello ".repeat(1000);
        let gzip = encode("gzip", &data);
        let (record, result) = run("gzip", &gzip, Some(path.clone()));
        assert_eq!((result, record.saved_to.as_ref()), (Ok(()), Some(&path)));
        assert_eq!(std::fs::read(&path).unwrap(), data);
        let (_, result) = run("unknown", &gzip, Some(path.clone()));
        assert_eq!(result, Ok(()));
        assert_eq!(std::fs::read(&path).unwrap(), gzip, "as received");
        let (_, result) = run("gzip", &gzip[..gzip.len() / 2], Some(path.clone()));
        assert_eq!(result.unwrap_err().code, FailureCode::DecodeFailed);
        std::fs::remove_file(&path).unwrap();
        let nowhere = std::env::temp_dir().join("urltrace-no-such-directory/x");
        let (record, result) = run("gzip", b"", Some(nowhere));
        assert_eq!(result.unwrap_err().code, FailureCode::OutputFailed);
        assert_eq!(record.saved_to, None);
    }
}

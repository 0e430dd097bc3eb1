//! What is done with a body: counted, its `content-encoding` undone and counted again, written to a
//! file. Never kept.
//!
//! Decoding costs CPU, so bytes wait in a small queue and are worked off while the network has
//! nothing for us: it must not delay the stamps of the bytes that follow.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use async_compression::tokio::write::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::fault;
use super::framing::list;
use crate::fault::Fault;
use crate::plan::BodyOutput;
use crate::trace::{Body, FailureCode, Header};
use crate::units::bytes as size;

/// Bytes that may wait to be decoded.
const QUEUE: usize = 1 << 20;
/// Decoded bytes at most, at each layer of encoding.
const MAX_DECODED: u64 = 1 << 30;
/// Decoded bytes that need no look at the ratio.
const FREE: u64 = 64 << 20;
/// Decoded bytes for each encoded one, above `FREE`. DEFLATE cannot do more than 1032.
const MAX_RATIO: u64 = 1100;
/// Layers of encoding that are undone at most.
const MAX_LAYERS: usize = 4;
/// RFC 9659: a zstd window in HTTP is at most 8 MB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What was decoded so far, and why it stopped.
#[derive(Debug, Default)]
struct Tally {
    encoded: u64,
    decoded: u64,
    stopped: Option<String>,
    file_error: Option<io::Error>,
}

/// The decoders of one body, and the file behind them.
pub(super) struct Sink {
    queue: VecDeque<Bytes>,
    queued: usize,
    tally: Rc<RefCell<Tally>>,
    layers: Layers,
    encoding: String,
    output: Option<Output>,
    fed: u64,
}

enum Layers {
    /// Nothing is undone.
    None,
    Open(Box<dyn AsyncWrite + Unpin>),
    /// Decoding failed or was stopped.
    Dead,
}

struct Output {
    to: BodyOutput,
    file: Rc<RefCell<Option<File>>>,
}

impl Output {
    /// Its file; `-` for standard output.
    fn path(&self) -> PathBuf {
        match &self.to {
            BodyOutput::File(path) => path.clone(),
            BodyOutput::Standard(_) => "-".into(),
        }
    }
}

impl Sink {
    /// For a response with these fields. `output` is where the body goes, if anywhere; `undo` says
    /// whether encodings are undone. The file is made by the first [`work`](Self::work) or by
    /// [`finish`](Self::finish).
    pub(super) fn new(fields: &[Header], undo: bool, output: Option<BodyOutput>, record: &mut Body) -> Self {
        let codings = list(fields, "content-encoding");
        record.encoding = (!codings.is_empty()).then(|| codings.join(", "));
        let tally = Rc::new(RefCell::new(Tally::default()));
        let file = Rc::new(RefCell::new(None));
        let output = output.map(|to| Output { to, file: Rc::clone(&file) });
        let codings: Vec<&str> =
            codings.iter().map(String::as_str).filter(|c| !c.eq_ignore_ascii_case("identity")).collect();
        let mut layers = Layers::None;
        if undo && !codings.is_empty() {
            match open(&codings, &tally, &file) {
                Ok(open) => layers = Layers::Open(open),
                Err(error) => record.decode_error = Some(error),
            }
        }
        Self {
            queue: VecDeque::new(),
            queued: 0,
            tally,
            layers,
            encoding: codings.join(", "),
            output,
            fed: 0,
        }
    }

    /// Takes bytes of the body as encoded by the server.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub(super) fn take(&mut self, bytes: &[u8], record: &mut Body) -> Result<(), Fault> {
        if matches!(self.layers, Layers::None) && self.output.is_none() {
            return Ok(());
        }
        self.queued += bytes.len();
        self.queue.push_back(Bytes::copy_from_slice(bytes));
        while self.queued > QUEUE {
            self.work(record)?;
        }
        Ok(())
    }

    /// Whether there is something to work off.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Works off one piece.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub(super) fn work(&mut self, record: &mut Body) -> Result<(), Fault> {
        self.open_output(record)?;
        let Some(bytes) = self.queue.pop_front() else { return Ok(()) };
        self.queued -= bytes.len();
        self.fed += bytes.len() as u64;
        match &mut self.layers {
            Layers::Open(layers) => {
                self.tally.borrow_mut().encoded += bytes.len() as u64;
                // Nothing below ever waits, so the future is done when first polled.
                let result = layers.write_all(&bytes).now_or_never().unwrap_or(Ok(()));
                self.settle(result, record)
            }
            Layers::None => self.write_plain(&bytes),
            Layers::Dead => Ok(()),
        }
    }

    /// Works off everything and closes the decoders and the file.
    ///
    /// # Errors
    /// The output file cannot be written, or holds less than the body because decoding failed.
    pub(super) fn finish(mut self, record: &mut Body) -> Result<(), Fault> {
        self.open_output(record)?;
        while self.is_busy() {
            self.work(record)?;
        }
        if let Layers::Open(layers) = &mut self.layers
            && self.fed > 0
        {
            let result = layers.shutdown().now_or_never().unwrap_or(Ok(()));
            self.settle(result, record)?;
        }
        if !matches!(self.layers, Layers::None) {
            record.decoded_bytes = Some(self.tally.borrow().decoded);
        }
        if let (Layers::Dead, Some(output), Some(why)) = (&self.layers, &self.output, &record.decode_error) {
            let message = format!("{} holds only a part of the body: {why}", output.path().display());
            return Err(fault::new(FailureCode::OutputFailed, message).hint("leave --compressed away"));
        }
        Ok(())
    }

    fn open_output(&mut self, record: &mut Body) -> Result<(), Fault> {
        let Some(output) = &self.output else { return Ok(()) };
        if output.file.borrow().is_none() {
            let file = match &output.to {
                BodyOutput::File(path) => File::create(path),
                BodyOutput::Standard(stream) => stream.try_clone(),
            };
            match file {
                Ok(file) => *output.file.borrow_mut() = Some(file),
                Err(error) => return Err(self.output_fault(&error)),
            }
            record.saved_to = Some(output.path());
        }
        Ok(())
    }

    fn write_plain(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let result = match self.output.as_ref().map(|output| output.file.borrow_mut()).as_deref_mut() {
            Some(Some(file)) => file.write_all(bytes),
            _ => Ok(()),
        };
        result.map_err(|error| self.output_fault(&error))
    }

    fn output_fault(&self, error: &io::Error) -> Fault {
        let path = self.output.as_ref().map(|output| output.path().display().to_string()).unwrap_or_default();
        fault::new(FailureCode::OutputFailed, format!("{path} cannot be written: {error}"))
    }

    fn settle(&mut self, result: io::Result<()>, record: &mut Body) -> Result<(), Fault> {
        let (file_error, stopped) = {
            let mut tally = self.tally.borrow_mut();
            record.decoded_bytes = Some(tally.decoded);
            (tally.file_error.take(), tally.stopped.take())
        };
        if let Some(error) = file_error {
            return Err(self.output_fault(&error));
        }
        let Err(error) = result else { return Ok(()) };
        self.layers = Layers::Dead;
        let words = match (stopped, error.kind()) {
            (Some(stopped), _) => stopped,
            (None, io::ErrorKind::UnexpectedEof) => format!("the {} data ends too early", self.encoding),
            (None, _) => format!("not readable as {}: {error}", self.encoding),
        };
        record.decode_error = Some(words);
        Ok(())
    }
}

/// Builds the decoders, the last coding applied outermost.
fn open(
    codings: &[&str],
    tally: &Rc<RefCell<Tally>>,
    file: &Rc<RefCell<Option<File>>>,
) -> Result<Box<dyn AsyncWrite + Unpin>, String> {
    if codings.len() > MAX_LAYERS {
        return Err(format!("{} layers of encoding: more than {MAX_LAYERS} are not undone", codings.len()));
    }
    let end = End { tally: Rc::clone(tally), file: Rc::clone(file) };
    let mut sink: Box<dyn AsyncWrite + Unpin> = Box::new(end);
    for (index, coding) in codings.iter().enumerate() {
        if index > 0 {
            sink = Box::new(Guard { inner: sink, tally: Rc::clone(tally), passed: 0 });
        }
        sink = match coding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Box::new(GzipDecoder::new(sink)),
            "deflate" => Box::new(ZlibDecoder::new(sink)),
            "br" => Box::new(BrotliDecoder::new(sink)),
            "zstd" => {
                Box::new(ZstdDecoder::with_params(sink, &[DParameter::window_log_max(ZSTD_WINDOW_LOG)]))
            }
            _ => {
                let name: String = coding.chars().take(40).collect();
                return Err(format!("unknown encoding {name:?}"));
            }
        };
    }
    Ok(sink)
}

/// Why decoding stops before its end, if it has to.
fn over(decoded: u64, encoded: u64) -> Option<String> {
    let ratio = decoded / encoded.max(1);
    if decoded > MAX_DECODED {
        Some(format!("stopped: more than {} decoded", size(MAX_DECODED)))
    } else if decoded > FREE && ratio > MAX_RATIO {
        Some(format!(
            "stopped: {} decoded from {} looks like a decompression bomb",
            size(decoded),
            size(encoded)
        ))
    } else {
        None
    }
}

/// The innermost end: counts, and writes to the file.
struct End {
    tally: Rc<RefCell<Tally>>,
    file: Rc<RefCell<Option<File>>>,
}

/// Between two layers: caps what passes.
struct Guard {
    inner: Box<dyn AsyncWrite + Unpin>,
    tally: Rc<RefCell<Tally>>,
    passed: u64,
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut tally = self.tally.borrow_mut();
        tally.decoded += bytes.len() as u64;
        tally.stopped = over(tally.decoded, tally.encoded);
        if tally.stopped.is_some() {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        if let Some(file) = self.file.borrow_mut().as_mut()
            && let Err(error) = file.write_all(bytes)
        {
            tally.file_error = Some(error);
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let encoded = this.tally.borrow().encoded;
        if let Some(stopped) = over(this.passed + bytes.len() as u64, encoded) {
            this.tally.borrow_mut().stopped = Some(stopped);
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let written = std::task::ready!(Pin::new(&mut this.inner).poll_write(cx, bytes))?;
        this.passed += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};

    fn encode(coding: &str, data: &[u8]) -> Vec<u8> {
        macro_rules! with {
            ($encoder:ident) => {{
                let mut encoder = $encoder::new(Vec::new());
                encoder.write_all(data).now_or_never().unwrap().unwrap();
                encoder.shutdown().now_or_never().unwrap().unwrap();
                encoder.into_inner()
            }};
        }
        match coding {
            "gzip" => with!(GzipEncoder),
            "deflate" => with!(ZlibEncoder),
            "br" => with!(BrotliEncoder),
            _ => with!(ZstdEncoder),
        }
    }

    fn run(encoding: &str, bytes: &[u8], output: Option<PathBuf>) -> (Body, Result<(), Fault>) {
        let output = output.map(BodyOutput::File);
        let mut record = Body::default();
        let fields = [Header { name: "Content-Encoding".to_owned(), value: encoding.into() }];
        let mut sink = Sink::new(&fields, true, output, &mut record);
        for piece in bytes.chunks(1000) {
            sink.take(piece, &mut record).unwrap();
        }
        let result = sink.finish(&mut record);
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

    #[test]
    fn what_cannot_be_undone_is_said() {
        let gzip = encode("gzip", b"hello");
        let table: [(&str, &[u8], &str); 5] = [
            ("lzw", b"x", "unknown encoding \"lzw\""),
            ("gzip", b"hello, world", "not readable as gzip"),
            ("gzip", &gzip[..gzip.len() - 4], "ends too early"),
            ("gzip,gzip,gzip,gzip,gzip", b"x", "5 layers"),
            ("br, gzip", &gzip, "the br, gzip data ends too early"),
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
        assert_eq!(result.unwrap_err().code, FailureCode::OutputFailed);
        std::fs::remove_file(&path).unwrap();
        let nowhere = std::env::temp_dir().join("urltrace-no-such-directory/x");
        let (record, result) = run("gzip", b"", Some(nowhere));
        assert_eq!(result.unwrap_err().code, FailureCode::OutputFailed);
        assert_eq!(record.saved_to, None);
    }
}

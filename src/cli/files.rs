//! The files that a plan needs: root hints, trust anchors, resolv.conf, request bodies as far as they are small,
//! and standard input. Certificates are read by the stage that trusts them.

use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::declarations::{Exports, Format};
use super::error::PlanError;
use super::resolv_conf::{self, ResolvConf};
use super::settings::Export;
use crate::os;
use crate::plan::{BodyOutput, FilePiece, LineEnds, OncePiece, Piece};

/// Bytes of names that are read from standard input at most.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Bytes of a certificate, a key, a password, root hints or trust anchors at most.
const MAX_SMALL: u64 = 4 * 1024 * 1024;

/// Bytes of a request's body that are read before the request and kept, all files of it together: what is larger is
/// read while it is sent.
const KEPT: usize = 1024 * 1024;

/// How the parts of a request's body are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// What is small is read at once.
    KeptIfSmall,
    /// All of it is: it becomes a part of the URL.
    Kept,
    /// As `-T -` has it: what ends when it ends is sent as it comes.
    AsItComes,
}

/// Where the parts of a request's body come from.
pub(super) struct Sources {
    /// How much of them may still be kept.
    room: usize,
    /// Whether standard input was taken: then it has nothing more.
    standard_input: bool,
}

impl Sources {
    pub(super) const fn new() -> Self {
        Self { room: KEPT, standard_input: false }
    }

    /// A text, or with `@` before it a file.
    pub(super) fn argument_or_file(
        &mut self,
        option: &str,
        text: &str,
        reading: Reading,
        line_ends: LineEnds,
    ) -> Result<Piece, PlanError> {
        match text.strip_prefix('@') {
            Some(path) => self.file(option, path, reading, line_ends),
            None => Ok(Piece::Bytes(text.as_bytes().to_vec().into())),
        }
    }

    /// A file that is sent, as large as it is; `-` for standard input.
    pub(super) fn file(
        &mut self,
        option: &str,
        path: &str,
        reading: Reading,
        line_ends: LineEnds,
    ) -> Result<Piece, PlanError> {
        if path == "-" && std::mem::replace(&mut self.standard_input, true) {
            return Ok(Piece::Bytes(Bytes::new()));
        }
        self.open(path, reading, line_ends).map_err(|error| {
            PlanError::usage(format!("{option}: `{path}` cannot be read: {}", os::words(&error)))
        })
    }

    fn open(&mut self, path: &str, reading: Reading, line_ends: LineEnds) -> io::Result<Piece> {
        let mut file = match path {
            "-" => std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?),
            path => std::fs::File::open(path)?,
        };
        if reading == Reading::Kept {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(kept(bytes, line_ends));
        }
        let facts = file.metadata()?;
        // Those of /proc say that they are empty, and are not.
        if facts.is_file() && facts.len() > 0 && reading == Reading::KeptIfSmall {
            let start = file.stream_position()?;
            let length = facts.len().saturating_sub(start);
            if length > self.room as u64 {
                let name = path.to_owned();
                let sent = match line_ends {
                    LineEnds::Kept => length,
                    LineEnds::LeftOut => length - count_line_ends(&file, start)?,
                };
                let piece = FilePiece { name, file, start, length, line_ends, sent };
                return Ok(Piece::File(Arc::new(piece)));
            }
        }
        let mut begin = Vec::new();
        if reading == Reading::KeptIfSmall {
            (&mut file).take(self.room as u64 + 1).read_to_end(&mut begin)?;
            if begin.len() <= self.room {
                self.room -= begin.len();
                return Ok(kept(begin, line_ends));
            }
            self.room = 0;
        } else if facts.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        line_ends.apply(&mut begin);
        let name = if path == "-" { "standard input".to_owned() } else { format!("`{path}`") };
        let (begin, rest) = (begin.into(), Mutex::new(Some(file)));
        Ok(Piece::Once(Arc::new(OncePiece { name, begin, rest, line_ends })))
    }
}

fn kept(mut bytes: Vec<u8>, line_ends: LineEnds) -> Piece {
    line_ends.apply(&mut bytes);
    Piece::Bytes(bytes.into())
}

/// How many bytes of line ends a file has.
fn count_line_ends(file: &std::fs::File, mut at: u64) -> io::Result<u64> {
    let (mut buffer, mut found) = (vec![0; KEPT], 0);
    loop {
        match file.read_at(&mut buffer, at) {
            Ok(0) => return Ok(found),
            Ok(count) => {
                let mut bytes = buffer[..count].to_vec();
                LineEnds::LeftOut.apply(&mut bytes);
                found += (count - bytes.len()) as u64;
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// All of a file, as large as it is; `-` for standard input.
pub(super) fn read_body(option: &str, path: &str) -> Result<Vec<u8>, PlanError> {
    let result = if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    result.map_err(|error| {
        PlanError::usage(format!("{option}: `{path}` cannot be read: {}", os::words(&error)))
    })
}

/// The most that is read of saved documents.
const MAX_SAVED: u64 = 64 * 1024 * 1024;

/// Saved documents, or what is called so.
pub(super) fn read_saved(option: &str, path: &str) -> Result<Vec<u8>, PlanError> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().take(MAX_SAVED + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_SAVED + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        PlanError::usage(format!("{option}: `{path}` cannot be read: {}", os::words(&error)))
    })?;
    if bytes.len() as u64 > MAX_SAVED {
        let limit = MAX_SAVED / 1024 / 1024;
        return Err(PlanError::usage(format!("{option}: `{path}` is larger than {limit} MiB")));
    }
    Ok(bytes)
}

/// A file that is small by its nature: a device or a film is not read for one.
pub(super) fn read_small(option: &str, path: &Path) -> Result<Vec<u8>, PlanError> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_SMALL + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        PlanError::usage(format!("{option}: `{}` cannot be read: {}", path.display(), os::words(&error)))
    })?;
    if bytes.len() as u64 > MAX_SMALL {
        let limit = MAX_SMALL / 1024 / 1024;
        return Err(PlanError::usage(format!("{option}: `{}` is larger than {limit} MiB", path.display())));
    }
    Ok(bytes)
}

pub(super) fn read_text(option: &str, path: &Path) -> Result<String, PlanError> {
    String::from_utf8(read_small(option, path)?)
        .map_err(|_| PlanError::usage(format!("{option}: `{}` is not text", path.display())))
}

/// Where the body goes. A wrong path is told before the network is touched.
pub(super) fn output(path: &Path) -> Result<BodyOutput, PlanError> {
    if path.as_os_str() == "-" {
        return match std::io::stdout().as_fd().try_clone_to_owned() {
            Ok(stream) => Ok(BodyOutput::Standard(Arc::new(stream.into()))),
            Err(error) => {
                Err(PlanError::usage(format!("-o -: standard output cannot be used: {}", os::words(&error))))
            }
        };
    }
    check_output("-o", path).map(|()| BodyOutput::File(path.to_owned()))
}

/// The files of `--export-*`, each of which is another, and none the body's.
pub(super) fn exports(wanted: Exports, body: Option<&Path>) -> Result<Vec<Export>, PlanError> {
    let Exports {
        export_html,
        export_svg,
        export_json,
        export_markdown,
        export_har,
        export_prometheus,
        export_csv,
        export_chrome_trace,
        export_github,
        export_junit,
        export_otlp,
    } = wanted;
    let all = [
        ("--export-html", Format::Html, export_html),
        ("--export-svg", Format::Svg, export_svg),
        ("--export-json", Format::Json, export_json),
        ("--export-markdown", Format::Markdown, export_markdown),
        ("--export-har", Format::Har, export_har),
        ("--export-prometheus", Format::Prometheus, export_prometheus),
        ("--export-csv", Format::Csv, export_csv),
        ("--export-chrome-trace", Format::ChromeTrace, export_chrome_trace),
        ("--export-github", Format::Github, export_github),
        ("--export-junit", Format::Junit, export_junit),
        ("--export-otlp", Format::Otlp, export_otlp),
    ];
    let mut exports: Vec<Export> = Vec::new();
    for (option, format, path) in all {
        let Some(path) = path else { continue };
        if path.as_os_str() == "-" {
            return Err(PlanError::with_hint(
                format!("{option} is for a file, and `-` is none: the report has standard output"),
                format!("{} prints that in place of the report", option.replace("export-", "format ")),
            ));
        }
        check_output(option, &path)?;
        let other = exports.iter().find(|other| other.path == path).map(|other| other.option);
        if let Some(other) = other.or_else(|| body.filter(|body| *body == path).map(|_| "-o")) {
            return Err(PlanError::usage(format!(
                "{option} and {other} cannot both write `{}`",
                path.display()
            )));
        }
        exports.push(Export { option, format, path });
    }
    Ok(exports)
}

fn check_output(option: &str, path: &Path) -> Result<(), PlanError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(PlanError::usage(format!("{option}: `{}` is a directory", path.display())));
    }
    if !parent.is_dir() {
        return Err(PlanError::usage(format!("{option}: there is no directory `{}`", parent.display())));
    }
    Ok(())
}

/// What resolv.conf says; the same for a machine without one as for an empty one.
pub(super) fn resolv_conf() -> ResolvConf {
    let text = std::fs::read(resolv_conf::PATH).unwrap_or_default();
    ResolvConf::parse(&String::from_utf8_lossy(&text))
}

/// The names of `urltrace dns -`.
pub(super) fn standard_input() -> Result<Vec<u8>, PlanError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| PlanError::usage(format!("standard input cannot be read: {error}")))?;
    Ok(bytes)
}

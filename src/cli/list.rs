//! Lists of URLs, read as they are needed: a line is a URL, and behind it may stand options of its request in shell
//! quoting. `#` begins a comment.
//!
//! Never more than a piece of a list is in memory, and nothing waits on another thread: what is no file is read when it
//! has something to read. What is no line of a list is handed out with the reason, in its place.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::unix::AsyncFd;

use super::body;
use super::error::PlanError;
use super::hands;
use super::settings::Source;
use super::syntax::header_field;
use super::urls::statuses;
use crate::exit::Statuses;
use crate::http::validate_method;
use crate::os;
use crate::plan::HttpPlan;

/// Bytes of a line at most.
const LONGEST: usize = 64 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;
/// Characters that are shown of a line that is none.
const SHOWN: usize = 60;

/// A line of a list, or a URL of the command line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands: `line 7`, `urls.txt, line 7`; `None` on the command line.
    pub place: Option<String>,
    /// What it asks for, or what is wrong with it.
    pub wanted: Result<WantedUrl, BadLine>,
}

/// A URL, and how it is asked for where that is another way than that of all.
#[derive(Clone, Debug)]
pub struct WantedUrl {
    /// As it was typed.
    pub url: String,
    /// How its request is made; `None` for the plan's.
    pub http: Option<HttpPlan>,
    /// `--expect`; `None` for that of all.
    pub expect: Option<Statuses>,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// What it begins with.
    pub text: String,
    /// Why.
    pub why: String,
}

/// What may stand in a line.
#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true
)]
struct Words {
    url: String,
    #[arg(short = 'X', long = "request")]
    method: Option<String>,
    #[arg(short = 'H', long = "header")]
    headers: Vec<String>,
    #[arg(short = 'd', long)]
    data: Vec<String>,
    #[arg(long)]
    expect: Option<String>,
}

/// URLs, one after another.
#[derive(Debug)]
pub struct Lines {
    sources: VecDeque<Source>,
    open: Option<Open>,
    base: HttpPlan,
    /// Whether they are traced in the lab, which not every URL leads into.
    lab: bool,
}

/// A list that is being read.
#[derive(Debug)]
struct Open {
    name: Option<Arc<str>>,
    file: Arc<File>,
    /// Tells when there is something to read, where that can be waited for.
    ready: Option<AsyncFd<File>>,
    buffer: Vec<u8>,
    /// Where the next line begins in it.
    from: usize,
    /// The number of the last line.
    number: usize,
    /// Inside a line that is too long: the rest of it is left out.
    skips: bool,
    ended: bool,
}

impl Lines {
    /// Those of these sources; `base` is how a request is made whose line says nothing else.
    #[must_use]
    pub fn new(sources: Vec<Source>, base: HttpPlan, lab: bool) -> Self {
        Self { sources: sources.into(), open: None, base, lab }
    }

    /// The next one; `None` at the end. Whoever stops waiting loses nothing.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(open) = &mut self.open {
                let (name, read) = (open.name.clone(), open.line().await);
                let number = open.number;
                let Some(read) = read else {
                    self.open = None;
                    continue;
                };
                let place = name.map_or(format!("line {number}"), |name| format!("{name}, line {number}"));
                let wanted = match read {
                    Ok(text) => match self.read(&text) {
                        Some(wanted) => wanted.map_err(|why| BadLine { text: begin(&text), why }),
                        None => continue,
                    },
                    Err(why) => Err(BadLine { text: String::new(), why }),
                };
                return Some(Line { place: Some(place), wanted });
            }
            match self.sources.pop_front()? {
                Source::Url(url) => {
                    let why = hands::outside_the_lab(self.lab, &url);
                    let wanted = match why {
                        Some(why) => Err(BadLine { text: begin(&url), why }),
                        None => Ok(WantedUrl { url, http: None, expect: None }),
                    };
                    return Some(Line { place: None, wanted });
                }
                Source::List(name, file) => self.open = Some(Open::new(name, file)),
            }
        }
    }

    /// What a line says; `None` for a comment or nothing.
    fn read(&self, text: &str) -> Option<Result<WantedUrl, String>> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        if let Some(char) = text.chars().find(|char| char.is_control() && *char != '\t') {
            return Some(Err(format!("it has the control character U+{:04X}", u32::from(char))));
        }
        let plain = !text.contains(|char: char| char.is_whitespace() || "'\"\\".contains(char));
        let wanted = if plain {
            Ok(WantedUrl { url: text.to_owned(), http: None, expect: None })
        } else {
            self.with_options(text)
        };
        Some(wanted.and_then(|wanted| match hands::outside_the_lab(self.lab, &wanted.url) {
            Some(why) => Err(why),
            None => Ok(wanted),
        }))
    }

    fn with_options(&self, text: &str) -> Result<WantedUrl, String> {
        let words = shlex::split(text).ok_or("a quotation mark is not closed, or a backslash ends it")?;
        let Words { url, method, headers, data, expect } =
            Words::try_parse_from(&words).map_err(|error| unreadable(&error))?;
        let expect = expect.as_deref().map(statuses).transpose()?;
        if method.is_none() && headers.is_empty() && data.is_empty() {
            return Ok(WantedUrl { url, http: None, expect });
        }
        let mut http = self.base.clone();
        if let Some(method) = method {
            validate_method(&method)?;
            http.method = Some(method);
        }
        let given = headers.iter().map(|text| header_field("-H", text)).collect::<Result<Vec<_>, _>>();
        let given = given.map_err(PlanError::sentence)?;
        http.headers.retain(|(name, _)| !given.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        http.headers.extend(given);
        if !data.is_empty() {
            http.body = body::of_line(&data).map_err(PlanError::sentence)?;
        }
        Ok(WantedUrl { url, http: Some(http), expect })
    }
}

/// Clap's complaint about a line, in a sentence of ours.
fn unreadable(error: &clap::Error) -> String {
    let word = error.get(clap::error::ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument if word.starts_with('-') => {
            format!("`{word}` has no place in a list: -X, -H, -d and --expect may stand behind a URL")
        }
        ErrorKind::UnknownArgument => "something else stands behind the URL: a line has one".to_owned(),
        ErrorKind::MissingRequiredArgument => "it has options, and no URL".to_owned(),
        ErrorKind::InvalidValue => format!("`{}` has no value", word.split(' ').next().unwrap_or_default()),
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

/// What is shown of a line: its first word, as the others may hold secrets (`-H 'Authorization: ...'`).
fn begin(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(SHOWN).collect()
}

impl Open {
    fn new(name: Option<Arc<str>>, file: Arc<File>) -> Self {
        // What is on a disk is always there, and what cannot be waited for is read as if it were.
        let can_wait = file.metadata().is_ok_and(|facts| !facts.is_file());
        #[expect(deprecated, reason = "a `File` keeps its descriptor, and what is to replace it is `unsafe`")]
        let ready = if can_wait { file.try_clone().and_then(AsyncFd::new).ok() } else { None };
        Self { name, file, ready, buffer: Vec::new(), from: 0, number: 0, skips: false, ended: false }
    }

    /// The next line without its end, or why there is none; `None` at the end of the list.
    async fn line(&mut self) -> Option<Result<String, String>> {
        loop {
            let rest = &self.buffer[self.from..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            if end.is_none() && !self.ended {
                if rest.len() > LONGEST && !self.skips {
                    self.skips = true;
                    self.number += 1;
                    return Some(Err(format!("it is longer than {LONGEST} bytes")));
                }
                if self.skips {
                    self.from = self.buffer.len();
                }
                if let Err(error) = self.fill().await {
                    self.ended = true;
                    self.buffer.clear();
                    self.from = 0;
                    self.number += 1;
                    return Some(Err(format!("the list cannot be read further: {}", os::words(&error))));
                }
                continue;
            }
            let (length, step) = end.map_or((rest.len(), rest.len()), |end| (end, end + 1));
            if step == 0 {
                return None;
            }
            let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]).to_vec();
            self.from += step;
            if std::mem::take(&mut self.skips) {
                continue;
            }
            self.number += 1;
            return Some(if line.len() > LONGEST {
                Err(format!("it is longer than {LONGEST} bytes"))
            } else {
                String::from_utf8(line).map_err(|_| "it is not text in UTF-8".to_owned())
            });
        }
    }

    /// Reads one piece more, when it is there.
    async fn fill(&mut self) -> io::Result<()> {
        if let Some(ready) = &self.ready {
            loop {
                let mut guard = ready.readable().await?;
                let mut one = [PollFd::new(ready.get_ref().as_fd(), PollFlags::POLLIN)];
                // Its end is something to read, too.
                if poll(&mut one, PollTimeout::ZERO).map_err(io::Error::from)? > 0 {
                    guard.retain_ready();
                    break;
                }
                guard.clear_ready();
            }
        }
        self.buffer.drain(..self.from);
        self.from = 0;
        let had = self.buffer.len();
        self.buffer.resize(had + PIECE, 0);
        let read = loop {
            match (&*self.file).read(&mut self.buffer[had..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(had + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;

//! What every run of the program has, and how one ends.

use std::io;
use std::time::Duration;

use crate::clock::{Clock, Stopwatch};
use crate::lab::Lab;
use crate::plan::Plan;
use crate::signals::{Signal, Signals};
use crate::stop::Stop;

/// Why a run could not even start, or could not tell its result.
#[derive(Debug)]
pub enum Problem {
    /// A file of the plan cannot be used.
    Setup(String),
    /// A fault of this program or of the machine.
    Internal(String),
    /// The report could not be written.
    Output(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code.
    pub code: u8,
    /// What to say on standard error: a message and its hint.
    pub complaint: Option<(String, Option<String>)>,
    /// What ended it from outside.
    pub signal: Option<Signal>,
}

impl From<u8> for Ended {
    fn from(code: u8) -> Self {
        Self { code, complaint: None, signal: None }
    }
}

/// How the writing of a report went: that its reader has gone (`| head`) changes nothing of how the run ended.
///
/// # Errors
/// Every other error of writing.
pub fn unless_reader_gone(written: io::Result<()>) -> Result<(), Problem> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Problem::Output),
    }
}

/// Many names or URLs have no end to their whole: `--max-time` holds for each.
pub(super) const BATCH_TIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// What every run of the program has.
pub(super) struct Session {
    pub(super) lab: Option<Lab>,
    /// What preparation took before t0.
    pub(super) setup: Duration,
    pub(super) clock: Clock,
    pub(super) stop: Stop,
    pub(super) signals: Signals,
}

impl Session {
    /// Starts the lab, if it is wanted, prepares what the run needs, and then the clock. `max_time` ends
    /// the run.
    pub(super) async fn begin<T>(
        mut plan: Plan,
        lab: bool,
        max_time: Duration,
        setup: Stopwatch,
        prepare: impl FnOnce(Plan) -> Result<T, String>,
    ) -> Result<(Self, T), Problem> {
        let lab = if lab { Some(Lab::start().await.map_err(Problem::Internal)?) } else { None };
        if let Some(lab) = &lab {
            lab.apply(&mut plan);
        }
        let prepared = prepare(plan).map_err(Problem::Setup)?;
        let signals = Signals::listen();
        let setup = setup.elapsed();
        let clock = Clock::start();
        let stop = Stop::new(clock, max_time, signals.stop());
        Ok((Self { lab, setup, clock, stop, signals }, prepared))
    }
}

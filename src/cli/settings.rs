//! What the command line comes to: an action, its plan, and how the result is shown. Types only.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::declarations::{Diagram, Format, Generate};
use crate::budget::Budget;
use crate::check::Thresholds;
use crate::exit::OnBadStatus;
use crate::finding::Selection;
use crate::modules::ServePlan;
use crate::plan::{Batch, Collector, ComparePlan, ManyPlan, Plan, Question, RepeatPlan};
use crate::redact::Secrets;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The action.
    pub action: Action,
    /// Inside the lab.
    pub lab: bool,
    /// How to show the result.
    pub show: Show,
    /// `--otlp`: where the spans of the run are sent.
    pub collector: Option<Box<Collector>>,
    /// `--fail`.
    pub on_bad_status: OnBadStatus,
}

impl Settings {
    /// Those of a run whose spans go nowhere.
    pub(super) fn of(action: Action, lab: bool, show: Show, on_bad_status: &OnBadStatus) -> Self {
        Self { action, lab, show, collector: None, on_bad_status: on_bad_status.clone() }
    }
}

/// What the program can do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Trace a URL.
    Trace {
        /// As it was typed.
        url: String,
        /// How.
        plan: Plan,
    },
    /// `urltrace check`.
    Check {
        /// As it was typed.
        url: String,
        /// How.
        plan: Plan,
        /// What it is held against.
        thresholds: Thresholds,
    },
    /// Trace a URL many times.
    Repeat {
        /// As it was typed.
        url: String,
        /// How.
        plan: Plan,
        /// How often.
        repeat: RepeatPlan,
    },
    /// Trace many URLs side by side.
    Many {
        /// Where they come from.
        sources: Vec<Source>,
        /// How, but for what a line says of itself.
        plan: Plan,
        /// How many at a time.
        many: ManyPlan,
    },
    /// Trace in several ways in turn.
    Compare {
        /// As it was typed; of several the first.
        url: String,
        /// How, but for what is varied.
        plan: Plan,
        /// In which ways, and how often.
        compare: ComparePlan,
    },
    /// Set two saved documents beside each other: each file's name and bytes.
    Diff {
        /// The first.
        a: (String, Vec<u8>),
        /// The second.
        b: (String, Vec<u8>),
    },
    /// Show saved documents.
    Show {
        /// The name of their file.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Walk a name.
    Ask {
        /// The name or address as it was typed.
        input: String,
        /// What it comes to.
        question: Question,
        /// How.
        plan: Plan,
    },
    /// Walk many names.
    AskAll(Plan, Batch),
    /// `urltrace findings`.
    ListFindings,
    /// `urltrace lab`.
    ListLab,
    /// `urltrace lab --tour`.
    Tour {
        /// Its steps, each with its place in the tour and the run that it is on.
        steps: Vec<(usize, Settings)>,
        /// Whether somebody is there who says when to go on.
        waits: bool,
    },
    /// `urltrace lab --serve`.
    ServeLab,
    /// `urltrace serve`.
    Serve(Box<ServePlan>),
    /// `urltrace explain`: a topic, or the list of them.
    Explain(Option<String>),
    /// `--generate`.
    Generate(Generate),
}

/// Where URLs come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The command line: one.
    Url(String),
    /// A list of them, one a line; its name, unless it is standard input.
    List(Option<Arc<str>>, Arc<File>),
}

/// How to show the result, what of it, and where else to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct Show {
    /// The format.
    pub format: Format,
    /// Where else it is written.
    pub exports: Vec<Export>,
    /// Where the report goes.
    pub to: Stream,
    /// What is drawn.
    pub diagram: Diagram,
    /// Headers, chain and packets, too.
    pub verbose: bool,
    /// The response's header fields, too.
    pub headers: bool,
    /// The run told as a story, too.
    pub explain: bool,
    /// Colours.
    pub color: bool,
    /// UTF-8 drawing.
    pub unicode: bool,
    /// Secrets in clear.
    pub secrets: Secrets,
    /// The columns of the terminal for a progress line on stderr, if there is to be one.
    pub progress: Option<usize>,
    /// Columns.
    pub width: usize,
    /// Whether somebody reads the report on a terminal.
    pub terminal: bool,
    /// The data of a DNS answer only.
    pub short: bool,
    /// Which findings are reported, and which must not be there.
    pub selection: Selection,
    /// What a run may cost.
    pub budgets: Vec<Budget>,
}

impl Show {
    /// The formats that it is written in, all of them.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.exports.iter().map(|export| export.format).chain([self.format])
    }
}

/// A file that the result is written to beside the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The option that asks for it.
    pub option: &'static str,
    /// In which format.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error: the body has standard output.
    Error,
}

//! The options of many runs, of several ways and of budgets, as clap has them: declarations only.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::formats::Exports;

/// Options of many runs of one URL.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Many runs")]
pub struct Runs {
    /// Trace the URL N times (at most 1000), one run after another, and tell how each phase spreads
    ///
    /// Each run is cold: it asks the zone's servers and connects anew. What the servers of the root and of top-level
    /// domains said is kept; they are asked once, before the first run. Between two runs lie 100 ms, but to addresses
    /// of this machine or a private network, or with --interval. --max-time holds for each run.
    #[arg(short = 'n', long, value_name = "N")]
    pub repeat: Option<usize>,
    /// Begin a run so long after the beginning of the one before, in seconds (or 500ms)
    ///
    /// What runs longer delays the next one: by how much is told, and the total counted from when it was due.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub interval: Option<String>,
    /// Begin no further run after this time, in seconds (or 5m); without -n, at most 1000 runs
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub duration: Option<String>,
    /// Keep this between the runs, as a browser would: `dns`, the answers, as long as their TTL lasts; `connection`, one
    /// that the server has not closed; `all`, both
    ///
    /// A run on a kept connection has no lookup, no connect and no TLS; the first run opens it. A connection of QUIC is not
    /// kept, nor are tickets of TLS (--resume). --compare warm=none,dns,connection,all sets cold and warm side by side.
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT")]
    pub warm: Option<Warm>,
    /// Let each run begin at the root: at most 10, as root servers are everybody's
    #[arg(long, conflicts_with = "warm")]
    pub cold_root: bool,
    /// With --format json: of each run its outcome and phases only, and not its whole document; with --compare of all but
    /// the run that stands for its way
    #[arg(long)]
    pub brief: bool,
}

/// Options of what a run may cost.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Findings")]
pub struct Budgets {
    /// Exit with 9 when the run costs more than this: `total=500ms,dns=50ms,bytes=1MB,redirects=2,cert-days=14`
    ///
    /// Every phase can be limited, the total, bytes received and redirects; `cert-days` is the least that the
    /// certificate has to last. With -n the median of times counts and the worst of the others, or what stands before
    /// it: `p90:`, `p95:`, `p99:`, `max:`, as in `p95:total=800ms`.
    #[arg(long, value_name = "WHAT=LIMIT", value_delimiter = ',', conflicts_with_all = ["compare", "compare_http"])]
    pub budget: Vec<String>,
    /// Take budgets from this TOML file, too: `total = "500ms"` a line; `[p95]` stands above those of a percentile
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compare", "compare_http"])]
    pub budget_file: Option<PathBuf>,
}

/// What is kept between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Warm {
    /// Answers to names
    Dns,
    /// The connection
    Connection,
    /// Both
    All,
}

/// Options of several ways in turn.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Many runs")]
pub struct Compared {
    /// Trace in several ways in turn, and set phase against phase: `http=1.1,2,3`, `family=4,6`, `resolver=walk,system`,
    /// `address=all`, `url=A,B`, `warm=none,connection`
    ///
    /// At most 16 ways, each run on a lookup and a connection of its own, but `address` has no lookup. Resolvers are
    /// written as for --resolver; addresses can be listed; with `url` the URLs stand here alone; `warm` takes `none` and the words
    /// of --warm, each warm before the first round. The first is what the
    /// others are set against. With -n as many rounds are made, each in another order, and from 10 on it is told
    /// whether a difference is more than chance. One that fails is a failed row; the exit code is 0 when one was
    /// answered. --max-time holds for each run. Printed as a table, as a page (--format html), for a ticket (markdown), as CSV, as
    /// one document (json) or as spans, a trace a run (otlp).
    #[arg(long, value_name = "WHAT=A,B", conflicts_with_all = ["compare_http", "until", "output", "ladder", "explain",
        "verbose", "fail_on", "only", "ignore", "all_addresses", "route", "resume", "tls_scan", "reuse"])]
    pub compare: Option<String>,
    /// Short for --compare http=1.1,2,3
    #[arg(long, conflicts_with_all = ["until", "output", "ladder", "explain", "verbose", "fail_on", "only", "ignore",
        "all_addresses", "route", "resume", "tls_scan", "reuse"])]
    pub compare_http: bool,
}

impl Compared {
    /// The option that was typed, and what it says.
    pub(super) fn given(&self) -> Option<(&'static str, &str)> {
        match &self.compare {
            Some(text) => Some(("--compare", text)),
            None if self.compare_http => Some(("--compare-http", "http=1.1,2,3")),
            None => None,
        }
    }
}

/// Two saved documents, and files beside the report.
#[derive(Clone, Debug, Args)]
pub struct Saved {
    /// The first; `-` for standard input
    #[arg(value_name = "A.json")]
    pub a: String,
    /// The second
    #[arg(value_name = "B.json")]
    pub b: String,
    /// Files beside the report
    #[command(flatten)]
    pub exports: Exports,
}

/// Options of many URLs, and what is expected of each.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Many URLs")]
pub struct Urls {
    /// Trace so many URLs at the same time (1 to 256); 16 when not given
    #[arg(long, value_name = "N")]
    pub parallel: Option<usize>,
    /// Trace so many URLs of one host and port at the same time; 2 when not given
    #[arg(long, value_name = "N")]
    pub per_host: Option<usize>,
    /// Tell of the URLs in the order in which they were given, and not as they end
    #[arg(long)]
    pub ordered: bool,
    /// Exit with 8 when the last response has another status than these: `200,301-308`; goes before --fail
    #[arg(long, value_name = "STATUSES", help_heading = "Request")]
    pub expect: Option<String>,
}

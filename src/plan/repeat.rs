//! How often a URL is traced, and what each run begins with.

use std::time::Duration;

/// Runs of a repeat at most: each is kept whole until the report is written.
pub const MOST_RUNS: usize = 1_000;
/// The same where each run asks the root and top-level domains anew: their servers are everybody's.
pub const MOST_COLD_ROOT: usize = 10;
/// What lies between two runs at least, but to addresses of this machine or a private network.
pub const RUN_PAUSE: Duration = Duration::from_millis(100);

/// Many runs of one URL, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatPlan {
    /// `-n`: how many, at most.
    pub runs: usize,
    /// `--duration`: no run is begun that much after the first.
    pub duration: Option<Duration>,
    /// `--interval`: from the start of one to that of the next.
    pub interval: Option<Duration>,
    /// What each run begins with.
    pub start: RunStart,
    /// What JSON has of each run.
    pub detail: RunDetail,
}

/// What each run begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunStart {
    /// What registries said of the name is known: the root's delegations and those of top-level domains.
    #[default]
    Cold,
    /// `--cold-root`: nothing is known.
    ColdRoot,
    /// `--warm dns`: what was answered is known, as long as its TTL lasts.
    WarmDns,
    /// `--warm connection`: as cold, and a connection that still stands is used again.
    WarmConnection,
    /// `--warm all`: both.
    WarmAll,
}

impl RunStart {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::ColdRoot => "cold-root",
            Self::WarmDns => "warm-dns",
            Self::WarmConnection => "warm-connection",
            Self::WarmAll => "warm-all",
        }
    }

    /// Whether answers to names are kept.
    #[must_use]
    pub const fn keeps_answers(self) -> bool {
        matches!(self, Self::WarmDns | Self::WarmAll)
    }

    /// Whether connections are.
    #[must_use]
    pub const fn keeps_connections(self) -> bool {
        matches!(self, Self::WarmConnection | Self::WarmAll)
    }
}

/// What JSON has of each run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunDetail {
    /// Its whole document.
    #[default]
    Whole,
    /// `--brief`: outcome and phases.
    Brief,
}

//! Points in time: offsets from t0, never wall time and never an `Instant`.

use std::time::Duration;

/// A point in time: whole microseconds since the trace began (t0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u64);

impl At {
    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The point `duration` after `self`.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Whose stamp the time of an arrival is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StampedBy {
    /// The kernel's: as a packet capture has it, however late this program came to it.
    Kernel,
    /// This program's, taken right behind the read: the kernel gave none.
    Program,
}

impl StampedBy {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Program => "program",
        }
    }

    /// Adds an arrival to what is said of all of them: the kernel's stamps are they only where every one is.
    pub fn note<T>(all: &mut Option<Self>, by_kernel: Option<T>) {
        let one = by_kernel.map_or(Self::Program, |_| Self::Kernel);
        *all = (*all).max(Some(one));
    }
}

//! The stages of a request, and whether one ran. Not what a stage saw: each has a record of its own.

/// The stages of a request, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageName {
    /// Taking the URL apart.
    Url,
    /// Finding the addresses.
    Dns,
    /// Opening a TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// Request and response.
    Http,
}

impl StageName {
    /// The word used in JSON, in messages and as prefix of rule ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }
}

/// One stage of a request: its record, the id of it or a reference to it; or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage<T> {
    /// It ran, to its end or to its failure.
    Ran(T),
    /// It has nothing to do for this request, for the reason given.
    Skipped(&'static str),
    /// An earlier stage failed.
    NotReached,
}

impl<T> Stage<T> {
    /// The stage with a reference to its record.
    #[must_use]
    pub const fn as_ref(&self) -> Stage<&T> {
        match self {
            Self::Ran(record) => Stage::Ran(record),
            Self::Skipped(reason) => Stage::Skipped(reason),
            Self::NotReached => Stage::NotReached,
        }
    }

    /// The record, if the stage ran.
    #[must_use]
    pub fn ran(self) -> Option<T> {
        match self {
            Self::Ran(record) => Some(record),
            Self::Skipped(_) | Self::NotReached => None,
        }
    }

    /// Why it had nothing to do, if it had not.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Skipped(reason) => Some(reason),
            Self::Ran(_) | Self::NotReached => None,
        }
    }

    /// The record to change, if the stage ran.
    pub const fn ran_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Ran(record) => Some(record),
            Self::Skipped(_) | Self::NotReached => None,
        }
    }
}

//! The model of TCP Fast Open (RFC 7413): whether the first data left in the SYN, and what the server made of it.

/// What `--tcp-fastopen` came to on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastOpen {
    /// What the kernel could do when the connection was opened.
    pub start: FastOpenStart,
    /// Whether a SYN that was put off was answered at all; `None` where none was, or nobody knows.
    pub answered: Option<bool>,
    /// Whether the server acknowledged the data in the SYN; `None` where none was in it, or nobody knows.
    pub data_accepted: Option<bool>,
    /// Why it did not, by the kernel's word.
    pub refusal: Option<FastOpenRefusal>,
    /// Whether the server gave a cookie that was asked for; `None` where none was, or it was not found out.
    pub granted: Option<bool>,
}

/// What the kernel could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastOpenStart {
    /// It had the server's cookie: the SYN waits for the first data and takes it along.
    Deferred,
    /// It had none: the SYN asks for one, and all else is as usual.
    Asked,
    /// It is switched off on this system (`net.ipv4.tcp_fastopen`), or unknown to it.
    Forbidden,
}

/// Why the server did not take the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastOpenRefusal {
    /// It acknowledged the SYN alone.
    NotAcknowledged,
    /// The SYN was sent again, without data.
    SynRetransmitted,
    /// The kernel does not say.
    Unsaid,
}

impl FastOpenRefusal {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAcknowledged => "not-acknowledged",
            Self::SynRetransmitted => "syn-retransmitted",
            Self::Unsaid => "unsaid",
        }
    }
}

impl FastOpen {
    /// Before anything is known.
    #[must_use]
    pub const fn begun(start: FastOpenStart) -> Self {
        Self { start, answered: None, data_accepted: None, refusal: None, granted: None }
    }

    /// The cookie, in the word used in JSON; `None` where it is not known whether there is one.
    #[must_use]
    pub const fn cookie(&self) -> Option<&'static str> {
        match (self.start, self.granted) {
            (FastOpenStart::Deferred, _) => Some("cached"),
            (FastOpenStart::Asked, Some(true)) => Some("granted"),
            (FastOpenStart::Asked, Some(false)) => Some("none"),
            (FastOpenStart::Asked, None) | (FastOpenStart::Forbidden, _) => None,
        }
    }

    /// What it came to, in words.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match (self.start, self.data_accepted, self.refusal, self.granted) {
            (FastOpenStart::Forbidden, ..) => {
                "not used: this system has it switched off for programs (net.ipv4.tcp_fastopen)"
            }
            (FastOpenStart::Deferred, Some(true), ..) => "used: the server took the data in the SYN",
            (FastOpenStart::Deferred, Some(false), Some(FastOpenRefusal::SynRetransmitted), _) => {
                "refused: the SYN with data was not answered, and one without it was"
            }
            (FastOpenStart::Deferred, Some(false), ..) => "refused: the server took the SYN without its data",
            (FastOpenStart::Deferred, None, ..) => "the SYN left with data; what became of it is not known",
            (FastOpenStart::Asked, _, _, Some(true)) => {
                "not used yet: the server gave the cookie that the next connection needs"
            }
            (FastOpenStart::Asked, _, _, Some(false)) => {
                "not used: the server gave no cookie, or this system keeps none"
            }
            (FastOpenStart::Asked, _, _, None) => "not used: there was no cookie of the server",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_neither_used_nor_refused() {
        let begun = FastOpen::begun(FastOpenStart::Deferred);
        assert_eq!((begun.cookie(), begun.data_accepted), (Some("cached"), None));
        assert!(begun.words().contains("not known"));
        let taken = FastOpen { data_accepted: Some(true), ..begun };
        assert!(taken.words().starts_with("used"));
        let asked = FastOpen::begun(FastOpenStart::Asked);
        assert_eq!(asked.cookie(), None);
        assert_eq!(FastOpen { granted: Some(true), ..asked }.cookie(), Some("granted"));
        assert!(FastOpen::begun(FastOpenStart::Forbidden).words().contains("net.ipv4.tcp_fastopen"));
    }
}

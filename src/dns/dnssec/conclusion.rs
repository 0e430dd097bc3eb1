//! What the validator concludes of a zone or an answer (RFC 4035 §4.3), with its reason and what it comes from.

use crate::trace::{DnssecCause, DnssecVerdict};

/// How it ended when it is not secure, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conclusion {
    pub(crate) verdict: DnssecVerdict,
    pub(crate) why: String,
    /// What a fault comes from.
    pub(crate) cause: Option<DnssecCause>,
}

impl Conclusion {
    pub(crate) const fn bogus(cause: DnssecCause, why: String) -> Self {
        Self { verdict: DnssecVerdict::Bogus, why, cause: Some(cause) }
    }

    pub(crate) const fn insecure(why: String) -> Self {
        Self { verdict: DnssecVerdict::Insecure, why, cause: None }
    }

    pub(crate) const fn indeterminate(why: String) -> Self {
        Self { verdict: DnssecVerdict::Indeterminate, why, cause: None }
    }

    /// Something beyond what can be checked here: others may see more.
    pub(crate) const fn unchecked(why: String) -> Self {
        Self { verdict: DnssecVerdict::Indeterminate, why, cause: Some(DnssecCause::Unchecked) }
    }
}

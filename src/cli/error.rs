//! Why arguments make no plan. Printing it is `main`'s.

/// Why there is no plan.
#[derive(Debug)]
pub enum PlanError {
    /// Clap's own error, or `--help` and `--version`.
    Clap(Box<clap::Error>),
    /// An argument that reads well and means nothing, or a file that cannot be used.
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
    /// Ctrl-C in place of a password.
    Interrupted,
}

impl PlanError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// What is wrong, alone.
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Clap(error) => error.to_string(),
            Self::Usage { message, hint: _ } => message,
            Self::Interrupted => "interrupted".to_owned(),
        }
    }

    pub(super) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }
}

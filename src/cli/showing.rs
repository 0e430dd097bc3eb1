//! The options of `urltrace show`, as clap has them: declarations only.

use clap::Args;

use super::formats::Exports;

/// Options of `urltrace show`.
#[derive(Clone, Debug, Args)]
pub struct ShowOptions {
    /// The document, or several, one behind another; `-` for standard input
    #[arg(value_name = "FILE.json")]
    pub file: String,
    /// Also show the response's header fields
    #[arg(short = 'i', long, alias = "show-headers", help_heading = "Output and lab")]
    pub include: bool,
    /// Files beside the report
    #[command(flatten)]
    pub exports: Exports,
}

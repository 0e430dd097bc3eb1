//! The files of `--export-*`: looked at before a run, written before its report is printed.

use std::io;

use super::session::Problem;
use super::shown::format;
use crate::cli::{Export, Show};
use crate::exit;
use crate::export;
use crate::os;
use crate::render::{self, Format};

/// Whether all of them can be written: told before the run, not after it.
///
/// # Errors
/// The first that cannot.
pub(super) fn check(show: &Show) -> Result<(), Problem> {
    show.exports.iter().try_for_each(|export| {
        export::check(&export.path).map_err(|error| Problem::Setup(not_exported(export, &error)))
    })
}

/// Writes the files beside the report, before that: whoever reads it may go away. The exit code of one that cannot
/// be written.
///
/// # Errors
/// Those of `render`.
pub(super) fn write(
    show: &Show,
    render: impl Fn(Format, &mut Vec<u8>) -> io::Result<()>,
) -> Result<Option<u8>, Problem> {
    let mut code = None;
    for export in &show.exports {
        let mut bytes = Vec::new();
        render(format(export.format), &mut bytes)?;
        if let Err(error) = export::write(&export.path, &bytes) {
            render::tell(&not_exported(export, &error), None);
            code = Some(exit::INTERNAL);
        }
    }
    Ok(code)
}

fn not_exported(export: &Export, error: &io::Error) -> String {
    format!("{}: `{}` cannot be written: {}", export.option, export.path.display(), os::words(error))
}

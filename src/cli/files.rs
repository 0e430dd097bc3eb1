//! The small files that a plan needs as text: root hints, trust anchors, request bodies, resolv.conf,
//! and standard input. Certificates are read by the stage that trusts them.

use std::io::Read;
use std::path::Path;

use super::error::PlanError;
use super::resolv_conf::{self, ResolvConf};
use crate::os;

/// Bytes of names that are read from standard input at most.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

pub(super) fn argument_or_file(option: &str, text: &str) -> Result<Vec<u8>, PlanError> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.as_bytes().to_vec()) };
    let result = if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    result.map_err(|error| {
        PlanError::usage(format!("{option}: `{path}` cannot be read: {}", os::words(&error)))
    })
}

pub(super) fn read_text(option: &str, path: &Path) -> Result<String, PlanError> {
    let bytes = std::fs::read(path).map_err(|error| {
        PlanError::usage(format!("{option}: `{}` cannot be read: {}", path.display(), os::words(&error)))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| PlanError::usage(format!("{option}: `{}` is not text", path.display())))
}

/// Said before the network is touched, so that a long trace does not end at a wrong path.
pub(super) fn check_output(path: &Path) -> Result<(), PlanError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(PlanError::usage(format!("-o: `{}` is a directory", path.display())));
    }
    if !parent.is_dir() {
        return Err(PlanError::usage(format!("-o: there is no directory `{}`", parent.display())));
    }
    Ok(())
}

/// What resolv.conf says; the same for a machine without one as for an empty one.
pub(super) fn resolv_conf() -> ResolvConf {
    let text = std::fs::read(resolv_conf::PATH).unwrap_or_default();
    ResolvConf::parse(&String::from_utf8_lossy(&text))
}

/// The names of `urltrace dns -`.
pub(super) fn standard_input() -> Result<Vec<u8>, PlanError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| PlanError::usage(format!("standard input cannot be read: {error}")))?;
    Ok(bytes)
}

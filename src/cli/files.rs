//! The small files that a plan needs as text: root hints, trust anchors, request bodies, resolv.conf,
//! and standard input. Certificates are read by the stage that trusts them.

use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use super::declarations::{Exports, Format};
use super::error::PlanError;
use super::resolv_conf::{self, ResolvConf};
use super::settings::Export;
use crate::os;
use crate::plan::BodyOutput;

/// Bytes of names that are read from standard input at most.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Bytes of a certificate, a key, a password, root hints or trust anchors at most.
const MAX_SMALL: u64 = 4 * 1024 * 1024;

pub(super) fn argument_or_file(option: &str, text: &str) -> Result<Vec<u8>, PlanError> {
    text.strip_prefix('@').map_or_else(|| Ok(text.as_bytes().to_vec()), |path| read_body(option, path))
}

/// A file that is sent, as large as it is; `-` for standard input.
pub(super) fn read_body(option: &str, path: &str) -> Result<Vec<u8>, PlanError> {
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

/// A file that is small by its nature: a device or a film is not read for one.
pub(super) fn read_small(option: &str, path: &Path) -> Result<Vec<u8>, PlanError> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_SMALL + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        PlanError::usage(format!("{option}: `{}` cannot be read: {}", path.display(), os::words(&error)))
    })?;
    if bytes.len() as u64 > MAX_SMALL {
        let limit = MAX_SMALL / 1024 / 1024;
        return Err(PlanError::usage(format!("{option}: `{}` is larger than {limit} MiB", path.display())));
    }
    Ok(bytes)
}

pub(super) fn read_text(option: &str, path: &Path) -> Result<String, PlanError> {
    String::from_utf8(read_small(option, path)?)
        .map_err(|_| PlanError::usage(format!("{option}: `{}` is not text", path.display())))
}

/// Where the body goes. A wrong path is told before the network is touched.
pub(super) fn output(path: &Path) -> Result<BodyOutput, PlanError> {
    if path.as_os_str() == "-" {
        return match std::io::stdout().as_fd().try_clone_to_owned() {
            Ok(stream) => Ok(BodyOutput::Standard(Arc::new(stream.into()))),
            Err(error) => {
                Err(PlanError::usage(format!("-o -: standard output cannot be used: {}", os::words(&error))))
            }
        };
    }
    check_output("-o", path).map(|()| BodyOutput::File(path.to_owned()))
}

/// The files of `--export-*`, each of which is another, and none the body's.
pub(super) fn exports(wanted: Exports, body: Option<&Path>) -> Result<Vec<Export>, PlanError> {
    let Exports { export_html, export_svg, export_json, export_markdown, export_har } = wanted;
    let all = [
        ("--export-html", Format::Html, export_html),
        ("--export-svg", Format::Svg, export_svg),
        ("--export-json", Format::Json, export_json),
        ("--export-markdown", Format::Markdown, export_markdown),
        ("--export-har", Format::Har, export_har),
    ];
    let mut exports: Vec<Export> = Vec::new();
    for (option, format, path) in all {
        let Some(path) = path else { continue };
        if path.as_os_str() == "-" {
            return Err(PlanError::with_hint(
                format!("{option} is for a file, and `-` is none: the report has standard output"),
                format!("{} prints that in place of the report", option.replace("export-", "format ")),
            ));
        }
        check_output(option, &path)?;
        let other = exports.iter().find(|other| other.path == path).map(|other| other.option);
        if let Some(other) = other.or_else(|| body.filter(|body| *body == path).map(|_| "-o")) {
            return Err(PlanError::usage(format!(
                "{option} and {other} cannot both write `{}`",
                path.display()
            )));
        }
        exports.push(Export { option, format, path });
    }
    Ok(exports)
}

fn check_output(option: &str, path: &Path) -> Result<(), PlanError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(PlanError::usage(format!("{option}: `{}` is a directory", path.display())));
    }
    if !parent.is_dir() {
        return Err(PlanError::usage(format!("{option}: there is no directory `{}`", parent.display())));
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

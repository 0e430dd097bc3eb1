//! Packs the long texts that few runs read (the encyclopedia, the JSON Schema, the public
//! suffixes): a fifth of their size in the binary. `src/packed.rs` unpacks them. It makes no text, and reads nothing
//! but these files. And it spares a release its unwind tables.

use std::path::Path;
use std::{env, fs, io};

use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode::BROTLI_MODE_TEXT;

/// The files of the encyclopedia, in the order in which their topics are listed.
const TOPICS: &[&str] = &[
    "questions",
    "general",
    "phases",
    "url",
    "dns",
    "dns_types",
    "rcodes",
    "dnssec",
    "tcp",
    "quic",
    "tls",
    "alerts",
    "http",
    "statuses",
    "fields",
    "responses",
    "grpc",
    "findings",
    "findings_web",
    "findings_page",
    "failures",
    "flags",
    "page",
    "runs",
    "monitoring",
    "serve",
    "json",
];

fn main() -> io::Result<()> {
    let topics: Vec<String> = TOPICS.iter().map(|name| format!("src/explain/topics/{name}.txt")).collect();
    pack("topics", &topics)?;
    pack("suffixes", &["src/suffix/rules.txt".to_owned()])?;
    pack("schema", &["fixtures/schema/urltrace-1.json".to_owned()])?;
    leave_out_unwind_tables()?;
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// A release aborts where it panics, and has no symbols that a backtrace could name: nothing reads its unwind tables,
/// 1.2 MB, nor their index.
fn leave_out_unwind_tables() -> io::Result<()> {
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|it| it == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return Ok(());
    }
    let directory = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let script = Path::new(&directory).join("without-unwind-tables.ld");
    // INSERT: beside the linker's own script, not in its place.
    fs::write(&script, "SECTIONS { /DISCARD/ : { *(.eh_frame .eh_frame.*) } } INSERT AFTER .text;\n")?;
    println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr,-T,{}", script.display());
    Ok(())
}

/// Writes the files, one behind the other, as a Brotli stream (RFC 7932) to `OUT_DIR`.
fn pack(name: &str, files: &[String]) -> io::Result<()> {
    let mut text = Vec::new();
    for file in files {
        println!("cargo:rerun-if-changed={file}");
        text.extend(fs::read(file)?);
    }
    // The smallest: the whole text in one window.
    let how = BrotliEncoderParams { quality: 11, lgwin: 24, mode: BROTLI_MODE_TEXT, ..Default::default() };
    let directory = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let mut packed = fs::File::create(Path::new(&directory).join(format!("{name}.br")))?;
    brotli::BrotliCompress(&mut &text[..], &mut packed, &how).map(drop)
}

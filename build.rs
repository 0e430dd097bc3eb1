//! Packs the long texts that few runs read (the encyclopedia, the JSON Schema, the public
//! suffixes): a quarter of their size in
//! the binary. `src/packed.rs` unpacks them. It makes no text, and reads nothing but these files.

use std::path::Path;
use std::{env, fs, io};

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
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// Writes the files, one behind the other, as a zlib stream (RFC 1950) to `OUT_DIR`.
fn pack(name: &str, files: &[String]) -> io::Result<()> {
    const SMALLEST: u8 = 10;
    let mut text = Vec::new();
    for file in files {
        println!("cargo:rerun-if-changed={file}");
        text.extend(fs::read(file)?);
    }
    let directory = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&text, SMALLEST);
    fs::write(Path::new(&directory).join(format!("{name}.zlib")), packed)
}

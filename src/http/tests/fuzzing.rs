//! Bytes in, what HTTP/1, WebSockets, event streams, gRPC and cookies make of them, for fuzzing and for the tests that hold its
//! seeds. Nothing is sent, and no part of the program calls it.
//!
//! A defect is a panic, a reader that keeps more than its limits, or one whose findings depend on how the bytes were cut.

use std::time::{Duration, SystemTime};

use super::chunked;
use super::cookie_date;
use super::events::Events;
use super::framing::framing;
use super::grpc::{Messages, serving};
use super::head::{Limits, Reader};
use super::jar::take_cookies;
use super::websocket::fuzzing::judge_frames;
use crate::plan::Cookie;
use crate::trace::{At, Header, Host, Scheme, Url};

/// What a reader makes of bytes, or the defect.
pub type Judged = Result<(), String>;

/// The name of a target, and its reader.
pub type Target = (&'static str, fn(&[u8]) -> Judged);

/// Every reader, by the name of its target and of the folder of its seeds.
pub const READERS: &[Target] = &[("framing", read_framing), ("cookies", read_cookies)];

const LIMITS: Limits = Limits { bytes: 4_096, fields: 32 };

/// The first byte chooses: messages of gRPC (`g`); heads with their bodies, frames of a WebSocket, events, chunks.
///
/// # Errors
/// A defect.
pub fn read_framing(bytes: &[u8]) -> Judged {
    let Some((kind, bytes)) = bytes.split_first() else { return Ok(()) };
    if *kind == b'g' {
        return read_messages(bytes);
    }
    match kind % 4 {
        0 => read_heads(bytes),
        1 => judge_frames(bytes),
        2 => read_events(bytes),
        _ => read_chunks(bytes),
    }
}

fn read_heads(bytes: &[u8]) -> Judged {
    let mut reader = Reader::new(LIMITS);
    reader.push(bytes);
    while let Ok(Some(head)) = reader.next() {
        if head.fields.len() > LIMITS.fields + head.bytes || head.bytes > LIMITS.bytes {
            return Err(format!("{} fields in {} bytes", head.fields.len(), head.bytes));
        }
        let framing = framing("GET", head.status, &head.fields);
        if head.status >= 200 {
            return match framing {
                Ok(super::framing::Framing::Chunked) => read_chunks(&reader.into_rest()),
                _ => Ok(()),
            };
        }
    }
    Ok(())
}

fn read_chunks(bytes: &[u8]) -> Judged {
    let run = |size: usize| {
        let mut decoder = chunked::Decoder::new(LIMITS);
        let mut data = Vec::new();
        let failed = bytes
            .chunks(size)
            .any(|piece| decoder.push(piece, |bytes| data.extend_from_slice(bytes)).is_err());
        (failed, data, decoder.is_done())
    };
    if bytes.is_empty() || run(bytes.len()) == run(1) {
        Ok(())
    } else {
        Err("it depends on the cut".to_owned())
    }
}

/// Messages of gRPC, each of them as the answer to a health check, too.
fn read_messages(bytes: &[u8]) -> Judged {
    let run = |size: usize| {
        let (mut messages, mut held) = (Messages::default(), 0);
        bytes.chunks(size).for_each(|piece| messages.take(piece, |message| held += message.len() as u64));
        (messages.found(), held)
    };
    if bytes.is_empty() {
        return Ok(());
    }
    let (found, held) = run(bytes.len());
    let _ = serving(&found.first);
    if (&found, held) != (&run(1).0, found.bytes) {
        return Err(format!("it depends on the cut, or {held} are not {} bytes", found.bytes));
    }
    if found.first.len() > 1_025 || found.whole > bytes.len() as u64 / 5 {
        return Err(format!("{} bytes kept, {} messages of {}", found.first.len(), found.whole, bytes.len()));
    }
    Ok(())
}

fn read_events(bytes: &[u8]) -> Judged {
    let run = |size: usize| {
        let mut events = Events::new(At(0));
        bytes.chunks(size).for_each(|piece| events.take(piece));
        events.found().events
    };
    if bytes.is_empty() || run(bytes.len()) == run(1) {
        Ok(())
    } else {
        Err("it depends on the cut".to_owned())
    }
}

/// Set-Cookie, a field a line, from a response of `https://www.a.test/x/y`; and the date of each line.
///
/// # Errors
/// A defect.
pub fn read_cookies(bytes: &[u8]) -> Judged {
    let field = |value: &[u8]| Header { name: "Set-Cookie".to_owned(), value: value.to_vec() };
    let fields: Vec<Header> = bytes.split(|byte| *byte == b'\n').take(200).map(field).collect();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let url = page();
    let mut jar: Vec<Cookie> = Vec::new();
    let told = take_cookies(&mut jar, &url, &fields, now);
    if told.len() != fields.len() || jar.len() > 50 {
        return Err(format!("{} of {} told, {} kept", told.len(), fields.len(), jar.len()));
    }
    if let Some(cookie) =
        jar.iter().find(|cookie| cookie.domain != url.host_ascii && cookie.domain != "a.test")
    {
        return Err(format!("a cookie for {}", cookie.domain));
    }
    for field in &fields {
        cookie_date::read(&field.text());
    }
    let sent = super::cookies::for_url(&jar, &url);
    if sent.is_some_and(|sent| sent.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))) {
        return Err("a field that ends its line".to_owned());
    }
    Ok(())
}

fn page() -> Url {
    let name = "www.a.test".to_owned();
    Url {
        href: format!("https://{name}/x/y"),
        scheme: Scheme::Https,
        scheme_assumed: false,
        username: None,
        password: None,
        host: Host::Name(name.clone()),
        host_ascii: name.clone(),
        host_unicode: name,
        port: 443,
        port_is_default: true,
        path: "/x/y".to_owned(),
        query: None,
        fragment: None,
        changes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_has_its_seeds_a_target_and_no_defect_in_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, read) in READERS {
            let seeds: Vec<_> =
                std::fs::read_dir(root.join("fixtures/fuzz").join(name)).unwrap().flatten().collect();
            assert!(seeds.len() >= 3, "{name}: {} seeds", seeds.len());
            for seed in seeds {
                let bytes = std::fs::read(seed.path()).unwrap();
                read(&bytes).unwrap_or_else(|defect| panic!("{}: {defect}", seed.path().display()));
            }
            let text = std::fs::read_to_string(root.join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
            assert!(text.contains(&format!("fuzzing::read_{name}(")), "{name}");
        }
    }
}

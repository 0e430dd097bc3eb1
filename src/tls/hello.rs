//! ClientHellos made by hand (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), for questions that no connection comes of.
//!
//! Only bytes are put together here; what a question is, and what an answer means, is for those who ask.

use super::record;

/// A ClientHello record with these suites and extensions (none in SSL 3).
pub(super) fn message(version: u16, suites: &[u16], extensions: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    // The random is never used for a key: no connection comes of it.
    body.extend([0x75; 32]);
    body.push(0);
    numbers(&mut body, suites);
    body.extend([1, 0]);
    if version > 0x0300 {
        vector(&mut body, extensions);
    }
    let mut hello = vec![record::HANDSHAKE, 3, u8::from(version > 0x0300)];
    vector(&mut hello, |message| {
        message.extend([1, 0]);
        vector(message, |out| out.extend_from_slice(&body));
    });
    hello
}

pub(super) fn server_name(out: &mut Vec<u8>, sni: Option<&str>) {
    if let Some(name) = sni {
        extension(out, 0, |data| {
            vector(data, |list| {
                list.push(0);
                vector(list, |host| host.extend_from_slice(name.as_bytes()));
            });
        });
    }
}

/// `key_share` with these shares; none of them asks the server which group it wants (RFC 8446 §4.2.8).
pub(super) fn key_shares(out: &mut Vec<u8>, shares: &[(u16, Vec<u8>)]) {
    extension(out, 51, |data| {
        vector(data, |list| {
            for (group, share) in shares {
                list.extend(group.to_be_bytes());
                vector(list, |bytes| bytes.extend_from_slice(share));
            }
        });
    });
}

pub(super) fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    vector(out, |list| numbers.iter().for_each(|number| list.extend(number.to_be_bytes())));
}

pub(super) fn extension(out: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    out.extend(kind.to_be_bytes());
    vector(out, fill);
}

/// Appends a vector with its two-byte length before it.
pub(super) fn vector(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0, 0]);
    fill(out);
    let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
}

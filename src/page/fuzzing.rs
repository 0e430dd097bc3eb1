//! Bytes in, references out: what the tokenizer and the readers of stylesheets make of anything, for fuzzing and for the
//! test that holds its seeds. No part of the program calls it.
//!
//! A defect is a panic, what depends on how the bytes were cut, a reference that could not be asked for and is not said
//! to be left, or more of them than are listed.

use std::rc::Rc;

use super::discovery::{Document, Sheet};
use super::found::Found;
use super::terms::Terms;
use crate::trace::{Header, Viewport};

/// What the readers make of bytes, or the defect.
pub type Judged = Result<(), String>;

/// The longest URL that is asked for, and references that one document may have.
const LONGEST: usize = 32 * 1024;
const MOST: usize = 5_000;

/// Markup, or a stylesheet where the first byte is odd; the second says in which pieces it comes, and whether a field
/// names a charset. What stands before an empty line is a policy.
///
/// # Errors
/// A defect.
pub fn read_markup(bytes: &[u8]) -> Judged {
    let (says, rest) = bytes.split_at(bytes.len().min(2));
    let (kind, pieces) = (says.first().copied().unwrap_or(0), says.get(1).copied().unwrap_or(0));
    let end = rest.windows(2).position(|two| two == b"\n\n");
    let (policy, text) = end.map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 2..]));
    let charset = [None, Some("utf-8"), Some("utf-16"), Some("shift_jis")][usize::from(pieces >> 6)];
    let read = |piece| {
        if kind & 1 == 0 { document(policy, text, charset, piece) } else { sheet(text, charset, piece) }
    };
    let whole = read(text.len().max(1))?;
    if whole.len() > MOST {
        return Err(format!("{} references", whole.len()));
    }
    if let Some(found) = whole.iter().find(|found| !is_sound(found)) {
        return Err(format!("{found:?}"));
    }
    let cut = read(usize::from(pieces & 63) + 1)?;
    let differs = whole.iter().zip(&cut).find(|(one, other)| one.url != other.url || one.kind != other.kind);
    match differs {
        Some((one, other)) => Err(format!("whole {one:?}, in pieces {other:?}")),
        None if whole.len() != cut.len() => {
            Err(format!("{} references, {} in pieces", whole.len(), cut.len()))
        }
        None => Ok(()),
    }
}

fn document(policy: &[u8], text: &[u8], charset: Option<&str>, piece: usize) -> Result<Vec<Found>, String> {
    let field = Header { name: "content-security-policy".to_owned(), value: policy.to_vec() };
    let url = "https://www.example.test/dir/page";
    let terms = Rc::new(Terms::of(url, &[field]));
    let document = Document::new(url, charset, Viewport::default(), terms);
    let mut document = document.ok_or("its URL is none")?;
    let found = text.chunks(piece).flat_map(|piece| document.take(piece)).collect();
    if document.into_read().scanned_bytes > text.len() as u64 {
        return Err("more bytes than there were".to_owned());
    }
    Ok(found)
}

fn sheet(text: &[u8], charset: Option<&str>, piece: usize) -> Result<Vec<Found>, String> {
    let sheet = Sheet::new("https://www.example.test/dir/sheet", charset);
    let mut sheet = sheet.ok_or("its URL is none")?;
    let mut found: Vec<Found> = text.chunks(piece).flat_map(|piece| sheet.take(piece)).collect();
    found.extend(sheet.finish());
    Ok(found)
}

/// Whether it could be asked for, or is left.
fn is_sound(found: &Found) -> bool {
    found.left.is_some()
        || found.url.len() <= LONGEST
            && url::Url::parse(&found.url).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_has_its_seeds_a_target_and_no_defect_in_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let seeds: Vec<_> = std::fs::read_dir(root.join("fixtures/fuzz/markup")).unwrap().flatten().collect();
        assert!(seeds.len() >= 6, "{} seeds", seeds.len());
        for seed in seeds {
            let bytes = std::fs::read(seed.path()).unwrap();
            read_markup(&bytes).unwrap_or_else(|defect| panic!("{}: {defect}", seed.path().display()));
        }
        let target = std::fs::read_to_string(root.join("fuzz/fuzz_targets/markup.rs")).unwrap();
        assert!(target.contains("fuzzing::read_markup("));
    }
}

//! Bytes in, the same without their secrets out, for fuzzing and for the test that holds its seeds. No part of the
//! program calls it.

use super::field;
use super::find::find;
use super::ranges::{REDACTED, Ranges};
use super::shape::Shape;

/// A text in each of its shapes, and as fields, one a line.
///
/// # Errors
/// A defect: a text that is said to hold a secret and is left as it is, or one that grows without measure.
pub fn read_secrets(bytes: &[u8]) -> Result<(), String> {
    for shape in [Shape::Typed, Shape::Reference, Shape::Query, Shape::Sentence, Shape::Foreign] {
        judge(find(bytes, shape), bytes)?;
    }
    for line in bytes.split(|byte| *byte == b'\n').take(200) {
        let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(end + 1..).unwrap_or_default();
        judge(field::secrets(&String::from_utf8_lossy(&line[..end]), value), value)?;
    }
    Ok(())
}

fn judge(found: Ranges, text: &[u8]) -> Result<(), String> {
    let secrets: Vec<Vec<u8>> = found.of(text).map(<[u8]>::to_vec).collect();
    let Some(cut) = found.cut(text) else {
        return if secrets.is_empty() { Ok(()) } else { Err(format!("{} secrets are left", secrets.len())) };
    };
    let most = text.len() + (secrets.len() + 1) * REDACTED.len();
    if cut.len() > most { Err(format!("{} bytes of {}", cut.len(), text.len())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_hold_secrets_and_no_defect() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz/secrets");
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
        assert!(seeds.len() >= 3);
        for seed in seeds {
            let bytes = std::fs::read(seed.path()).unwrap();
            read_secrets(&bytes).unwrap();
            assert!(find(&bytes, Shape::Foreign).cut(&bytes).is_some(), "{}", seed.path().display());
        }
    }
}

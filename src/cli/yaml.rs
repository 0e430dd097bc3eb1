//! YAML as the files of `urltrace serve` have it: the types that both share, and what is said of a key that is not known.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::nearest::nearest;

/// Reads a file's text.
///
/// # Errors
/// What is wrong, with the line and the key.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    yaml_serde::from_str(text).map_err(|error| with_hint(&error.to_string()))
}

/// Adds the key that was meant to the words about one that is not known.
fn with_hint(message: &str) -> String {
    let near = || {
        let (_, rest) = message.split_once("unknown field `")?;
        let (typed, rest) = rest.split_once('`')?;
        let known = rest.split('`').skip(1).step_by(2);
        nearest(typed, known)
    };
    near().map_or_else(|| message.to_owned(), |near| format!("{message}; `{near}` may be meant"))
}

/// The names of Go's constants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) enum TlsVersionText {
    #[serde(rename = "TLS10")]
    Tls10,
    #[serde(rename = "TLS11")]
    Tls11,
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

/// Names that each stand once: of two with one name nobody would know which counts.
pub(super) fn unique<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    struct Names<V>(PhantomData<V>);
    impl<'de, V: Deserialize<'de>> Visitor<'de> for Names<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("names, each with what it stands for")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                if all.contains_key(&name) {
                    return Err(A::Error::custom(format!("`{name}` stands here twice")));
                }
                all.insert(name, map.next_value()?);
            }
            Ok(all)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }
    }
    deserializer.deserialize_any(Names(PhantomData))
}

/// A switch that stands so when it is not given.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Flag<const DEFAULT: bool>(pub(super) bool);

impl<const DEFAULT: bool> Default for Flag<DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

/// Text as it stands there, also where YAML would read a number or a switch: `1.10` keeps its zero.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text(pub(super) String);

/// Reads a text by a function. What that says of it is told with line and key, as it is said while the text is read.
pub(super) fn by<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct By<F>(F);
    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for By<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }
    }
    // Of any type that YAML may see in it: nothing is made of a number and back again.
    deserializer.deserialize_str(By(read))
}

/// A time as Go writes it: `5s`, `1m30s`, `1.5s`, `500ms`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    by(deserializer, |text| {
        let time =
            go_duration(text).ok_or_else(|| format!("`{text}` is no time, as 5s, 500ms or 1m30s are"))?;
        Ok(Some(time).filter(|time| !time.is_zero()))
    })
}

fn go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let at = rest.find(|char: char| char.is_ascii_alphabetic() || char == 'µ')?;
        let (number, behind) = rest.split_at(at);
        let end = behind.find(|char: char| char.is_ascii_digit()).unwrap_or(behind.len());
        let scale = match &behind[..end] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = &behind[end..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty())
}

/// A size as Prometheus writes it: `10MB`, `1KiB`, a number of bytes; 0 is none. All units are powers of 1,024.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    by(deserializer, |text| {
        let size = bytes(text).ok_or_else(|| format!("`{text}` is no size, as 10MB, 512KiB or 4096 are"))?;
        Ok(Some(size).filter(|size| *size > 0))
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // no sign, saturates
fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let power = match unit.strip_suffix("iB").or(unit.strip_suffix('B')).unwrap_or(unit) {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    let size = number.parse::<f64>().ok()? * (1_u64 << power) as f64;
    // Cut to whole bytes; what is too large is the most there is.
    Some(size as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_go_has_them() {
        for (text, milliseconds) in
            [("5s", 5_000), ("1m30s", 90_000), ("1.5s", 1_500), ("250ms", 250), ("0", 0)]
        {
            assert_eq!(go_duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "-1s", "1d"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, size) in [("10MB", 10 << 20), ("1KiB", 1_024), ("4096", 4_096), ("1.5K", 1_536), ("0", 0)]
        {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "MB", "5 MB", "-1", "1XB", "."] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_that_was_meant_is_told() {
        let unknown = "a: unknown field `methd`, expected one of `method`, `body` at line 5 column 7";
        assert_eq!(with_hint(unknown), format!("{unknown}; `method` may be meant"));
        let far = "a: unknown field `icmp`, expected one of `method`, `body` at line 5 column 7";
        assert_eq!(with_hint(far), far);
    }
}

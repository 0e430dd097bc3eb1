//! Documents as bytes: written straight from their views, each once, with a note of where some values stand. What is put
//! in later, or copied out, needs no second form of the document.

use std::cell::Cell;
use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::harmless::write_harmless;

/// What a document takes, more or less.
const ROOM: usize = 16 << 10;

/// A document on one line.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where the values stand that were asked for; `None` for one that it does not have.
    places: Vec<Option<Range<usize>>>,
}

/// Writes a document, and notes where these pointers (RFC 6901) lead. No key of ours has to be escaped in one.
pub(super) fn written(document: &impl Serialize, pointers: &[&str]) -> serde_json::Result<Written> {
    let (at, mut bytes) = (Cell::new(0), Vec::with_capacity(ROOM));
    let mut places = vec![None; pointers.len()];
    let marks = Marks {
        at: &at,
        pointers,
        places: &mut places,
        levels: Vec::new(),
        here: (0..pointers.len()).map(|pointer| (pointer, 0)).collect(),
        open: Vec::new(),
        in_key: false,
    };
    let out = Counted { bytes: &mut bytes, at: &at };
    document.serialize(&mut Serializer::with_formatter(out, marks))?;
    Ok(Written { bytes, places })
}

impl Written {
    /// The value that a pointer leads to.
    pub(super) fn at(&self, pointer: usize) -> Option<&[u8]> {
        self.bytes.get(self.places.get(pointer)?.clone()?)
    }

    /// What stands before that value, and behind it; all, and nothing, where there is none.
    pub(super) fn around(&self, pointer: usize) -> (&[u8], &[u8]) {
        let end = self.bytes.len();
        let place = self.places.get(pointer).cloned().flatten().unwrap_or(end..end);
        (&self.bytes[..place.start], &self.bytes[place.end..])
    }
}

/// Bytes, and how many there are by now.
struct Counted<'w> {
    bytes: &'w mut Vec<u8>,
    at: &'w Cell<usize>,
}

impl Write for Counted<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.write_all(piece).map(|()| piece.len())
    }

    fn write_all(&mut self, piece: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(piece);
        self.at.set(self.bytes.len());
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pointer that leads here or further, and how much of it does.
type Lead = (usize, usize);

/// Notes where pointers lead, on one line without spaces.
struct Marks<'m> {
    at: &'m Cell<usize>,
    pointers: &'m [&'m str],
    places: &'m mut [Option<Range<usize>>],
    /// The lists and objects around.
    levels: Vec<Level>,
    /// What leads to the value that comes next, or is under way.
    here: Vec<Lead>,
    /// Pointers whose value is under way, and at which depth.
    open: Vec<(usize, usize)>,
    in_key: bool,
}

/// A list or an object.
struct Level {
    /// What leads into it.
    leads: Vec<Lead>,
    /// The number of the next value of a list.
    next: usize,
}

impl Marks<'_> {
    fn enter(&mut self) {
        self.levels.push(Level { leads: std::mem::take(&mut self.here), next: 0 });
    }

    /// Those that lead into the innermost level and go on.
    fn onwards(&mut self) {
        self.here.clear();
        let Some(level) = self.levels.last() else { return };
        for (pointer, done) in &level.leads {
            if self.pointers[*pointer][*done..].starts_with('/') {
                self.here.push((*pointer, done + 1));
            }
        }
    }

    /// Keeps those whose next step begins so.
    fn follow(&mut self, step: &str) {
        let pointers = self.pointers;
        self.here.retain_mut(|(pointer, done)| {
            let follows = pointers[*pointer][*done..].starts_with(step);
            *done += step.len();
            follows
        });
    }

    /// Keeps those whose step ends here.
    fn step_ends(&mut self) {
        let pointers = self.pointers;
        self.here
            .retain(|(pointer, done)| matches!(pointers[*pointer].as_bytes().get(*done), None | Some(b'/')));
    }

    /// A value begins.
    fn begin(&mut self) {
        for (pointer, done) in &self.here {
            if *done == self.pointers[*pointer].len() {
                self.places[*pointer] = Some(self.at.get()..self.at.get());
                self.open.push((*pointer, self.levels.len()));
            }
        }
    }

    /// A value has ended.
    fn end(&mut self) {
        self.here.clear();
        while let Some((pointer, _)) = self.open.pop_if(|(_, depth)| *depth == self.levels.len()) {
            if let Some(place) = &mut self.places[pointer] {
                place.end = self.at.get();
            }
        }
    }
}

/// A key is written with what stands around it in two pieces and its own, not in five.
impl Formatter for Marks<'_> {
    fn begin_string<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        if self.in_key { Ok(()) } else { out.write_all(b"\"") }
    }

    fn end_string<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.in_key { b"\":" } else { b"\"" })
    }

    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if self.in_key && !self.here.is_empty() {
            self.follow(fragment);
        }
        write_harmless(out, fragment)
    }

    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.enter();
        out.write_all(b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.levels.pop();
        out.write_all(b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.onwards();
        if let Some(level) = self.levels.last_mut() {
            level.next += 1;
            if !self.here.is_empty() {
                let step = (level.next - 1).to_string();
                self.follow(&step);
                self.step_ends();
                self.begin();
            }
        }
        Ok(())
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.end();
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.enter();
        out.write_all(b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.levels.pop();
        out.write_all(b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.onwards();
        self.in_key = true;
        out.write_all(if first { b"\"" } else { b",\"" })
    }

    fn end_object_key<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_key = false;
        self.step_ends();
        Ok(())
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.begin();
        Ok(())
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.end();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn values_stand_where_their_pointers_lead() {
        let document = json!({
            "a": [{ "b": 1 }, { "b": [2, "x,]\"}"], "bb": null }, 7],
            "ab": { "a": { "b": true } },
            "e": {},
            "f": [],
            "wide": (0..12).collect::<Vec<_>>(),
        });
        let pointers = [
            "/a", "/a/0/b", "/a/1/b", "/a/1/b/1", "/a/1/bb", "/a/2", "/ab/a/b", "/ab/a", "/e", "/f",
            "/wide/1", "/wide/11", "/nowhere", "/a/3", "/a/0/b/0", "/f/0", "/ab/a/b",
        ];
        let written = written(&document, &pointers).unwrap();
        assert_eq!(String::from_utf8(written.bytes.clone()).unwrap(), document.to_string());
        for (number, pointer) in pointers.iter().enumerate() {
            let told = written.at(number).map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
            assert_eq!(told.as_ref(), document.pointer(pointer), "{pointer}");
        }
        let (before, behind) = written.around(9);
        assert!(before.ends_with(b"\"f\":") && behind.starts_with(b",\"wide\""));
        assert_eq!(written.around(12), (&written.bytes[..], &[][..]));
    }
}

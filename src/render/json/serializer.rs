//! Values as JSON on one line, by serde's interface: `serde_json`'s serializer asks of each byte of each key whether it has
//! to be escaped, and a document has some four hundred. The names of our members never have.

use serde::ser::{self, Error as _, Serialize, Serializer};
use serde_json::{Error, Result};

use super::harmless::{is_plain, write_string};
use super::marks::Marks;

/// What is written, and where it stands.
pub(super) struct Out<'m> {
    bytes: Vec<u8>,
    marks: Marks<'m>,
}

impl<'m> Out<'m> {
    pub(super) const fn new(bytes: Vec<u8>, marks: Marks<'m>) -> Self {
        Self { bytes, marks }
    }

    pub(super) fn into_parts(self) -> (Vec<u8>, Vec<Option<std::ops::Range<usize>>>) {
        (self.bytes, self.marks.into_places())
    }

    fn put(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The name of a member, which is ours, behind what stands before it.
    fn name(&mut self, before: &[u8], name: &str) {
        debug_assert!(is_plain(name.as_bytes()), "{name}");
        self.put(before);
        self.put(name.as_bytes());
        self.put(b"\":");
        if self.marks.lead_in() {
            self.marks.step(name, self.bytes.len());
        }
    }

    fn value_ends(&mut self) {
        self.marks.end(self.bytes.len());
    }

    fn begin(&mut self, bracket: u8) -> Members<'_, 'm> {
        self.marks.enter();
        self.bytes.push(bracket);
        // The end of `[` and of `{` is two further in ASCII.
        Members { out: self, count: 0, end: bracket + 2, ends: 1 }
    }

    /// `{"variant":` and what is in it.
    fn begin_variant(&mut self, variant: &str, bracket: u8) -> Members<'_, 'm> {
        self.begin(b'{');
        self.name(b"\"", variant);
        Members { ends: 2, ..self.begin(bracket) }
    }
}

/// The members of a list or an object.
pub(super) struct Members<'o, 'm> {
    out: &'o mut Out<'m>,
    count: usize,
    end: u8,
    /// How many objects end behind it, itself among them.
    ends: u8,
}

impl Members<'_, '_> {
    fn next(&mut self) {
        if self.count > 0 {
            self.out.bytes.push(b',');
        }
        self.count += 1;
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        self.next();
        if self.out.marks.lead_in() {
            self.out.marks.step(&(self.count - 1).to_string(), self.out.bytes.len());
        }
        self.value(value)
    }

    fn member(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<()> {
        self.out.name(if self.count == 0 { b"\"" } else { b",\"" }, name);
        self.count += 1;
        self.value(value)
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        value.serialize(&mut *self.out)?;
        self.out.value_ends();
        Ok(())
    }

    fn close(self) {
        self.out.marks.leave();
        self.out.bytes.push(self.end);
        if self.ends == 2 {
            self.out.value_ends();
            self.out.marks.leave();
            self.out.bytes.push(b'}');
        }
    }
}

macro_rules! numbers {
    ($($method:ident: $number:ty),+) => {
        $(fn $method(self, number: $number) -> Result<()> {
            self.put(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        })+
    };
}

impl<'o, 'm> Serializer for &'o mut Out<'m> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'o, 'm>;
    type SerializeTuple = Members<'o, 'm>;
    type SerializeTupleStruct = Members<'o, 'm>;
    type SerializeTupleVariant = Members<'o, 'm>;
    type SerializeMap = Members<'o, 'm>;
    type SerializeStruct = Members<'o, 'm>;
    type SerializeStructVariant = Members<'o, 'm>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        serde_json::to_writer(&mut self.bytes, &value)
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        serde_json::to_writer(&mut self.bytes, &value)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        write_string(&mut self.bytes, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.put(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut members = self.begin(b'{');
        members.member(variant, value)?;
        members.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'o, 'm>> {
        Ok(self.begin(b'['))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'o, 'm>> {
        Ok(self.begin(b'['))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'o, 'm>> {
        Ok(self.begin(b'['))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'o, 'm>> {
        Ok(self.begin_variant(variant, b'['))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'o, 'm>> {
        Ok(self.begin(b'{'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'o, 'm>> {
        Ok(self.begin(b'{'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'o, 'm>> {
        Ok(self.begin_variant(variant, b'{'))
    }
}

macro_rules! lists {
    ($($form:ident: $method:ident),+) => {
        $(impl ser::$form for Members<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.item(value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

lists! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
}

macro_rules! objects {
    ($($form:ident),+) => {
        $(impl ser::$form for Members<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.member(name, value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

objects! { SerializeStruct, SerializeStructVariant }

/// Keys that come from elsewhere, and have to be escaped.
impl ser::SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.next();
        let begin = self.out.bytes.len();
        key.serialize(&mut *self.out)?;
        let written = &self.out.bytes[begin..];
        let Some(step) = written.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
            return Err(Error::custom("a key that is no string"));
        };
        let step = String::from_utf8_lossy(step).into_owned();
        self.out.bytes.push(b':');
        if self.out.marks.lead_in() {
            self.out.marks.step(&step, self.out.bytes.len());
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use crate::render::json::written::written;

    #[derive(serde::Serialize)]
    struct Unit;

    #[derive(serde::Serialize)]
    struct New(u8);

    #[derive(serde::Serialize)]
    struct Pair(i8, char);

    #[derive(serde::Serialize)]
    enum Form {
        Unit,
        New(Option<bool>),
        Pair(u16, i16),
        Empty {},
        Named { a: [u32; 2], b: () },
    }

    #[derive(serde::Serialize)]
    struct Flat {
        before: f32,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[test]
    fn every_form_of_serde_is_written_as_serde_json_writes_it() {
        let strings = ["", "\"\\/", "\n\r\t\u{8}\u{c}\u{0}\u{1f}", "é漢🦀", "a b~"];
        let flat =
            Flat { before: 0.5, rest: BTreeMap::from([("a\"\\".to_owned(), json!({ "b": [[], {}] }))]) };
        let all = (
            (Unit, New(u8::MAX), Pair(i8::MIN, '"'), Pair(0, 'é')),
            (Form::Unit, Form::New(None), Form::New(Some(true)), Form::Pair(7, -7), Form::Empty {}),
            (Form::Named { a: [0, u32::MAX], b: () }, [i64::MIN, i64::MAX], [0, u64::MAX], false),
            (0.1, f64::NAN, -1e300, i32::MIN),
            (strings, Some(strings), None::<u8>, flat),
        );
        let bytes = written(&all, &[]).unwrap().bytes;
        assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(&all).unwrap());
    }

    #[test]
    fn places_are_found_in_every_form_too() {
        let all = (Form::Named { a: [1, 2], b: () }, Form::Pair(3, 4), BTreeMap::from([("k", New(5))]));
        let wanted = [("/0/Named/a/1", "2"), ("/0/Named", r#"{"a":[1,2],"b":null}"#), ("/1/Pair/0", "3")];
        let pointers = [wanted[0].0, wanted[1].0, wanted[2].0, "/2/k", "/2"];
        let told = written(&all, &pointers).unwrap();
        let texts = [wanted[0].1, wanted[1].1, wanted[2].1, "5", r#"{"k":5}"#];
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(told.at(number).map(String::from_utf8_lossy).as_deref(), Some(*text));
        }
    }

    #[test]
    fn what_is_no_string_is_no_key_and_what_a_terminal_obeys_is_escaped() {
        assert!(written(&BTreeMap::from([(1, 2)]), &[]).is_err());
        let bytes = written(&json!({ "\u{9b}": "\u{7f}\u{202e}\u{e0001}é" }), &[]).unwrap().bytes;
        let text = r#"{"\u009b":"\u007f\u202e\udb40\udc01é"}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
}

//! JSON values as parts of the model: each kind of value reads itself, and a fault names its place.
//!
//! What is not known is passed over, so that documents of later minors can be read as well; what is missing is what it
//! was before its member was added, where it was added later.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use serde_json::{Map, Value};

use super::kept::kept;
use crate::trace::{At, Certificate, Rcode, RecordType};

/// Why a document cannot be read, and at which place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The way there, the last step first.
    steps: Vec<String>,
    what: String,
}

pub(super) type Read<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { steps: Vec::new(), what: what.into() }
    }

    /// The same, seen from one step further out.
    pub(super) fn within(mut self, step: impl fmt::Display) -> Self {
        self.steps.push(step.to_string());
        self
    }
}

impl fmt::Display for Fault {
    /// `/hops/0/dns/lane: "x" is no word that stands here`, with a JSON pointer (RFC 6901).
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.steps.iter().rev() {
            write!(out, "/{}", step.replace('~', "~0").replace('/', "~1"))?;
        }
        let colon = if self.steps.is_empty() { "" } else { ": " };
        write!(out, "{colon}{}", self.what)
    }
}

/// Something that a value of a document can be.
pub(super) trait Readable: Sized {
    fn read(value: &Value) -> Read<Self>;

    /// What it is where a document has no such member; `None` where every document has it.
    fn absent() -> Option<Self> {
        None
    }
}

/// The members of an object.
#[derive(Clone, Copy)]
pub(super) struct Object<'v>(&'v Map<String, Value>);

impl<'v> Object<'v> {
    pub(super) fn of(value: &'v Value) -> Read<Self> {
        value.as_object().map(Self).ok_or_else(|| unlike(value, "an object"))
    }

    /// A member.
    pub(super) fn get<T: Readable>(&self, name: &str) -> Read<T> {
        self.read(name, T::read, T::absent())
    }

    /// A member that documents lack which are older than it.
    pub(super) fn or<T: Readable>(&self, name: &str, absent: T) -> Read<T> {
        self.read(name, T::read, Some(absent))
    }

    /// A member that is read by a function of its own; `None` where it is null or not there.
    pub(super) fn with<T>(&self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Read<Option<T>> {
        self.read(name, |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }, Some(None))
    }

    /// An object inside it; `None` where that is null or not there.
    pub(super) fn object(&self, name: &str) -> Read<Option<Self>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::of(value).map(Some).map_err(|fault| fault.within(name)),
        }
    }

    /// The members of a list, each with its place; none where it is null or not there.
    pub(super) fn list(&self, name: &str) -> Read<impl Iterator<Item = (usize, &'v Value)> + use<'v>> {
        let rows: &[Value] = match self.0.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(rows)) => rows,
            Some(value) => return Err(unlike(value, "a list").within(name)),
        };
        Ok(rows.iter().enumerate())
    }

    /// A list whose rows are read by a function of their own.
    pub(super) fn rows<T>(&self, name: &str, read: impl Fn(&Value) -> Read<T>) -> Read<Vec<T>> {
        let row = |(index, value)| read(value).map_err(|fault: Fault| fault.within(index).within(name));
        self.list(name)?.map(row).collect()
    }

    /// The end of what has a start and a duration.
    pub(super) fn end(&self) -> Read<At> {
        Ok(self.get::<At>("start_us")?.after(self.get("duration_us")?))
    }

    /// What has an address and a port.
    pub(super) fn address(&self) -> Read<SocketAddr> {
        Ok(SocketAddr::new(self.get("address")?, self.get("port")?))
    }

    /// Whether it has a member that is not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&Value) -> Read<T>, absent: Option<T>) -> Read<T> {
        let here = match self.0.get(name) {
            Some(value) => read(value),
            None => absent.ok_or_else(|| Fault::new("it is missing")),
        };
        here.map_err(|fault| fault.within(name))
    }
}

/// A record whose fields are called as the members are, and those that are not.
macro_rules! record {
    ($it:expr, $($type:ident)::+ { $($field:ident),* $(,)? } $({ $($own:ident : $value:expr),* $(,)? })?) => {
        $($type)::+ { $($field: $it.get(stringify!($field))?,)* $($($own: $value,)*)? }
    };
}
pub(super) use record;

/// Types that are an object of a document, each by a function of its members.
macro_rules! objects {
    ($($type:ty => |$it:ident| $read:expr;)+) => {$(
        impl $crate::saved::value::Readable for $type {
            fn read(value: &serde_json::Value) -> $crate::saved::value::Read<Self> {
                let $it = $crate::saved::value::Object::of(value)?;
                Ok($read)
            }
        }
    )+};
}
pub(super) use objects;

/// What stands there in place of what should, without a long text.
pub(super) fn unlike(value: &Value, wanted: &str) -> Fault {
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "another text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Fault::new(format!("it is {is} and should be {wanted}"))
}

pub(super) fn text(value: &Value) -> Read<&str> {
    value.as_str().ok_or_else(|| unlike(value, "a text"))
}

/// A text that reads as something else.
fn parsed<T: std::str::FromStr>(value: &Value, wanted: &str) -> Read<T> {
    text(value)?.parse().map_err(|_| unlike(value, wanted))
}

/// Bytes, of which each stands as two hexadecimal digits.
pub(super) fn hex(value: &Value) -> Read<Vec<u8>> {
    HEXLOWER.decode(text(value)?.as_bytes()).map_err(|_| unlike(value, "pairs of hexadecimal digits"))
}

impl Readable for bool {
    fn read(value: &Value) -> Read<Self> {
        value.as_bool().ok_or_else(|| unlike(value, "true or false"))
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

/// The most that a number of a trace is: nine years in microseconds, or 281 TB. Sums of many such numbers stay in range.
const MOST: u64 = 1 << 48;

/// A number that is somebody else's word, of any size.
pub(super) fn whole(value: &Value) -> Read<u64> {
    value.as_u64().ok_or_else(|| unlike(value, "a whole number"))
}

impl Readable for u64 {
    fn read(value: &Value) -> Read<Self> {
        let number = whole(value)?;
        if number <= MOST {
            Ok(number)
        } else {
            Err(Fault::new(format!("{number} is more than a trace can have")))
        }
    }
}

impl Readable for f64 {
    fn read(value: &Value) -> Read<Self> {
        value.as_f64().ok_or_else(|| unlike(value, "a number"))
    }
}

impl Readable for i64 {
    fn read(value: &Value) -> Read<Self> {
        value.as_i64().ok_or_else(|| unlike(value, "a whole number"))
    }
}

macro_rules! numbers {
    ($($type:ident)+) => {$(
        impl Readable for $type {
            fn read(value: &Value) -> Read<Self> {
                let number = u64::read(value)?;
                Self::try_from(number)
                    .map_err(|_| Fault::new(format!("{number} is more than {} can be", stringify!($type))))
            }
        }
    )+};
}

numbers! { u8 u16 u32 usize }

impl Readable for String {
    fn read(value: &Value) -> Read<Self> {
        text(value).map(str::to_owned)
    }
}

impl Readable for &'static str {
    fn read(value: &Value) -> Read<Self> {
        kept(text(value)?).ok_or_else(|| Fault::new("there are more words here than a document has"))
    }
}

impl Readable for PathBuf {
    fn read(value: &Value) -> Read<Self> {
        String::read(value).map(Into::into)
    }
}

impl Readable for At {
    fn read(value: &Value) -> Read<Self> {
        u64::read(value).map(Self)
    }
}

impl Readable for Duration {
    fn read(value: &Value) -> Read<Self> {
        u64::read(value).map(Self::from_micros)
    }
}

impl Readable for IpAddr {
    fn read(value: &Value) -> Read<Self> {
        parsed(value, "an IP address")
    }
}

impl Readable for SocketAddr {
    fn read(value: &Value) -> Read<Self> {
        parsed(value, "an IP address with a port")
    }
}

impl Readable for SystemTime {
    fn read(value: &Value) -> Read<Self> {
        // RFC 5280's word for "never" lies beyond what the library can read.
        if text(value)? == Certificate::NO_EXPIRY_TEXT {
            return Ok(Self::UNIX_EPOCH + Certificate::NO_EXPIRY);
        }
        parsed::<jiff::Timestamp>(value, "a moment by RFC 3339").map(Into::into)
    }
}

impl Readable for RecordType {
    fn read(value: &Value) -> Read<Self> {
        Self::from_mnemonic(text(value)?).ok_or_else(|| unlike(value, "a type of records"))
    }
}

impl Readable for Rcode {
    fn read(value: &Value) -> Read<Self> {
        Self::from_mnemonic(text(value)?).ok_or_else(|| unlike(value, "a response code of DNS"))
    }
}

impl<T: Readable> Readable for Option<T> {
    fn read(value: &Value) -> Read<Self> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Readable> Readable for Box<T> {
    fn read(value: &Value) -> Read<Self> {
        T::read(value).map(Self::new)
    }
}

impl<T: Readable> Readable for Vec<T> {
    fn read(value: &Value) -> Read<Self> {
        let rows = value.as_array().ok_or_else(|| unlike(value, "a list"))?;
        let row = |(index, row)| T::read(row).map_err(|fault| fault.within(index));
        rows.iter().enumerate().map(row).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

//! Rules of HTTP/2 that a server can break, each by its name (RFC 9113). Pure: judges what was read.
//!
//! The `h2` crate ends a stream or a connection over most of these and says no more than a code. What is
//! found here names the frame or the field. Only some are enforced from here: see [`Breach::is_fatal`].

use super::frames::{ACK, END_HEADERS, PADDED, RST_STREAM, SETTINGS, WINDOW_UPDATE, WITH_PRIORITY};
use super::frames::{CONTINUATION, DATA, Frame, GOAWAY, HEADERS, PING, PRIORITY, PUSH_PROMISE};
use super::words::escape;
use crate::trace::Header;

/// The largest frame that may come: nothing else is announced (§4.2).
pub(super) const MAX_FRAME: u32 = 16_384;
/// SETTINGS_ENABLE_PUSH (§6.5.2).
const ENABLE_PUSH: u16 = 2;
/// SETTINGS_INITIAL_WINDOW_SIZE.
const INITIAL_WINDOW_SIZE: u16 = 4;
/// SETTINGS_MAX_FRAME_SIZE.
const MAX_FRAME_SIZE: u16 = 5;
/// The window that a connection begins with (§6.9.2).
const FIRST_WINDOW: i64 = 65_535;
/// The largest there is (§6.9.1).
const LARGEST_WINDOW: i64 = 0x7fff_ffff;
/// Fields that speak of an HTTP/1 connection (§8.2.2).
const CONNECTION: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// §3.4: the connection begins with another frame than SETTINGS.
    NoSettings(u8),
    /// §6.5.2: a server that wants to be sent pushes.
    EnablePush(u32),
    /// Any other; what was wrong, and the section.
    Frame(String, &'static str),
    /// A field that may not be there, and why.
    Field(String, &'static str),
}

impl Breach {
    /// Whether the connection is ended from here: the crate would go on, and the RFC wants it ended.
    pub(super) const fn is_fatal(&self) -> bool {
        matches!(self, Self::NoSettings(_) | Self::EnablePush(_))
    }

    /// What was wrong with a field, without the RFC of HTTP/2.
    pub(super) fn of_field(&self) -> String {
        match self {
            Self::Frame(what, _) | Self::Field(what, _) => what.clone(),
            Self::NoSettings(_) | Self::EnablePush(_) => self.words(),
        }
    }

    /// What was wrong, to follow "the server broke a rule of HTTP/2: ".
    pub(super) fn words(&self) -> String {
        match self {
            Self::NoSettings(kind) => {
                format!("its first frame is {}, not SETTINGS (RFC 9113 section 3.4)", kind_name(*kind))
            }
            Self::EnablePush(value) => format!(
                "it sent SETTINGS with ENABLE_PUSH {value}, which is for clients (RFC 9113 section 6.5.2)"
            ),
            Self::Frame(what, section) | Self::Field(what, section) => {
                format!("{what} (RFC 9113 section {section})")
            }
        }
    }
}

fn kind_name(kind: u8) -> String {
    let name = match kind {
        DATA => "DATA",
        HEADERS => "HEADERS",
        PRIORITY => "PRIORITY",
        RST_STREAM => "RST_STREAM",
        SETTINGS => "SETTINGS",
        PUSH_PROMISE => "PUSH_PROMISE",
        PING => "PING",
        GOAWAY => "GOAWAY",
        WINDOW_UPDATE => "WINDOW_UPDATE",
        CONTINUATION => "CONTINUATION",
        _ => return format!("of type 0x{kind:x}"),
    };
    name.to_owned()
}

/// The order and the form of the frames of a connection.
#[derive(Debug, Default)]
pub(super) struct Order {
    begun: bool,
    /// The stream whose block of fields is open.
    open: Option<u32>,
    /// A frame with padding whose payload begins next.
    padded: Option<Frame>,
    /// SETTINGS that were sent, and acknowledgements of them.
    settings: (u32, u32),
    /// The last stream of the last GOAWAY.
    last: Option<u32>,
    /// What may be sent on the connection, beside what every connection begins with (§6.9.2).
    window: i64,
}

impl Order {
    /// Judges a frame by its header. `newest` is the last stream that was opened from here.
    pub(super) fn header(&mut self, frame: Frame, newest: u32) -> Option<Breach> {
        let Frame { length, kind, flags, stream } = frame;
        let name = kind_name(kind);
        let breach = |what: String, section| Some(Breach::Frame(what, section));
        if !std::mem::replace(&mut self.begun, true) && (kind != SETTINGS || flags & ACK != 0) {
            return Some(Breach::NoSettings(kind));
        }
        if length > MAX_FRAME {
            let what = format!("a frame {name} of {length} bytes, where {MAX_FRAME} are the most");
            return breach(what, "4.2");
        }
        match (self.open, kind) {
            (Some(open), CONTINUATION) if open == stream => {}
            (Some(open), _) => {
                return breach(format!("a frame {name} inside the fields of stream {open}"), "6.10");
            }
            (None, CONTINUATION) => {
                return breach("CONTINUATION without HEADERS before it".to_owned(), "6.10");
            }
            (None, _) => {}
        }
        let may_be_padded = matches!(kind, DATA | HEADERS | PUSH_PROMISE);
        self.padded = (may_be_padded && flags & PADDED != 0 && length > 0).then_some(frame);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.open = (flags & END_HEADERS == 0).then_some(stream);
        }
        let of_connection = matches!(kind, SETTINGS | PING | GOAWAY);
        let of_stream = matches!(kind, DATA | HEADERS | PRIORITY | RST_STREAM | CONTINUATION);
        if kind == SETTINGS && flags & ACK != 0 && length == 0 && stream == 0 {
            self.settings.1 += 1;
            // The first are on their way from the start: who acknowledges them early is not heard to do so.
            if self.settings.1 > self.settings.0.max(1) {
                return breach("more acknowledgements than there were SETTINGS".to_owned(), "6.5.3");
            }
        }
        let right = match kind {
            SETTINGS if flags & ACK != 0 => length == 0,
            SETTINGS => length % 6 == 0,
            PING => length == 8,
            GOAWAY => length >= 8,
            WINDOW_UPDATE | RST_STREAM => length == 4,
            PRIORITY => length == 5,
            _ => true,
        };
        if of_connection && stream != 0 {
            breach(format!("{name} on stream {stream}, where it speaks of the connection"), section(kind))
        } else if of_stream && stream == 0 {
            breach(format!("{name} on stream 0, which is the connection"), section(kind))
        } else if !right {
            breach(format!("{name} of {length} bytes"), section(kind))
        } else if kind == PUSH_PROMISE {
            breach("PUSH_PROMISE, although pushes were refused".to_owned(), "6.6")
        } else if matches!(kind, DATA | HEADERS | RST_STREAM | WINDOW_UPDATE)
            && stream != 0
            && (stream % 2 == 0 || stream > newest)
        {
            breach(format!("{name} on stream {stream}, which nobody opened"), "5.1")
        } else {
            None
        }
    }

    /// Notes a frame that was sent from here.
    pub(super) fn sent(&mut self, frame: Frame) {
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => self.settings.0 += 1,
            DATA => self.window -= i64::from(frame.length),
            _ => {}
        }
    }

    /// Judges the padding of a frame, whose payload comes in these pieces (§6.1, §6.2).
    pub(super) fn padding(&mut self, payload: &[u8]) -> Option<Breach> {
        let Frame { length, kind, flags, .. } = self.padded.take()?;
        let before = if kind == HEADERS && flags & WITH_PRIORITY != 0 { 6 } else { 1 };
        let padding = u32::from(*payload.first()?);
        let what = || format!("{} of {length} bytes with {padding} of padding", kind_name(kind));
        (padding + before > length).then(|| Breach::Frame(what(), section(kind)))
    }

    /// Judges a whole frame by what is in it, unless that is data.
    pub(super) fn payload(&mut self, frame: Frame, payload: &[u8]) -> Option<Breach> {
        match (frame.kind, payload) {
            (HEADERS, block) if frame.flags & WITH_PRIORITY != 0 => {
                let at = usize::from(frame.flags & PADDED != 0);
                depends_on_itself(frame, block.get(at..)?)
            }
            (PRIORITY, dependency) => depends_on_itself(frame, dependency),
            (GOAWAY, &[a, b, c, d, ..]) => {
                let last = u32::from_be_bytes([a & 0x7f, b, c, d]);
                let before = self.last.replace(last).filter(|before| *before < last)?;
                Some(Breach::Frame(format!("GOAWAY with last stream {last}, after one with {before}"), "6.8"))
            }
            (SETTINGS, _) if frame.flags & ACK != 0 => None,
            (SETTINGS, settings) => settings.chunks_exact(6).find_map(|setting| {
                let [a, b, c, d, e, f] = *setting else { return None };
                let value = u32::from_be_bytes([c, d, e, f]);
                match u16::from_be_bytes([a, b]) {
                    // §6.5.2: 0 changes nothing; a server must not set it to anything else.
                    ENABLE_PUSH if value != 0 => Some(Breach::EnablePush(value)),
                    INITIAL_WINDOW_SIZE if value > 0x7fff_ffff => {
                        Some(Breach::Frame(format!("INITIAL_WINDOW_SIZE {value}"), "6.5.2"))
                    }
                    MAX_FRAME_SIZE if !(MAX_FRAME..=0x00ff_ffff).contains(&value) => {
                        Some(Breach::Frame(format!("MAX_FRAME_SIZE {value}"), "6.5.2"))
                    }
                    _ => None,
                }
            }),
            (WINDOW_UPDATE, &[a, b, c, d]) if u32::from_be_bytes([a & 0x7f, b, c, d]) == 0 => {
                Some(Breach::Frame("WINDOW_UPDATE by nothing".to_owned(), "6.9"))
            }
            (WINDOW_UPDATE, &[a, b, c, d]) if frame.stream == 0 => {
                self.window += i64::from(u32::from_be_bytes([a & 0x7f, b, c, d]));
                let is_over = FIRST_WINDOW + self.window > LARGEST_WINDOW;
                let what =
                    || "WINDOW_UPDATE that opens the connection's window beyond 2^31-1 bytes".to_owned();
                is_over.then(|| Breach::Frame(what(), "6.9.1"))
            }
            _ => None,
        }
    }
}

/// §5.3.1 of RFC 7540, which §6.2 and §6.3 of RFC 9113 leave to readers: a stream cannot wait for itself.
fn depends_on_itself(frame: Frame, dependency: &[u8]) -> Option<Breach> {
    let [a, b, c, d] = *dependency.first_chunk()?;
    let what = || {
        let name = kind_name(frame.kind);
        format!(
            "{name} that lets stream {} depend on itself, as RFC 7540 section 5.3.1 forbids",
            frame.stream
        )
    };
    (u32::from_be_bytes([a & 0x7f, b, c, d]) == frame.stream).then(|| Breach::Frame(what(), "5.3.2"))
}

const fn section(kind: u8) -> &'static str {
    match kind {
        DATA => "6.1",
        HEADERS => "6.2",
        PRIORITY => "6.3",
        RST_STREAM => "6.4",
        SETTINGS => "6.5",
        PUSH_PROMISE => "6.6",
        PING => "6.7",
        GOAWAY => "6.8",
        WINDOW_UPDATE => "6.9",
        _ => "6.10",
    }
}

/// Judges the fields of a response, interim or final (§8.3.2).
pub(super) fn response(fields: &[Header]) -> Option<Breach> {
    if let Some(breach) = fields.iter().find_map(field) {
        return Some(breach);
    }
    let mut status = None;
    let mut regular = None;
    for field in fields {
        match (field.name.as_str(), &status, regular) {
            (name, _, Some(before)) if name.starts_with(':') => {
                let what = format!("the field `{}` behind `{}`", shown(name), shown(before));
                return Some(Breach::Field(what, "8.3"));
            }
            (":status", Some(_), _) => {
                return Some(Breach::Field("two fields `:status`".to_owned(), "8.3"));
            }
            (":status", None, _) => status = Some(field),
            (name, ..) if name.starts_with(':') => {
                let what = format!("the field `{}`, which responses do not have", shown(name));
                return Some(Breach::Field(what, "8.3"));
            }
            (name, ..) => regular = Some(name),
        }
    }
    match status.map(|status| status.value.as_slice()) {
        None => Some(Breach::Field("no field `:status`".to_owned(), "8.3.2")),
        Some(b"101") => Some(Breach::Field("status 101, which only HTTP/1.1 has".to_owned(), "8.6")),
        Some([b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']) => None,
        Some(other) => Some(Breach::Field(format!("`:status` is `{}`", escape(other)), "8.3.2")),
    }
}

/// Judges trailer fields (§8.1).
pub(super) fn trailers(fields: &[Header]) -> Option<Breach> {
    let pseudo = fields.iter().find(|field| field.name.starts_with(':'));
    let pseudo = pseudo
        .map(|field| Breach::Field(format!("the field `{}` among the trailers", shown(&field.name)), "8.1"));
    pseudo.or_else(|| fields.iter().find_map(field))
}

/// Judges one field by itself (§8.2.1, §8.2.2).
fn field(field: &Header) -> Option<Breach> {
    let (name, value) = (field.name.as_str(), field.value.as_slice());
    let bare = name.strip_prefix(':').unwrap_or(name);
    let breach =
        |why: &str, section| Some(Breach::Field(format!("the field `{}`{why}", shown(name)), section));
    // The one value of TE that is left is for requests, and does no harm here.
    let is_of_connection = CONNECTION.contains(&name);
    if is_of_connection || (name == "te" && value != b"trailers") {
        let why =
            if is_of_connection { "which only HTTP/1.1 has" } else { "of which only `trailers` is left" };
        let what = format!("the field `{name}: {}`, {why}", escape(value));
        return Some(Breach::Field(what, "8.2.2"));
    }
    if bare.is_empty() {
        return Some(Breach::Field("a field without a name".to_owned(), "8.2.1"));
    }
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return breach(" has a capital letter in its name", "8.2.1");
    }
    if bare.bytes().any(|byte| byte <= b' ' || byte >= 0x7f || byte == b':') {
        return breach(" has a byte in its name that no name has", "8.2.1");
    }
    if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return breach(" has a NUL or an end of line in its value", "8.2.1");
    }
    // A blank at an end of the value is against §8.2.1, and real servers send such: nobody refuses them.
    None
}

fn shown(name: &str) -> String {
    escape(name.as_bytes()).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Vec<Header> {
        lines.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn fields_that_break_a_rule_are_named() {
        let ok = (":status", "200");
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let table: [Row<'_>; 16] = [
            (&[ok, ("a", "b"), ("te", "trailers")], None),
            (&[ok, ("upgrade", "h2,h2c")], Some("`upgrade: h2,h2c`, which only HTTP/1.1 has")),
            (&[ok, ("te", "gzip")], Some("`te: gzip`")),
            (&[ok, ("connection", "close")], Some("`connection: close`")),
            (&[ok, ("transfer-encoding", "chunked")], Some("`transfer-encoding: chunked`")),
            (&[ok, ("Server", "x")], Some("`Server` has a capital letter")),
            (&[ok, ("a b", "x")], Some("`a b` has a byte")),
            (&[ok, ("", "x")], Some("without a name")),
            (&[ok, ("a", " x")], None),
            (&[ok, ("a", "x\0y")], Some("a NUL")),
            (&[("a", "b"), ok], Some("`:status` behind `a`")),
            (&[ok, ok], Some("two fields `:status`")),
            (&[ok, (":path", "/")], Some("`:path`, which responses")),
            (&[("a", "b")], Some("no field `:status`")),
            (&[(":status", "101")], Some("status 101")),
            (&[(":status", "000")], Some("`:status` is `000`")),
        ];
        for (lines, wanted) in table {
            let found = response(&fields(lines)).map(|breach| breach.words());
            assert_eq!(found.is_some(), wanted.is_some(), "{lines:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(wanted.unwrap_or_default()), "{lines:?}");
        }
        assert!(trailers(&fields(&[ok])).unwrap().words().contains("`:status` among the trailers"));
        assert_eq!(trailers(&fields(&[("x-sum", "1")])), None);
    }

    #[test]
    fn frames_out_of_order_are_named() {
        let settings = Frame { length: 0, kind: SETTINGS, flags: 0, stream: 0 };
        let frame = |kind, flags, stream, length| Frame { length, kind, flags, stream };
        let table: [(&[Frame], Option<&str>); 12] = [
            (&[settings, frame(HEADERS, 4, 1, 5), frame(DATA, 1, 1, 5)], None),
            (&[frame(HEADERS, 4, 1, 5)], Some("its first frame is HEADERS, not SETTINGS")),
            (&[frame(SETTINGS, ACK, 0, 0)], Some("not SETTINGS")),
            (&[settings, frame(DATA, 0, 1, 16_385)], Some("DATA of 16385 bytes")),
            (
                &[settings, frame(HEADERS, 0, 1, 5), frame(PING, 0, 0, 8)],
                Some("inside the fields of stream 1"),
            ),
            (&[settings, frame(CONTINUATION, 4, 1, 5)], Some("CONTINUATION without HEADERS")),
            (&[settings, frame(PING, 0, 1, 8)], Some("PING on stream 1")),
            (&[settings, frame(DATA, 0, 0, 8)], Some("DATA on stream 0")),
            (&[settings, frame(PING, 0, 0, 7)], Some("PING of 7 bytes")),
            (&[settings, frame(PUSH_PROMISE, 4, 1, 7)], Some("pushes were refused")),
            (&[settings, frame(HEADERS, 4, 2, 7)], Some("stream 2, which nobody opened")),
            (&[settings, frame(DATA, 4, 5, 7)], Some("stream 5, which nobody opened")),
        ];
        for (frames, wanted) in table {
            let mut order = Order::default();
            let found = frames.iter().find_map(|frame| order.header(*frame, 3)).map(|found| found.words());
            assert_eq!(found.is_some(), wanted.is_some(), "{frames:?}: {found:?}");
            assert!(found.as_deref().unwrap_or_default().contains(wanted.unwrap_or_default()), "{found:?}");
        }
        let push = Order::default().payload(settings, &[0, 2, 0, 0, 0, 1]).unwrap();
        assert!(push.is_fatal() && push.words().contains("ENABLE_PUSH 1"));
        assert_eq!(Order::default().payload(settings, &[0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]), None);
    }

    #[test]
    fn frames_are_named_by_what_is_in_them() {
        let frame = |kind, flags, stream, length| Frame { length, kind, flags, stream };
        let words = |breach: Option<Breach>| breach.map(|breach| breach.words()).unwrap_or_default();
        for (kind, flags, length, padding, wanted) in [
            (DATA, PADDED, 5, 4, ""),
            (DATA, PADDED, 5, 5, "DATA of 5 bytes with 5 of padding (RFC 9113 section 6.1)"),
            (HEADERS, PADDED | WITH_PRIORITY, 8, 2, ""),
            (HEADERS, PADDED | WITH_PRIORITY, 8, 3, "HEADERS of 8 bytes with 3 of padding"),
            (DATA, 0, 5, 200, ""),
        ] {
            let mut order = Order { begun: true, ..Order::default() };
            assert_eq!(order.header(frame(kind, flags | END_HEADERS, 1, length), 1), None);
            let found = words(order.padding(&[padding, 0]));
            assert!(found.contains(wanted) && found.is_empty() == wanted.is_empty(), "{found}");
            assert_eq!(order.padding(&[255]), None, "it is the first byte alone");
        }
        let mut order = Order { begun: true, ..Order::default() };
        let ack = frame(SETTINGS, ACK, 0, 0);
        assert_eq!(order.header(ack, 1), None, "ours are on their way");
        order.sent(frame(SETTINGS, 0, 0, 6));
        assert!(words(order.header(ack, 1)).contains("more acknowledgements"));
        let goaway = frame(GOAWAY, 0, 0, 8);
        assert_eq!(order.payload(goaway, &[0, 0, 0, 5, 0, 0, 0, 0]), None);
        assert_eq!(order.payload(goaway, &[0, 0, 0, 3, 0, 0, 0, 0]), None);
        assert!(words(order.payload(goaway, &[0, 0, 0, 5, 0, 0, 0, 0])).contains("5, after one with 3"));
        let own = words(order.payload(frame(PRIORITY, 0, 3, 5), &[0x80, 0, 0, 3, 1]));
        assert!(own.contains("PRIORITY that lets stream 3 depend on itself"), "{own}");
        assert_eq!(order.payload(frame(HEADERS, WITH_PRIORITY, 3, 6), &[0, 0, 0, 1, 1, 0x88]), None);
        let update = frame(WINDOW_UPDATE, 0, 0, 4);
        order.sent(frame(DATA, 0, 1, 65_535));
        assert_eq!(
            order.payload(update, &[0x7f, 0xff, 0xff, 0xff]),
            None,
            "as much as was sent, and no more"
        );
        assert!(words(order.payload(update, &[0, 0, 0, 1])).contains("beyond 2^31-1"));
    }
}

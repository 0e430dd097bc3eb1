//! Counts the events of a body of `text/event-stream` as it comes (HTML standard, WHATWG, section 9.2.6), in constant
//! memory: what they say is not kept. An event counts when its empty line is there and it has data.

use crate::trace::{At, EventStream, EventStreamEnd};

/// The media type.
pub(super) const MEDIA_TYPE: &str = "text/event-stream";
/// The name of the field that makes an event.
const DATA: &[u8] = b"data";
/// The field with the time to come back after.
const RETRY: &[u8] = b"retry:";
/// Bytes of a line that tell which field it is, and a number in it.
const TOLD: usize = 24;

/// A stream of events, as far as it has come.
pub(super) struct Events {
    /// When the bytes that are taken next arrived.
    now: At,
    found: EventStream,
    /// The beginning of the line, and its length.
    begin: Vec<u8>,
    length: u64,
    /// Whether the event has data.
    has_data: bool,
    /// A line feed that follows belongs to the line end before it.
    after_return: bool,
}

impl Events {
    pub(super) fn new(now: At) -> Self {
        let found = EventStream {
            first_event: None,
            events: 0,
            comments: 0,
            retry: None,
            end: EventStreamEnd::Server,
        };
        let begin = Vec::with_capacity(TOLD);
        Self { now, found, begin, length: 0, has_data: false, after_return: false }
    }

    /// What is taken next arrived then.
    pub(super) fn at(&mut self, now: At) {
        self.now = now;
    }

    pub(super) const fn found(&self) -> EventStream {
        self.found
    }

    /// Takes decoded bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if std::mem::take(&mut self.after_return) => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    self.line();
                }
                byte => {
                    self.after_return = false;
                    self.length += 1;
                    if self.begin.len() < TOLD {
                        self.begin.push(*byte);
                    }
                }
            }
        }
    }

    /// A line has ended.
    fn line(&mut self) {
        if self.length == 0 {
            if std::mem::take(&mut self.has_data) {
                self.found.events += 1;
                self.found.first_event.get_or_insert(self.now);
            }
        } else {
            let rest = self.begin.strip_prefix(DATA);
            self.has_data |= rest.is_some_and(|rest| rest.is_empty() || rest[0] == b':');
            self.found.comments += u64::from(self.begin[0] == b':');
            if self.length <= TOLD as u64
                && let Some(retry) = self.begin.strip_prefix(RETRY).and_then(number)
            {
                self.found.retry = Some(retry);
            }
        }
        self.begin.clear();
        self.length = 0;
    }
}

/// A value of nothing but digits, behind at most one blank.
fn number(value: &[u8]) -> Option<u64> {
    let value = value.strip_prefix(b" ").unwrap_or(value);
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many events each piece completes.
    fn counts(pieces: &[&str]) -> Vec<u64> {
        let mut events = Events::new(At(0));
        let mut before = 0;
        let mut counts = Vec::new();
        for piece in pieces {
            events.take(piece.as_bytes());
            counts.push(events.found().events - before);
            before = events.found().events;
        }
        counts
    }

    #[test]
    fn an_event_ends_with_an_empty_line_and_has_data() {
        assert_eq!(counts(&["data: a\n\n", "data:b\r\n\r\n", "data\r\r"]), [1, 1, 1]);
        assert_eq!(counts(&["data: a\n", "data: b\n", "\n"]), [0, 0, 1], "two lines of one event");
        assert_eq!(counts(&["da", "ta: a\r", "\n\r", "\n", "\n"]), [0, 0, 1, 0, 0], "cut anywhere");
        for none in
            [": a comment\n\n", "event: x\n\n", "retry: 5\n\n", "database: x\n\n", "data: cut off", "\n\n\n"]
        {
            assert_eq!(counts(&[none]), [0], "{none}");
        }
        assert_eq!(counts(&["id: 1\nevent: x\ndata: {}\n\ndata: 2\n\n"]), [2]);
    }

    #[test]
    fn comments_and_the_time_to_come_back_are_told() {
        let told = |text: &str| {
            let mut events = Events::new(At(0));
            text.bytes().for_each(|byte| events.take(&[byte]));
            (events.found().comments, events.found().retry)
        };
        assert_eq!(told(": a\n\n:\nretry: 2500\n\n"), (2, Some(2500)));
        assert_eq!(told("retry:1\nretry:2\n"), (0, Some(2)), "the last one holds");
        for none in
            ["retry: 2.5\n", "retry:  5\n", "retry: -1\n", "retry\n", "retry:\n", "retry: 5", "x: :\n"]
        {
            assert_eq!(told(none), (0, None), "{none}");
        }
        assert_eq!(told(&format!("retry: 5{}\n", "0".repeat(100))), (0, None), "no such number");
    }

    #[test]
    fn a_line_without_end_costs_no_memory_and_the_first_event_has_its_time() {
        let mut events = Events::new(At(0));
        events.take("x".repeat(1 << 20).as_bytes());
        assert!(events.begin.capacity() <= 2 * TOLD);
        events.at(At(500));
        events.take(b"\n\ndata: a\n");
        assert_eq!(events.found().first_event, None);
        events.at(At(700));
        events.take(b"\n");
        events.at(At(900));
        events.take(b"data: b\n\n");
        assert_eq!((events.found().first_event, events.found().events), (Some(At(700)), 2));
    }
}

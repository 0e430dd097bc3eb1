//! A message with its length before it (RFC 1035 §4.2.2, RFC 9250 §4.2), as far as it has come.

use std::cell::{Cell, RefCell};
use std::io;
use std::io::ErrorKind;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::explain::dns_words::stray;
use crate::trace::Stray;

/// The header of a message (RFC 1035 §4.1.1).
const HEADER: usize = 12;

/// Bytes that are read at once.
const CHUNK: usize = 4_096;

/// Bytes of a message that is none that are told.
const SHOWN: usize = 24;

/// What has come of the message that is being read.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// With its length.
    bytes: RefCell<Vec<u8>>,
    /// What has begun around it, in words.
    begun: Cell<Option<&'static str>>,
}

impl Part {
    /// Reads one message. What had come stays when the wait for the rest is given up, or ends.
    pub(crate) async fn read(&self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
        self.bytes.borrow_mut().clear();
        loop {
            let left = match &self.bytes.borrow()[..] {
                [] => 2,
                [_] => 1,
                [one, other, body @ ..] => usize::from(u16::from_be_bytes([*one, *other])) - body.len(),
            };
            if left == 0 {
                return Ok(self.bytes.take().split_off(2));
            }
            let mut chunk = vec![0; left.min(CHUNK)];
            match stream.read(&mut chunk).await? {
                0 => return Err(io::Error::from(ErrorKind::UnexpectedEof)),
                read => self.bytes.borrow_mut().extend_from_slice(&chunk[..read]),
            }
        }
    }

    /// What it comes in has begun.
    #[cfg(feature = "encrypted-dns")]
    pub(crate) fn begins(&self, words: &'static str) {
        self.begun.set(Some(words));
    }

    /// What is wrong with a message that has begun, and not ended.
    pub(crate) fn wanting(&self) -> Option<String> {
        let bytes = self.bytes.borrow();
        let (length, body) = match &bytes[..] {
            [] => return self.begun.get().map(str::to_owned),
            [_] => return Some("one byte came, and a length has two".to_owned()),
            [one, other, body @ ..] => (u16::from_be_bytes([*one, *other]), body.len()),
        };
        let text: String = bytes
            .iter()
            .take(SHOWN)
            .map_while(|byte| (b' '..=b'~').contains(byte).then_some(char::from(*byte)))
            .collect();
        let begins = if text.len() > 3 { format!(" (it begins {text:?})") } else { String::new() };
        Some(format!("its length says {length} bytes, and {body} came{begins}"))
    }
}

/// What is wrong with a message that answers no question of its connection.
pub(crate) fn no_reply_to_it(kind: Stray, bytes: usize) -> String {
    if bytes < HEADER {
        return format!("it has {bytes} bytes, and the header of a message alone has {HEADER}");
    }
    format!("it is not a reply to the question sent on this connection ({})", stray(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::tests::kit::local;

    #[test]
    fn what_is_wanting_of_a_message_is_told() {
        let read = |bytes: &'static [u8]| {
            let part = Part::default();
            let read = local(async { part.read(&mut &bytes[..]).await.ok() });
            (read, part.wanting())
        };
        assert_eq!(read(b"\0\x03abcd"), (Some(b"abc".to_vec()), None));
        assert_eq!(read(b"\0\0"), (Some(Vec::new()), None));
        assert_eq!(read(b""), (None, None));
        assert_eq!(read(b"\0").1.unwrap(), "one byte came, and a length has two");
        assert_eq!(read(b"\x02\x35ab").1.unwrap(), "its length says 565 bytes, and 2 came");
        let told = read(b"HTTP/1.1 400 Bad Request\r\n").1.unwrap();
        assert_eq!(told, "its length says 18516 bytes, and 24 came (it begins \"HTTP/1.1 400 Bad Request\")");
    }
}

//! TLS records as bytes: where one ends, and which messages can be seen in it.
//!
//! Pure and bounded: nothing here allocates by a length the peer claims, decrypts, or trusts. What
//! is encrypted stays unnamed here; the handshake names it by what the key schedule shows.

use crate::trace::HandshakeMessage;

/// Content type, version and length (RFC 8446 §5.1).
pub(super) const HEADER: usize = 5;
/// The longest record a peer may send: 2^14 bytes and 2048 of TLS 1.2 expansion (RFC 5246 §6.2.3).
pub(super) const MAX_RECORD: usize = HEADER + (1 << 14) + 2048;
/// Names kept of one record: a record full of empty messages is nothing to report one by one.
const MAX_NAMES: usize = 32;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

/// What the bytes at hand begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A whole record of this many bytes, header included.
    Record(usize),
    /// The beginning of a record, or nothing.
    Incomplete,
    /// No TLS record: wrong content type or version.
    NotTls,
    /// A record that claims more bytes than TLS allows.
    TooLong(usize),
}

/// Looks for a record at the start of `bytes`.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.first().is_some_and(|kind| !(CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(kind))
        || bytes.get(1).is_some_and(|major| *major != 3)
    {
        return Cut::NotTls;
    }
    let Some(header) = bytes.first_chunk::<HEADER>() else { return Cut::Incomplete };
    let length = HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]));
    if length > MAX_RECORD {
        Cut::TooLong(length)
    } else if bytes.len() < length {
        Cut::Incomplete
    } else {
        Cut::Record(length)
    }
}

/// Version and suite of a plaintext ServerHello, as chosen by the server (in TLS 1.3 the version
/// is in an extension and this one says TLS 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerChoice {
    pub(super) version: u16,
    pub(super) cipher_suite: u16,
}

/// Message header, and a ServerHello up to its cipher suite: 2 version, 32 random, 1+32 session
/// id, 2 suite.
const HEAD: usize = 4 + 2 + 32 + 1 + 32 + 2;

/// Names the messages of one direction. A message may be spread over records, and a record may
/// hold several messages.
#[derive(Debug)]
pub(super) struct Names {
    /// The first bytes of the message being read.
    head: [u8; HEAD],
    have: usize,
    /// Bytes of the message after its head, still to come.
    skip: usize,
    /// TLS 1.2 after ChangeCipherSpec: the rest cannot be read.
    encrypted: bool,
    /// A HelloRetryRequest was seen.
    pub(super) hello_retry: bool,
    /// A ServerHello was seen, and this is what it chose.
    pub(super) server_hello: Option<ServerChoice>,
    /// The description of the last alert in plaintext.
    pub(super) alert: Option<u8>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            head: [0; HEAD],
            have: 0,
            skip: 0,
            encrypted: false,
            hello_retry: false,
            server_hello: None,
            alert: None,
        }
    }
}

impl Names {
    /// Appends the names of the messages that begin in `record` (header included) to `names`.
    /// `tls12` says that TLS 1.2 was negotiated: there ChangeCipherSpec really starts encryption
    /// and Finished follows; in TLS 1.3 it is for middleboxes only (RFC 8446 §D.4).
    pub(super) fn record(&mut self, record: &[u8], tls12: bool, names: &mut Vec<HandshakeMessage>) {
        let Some((header, body)) = record.split_first_chunk::<HEADER>() else { return };
        match header[0] {
            CHANGE_CIPHER_SPEC => {
                self.encrypted |= tls12;
                push(names, HandshakeMessage::ChangeCipherSpec);
            }
            ALERT => {
                if let (false, [_, description]) = (self.encrypted, body) {
                    self.alert = Some(*description);
                }
                push(names, HandshakeMessage::Alert);
            }
            HANDSHAKE if self.encrypted => push(names, HandshakeMessage::Finished),
            HANDSHAKE => self.messages(body, names),
            // TLS 1.3: encrypted, and not for us to name.
            _ => {}
        }
    }

    /// The same for a piece of the messages themselves, which QUIC carries without records (RFC 9001 §4).
    pub(super) fn messages(&mut self, mut body: &[u8], names: &mut Vec<HandshakeMessage>) {
        while !body.is_empty() {
            let skipped = self.skip.min(body.len());
            self.skip -= skipped;
            body = &body[skipped..];
            let taken = (self.wanted() - self.have).min(body.len());
            self.head[self.have..self.have + taken].copy_from_slice(&body[..taken]);
            self.have += taken;
            body = &body[taken..];
            // With its first 4 bytes a message may turn out to want more of its head.
            if self.have >= 4 && self.have == self.wanted() {
                self.head_read(names);
            }
        }
    }

    /// Bytes of the current message that are looked at: its header, and of a ServerHello more.
    fn wanted(&self) -> usize {
        if self.have < 4 || self.head[0] != 2 { 4 } else { HEAD.min(4 + self.length()) }
    }

    fn length(&self) -> usize {
        let [_, high, middle, low, ..] = self.head;
        usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
    }

    fn head_read(&mut self, names: &mut Vec<HandshakeMessage>) {
        let head = &self.head[..self.have];
        let retry = head[0] == 2 && head.get(6..38) == Some(&HELLO_RETRY_RANDOM[..]);
        if retry {
            self.hello_retry = true;
        } else if head[0] == 2 {
            self.server_hello = server_choice(head);
        }
        push(names, if retry { HandshakeMessage::HelloRetryRequest } else { message_name(head[0]) });
        self.skip = self.length() + 4 - self.have;
        self.have = 0;
    }
}

fn push(names: &mut Vec<HandshakeMessage>, name: HandshakeMessage) {
    if names.len() < MAX_NAMES {
        names.push(name);
    }
}

fn server_choice(head: &[u8]) -> Option<ServerChoice> {
    let session_id = usize::from(*head.get(38)?);
    let suite = head.get(39 + session_id..41 + session_id)?;
    Some(ServerChoice {
        version: u16::from_be_bytes([head[4], head[5]]),
        cipher_suite: u16::from_be_bytes([suite[0], suite[1]]),
    })
}

/// RFC 8446 §4.1.3: the random of a ServerHello that is a HelloRetryRequest.
pub(super) const HELLO_RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

fn message_name(kind: u8) -> HandshakeMessage {
    match kind {
        0 => HandshakeMessage::HelloRequest,
        1 => HandshakeMessage::ClientHello,
        2 => HandshakeMessage::ServerHello,
        4 => HandshakeMessage::NewSessionTicket,
        8 => HandshakeMessage::EncryptedExtensions,
        11 => HandshakeMessage::Certificate,
        12 => HandshakeMessage::ServerKeyExchange,
        13 => HandshakeMessage::CertificateRequest,
        14 => HandshakeMessage::ServerHelloDone,
        15 => HandshakeMessage::CertificateVerify,
        16 => HandshakeMessage::ClientKeyExchange,
        20 => HandshakeMessage::Finished,
        22 => HandshakeMessage::CertificateStatus,
        24 => HandshakeMessage::KeyUpdate,
        25 => HandshakeMessage::CompressedCertificate,
        _ => HandshakeMessage::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::HandshakeMessage::{
        Alert, Certificate, ChangeCipherSpec, Finished, HelloRetryRequest, ServerHello, ServerHelloDone,
    };
    use proptest::prelude::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 3, 3];
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        message
    }

    fn server_hello(random: [u8; 32]) -> Vec<u8> {
        let mut body = vec![3, 1];
        body.extend(random);
        body.extend([2, 9, 9, 0x00, 0x2f, 0]);
        message(2, &body)
    }

    #[test]
    fn records_are_cut_by_their_header() {
        assert_eq!(cut(b""), Cut::Incomplete);
        assert_eq!(cut(b"\x16\x03"), Cut::Incomplete);
        assert_eq!(cut(b"H"), Cut::NotTls);
        assert_eq!(cut(b"\x16\x48"), Cut::NotTls);
        assert_eq!(cut(b"\x15\x03\x01\x00\x02\x02"), Cut::Incomplete);
        assert_eq!(cut(b"\x15\x03\x01\x00\x02\x02\x28rest"), Cut::Record(7));
        assert_eq!(cut(b"\x17\x03\x03\x48\x00"), Cut::Incomplete);
        assert_eq!(cut(b"\x17\x03\x03\x48\x01"), Cut::TooLong(MAX_RECORD + 1));
    }

    #[test]
    fn messages_are_named_across_record_boundaries() {
        let mut flight = server_hello([7; 32]);
        flight.extend(message(11, &[0; 300]));
        flight.extend(message(14, &[]));
        for step in [1, 3, 5, 40, 73, flight.len()] {
            let mut names = Names::default();
            let mut seen = Vec::new();
            for piece in flight.chunks(step) {
                names.record(&record(HANDSHAKE, piece), true, &mut seen);
            }
            assert_eq!(seen, [ServerHello, Certificate, ServerHelloDone], "in steps of {step}");
            assert_eq!(names.server_hello, Some(ServerChoice { version: 0x0301, cipher_suite: 0x002f }));
            assert!(!names.hello_retry);
        }
    }

    #[test]
    fn a_retry_an_alert_and_the_end_of_plaintext_are_seen() {
        let mut names = Names::default();
        let mut seen = Vec::new();
        names.record(&record(HANDSHAKE, &server_hello(HELLO_RETRY_RANDOM)), false, &mut seen);
        names.record(&record(CHANGE_CIPHER_SPEC, &[1]), false, &mut seen);
        names.record(&record(HANDSHAKE, &server_hello([1; 32])), false, &mut seen);
        assert!(names.hello_retry && names.server_hello.is_some());
        names.record(&record(APPLICATION_DATA, &[0; 40]), false, &mut seen);
        names.record(&record(ALERT, &[2, 70]), false, &mut seen);
        assert_eq!(names.alert, Some(70));
        assert_eq!(seen, [HelloRetryRequest, ChangeCipherSpec, ServerHello, Alert]);

        let mut names = Names::default();
        let mut seen = Vec::new();
        names.record(&record(CHANGE_CIPHER_SPEC, &[1]), true, &mut seen);
        names.record(&record(HANDSHAKE, &[0xab; 40]), true, &mut seen);
        names.record(&record(ALERT, &[2, 70]), true, &mut seen);
        assert_eq!(seen, [ChangeCipherSpec, Finished, Alert]);
        assert_eq!(names.alert, None, "an encrypted alert is not to be read");
    }

    #[test]
    fn a_record_of_empty_messages_does_not_grow_the_report() {
        let mut seen = Vec::new();
        Names::default().record(&record(HANDSHAKE, &[0; 16384]), false, &mut seen);
        assert_eq!(seen.len(), MAX_NAMES);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            records in proptest::collection::vec(
                (17u8..26, proptest::collection::vec(prop_oneof![any::<u8>(), Just(0u8), Just(2u8)], 0..400), any::<bool>()),
                0..12,
            ),
            raw in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut names = Names::default();
            let mut seen = Vec::new();
            for (kind, body, tls12) in &records {
                let record = record(*kind, body);
                prop_assert!(!matches!(cut(&record), Cut::Incomplete | Cut::TooLong(_)));
                names.record(&record, *tls12, &mut seen);
            }
            names.record(&raw, false, &mut seen);
            let _ = cut(&raw);
            prop_assert!(seen.len() <= MAX_NAMES);
        }
    }
}

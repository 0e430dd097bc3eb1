//! What a server allows its client by its transport parameters (RFC 9000 §18.2), as far as it may be why nothing goes on.

use std::time::Duration;

use quinn_proto::transport_parameters::TransportParameters;

use super::packet::varint;

/// What a server allows at the beginning of a connection. Later frames may raise all but the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// After so long without a packet it gives the connection up; `None` where it never does (max_idle_timeout).
    pub idle: Option<Duration>,
    /// Bytes on all streams together (initial_max_data).
    pub data: u64,
    /// Bytes on a stream that the client opens for both directions (initial_max_stream_data_bidi_remote).
    pub stream_data: u64,
    /// Such streams (initial_max_streams_bidi).
    pub streams: u64,
    /// Streams that only the client writes (initial_max_streams_uni).
    pub own_streams: u64,
    /// Bytes on such a one (initial_max_stream_data_uni).
    pub own_stream_data: u64,
}

impl Allowance {
    /// The library shows them only as they are written (RFC 9000 §18).
    pub(super) fn of(parameters: &TransportParameters) -> Self {
        let mut bytes = Vec::new();
        parameters.write(&mut bytes);
        Self::read(&bytes).unwrap_or_default()
    }

    /// What is absent is 0.
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        while !bytes.is_empty() {
            let (id, length) = (varint(&mut bytes)?, varint(&mut bytes)?);
            let (mut value, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            bytes = rest;
            match id {
                0x01 => found.idle = varint(&mut value).filter(|idle| *idle > 0).map(Duration::from_millis),
                0x04 => found.data = varint(&mut value)?,
                0x06 => found.stream_data = varint(&mut value)?,
                0x07 => found.own_stream_data = varint(&mut value)?,
                0x08 => found.streams = varint(&mut value)?,
                0x09 => found.own_streams = varint(&mut value)?,
                _ => {}
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_read_and_what_is_absent_is_nothing() {
        // max_idle_timeout 200, initial_max_data 16384, something reserved, initial_max_streams_bidi 1.
        let bytes = [1, 2, 0x40, 200, 4, 4, 0x80, 0, 0x40, 0, 0x1b, 3, 9, 9, 9, 8, 1, 1];
        let allowed = Allowance::read(&bytes).unwrap();
        let wanted = Allowance {
            idle: Some(Duration::from_millis(200)),
            data: 16_384,
            streams: 1,
            ..Allowance::default()
        };
        assert_eq!(allowed, wanted);
        assert_eq!(Allowance::read(&[]), Some(Allowance::default()));
        assert_eq!(Allowance::read(&[1, 9, 0]), None);
        assert_eq!(Allowance::read(&[1, 1, 0]).unwrap().idle, None, "0 is no limit");
    }
}

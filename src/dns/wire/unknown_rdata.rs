//! Messages with RDATA that the codec does not understand: kept opaque (RFC 3597).
//!
//! The codec gives up a whole message for one record whose data it cannot read: data of no bytes
//! (RFC 3123 §4, RFC 3597), a DNSKEY of another protocol (RFC 4034 §2.1.2), an NSEC3 of an unknown
//! hash (RFC 5155 §8.1). None of these is a reason not to believe the others. Such data is kept as it
//! came. What the walk itself lives on has to be sound.
//!
//! Names in data of old types that the codec does not know may be compressed, and have to be read by
//! everybody (RFC 3597 §4): outside their message they would mean nothing.

use hickory_resolver::proto::op::{Edns, Header, Message, Query};
use hickory_resolver::proto::rr::rdata::NULL;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::binary::BinDecodable;
use hickory_resolver::proto::serialize::binary::{BinDecoder, DecodeError};

/// Reads a message.
///
/// # Errors
/// What the codec says when it is not one record's data that cannot be read.
pub(crate) fn read_message(bytes: &[u8]) -> Result<Message, DecodeError> {
    match Message::from_vec(bytes) {
        Ok(message) if has_opaque_data(&message) => Ok(by_record(bytes).unwrap_or(message)),
        Ok(message) => Ok(message),
        Err(error) => by_record(bytes).ok_or(error),
    }
}

/// Where names stand in data that the codec does not know: behind so many bytes, so many, and
/// nothing else. The types are those of RFC 1035 and of RFC 4034 §6.2.
pub(crate) fn opaque_names(code: RecordType) -> Option<(usize, usize)> {
    match u16::from(code) {
        // MD, MF, MB, MG, MR, DNAME.
        3 | 4 | 7..=9 | 39 => Some((0, 1)),
        // MINFO, RP.
        14 | 17 => Some((0, 2)),
        // AFSDB, RT, KX.
        18 | 21 | 36 => Some((2, 1)),
        // PX.
        26 => Some((2, 2)),
        _ => None,
    }
}

fn has_opaque_data(message: &Message) -> bool {
    let mut all = message.answers.iter().chain(&message.authorities);
    all.any(|record| opaque_names(record.record_type()).is_some() || is_read_here(record.record_type()))
}

/// Types whose data the codec reads otherwise than RFC 9460 §2.2 has it.
const fn is_read_here(code: RecordType) -> bool {
    matches!(code, RecordType::SVCB | RecordType::HTTPS)
}

fn by_record(bytes: &[u8]) -> Option<Message> {
    let mut decoder = BinDecoder::new(bytes);
    let header = Header::read(&mut decoder).ok()?;
    let mut message = Message::query();
    message.metadata = header.metadata;
    for _ in 0..header.counts.queries {
        message.queries.push(Query::read(&mut decoder).ok()?);
    }
    message.answers = without_opt(section(bytes, &mut decoder, header.counts.answers)?)?;
    message.authorities = without_opt(section(bytes, &mut decoder, header.counts.authorities)?)?;
    for record in section(bytes, &mut decoder, header.counts.additionals)? {
        match record.record_type() {
            // There may be one (RFC 6891 §6.1.1). Resolvers read past a second one in a reply, and so does the walk.
            RecordType::OPT if message.edns.is_some() => {}
            RecordType::OPT => {
                let edns = Edns::from(&record);
                message.metadata.merge_response_code(edns.rcode_high());
                message.edns = Some(edns);
            }
            _ => message.additionals.push(record),
        }
    }
    Some(message)
}

fn section(bytes: &[u8], decoder: &mut BinDecoder<'_>, count: u16) -> Option<Vec<Record>> {
    (0..count).map(|_| record(bytes, decoder)).collect()
}

/// RFC 6891 §6.1.1: the OPT stands in the additional section. Elsewhere it is the mark of a forged reply.
fn without_opt(section: Vec<Record>) -> Option<Vec<Record>> {
    section.iter().all(|record| record.record_type() != RecordType::OPT).then_some(section)
}

/// The record that comes next; its data as bytes when it cannot be read as what it says it is.
fn record(bytes: &[u8], decoder: &mut BinDecoder<'_>) -> Option<Record> {
    let start = u16::try_from(decoder.index()).ok()?;
    let name = Name::read(decoder).ok()?;
    let code = RecordType::read(decoder).ok()?;
    let class = decoder.read_u16().ok()?.unverified(/* any is valid */);
    let ttl = decoder.read_u32().ok()?.unverified(/* any is valid */);
    let length = decoder.read_u16().ok()?.unverified(/* checked by what follows */);
    let (begin, end) = (decoder.index(), decoder.index() + usize::from(length));
    let data = bytes.get(begin..end)?;
    decoder.read_slice(usize::from(length)).ok()?;
    let expanded = expand(code, decoder, begin, end, data);
    let data = expanded.as_deref().unwrap_or(data);
    let whole = Record::read(&mut decoder.clone(start));
    if let Ok(whole) = whole
        && expanded.is_none()
        && !is_read_here(code)
        && (length > 0 || code == RecordType::OPT)
    {
        return Some(whole);
    }
    if expanded.is_none() && is_vital(code) {
        return None;
    }
    let rdata = if data.is_empty() { NULL::new() } else { NULL::with(data.to_vec()) };
    let mut record = Record::from_rdata(name, ttl, RData::Unknown { code, rdata });
    record.dns_class = DNSClass::from(class);
    Some(record)
}

/// Data with its names written out.
fn expand(
    code: RecordType,
    decoder: &BinDecoder<'_>,
    begin: usize,
    end: usize,
    data: &[u8],
) -> Option<Vec<u8>> {
    // Whoever compresses the target of SVCB is understood, though nobody may (RFC 9460 §2.2).
    let (before, count) = if is_read_here(code) { (2, 1) } else { opaque_names(code)? };
    let mut whole = data.get(..before)?.to_vec();
    let mut names = decoder.clone(u16::try_from(begin + before).ok()?);
    for _ in 0..count {
        for label in &Name::read(&mut names).ok()? {
            whole.push(u8::try_from(label.len()).ok()?);
            whole.extend(label);
        }
        whole.push(0);
    }
    if is_read_here(code) {
        whole.extend(data.get(names.index().checked_sub(begin)?..)?);
        return Some(whole);
    }
    (names.index() == end).then_some(whole)
}

/// Types that the walk follows, and the one that says how to read the rest.
fn is_vital(code: RecordType) -> bool {
    matches!(
        code,
        RecordType::A
            | RecordType::AAAA
            | RecordType::NS
            | RecordType::CNAME
            | RecordType::DNAME
            | RecordType::SOA
            | RecordType::OPT
            | RecordType::TSIG
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reply to `x. TYPE`, with one record of that type and one A record.
    fn reply(code: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0\x01\x84\0\0\x01\0\x02\0\0\0\0\x01x\0".to_vec();
        bytes.extend(code.to_be_bytes());
        bytes.extend(b"\0\x01\xc0\x0c");
        bytes.extend(code.to_be_bytes());
        bytes.extend(b"\0\x01\0\0\x01\x2c");
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
        bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x01");
        bytes
    }

    #[test]
    fn data_that_cannot_be_read_is_kept_as_it_came() {
        for (code, data) in [
            (65_281, &b""[..]),                        // nothing
            (42, b""),                                 // APL of no item
            (48, b"\x01\0\x02\x0dkey"),                // DNSKEY of protocol 2
            (50, b"\x09\0\0\0\0\x01a\0"),              // NSEC3 of hash 9
            (257, b"\0\xffissue"),                     // CAA with a tag longer than the record
            (65, b"\0\x01"),                           // HTTPS without a target
            (65, b"\0\x01\0\0\x01\0\x03\x02\xfa\xfa"), // HTTPS with an alpn id that is no text
        ] {
            let bytes = reply(code, data);
            assert!(Message::from_vec(&bytes).is_err(), "the codec can read type {code}");
            let message = read_message(&bytes).unwrap();
            let [odd, address] = &message.answers[..] else { panic!("{message:?}") };
            let RData::Unknown { rdata, .. } = &odd.data else { panic!("{odd:?}") };
            assert_eq!((u16::from(odd.record_type()), &rdata.anything[..], odd.ttl), (code, data, 300));
            assert_eq!((address.record_type(), odd.name.to_string()), (RecordType::A, "x.".to_owned()));
        }
    }

    #[test]
    fn names_in_old_types_are_written_out() {
        for (code, data, whole) in [
            (14, &b"\x01A\xc0\x0c\xc0\x0c"[..], &b"\x01A\x01x\0\x01x\0"[..]), // MINFO
            (7, b"\xc0\x0c", b"\x01x\0"),                                     // MB
            (18, b"\0\x01\xc0\x0c", b"\0\x01\x01x\0"),                        // AFSDB
            (17, b"\x01a\0\0", b"\x01a\0\0"),                                 // RP
            // Not as the type has it: as it came.
            (17, b"\xc0\x0c", b"\xc0\x0c"),
            (7, b"\xc0\x0cx", b"\xc0\x0cx"),
            (7, b"\xff\xff", b"\xff\xff"),
        ] {
            let message = read_message(&reply(code, data)).unwrap();
            let RData::Unknown { rdata, .. } = &message.answers[0].data else { panic!("{message:?}") };
            assert_eq!(&rdata.anything[..], whole, "type {code}");
        }
    }

    #[test]
    fn an_opt_among_the_answers_makes_a_message_unreadable() {
        let mut bytes = b"\0\x01\x84\0\0\x01\0\x01\0\0\0\x01\x01x\0\0\x01\0\x01".to_vec();
        bytes.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\0");
        bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x40\0\x04\x7f\0\0\x01");
        assert!(read_message(&bytes).unwrap_err().to_string().contains("OPT"));
        (bytes[7], bytes[11]) = (0, 2);
        assert!(read_message(&bytes).is_ok(), "where it belongs");
    }

    #[test]
    fn of_several_opt_records_the_first_counts() {
        let mut bytes = b"\0\x01\x84\0\0\x01\0\x01\0\0\0\x02\x01x\0\0\x01\0\x01".to_vec();
        bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x40\0\x04\x7f\0\0\x01");
        for size in [b"\x04\xd0", b"\x02\0"] {
            bytes.extend([&b"\0\0\x29"[..], size, b"\0\0\0\0\0\0"].concat());
        }
        let message = read_message(&bytes).unwrap();
        assert_eq!((message.answers.len(), message.edns.unwrap().max_payload()), (1, 1232));
    }

    #[test]
    fn what_the_walk_follows_has_to_be_sound() {
        for (code, data) in [(1, &b"\xc0\0\x02"[..]), (2, b""), (5, b"\x09a"), (28, b"\0")] {
            assert!(read_message(&reply(code, data)).is_err(), "type {code}");
        }
        let whole = reply(65_281, b"");
        for length in 0..whole.len() {
            assert!(read_message(&whole[..length]).is_err(), "cut after {length} bytes");
        }
    }
}

//! A message that lay in an HTTP cache on its way (RFC 8484 §5.1): its TTLs have run on meanwhile.

use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

/// Takes `age` seconds from every TTL. What cannot be read is left as it is: its reader will say why.
pub(crate) fn grow_old(bytes: &mut [u8], age: u32) {
    if age == 0 {
        return;
    }
    for at in ttl_places(bytes).unwrap_or_default() {
        if let Some(ttl) = bytes.get_mut(at..at + 4).and_then(|ttl| <&mut [u8; 4]>::try_from(ttl).ok()) {
            *ttl = u32::from_be_bytes(*ttl).saturating_sub(age).to_be_bytes();
        }
    }
}

/// Where the TTLs stand. The OPT record has none (RFC 6891 §6.1.3).
fn ttl_places(bytes: &[u8]) -> Option<Vec<usize>> {
    let count = |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let (questions, records) = (count(4)?, count(6)? + count(8)? + count(10)?);
    let mut decoder = BinDecoder::new(bytes);
    decoder.read_slice(12).ok()?;
    for _ in 0..questions {
        Name::read(&mut decoder).ok()?;
        decoder.read_slice(4).ok()?;
    }
    let mut places = Vec::new();
    for _ in 0..records {
        Name::read(&mut decoder).ok()?;
        let at = decoder.index();
        decoder.read_slice(8).ok()?;
        decoder.read_slice(2 + count(at + 8)?).ok()?;
        if count(at)? != usize::from(u16::from(RecordType::OPT)) {
            places.push(at + 4);
        }
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Edns, Message, OpCode, Query};
    use hickory_resolver::proto::rr::{RData, Record};

    use super::*;

    #[test]
    fn ttls_run_on_and_opt_has_none() {
        let name = Name::from_ascii("www.example.test.").unwrap();
        let mut message = Message::response(1, OpCode::Query);
        message.add_query(Query::query(name.clone(), RecordType::A));
        for ttl in [300, 60] {
            let address = RData::A(std::net::Ipv4Addr::LOCALHOST.into());
            message.add_answer(Record::from_rdata(name.clone(), ttl, address));
        }
        message.edns = Some(Edns::new());
        let mut bytes = message.to_vec().unwrap();
        grow_old(&mut bytes, 100);
        let read = Message::from_vec(&bytes).unwrap();
        assert_eq!(read.answers.iter().map(|record| record.ttl).collect::<Vec<_>>(), [200, 0]);
        assert_eq!(read.edns, message.edns);
        let cut = &mut bytes[..40];
        let before = cut.to_vec();
        grow_old(cut, 100);
        assert_eq!(cut, before);
    }
}

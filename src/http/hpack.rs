//! HPACK, undone (RFC 7541). Pure: blocks in, fields out.
//!
//! The `h2` crate gives fields out by name; here they keep their order on the wire, and a block that
//! breaks a rule can be looked at. Nothing is judged: see [`rules`](super::rules).

use std::collections::VecDeque;

use crate::trace::Header;

/// What the table of a connection may hold (RFC 9113 §6.5.2: the default, as nothing else is announced).
const TABLE: usize = 4096;
/// What each entry counts beside its bytes (§4.1).
const OVERHEAD: usize = 32;

/// A block that is no HPACK. What follows on its connection cannot be read either (§2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A name and a value.
type Entry = (Vec<u8>, Vec<u8>);

/// The state of one direction of a connection.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest first.
    table: VecDeque<Entry>,
    size: usize,
    limit: usize,
    huffman: Huffman,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { table: VecDeque::new(), size: 0, limit: TABLE, huffman: Huffman::new() }
    }
}

impl Decoder {
    /// The fields of a block in wire order, as far as they fit into `room` bytes (their overhead counted):
    /// a few bytes may stand for very many.
    pub(super) fn decode(&mut self, block: &[u8], room: usize) -> Result<Vec<Header>, Malformed> {
        let (mut fields, mut used) = (Vec::new(), 0);
        let mut bytes = block;
        while let Some(&first) = bytes.first() {
            let (name, value) = match first {
                0x80.. => {
                    let index = integer(&mut bytes, 7)?;
                    self.entry(index)?
                }
                0x40.. => {
                    let entry = self.literal(&mut bytes, 6)?;
                    self.insert(entry.clone());
                    entry
                }
                // §4.2: the table changes its size before the first field of a block, and nowhere else.
                0x20.. if used > 0 => return Err(Malformed),
                0x20.. => {
                    let limit = integer(&mut bytes, 5)?;
                    self.limit = Some(limit).filter(|limit| *limit <= TABLE).ok_or(Malformed)?;
                    self.evict(0);
                    continue;
                }
                _ => self.literal(&mut bytes, 4)?,
            };
            used += name.len() + value.len() + OVERHEAD;
            if used <= room {
                fields.push(Header { name: String::from_utf8_lossy(&name).into_owned(), value });
            }
        }
        Ok(fields)
    }

    /// §2.3.3: the static table first, then the dynamic one.
    fn entry(&self, index: usize) -> Result<Entry, Malformed> {
        let index = index.checked_sub(1).ok_or(Malformed)?;
        match STATIC.get(index) {
            Some((name, value)) => Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec())),
            None => self.table.get(index - STATIC.len()).cloned().ok_or(Malformed),
        }
    }

    fn literal(&self, bytes: &mut &[u8], prefix: u32) -> Result<Entry, Malformed> {
        let name = match integer(bytes, prefix)? {
            0 => self.string(bytes)?,
            index => self.entry(index)?.0,
        };
        Ok((name, self.string(bytes)?))
    }

    /// §5.2.
    fn string(&self, bytes: &mut &[u8]) -> Result<Vec<u8>, Malformed> {
        let huffman = bytes.first().ok_or(Malformed)? & 0x80 != 0;
        let length = integer(bytes, 7)?;
        let (text, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
        *bytes = rest;
        if huffman { self.huffman.decode(text) } else { Ok(text.to_vec()) }
    }

    fn insert(&mut self, entry: Entry) {
        let size = entry.0.len() + entry.1.len() + OVERHEAD;
        self.evict(size);
        // §4.4: an entry larger than the table empties it.
        if size <= self.limit {
            self.size += size;
            self.table.push_front(entry);
        }
    }

    /// Makes room for an entry of this size.
    fn evict(&mut self, room: usize) {
        while self.size + room > self.limit {
            let Some((name, value)) = self.table.pop_back() else { return };
            self.size -= name.len() + value.len() + OVERHEAD;
        }
    }
}

/// §5.1.
pub(super) fn integer(bytes: &mut &[u8], prefix: u32) -> Result<usize, Malformed> {
    let mut next = || {
        let (first, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        Ok(*first)
    };
    let most = (1_usize << prefix) - 1;
    let mut value = usize::from(next()?) & most;
    if value < most {
        return Ok(value);
    }
    // Four more digits are more than any length here can be.
    for shift in [0, 7, 14, 21] {
        let digit = next()?;
        value += usize::from(digit & 0x7f) << shift;
        if digit & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// The code of strings, laid out for decoding: of each length the first code and its symbols.
#[derive(Debug)]
pub(super) struct Huffman(Vec<(u32, u32, &'static [u16])>);

impl Huffman {
    pub(super) fn new() -> Self {
        let (mut rows, mut code, mut before) = (Vec::new(), 0_u32, 0);
        for (length, symbols) in CODES {
            code <<= length - before;
            rows.push((*length, code, *symbols));
            code += u32::try_from(symbols.len()).unwrap_or_default();
            before = *length;
        }
        Self(rows)
    }

    pub(super) fn decode(&self, text: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::with_capacity(text.len() * 2);
        let (mut code, mut length) = (0_u32, 0_u32);
        for bit in text.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1))) {
            (code, length) = (code << 1 | bit, length + 1);
            let row = self.0.iter().find(|row| row.0 >= length).ok_or(Malformed)?;
            let symbol = (row.0 == length)
                .then(|| code.checked_sub(row.1))
                .flatten()
                .and_then(|place| row.2.get(place as usize));
            if let Some(symbol) = symbol {
                // The end of a string as a symbol is an error (§5.2).
                out.push(u8::try_from(*symbol).map_err(|_| Malformed)?);
                (code, length) = (0, 0);
            }
        }
        // What is left is padding: less than a byte, all ones.
        if length < 8 && code == (1 << length) - 1 { Ok(out) } else { Err(Malformed) }
    }
}

/// The static table (RFC 7541 appendix A).
#[rustfmt::skip]
const STATIC: &[(&str, &str)] = &[
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
    ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
    ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
    ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
    ("via", ""), ("www-authenticate", ""),
];

/// The symbols of each code length (RFC 7541 appendix B), in the order of their codes. The code is canonical:
/// codes of one length follow each other, and those of the next begin behind the last, shifted.
#[rustfmt::skip]
const CODES: &[(u32, &[u16])] = &[
    (5, &[48, 49, 50, 97, 99, 101, 105, 111, 115, 116]),
    (6, &[32, 37, 45, 46, 47, 51, 52, 53, 54, 55, 56, 57, 61, 65, 95, 98, 100, 102, 103, 104, 108, 109,
        110, 112, 114, 117]),
    (7, &[58, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87,
        89, 106, 107, 113, 118, 119, 120, 121, 122]),
    (8, &[38, 42, 44, 59, 88, 90]),
    (10, &[33, 34, 40, 41, 63]),
    (11, &[39, 43, 124]),
    (12, &[35, 62]),
    (13, &[0, 36, 64, 91, 93, 126]),
    (14, &[94, 125]),
    (15, &[60, 96, 123]),
    (19, &[92, 195, 208]),
    (20, &[128, 130, 131, 162, 184, 194, 224, 226]),
    (21, &[153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]),
    (22, &[129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186,
        187, 189, 190, 196, 198, 228, 232, 233]),
    (23, &[1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168,
        174, 175, 180, 182, 183, 188, 191, 197, 231, 239]),
    (24, &[9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]),
    (25, &[199, 207, 234, 235]),
    (26, &[192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]),
    (27, &[203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253,
        254]),
    (28, &[2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30,
        31, 127, 220, 249]),
    (30, &[10, 13, 22, 256]),
];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn unhex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.replace(' ', "").as_bytes()).unwrap()
    }

    pub(crate) fn lines(fields: &[Header]) -> Vec<String> {
        fields.iter().map(|field| format!("{}: {}", field.name, field.text())).collect()
    }

    /// RFC 7541 appendix C.5: three responses of one connection, with a table of 256 bytes, in the clear.
    #[test]
    fn responses_share_a_table_and_push_each_other_out() {
        let mut decoder = Decoder { limit: 256, ..Decoder::default() };
        let blocks = [
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 \
             3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a \
             6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d \
             6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
        ];
        let found: Vec<_> =
            blocks.iter().map(|block| lines(&decoder.decode(&unhex(block), 9_000).unwrap())).collect();
        assert_eq!(
            found[0],
            [
                ":status: 302",
                "cache-control: private",
                "date: Mon, 21 Oct 2013 20:13:21 GMT",
                "location: https://www.example.com"
            ]
        );
        assert_eq!(found[1][0], ":status: 307");
        assert_eq!(found[1][1..], found[0][1..]);
        assert_eq!(found[2][4], "content-encoding: gzip");
        assert!(found[2][5].starts_with("set-cookie: foo=ASDJKH"));
        assert_eq!((decoder.size, decoder.table.len()), (215, 3));
    }

    /// RFC 7541 appendix C.4.1 and C.6.1.
    #[test]
    fn strings_come_in_a_code_of_their_own() {
        let block = unhex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff");
        let fields = Decoder::default().decode(&block, 9_000).unwrap();
        assert_eq!(
            lines(&fields),
            [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
        );
        let date = "6196 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff";
        let fields = Decoder::default().decode(&unhex(date), 9_000).unwrap();
        assert_eq!(lines(&fields), ["date: Mon, 21 Oct 2013 20:13:21 GMT"]);
    }

    #[test]
    fn what_is_no_hpack_is_refused_and_what_unpacks_to_much_is_cut() {
        // The last but one changes the size of the table behind a field.
        let blocks = [
            "80",
            "ff",
            "c0",
            "3fe2 1f",
            "4003 61",
            "0081 ff",
            "0084 ffff ffff 00",
            "8820",
            "7f80 8080 8080",
        ];
        for bad in blocks {
            assert_eq!(Decoder::default().decode(&unhex(bad), 9_000), Err(Malformed), "{bad}");
        }
        let mut block = unhex("4001 617f a11e");
        block.extend_from_slice(&[b'v'; 4000]);
        block.extend_from_slice(&[0xbe; 100]);
        assert_eq!(Decoder::default().decode(&block, 9_000).unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn no_block_makes_it_panic(block in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::default();
            let _ = decoder.decode(&block, 9_000);
            prop_assert!(decoder.size <= TABLE);
        }
    }
}

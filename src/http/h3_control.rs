//! The streams that a server opens by itself: its control stream and QPACK's (RFC 9114 §6.2, RFC 9204 §4.2), and what
//! breaks a rule on them.
//!
//! What a client must treat as an error of the connection is one here, too; browsers do the same.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use quinn::{ReadError, RecvStream};
use tokio::sync::Notify;

use super::streams::{self, Broken, Reader};

/// Types of streams that one side alone writes (RFC 9114 §6.2, RFC 9204 §4.2).
const CONTROL: u64 = 0;
const PUSH: u64 = 1;
const ENCODER: u64 = 2;
const DECODER: u64 = 3;
/// Bytes of SETTINGS and of GOAWAY that are read.
const MOST: u64 = 16 * 1024;
/// Errors (RFC 9114 §8.1, RFC 9204 §6).
const STREAM_CREATION: u32 = 0x103;
const CLOSED_CRITICAL: u32 = 0x104;
const UNEXPECTED: u32 = 0x105;
const FRAME: u32 = 0x106;
const ID: u32 = 0x108;
const SETTINGS: u32 = 0x109;
const MISSING_SETTINGS: u32 = 0x10a;
const ENCODER_STREAM: u32 = 0x201;
const DECODER_STREAM: u32 = 0x202;

/// A rule that was broken: its code, words, and the section.
type Breach = (u32, String, &'static str);

/// What the server's own streams have said.
#[derive(Default)]
pub(super) struct State {
    /// A rule that was broken there: words, and the section.
    pub(super) breach: RefCell<Option<(String, &'static str)>>,
    /// It takes no requests from this stream on (§5.2).
    goaway: Cell<Option<u64>>,
    gone: Notify,
    /// Its SETTINGS came.
    pub(super) has_begun: Cell<bool>,
    /// Which of its streams are open: each is there once.
    open: [Cell<bool>; 4],
}

impl State {
    /// Whether it takes no further requests.
    pub(super) fn is_leaving(&self) -> bool {
        self.goaway.get().is_some()
    }

    /// Waits until it has said that it does nothing for the request on this stream.
    pub(super) async fn passed_over(&self, stream: u64) {
        loop {
            let gone = self.gone.notified();
            if self.goaway.get().is_some_and(|first| stream >= first) {
                return;
            }
            gone.await;
        }
    }

    /// §5.2: the id of a client's stream for a request, which never grows.
    fn go_away(&self, payload: &[u8]) -> Result<(), Breach> {
        let Some((id, [])) = streams::number_of(payload) else {
            return Err((FRAME, "a GOAWAY that is not one number".to_owned(), "7.1"));
        };
        if id % 4 != 0 {
            return Err((ID, format!("GOAWAY with {id}, which is no stream of a request"), "5.2"));
        }
        if let Some(before) = self.goaway.get().filter(|before| id > *before) {
            return Err((ID, format!("GOAWAY with {id} after one with {before}"), "5.2"));
        }
        self.goaway.set(Some(id));
        self.gone.notify_waiters();
        Ok(())
    }
}

/// Reads the streams that the server opens by itself, until the connection ends.
pub(super) async fn listen(streams: quinn::Connection, state: Rc<State>) {
    while let Ok(stream) = streams.accept_uni().await {
        let (streams, state) = (streams.clone(), Rc::clone(&state));
        tokio::task::spawn_local(async move {
            if let Err((code, what, section)) = one_stream(stream, &state).await {
                state.breach.borrow_mut().get_or_insert((what, section));
                streams.close(code.into(), b"");
            }
        });
    }
}

/// Reads one of them to its end, or that of the connection.
async fn one_stream(stream: RecvStream, state: &State) -> Result<(), Breach> {
    let mut reader = Reader::unstamped(stream);
    let Ok(Some(kind)) = reader.number().await else { return Ok(()) };
    let open = usize::try_from(kind).ok().and_then(|kind| state.open.get(kind));
    if open.is_some_and(|open| open.replace(true)) && kind != PUSH {
        let (name, section) = match kind {
            CONTROL => ("control stream", "6.2.1"),
            ENCODER => ("stream of QPACK's encoder", "RFC 9204 section 4.2"),
            _ => ("stream of QPACK's decoder", "RFC 9204 section 4.2"),
        };
        return Err((STREAM_CREATION, format!("a second {name}"), section));
    }
    match kind {
        CONTROL => match control(&mut reader, state).await {
            Ok(breach) => Err(breach),
            Err(Broken::Cut | Broken::Read(ReadError::Reset(_))) => {
                Err((CLOSED_CRITICAL, "its control stream ended".to_owned(), "6.2.1"))
            }
            Err(Broken::Read(_)) => Ok(()),
        },
        PUSH => Err((ID, "a push, which was not allowed".to_owned(), "4.6")),
        ENCODER | DECODER => match qpack(&mut reader, kind).await {
            Ok(breach) => Err(breach),
            Err(Broken::Cut | Broken::Read(ReadError::Reset(_))) => {
                let what = "one of QPACK's streams ended".to_owned();
                Err((CLOSED_CRITICAL, what, "RFC 9204 section 4.2"))
            }
            Err(Broken::Read(_)) => Ok(()),
        },
        // Others are to be passed over (§6.2.3).
        _ => {
            while let Ok(true) = reader.fill().await {
                reader.piece(u64::MAX);
            }
            Ok(())
        }
    }
}

/// Reads the control stream until a rule is broken.
async fn control(reader: &mut Reader<'_>, state: &State) -> Result<Breach, Broken> {
    while let Some((kind, length)) = reader.frame().await? {
        let name = || streams::frame_name(kind);
        if !state.has_begun.get() && kind != streams::SETTINGS {
            let what = format!("its first frame is {}, not SETTINGS", name());
            return Ok((MISSING_SETTINGS, what, "6.2.1"));
        }
        let broken = match kind {
            streams::SETTINGS if state.has_begun.replace(true) => {
                Err((UNEXPECTED, "SETTINGS a second time".to_owned(), "7.2.4"))
            }
            streams::SETTINGS | streams::GOAWAY if length > MOST => {
                Err((FRAME, format!("{} of {length} bytes", name()), "7.1"))
            }
            streams::SETTINGS => settings(&payload(reader, length).await?),
            streams::GOAWAY => state.go_away(&payload(reader, length).await?),
            streams::CANCEL_PUSH => {
                Err((ID, "CANCEL_PUSH, although no push was allowed".to_owned(), "7.2.3"))
            }
            streams::MAX_PUSH_ID => {
                Err((UNEXPECTED, "MAX_PUSH_ID, which is for clients".to_owned(), "7.2.7"))
            }
            streams::DATA | streams::HEADERS | streams::PUSH_PROMISE => {
                Err((UNEXPECTED, format!("a frame {} on the control stream", name()), "7.2"))
            }
            kind if streams::is_misplaced(kind) => {
                Err((UNEXPECTED, format!("a frame {}, which only HTTP/2 has", name()), "7.2.8"))
            }
            _ => {
                reader.skip(length).await?;
                Ok(())
            }
        };
        if let Err(breach) = broken {
            return Ok(breach);
        }
    }
    Err(Broken::Cut)
}

async fn payload(reader: &mut Reader<'_>, length: u64) -> Result<Vec<u8>, Broken> {
    reader.payload(usize::try_from(length).unwrap_or(usize::MAX)).await
}

/// §7.2.4: pairs of numbers, each identifier once, none of those that HTTP/2 had for something else.
fn settings(mut payload: &[u8]) -> Result<(), Breach> {
    let mut seen = Vec::new();
    while !payload.is_empty() {
        let pair = streams::number_of(payload).and_then(|(id, rest)| Some((id, streams::number_of(rest)?.1)));
        let Some((id, rest)) = pair else {
            return Err((FRAME, "SETTINGS that end inside a setting".to_owned(), "7.1"));
        };
        payload = rest;
        if matches!(id, 0 | 2..=5) {
            return Err((SETTINGS, format!("the setting 0x{id:x}, which only HTTP/2 has"), "7.2.4.1"));
        }
        if seen.contains(&id) {
            return Err((SETTINGS, format!("the setting 0x{id:x} twice"), "7.2.4"));
        }
        // A long list costs no more than its bytes.
        if seen.len() < 256 {
            seen.push(id);
        }
    }
    Ok(())
}

/// Reads one of QPACK's streams until a rule is broken. The table here has no room, and nothing was put into the server's:
/// it can set the one to nothing (RFC 9204 §4.3.1), and give up streams (§4.4.2).
async fn qpack(reader: &mut Reader<'_>, kind: u64) -> Result<Breach, Broken> {
    let mut inside = false;
    while reader.fill().await? {
        for byte in reader.piece(u64::MAX) {
            match (kind, byte) {
                // The rest of the number of a stream (RFC 7541 §5.1).
                (DECODER, byte) if inside => inside = byte & 0x80 != 0,
                (DECODER, 0x40..=0x7f) => inside = byte == 0x7f,
                (DECODER, _) => {
                    let what = "an acknowledgement of what QPACK's table was never given".to_owned();
                    return Ok((DECODER_STREAM, what, "RFC 9204 section 4.4"));
                }
                (_, 0x20) => {}
                _ => {
                    let what = "an entry for QPACK's table, which was given no room".to_owned();
                    return Ok((ENCODER_STREAM, what, "RFC 9204 section 4.3"));
                }
            }
        }
    }
    Err(Broken::Cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_pairs_each_once_and_none_of_http2() {
        assert_eq!(settings(&[]), Ok(()));
        // MAX_FIELD_SECTION_SIZE, and one that is there to be passed over (§7.2.4.1).
        assert_eq!(settings(&[6, 0x44, 0, 0x21, 7]), Ok(()));
        for (bytes, code, words) in [
            (&[6, 1, 6, 2][..], SETTINGS, "the setting 0x6 twice"),
            (&[4, 1], SETTINGS, "the setting 0x4, which only HTTP/2 has"),
            (&[6], FRAME, "end inside a setting"),
            (&[6, 0x80], FRAME, "end inside a setting"),
        ] {
            let breach = settings(bytes).unwrap_err();
            assert!(breach.0 == code && breach.1.contains(words), "{breach:?}");
        }
    }

    #[test]
    fn a_goaway_never_grows() {
        let state = State::default();
        assert!(!state.is_leaving());
        assert_eq!(state.go_away(&[8]), Ok(()));
        assert_eq!(state.go_away(&[4]), Ok(()));
        assert!(state.is_leaving());
        for (payload, code) in [(&[8][..], ID), (&[1], ID), (&[], FRAME), (&[4, 4], FRAME)] {
            assert_eq!(state.go_away(payload).unwrap_err().0, code, "{payload:?}");
        }
        assert_eq!(state.goaway.get(), Some(4));
    }
}

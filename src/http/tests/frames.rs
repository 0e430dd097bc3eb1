//! Frames out of any bytes.

use super::{CLOSE, Frames, LONGEST_CONTROL};

/// # Errors
/// A frame that may not be, or one that depends on how the bytes were cut.
pub(crate) fn judge_frames(bytes: &[u8]) -> Result<(), String> {
    let run = |size: usize| {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(frame) = match frames.next() {
                Ok(frame) => frame,
                Err(why) => return (found, Some(why)),
            } {
                found.push(frame);
            }
        }
        (found, None)
    };
    let whole = run(bytes.len().max(1));
    if let Some(frame) = whole.0.iter().find(|it| it.opcode >= CLOSE && it.length > LONGEST_CONTROL) {
        return Err(format!("a control frame of {} bytes", frame.length));
    }
    if whole == run(1) { Ok(()) } else { Err("it depends on the cut".to_owned()) }
}

//! WebSockets (RFC 6455), well spoken and badly. Frames of clients are read as far as a ping needs.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::site::Socket;
use crate::http::accept;
use crate::lab::scenario::SLOW_PONG;
use crate::lab::shared::Shared;
use crate::lab::timer::precise_sleep;

/// The longest payload that is read.
const LONGEST: u8 = 125;
/// Messages of an endless one, far beyond what any client should take.
const ENDLESS: usize = 100_000;
/// A greeting: one message of text.
const GREETING: &[u8] = &[0x81, 5, b'h', b'e', b'l', b'l', b'o'];
/// The same as a client would send it.
const MASKED: &[u8] = &[0x81, 0x85, 0, 0, 0, 0, b'h', b'e', b'l', b'l', b'o'];
/// 1008 (policy violation) with a reason.
const CLOSE: &[u8] = &[0x88, 10, 0x03, 0xf0, b'n', b'o', b' ', b't', b'o', b'k', b'e', b'n'];

/// Answers the upgrade, and then as its conduct has it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    conduct: Socket,
    key: &str,
    shared: &Shared,
) -> std::io::Result<()> {
    if key.is_empty() {
        return stream.write_all(b"HTTP/1.1 426 Upgrade Required\r\nserver: urltrace-lab\r\nupgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n").await;
    }
    let proof =
        if conduct == Socket::WithoutProof { "c2V2ZW50ZWVuIGJ5dGVzIG5vdA==".to_owned() } else { accept(key) };
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nserver: urltrace-lab\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {proof}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    match conduct {
        Socket::Answers => stream.write_all(GREETING).await?,
        Socket::Masks => stream.write_all(MASKED).await?,
        Socket::Closes => stream.write_all(CLOSE).await?,
        Socket::Endless => {
            for _ in 0..ENDLESS {
                stream.write_all(GREETING).await?;
            }
        }
        Socket::WithoutProof => {}
    }
    stream.flush().await?;
    let mut head = [0; 6];
    while stream.read_exact(&mut head).await.is_ok() {
        let received = shared.clock.now();
        let length = head[1] & 0x7f;
        if length > LONGEST {
            return Ok(());
        }
        let mut payload = vec![0; usize::from(length)];
        stream.read_exact(&mut payload).await?;
        for (byte, mask) in payload.iter_mut().zip(head[2..].iter().cycle()) {
            *byte ^= mask;
        }
        match head[0] & 0x0f {
            0x9 => {
                precise_sleep(&shared.clock, received.after(SLOW_PONG)).await; // the injected time to the pong
                stream.write_all(&[&[0x8a, length], &payload[..]].concat()).await?;
                stream.flush().await?;
            }
            0x8 => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

//! Questions to a proxy and its answers, each on record with its stamps. What they mean is not known here.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::fault::Broken;
use super::terms::Terms;
use crate::timestamp::Stamped;
use crate::trace::{Proxy, ProxyRound, StampedBy};

/// Bytes read at once.
const READ: usize = 4096;

/// A conversation with a proxy.
pub(super) struct Exchange<'a, S> {
    stream: &'a mut S,
    terms: Terms<'a>,
    /// What came and was not taken yet.
    pub(super) buffer: Vec<u8>,
}

impl<'a, S: AsyncRead + AsyncWrite + Stamped + Unpin> Exchange<'a, S> {
    pub(super) const fn new(stream: &'a mut S, terms: Terms<'a>) -> Self {
        Self { stream, terms, buffer: Vec::new() }
    }

    /// Sends a question. It is on record from now on, without an answer. A proxy that takes no more may have
    /// answered already: that shows when the answer is read.
    pub(super) async fn ask(
        &mut self,
        proxy: &mut Proxy,
        asked: impl Into<String>,
        bytes: &[u8],
    ) -> Result<(), Broken> {
        let Terms { clock, stop, limit, .. } = self.terms;
        let start = clock.now();
        proxy.rounds.push(ProxyRound {
            asked: asked.into(),
            answer: None,
            start,
            end: start,
            bytes_sent: bytes.len(),
            bytes_received: 0,
        });
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let sent = stop.within(Some(limit), write).await;
        let now = clock.now();
        let handed = self.stream.handed().map_or(start, |at| clock.at(at)).clamp(start, now);
        if let Some(round) = proxy.rounds.last_mut() {
            (round.start, round.end) = (handed, now);
        }
        sent.map_err(Broken::Stopped)?.or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
            _ => Err(Broken::Io(error)),
        })
    }

    /// Reads more into the buffer.
    pub(super) async fn read(&mut self, proxy: &mut Proxy) -> Result<(), Broken> {
        let Terms { stop, limit, .. } = self.terms;
        let mut bytes = [0; READ];
        let read = stop.within(Some(limit), self.stream.read(&mut bytes)).await;
        let count = match &read {
            Ok(Ok(count)) => *count,
            Ok(Err(_)) | Err(_) => 0,
        };
        self.note(proxy, count);
        self.buffer.extend_from_slice(&bytes[..count]);
        match read {
            Err(why) => Err(Broken::Stopped(why)),
            Ok(Err(error)) => Err(Broken::Io(error)),
            Ok(Ok(0)) => Err(Broken::Closed),
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// Reads until this many bytes are there.
    pub(super) async fn fill(&mut self, proxy: &mut Proxy, bytes: usize) -> Result<(), Broken> {
        while self.buffer.len() < bytes {
            self.read(proxy).await?;
        }
        Ok(())
    }

    /// Notes what the last question was answered with.
    pub(super) fn answered(proxy: &mut Proxy, answer: impl Into<String>) {
        if let Some(round) = proxy.rounds.last_mut() {
            round.answer = Some(answer.into());
        }
    }

    fn note(&self, proxy: &mut Proxy, bytes: usize) {
        if let Some(round) = proxy.rounds.last_mut() {
            let arrived = self.stream.arrived().filter(|_| bytes > 0);
            let at = arrived.map_or_else(|| self.terms.clock.now(), |at| self.terms.clock.at(at));
            // Two clocks: an answer is never before its question.
            round.end = at.max(round.start);
            round.bytes_received += bytes;
            if bytes > 0 {
                StampedBy::note(&mut proxy.stamped_by, arrived);
            }
        }
    }
}

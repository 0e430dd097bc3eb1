//! TLS as `quinn` sees it (RFC 9001), with every message noted on its way.
//!
//! The library keeps the plaintext of the handshake to itself; here it passes by. Nothing is changed in it, but
//! for a host name that rustls cannot be told: see [`Messages`].

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quinn::crypto::rustls::QuicClientConfig;
use quinn::crypto::{ClientConfig, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, Session};
use quinn::{ConnectError, ConnectionId, Side};
use quinn_proto::TransportError;
use quinn_proto::transport_parameters::TransportParameters;

use super::allowance::Allowance;
use crate::clock::{Clock, Stopwatch};
use crate::tls::Messages;
use crate::trace::EarlyData;

/// What a handshake has shown so far.
pub(super) struct Overheard {
    messages: Mutex<Messages>,
    /// What the server's transport parameters allow.
    allowance: Mutex<Allowance>,
    /// A Retry packet came that the server itself has made.
    retry: AtomicBool,
    /// 0-RTT was offered.
    offered_early: AtomicBool,
    /// And taken.
    accepted_early: AtomicBool,
    clock: Clock,
}

impl Overheard {
    pub(super) fn new(messages: Messages, clock: Clock) -> Self {
        let [retry, offered_early, accepted_early] = [false; 3].map(AtomicBool::new);
        let (messages, allowance) = (Mutex::new(messages), Mutex::default());
        Self { messages, allowance, retry, offered_early, accepted_early, clock }
    }

    pub(super) fn messages(&self) -> MutexGuard<'_, Messages> {
        // Each note is whole after its statement.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn allowance(&self) -> Allowance {
        *self.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn had_retry(&self) -> bool {
        self.retry.load(Ordering::Relaxed)
    }

    /// What became of 0-RTT; `None` where it was not offered.
    pub(super) fn early_data(&self) -> Option<EarlyData> {
        let accepted = self.accepted_early.load(Ordering::Relaxed);
        let became = if accepted { EarlyData::Accepted } else { EarlyData::Refused };
        self.offered_early.load(Ordering::Relaxed).then_some(became)
    }
}

/// A configuration whose sessions are noted.
pub(super) struct Noted {
    pub(super) inner: Arc<QuicClientConfig>,
    pub(super) overheard: Arc<Overheard>,
}

impl ClientConfig for Noted {
    fn start_session(
        self: Arc<Self>,
        version: u32,
        server_name: &str,
        parameters: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        let inner = Arc::clone(&self.inner).start_session(version, server_name, parameters)?;
        Ok(Box::new(NotedSession { inner, overheard: Arc::clone(&self.overheard) }))
    }
}

struct NotedSession {
    inner: Box<dyn Session>,
    overheard: Arc<Overheard>,
}

impl Session for NotedSession {
    fn read_handshake(&mut self, bytes: &[u8]) -> Result<bool, TransportError> {
        let at = self.overheard.clock.now();
        let watch = Stopwatch::start();
        let swap = self.overheard.messages().swap();
        let result = swap.within(|| self.inner.read_handshake(bytes));
        self.overheard.messages().received(bytes, at, watch.elapsed());
        result
    }

    fn write_handshake(&mut self, out: &mut Vec<u8>) -> Option<Keys> {
        let (before, watch) = (out.len(), Stopwatch::start());
        let keys = self.inner.write_handshake(out);
        if let Some(written) = out.get_mut(before..).filter(|written| !written.is_empty()) {
            let at = self.overheard.clock.now();
            self.overheard.messages().sent(written, at, watch.elapsed());
        }
        keys
    }

    fn is_valid_retry(&self, first_id: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        let valid = self.inner.is_valid_retry(first_id, header, payload);
        if valid {
            self.overheard.retry.store(true, Ordering::Relaxed);
        }
        valid
    }

    fn initial_keys(&self, id: &ConnectionId, side: Side) -> Keys {
        self.inner.initial_keys(id, side)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.inner.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.inner.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        let keys = self.inner.early_crypto();
        if keys.is_some() {
            self.overheard.offered_early.store(true, Ordering::Relaxed);
        }
        keys
    }

    fn early_data_accepted(&self) -> Option<bool> {
        let accepted = self.inner.early_data_accepted();
        if accepted == Some(true) {
            self.overheard.accepted_early.store(true, Ordering::Relaxed);
        }
        accepted
    }

    fn is_handshaking(&self) -> bool {
        self.inner.is_handshaking()
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        let parameters = self.inner.transport_parameters()?;
        if let Some(parameters) = &parameters {
            let allowance = Allowance::of(parameters);
            *self.overheard.allowance.lock().unwrap_or_else(PoisonError::into_inner) = allowance;
        }
        Ok(parameters)
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.inner.next_1rtt_keys()
    }

    fn export_keying_material(
        &self,
        out: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.inner.export_keying_material(out, label, context)
    }
}

//! The redaction of a proxy: its credentials go, and so does what it repeats of them.

use super::ranges::REDACTED;
use super::redacted::Redact;
use super::seen::Seen;
use super::shape::Shape;
use crate::trace::{Proxy, ProxyLookup, ProxyRound};

impl Redact for Proxy {
    fn learn(&self, seen: &mut Seen) {
        seen.host(&self.host);
        if let Some(credentials) = &self.credentials {
            seen.value(credentials.0.as_bytes());
        }
        self.headers.iter().for_each(|field| seen.learn_field(field));
    }

    fn hide(&mut self, seen: &Seen) {
        let Self {
            kind: _,
            host: _, // public, as all hosts are
            port: _,
            credentials,
            source: _,
            usage: _,
            target: _, // a host and a port
            lookup,
            tls,
            rounds,
            start: _,
            end: _,
            stamped_by: _,
            status: _,
            reason,
            headers,
            reply: _,
            bound,
        } = self;
        if let Some(credentials) = credentials {
            REDACTED.clone_into(&mut credentials.0);
        }
        if let Some(ProxyLookup { start: _, end: _, addresses: _, error }) = lookup {
            seen.sentences(error);
        }
        if let Some(tls) = tls {
            tls.hide(seen);
        }
        for ProxyRound { asked: _, answer, start: _, end: _, bytes_sent: _, bytes_received: _ } in rounds {
            if let Some(answer) = answer {
                seen.clean(answer, Shape::Foreign);
            }
        }
        for text in [reason, bound].into_iter().flatten() {
            seen.clean(text, Shape::Foreign);
        }
        headers.iter_mut().for_each(|field| seen.field(field));
    }
}

//! The redaction of connections and handshakes: certificates are public, the system's words are not ours.

use super::dns::hide_packet;
use super::redacted::Redact;
use super::seen::Seen;
use crate::trace::{
    Attempt, AttemptOutcome, Caa, CaaOutcome, CaaQuestion, CaaVerdict, CertificateFault, Connect, NotResumed,
    Resumed, Resumption, Route, RouteEnd, Tls, Verification,
};

impl Redact for Connect {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        let Self {
            start: _,
            end: _,
            noticed: _,
            stamped_by: _,
            attempts,
            winner: _,
            rivals,
            local: _,
            tcp_info: _,
            untried: _,
            redirected_from: _, // a host and a port
            addresses_skipped: _,
            unix_socket: _, // a path of this machine, as typed
            tcp_info_after: _,
            addresses,
            route,
            udp_check,
            fast_open: _,
        } = self;
        if let Some(Route { end: RouteEnd::Failed(words), .. }) = route {
            seen.sentence(words);
        }
        for check in addresses.iter_mut().flatten() {
            if let Some(words) = &mut check.error {
                seen.sentence(words);
            }
        }
        for attempt in attempts.iter_mut().chain(rivals).chain(udp_check) {
            let Attempt {
                address: _,
                start: _,
                end: _,
                outcome,
                syn_retransmits: _,
                source: _,
                transport: _,
                answered: _,
            } = attempt;
            match outcome {
                AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => seen.sentence(words),
                AttemptOutcome::Won
                | AttemptOutcome::Lost
                | AttemptOutcome::Refused
                | AttemptOutcome::TimedOut
                | AttemptOutcome::Stopped => {}
            }
        }
    }
}

impl Redact for Tls {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        let Self {
            start: _,
            end: _,
            noticed: _,
            stamped_by: _,
            sni: _,           // a host, as in the URL
            verified_name: _, // the same
            offer: _,
            flights: _,
            round_trips: _,
            version: _,
            cipher_suite: _,
            group: _,
            signature_scheme: _,
            alpn: _,
            hello_retry: _,
            client_certificate: _, // names, as in any certificate
            chain: _,              // whoever connects is given it
            verification,
            alert: _,
            ocsp_bytes: _,
            staple: _,
            bytes_received: _,
            bytes_sent: _,
            key_exchange_cpu: _,
            legacy_probe: _,
            resumption,
            scan: _, // names of the server's own abilities
            caa,
        } = self;
        if let Some(Caa { questions, records: _, property: _, verdict }) = caa {
            for CaaQuestion { name: _, start: _, end: _, outcome, packets } in questions {
                packets.iter_mut().for_each(|packet| hide_packet(packet, seen));
                if let CaaOutcome::Failed(words) = outcome {
                    seen.sentence(words);
                }
            }
            if let CaaVerdict::Unjudged(words) = verdict {
                seen.sentence(words);
            }
        }
        if let Some(Resumption { outcome: Resumed::No { why: NotResumed::Failed(words), .. }, .. }) =
            resumption
        {
            seen.sentence(words);
        }
        let Some(verification) = verification else { return };
        let Verification {
            roots: _,
            faults,
            overridden: _,
            start: _,
            cpu: _,
            system_would_trust: _,
            embedded_would_trust: _,
            roots_of: _,
        } = verification;
        for fault in faults {
            match fault {
                CertificateFault::Other(words) => seen.sentence(words),
                CertificateFault::Expired { .. }
                | CertificateFault::NotYetValid { .. }
                | CertificateFault::WrongHost { .. }
                | CertificateFault::Unchecked { .. }
                | CertificateFault::SelfSigned
                | CertificateFault::MissingIntermediate { .. }
                | CertificateFault::UnknownIssuer { .. } => {}
            }
        }
    }
}

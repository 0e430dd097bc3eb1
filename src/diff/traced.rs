//! The same of a trace as is read of a saved one.

use super::part::Part;
use super::saved::{Certificate, Connect, Dns, Failure, Field, Hop, Http, Layer, Run, Tls};
use crate::reading;
use crate::timeline::phases_of_all;
use crate::trace::{self, Trace};

impl From<&Trace> for Run {
    fn from(trace: &Trace) -> Self {
        let phases = phases_of_all(trace);
        let spent = |part| match part {
            Part::Phase(phase) => phases.spent[phase],
            Part::Unaccounted => Some(phases.unaccounted),
            Part::Total => Some(phases.total),
        };
        let failure = trace.failure();
        Self {
            outcome: if failure.is_some() { "failed" } else { "ok" }.to_owned(),
            failure: failure.map(|failure| Failure { code: failure.code.as_str().to_owned() }),
            final_status: trace.last_status(),
            phases: Part::all().map(|part| (part.in_json(), spent(part))).collect(),
            hops: trace.hops().map(|hop| (&hop).into()).collect(),
            // Comparisons are of URLs, and of no pages.
            requests: Vec::new(),
        }
    }
}

impl From<&trace::Hop<'_>> for Hop {
    fn from(hop: &trace::Hop<'_>) -> Self {
        let address = |connect: &trace::Connect| {
            let winner = connect.attempts.get(connect.winner?)?;
            Some(winner.address.ip().to_string())
        };
        Self {
            dns: hop
                .dns
                .ran()
                .map(|dns| Dns { addresses: dns.addresses.iter().map(ToString::to_string).collect() }),
            connect: hop.dialled().map(|connect| Connect { address: address(connect) }),
            tls: hop.tls.ran().map(Into::into),
            http: hop.http.ran().map(Into::into),
        }
    }
}

impl From<&trace::Tls> for Tls {
    fn from(tls: &trace::Tls) -> Self {
        // A date would only be another word for the same certificate.
        let certificate = |certificate: &trace::Certificate| Certificate {
            issuer: Some(certificate.issuer.clone()),
            not_after: None,
            sha256: Some(certificate.sha256.clone()),
        };
        Self {
            version: tls.version.map(|version| version.as_str().to_owned()),
            cipher_suite: tls.cipher_suite.clone(),
            group: tls.group.clone(),
            chain: tls.chain.iter().take(1).map(certificate).collect(),
        }
    }
}

impl From<&trace::Http> for Http {
    fn from(http: &trace::Http) -> Self {
        let layers = reading::layers(&http.headers).into_iter();
        Self {
            version: Some(http.version.as_str().to_owned()),
            status: http.status,
            headers: http
                .headers
                .iter()
                .map(|field| Field { name: field.name.clone(), value: field.text().into_owned() })
                .collect(),
            layers: layers
                .map(|layer| Layer { cache: layer.cache.map(|it| it.as_str().to_owned()) })
                .collect(),
        }
    }
}

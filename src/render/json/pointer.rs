//! Where a finding's evidence stands in a document: JSON pointers (RFC 6901) for places.

use crate::finding::{
    AttemptField, CertificateField, CutField, InAgain, InConnection, InDnssec, InLookup, InRequest,
    InResource, PacketField, Place, SignatureField, SignaturePlace,
};
use crate::trace::{Fate, Resource, ResourceId, Trace};

/// What the places are in.
#[derive(Clone, Copy)]
pub(super) enum Within<'t> {
    /// A trace: all stands in its hops.
    Trace(&'t Trace),
    /// One lookup.
    Lookup,
}

/// The pointer to a place; `None` where the document has no such place.
pub(super) fn pointer(place: Place, within: Within<'_>) -> Option<String> {
    match (place, within) {
        (Place::StartedAt, _) => Some("/started_at".to_owned()),
        (Place::Failure, _) => Some("/failure".to_owned()),
        (Place::Request(id, place), Within::Trace(_)) => Some(format!("/hops/{}/{}", id.0, request(place))),
        (Place::Connection(id, place), Within::Trace(trace)) => {
            let request = trace.connections.get(id.0)?.opened_for;
            let hop = trace.hops().nth(request.0)?;
            // Those that were given up stand before the one that was used.
            let used = hop.request.connection.ran().filter(|used| id < *used);
            let inside = used.map_or_else(String::new, |used| {
                format!("abandoned_connections/{}/", hop.abandoned.len() - (used.0 - id.0))
            });
            Some(format!("/hops/{}/{inside}{}", request.0, connection(place)))
        }
        (Place::Lookup(id, place), Within::Trace(trace)) => {
            let hop = trace.hops().find(|hop| hop.request.lookup.ran() == Some(id))?;
            Some(format!("/hops/{}/dns/{}", hop.id.0, lookup(place)))
        }
        (Place::Lookup(_, place), Within::Lookup) => Some(format!("/dns/{}", lookup(place))),
        (Place::Resource(id, place), Within::Trace(trace)) => resource(trace, id, place),
        (Place::Again(index, place), Within::Trace(_)) => {
            let field = match place {
                InAgain::Status => "status",
                InAgain::WireBytes => "wire_bytes",
                InAgain::SameEtag => "same_etag",
            };
            Some(format!("/page/second_visit/requests/{index}/asked/{field}"))
        }
        (
            Place::Request(..) | Place::Connection(..) | Place::Resource(..) | Place::Again(..),
            Within::Lookup,
        ) => None,
    }
}

/// A resource stands among the requests or among what was not asked for, in the order of discovery.
fn resource(trace: &Trace, id: ResourceId, place: InResource) -> Option<String> {
    let page = trace.page.as_ref()?;
    let is_asked = |resource: &Resource| matches!(resource.fate, Fate::Requested(_));
    let own = is_asked(page.resources.get(id.0)?);
    let before = page.resources[..id.0].iter().filter(|other| is_asked(other) == own).count();
    let field = match place {
        InResource::Status => "status",
        InResource::Failure => "failure/code",
        InResource::Reason => "reason",
        InResource::Url => "url",
        InResource::Blocking => "blocking",
        InResource::Discovered => "discovered_us",
        InResource::Total => "phases/total_us",
        InResource::Queue => "phases/queue_us",
        InResource::WireBytes => "wire_bytes",
        InResource::Unused => "unused",
    };
    Some(if own {
        format!("/requests/{}/{field}", trace.requests.len() + before)
    } else {
        format!("/not_requested/{before}/{field}")
    })
}

fn request(place: InRequest) -> String {
    match place {
        InRequest::Scheme => "url/scheme".to_owned(),
        InRequest::Phases => "phases".to_owned(),
        InRequest::Phase(phase) => format!("phases/{}_us", phase.as_str()),
        InRequest::Total => "phases/total_us".to_owned(),
        InRequest::Expect => "http/expect/outcome".to_owned(),
        InRequest::Status => "http/status".to_owned(),
        InRequest::WireBytes => "http/body/wire_bytes".to_owned(),
        InRequest::SlowStart => "http/slow_start".to_owned(),
        InRequest::Failure => "failure/code".to_owned(),
        InRequest::RedirectTarget => "http/redirect/target".to_owned(),
        InRequest::Host => "url/host".to_owned(),
        InRequest::Username => "url/username".to_owned(),
        InRequest::Password => "url/password".to_owned(),
        InRequest::Query => "url/query".to_owned(),
        InRequest::UrlChange(index) => format!("url/changes/{index}/kind"),
        InRequest::Version => "http/version".to_owned(),
        InRequest::Header(index) => format!("http/headers/{index}"),
        InRequest::BeyondBytes => "http/body/beyond_bytes".to_owned(),
        InRequest::Framing => "http/body/framing".to_owned(),
        InRequest::CorsAllowed => "cors/allowed".to_owned(),
        InRequest::Layer(index) => format!("http/layers/{index}/role"),
        InRequest::FurtherWait(index) => format!("further/{index}/phases/wait_us"),
        InRequest::GraphQlErrors => "http/graphql_errors/count".to_owned(),
        InRequest::GrpcStatus => "http/grpc/status".to_owned(),
        InRequest::GrpcServing => "http/grpc/serving".to_owned(),
        InRequest::GrpcFaults => "http/grpc/faults".to_owned(),
        InRequest::TokenFaults(index) => format!("http/auth/tokens/{index}/faults"),
        InRequest::Informational(index) => format!("http/informational/{index}/at_us"),
    }
}

fn connection(place: InConnection) -> String {
    match place {
        InConnection::Duration => "connect/duration_us".to_owned(),
        InConnection::Attempt(index, field) => {
            let field = match field {
                AttemptField::Outcome => "outcome",
                AttemptField::SynRetransmits => "syn_retransmits",
            };
            format!("connect/attempts/{index}/{field}")
        }
        InConnection::Address(index) => format!("connect/addresses/{index}/outcome"),
        InConnection::UdpCheck => "connect/udp_check/outcome".to_owned(),
        InConnection::Retransmits => "connect/tcp_info_after/retransmits".to_owned(),
        InConnection::RoundTrip => "connect/tcp_info/rtt_us".to_owned(),
        InConnection::LeastRoundTrip => "connect/tcp_info/min_rtt_us".to_owned(),
        InConnection::ProxyCredentials => "proxy/authenticated".to_owned(),
        InConnection::TlsVersion => "tls/version".to_owned(),
        InConnection::TlsRoundTrips => "tls/round_trips".to_owned(),
        InConnection::HelloRetry => "tls/hello_retry".to_owned(),
        InConnection::OcspStatus => "tls/ocsp/status".to_owned(),
        InConnection::OcspNextUpdate => "tls/ocsp/next_update".to_owned(),
        InConnection::OcspBytes => "tls/ocsp_bytes".to_owned(),
        InConnection::Alpn => "tls/alpn".to_owned(),
        InConnection::FlightBytes(index) => format!("tls/flights/{index}/bytes"),
        InConnection::LegacyVersion => "tls/legacy_probe/version".to_owned(),
        InConnection::Resumed => "tls/resumption/resumed".to_owned(),
        InConnection::CaaVerdict => "tls/caa/verdict".to_owned(),
        InConnection::Tickets => "tls/resumption/tickets".to_owned(),
        InConnection::ScannedVersion(index) => format!("tls/scan/versions/{index}/offered"),
        InConnection::ScannedSuite(index) => format!("tls/scan/suites/{index}/name"),
        InConnection::ScannedGroup(index) => format!("tls/scan/groups/{index}/name"),
        InConnection::ScannedGroups => "tls/scan/groups".to_owned(),
        InConnection::Certificate(index, field) => {
            let field = match field {
                CertificateField::DaysLeft => "days_left",
                CertificateField::NotAfter => "not_after",
                CertificateField::MustStaple => "must_staple",
                CertificateField::LifetimeDays => "lifetime_days",
                CertificateField::Subject => "subject",
                CertificateField::KeyType => "key_type",
                CertificateField::KeyBits => "key_bits",
                CertificateField::Place => "place",
                CertificateField::SignatureAlgorithm => "signature_algorithm",
            };
            format!("tls/chain/{index}/{field}")
        }
        InConnection::CertificateFault(index) => format!("tls/verification/faults/{index}"),
    }
}

fn lookup(place: InLookup) -> String {
    match place {
        InLookup::Rcode => "rcode".to_owned(),
        InLookup::RootHintsDrift => "root_hints/drift".to_owned(),
        InLookup::StubAgrees => "stub/agrees".to_owned(),
        InLookup::StubAge => "stub/age".to_owned(),
        InLookup::AnswerTtl(index) => format!("answers/{index}/ttl"),
        InLookup::StubAnswers => "stub/answers".to_owned(),
        InLookup::Packet(id, field) => format!("packets/{}/{}", id.0, packet(field)),
        InLookup::Cut(index, field) => {
            let field = match field {
                CutField::Servers => "servers",
                CutField::NotAsked => "not_asked",
                CutField::Child => "child",
            };
            format!("cuts/{index}/{field}")
        }
        InLookup::ServerFaults(index) => format!("all_servers/{index}/faults"),
        InLookup::UnfoundServer(index) => format!("unfound_servers/{index}/why"),
        InLookup::AliasFailed => "service/alias_failed".to_owned(),
        InLookup::ServiceAlpn(index) => format!("service/records/{index}/alpn"),
        InLookup::ServiceFailed(index) => format!("service/records/{index}/failed"),
        InLookup::Dnssec(place) => format!("dnssec/{}", dnssec(place)),
    }
}

const fn packet(field: PacketField) -> &'static str {
    match field {
        PacketField::Transport => "transport",
        PacketField::Edns => "edns",
        PacketField::Chosen => "chosen",
        PacketField::Sent => "sent_us",
        PacketField::RoundTrip => "rtt_us",
        PacketField::BytesReceived => "bytes_received",
        PacketField::Rcode => "rcode",
        PacketField::Flags => "flags",
        PacketField::ExtendedErrors => "extended_errors",
        PacketField::Meaning => "meaning",
        PacketField::Detail => "detail",
        PacketField::Glue => "referral/glue",
        PacketField::Dropped => "dropped",
    }
}

fn dnssec(place: InDnssec) -> String {
    match place {
        InDnssec::Verdict => "verdict".to_owned(),
        InDnssec::Why => "why".to_owned(),
        InDnssec::BogusInPart => "bogus_in_part".to_owned(),
        InDnssec::ClockSuspected => "clock_suspected".to_owned(),
        InDnssec::LinkWhy(link) => format!("chain/{link}/why"),
        InDnssec::Signature(place, field) => {
            let place = match place {
                SignaturePlace::Link(link, index) => format!("chain/{link}/signatures/{index}"),
                SignaturePlace::Answer(index) => format!("signatures/{index}"),
            };
            let field = match field {
                SignatureField::DaysLeft => "days_left",
                SignatureField::Expiration => "expiration",
            };
            format!("{place}/{field}")
        }
    }
}

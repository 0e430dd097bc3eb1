//! What is written at an arrow or a row, in the protocols' own terms. Not sentences: those are the renderers'.

use crate::trace::{GrpcStatusBy, HandshakeMessage, Http, Meaning, Packet};
use crate::units;

/// `A? www.example.test.`
pub(super) fn question(packet: &Packet) -> String {
    format!("{}? {}", packet.qtype.mnemonic(), packet.qname)
}

/// `referral to test.`, `A 192.0.2.1`, `NXDOMAIN`.
pub(super) fn reply(packet: &Packet) -> String {
    let rcode = || packet.reply.as_ref().map_or("reply".into(), |reply| reply.rcode.mnemonic()).into_owned();
    match &packet.meaning {
        Meaning::Answer { records } => match &records[..] {
            [only] => format!("{} {}", only.rtype.mnemonic(), only.data),
            [first, rest @ ..] if rest.iter().all(|record| record.rtype == first.rtype) => {
                format!("{} {} records", records.len(), first.rtype.mnemonic())
            }
            _ => units::count(records.len(), "record"),
        },
        Meaning::Cname { target, .. } => format!("CNAME {target}"),
        Meaning::Yxdomain { .. } => "YXDOMAIN".to_owned(),
        Meaning::Referral { cut, .. } => format!("referral to {cut}"),
        Meaning::NoData(_) => format!("no {} record", packet.qtype.mnemonic()),
        Meaning::NxDomain(_) => "NXDOMAIN".to_owned(),
        Meaning::Truncated => "truncated (TC)".to_owned(),
        Meaning::EdnsRefused | Meaning::EdnsOptionsRefused | Meaning::Refused | Meaning::ServerFailure => {
            rcode()
        }
        Meaning::CaseChanged => "case not kept".to_owned(),
        Meaning::UpwardReferral { to } => format!("upward referral to {to}"),
        Meaning::NonAuthoritative => "answer without AA".to_owned(),
        Meaning::Lame { .. } => "lame".to_owned(),
        Meaning::Malformed { .. } => "malformed".to_owned(),
        Meaning::WrongSource { from } => format!("reply from {from}, not believed"),
        Meaning::Timeout | Meaning::Error { .. } | Meaning::Stopped(_) | Meaning::Superseded => rcode(),
    }
}

/// Whether a walk cannot go on by it, and the server or the way to it is why.
pub(super) const fn is_of_no_use(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Refused
            | Meaning::ServerFailure
            | Meaning::UpwardReferral { .. }
            | Meaning::Lame { .. }
            | Meaning::Malformed { .. }
            | Meaning::WrongSource { .. }
            | Meaning::Timeout
            | Meaning::Error { .. }
    )
}

/// `ServerHello, Certificate`.
pub(super) fn messages(messages: &[HandshakeMessage]) -> String {
    if messages.is_empty() {
        return "TLS data".to_owned();
    }
    let names: Vec<&str> = messages.iter().map(|message| message.as_str()).collect();
    names.join(", ")
}

/// `GET /`.
pub(super) fn request(http: &Http) -> String {
    format!("{} {}", http.request.method, http.request.target)
}

/// What the trailers of a call of gRPC say: `, grpc-status 0 OK`.
pub(super) fn call_end(http: &Http) -> String {
    match http.grpc.as_ref().and_then(|call| call.status) {
        Some(status) if status.by == GrpcStatusBy::Trailers => {
            format!(", grpc-status {} {}", status.code, status.name().unwrap_or_default())
        }
        _ => String::new(),
    }
}

//! What a server takes of TLS.

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{
    Judged, ScanAnswer, ScanEnd, Scanned, ScannedCertificate, ScannedSuite, ScannedVersion, TlsScan,
};

objects! {
    TlsScan => |it| record!(it, TlsScan {
        address, versions, suites, groups, signature_schemes, certificates, gaps, connections
    } {
        took: it.get("duration_us")?,
        end: end(&it)?,
    });
    ScannedVersion => |it| record!(it, ScannedVersion { order, judged } {
        version: it.get("name")?,
        answer: match it.get::<String>("answer")?.as_str() {
            "taken" => ScanAnswer::Taken,
            "refused" => ScanAnswer::Refused(it.get("refusal")?),
            "closed" => ScanAnswer::Closed,
            "unclear" => ScanAnswer::Unclear,
            "unasked" => ScanAnswer::Unasked,
            _ => return Err(Fault::new("it is no answer to a scan").within("answer")),
        },
    });
    ScannedSuite => |it| record!(it, ScannedSuite { version, name } {
        code: code(&it.get::<String>("code")?)?,
        openssl: it.get("openssl_name")?,
        judged: judged(&it)?,
    });
    Scanned => |it| record!(it, Scanned { name, versions } {
        code: it.get::<Option<String>>("code")?.as_deref().map(code).transpose()?,
        judged: judged(&it)?,
    });
    ScannedCertificate => |it| record!(it, ScannedCertificate { key_type, key_bits, sha256 });
    Judged => |it| judged(&it)?;
}

fn judged(it: &Object<'_>) -> Read<Judged> {
    Ok(record!(it, Judged { why, standard } { grade: it.get("verdict")? }))
}

/// `0x1301`.
fn code(text: &str) -> Read<u16> {
    let digits = text.strip_prefix("0x").and_then(|digits| u16::from_str_radix(digits, 16).ok());
    digits.ok_or_else(|| Fault::new("it is no number such as 0x1301").within("code"))
}

fn end(it: &Object<'_>) -> Read<ScanEnd> {
    Ok(match it.get::<String>("end")?.as_str() {
        "done" => ScanEnd::Done,
        "connections" => ScanEnd::Connections(it.get("most_connections")?),
        "time" => ScanEnd::Time(it.get("longest_us")?),
        "max-time" => ScanEnd::MaxTime,
        "interrupted" => ScanEnd::Interrupted,
        "unanswered" => ScanEnd::Unanswered,
        "not-tried" => ScanEnd::NotTried(it.get("ended")?),
        _ => return Err(Fault::new("it is no end of a scan").within("end")),
    })
}

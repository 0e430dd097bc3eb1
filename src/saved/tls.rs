//! A TLS handshake, and what was asked about it afterwards.

use std::time::{Duration, SystemTime};

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{
    Alert, Caa, CaaOutcome, CaaQuestion, CaaVerdict, Certificate, CertificateFault, CertificateStatus,
    CheckLimit, ClientCertificate, Flight, LegacyProbe, NotResumed, Offer, Record, RecordType, Resumed,
    Resumption, RootsOf, SignedTimestamp, Staple, Tls, Verification,
};

objects! {
    Tls => |it| record!(it, Tls {
        stamped_by, sni, verified_name, offer, flights, round_trips, version, cipher_suite, group, signature_scheme,
        alpn, hello_retry, chain, verification, alert, bytes_received, bytes_sent, legacy_probe, resumption, scan, caa
    } {
        start: it.get("start_us")?,
        end: it.end()?,
        noticed: it.get("noticed_us")?,
        client_certificate: it.or("client_certificate", ClientCertificate {
            requested: it.get("client_certificate_requested")?,
            ..ClientCertificate::default()
        })?,
        ocsp_bytes: it.or("ocsp_bytes", 0)?,
        staple: it.get("ocsp")?,
        key_exchange_cpu: it.or("key_exchange_cpu_us", Duration::ZERO)?,
    });
    ClientCertificate => |it| record!(it, ClientCertificate { requested, sent, subject, acceptable_cas });
    Offer => |it| record!(it, Offer { versions, cipher_suites, groups, signature_schemes, alpn, bytes } {
        key_shares: it.rows("key_shares", |row| {
            let row = Object::of(row)?;
            Ok((row.get("group")?, row.get("bytes")?))
        })?,
    });
    Flight => |it| record!(it, Flight { direction, messages, bytes } {
        start: it.get("start_us")?,
        end: it.get("end_us")?,
        cpu: it.or("cpu_us", Duration::ZERO)?,
    });
    Certificate => |it| record!(it, Certificate {
        subject, issuer, issuer_organization, serial, names, not_before, not_after, days_left, key_type, key_bits,
        signature_algorithm, sha256, is_ca, self_issued, issuer_urls, scts, must_staple, trusted_root
    } {
        spki_sha256: it.or("spki_sha256", String::new())?,
    });
    SignedTimestamp => |it| record!(it, SignedTimestamp { log_id } {
        timestamp: match it.get::<Option<u64>>("unix_ms")? {
            Some(unix) => SystemTime::UNIX_EPOCH + Duration::from_millis(unix),
            None => it.get("timestamp")?,
        },
    });
    Verification => |it| record!(it, Verification {
        roots, faults, overridden, system_would_trust, embedded_would_trust
    } {
        start: it.get("start_us")?,
        cpu: it.or("cpu_us", Duration::ZERO)?,
        roots_of: it.or("roots_of", RootsOf::Somebody)?,
    });
    CertificateFault => |it| fault(&it)?;
    Alert => |it| record!(it, Alert { direction, description });
    LegacyProbe => |it| record!(it, LegacyProbe {
        version, cipher_suite, group, signature_scheme, answers_again, answers_tls12, answers_small
    });
    Staple => |it| record!(it, Staple { produced_at, this_update, next_update } { status: status(&it)? });
    Resumption => |it| record!(it, Resumption { tickets, early_data } {
        full: it.get("full_handshake_us")?,
        outcome: resumed(&it)?,
    });
    Caa => |it| record!(it, Caa { questions, property } {
        records: it.rows("records", |row| {
            let row = Object::of(row)?;
            Ok(record!(row, Record { name, ttl, data } { rtype: CAA }))
        })?,
        verdict: verdict(&it)?,
    });
    CaaQuestion => |it| record!(it, CaaQuestion { name, packets } {
        start: it.get("start_us")?,
        end: it.end()?,
        outcome: match it.get::<String>("outcome")?.as_str() {
            "found" => CaaOutcome::Found,
            "absent" => CaaOutcome::Absent,
            "failed" => CaaOutcome::Failed(it.get::<Option<String>>("error")?.unwrap_or_default()),
            _ => return Err(Fault::new("it is nothing that comes of a question").within("outcome")),
        },
    });
}

/// The type of CAA records (RFC 8659).
const CAA: RecordType = RecordType(257);

fn status(it: &Object<'_>) -> Read<CertificateStatus> {
    Ok(match it.get::<String>("status")?.as_str() {
        "good" => CertificateStatus::Good,
        "revoked" => CertificateStatus::Revoked(it.get("revoked_at")?),
        "unknown" => CertificateStatus::Unknown,
        "other-certificate" => CertificateStatus::Other,
        "no-answer" => CertificateStatus::NoAnswer,
        "unreadable" => CertificateStatus::Unreadable,
        _ => return Err(Fault::new("it is no status of a certificate").within("status")),
    })
}

fn resumed(it: &Object<'_>) -> Read<Resumed> {
    if it.get("resumed")? {
        return Ok(Resumed::Yes { took: it.get("handshake_us")?, round_trips: it.get("round_trips")? });
    }
    let words: String = it.get::<Option<String>>("reason")?.unwrap_or_default();
    let why = match it.get::<Option<String>>("reason_code")?.as_deref() {
        Some("no-ticket") => NotResumed::NoTicket,
        Some("nothing-read") => NotResumed::NothingRead,
        Some("full-handshake") => NotResumed::FullHandshake,
        // Documents without a code have the words alone.
        Some("failed") | None => NotResumed::Failed(words),
        Some(_) => return Err(Fault::new("it is no reason").within("reason_code")),
    };
    Ok(Resumed::No { why, took: it.get("handshake_us")? })
}

fn verdict(it: &Object<'_>) -> Read<CaaVerdict> {
    Ok(match it.get::<String>("verdict")?.as_str() {
        "no-records" => CaaVerdict::NoRecords,
        "no-restriction" => CaaVerdict::NoRestriction,
        "named" => CaaVerdict::Named(it.get("identifier")?),
        "not-named" => CaaVerdict::NotNamed {
            organization: it.get::<Option<String>>("organization")?.unwrap_or_default(),
            identifier: it.get("identifier")?,
        },
        "unjudged" => CaaVerdict::Unjudged(it.get::<Option<String>>("why")?.unwrap_or_default()),
        _ => return Err(Fault::new("it is nothing that CAA records come to").within("verdict")),
    })
}

/// A fault of a certificate. Documents without particulars have a sentence alone, which stands for it.
fn fault(it: &Object<'_>) -> Read<CertificateFault> {
    let sentence = || it.get("detail").map(CertificateFault::Other);
    let Some(more) = it.object("particulars")? else { return sentence() };
    let code: String = it.get("code")?;
    let fault = || -> Read<CertificateFault> {
        Ok(match code.as_str() {
            "certificate-expired" => {
                CertificateFault::Expired { index: more.get("index")?, not_after: more.get("at")? }
            }
            "certificate-not-yet-valid" => {
                CertificateFault::NotYetValid { index: more.get("index")?, not_before: more.get("at")? }
            }
            "certificate-wrong-host" => {
                record!(more, CertificateFault::WrongHost { wanted, nearest, near_miss })
            }
            "certificate-self-signed" => CertificateFault::SelfSigned,
            "certificate-chain-incomplete" => {
                CertificateFault::MissingIntermediate { issuer: more.get("issuer")?, url: it.get("url")? }
            }
            "certificate-unknown-issuer" => record!(more, CertificateFault::UnknownIssuer { issuer }),
            "certificate-unchecked" => {
                CertificateFault::Unchecked { index: more.get("index")?, limit: limit(&more)? }
            }
            _ => CertificateFault::Other(more.get("what")?),
        })
    };
    fault().map_err(|fault| fault.within("particulars"))
}

fn limit(it: &Object<'_>) -> Read<CheckLimit> {
    Ok(match it.get::<String>("limit")?.as_str() {
        "version" => CheckLimit::Version(it.get("version")?),
        "key" => CheckLimit::Key(it.get("what")?),
        "issuer-key" => CheckLimit::IssuerKey { issuer: it.get("issuer")?, key: it.get("what")? },
        "signature" => CheckLimit::Signature(it.get("what")?),
        "search" => CheckLimit::Search(it.get("what")?),
        _ => return Err(Fault::new("it is no limit").within("limit")),
    })
}

//! What the server's certificate proves, and what it does not.

use super::teller::{Teller, clip, list};
use crate::trace::{CertificateFault, Tls, Verification};
use crate::units;

const STANDARDS: &[&str] = &["RFC 5280 section 6", "RFC 9525 section 6", "RFC 6962"];

/// The certificates of a handshake; nothing where none came.
pub(super) fn put(teller: &mut Teller, tls: &Tls) {
    let Some(leaf) = tls.chain.first() else { return };
    let names = units::count(leaf.names.len(), "name");
    let validity = match leaf.days_left {
        _ if leaf.never_expires() => "says that it does not expire".to_owned(),
        over @ ..0 => format!("ran out {} ago", units::count(over.unsigned_abs() as usize, "day")),
        left => format!("is valid for {} more", units::count(left as usize, "day")),
    };
    let told = [
        format!(
            "The server sent {}. The first is its own: for {names} ({}), issued by {}, and it {validity}; its key is \
             {}.",
            units::count(tls.chain.len(), "certificate"),
            list(&leaf.names),
            clip(&leaf.issuer),
            clip(&leaf.key_type)
        ),
        tls.verification.as_ref().map_or_else(
            || "It was not checked: the handshake ended before.".to_owned(),
            |verification| checked(tls, verification),
        ),
        "What a good certificate proves: an authority that this machine trusts has seen, when it issued it, that whoever \
         has the key controls that name. What it does not prove: that the owner is honest, or that what the server sends \
         is harmless."
            .to_owned(),
        format!(
            "Whether it has been revoked (called back by its issuer) is not looked up here; the server sent {} of its \
             issuer's word on that along (OCSP stapling). It carries {} that public logs have seen it (SCT).",
            units::bytes(tls.ocsp_bytes as u64),
            units::count(leaf.scts.len(), "stamp")
        ),
    ];
    let good = tls.verification.as_ref().is_some_and(|verification| verification.faults.is_empty());
    let command = if good {
        "urltrace --lab https://wrong-host.tls.test/"
    } else {
        "urltrace --lab https://www.example.test/"
    };
    teller.tell("What the certificate proves", &told, STANDARDS, command);
}

fn checked(tls: &Tls, verification: &Verification) -> String {
    let roots = clip(&verification.roots);
    let name = clip(&tls.verified_name);
    let cpu = units::duration(verification.cpu);
    if verification.faults.is_empty() {
        return format!(
            "It was checked in {cpu}: signatures lead from it to one of the roots trusted here ({roots}), its dates \
             hold, and one of its names fits {name}."
        );
    }
    let faults: Vec<String> = verification.faults.iter().map(fault).collect();
    let on = if verification.overridden { " By -k the run went on all the same." } else { "" };
    format!("It was checked in {cpu} for {name} against {roots}, and did not pass: {}.{on}", list(&faults))
}

fn fault(fault: &CertificateFault) -> String {
    match fault {
        CertificateFault::Expired { .. } => "its time is over".to_owned(),
        CertificateFault::NotYetValid { .. } => "its time has not begun".to_owned(),
        CertificateFault::WrongHost { wanted, .. } => format!("it is not for {}", clip(wanted)),
        CertificateFault::SelfSigned => "it signed itself and is no trusted root".to_owned(),
        CertificateFault::MissingIntermediate { issuer, .. } => {
            format!("the certificate of its issuer, {}, was not sent", clip(issuer))
        }
        CertificateFault::UnknownIssuer { issuer } => {
            format!("its issuer, {}, is not trusted here", clip(issuer))
        }
        CertificateFault::Unchecked { limit, .. } => {
            format!("it has {}, which cannot be checked here", clip(&limit.words()))
        }
        CertificateFault::Other(words) => format!("it {}", clip(words)),
    }
}

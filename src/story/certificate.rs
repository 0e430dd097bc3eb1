//! What the server's certificate proves, and what it does not.

use super::teller::{Teller, clip, list};
use crate::trace::{CaaVerdict, CertificateFault, ChainPlace, Tls, Verification, chain_places, cross_signs};
use crate::units;

const STANDARDS: &[&str] = &["RFC 5280 section 6", "RFC 9525 section 6", "RFC 6962", "RFC 8659"];

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
    let told = [&told[..], &chain(tls), &caa(tls)].concat();
    let good = tls.verification.as_ref().is_some_and(|verification| verification.faults.is_empty());
    let command = if good {
        "urltrace --lab https://wrong-host.tls.test/"
    } else {
        "urltrace --lab https://www.example.test/"
    };
    teller.tell("What the certificate proves", &told, STANDARDS, command);
}

/// What stands behind the leaf and is not as it should be, or leads elsewhere.
fn chain(tls: &Tls) -> Vec<String> {
    let places = chain_places(&tls.chain);
    let count = |wanted: ChainPlace| places.iter().filter(|place| **place == wanted).count();
    let mut told = Vec::new();
    let early = count(ChainPlace::OutOfOrder);
    if early > 0 {
        let behind = units::count(early, "certificate");
        told.push(format!("They are out of order: {behind} of them came before what it has issued."));
    }
    let needless = count(ChainPlace::Root) + count(ChainPlace::Duplicate) + count(ChainPlace::Unrelated);
    if needless > 0 {
        told.push(format!(
            "Nobody needs {needless} of them: a root, a double, or one that has issued no other."
        ));
    }
    let crosses = |index: usize| {
        let certificate = &tls.chain[index];
        !cross_signs(&tls.chain, index).is_empty() || certificate.trusted_root && !certificate.self_issued
    };
    let crosses = (0..tls.chain.len()).filter(|index| crosses(*index)).count();
    if crosses > 0 {
        told.push(format!(
            "{crosses} of them is a cross-sign: the same name and key signed by a further authority, so that clients that \
             lack one root find the way to another."
        ));
    }
    told
}

/// What the CAA records of the domain say.
fn caa(tls: &Tls) -> Vec<String> {
    let Some(caa) = &tls.caa else { return Vec::new() };
    let asked = units::count(caa.questions.len(), "question");
    let at = clip(caa.domain().unwrap_or_default());
    let said = match &caa.verdict {
        CaaVerdict::NoRecords => "there are none, so that every authority may issue for the host".to_owned(),
        CaaVerdict::NoRestriction => format!("those of {at} leave open who may issue"),
        CaaVerdict::Named(identifier) => {
            format!("those of {at} name the one that issued this certificate, as {}", clip(identifier))
        }
        CaaVerdict::NotNamed { organization, .. } => format!(
            "those of {at} do not name {}, which issued this certificate. It is good all the same, as they are looked \
             at before an authority issues; the next one there would be refused",
            clip(organization)
        ),
        CaaVerdict::Unjudged(why) => {
            format!("what they say of this issuer cannot be judged here ({})", clip(why))
        }
    };
    vec![format!(
        "Which authorities may issue for a domain, its CAA records in DNS say. When all was over, {asked} went out for \
         them: {said}."
    )]
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

//! Strict-Transport-Security on the first contact with each host (RFC 6797), for the rules on it and for who comes back.

use crate::trace::{Hop, Host, Http, Scheme, Trace, header, parameter, seconds};

/// What a host says of coming back by https only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    None,
    /// A field that means nothing, as it has no lifetime that can be read (§6.1).
    Unreadable,
    /// To do so for so many seconds.
    Kept {
        /// So many.
        seconds: u64,
        /// Whether that is for all names below, too.
        subdomains: bool,
    },
}

/// A response of a host that browsers take the field of.
#[derive(Clone, Copy)]
pub struct Contact<'t> {
    /// Its request.
    pub hop: Hop<'t>,
    /// The response.
    pub http: &'t Http,
    /// What that says.
    pub policy: Policy,
}

/// The first of each host that has the field, else its last: browsers take the field over a sound https connection only (§8.1), and never for
/// an address (§8.1.1). Errors are left out: many servers send it with good responses only.
#[must_use]
pub fn contacts(trace: &Trace) -> Vec<Contact<'_>> {
    let mut contacts: Vec<Contact<'_>> = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran().filter(|http| http.status.is_some_and(|status| status < 400)) else {
            continue;
        };
        if !takes(&hop) {
            continue;
        }
        let contact = Contact { hop, http, policy: policy(http) };
        match contacts.iter_mut().find(|known| known.hop.url.host_ascii == hop.url.host_ascii) {
            // A redirect by what stands in front of the server may lack what its pages have.
            Some(known) if known.policy == Policy::None => *known = contact,
            Some(_) => {}
            None => contacts.push(contact),
        }
    }
    contacts
}

fn takes(hop: &Hop<'_>) -> bool {
    let named = matches!(hop.url.host, Host::Name(_)) && !hop.url.host.is_this_machine();
    let tls = hop.connection.and_then(|connection| connection.tls.as_ref().ran());
    let sound = tls.and_then(|tls| tls.verification.as_ref()).is_some_and(|it| it.faults.is_empty());
    // What answers preflights is often another layer than what answers visitors.
    hop.url.scheme == Scheme::Https && named && sound && !hop.request.is_preflight()
}

/// What a response says. Of several fields only the first counts (§8.1); a directive that stands in it twice makes it void
/// (§6.1), as Chrome has it.
#[must_use]
pub fn policy(http: &Http) -> Policy {
    let Some(field) = header(&http.headers, "strict-transport-security") else { return Policy::None };
    let named = |name: &str| {
        let is_it =
            |part: &&str| part.split('=').next().unwrap_or_default().trim().eq_ignore_ascii_case(name);
        field.split(';').filter(is_it).count()
    };
    let is_void = named("max-age") > 1 || named("includesubdomains") > 1;
    match parameter(&field, "max-age").and_then(|age| seconds(age.trim())) {
        Some(seconds) if !is_void => {
            Policy::Kept { seconds, subdomains: parameter(&field, "includesubdomains").is_some() }
        }
        _ => Policy::Unreadable,
    }
}

/// Whether a host above this one, seen in the same trace, speaks for it.
#[must_use]
pub fn is_covered(host: &str, contacts: &[Contact<'_>]) -> bool {
    contacts.iter().any(|other| {
        let below = host.strip_suffix(&*other.hop.url.host_ascii).is_some_and(|rest| rest.ends_with('.'));
        let speaks =
            matches!(other.policy, Policy::Kept { seconds, subdomains } if seconds > 0 && subdomains);
        below && speaks
    })
}

/// Whether browsers go to a host by https alone once they have seen the responses of a trace.
#[must_use]
pub fn is_known(host: &str, trace: &Trace) -> bool {
    let contacts = contacts(trace);
    let speaks = |contact: &Contact<'_>| {
        contact.hop.url.host_ascii == host
            && matches!(contact.policy, Policy::Kept { seconds, .. } if seconds > 0)
    };
    contacts.iter().any(speaks) || is_covered(host, &contacts)
}

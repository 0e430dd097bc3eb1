//! Who might know the answer already: the browser, the hosts file, this machine's resolver.

use super::teller::{Teller, clip, list};
use crate::trace::{Dns, DnsLane, Stub};
use crate::units;

/// What a time to live is, where one has been named.
pub(super) const TTL: &str = "Such a limit is called TTL (time to live): for so many seconds a copy may be \
                              kept; then it has to be asked for again.";

/// Caches come first in a browser; they are not counted here.
pub(super) fn put(teller: &mut Teller, dns: &Dns) {
    if matches!(dns.lane, DnsLane::Given | DnsLane::Special) {
        return;
    }
    let mut told = vec![
        teller
            .once(
                "A browser asks memories before it asks the network: its own cache first, then the machine's \
                 hosts file (a list of names kept by hand), then the machine's resolver, the program that \
                 looks up names for all others and remembers what it was told.",
            )
            .to_owned(),
        "urltrace has no browser's cache and begins with nothing, as a first visit does.".to_owned(),
        hosts(dns),
    ];
    match &dns.stub {
        Some(stub) if dns.lane == DnsLane::StubFallback => told.push(format!(
            "This machine's resolver gave the answer here, within {}, because the walk could not.",
            units::duration(stub.end.since(stub.start))
        )),
        Some(stub) => told.extend(resolver(teller, stub)),
        None => told.push("This machine's resolver was not asked in this run.".to_owned()),
    }
    teller.tell(
        "The caches on the way",
        &told,
        &["RFC 1034 section 3.6", "RFC 2181 section 8"],
        "urltrace --lab https://www.capped.test/",
    );
}

fn hosts(dns: &Dns) -> String {
    let Some(files) = &dns.system else {
        return "The hosts file was not looked at in this run.".to_owned();
    };
    let file = clip(&files.hosts_file);
    if files.addresses.is_empty() {
        return format!("{file} has no line for {}.", clip(&dns.name));
    }
    let addresses: Vec<String> = files.addresses.iter().map(ToString::to_string).collect();
    format!(
        "{file} has {} for {}: a browser would use that and ask nobody; this run asked all the same.",
        list(&addresses),
        clip(&dns.name)
    )
}

fn resolver(teller: &mut Teller, stub: &Stub) -> Vec<String> {
    let server = stub.server.or_else(|| stub.servers.first().copied());
    let server = server.map_or_else(String::new, |server| format!(", {},", server.ip()));
    let took = units::duration(stub.end.since(stub.start));
    if let Some(error) = &stub.error {
        return vec![format!(
            "This machine's resolver{server} was asked beside the walk and gave no answer in {took}: {}.",
            clip(error)
        )];
    }
    let mut said = match stub.rcode {
        Some(rcode) if stub.answers.is_empty() => format!("{} without a record", rcode.mnemonic()),
        _ => units::count(stub.answers.len(), "record"),
    };
    if let Some(left) = stub.ttl {
        said.push_str(&format!(", the least of which it may keep for {left} s more"));
    }
    let mut told = vec![format!(
        "This machine's resolver{server} was asked beside the walk, and answered {said}, within {took}; that \
         time is not counted."
    )];
    if stub.ttl.is_some() {
        told.push(teller.once(TTL).to_owned());
    }
    told.push(match (stub.age, stub.age_at_most) {
        (Some(0), _) => "Its copy is 0 s old: it is fresh.".to_owned(),
        (Some(age), _) => format!("Its copy is {age} s old: it came from memory."),
        (None, Some(most)) => format!(
            "Its copy is at most {most} s old; how old cannot be known, as a resolver may cut a TTL short."
        ),
        (None, None) => String::new(),
    });
    told.push(match stub.agrees {
        Some(true) => "It has the same addresses as the walk.".to_owned(),
        Some(false) => "Its addresses are not those of the walk: an older copy, an answer made for another \
                        place, or a filter can be the reason."
            .to_owned(),
        None => String::new(),
    });
    told
}

//! The options of `urltrace dns`: which questions are asked, and how. Reads the names of a batch.
//!
//! What a name may be made of is decided where it is asked: a batch goes on past a name that
//! cannot be, and says so in its place.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::batch::batch;
use super::declarations::{Common, DnsOptions, Format};
use super::error::PlanError;
use super::files::{read_text, standard_input};
use super::settings::Action;
use super::syntax::{question, socket_address};
use super::{borrowed, hands};
use crate::plan::{
    DnsPlan, Endpoint, EndpointHost, Family, Plan, PublicResolver, PublicResolvers, Question, ResolverChoice,
    Reuse, Survey,
};
use crate::trace::{RecordType, Transport};

/// Questions that one server of a batch is asked at the same time.
const SERVER_LIMIT: usize = 8;

/// Reads what stands behind `urltrace dns` as dig would: `@SERVER`, a name, a type, `+short`.
pub(super) fn as_dig(mut options: DnsOptions, common: &mut Common) -> Result<DnsOptions, PlanError> {
    let (mut plain, mut has_server) = (Vec::new(), false);
    for word in std::mem::take(&mut options.words) {
        match word.as_bytes() {
            [b'@', ..] => {
                common.resolver = at_server(&word[1..], options.port.as_deref())?;
                has_server = true;
            }
            [b'+', ..] => as_flag(&word, &mut options, common)?,
            _ if word.eq_ignore_ascii_case("IN") && !plain.is_empty() => {}
            _ => plain.push(word),
        }
    }
    if options.port.is_some() && !has_server {
        return Err(PlanError::usage("-p is the port of a server: `urltrace dns @SERVER -p PORT NAME`"));
    }
    // As the parser has it for the options of these names.
    if options.short && common.format != Format::Text {
        return Err(PlanError::usage("+short prints the data alone: it cannot be used with --format"));
    }
    if common.no_dnssec && common.trust_anchor.is_some() {
        return Err(PlanError::usage("+nodnssec validates nothing: it cannot be used with --trust-anchor"));
    }
    // dig takes a type in front of the name, too.
    let is_type = |word: &String| RecordType::from_mnemonic(word).is_some() && !word.contains('.');
    if plain.len() == 2 && is_type(&plain[0]) && !is_type(&plain[1]) {
        plain.swap(0, 1);
    }
    let mut plain = plain.into_iter();
    if options.reverse.is_none() {
        options.words.extend(plain.next());
    }
    for word in plain {
        if record_type(&word).is_err() {
            return Err(PlanError::with_hint(
                format!("`{}` is a second name, and one run takes one", word.escape_debug()),
                "many names: `urltrace dns - < FILE`, one per line",
            ));
        }
        options.types.push(word);
    }
    Ok(options)
}

/// Refuses the formats that show a whole request.
pub(super) fn check_format(format: Format) -> Result<(), PlanError> {
    match format {
        Format::Text | Format::Json | Format::Jsonl => Ok(()),
        _ => Err(PlanError::with_hint(
            "`urltrace dns` reports as text, json or jsonl",
            "every other format shows a URL and the lookup of its name: `urltrace --format html URL`",
        )),
    }
}

/// `@SERVER`, with the port that `-p` gives.
fn at_server(server: &str, port: Option<&str>) -> Result<String, PlanError> {
    let Some(port) = port else { return Ok(server.to_owned()) };
    let address = server.parse::<IpAddr>().ok().zip(port.parse::<u16>().ok());
    address.map(|(address, port)| SocketAddr::new(address, port).to_string()).ok_or_else(|| {
        PlanError::with_hint("-p is the port, and @SERVER the address of a server", "@192.0.2.53 -p 5353")
    })
}

/// A word of dig's that begins with `+`.
fn as_flag(word: &str, options: &mut DnsOptions, common: &mut Common) -> Result<(), PlanError> {
    let name = word.split('=').next().unwrap_or_default();
    match name {
        "+short" => options.short = true,
        "+qmin" => common.qmin = true,
        "+nodnssec" => common.no_dnssec = true,
        // What urltrace does anyway.
        "+trace" | "+dnssec" | "+edns" | "+cookie" | "+nocookie" | "+adflag" | "+noall" | "+answer" => {}
        _ => {
            return Err(borrowed::dig(name).map_or_else(
                || {
                    PlanError::with_hint(
                        format!("there is no option {word}"),
                        "`urltrace dns --help` lists all",
                    )
                },
                |answer| hands::answered(word, answer),
            ));
        }
    }
    Ok(())
}

/// What is to be done for `urltrace dns`.
pub(super) fn action(mut plan: Plan, common: &Common, options: &DnsOptions) -> Result<Action, PlanError> {
    // As dig has it. A URL's `-4` and `-6` are curl's: they choose among the addresses of the host.
    plan.dns.server_family = plan.dns.family;
    check_family(&plan.dns)?;
    plan.dns.survey = survey(common, plan.dns.server_family)?;
    if let Some(address) = &options.reverse {
        if !options.types.is_empty() || !options.words.is_empty() {
            return Err(PlanError::usage(
                "-x asks for the PTR records of an address: it takes no name and no type",
            ));
        }
        let question = Question { name: reverse_name(address)?, types: vec![PTR] };
        return Ok(Action::Ask { input: address.clone(), question, plan });
    }
    let types = match &options.types[..] {
        [] => vec![RecordType::A],
        words => words.iter().map(|word| record_type(word)).collect::<Result<Vec<_>, _>>()?,
    };
    let Some(name) = options.words.first() else {
        return Err(PlanError::with_hint("there is no name to ask for", "`urltrace dns www.example.com`"));
    };
    if name != "-" && options.cold {
        return Err(PlanError::usage(
            "--cold is for the names of `-`: one name alone is always asked afresh",
        ));
    }
    if name == "-" {
        refuse_for_many(common)?;
        plan.dns.server_limit = Some(SERVER_LIMIT);
        let reuse = if options.cold { Reuse::Cold } else { Reuse::Shared };
        return Ok(Action::AskAll(plan, batch(&standard_input()?, &types, reuse)));
    }
    if let Some(hint) = no_name(name) {
        return Err(hint);
    }
    let question = question(name, &types)
        .ok_or_else(|| PlanError::usage(format!("`{}` is not a domain name", name.escape_debug())))?;
    Ok(Action::Ask { input: name.to_owned(), question, plan })
}

/// What is written as a URL, an address, or with a port, and how it is asked for. As a name it would tell
/// the root servers all of itself.
fn no_name(text: &str) -> Option<PlanError> {
    let error = |message: &str, hint: String| Some(PlanError::with_hint(message, hint));
    if let Some(host) = host_of_url(text) {
        let hint = format!("`urltrace dns {host}`; `urltrace` alone traces the URL");
        return error("`urltrace dns` asks for a name, and this is a URL", hint);
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return error(
            "`urltrace dns` asks for a name, and this is an address",
            format!("`urltrace dns -x {bare}` asks for the name it belongs to"),
        );
    }
    let (name, port) = text.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !name.contains([':', '@', '/'])).then(|| {
        PlanError::with_hint("a name in DNS has no port", format!("`urltrace dns {}`", name.escape_debug()))
    })
}

/// A resolver that `-4` or `-6` keeps from being asked.
fn check_family(plan: &DnsPlan) -> Result<(), PlanError> {
    let address = match &plan.lane {
        ResolverChoice::Server(address) => address.ip(),
        ResolverChoice::Endpoint(Endpoint { host: EndpointHost::Address(address), .. }) => *address,
        ResolverChoice::Endpoint(Endpoint { host: EndpointHost::Scoped(address, _), .. }) => {
            (*address).into()
        }
        _ => return Ok(()),
    };
    match plan.family.words().filter(|_| !plan.family.admits(address)) {
        None => Ok(()),
        Some((family, option)) => Err(PlanError::with_hint(
            format!("{option} asks by {family} only, and the resolver {address} has no {family} address"),
            format!("leave out {option}, or give the resolver's {family} address"),
        )),
    }
}

/// Whom else to ask, once the answer is there, by servers of `family`.
pub(super) fn survey(common: &Common, family: Family) -> Result<Survey, PlanError> {
    if !common.propagation {
        return match common.resolvers {
            None => Ok(Survey { all_servers: common.all_ns, propagation: None }),
            Some(_) => {
                Err(PlanError::usage("--resolvers says whom --propagation asks: it needs that option"))
            }
        };
    }
    let list = common.resolvers.as_deref().map(public_resolvers).transpose()?;
    let list = list.map_or(PublicResolvers::BuiltIn, PublicResolvers::Given);
    check_public_resolvers(&list, family)?;
    Ok(Survey { all_servers: common.all_ns, propagation: Some(list) })
}

/// The same for the resolvers of `--propagation`.
fn check_public_resolvers(list: &PublicResolvers, family: Family) -> Result<(), PlanError> {
    let Some((words, option)) = family.words() else { return Ok(()) };
    let other = list.list().into_iter().find(|resolver| !family.admits(resolver.address.ip()));
    match other {
        None => Ok(()),
        Some(resolver) => Err(PlanError::with_hint(
            format!(
                "{option} asks by {words} only, and --propagation would ask the resolver {}",
                resolver.address.ip()
            ),
            format!("give a list of {words} addresses with --resolvers FILE"),
        )),
    }
}

/// What is worth its packets for one name only.
fn refuse_for_many(common: &Common) -> Result<(), PlanError> {
    for (given, option) in [(common.all_ns, "--all-ns"), (common.propagation, "--propagation")] {
        if given {
            return Err(PlanError::with_hint(
                format!("{option} asks many servers about one name: it cannot be used with `-`"),
                format!("urltrace dns {option} NAME"),
            ));
        }
    }
    Ok(())
}

/// Who is asked, by `--resolver`.
pub(super) fn resolver(text: &str) -> Result<ResolverChoice, PlanError> {
    const FORMS: &str = "`walk`, `system`, 192.0.2.53, [2001:db8::53]:5353, tcp://192.0.2.53, \
        tls://dns.example, tls://192.0.2.53#dns.example, https://dns.example/dns-query, quic://dns.example";
    let bad = |why: &str| {
        PlanError::with_hint(format!("--resolver: `{}` is not a resolver{why}", text.escape_debug()), FORMS)
    };
    match text {
        "walk" => return Ok(ResolverChoice::Walk),
        "system" => return Ok(ResolverChoice::System),
        _ => {}
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return socket_address(text, 53).map(ResolverChoice::Server).ok_or_else(|| bad(""));
    };
    let (transport, port) = match scheme.to_ascii_lowercase().as_str() {
        "udp" => return socket_address(rest, 53).map(ResolverChoice::Server).ok_or_else(|| bad("")),
        "tcp" => (Transport::Tcp, 53),
        // RFC 7858 §3.1, RFC 8484, RFC 9250 §4.1.1.
        "tls" => (Transport::Tls, 853),
        "https" => (Transport::Https, 443),
        "quic" => (Transport::Quic, 853),
        _ => return Err(bad(": its scheme is not known")),
    };
    if transport != Transport::Tcp && !cfg!(feature = "encrypted-dns") {
        return Err(PlanError::usage(
            "this urltrace was built without encrypted DNS (feature `encrypted-dns`)",
        ));
    }
    let (rest, given_name) = match rest.split_once('#') {
        Some((rest, name)) if transport != Transport::Https && !name.is_empty() => (rest, Some(name)),
        Some(_) => return Err(bad("")),
        None => (rest, None),
    };
    let rest = &if transport == Transport::Https { without_variables(rest) } else { rest.to_owned() };
    let at = if transport == Transport::Https { rest.find('/') } else { None };
    let (authority, path) = rest.split_at(at.unwrap_or(rest.len()));
    if path.contains(|c: char| c.is_ascii_control() || c == ' ' || !c.is_ascii()) {
        return Err(bad(": its path cannot be sent"));
    }
    let (host, port) = match socket_address(authority, port) {
        Some(SocketAddr::V6(address)) if address.scope_id() != 0 => {
            (EndpointHost::Scoped(*address.ip(), address.scope_id()), address.port())
        }
        Some(address) => (EndpointHost::Address(address.ip()), address.port()),
        None => {
            let (name, port) = match authority.rsplit_once(':') {
                Some((name, digits)) => (name, digits.parse().ok().filter(|port| *port != 0)),
                None => (authority, Some(port)),
            };
            let name = idna::domain_to_ascii(name).ok().filter(|name| !name.is_empty());
            let fine = |name: &String| name.split('.').all(|label| !label.is_empty());
            (EndpointHost::Name(name.filter(fine).ok_or_else(|| bad(""))?), port.ok_or_else(|| bad(""))?)
        }
    };
    let certificate_name = match (given_name, &host) {
        (Some(name), _) => name.to_owned(),
        (None, EndpointHost::Name(name)) => name.clone(),
        (None, EndpointHost::Address(address)) => address.to_string(),
        (None, EndpointHost::Scoped(address, _)) => address.to_string(),
    };
    if transport == Transport::Tcp && (matches!(host, EndpointHost::Name(_)) || given_name.is_some()) {
        return Err(bad(": by TCP it is an address"));
    }
    Ok(ResolverChoice::Endpoint(Endpoint {
        text: text.to_owned(),
        transport,
        host,
        port,
        certificate_name,
        path: if path.is_empty() { "/dns-query".to_owned() } else { path.to_owned() },
    }))
}

/// A URI template with none of its variables set (RFC 6570 §3.2.1), as a POST has it (RFC 8484 §4.1).
fn without_variables(template: &str) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, (_, after))) =
        rest.split_once('{').and_then(|(before, inside)| Some((before, inside.split_once('}')?)))
    {
        text.push_str(before);
        rest = after;
    }
    text + rest
}

const PTR: RecordType = RecordType(12);

/// A type by its mnemonic or its number.
fn record_type(word: &str) -> Result<RecordType, PlanError> {
    let bad = |why: &str| PlanError::with_hint(format!("`{word}` is not a record type{why}"), TYPES);
    let rtype = RecordType::from_mnemonic(word)
        .or_else(|| word.parse().ok().map(RecordType))
        .ok_or_else(|| bad(""))?;
    match rtype.0 {
        // RFC 6895 §3.1: these belong to the protocol, or are transfers of whole zones.
        0 | 41 | 128 | 249..=252 => Err(bad(" that can be asked for")),
        _ => Ok(rtype),
    }
}

const TYPES: &str = "A, AAAA, TXT, NS, SOA, MX, CNAME, HTTPS, ..., or a number such as TYPE65 or 65";

/// The host of what was meant as a URL. As a name it would tell the root servers all of itself.
fn host_of_url(text: &str) -> Option<String> {
    let url = text.contains("://").then(|| url::Url::parse(text).ok())??;
    url.host_str().map(str::to_owned)
}

/// `IP[:PORT] [name]` a line; `#` begins a comment.
fn public_resolvers(path: &Path) -> Result<Vec<PublicResolver>, PlanError> {
    let text = read_text("--resolvers", path)?;
    let mut list = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (address, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let address = socket_address(address, 53).ok_or_else(|| {
            let line = format!("--resolvers: `{}`, line {}", path.display(), index + 1);
            PlanError::with_hint(
                format!("{line}: `{}` is not an address", address.escape_debug()),
                "one resolver per line, such as `192.0.2.53 our resolver`",
            )
        })?;
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        list.push(PublicResolver { address, name });
    }
    Ok(list)
}

fn reverse_name(text: &str) -> Result<String, PlanError> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().map_err(|_| {
        PlanError::with_hint(
            format!("-x: `{}` is not an IP address", text.escape_debug()),
            "-x 192.0.2.1, or -x 2001:db8::1",
        )
    })?;
    Ok(crate::trace::reverse_name(address))
}

#[cfg(test)]
#[path = "dns_tests.rs"]
mod tests;

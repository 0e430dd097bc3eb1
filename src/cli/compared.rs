//! `--compare`: what is varied, in which ways, and what has no place beside it.

use std::net::IpAddr;

use super::declarations::{Cli, Format};
use super::dns;
use super::error::PlanError;
use super::hands;
use super::many::{Compared, Warm};
use super::runs::refuse_unsafe;
use super::settings::Show;
use crate::plan::{
    Change, ComparePlan, Family, MOST_RUNS, MOST_WAYS, Piece, Plan, RepeatPlan, ResolverChoice, RunDetail,
    RunStart, Varied, VersionChoice, Way,
};

/// What can be written.
const FORMS: &str = "http=1.1,2,3; family=4,6; resolver=walk,system,192.0.2.53,tls://dns.example; address=all; \
                     address=192.0.2.1,2001:db8::1; url=A,B (write a comma inside a URL as %2C); warm=none,dns,connection,all";

/// What the option says; `None` where it was not typed.
///
/// # Errors
/// What cannot be compared.
pub(super) fn read(compared: &Compared) -> Result<Option<(Varied, Vec<Way>)>, PlanError> {
    let Some((_, text)) = compared.given() else { return Ok(None) };
    let bad = |why: String| PlanError::with_hint(format!("--compare: {why}"), FORMS);
    let Some((word, values)) = text.split_once('=') else {
        return Err(bad(format!("`{}` does not say in which ways", text.escape_debug())));
    };
    let varied = Varied::ALL.into_iter().find(|varied| varied.as_str().eq_ignore_ascii_case(word));
    let varied = varied.ok_or_else(|| bad(format!("`{}` is nothing to vary", word.escape_debug())))?;
    if varied == Varied::Address && values.eq_ignore_ascii_case("all") {
        return Ok(Some((varied, Vec::new())));
    }
    let ways = values.split(',').map(|value| way(varied, value.trim())).collect::<Result<Vec<_>, _>>()?;
    for (at, way) in ways.iter().enumerate() {
        if ways[..at].iter().any(|before| before.change == way.change) {
            return Err(bad(format!("`{}` is there twice", way.label.escape_debug())));
        }
    }
    match ways.len() {
        1 => Err(bad(format!("`{}` is one way, with nothing to set beside it", text.escape_debug()))),
        2..=MOST_WAYS => Ok(Some((varied, ways))),
        many => Err(bad(format!("{many} ways are no table any more: at most {MOST_WAYS}"))),
    }
}

fn way(varied: Varied, value: &str) -> Result<Way, PlanError> {
    let bad = || {
        let what = match varied {
            Varied::Http => "version of HTTP: 1.1, 2 or 3",
            Varied::Family => "family of addresses: 4 or 6",
            Varied::Resolver => "resolver",
            Varied::Address => "address",
            Varied::Url => "URL",
            Varied::Warm => "word for what is kept: none, dns, connection or all",
        };
        PlanError::with_hint(format!("--compare: `{}` is no {what}", value.escape_debug()), FORMS)
    };
    if value.is_empty() {
        return Err(bad());
    }
    let (label, change) = match varied {
        Varied::Http => match value {
            "1.1" => ("HTTP/1.1".to_owned(), Change::Version(VersionChoice::Http11)),
            "2" => ("HTTP/2".to_owned(), Change::Version(VersionChoice::Http2)),
            "3" => ("HTTP/3".to_owned(), Change::Version(VersionChoice::Http3Only)),
            _ => return Err(bad()),
        },
        Varied::Family => match value {
            "4" => ("IPv4".to_owned(), Change::Family(Family::Ipv4)),
            "6" => ("IPv6".to_owned(), Change::Family(Family::Ipv6)),
            _ => return Err(bad()),
        },
        Varied::Resolver => (value.to_owned(), Change::Resolver(dns::resolver(value)?)),
        Varied::Address => {
            let text = value.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(value);
            let address: IpAddr = text.parse().map_err(|_| bad())?;
            (address.to_string(), Change::Address(address))
        }
        Varied::Url => (value.to_owned(), Change::Url(value.to_owned())),
        Varied::Warm => {
            let (label, start) = match value {
                "none" => ("cold", RunStart::Cold),
                "dns" => ("warm dns", RunStart::WarmDns),
                "connection" => ("warm connection", RunStart::WarmConnection),
                "all" => ("warm all", RunStart::WarmAll),
                _ => return Err(bad()),
            };
            (label.to_owned(), Change::Start(start))
        }
    };
    Ok(Way { label, change })
}

/// The URL of the run: that of the first way where those are URLs, else the one that was typed.
///
/// # Errors
/// None, or one beside those of the ways.
pub(super) fn url(cli: &Cli, wanted: Option<&(Varied, Vec<Way>)>) -> Result<String, PlanError> {
    let first = wanted.and_then(|(_, ways)| match &ways.first()?.change {
        Change::Url(url) => Some(url.clone()),
        _ => None,
    });
    match first {
        Some(_) if !(cli.urls.is_empty() && cli.url_options.is_empty()) => Err(PlanError::with_hint(
            "--compare url= has all its URLs itself, and there is one beside it",
            "--compare url=A,B compares A and B",
        )),
        Some(url) => Ok(url),
        None => hands::one_url(cli),
    }
}

/// The URL that all runs have; `None` where each has its own.
pub(super) fn one_url<'a>(wanted: Option<&(Varied, Vec<Way>)>, url: &'a str) -> Option<&'a str> {
    (!matches!(wanted, Some((Varied::Url, _)))).then_some(url)
}

/// The plan of it, in as many rounds as `repeat` says.
///
/// # Errors
/// What has no form, chooses itself what is varied, or must not be done several times.
pub(super) fn plan(
    cli: &Cli,
    (varied, ways): (Varied, Vec<Way>),
    repeat: Option<&RepeatPlan>,
    plan: &Plan,
    show: &Show,
) -> Result<ComparePlan, PlanError> {
    let option = cli.request.compared.given().map_or("--compare", |(option, _)| option);
    check_form(option, show, &[Format::Otlp])?;
    check_choices(cli, varied)?;
    let further = [("--all-ns", cli.common.all_ns), ("--propagation", cli.common.propagation)];
    let runs = &cli.runs;
    let of_runs = [
        ("--interval", runs.interval.is_some()),
        ("--duration", runs.duration.is_some()),
        ("--cold-root", runs.cold_root),
        ("--warm", runs.warm.is_some_and(|warm| warm != Warm::Dns)),
    ];
    if let Some((other, _)) = further.into_iter().chain(of_runs).find(|(_, given)| *given) {
        return Err(PlanError::usage(format!("{option} has no place for {other}")));
    }
    refuse_unsafe(plan, option)?;
    let is_once = |piece: &Piece| matches!(piece, Piece::Once(_));
    if plan.http.body.as_ref().is_some_and(|body| body.pieces.iter().any(is_once)) {
        return Err(PlanError::usage("the body can be read once, and several runs are to send it"));
    }
    if cli.request.get && varied == Varied::Url {
        return Err(PlanError::usage("-G makes one URL longer, and --compare url= has several"));
    }
    let proxies = [&plan.proxy.http, &plan.proxy.https, &plan.proxy.other];
    if varied == Varied::Address && proxies.iter().any(|proxy| proxy.is_some()) {
        return Err(PlanError::with_hint(
            "--compare address= is at odds with a proxy, which chooses the address itself",
            "--noproxy '*' goes without one",
        ));
    }
    if cli.common.lab {
        check_lab(&ways)?;
    }
    let rounds = repeat.map_or(1, |repeat| repeat.runs);
    // Of addresses that are still to be found there are two at least.
    let least = ways.len().max(2);
    let most = MOST_RUNS / least;
    if rounds > most {
        return Err(PlanError::usage(format!(
            "-n: {rounds} rounds of {least} runs are more than {MOST_RUNS}: at most {most}"
        )));
    }
    Ok(ComparePlan {
        varied,
        ways,
        rounds,
        start: repeat.map_or(RunStart::Cold, |repeat| repeat.start),
        detail: repeat.map_or(RunDetail::Whole, |repeat| repeat.detail),
    })
}

/// Refuses what several sides of a comparison have no form for; `more` are those that runs have and saved documents not.
///
/// # Errors
/// A format that shows one run.
pub(super) fn check_form(option: &str, show: &Show, more: &[Format]) -> Result<(), PlanError> {
    const FORMS: [Format; 6] =
        [Format::Text, Format::Json, Format::Jsonl, Format::Html, Format::Markdown, Format::Csv];
    if show.formats().all(|format| FORMS.contains(&format) || more.contains(&format)) {
        return Ok(());
    }
    let spans = if more.is_empty() { "" } else { ", or as otlp, a trace a run" };
    Err(PlanError::with_hint(
        format!("{option} prints a comparison: as text, json, html, markdown or csv{spans}"),
        "each run alone (--http2, -6, --resolver) has every format",
    ))
}

/// Refuses options that choose what is varied, or leave nothing to vary.
fn check_choices(cli: &Cli, varied: Varied) -> Result<(), PlanError> {
    let (connection, request, common) = (&cli.connection, &cli.request, &cli.common);
    let socket = ("--unix-socket", connection.unix_socket.is_some());
    let choices: &[(&str, bool)] = match varied {
        Varied::Http => &[
            ("--http1.1", request.http1_1),
            ("--http2", request.http2),
            ("--http3", request.http3),
            ("--http3-only", request.http3_only),
            ("--no-http3", request.no_http3),
            ("--tls-max", connection.tls_max.is_some()),
            socket,
        ],
        Varied::Family => &[("-4", common.ipv4), ("-6", common.ipv6), socket],
        Varied::Resolver => &[("--resolver", common.resolver != "walk"), socket],
        Varied::Address => &[("--connect-to", !connection.connect_to.is_empty()), socket],
        Varied::Url => &[],
        Varied::Warm => &[("--warm", cli.runs.warm.is_some())],
    };
    match choices.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(PlanError::with_hint(
            format!("--compare {}= is at odds with {option}", varied.as_str()),
            "what is varied cannot be chosen beside it",
        )),
        None => Ok(()),
    }
}

/// Refuses what would lead out of the lab.
fn check_lab(ways: &[Way]) -> Result<(), PlanError> {
    for way in ways {
        let outside = match &way.change {
            Change::Resolver(ResolverChoice::Walk | ResolverChoice::System) => None,
            Change::Resolver(_) => {
                Some("--lab has no outside: its resolvers are `walk` and `system`".to_owned())
            }
            Change::Url(url) => hands::outside_the_lab(true, url),
            Change::Address(address) => hands::outside_the_lab(true, &address.to_string()),
            Change::Version(_) | Change::Family(_) | Change::Start(_) => None,
        };
        if let Some(why) = outside {
            return Err(PlanError::usage(why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(Varied, Vec<Way>), PlanError> {
        let compared = Compared { compare: Some(text.to_owned()), compare_http: false };
        read(&compared).map(|wanted| wanted.expect("it was typed"))
    }

    #[test]
    fn ways_are_read_and_named() {
        for (text, varied, labels) in [
            ("http=1.1,2,3", Varied::Http, &["HTTP/1.1", "HTTP/2", "HTTP/3"][..]),
            ("HTTP=3, 1.1", Varied::Http, &["HTTP/3", "HTTP/1.1"]),
            ("family=6,4", Varied::Family, &["IPv6", "IPv4"]),
            ("resolver=walk,192.0.2.53", Varied::Resolver, &["walk", "192.0.2.53"]),
            ("address=all", Varied::Address, &[]),
            ("address=[2001:DB8::1],192.0.2.1", Varied::Address, &["2001:db8::1", "192.0.2.1"]),
            ("warm=none,all", Varied::Warm, &["cold", "warm all"]),
            ("url=a.test,https://b.test/?x=1", Varied::Url, &["a.test", "https://b.test/?x=1"]),
        ] {
            let (told, ways) = of(text).unwrap();
            let names: Vec<&str> = ways.iter().map(|way| way.label.as_str()).collect();
            assert_eq!((told, &names[..]), (varied, labels), "{text}");
        }
        let short = Compared { compare: None, compare_http: true };
        assert_eq!(read(&short).unwrap().unwrap().1.len(), 3);
        assert_eq!(read(&Compared::default()).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_the_reason() {
        let many = (1..=17).map(|number| format!("192.0.2.{number}")).collect::<Vec<_>>().join(",");
        for (text, why) in [
            ("http", "does not say in which ways"),
            ("", "does not say in which ways"),
            ("colour=red,blue", "is nothing to vary"),
            ("http=1.1", "is one way"),
            ("http=", "is no version of HTTP"),
            ("http=1.1,2,", "is no version of HTTP"),
            ("http=1.1,4", "`4` is no version of HTTP"),
            ("http=2,2", "`HTTP/2` is there twice"),
            ("family=4,5", "is no family"),
            ("resolver=walk,walk", "is there twice"),
            ("resolver=walk,nobody", "`nobody` is not a resolver"),
            ("address=all,192.0.2.1", "`all` is no address"),
            ("address=192.0.2.1,example.com", "is no address"),
            ("url=https://a.test/", "is one way"),
            ("warm=none,hot", "`hot` is no word"),
            (&format!("address={many}"), "17 ways"),
        ] {
            let PlanError::Usage { message, hint } = of(text).unwrap_err() else { panic!("{text}") };
            assert!(message.contains(why) && hint.is_some(), "{text}: {message}");
        }
    }
}

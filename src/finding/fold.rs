//! The same thing found again and again, told once with its count. No rule itself.

use super::found::{Finding, Saving};
use super::place::Place;
use crate::trace::{StageName, Trace};

/// Findings that differ in their times only are made one, that with the most to save. What is told of a host whose
/// name is not in the title is told of that host alone, and by its name where another has the same.
pub(super) fn fold(findings: Vec<Finding>, trace: Option<&Trace>) -> Vec<Finding> {
    let mut groups: Vec<(Option<&str>, Vec<Finding>)> = Vec::new();
    for finding in findings {
        let host = trace.and_then(|trace| host(trace, &finding));
        let same = |(of, group): &&mut (Option<&str>, Vec<Finding>)| {
            *of == host && are_the_same(&group[0], &finding)
        };
        match groups.iter_mut().find(same) {
            Some((_, group)) => group.push(finding),
            None => groups.push((host, vec![finding])),
        }
    }
    let twins = |(host, group): &(Option<&str>, Vec<Finding>)| {
        groups.iter().any(|(other, twin)| other != host && are_the_same(&twin[0], &group[0]))
    };
    let names: Vec<Option<&str>> = groups.iter().map(|group| group.0.filter(|_| twins(group))).collect();
    let told = groups.into_iter().zip(names).filter_map(|((_, group), host)| {
        let told = one(group)?;
        Some(match host {
            Some(host) => Finding { title: format!("{host}: {}", told.title), ..told },
            None => told,
        })
    });
    told.collect()
}

/// The host that a finding is about, where its title does not say so. Name servers have names of their own there.
fn host<'t>(trace: &'t Trace, finding: &Finding) -> Option<&'t str> {
    let request = finding.evidence.iter().find_map(|place| match place {
        Place::Request(id, _) => Some(*id),
        Place::Connection(id, _) => Some(trace.connections.get(id.0)?.opened_for),
        Place::StartedAt | Place::Failure | Place::Lookup(..) | Place::Resource(..) | Place::Again(..) => {
            None
        }
    })?;
    let host = trace.requests.get(request.0)?.url.host_ascii.as_str();
    (finding.stage > StageName::Tcp && !finding.title.contains(host)).then_some(host)
}

fn are_the_same(one: &Finding, other: &Finding) -> bool {
    let whole = |it: &Finding| (it.id, it.severity, it.advice.clone());
    let load = |it: &Finding| it.saving.as_ref().map(|saving| (saving.basis, saving.load));
    whole(one) == whole(other)
        && (load(one) == load(other) || load(one).is_none() || load(other).is_none())
        && differ_in_times_only(&one.title, &other.title)
}

/// Whether two sentences have the same words, but for numbers before a unit of time.
fn differ_in_times_only(one: &str, other: &str) -> bool {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (words(one), words(other));
    let is_unit = |word: Option<&String>| {
        word.is_some_and(|word| matches!(word.trim_end_matches([',', ';', ':', ')']), "ms" | "s"))
    };
    let is_number = |word: &String| word.trim_start_matches('(').parse::<f64>().is_ok();
    one.len() == other.len()
        && (0..one.len()).all(|at| {
            let is_time = |words: &[String]| is_number(&words[at]) && is_unit(words.get(at + 1));
            let is_scale = |words: &[String]| at > 0 && is_unit(words.get(at)) && is_number(&words[at - 1]);
            one[at] == other[at]
                || is_time(&one) && is_time(&other)
                || is_scale(&one) && is_scale(&other) && one[at].len().abs_diff(other[at].len()) < 2
        })
}

/// One finding for a group of them.
fn one(group: Vec<Finding>) -> Option<Finding> {
    let count = group.len();
    let titles_agree = group.iter().all(|finding| finding.title == group[0].title);
    let cost = |finding: &Finding| finding.saving.as_ref().map(|saving| saving.amount);
    let worst = (0..count).rev().max_by_key(|at| cost(&group[*at]))?;
    let mut told = group.get(worst)?.clone();
    if count == 1 {
        return Some(told);
    }
    let times =
        if titles_agree { format!("{count} times") } else { format!("{count} times, this the worst") };
    told.title = format!("{} ({times})", told.title);
    told.evidence = group.iter().flat_map(|finding| finding.evidence.clone()).collect();
    told.saving = group.into_iter().filter_map(|finding| finding.saving).reduce(sum);
    Some(told)
}

fn sum(one: Saving, other: Saving) -> Saving {
    let whole = one.stretches.is_empty() == other.stretches.is_empty();
    let stretches =
        if whole { [one.stretches.clone(), other.stretches.clone()].concat() } else { Vec::new() };
    let mends = [one.mends.clone(), other.mends.clone()].concat();
    Saving {
        mends,
        amount: one.amount + other.amount,
        low: one.low + other.low,
        high: one.high + other.high,
        stretches,
        ..one
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{check, sample};
    use crate::trace::{At, AttemptOutcome, Meaning};

    #[test]
    fn only_times_may_differ() {
        for (one, other, same) in [
            ("ns1 took 12.3 ms", "ns1 took 1.20 s", true),
            ("ns1 took 12.3 ms; others (4.00 ms)", "ns1 took 9.00 ms; others (5.00 ms)", true),
            ("ns1 took 12.3 ms", "ns2 took 12.3 ms", false),
            ("3 questions to ns1", "4 questions to ns1", false),
            ("192.0.2.1 took 1.00 s", "192.0.2.2 took 1.00 s", false),
            ("it took 1.00 s", "it took 1.00 s more", false),
        ] {
            assert_eq!(differ_in_times_only(one, other), same, "{one} | {other}");
        }
    }

    #[test]
    fn a_dead_server_met_by_several_hops_is_told_once_and_another_is_not_it() {
        let mut trace = sample::redirects();
        let hops = trace.lookups.len();
        for (at, dns) in trace.lookups.iter_mut().enumerate() {
            let mut silent = dns.packets[dns.critical_path[2]].clone();
            (silent.received, silent.meaning) = (None, Meaning::Timeout);
            silent.server = "198.51.100.66:53".parse().unwrap();
            silent.zone = "test.".into();
            (silent.sent, silent.end) = (dns.start, At(dns.start.0 + 10_000 + at as u64 * 1_000));
            dns.packets.push(silent);
        }
        let silent = |trace: &_| {
            let mut all = check(trace);
            all.retain(|finding| finding.id == "dns-server-silent");
            all
        };
        let told = silent(&trace);
        assert_eq!((told.len(), told[0].evidence.len()), (1, 2 * hops), "{told:#?}");
        assert!(told[0].title.ends_with(&format!("({hops} times, this the worst)")), "{}", told[0].title);
        let last = trace.lookups.last_mut().unwrap().packets.last_mut().unwrap();
        last.server = "198.51.100.67:53".parse().unwrap();
        assert_eq!(silent(&trace).len(), 2, "another server");
    }

    #[test]
    fn what_is_told_of_no_host_by_name_is_not_merged_over_hosts() {
        let trace = sample::redirects();
        let hosts: Vec<&str> = trace.requests.iter().map(|it| it.url.host_ascii.as_str()).collect();
        let secured = |(at, connection): (usize, &crate::trace::Connection)| {
            connection.tls.as_ref().ran().is_some().then_some(at)
        };
        let all: Vec<usize> = trace.connections.iter().enumerate().filter_map(secured).collect();
        let mut bent = trace.clone();
        for at in &all {
            bent.connections[*at].tls.ran_mut().unwrap().version = Some(crate::trace::TlsVersion::Tls12);
        }
        let told = |trace: &Trace| {
            let mut all = check(trace);
            all.retain(|finding| finding.id == "tls-version-old");
            all.into_iter().map(|finding| finding.title).collect::<Vec<_>>()
        };
        let (titles, of) = (told(&bent), |at: usize| hosts[bent.connections[at].opened_for.0]);
        assert!(all.len() == 2 && of(all[0]) != of(all[1]), "{hosts:?} {all:?}");
        assert!(
            titles.len() == 2 && titles.iter().zip(&all).all(|(title, at)| title.starts_with(of(*at))),
            "{titles:?}"
        );
        let (first, second) = (bent.connections[all[0]].opened_for.0, bent.connections[all[1]].opened_for.0);
        bent.requests[second].url.host_ascii = bent.requests[first].url.host_ascii.clone();
        let titles = told(&bent);
        assert!(titles.len() == 1 && titles[0].ends_with("times)"), "one host: {titles:?}");
    }

    #[test]
    fn what_is_told_once_already_keeps_its_words() {
        let mut trace = sample::sound();
        sample::connect(&mut trace).attempts[0].outcome = AttemptOutcome::Won;
        sample::http(&mut trace).status = Some(503);
        let all = check(&trace);
        assert!(all.len() == 1 && !all[0].title.contains("times"), "{all:?}");
    }
}

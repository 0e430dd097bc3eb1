//! The same thing found again and again, told once with its count. No rule itself.

use super::found::{Finding, Saving};

/// Findings that differ in their times only are made one, that with the most to save.
pub(super) fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: Vec<Vec<Finding>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| are_the_same(&group[0], &finding)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.into_iter().filter_map(one).collect()
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
    Saving {
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
    fn what_is_told_once_already_keeps_its_words() {
        let mut trace = sample::sound();
        sample::connect(&mut trace).attempts[0].outcome = AttemptOutcome::Won;
        sample::http(&mut trace).status = Some(503);
        let all = check(&trace);
        assert!(all.len() == 1 && !all[0].title.contains("times"), "{all:?}");
    }
}

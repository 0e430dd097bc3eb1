//! From what was typed to a topic: any case, other words, one or many, comparisons, and what is near when
//! nothing fits.

use std::collections::BTreeSet;

use super::distance::distance;
use super::files::all;
use super::parse::Topic;

/// What there is for some words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The topic; of a comparison that no topic makes, each of its sides.
    Topics(Vec<Topic<'static>>),
    /// None, and the names of those that may have been meant, nearest first.
    Near(Vec<&'static str>),
}

/// How many near misses are named.
const NEAR: usize = 5;

/// Finds what was asked for.
#[must_use]
pub fn look_up(words: &str) -> Found {
    let topics = all();
    let asked = key(words);
    if let Some(topic) = exact(&topics, &asked) {
        return Found::Topics(vec![topic.clone()]);
    }
    let sides = sides(&asked);
    if sides.len() > 1 {
        if let Some(topic) = comparison(&topics, &sides) {
            return Found::Topics(vec![topic.clone()]);
        }
        let each: Option<Vec<_>> =
            in_order(&asked).iter().map(|side| exact(&topics, side).cloned()).collect();
        if let Some(mut each) = each {
            each.dedup();
            return Found::Topics(each);
        }
    }
    Found::Near(near(&topics, &asked))
}

/// What two spellings of one term have in common: no case, no quotes, blanks for `-` and `_` inside. An option
/// keeps its dashes, and one of a single letter its case.
pub(super) fn key(text: &str) -> String {
    let text = text.trim().trim_matches(['"', '\'', '`', '?', '!', '.', ',', ':']);
    let dashes = text.len() - text.trim_start_matches('-').len();
    let (dashes, rest) = text.split_at(dashes);
    if dashes == "-" && rest.chars().count() == 1 {
        return text.to_owned();
    }
    let plain = rest.to_lowercase().replace(['-', '_', '\u{2019}', '\''], " ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let words = match &words[..] {
        ["an" | "the", rest @ ..] if !rest.is_empty() => rest,
        words => words,
    };
    format!("{dashes}{}", words.join(" "))
}

fn exact<'t>(topics: &'t [Topic<'static>], asked: &str) -> Option<&'t Topic<'static>> {
    let by = |wanted: &str| topics.iter().find(|topic| topic.names().any(|name| key(name) == wanted));
    by(asked).or_else(|| other_numbers(asked).iter().find_map(|other| by(other)))
}

/// The singular of a plural, and the plural of a singular.
fn other_numbers(asked: &str) -> Vec<String> {
    let mut others = vec![format!("{asked}s"), format!("{asked}es")];
    if let Some(stem) = asked.strip_suffix("ies") {
        others.push(format!("{stem}y"));
    }
    if let Some(stem) = asked.strip_suffix('y') {
        others.push(format!("{stem}ies"));
    }
    others.extend(["es", "s"].iter().filter_map(|end| asked.strip_suffix(end)).map(str::to_owned));
    others.retain(|other| other.len() > 1);
    others
}

/// The sides of a comparison, in the order in which they were typed.
fn in_order(asked: &str) -> Vec<String> {
    let mut sides: Vec<Vec<&str>> = Vec::new();
    for part in asked.split([',', '/']) {
        sides.push(Vec::new());
        for word in part.split_whitespace() {
            match (word, sides.last_mut()) {
                ("vs" | "vs." | "versus" | "against" | "or" | "and", _) => sides.push(Vec::new()),
                (word, Some(side)) => side.push(word),
                _ => {}
            }
        }
    }
    sides.iter().filter(|side| !side.is_empty()).map(|side| side.join(" ")).collect()
}

fn sides(asked: &str) -> BTreeSet<String> {
    in_order(asked).into_iter().collect()
}

/// A topic that compares all of these, whatever else it compares.
fn comparison<'t>(topics: &'t [Topic<'static>], asked: &BTreeSet<String>) -> Option<&'t Topic<'static>> {
    topics.iter().find(|topic| topic.names().any(|name| sides(&key(name)).is_superset(asked)))
}

/// Names that may have been meant: initials, one word of several, letters in common.
fn near(topics: &[Topic<'static>], asked: &str) -> Vec<&'static str> {
    let mut ranked: Vec<(usize, &'static str)> = Vec::new();
    for topic in topics {
        let rank = topic.names().filter_map(|name| rank(name, asked)).min();
        ranked.extend(rank.map(|rank| (rank, topic.name)));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let best = ranked.first().map_or(0, |(rank, _)| *rank);
    ranked.retain(|(rank, _)| *rank <= best + 2);
    ranked.truncate(NEAR);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// How near a name is to what was typed; less is nearer.
fn rank(name: &str, asked: &str) -> Option<usize> {
    let bare = key(name).trim_start_matches('-').to_owned();
    let asked = asked.trim_start_matches('-');
    let letters = asked.chars().count();
    if letters == 0 {
        return None;
    }
    let initials: String = name.chars().filter(char::is_ascii_uppercase).collect();
    if letters > 1 && (bare == asked || initials.eq_ignore_ascii_case(asked)) {
        return Some(0);
    }
    let apart = distance(&bare, asked);
    if apart <= (letters / 3).min(3) {
        return Some(apart);
    }
    let typed: Vec<&str> = asked.split(' ').collect();
    let shared = bare.split(' ').filter(|word| word.len() > 2 && typed.contains(word)).count();
    if shared > 0 {
        // Of a long question, the name that has most of its words.
        return Some(10 + 4 * typed.len().saturating_sub(shared));
    }
    (letters > 2 && bare.contains(asked)).then_some(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Vec<&'static str> {
        match look_up(words) {
            Found::Topics(topics) => topics.iter().map(|topic| topic.name).collect(),
            Found::Near(near) => panic!("{words}: only near {near:?}"),
        }
    }

    #[test]
    fn case_dashes_quotes_articles_and_numbers_do_not_matter() {
        for words in
            ["zone cut", "Zone Cut", "ZONE-CUT", "zone_cut", "zone cuts", "the zone cut", "`zone cut`?"]
        {
            assert_eq!(found(words), ["zone cut"], "{words}");
        }
        assert_eq!(found("ttl"), found("Time to Live"));
        assert_eq!(found("phases"), ["phase"]);
        assert_eq!([key("-I"), key("-i"), key("--Max_Time")], ["-I", "-i", "--max time"]);
    }

    #[test]
    fn a_comparison_finds_its_topic_or_both_sides() {
        let topics = [
            Topic { name: "401 against 403", ..Topic::default() },
            Topic { name: "x", also: vec!["301 vs 302 vs 307"], ..Topic::default() },
        ];
        let of = |asked: &str| comparison(&topics, &sides(asked)).map(|topic| topic.name);
        assert_eq!(of("403 vs 401"), Some("401 against 403"));
        assert_eq!(of("302 or 307"), Some("x"));
        assert_eq!(of("301/302, 307"), Some("x"));
        assert_eq!(of("403 vs 404"), None);
        assert_eq!(found("referral vs glue"), ["referral", "glue"]);
    }

    #[test]
    fn what_is_near_is_suggested_nearest_first() {
        for (words, first) in
            [("nxdomian", "NXDOMAIN"), ("referal", "referral"), ("glu", "glue"), ("bailywick", "bailiwick")]
        {
            match look_up(words) {
                Found::Near(near) => assert_eq!(near.first(), Some(&first), "{words}: {near:?}"),
                Found::Topics(topics) => panic!("{words} is {:?}", topics[0].name),
            }
        }
        assert_eq!(rank("HelloRetryRequest", "hrr"), Some(0));
        assert_eq!(look_up("qqqqqqqqqqq"), Found::Near(Vec::new()));
        assert_eq!(look_up(""), Found::Near(Vec::new()));
    }
}

//! The fact table: statements of the topics with the section each rests on, found in the topic they name.

use super::all;

const FACTS: &str = include_str!("../../../fixtures/explain/facts.txt");

/// Words that join statements and say nothing.
const JOINTS: &[&str] = &[
    "a", "an", "the", "is", "are", "at", "its", "of", "in", "to", "by", "as", "has", "with", "that", "gives",
];

#[test]
fn facts_are_said_by_their_topics() {
    let topics = all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in FACTS.lines().filter(|line| !line.starts_with('#')) {
        let [statement, standard, name] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line} has three parts")
        };
        assert!(standard.starts_with("RFC ") && standard.contains(" section "), "{line}");
        let topic = topics.iter().find(|topic| topic.name == name);
        let topic = topic.unwrap_or_else(|| panic!("no topic {name}"));
        let said =
            words(&format!("{} {}", topic.names().collect::<Vec<_>>().join(" "), topic.paragraphs.join(" ")));
        let unsaid = words(statement).into_iter().filter(|word| !said.contains(word));
        let unsaid: Vec<String> = unsaid.filter(|word| !JOINTS.contains(&word.as_str())).collect();
        if !unsaid.is_empty() {
            wrong.push(format!("{name} does not say {unsaid:?}"));
        }
        count += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count >= 40, "{count} facts");
}

fn words(text: &str) -> Vec<String> {
    let split = text.to_lowercase();
    split
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

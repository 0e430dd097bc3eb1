//! Whether a document was read to its end: written again, it has to say the same.

use serde_json::Value;

/// Members that name what wrote a document and nothing of what it saw.
const OF_THE_WRITER: &str = "/urltrace_version";

/// The places, as JSON pointers, at which `again` says otherwise than `document`, or nothing. What `again` has beyond that
/// is no difference: members are only ever added.
#[must_use]
pub fn differences(document: &Value, again: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(document, Some(again), &mut String::new(), &mut found);
    found
}

fn compare(one: &Value, other: Option<&Value>, pointer: &mut String, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Some(Value::Object(other))) => {
            for (name, value) in one {
                let step = name.replace('~', "~0").replace('/', "~1");
                below(&step, pointer, |pointer| compare(value, other.get(name), pointer, found));
            }
        }
        (Value::Array(one), Some(Value::Array(other))) if one.len() == other.len() => {
            for (index, (value, other)) in one.iter().zip(other).enumerate() {
                below(&index.to_string(), pointer, |pointer| compare(value, Some(other), pointer, found));
            }
        }
        (one, Some(other)) if one == other => {}
        _ if pointer == OF_THE_WRITER => {}
        _ => found.push(pointer.clone()),
    }
}

fn below(step: &str, pointer: &mut String, inside: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    inside(pointer);
    pointer.truncate(length);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_lost_or_changed_is_named_and_what_is_added_is_not() {
        let one = json!({"urltrace_version": "0.1.0", "a": {"b/c": 1, "d": null}, "e": [1, 2]});
        let same = json!({"urltrace_version": "0.2.0", "a": {"b/c": 1, "d": null, "more": 1}, "e": [1, 2]});
        assert_eq!(differences(&one, &same), Vec::<String>::new());
        let other = json!({"urltrace_version": "0.1.0", "a": {"b/c": 2}, "e": [1, 3]});
        assert_eq!(differences(&one, &other), ["/a/b~1c", "/a/d", "/e/1"]);
        let shorter = json!({"a": {"b/c": 1, "d": null}, "e": [1]});
        assert_eq!(differences(&one, &shorter), ["/e"]);
    }
}

//! The document of two documents beside each other, read back: nothing of it is reckoned again.

use serde_json::Value;

use super::beside::{Diff, Row, Seen, Side};
use super::part::Part;
use super::saved::SavedKind;
use crate::runs::Change;

/// Why it cannot be read, with the place.
type Read<T> = Result<T, String>;

impl Diff {
    /// Reads a document of kind `diff`.
    ///
    /// # Errors
    /// One that is damaged; the text says what is wrong, and where.
    pub fn read(document: &Value) -> Read<Self> {
        Ok(Self {
            a: side(document, "/a")?,
            b: side(document, "/b")?,
            rows: list(document, "/phase_differences", row)?,
            changes: list(document, "/changes", change)?,
        })
    }
}

fn side(document: &Value, at: &str) -> Read<Side> {
    let it = &document[&at[1..]];
    let made_by = text(it, at, "made_by")?;
    Ok(Side {
        file: text(it, at, "name")?.to_owned(),
        kind: SavedKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == made_by)
            .ok_or_else(|| format!("{at}/made_by: it is no word that stands here"))?,
        input: text(it, at, "input")?.to_owned(),
        started_at: it["started_at"].as_str().map(str::to_owned),
        runs: number(it, at, "runs")?,
        // More cannot have come to their end than there were.
        ok: number(it, at, "ok")?.min(number(it, at, "runs")?),
    })
}

fn row(it: &Value, at: &str) -> Read<Row> {
    let phase = text(it, at, "phase")?;
    let seen = match (it["seen"].as_bool(), it["chance"].as_f64()) {
        (Some(true), Some(likely)) => Seen::Yes(likely),
        (Some(false), Some(likely)) => Seen::No(likely),
        _ => Seen::Unjudged,
    };
    Ok(Row {
        part: Part::all()
            .find(|part| part.as_str() == phase)
            .ok_or_else(|| format!("{at}/phase: it is no phase that is known"))?,
        a: it["a_us"].as_u64(),
        b: it["b_us"].as_u64(),
        difference: it["difference_us"].as_i64(),
        seen,
    })
}

fn change(it: &Value, at: &str) -> Read<Change> {
    let counted = |it: &Value, at: &str| -> Read<(String, usize)> {
        Ok((text(it, at, "value")?.to_owned(), number(it, at, "runs")?))
    };
    let values = |side: &str| list(it, &format!("/{side}"), counted).map_err(|why| format!("{at}{why}"));
    Ok(Change { what: text(it, at, "what")?.to_owned(), a: values("a")?, b: values("b")? })
}

/// The members of a list, each read with its place.
fn list<T>(document: &Value, at: &str, read: impl Fn(&Value, &str) -> Read<T>) -> Read<Vec<T>> {
    let all = document[&at[1..]].as_array().ok_or_else(|| format!("{at}: it should be a list"))?;
    all.iter().enumerate().map(|(place, it)| read(it, &format!("{at}/{place}"))).collect()
}

fn text<'v>(it: &'v Value, at: &str, name: &str) -> Read<&'v str> {
    it[name].as_str().ok_or_else(|| format!("{at}/{name}: it should be a text"))
}

fn number(it: &Value, at: &str, name: &str) -> Read<usize> {
    let number = it[name].as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("{at}/{name}: it should be a number"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_damaged_is_refused_with_its_place() {
        let side = json!({ "made_by": "trace", "name": "a.json", "input": "a.test", "started_at": null, "runs": 1, "ok": 1 });
        let row = json!({ "phase": "dns", "a_us": 1, "b_us": null, "difference_us": null, "seen": null, "chance": null });
        let change = json!({ "what": "address", "a": [{ "value": "x", "runs": 1 }], "b": [] });
        let whole = json!({ "a": side, "b": side, "phase_differences": [row], "changes": [change] });
        let read = Diff::read(&whole).unwrap();
        assert_eq!((read.rows[0].a, read.rows[0].seen), (Some(1), Seen::Unjudged));
        assert_eq!(read.changes[0].a, [("x".to_owned(), 1)]);
        for (pointer, wrong, why) in [
            ("/a/made_by", json!("hand"), "/a/made_by: it is no word"),
            ("/b/runs", json!("1"), "/b/runs: it should be a number"),
            ("/phase_differences", json!(7), "/phase_differences: it should be a list"),
            ("/phase_differences/0/phase", json!("tea"), "/phase_differences/0/phase: it is no phase"),
            ("/changes/0/a/0/value", json!(7), "/changes/0/a/0/value: it should be a text"),
        ] {
            let mut damaged = whole.clone();
            *damaged.pointer_mut(pointer).unwrap() = wrong;
            let told = Diff::read(&damaged).unwrap_err();
            assert!(told.starts_with(why), "{told}");
        }
    }
}

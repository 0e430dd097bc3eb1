//! haralyzer of PyPI: what it makes of an archive is what the JSON document of the same run has.

use std::process::Command;

use serde_json::Value;

use super::{Consumers, RUNS, Told};
use crate::live::python;
use crate::monitors::read_by;

/// Reads an archive, and tells what it makes of it.
const READ: &str = r#"
import json, sys
from haralyzer import HarParser
parser = HarParser(json.load(sys.stdin))
(page,) = parser.pages
actual = page.actual_page
print(json.dumps({
    "creator": parser.creator["name"],
    "title": page.title,
    "entries": len(page.entries),
    "actual": actual and actual.url,
    "actual_time": actual and page.initial_load_time,
    "time": page.get_load_time(asynchronous=False),
    "size": page.page_size,
    "transferred": page.page_size_trans,
    "kinds": {kind: [len(getattr(page, kind + "_files")), getattr(page, kind + "_size")]
              for kind in ("css", "js", "image", "text")},
    "gets": len(page.get_requests),
    "posts": len(page.post_requests),
    "twice": sum(page.duplicate_url_request.values()),
    "each": [{
        "url": entry.url,
        "status": entry.status,
        "started": entry.startTime.timestamp(),
        "time": entry.time,
        "location": entry.response.redirectURL,
    } for entry in page.entries],
}))
"#;

/// Microseconds as milliseconds.
fn milliseconds(us: &Value) -> f64 {
    us.as_u64().map_or(0.0, |us| us as f64 / 1000.0)
}

fn is_near(one: &Value, other: f64) -> bool {
    (one.as_f64().unwrap() - other).abs() < 0.001
}

/// Whether something was sent, or would have been.
fn has_entry(told: &Told) -> bool {
    told.json()["log"]["entries"].as_array().is_some_and(|entries| !entries.is_empty())
}

pub(super) fn haralyzer(_: &Consumers) {
    let mut read = 0;
    for run in RUNS {
        let told = Told::by("har", run);
        if !has_entry(&told) {
            continue;
        }
        read += 1;
        let mut command = Command::new(python());
        command.args(["-c", READ]);
        let (code, said) = read_by(command, &told.text);
        assert_eq!(code, 0, "{run:?}: {said}\n{}", told.text);
        let theirs: Value =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{run:?}: {error}: {said}"));
        compare(&told, &theirs).unwrap_or_else(|what| panic!("{run:?}: {what}\n{theirs:#}\n{}", told.text));
    }
    assert!(read > 15, "{read} archives were read");
}

/// The requests by their start, as haralyzer has them, each with its hop.
fn ours(told: &Told) -> Vec<(&Value, &Value)> {
    let all = told.requests().iter().enumerate();
    let number = |request: &Value, place| request["request"].as_u64().map_or(place, |it| it as usize);
    let mut all: Vec<_> = all.map(|(place, request)| (request, told.hop(number(request, place)))).collect();
    all.sort_by_key(|(request, _)| request["start_us"].as_u64());
    all
}

/// The first number of theirs that is not ours.
fn compare(told: &Told, theirs: &Value) -> Result<(), String> {
    let same = |what: &str, theirs: &Value, ours: Value| match *theirs == ours {
        true => Ok(()),
        false => Err(format!("{what}: they have {theirs}, we have {ours}")),
    };
    let near = |what: &str, theirs: &Value, ours: f64| match is_near(theirs, ours) {
        true => Ok(()),
        false => Err(format!("{what}: they have {theirs}, we have {ours}")),
    };
    let ours = ours(told);
    // What browsers would have blocked is in the archive, and was not asked for.
    let blocked: usize = told.document["not_requested"]
        .as_array()
        .map_or(0, |all| all.iter().filter(|one| one["reason"] == "mixed-content").count());
    let each: Vec<&Value> = theirs["each"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["time"] != 0 || one["status"] != 0)
        .collect();
    let number = ours.len();
    same("creator", &theirs["creator"], "urltrace".into())?;
    same("entries", &theirs["entries"], (number + blocked).into())?;
    same("requests", &each.len().into(), number.into())?;
    let phases = |request: &Value, name: &str| request["phases"][name].clone();
    let time = |request: &Value| {
        milliseconds(&phases(request, "total_us")) - milliseconds(&phases(request, "unaccounted_us"))
    };
    near("time of all", &theirs["time"], ours.iter().map(|(request, _)| time(request)).sum())?;
    let body = |hop: &Value, name: &str| match hop["http"]["status"].is_null() {
        true => 0,
        false => hop["http"]["body"][name].as_u64().unwrap_or(0),
    };
    let encoded = ours.iter().map(|(_, hop)| body(hop, "encoded_bytes"));
    same("size", &theirs["size"], encoded.sum::<u64>().into())?;
    let received = ours.iter().map(|(_, hop)| hop["http"]["bytes_received"].as_u64().unwrap_or(0));
    same("bytes that came", &theirs["transferred"], received.sum::<u64>().into())?;
    for (kind, word) in [("css", "css"), ("js", "javascript"), ("image", "image"), ("text", "text")] {
        let of_kind = || ours.iter().filter(|(_, hop)| kind_of(hop).contains(word));
        let bytes: u64 = of_kind().map(|(_, hop)| body(hop, "encoded_bytes")).sum();
        same(kind, &theirs["kinds"][kind], serde_json::json!([of_kind().count(), bytes]))?;
    }
    let method = |hop: &Value| hop["http"]["request"]["method"].as_str().unwrap_or_default().to_owned();
    for (name, word, more) in [("gets", "GET", blocked), ("posts", "POST", 0)] {
        let number = ours.iter().filter(|(_, hop)| method(hop) == word).count();
        same(name, &theirs[name], (number + more).into())?;
    }
    let actual = ours.iter().find(|(_, hop)| !(300..400).contains(&status(hop)));
    if let Some((request, _)) = actual {
        near("time of the document", &theirs["actual_time"], time(request))?;
        same("the document", &theirs["actual"], url_of(request))?;
    }
    let begun =
        theirs["each"][0]["started"].as_f64().unwrap() - milliseconds(&ours[0].0["start_us"]) / 1000.0;
    for ((request, hop), theirs) in ours.iter().zip(each) {
        same("a URL", &theirs["url"], url_of(request))?;
        same("a status", &theirs["status"], status(hop).into())?;
        near("a time", &theirs["time"], time(request))?;
        let start = (theirs["started"].as_f64().unwrap() - begun) * 1000.0;
        // Seconds since 1970 with microseconds are as much as fits.
        if (start - milliseconds(&request["start_us"])).abs() > 0.002 {
            return Err(format!("a start: {start} and {}", request["start_us"]));
        }
        let location = hop["http"]["redirect"]["location"].as_str().unwrap_or_default();
        same("where it leads", &theirs["location"], location.into())?;
    }
    Ok(())
}

fn status(hop: &Value) -> u64 {
    hop["http"]["status"].as_u64().unwrap_or(0)
}

fn kind_of(hop: &Value) -> String {
    if hop["http"]["status"].is_null() {
        return "x-unknown".to_owned();
    }
    let fields = hop["http"]["headers"].as_array().unwrap();
    let kind =
        fields.iter().find(|field| field["name"].as_str().unwrap().eq_ignore_ascii_case("content-type"));
    kind.map_or_else(|| "x-unknown".to_owned(), |field| field["value"].as_str().unwrap().to_ascii_lowercase())
}

/// The URL of a request of a page, or of a hop, without its fragment.
fn url_of(request: &Value) -> Value {
    let url = request["url"].as_str().or(request["url"]["href"].as_str()).unwrap();
    url.split('#').next().unwrap().into()
}

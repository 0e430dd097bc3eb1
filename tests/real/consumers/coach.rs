//! coach-core of npm: what it advises on an archive is what the findings of the same run say, audit by audit and URL by URL.
//! Where it says more by design, the table has the reason; that the findings say more is a fault.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use urltrace::lab::SCENARIOS;

use super::{Consumers, Told, node};

/// What one of both tells of: URLs.
type Urls = BTreeSet<String>;

/// An audit of coach-core, the findings that tell of the same, and what it alone tells of.
struct Same {
    audits: &'static [&'static str],
    findings: &'static [&'static str],
    but: &'static [But],
}

/// Why one of both alone tells of a URL: the reason, and whether it holds there.
type But = (&'static str, fn(&Told, &str) -> bool);

const SAME: &[Same] = &[
    Same {
        audits: &["compressAssets"],
        findings: &["page-uncompressed", "http-no-compression"],
        but: &[("a document of one round trip comes no sooner for being shorter", |told, url| {
            Some(url) == document(told).as_deref() && bytes(told, url) < 14_600
        })],
    },
    Same {
        audits: &["cacheHeadersLong"],
        findings: &["page-short-cache"],
        but: &[
            ("what comes in one round trip is not worth a finding", |told, url| bytes(told, url) < 14_600),
            ("a redirect is no static file", |told, url| status(told, url).is_some_and(|it| it / 100 == 3)),
            ("an error is told as such", |told, url| status(told, url).is_some_and(|it| it >= 400)),
        ],
    },
    Same {
        audits: &["cacheHeaders"],
        findings: &["http-no-cache-policy", "page-no-validator"],
        but: &[
            ("to be asked for on each visit is a policy, too", |told, url| {
                field(told, url, "cache-control").as_deref() == Some("no-cache")
            }),
            ("a redirect is no static file", |told, url| status(told, url).is_some_and(|it| it / 100 == 3)),
            ("it was blocked, and nobody was asked", |told, url| status(told, url).is_none()),
            // It leaves the document out, of which the finding is.
            ("of the document coach-core says nothing", |told, url| Some(url) == document(told).as_deref()),
        ],
    },
    Same {
        audits: &["documentRedirect", "assetsRedirects"],
        findings: &["http-redirect-avoidable", "page-resource-redirect"],
        but: &[
            ("that http leads to https is good to coach-core", |told, url| {
                url.starts_with("http:") && told.document["hops"].as_array().unwrap().len() == 2
            }),
            ("one for now may lead elsewhere the next time", |told, url| {
                matches!(status(told, url), Some(302 | 303 | 307))
            }),
            ("what CORS forbids is not followed", |told, url| {
                request(told, url).is_some_and(|request| request["unused"] == "cors")
            }),
        ],
    },
    Same { audits: &["responseOk"], findings: &["page-broken-resource", "http-status-error"], but: &[] },
    Same { audits: &["mixedContent"], findings: &["page-mixed-content"], but: &[] },
    Same {
        audits: &["strictTransportSecurityHeader"],
        findings: &["http-hsts-missing", "http-hsts-weak"],
        but: &[("the first good response counts, and an error is none", |told, url| {
            status(told, url).is_some_and(|status| status >= 400)
        })],
    },
];

/// Scenarios beside the pages, by their names.
const OTHERS: &[&str] = &[
    "normal",
    "redirect-chain",
    "temporary-redirect",
    "uncompressed",
    "gzip",
    "not-found",
    "short-hsts",
    "bare-response",
];

/// Reads archives and prints of each the advice: for every audit the score, and what offends.
const ADVISE: &str = "
const archives = JSON.parse(require('fs').readFileSync(0));
(async () => {
  const coach = (await import('coach-core')).default;
  const all = [];
  for (const archive of archives) {
    const [page] = await coach.analyseHar(archive, undefined, undefined, { browser: 'chrome' });
    const audits = {};
    for (const category of ['performance', 'privacy', 'bestpractice']) {
      for (const [id, { score, offending }] of Object.entries(page.advice[category].adviceList)) {
        audits[id] = { score, offending: (offending || []).map(one => one.url || one) };
      }
    }
    all.push({ audits, requests: page.advice.info.pageRequests });
  }
  console.log(JSON.stringify(all));
})();
";

pub(super) fn agrees(_: &Consumers) {
    let chosen = |id: &str| id == "page" || id.starts_with("page-") || OTHERS.contains(&id);
    let told: Vec<(&str, Told)> = SCENARIOS
        .iter()
        .filter(|scenario| chosen(scenario.id))
        .map(|scenario| (scenario.id, Told::by("har", &[scenario.options, &[scenario.url]].concat())))
        .collect();
    assert!(told.len() >= 18, "{:?}", told.iter().map(|(id, _)| id).collect::<Vec<_>>());
    let archives: Vec<Value> = told.iter().map(|(_, told)| told.json()).collect();
    let (code, said) = node(ADVISE, &Value::from(archives).to_string());
    assert_eq!(code, 0, "{said}");
    let advice: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let mut wrong = Vec::new();
    let mut agreed: BTreeMap<&str, usize> = BTreeMap::new();
    for ((id, told), advice) in told.iter().zip(&advice) {
        assert_eq!(advice["requests"].as_u64(), Some(entries(told) as u64), "{id}");
        scripts(told, advice).unwrap_or_else(|what| wrong.push(format!("{id}: {what}")));
        for same in SAME {
            let (theirs, ours) = (offending(told, advice, same.audits), found(told, same.findings));
            let unlike = theirs.symmetric_difference(&ours);
            let unexplained: Vec<&String> =
                unlike.filter(|url| !same.but.iter().any(|(_, holds)| holds(told, url))).collect();
            if !unexplained.is_empty() {
                wrong.push(format!(
                    "{id}: {:?} tells of {theirs:?}, {:?} of {ours:?}; not explained: {unexplained:?}",
                    same.audits, same.findings
                ));
            }
            *agreed.entry(same.audits[0]).or_default() += theirs.intersection(&ours).count();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And there is something to agree on, in each of them but where coach-core leaves the document out.
    let empty: Vec<&&str> = agreed
        .iter()
        .filter(|(audit, number)| **number == 0 && **audit != "cacheHeaders")
        .map(|(it, _)| it)
        .collect();
    assert!(empty.is_empty(), "nothing was told of by {empty:?}");
}

fn entries(told: &Told) -> usize {
    told.json()["log"]["entries"].as_array().unwrap().len()
}

/// What offends, where the score says that something does.
fn offending(told: &Told, advice: &Value, audits: &[&str]) -> Urls {
    let mut urls = Urls::new();
    for audit in audits {
        let advice = &advice["audits"][*audit];
        let listed = advice["offending"].as_array().unwrap_or_else(|| panic!("no audit {audit}"));
        let listed = listed.iter().map(|url| url.as_str().unwrap().to_owned());
        let score = advice["score"].as_u64().unwrap();
        if *audit == "strictTransportSecurityHeader" {
            // It lists where the field is missing; 90 is for a policy without subdomains.
            urls.extend(listed);
            urls.extend(document(told).filter(|_| score < 90));
        } else if score < 100 {
            urls.extend(listed);
        }
    }
    urls
}

/// The URLs that these findings rest on.
fn found(told: &Told, ids: &[&str]) -> Urls {
    let findings = told.document["findings"].as_array().unwrap().iter();
    let of_these = findings.filter(|finding| ids.iter().any(|id| finding["id"] == *id));
    let pointers = of_these.flat_map(|finding| finding["evidence"].as_array().unwrap());
    pointers
        .map(|evidence| {
            let pointer = evidence["pointer"].as_str().unwrap();
            // The row is that behind the list's name and its index; one of the second visit says of which request it is.
            let parts: Vec<&str> = pointer.split('/').collect();
            let index = parts.iter().position(|part| part.parse::<usize>().is_ok());
            let index = index.unwrap_or_else(|| panic!("{pointer} is of no row"));
            let row = told.document.pointer(&parts[..=index].join("/")).unwrap();
            let is_revisit = parts.get(2) == Some(&"second_visit");
            let row = if is_revisit { requested(told, &row["request"]) } else { row };
            let url = row["url"].as_str().or(row["url"]["href"].as_str());
            let url = url.unwrap_or_else(|| panic!("{pointer} is of no request"));
            url.split('#').next().unwrap().to_owned()
        })
        .collect()
}

/// The scripts that block are those of which coach-core says so.
fn scripts(told: &Told, advice: &Value) -> Result<(), String> {
    let requests = told.document["requests"].as_array();
    let blocks = |request: &&Value| request["kind"] == "script" && request["blocking"] != "none";
    // What says that it is no script is none to coach-core.
    let is_script = |request: &&Value| {
        let entries = told.json();
        let entries = entries["log"]["entries"].as_array().unwrap();
        let own = entries.iter().find(|entry| entry["request"]["url"] == request["url"]);
        own.is_some_and(|own| own["response"]["content"]["mimeType"].as_str().unwrap().contains("javascript"))
    };
    let ours: Urls = requests
        .into_iter()
        .flatten()
        .filter(blocks)
        .filter(is_script)
        .map(|request| request["url"].as_str().unwrap().to_owned())
        .collect();
    let theirs = &advice["audits"]["avoidRenderBlocking"]["offending"];
    let theirs: Urls =
        theirs.as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect();
    if theirs == ours { Ok(()) } else { Err(format!("avoidRenderBlocking: {theirs:?} and {ours:?}")) }
}

fn request<'t>(told: &'t Told, url: &str) -> Option<&'t Value> {
    told.requests().iter().find(|request| request["url"] == url || request["url"]["href"] == url)
}

fn status(told: &Told, url: &str) -> Option<u64> {
    let request = request(told, url)?;
    request["status"].as_u64().or(request["http"]["status"].as_u64())
}

/// The request of the page by its number in the run.
fn requested<'t>(told: &'t Told, number: &Value) -> &'t Value {
    told.requests().iter().find(|request| request["request"] == *number).unwrap()
}

/// A field of the response, as the archive has it.
fn field(told: &Told, url: &str, name: &str) -> Option<String> {
    let archive = told.json();
    let entries = archive["log"]["entries"].as_array().unwrap();
    let own = entries.iter().find(|entry| entry["request"]["url"] == url)?;
    let mut fields = own["response"]["headers"].as_array().unwrap().iter();
    Some(fields.find(|field| field["name"] == name)?["value"].as_str().unwrap().to_owned())
}

fn bytes(told: &Told, url: &str) -> u64 {
    let request = request(told, url);
    let bytes =
        |request: &Value| request["wire_bytes"].as_u64().or(request["http"]["body"]["wire_bytes"].as_u64());
    request.and_then(bytes).unwrap_or(0)
}

/// The URL of the document.
fn document(told: &Told) -> Option<String> {
    let hop = told.document["hops"].as_array().unwrap().last()?;
    Some(hop["url"]["href"].as_str().unwrap().to_owned())
}

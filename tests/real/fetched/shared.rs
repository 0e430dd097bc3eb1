//! Connections of HTTP/2 that are good for several hosts: nginx, one certificate, and addresses that are one or not.

use serde_json::Value;

use super::Fetched;

/// The page: a host of the same address, the same without credentials, one of another address, and one that answers 421
/// where it is not asked on a connection of its own.
pub(super) const PAGE: &str = "<!doctype html><img src=https://third.h2.test/shared.png>\
<script crossorigin src=https://third.h2.test/shared.js></script><img src=https://few.test/shared.png>\
<img src=https://strict.h2.test/shared.png><img src=https://strict.h2.test/other.png>";

fn of<'d>(document: &'d Value, url: &str) -> Vec<&'d Value> {
    document["requests"].as_array().unwrap().iter().filter(|it| it["url"] == url).collect()
}

pub(super) fn by_address_and_certificate(world: &Fetched) {
    let document = world.page("https://h2.test/shared.html", &[]);
    let own = &of(&document, "https://h2.test/shared.html")[0]["connection"];
    let third = of(&document, "https://third.h2.test/shared.png");
    assert_eq!((third.len(), &third[0]["connection"]), (1, own), "{document:#}");
    assert_eq!(third[0]["status"], 404, "nginx has no such file, and answers for the host");
    assert_eq!(third[0]["note"], "goes over the connection of h2.test");
    assert!(third[0]["phases"]["connect_us"].is_null() && third[0]["reused"] == true, "{}", third[0]);
    let anonymous = of(&document, "https://third.h2.test/shared.js");
    assert_ne!(&anonymous[0]["connection"], own, "without credentials");
    let far = of(&document, "https://few.test/shared.png");
    assert_ne!(&far[0]["connection"], own, "another address");
    // Refused on that of another: once more on one of its own, where the next goes at once.
    let strict = of(&document, "https://strict.h2.test/shared.png");
    let told: Vec<(&Value, &Value)> =
        strict.iter().map(|it| (&it["status"], &it["initiator"]["kind"])).collect();
    assert_eq!(told, [(&421.into(), &"parser".into()), (&200.into(), &"retry".into())], "{document:#}");
    assert_eq!(&strict[0]["connection"], own);
    assert_ne!(&strict[1]["connection"], own);
    assert_eq!(strict[0]["note"], "goes over the connection of h2.test, and is not taken there (421)");
    let other = of(&document, "https://strict.h2.test/other.png");
    assert_eq!(other.last().unwrap()["status"], 200, "{document:#}");
    assert_eq!(other.last().unwrap()["connection"], strict[1]["connection"]);
}

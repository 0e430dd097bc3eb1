//! Interfaces for programs: fields, ids, problem details, GraphQL.

use super::bodies::{graphql, problem};
use super::tests::head;
use super::*;

#[test]
fn pages_methods_and_ends_are_read() {
    let all = habits(&head(
        "allow: GET, HEAD,POST\nlink: <https://api.test/x?page=2>; rel=\"next\", <https://api.test/x?page=9>; rel=\"last\"\n\
         link: </style.css>; rel=preload\ndeprecation: @1688169599\nsunset: Wed, 06 Nov 2024 10:42:57 GMT\nx-api-version: 3",
    ));
    assert_eq!(all.allow, ["GET", "HEAD", "POST"]);
    let pair = |relation: &str, target: &str| (relation.to_owned(), target.to_owned());
    assert_eq!(
        all.links,
        [pair("next", "https://api.test/x?page=2"), pair("last", "https://api.test/x?page=9")]
    );
    assert!(all.deprecated.unwrap().at.is_some() && all.sunset.is_some());
    assert_eq!(all.version.as_deref(), Some("3"));
    for (text, wanted) in [
        ("deprecation: true", Some(false)),
        ("deprecation: Wed, 06 Nov 2024 10:42:57 GMT", Some(true)),
        ("deprecation: @x", None),
        ("deprecation: soon", None),
    ] {
        assert_eq!(habits(&head(text)).deprecated.map(|it| it.at.is_some()), wanted, "{text}");
    }
}

#[test]
fn ids_are_listed_with_the_time_in_them() {
    let all = trace_ids(&head(
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n\
         x-amzn-trace-id: Root=1-672b4771-0123456789abcdef01234567;Sampled=1\nx-request-id: abc",
    ));
    let told: Vec<_> = all.iter().map(|id| (id.field, id.id.as_str(), id.time.is_some())).collect();
    assert_eq!(
        told,
        [
            ("traceparent", "0af7651916cd43dd8448eb211c80319c", false),
            ("x-amzn-trace-id", "1-672b4771-0123456789abcdef01234567", true),
            ("x-request-id", "abc", false),
        ]
    );
    let seconds = all[1].time.unwrap().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(seconds, 0x672b_4771);
    assert_eq!(trace_ids(&head("traceparent: 00-xyz-1-01\nx-amzn-trace-id: nothing")), []);
}

#[test]
fn problem_details_are_read_as_far_as_they_are_there() {
    let headers = head("content-type: application/problem+json; charset=utf-8");
    let body = br#" {"type":"https://example.com/probs/out-of-credit","title":"No \"credit\"","status":403,"balance":[1,{"a":"}"}],"detail":"It is cut he"#;
    let found = problem(&headers, body).unwrap();
    assert_eq!(found.title.as_deref(), Some("No \"credit\""));
    assert_eq!(
        (found.status, found.kind.as_deref()),
        (Some(403), Some("https://example.com/probs/out-of-credit"))
    );
    assert_eq!(found.detail, None);
    assert_eq!(problem(&head("content-type: application/json"), body), None);
    assert_eq!(problem(&headers, b"<html>"), None);
    assert_eq!(problem(&headers, b"{\"status\":99999,\"title\":5}"), Some(Default::default()));
}

#[test]
fn errors_of_graphql_are_told_from_lists_of_others() {
    let json = head("content-type: application/json");
    for (body, wanted) in [
        (r#"{"errors":[{"message":"no","path":["a"]}],"data":null}"#, Some((1, "no"))),
        (r#"{"errors":[{"message":"no"},{"message":"x"}],"data":{"a":"#, Some((2, "no"))),
        (r#"{"data":{"a":1},"errors":[{"message":"no","locations":[]}]}"#, Some((1, "no"))),
        (r#"{"errors":[{"message":"no"}]}"#, None),
        (r#"{"errors":[{"message":"no"}],"status":400}"#, None),
        (r#"{"data":{"errors":[{"message":"inside"}]}}"#, None),
        (r#"{"errors":[],"data":{}}"#, None),
        (r#"{"errors":[{"mess"#, None),
        (r#"["errors"]"#, None),
        ("", None),
    ] {
        let found = graphql(&json, body.as_bytes());
        let told = found.as_ref().map(|found| (found.count, found.first.as_str()));
        assert_eq!(told, wanted, "{body}");
    }
    assert_eq!(
        graphql(&head("content-type: text/html"), br#"{"errors":[{"message":"no"}],"data":null}"#),
        None
    );
    let own = head("content-type: application/graphql-response+json");
    assert!(graphql(&own, br#"{"errors":[{"message":"no"}]}"#).is_some());
}

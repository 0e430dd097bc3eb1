//! Lists of URLs: what a line may say, and what is told of one that cannot be used.

use std::io::Write as _;

use super::*;

/// What comes out of a list: each line's place, and its URL or why it has none.
fn all(bytes: &[u8]) -> Vec<(String, Result<WantedUrl, String>)> {
    let (read, mut write) = std::io::pipe().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || write.write_all(&bytes));
    let file = File::from(std::os::fd::OwnedFd::from(read));
    let base = HttpPlan { headers: vec![("A".to_owned(), Some("base".to_owned()))], ..HttpPlan::default() };
    let mut lines = Lines::new(vec![Source::List(None, Arc::new(file))], base, false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let mut told = Vec::new();
        while let Some(Line { place, wanted }) = lines.next().await {
            told.push((place.unwrap(), wanted.map_err(|bad| bad.why)));
        }
        told
    });
    writer.join().unwrap().unwrap();
    told
}

fn urls(bytes: &[u8]) -> Vec<String> {
    all(bytes).into_iter().map(|(place, wanted)| format!("{place}: {}", wanted.unwrap().url)).collect()
}

#[test]
fn a_line_is_a_url_and_comments_are_none() {
    let text = "\u{feff}# all of them\n\nhttps://a.test/\r\n  b.test  # ours\nhttps://c.test/#part\n'https://d.test/?a b'";
    assert_eq!(
        urls(text.as_bytes()),
        [
            "line 3: https://a.test/",
            "line 4: b.test",
            "line 5: https://c.test/#part",
            "line 6: https://d.test/?a b"
        ]
    );
    assert_eq!(urls(b""), Vec::<String>::new());
    assert_eq!(urls(b"\n#\n\n"), Vec::<String>::new());
}

#[test]
fn options_behind_a_url_are_of_its_request() {
    let line = br#"https://a.test/ -X PUT -H 'a: "x y"' -d a=b -d "c=d e" --expect 200,301-308"#;
    let [(_, Ok(wanted))] = &all(line)[..] else { panic!() };
    let http = wanted.http.as_ref().unwrap();
    assert_eq!(http.method.as_deref(), Some("PUT"));
    assert_eq!(http.headers, [("a".to_owned(), Some("\"x y\"".to_owned()))], "in place of that of all");
    assert_eq!(http.body.as_ref().unwrap().in_memory().unwrap(), b"a=b&c=d e");
    assert_eq!(wanted.expect.as_ref().unwrap().to_string(), "200,301-308");
    let [(_, Ok(wanted))] = &all(b"https://a.test/ --expect 204")[..] else { panic!() };
    assert!(wanted.http.is_none() && wanted.expect.is_some());
}

#[test]
fn a_bad_line_costs_itself_and_says_why() {
    let long = format!("https://a.test/{}", "x".repeat(200_000));
    let text = format!(
        "a.test\nb.test 'x\nc.test --page\nd.test e.test\n-X GET\nf.test -X 'G T'\ng.test -H x\nh.test --expect 2xx\n\
         i.test -d @/nowhere/at/all\nj.test -X\nk\x07.test\n{long}\nlast.test\n"
    );
    let told = all(text.as_bytes());
    let bad: Vec<String> = told
        .iter()
        .filter_map(|(place, wanted)| Some(format!("{place}: {}", wanted.as_ref().err()?)))
        .collect();
    let want = [
        "line 2: a quotation mark is not closed",
        "line 3: `--page` has no place in a list",
        "line 4: something else stands behind the URL",
        "line 5: it has options, and no URL",
        "line 6: ",
        "line 7: `x` is not a header field",
        "line 8: --expect: `2xx` is neither",
        "line 9: -d: `/nowhere/at/all` cannot be read",
        "line 10: ",
        "line 11: it has the control character U+0007",
        "line 12: it is longer than 65536 bytes",
    ];
    assert_eq!(bad.len(), want.len(), "{bad:#?}");
    for (bad, want) in bad.iter().zip(want) {
        assert!(bad.starts_with(want), "{bad} is not {want}");
    }
    let fine: Vec<&str> =
        told.iter().filter_map(|(_, wanted)| Some(wanted.as_ref().ok()?.url.as_str())).collect();
    assert_eq!(fine, ["a.test", "last.test"]);
    let [(_, Err(why)), (place, Ok(_))] = &all(b"b\xff.test\nc.test")[..] else { panic!() };
    assert_eq!((why.as_str(), place.as_str()), ("it is not text in UTF-8", "line 2"));
}

#[test]
fn of_a_bad_line_its_url_alone_is_shown() {
    let line = " https://a.test/ -H 'Authorization: Bearer hunter2";
    assert_eq!(begin(line), "https://a.test/");
    let [(_, Err(why))] = &all(b"https://a.test/ hunter2")[..] else { panic!() };
    assert!(!why.contains("hunter2"), "{why}");
}

#[test]
fn what_is_too_long_has_no_end_either_and_one_line_more_fits() {
    let endless = "x".repeat(1 << 20);
    let [(_, Err(why))] = &all(endless.as_bytes())[..] else { panic!() };
    assert_eq!(why, "it is longer than 65536 bytes");
    let fits = format!("{}\ny", "x".repeat(LONGEST));
    assert_eq!(all(fits.as_bytes()).len(), 2);
}

#[test]
fn the_lab_is_not_left_by_a_line() {
    let lines = Lines::new(Vec::new(), HttpPlan::default(), true);
    assert!(lines.read("http://192.0.2.1/").unwrap().unwrap_err().contains("no outside"));
    assert!(lines.read("http://127.53.1.1/").unwrap().is_ok());
    assert!(lines.read("https://www.example.test/").unwrap().is_ok());
}

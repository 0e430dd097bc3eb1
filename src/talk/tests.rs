//! Conversations with a partner on loopback.

use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::plan::{Talked, TlsPlan, VersionChoice};

fn step(expect: &str, send: &str) -> TalkStep {
    let expect = (!expect.is_empty()).then(|| Regex::new(expect).unwrap());
    TalkStep { expect, send: send.to_owned(), then: Then::GoesOn }
}

/// Holds a conversation with whoever says this at once; what was said to it, and how it ended.
async fn held(steps: Vec<TalkStep>, says: Vec<u8>, closes: bool) -> (Vec<String>, TalkEnd) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let partner = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Whoever has heard enough may be gone.
        let _ = stream.write_all(&says).await;
        if closes {
            let _ = stream.shutdown().await;
        }
        let mut heard = tokio::io::BufReader::new(stream).lines();
        let mut all = Vec::new();
        while let Ok(Some(line)) = heard.next_line().await {
            all.push(line);
        }
        all
    };
    let talk = Talk { steps: steps.into(), told: Arc::new(Talked::default()) };
    let ours = async {
        let stream = TcpStream::connect(address).await.unwrap().into();
        let client = tls::Client::new(&TlsPlan::default(), VersionChoice::Auto).unwrap();
        let partner = Partner { host: "localhost", address: Some(address), client: &client };
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_millis(500));
        hold(&talk, stream, partner, &clock, &stop).await;
    };
    let (heard, ()) = futures_util::join!(partner, ours);
    (heard, talk.told.end().unwrap())
}

#[tokio::test]
async fn lines_are_waited_for_and_answered_with_what_was_in_them() {
    let greeting = b"220-welcome\r\n220 mail.test ready\r\n250 fine".to_vec();
    let steps = vec![step("^220 ([^ ]+) (?P<how>.+)$", "EHLO $1 ${how}, $$1"), step("^250 fine$", "")];
    let (heard, end) = held(steps, greeting, true).await;
    assert_eq!((heard, end.fault), (vec!["EHLO mail.test ready, $1".to_owned()], None));
    assert!(end.tls.is_none());
    // Nothing is put in where nothing was waited for.
    let (heard, end) = held(vec![step("", "PING $1")], Vec::new(), false).await;
    assert_eq!((heard, end.fault), (vec!["PING $1".to_owned()], None));
}

#[tokio::test]
async fn what_does_not_come_is_told_apart_from_what_breaks() {
    let wanted = || vec![step("^OK$", "")];
    let (_, end) = held(wanted(), b"NO\nnor this\n".to_vec(), true).await;
    assert!(
        matches!(&end.fault, Some(TalkFault::Unmatched(why)) if why.contains("`^OK$`")),
        "{:?}",
        end.fault
    );
    let (_, end) = held(wanted(), b"wait\n".to_vec(), false).await;
    assert!(
        matches!(&end.fault, Some(TalkFault::Broken(why)) if why.contains("was not over")),
        "{:?}",
        end.fault
    );
    assert!(end.took >= Duration::from_millis(400), "{:?}", end.took);
    let (_, end) = held(wanted(), vec![b'x'; 2 * LONGEST], false).await;
    assert!(
        matches!(&end.fault, Some(TalkFault::Broken(why)) if why.contains("65536 bytes")),
        "{:?}",
        end.fault
    );
}

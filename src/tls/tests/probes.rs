//! What is found out about a server that refuses our ClientHello, before anything is blamed.

use super::hostile::{alert, any_client, server_hello};
use super::*;
use crate::tls::offer;
use crate::trace::{Direction, FailureCode, Offer, TlsVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Answers each ClientHello as `answer` says; nothing means the end of the connection.
async fn picky(answer: impl Fn(&Offer) -> Vec<u8> + Clone + Send + Sync + 'static) -> SocketAddr {
    raw(move |_, mut tcp| {
        let answer = answer.clone();
        async move {
            let mut hello = vec![0; 8192];
            let count = tcp.read(&mut hello).await.unwrap();
            let bytes = answer(&offer::read(&hello[..count]).unwrap());
            if !bytes.is_empty() {
                tcp.write_all(&bytes).await.unwrap();
                let _ = tcp.read(&mut [0; 64]).await;
            }
        }
    })
    .await
}

/// A ServerHello of TLS 1.2, and a ServerKeyExchange with this group and scheme.
fn flight(group: u16, scheme: u16) -> Vec<u8> {
    let mut flight = server_hello(0x0303, 0xc02b);
    let body =
        [&[3][..], &group.to_be_bytes(), &[4, 1, 1, 1, 1], &scheme.to_be_bytes(), &[0, 2, 9, 9]].concat();
    let length = u8::try_from(body.len()).unwrap();
    flight.extend([22, 3, 3, 0, length + 4, 12, 0, 0, length]);
    flight.extend(body);
    flight
}

fn speaks13(offer: &Offer) -> bool {
    offer.versions.iter().any(|version| version == "TLSv1.3")
}

#[tokio::test]
async fn a_signature_that_is_not_offered_is_blamed_on_nothing_else() {
    for (scheme, name, words) in [
        (0x0603_u16, "ecdsa_secp521r1_sha512", "cannot be checked here"),
        (0x0201, "rsa_pkcs1_sha1", "no longer accepted"),
    ] {
        for refusal in [alert(40), alert(47), alert(50), Vec::new()] {
            let address = picky(move |offer| match offer.signature_schemes.iter().any(|one| one == name) {
                true => flight(0x001d, scheme),
                false => refusal.clone(),
            })
            .await;
            let (tls, failure) = shake_err(&any_client(), address, HOST).await;
            assert!(failure.message.contains(&format!("it signs by {name}")), "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
            let hint = failure.hint.unwrap();
            assert!(!hint.contains("--tls-max") && !hint.contains("SNI"), "{hint}");
            let probe = tls.legacy_probe.unwrap();
            assert_eq!(probe.signature_scheme.as_deref(), Some(name));
            assert_eq!(probe.group.as_deref(), Some("x25519"));
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_checked_is_read_from_the_certificate() {
    // In TLS 1.2 the scheme does not tell the curve: a P-521 key signs by ecdsa_secp384r1_sha384 as well.
    let leaf = super::limits::with_p521_key();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..].to_vec();
    let list = [length(&leaf), leaf].concat();
    let body = [length(&list), list].concat();
    let certificate = [vec![11], length(&body), body].concat();
    let record =
        [&[22, 3, 3][..], &u16::try_from(certificate.len()).unwrap().to_be_bytes(), &certificate].concat();
    let exchange = flight(0x001d, 0x0503);
    let hello = server_hello(0x0303, 0xc02b);
    let whole = [&hello[..], &record, &exchange[hello.len()..]].concat();
    let address =
        picky(move |offer| match offer.signature_schemes.iter().any(|one| one == "ecdsa_secp521r1_sha512") {
            true => whole.clone(),
            false => alert(40),
        })
        .await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(failure.message.contains("its certificate has an ECDSA P-521 key"), "{}", failure.message);
    assert!(!failure.hint.unwrap().contains("--tls-max"));
}

#[tokio::test]
async fn a_group_that_is_not_offered_is_named() {
    let address = picky(|offer| match offer.groups.iter().any(|one| one == "secp521r1") {
        true => flight(0x0019, 0x0403),
        false => alert(40),
    })
    .await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(
        failure.message.contains("it exchanges keys by secp521r1, which is not offered"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn a_server_that_failed_once_is_not_said_to_refuse_what_was_offered() {
    let is_first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let address = picky(move |_| match is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
        true => Vec::new(),
        false => flight(0x001d, 0x0403),
    })
    .await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(!failure.message.contains("cannot take"), "{}", failure.message);
    assert!(failure.message.contains("the same ClientHello when that is sent again"), "{}", failure.message);
    assert_eq!(tls.legacy_probe.unwrap().answers_again, Some(true));
    assert!(!failure.hint.unwrap_or_default().contains("--tls-max"));
}

#[tokio::test]
async fn a_hello_that_is_too_large_is_told_by_its_size() {
    // Closed, reset, refused and dropped.
    for refusal in [Vec::new(), alert(50), alert(47)] {
        let address = picky(move |offer| match offer.bytes {
            1201.. => refusal.clone(),
            _ => flight(0x001d, 0x0403),
        })
        .await;
        let (tls, failure) = shake_err(&any_client(), address, HOST).await;
        assert!(failure.message.contains("cannot take a ClientHello of 1"), "{}", failure.message);
        let hint = failure.hint.unwrap();
        assert!(hint.contains("`--tls-max 1.2`") && !hint.contains("SNI"), "{hint}");
        let probe = tls.legacy_probe.unwrap();
        assert_eq!((probe.answers_tls12, probe.answers_small), (Some(true), Some(true)));
    }
    let address = raw(|_, mut tcp| async move {
        let mut hello = vec![0; 8192];
        let count = tcp.read(&mut hello).await.unwrap();
        if count > 1200 {
            let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
        } else {
            tcp.write_all(&flight(0x001d, 0x0403)).await.unwrap();
            let _ = tcp.read(&mut [0; 64]).await;
        }
    })
    .await;
    let mut client = any_client();
    client.limit = Duration::from_millis(40);
    let (_, failure) = shake_err(&client, address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsTimeout);
    assert!(failure.message.contains("cannot take a ClientHello of 1"), "{}", failure.message);
    // Where nothing more can be left out, it is not advised.
    let plan = TlsPlan { max_version: TlsVersion::Tls12, ..plan(&[&Authority::root("root")]) };
    let address = picky(|_| alert(50)).await;
    let (_, failure) = shake_err(&super::client(&plan), address, HOST).await;
    assert!(!failure.hint.unwrap().contains("--tls-max"));
}

#[tokio::test]
async fn tls_13_is_blamed_where_it_alone_makes_the_difference() {
    let address = picky(|offer| if speaks13(offer) { Vec::new() } else { flight(0x001d, 0x0403) }).await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(failure.message.contains("answers the same offer without TLS 1.3"), "{}", failure.message);
    assert!(failure.message.ends_with("cannot take an offer of TLS 1.3"), "{}", failure.message);
    assert_eq!(failure.hint.unwrap(), "try `--tls-max 1.2`");
    // What it has read and found nothing in, it can take.
    let address = picky(|offer| if speaks13(offer) { alert(40) } else { flight(0x001d, 0x0403) }).await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(
        failure.message.contains("of what it takes in TLS 1.3 nothing was offered"),
        "{}",
        failure.message
    );
    // It would not help where only the old hello is answered.
    let address = picky(|offer| match offer.groups.iter().any(|one| one == "ffdhe2048") {
        true => flight(0x001d, 0x0403),
        false => alert(50),
    })
    .await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert!(failure.message.contains("old-fashioned ClientHello"), "{}", failure.message);
    assert!(!failure.hint.unwrap().contains("--tls-max"));
}

#[tokio::test]
async fn without_a_name_none_is_blamed() {
    for code in [112, 80, 40] {
        let address = picky(move |_| alert(code)).await;
        let (tls, failure) = shake_err(&any_client(), address, "127.0.0.1").await;
        assert_eq!(tls.sni, None);
        assert!(!failure.message.contains("the name sent in SNI"), "{}", failure.message);
        let hint = failure.hint.unwrap();
        assert!(
            hint.contains("no name was sent") && hint.contains(&format!("--connect-to ::{address}")),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn a_warning_in_place_of_the_server_hello_is_named() {
    let warning = |code: u8| vec![21, 3, 3, 0, 2, 1, code];
    for (code, words) in [
        (112, "sent the alert unrecognized_name in place of the ServerHello and closed the connection"),
        (0, "ended TLS in good order (close_notify) in place of the ServerHello"),
    ] {
        let address = raw(move |_, mut tcp| async move {
            read_hello(&mut tcp).await;
            tcp.write_all(&warning(code)).await.unwrap();
        })
        .await;
        let (tls, failure) = shake_err(&any_client(), address, HOST).await;
        assert_eq!(failure.code, FailureCode::TlsAlert);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(tls.alert.unwrap().direction, Direction::Received);
        assert_eq!(tls.legacy_probe, None);
    }
    let address = picky(move |_| warning(112)).await;
    let mut client = any_client();
    client.limit = Duration::from_millis(40);
    let (tls, failure) = shake_err(&client, address, HOST).await;
    assert!(failure.message.contains("sent the alert unrecognized_name"), "{}", failure.message);
    assert_eq!(tls.alert.unwrap().description, "unrecognized_name");
}

#[tokio::test]
async fn a_hint_names_the_option_in_use() {
    for (version, hint) in
        [(VersionChoice::Http2, "leave --http2 away"), (VersionChoice::Http11, "leave --http1.1 away")]
    {
        let address = picky(|_| alert(120)).await;
        let client = Client::new(&plan(&[&Authority::root("root")]), version).unwrap();
        let (_, failure) = shake_err(&client, address, HOST).await;
        assert_eq!(failure.hint.as_deref(), Some(hint));
    }
}

//! Clients that show who they are: certificates and keys in every form, and servers that take or refuse them.

use rcgen::{CertificateParams, DnType};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::hostile::mutual;
use super::*;
use crate::alert::{AlertReceived, Demand};
use crate::plan::{Identity as Shown, IdentityFiles, KeyFile, Password};
use crate::trace::{FailureCode, HandshakeMessage};

fn file(name: &str, bytes: impl AsRef<[u8]>) -> KeyFile {
    KeyFile { name: name.to_owned(), bytes: bytes.as_ref().into() }
}

/// A client's certificate of that authority, and its key, PEM.
fn client_pem(ca: &Authority, name: &str) -> (String, String) {
    let key = key();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.signed_by(&key, &ca.0).unwrap().pem(), key.serialize_pem())
}

fn showing(plan: TlsPlan, certificate: &str, key: Option<&str>, password: Option<&str>) -> TlsPlan {
    let files = IdentityFiles {
        certificate: file("--cert c.pem", certificate),
        key: key.map(|key| file("--key k.pem", key)),
        password: password.map(|password| Password(password.to_owned())),
    };
    TlsPlan { identity: Some(Shown::Files(files)), ..plan }
}

/// The one line of a plan that cannot be used.
fn refused(plan: &TlsPlan) -> String {
    Client::new(plan, VersionChoice::Auto).unwrap_err()
}

/// A server that lets in those of the authority, and greets them.
async fn greeting(config: ServerConfig) -> SocketAddr {
    tls(config, |mut stream| async move {
        let _ = stream.write_all(b"welcome").await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

#[tokio::test]
async fn a_certificate_is_shown_in_both_versions_and_its_messages_named() {
    let ca = Authority::root("root");
    let (certificate, key) = client_pem(&ca, "client one");
    for (speaks, last) in [
        (Speaks::Only13, &["ChangeCipherSpec", "Certificate", "CertificateVerify", "Finished"][..]),
        (
            Speaks::Only12,
            &["Certificate", "ClientKeyExchange", "CertificateVerify", "ChangeCipherSpec", "Finished"][..],
        ),
    ] {
        let address = greeting(mutual(&ca, speaks)).await;
        let plan = showing(plan(&[&ca]), &certificate, Some(&key), None);
        let (tls, stream) = shake(&client(&plan), address, HOST).await;
        let mut got = [0; 7];
        stream.unwrap().read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"welcome");
        let sent = tls.flights.iter().rfind(|flight| flight.direction == crate::trace::Direction::Sent);
        assert_eq!(sent.unwrap().names(), last);
        let shown = &tls.client_certificate;
        assert!(shown.requested && shown.sent, "{shown:?}");
        assert_eq!(shown.subject.as_deref(), Some("CN=client one"));
        assert_eq!(shown.acceptable_cas, [tls.chain[0].issuer.clone()]);
    }
}

#[tokio::test]
async fn a_certificate_is_not_shown_to_who_does_not_ask() {
    let ca = Authority::root("root");
    let (certificate, key) = client_pem(&ca, "client one");
    let address =
        patient(server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Both, super::super::provider())).await;
    let tls = shake_ok(&client(&showing(plan(&[&ca]), &certificate, Some(&key), None)), address).await;
    let shown = &tls.client_certificate;
    assert!(!shown.requested && !shown.sent && shown.acceptable_cas.is_empty());
    assert_eq!(shown.subject.as_deref(), Some("CN=client one"));
    assert!(!tls.flights.last().unwrap().messages.contains(&HandshakeMessage::Certificate));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_in_so_many_words() {
    let (ca, other) = (Authority::root("root"), Authority::root("another root"));
    let (certificate, key) = client_pem(&other, "a stranger");
    let plan = showing(plan(&[&ca]), &certificate, Some(&key), None);
    let address = patient(mutual(&ca, Speaks::Only12)).await;
    let (tls, failure) = shake_err(&client(&plan), address, HOST).await;
    assert_eq!(failure.code, FailureCode::ClientCertificateRefused, "{}", failure.message);
    assert!(tls.client_certificate.sent);
    // In TLS 1.3 after the handshake.
    let address = patient(mutual(&ca, Speaks::Only13)).await;
    let (_, stream) = shake(&client(&plan), address, HOST).await;
    let error = stream.unwrap().read(&mut [0; 16]).await.unwrap_err();
    let alert = AlertReceived::of(&error).unwrap();
    assert_eq!(alert.demand, Demand::OtherClientCertificate);
    assert!(alert.refuses_client_certificate() && !alert.wants_client_certificate());
}

#[test]
fn certificate_and_key_may_stand_in_one_file_and_must_fit() {
    let ca = Authority::root("root");
    let (certificate, key) = client_pem(&ca, "client one");
    let (_, other_key) = client_pem(&ca, "client two");
    let plan = plan(&[&ca]);
    client(&showing(plan.clone(), &format!("{key}{certificate}"), None, None));
    client(&showing(
        plan.clone(),
        &format!("Bag Attributes\n x\n{certificate}{}", ca.0.as_ref().pem()),
        Some(&key),
        None,
    ));
    for (certificate, key, words) in [
        (certificate.as_str(), None, "--cert c.pem: holds no private key"),
        ("nothing", Some(key.as_str()), "--cert c.pem: holds no certificate"),
        (&certificate, Some(certificate.as_str()), "--key k.pem: holds no private key"),
        (&certificate, Some(&other_key), "--key k.pem: the key does not fit the certificate of --cert c.pem"),
        (&format!("{certificate}{other_key}"), None, "--cert c.pem: its key does not fit its certificate"),
        (
            &format!("{}{certificate}", ca.0.as_ref().pem()),
            Some(&key),
            "--cert c.pem: the key fits certificate 2 of 2, and must fit the first",
        ),
    ] {
        let told = refused(&showing(plan.clone(), certificate, key, None));
        assert!(told.starts_with(words) && !told.contains('\n'), "{told}");
    }
}

/// `openssl pkcs8 -topk8 -v2 aes-256-cbc` of an Ed25519 key, by the password `secret`.
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhjD/D1wiMNzwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEB/3zg4gEpBs85Th3rz1NSsEQF2c
n9r1ivTL9gCEFFIwWZGx59qNLl9r/2cAajDlbPMvpyJ/C/rrcyNUO7KrL8AhX/wt
Lsn/vFMH/mZ9PVxikTA=
-----END ENCRYPTED PRIVATE KEY-----
";
/// The certificate to it, which signed itself.
const OWNER: &str = "-----BEGIN CERTIFICATE-----
MIIBPjCB8aADAgECAhRkvYxzwoTI0+KpqsQcKmU9vDLUITAFBgMrZXAwFTETMBEG
A1UEAwwKY2xpZW50IG9uZTAeFw0yNjExMjkwOTM2MDBaFw0zNjExMjYwOTM2MDBa
MBUxEzARBgNVBAMMCmNsaWVudCBvbmUwKjAFBgMrZXADIQCw5hekwI7UF/bIAATT
7kGKhM7Fe2ekfe4q/927XPMGdqNTMFEwHQYDVR0OBBYEFCzFh7X7BFPl5Tic1bH1
D7kfAPGCMB8GA1UdIwQYMBaAFCzFh7X7BFPl5Tic1bH1D7kfAPGCMA8GA1UdEwEB
/wQFMAMBAf8wBQYDK2VwA0EApYxssl7n1JSaXbNMLJ7sL2NioqeaRsmcvoa+hvX/
opZhyOHaXXCAK/knnGtB6cy8S8KLCHItHZZ0NCH3P1GABA==
-----END CERTIFICATE-----
";
/// `openssl pkcs12 -export` of both, by the password `secret`.
const CONTAINER: &str =
    "MIIDdgIBAzCCAywGCSqGSIb3DQEHAaCCAx0EggMZMIIDFTCCAiIGCSqGSIb3DQEHBqCCAhMwggIPAgEAMIICCAYJKoZIhvcNAQcB
MFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiaGkegcyZ4ZwICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOvb
L+C0Cm4j7Az7Rf010FqAggGgoTADFAQHdbL8tUKmfe1j43wXZ12g96S1bDPTYIQiTOVPS0X212/p5gh2AWL6s17vo2GrqG7Fn++d
ANIwjmxb3hmSkQ1XQB8fyTQTVWV6fC5lhncmMHoM6ar3MzUQavkLOysgmGBpSHGeUQHjlt3fiEoIvKkPG+94qFFJusRmvoPEZYaZ
izhCFquRsqlXVpS0lN/w094DcmCSCCYzVHmOBNR7ikVxG1UlWzfeqg9TJ7oukNH5empcbr31w0QK0MHxxuxm7+r0FQW5V+RmwX9C
Bry1y55ZYKC0jQN7dLThMcrwnmyTN+Z4nrXaYgYkYTcLsbi0i/n7xCUGyFfYxLGEDn0Rsk2v9K2mosXofzBaZisQzlp/pe00DdSt
8oho1DEOur30y3CEW+hn/7iJP4hdQ4AFd44NwfOIyJrouqy7NR4immAlg/UsLZk3ZmDDMviyE7F3UuFWtZstn30UfPuuJh9iVxbn
BOLJut54M5VXooxAWIYQkTc3ghiq5iTc436j+nW5jCayYsRgQ1f995ehqtsYUCDAVpGfG516FAR4Q+0wgewGCSqGSIb3DQEHAaCB
3gSB2zCB2DCB1QYLKoZIhvcNAQwKAQKggZ4wgZswVwYJKoZIhvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECJ+qnz+Qx9oPAgIIADAM
BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQYBS43LLAh23qfOQr1x+sdwRAK+QmaAAH+utyCY4rJikSNQsoUpWr9QAHbGnPPAwU
REwzMIv9ISZSJy0ZdQGNAxDmt0sR4pen2cP4GLkHSipRSzElMCMGCSqGSIb3DQEJFTEWBBQYBDY1WBTezXcLl2tAuYDt3J2HSzBB
MDEwDQYJYIZIAWUDBAIBBQAEIEcWweHOlmh/LkwuU3hJLpGPve8tFaefo8aQ0YEpXi2hBAjBPHKMZaIHxwICCAA=";
/// `openssl pkcs12 -export -legacy` of both.
const OLD_CONTAINER: &str =
    "MIIC5gIBAzCCAqwGCSqGSIb3DQEHAaCCAp0EggKZMIIClTCCAecGCSqGSIb3DQEHBqCCAdgwggHUAgEAMIIBzQYJKoZIhvcNAQcB
MBwGCiqGSIb3DQEMAQYwDgQIwv/KM2JO9hcCAggAgIIBoE0DHzYP0x32jsN0AdxKvuD+CgNRAgadskYSdGArH+YjaO7EiTAp4+0M
jeoz/KlqfXhIomwH6SrrTZWVPMgPPgodADhrqnCZREF9yM7ZBNox4Y9yrhOSMOlJa5ox8dNvaFTKngCbI8AO9WLr+Cnoi1dEEFDs
TR69T3ZZIp5ziiRd4BALorSACJmLq6MLi4j/9Sx/8hTGjISWUijglcwyda4IXIHhfDCHGKqiF53XNugivEXFvbFR7e6znr3juF+N
gGS7LZ1QKOGhseEO0Nmm9r8Yv57ZDF2CzmLw5WCQyirAiRx8Be8LAgcrjIxyW3jbtsdR6lT8laVwyMwdkCwfFFCo8sgonvCEHv4e
wNz/b1ZZdJ/3xVXF9bjUnhwxToP7ENKBG0rU5IRbwbW4qZMzhhRF+b71bR33b4ITX7UTRGHfM2DrnvpZf4dXp6rT+y/D9Sp6ROjt
Bnwff7i/coPaAl/PENdcava50Kv0wZNmESm5dhbtpcXSVPMqWin3quNnwYbt+aglfwOr1zJ6BGCfajVOneZ1XLrr/ziml+ZdpWXj
MIGnBgkqhkiG9w0BBwGggZkEgZYwgZMwgZAGCyqGSIb3DQEMCgECoFowWDAcBgoqhkiG9w0BDAEDMA4ECEMV4KK9wIoyAgIIAAQ4
xeuXlB4nMPFJmO6eowXoNMD4iI9ZIabEO3wUhdgkGQZKnRiR/skTj6lMl3JWVMpk1IHsnQIeAa4xJTAjBgkqhkiG9w0BCRUxFgQU
GAQ2NVgU3s13C5drQLmA7dydh0swMTAhMAkGBSsOAwIaBQAEFKheRnq5fFpqjb8n/6voiVGCpPj8BAi7XWvGkPwEwwICCAA=";

#[test]
fn a_password_opens_a_key_and_a_wrong_one_is_told_without_it() {
    let ca = Authority::root("root");
    let plan = plan(&[&ca]);
    client(&showing(plan.clone(), OWNER, Some(ENCRYPTED), Some("secret")));
    for (password, words) in [
        (None, "--key k.pem: the key is encrypted: --pass"),
        (Some("hunter2"), "--key k.pem: the password does not open the key"),
    ] {
        let told = refused(&showing(plan.clone(), OWNER, Some(ENCRYPTED), password));
        assert!(told.starts_with(words) && !told.contains("hunter2"), "{told}");
    }
    let old = ENCRYPTED.replace(
        "ENCRYPTED PRIVATE KEY-----\n",
        "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
    );
    let told = refused(&showing(plan, OWNER, Some(&old), Some("secret")));
    assert!(told.contains("OpenSSL's old form") && told.contains("openssl pkcs8 -topk8"), "{told}");
}

#[test]
fn a_container_has_both_and_an_old_one_is_told_with_its_cure() {
    let ca = Authority::root("root");
    let bytes = |text: &str| data_encoding::BASE64.decode(text.replace('\n', "").as_bytes()).unwrap();
    let shown = |text: &str, password: Option<&str>| {
        let files = IdentityFiles {
            certificate: file("--cert c.p12", bytes(text)),
            key: None,
            password: password.map(|password| Password(password.to_owned())),
        };
        TlsPlan { identity: Some(Shown::Files(files)), ..plan(&[&ca]) }
    };
    client(&shown(CONTAINER, Some("secret")));
    for (text, password, words) in [
        (CONTAINER, None, "--cert c.p12: is encrypted: --pass"),
        (CONTAINER, Some("hunter2"), "--cert c.p12: the password does not open it"),
        (OLD_CONTAINER, Some("secret"), "--cert c.p12: is encrypted in the way of old PKCS#12"),
    ] {
        let told = refused(&shown(text, password));
        assert!(told.starts_with(words) && !told.contains("hunter2"), "{told}");
    }
    let mut cut = bytes(CONTAINER);
    let damaged = cut.len() / 2;
    cut[damaged] ^= 0x55;
    let files = IdentityFiles {
        certificate: file("--cert c.p12", cut),
        key: None,
        password: Some(Password("secret".to_owned())),
    };
    refused(&TlsPlan { identity: Some(Shown::Files(files)), ..plan(&[&ca]) });
}

proptest::proptest! {
    #[test]
    fn files_of_noise_are_refused_in_one_line(
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        damage in proptest::collection::vec((0_usize..900, proptest::prelude::any::<u8>()), 1..6),
    ) {
        let mut container = data_encoding::BASE64.decode(CONTAINER.replace('\n', "").as_bytes()).unwrap();
        // Behind the iterations of its key: a count of billions would take its time.
        for (at, byte) in damage {
            let at = 400 + at % (container.len() - 400);
            container[at] = byte;
        }
        let provider = super::super::provider();
        for bytes in [noise, container] {
            let files = IdentityFiles { certificate: file("--cert x", bytes), key: None, password: None };
            if let Err(told) = super::super::identity::Identity::read(&files, &provider) {
                assert!(told.starts_with("--cert x: ") && !told.contains('\n'), "{told}");
            }
        }
    }
}

#[test]
fn nothing_of_a_key_or_password_is_in_the_debug_form_of_a_plan() {
    let plan = showing(plan(&[]), OWNER, Some(ENCRYPTED), Some("hunter2"));
    let shown = format!("{plan:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("PRIVATE KEY"), "{shown}");
}

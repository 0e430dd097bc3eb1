//! Certificates with faults: all are found, the chain is always shown, and only `-k` goes on.

use super::*;
use crate::tls::provider;
use crate::trace::{CertificateFault, Direction, FailureCode, HandshakeMessage};
use rustls::sign::CertifiedKey;

pub(super) async fn judge(identity: Identity, trusted: &[&Authority], host: &str) -> (Tls, Failure) {
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    shake_err(&client(&plan(trusted)), address, host).await
}

pub(super) fn faults(tls: &Tls) -> &[CertificateFault] {
    &tls.verification.as_ref().unwrap().faults
}

fn expired(names: &[&str]) -> CertificateParams {
    let mut params = leaf(names);
    params.not_after = (Clock::start().started_at() - 3 * DAY - DAY / 2).into();
    params
}

#[tokio::test]
async fn expired_alone() {
    let ca = Authority::root("root");
    let (tls, failure) = judge(ca.issue(&expired(&[HOST]), &[]), &[&ca], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::Expired { index: 0, .. }]), "{:?}", faults(&tls));
    assert_eq!(failure.code, FailureCode::CertificateExpired);
    let start = "the certificate of www.example.test expired 3 days ago (20";
    assert!(failure.message.starts_with(start), "{}", failure.message);
    assert_eq!(tls.chain.len(), 1);
    assert_eq!(tls.chain[0].days_left, -4);
    let alert = tls.alert.unwrap();
    assert_eq!((alert.direction, alert.description.as_str()), (Direction::Sent, "certificate_expired"));
    let last = tls.flights.last().unwrap();
    assert!(
        last.direction == Direction::Sent && last.messages.contains(&HandshakeMessage::Alert),
        "{last:?}"
    );
}

#[tokio::test]
async fn not_yet_valid_alone() {
    let ca = Authority::root("root");
    let mut params = leaf(&[HOST]);
    params.not_before = (Clock::start().started_at() + DAY).into();
    let (tls, failure) = judge(ca.issue(&params, &[]), &[&ca], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::NotYetValid { index: 0, .. }]));
    assert_eq!(failure.code, FailureCode::CertificateNotYetValid);
    assert!(failure.message.contains("is not valid before 20"), "{}", failure.message);
}

#[tokio::test]
async fn wrong_host_alone_with_the_nearest_name() {
    let ca = Authority::root("root");
    let (tls, failure) = judge(ca.issue(&leaf(&["other.test"]), &[]), &[&ca], HOST).await;
    assert_eq!(
        faults(&tls),
        [CertificateFault::WrongHost {
            wanted: HOST.into(),
            nearest: Some("other.test".into()),
            near_miss: None
        }]
    );
    assert_eq!(failure.code, FailureCode::CertificateWrongHost);
    assert_eq!(failure.message, "the certificate is for other.test, not for www.example.test");

    let names = leaf(&["other.test", "wwv.example.test", "*.mail.example.test"]);
    let (_, failure) = judge(ca.issue(&names, &[]), &[&ca], HOST).await;
    assert_eq!(
        failure.message,
        "the certificate is for other.test and 2 more names, not for www.example.test \
         (nearest name: wwv.example.test)"
    );
}

#[tokio::test]
async fn self_signed_alone_with_and_without_the_mark_of_a_ca() {
    let ca = Authority::root("root");
    let mut as_ca = leaf(&[HOST]);
    as_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [leaf(&[HOST]), as_ca] {
        let (tls, failure) = judge(self_signed(&params), &[&ca], HOST).await;
        assert_eq!(faults(&tls), [CertificateFault::SelfSigned]);
        assert_eq!(failure.code, FailureCode::CertificateSelfSigned);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_good_once_it_is_trusted() {
    let mut as_ca = leaf(&[HOST]);
    as_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for params in [leaf(&[HOST]), as_ca] {
        let identity = self_signed(&params);
        let certificates = vec![identity.chain[0].to_vec()];
        let address = patient(server_config(identity, Speaks::Both, provider())).await;
        let roots = RootsChoice::Given { name: "itself".into(), certificates };
        let tls = shake_ok(&client(&TlsPlan { roots, ..TlsPlan::default() }), address).await;
        assert_eq!(faults(&tls), []);
    }
}

#[tokio::test]
async fn a_trusted_self_signed_authority_still_expires() {
    let mut params = expired(&[HOST]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let identity = self_signed(&params);
    let certificates = vec![identity.chain[0].to_vec()];
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let roots = RootsChoice::Given { name: "itself".into(), certificates };
    let (tls, failure) = shake_err(&client(&TlsPlan { roots, ..TlsPlan::default() }), address, HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::Expired { index: 0, .. }]), "{:?}", faults(&tls));
    assert_eq!(failure.code, FailureCode::CertificateExpired);
}

#[tokio::test]
async fn expired_wrong_host_and_self_signed_are_all_said_at_once() {
    let ca = Authority::root("root");
    for mark in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = expired(&["other.test"]);
        params.is_ca = mark;
        let (tls, failure) = judge(self_signed(&params), &[&ca], HOST).await;
        assert!(
            matches!(
                faults(&tls),
                [
                    CertificateFault::Expired { index: 0, .. },
                    CertificateFault::SelfSigned,
                    CertificateFault::WrongHost { .. }
                ]
            ),
            "{:?}",
            faults(&tls)
        );
        assert_eq!(failure.code, FailureCode::CertificateExpired);
        let message = &failure.message;
        let parts = ["expired 3 days ago", "is self-signed", "is for other.test, not for www.example.test"];
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[tokio::test]
async fn a_missing_intermediate_is_told_from_an_unknown_root() {
    let root = Authority::root("root");
    let middle = root.under("middle");
    let stranger = Authority::root("stranger");

    let (tls, failure) = judge(middle.issue(&leaf(&[HOST]), &[]), &[&root], HOST).await;
    let missing = CertificateFault::MissingIntermediate { issuer: "CN=middle".into(), url: None };
    assert_eq!(faults(&tls), [missing]);
    assert_eq!(failure.code, FailureCode::CertificateChainIncomplete);

    let mut params = leaf(&[HOST]);
    params.custom_extensions.push(issuer_url("http://ca.example.test/middle.der"));
    let (tls, _) = judge(middle.issue(&params, &[]), &[&root], HOST).await;
    let url = "http://ca.example.test/middle.der".to_owned();
    let missing =
        CertificateFault::MissingIntermediate { issuer: "CN=middle".into(), url: Some(url.clone()) };
    assert_eq!(faults(&tls), [missing]);
    assert_eq!(tls.chain[0].issuer_urls, [url]);

    // Something else was sent in its place.
    let (tls, _) = judge(middle.issue(&leaf(&[HOST]), &[&stranger]), &[&root], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::MissingIntermediate { .. }]));
    assert_eq!(tls.chain.len(), 2);

    // The whole way was sent, up to a root nobody trusts; with that root, and without.
    for behind in [vec![&middle, &root], vec![&middle]] {
        let (tls, failure) = judge(middle.issue(&leaf(&[HOST]), &behind), &[&stranger], HOST).await;
        assert_eq!(faults(&tls), [CertificateFault::UnknownIssuer { issuer: "CN=root".into() }]);
        assert_eq!(failure.code, FailureCode::CertificateUnknownIssuer);
        assert_eq!(tls.alert.unwrap().description, "unknown_ca");
    }
}

#[tokio::test]
async fn an_expired_intermediate_is_named_by_its_place() {
    let root = Authority::root("root");
    let mut params = Authority::params("middle");
    params.not_after = (Clock::start().started_at() - DAY - DAY / 2).into();
    let middle = Authority(CertifiedIssuer::signed_by(params, key(), &root.0).unwrap());
    let (tls, failure) = judge(middle.issue(&leaf(&[HOST]), &[&middle]), &[&root], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::Expired { index: 1, .. }]), "{:?}", faults(&tls));
    assert!(
        failure.message.starts_with(
            "the certificate of www.example.test has an intermediate (CN=middle) that expired 1 day ago"
        ),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn a_certificate_for_clients_only_is_invalid() {
    let ca = Authority::root("root");
    let mut params = leaf(&[HOST]);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let (tls, failure) = judge(ca.issue(&params, &[]), &[&ca], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::Other(_)]));
    assert_eq!(failure.code, FailureCode::CertificateInvalid);
    assert!(failure.message.contains("not meant for servers"), "{}", failure.message);
}

#[tokio::test]
async fn the_server_is_told_why() {
    let ca = Authority::root("root");
    let config = server_config(ca.issue(&expired(&[HOST]), &[]), Speaks::Both, provider());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (send, mut told) = tokio::sync::mpsc::unbounded_channel();
    let address = raw(move |_, tcp| {
        let (acceptor, send) = (acceptor.clone(), send.clone());
        async move {
            let error = acceptor.accept(tcp).await.unwrap_err();
            send.send(error.to_string()).unwrap();
        }
    })
    .await;
    shake_err(&client(&plan(&[&ca])), address, HOST).await;
    let told = told.recv().await.unwrap();
    assert!(told.contains("CertificateExpired"), "{told}");
}

#[tokio::test]
async fn insecure_goes_on_and_still_says_everything() {
    let ca = Authority::root("root");
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let identity = self_signed(&expired(&["other.test"]));
        let address = patient(server_config(identity, speaks, provider())).await;
        let tls = shake_ok(&client(&TlsPlan { insecure: true, ..plan(&[&ca]) }), address).await;
        assert_eq!(faults(&tls).len(), 3);
        assert!(tls.verification.as_ref().unwrap().overridden);
        assert_eq!(tls.chain.len(), 1);
        assert!(tls.alert.is_none());
    }
}

/// Gives out a certificate with the key of another.
#[derive(Debug)]
pub(super) struct Impostor(pub(super) Arc<CertifiedKey>);

impl rustls::server::ResolvesServerCert for Impostor {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[tokio::test]
async fn a_peer_without_the_key_is_refused_even_with_insecure() {
    let ca = Authority::root("root");
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let (good, other) = (ca.issue(&leaf(&[HOST]), &[]), ca.issue(&leaf(&[HOST]), &[]));
        let signer = rustls::crypto::ring::sign::any_supported_type(&other.key).unwrap();
        let mut config = server_config(other, speaks, provider());
        config.cert_resolver = Arc::new(Impostor(Arc::new(CertifiedKey::new(good.chain, signer))));
        let address = patient(config).await;
        let plan = TlsPlan { insecure: true, ..plan(&[&ca]) };
        let (tls, failure) = shake_err(&client(&plan), address, HOST).await;
        assert_eq!(failure.code, FailureCode::BadSignature);
        assert!(failure.message.contains("does not hold its key"), "{}", failure.message);
        // Not only a failure: the check itself must not look passed, nor ignored because of -k.
        assert!(matches!(faults(&tls), [CertificateFault::Other(_)]));
        assert!(!tls.verification.as_ref().unwrap().overridden);
        assert_eq!(tls.alert.unwrap().description, "decrypt_error");
        assert_eq!(tls.chain.len(), 1);
    }
}

#[tokio::test]
async fn the_embedded_roots_ask_the_system_store_and_say_so() {
    let ca = Authority::root("root");
    let address = patient(server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Both, provider())).await;
    let (tls, failure) = shake_err(&client(&TlsPlan::default()), address, HOST).await;
    assert_eq!(failure.code, FailureCode::CertificateChainIncomplete);
    let verification = tls.verification.unwrap();
    assert!(verification.roots.starts_with("embedded (webpki-roots, "));
    // Some machines have no store at all; one that has does not know this authority.
    assert_ne!(verification.system_would_trust, Some(true));
}

#[tokio::test]
async fn under_k_the_machines_roots_are_asked_about_what_the_built_in_ones_do_not_trust() {
    let ca = Authority::root("root");
    let address = patient(server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Both, provider())).await;
    let has_store = crate::roots::system().is_ok();
    let insecure = |plan: TlsPlan| client(&TlsPlan { insecure: true, ..plan });
    for (client, host, is_overridden, is_asked) in [
        (insecure(TlsPlan::default()), HOST, true, true),
        (insecure(plan(&[&ca])), "other.test", true, false),
        (insecure(plan(&[&ca])), HOST, false, false),
    ] {
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let prepared = client.prepare(host, &clock);
        let handshake =
            client.handshake_unread(connect(address).await, prepared, Some(address), &clock, &stop);
        let (mut tls, result, unread) = handshake.await;
        result.unwrap();
        let doubt = unread.read_into(&mut tls);
        assert_eq!(
            (doubt.is_some(), tls.verification.as_ref().unwrap().overridden),
            (is_overridden, is_overridden)
        );
        assert_eq!(tls.verification.as_ref().unwrap().system_would_trust, None, "not while time counts");
        doubt.iter().for_each(|doubt| doubt.settle(&mut tls));
        let wanted = (is_asked && has_store).then_some(false);
        assert_eq!(tls.verification.unwrap().system_would_trust, wanted, "{host}");
    }
}

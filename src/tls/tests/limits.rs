//! Keys, signatures and certificates outside of what the TLS library checks: told as such, never as a
//! fault of the server, and passed over by `-k`.

use super::faults::{Impostor, faults, judge};
use super::*;
use crate::lab::web_x509::{field, rebuilt, tagged, version1};
use crate::tls::provider;
use crate::trace::{CertificateFault, CheckLimit, FailureCode, NearMiss};
use rcgen::string::Ia5String;
use rcgen::{DistinguishedName, GeneralSubtree, NameConstraints, SanType};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

/// Signs nothing: gives bytes out for a signature that nobody can check.
#[derive(Clone, Debug)]
struct Scribble(SignatureScheme);

impl SigningKey for Scribble {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.0).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0 {
            SignatureScheme::RSA_PSS_SHA256 => SignatureAlgorithm::RSA,
            _ => SignatureAlgorithm::ECDSA,
        }
    }
}

impl Signer for Scribble {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![7; 256])
    }
    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}

async fn serve(chain: Vec<Vec<u8>>, key: Arc<dyn SigningKey>, speaks: Speaks) -> SocketAddr {
    let mut config = server_config(self_signed(&leaf(&[HOST])), speaks, provider());
    let chain = chain.into_iter().map(Into::into).collect();
    config.cert_resolver = Arc::new(Impostor(Arc::new(CertifiedKey::new(chain, key))));
    patient(config).await
}

fn signer(key: &PrivateKeyDer<'static>) -> Arc<dyn SigningKey> {
    rustls::crypto::ring::sign::any_supported_type(key).unwrap()
}

/// An RSA key of that size: any odd number will do where nobody checks by it.
fn rsa(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0; bits / 8 + 1];
    modulus[1] = 0x80;
    *modulus.last_mut().unwrap() = 1;
    let key = tagged(0x30, &[tagged(2, &modulus), tagged(2, &[1, 0, 1])].concat());
    spki(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], &[5, 0], &key)
}

/// A key on the curve P-521: a point that nobody looks at.
fn p521() -> Vec<u8> {
    let curve = tagged(6, &[0x2b, 0x81, 0x04, 0x00, 0x23]);
    spki(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], &curve, &[&[4][..], &[1; 132]].concat())
}

fn spki(oid: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let algorithm = tagged(0x30, &[&tagged(6, oid), parameters].concat());
    tagged(0x30, &[algorithm, tagged(3, &[&[0], key].concat())].concat())
}

fn with_key(certificate: &[u8], issuer: &Authority, key: Vec<u8>) -> Vec<u8> {
    rebuilt(certificate, issuer.0.key(), |fields| fields[field::KEY] = key).unwrap()
}

/// The faults and the failure without `-k`; and that `-k` goes on, and says the same.
async fn both_ways(
    chain: &[Vec<u8>],
    key: Arc<dyn SigningKey>,
    plan: &TlsPlan,
) -> (Vec<CertificateFault>, Tls, Failure) {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let address = serve(chain.to_vec(), Arc::clone(&key), speaks).await;
        let tls = shake_ok(&client(&TlsPlan { insecure: true, ..plan.clone() }), address).await;
        assert!(tls.verification.as_ref().unwrap().overridden);
    }
    let address = serve(chain.to_vec(), key, Speaks::Both).await;
    let (tls, failure) = shake_err(&client(plan), address, HOST).await;
    let told = format!("{} {}", failure.message, failure.hint.clone().unwrap_or_default());
    assert!(!told.contains("impostor") && !told.contains("did not make"), "{told}");
    assert!(failure.hint.as_ref().unwrap().contains("-k"), "{told}");
    (faults(&tls).to_vec(), tls, failure)
}

#[tokio::test]
async fn a_leaf_with_an_rsa_key_of_unusual_size_is_not_accused() {
    let ca = Authority::root("root");
    for bits in [1024, 9216, 16384] {
        let chain = [with_key(&ca.issue(&leaf(&[HOST]), &[]).chain[0], &ca, rsa(bits))];
        let key = Arc::new(Scribble(SignatureScheme::RSA_PSS_SHA256));
        let (faults, tls, failure) = both_ways(&chain, key, &plan(&[&ca])).await;
        let limit = CheckLimit::Key(format!("an RSA key of {bits} bits"));
        assert_eq!(faults, [CertificateFault::Unchecked { index: 0, limit }]);
        assert_eq!(failure.code, FailureCode::CertificateUnchecked);
        let words =
            format!("the certificate of {HOST} has an RSA key of {bits} bits, which cannot be checked");
        assert!(failure.message.starts_with(&words), "{}", failure.message);
        assert_eq!(tls.alert.unwrap().description, "unsupported_certificate");
    }
}

#[tokio::test]
async fn an_issuer_with_a_key_that_is_not_checked_is_named() {
    let root = Authority::root("root");
    let middle = root.under("middle");
    let identity = middle.issue(&leaf(&[HOST]), &[]);
    // sha256WithRSAEncryption
    let by_rsa =
        tagged(0x30, &[tagged(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), vec![5, 0]].concat());
    let as_rsa =
        rebuilt(&identity.chain[0], middle.0.key(), |fields| fields[field::ALGORITHM] = by_rsa.clone())
            .unwrap();
    for (bits, leaf) in [(1024, &as_rsa), (9216, &as_rsa), (1024, &identity.chain[0].to_vec())] {
        let chain = [leaf.clone(), with_key(&middle.der(), &root, rsa(bits))];
        let (faults, _, failure) = both_ways(&chain, signer(&identity.key), &plan(&[&root])).await;
        let limit = CheckLimit::Key(format!("an RSA key of {bits} bits"));
        assert_eq!(faults, [CertificateFault::Unchecked { index: 1, limit }]);
        assert!(
            failure.message.contains("an intermediate (CN=middle) that has an RSA key of"),
            "{}",
            failure.message
        );
    }
    // A root that was not sent.
    let identity = root.issue(&leaf(&[HOST]), &[]);
    let certificates = vec![with_key(&root.der(), &root, rsa(9216))];
    let roots = RootsChoice::Given { name: "large".into(), certificates };
    let plan = TlsPlan { roots, ..TlsPlan::default() };
    let (faults, _, failure) = both_ways(&[identity.chain[0].to_vec()], signer(&identity.key), &plan).await;
    let (issuer, key) = ("CN=root".to_owned(), "an RSA key of 9216 bits".to_owned());
    assert_eq!(
        faults,
        [CertificateFault::Unchecked { index: 0, limit: CheckLimit::IssuerKey { issuer, key } }]
    );
    assert!(
        failure.message.contains("has an issuer (CN=root) with an RSA key of 9216 bits"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn other_versions_of_x509_are_not_checked_and_k_goes_on() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let version = |number: u8| {
        rebuilt(&identity.chain[0], ca.0.key(), |fields| fields[field::VERSION] = vec![0xa0, 3, 2, 1, number])
    };
    let one = version1(&identity.chain[0], ca.0.key()).unwrap();
    for (certificate, number) in [(one, 1), (version(1).unwrap(), 2), (version(3).unwrap(), 4)] {
        let (faults, _, failure) =
            both_ways(std::slice::from_ref(&certificate), signer(&identity.key), &plan(&[&ca])).await;
        let unchecked = CertificateFault::Unchecked { index: 0, limit: CheckLimit::Version(number) };
        assert_eq!(faults, [unchecked]);
        assert!(failure.message.contains(&format!("has version {number} of X.509")), "{}", failure.message);
        // The key is looked at all the same.
        let other = signer(&ca.issue(&leaf(&[HOST]), &[]).key);
        let address = serve(vec![certificate], other, Speaks::Both).await;
        let insecure = TlsPlan { insecure: true, ..plan(&[&ca]) };
        let (_, failure) = shake_err(&client(&insecure), address, HOST).await;
        assert_eq!(failure.code, FailureCode::BadSignature);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_of_version_1_is_both() {
    let key = key();
    let certificate = leaf(&[HOST]).self_signed(&key).unwrap();
    let certificate = version1(certificate.der(), &key).unwrap();
    let (faults, _, failure) =
        both_ways(&[certificate], signer(&key.into()), &plan(&[&Authority::root("root")])).await;
    let unchecked = CertificateFault::Unchecked { index: 0, limit: CheckLimit::Version(1) };
    assert_eq!(faults, [CertificateFault::SelfSigned, unchecked]);
    assert_eq!(failure.code, FailureCode::CertificateSelfSigned);
}

#[tokio::test]
async fn an_unknown_critical_extension_is_named_by_its_number() {
    let ca = Authority::root("root");
    let mut params = leaf(&[HOST]);
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    let identity = ca.issue(&params, &[]);
    let (_, _, failure) =
        both_ways(&[identity.chain[0].to_vec()], signer(&identity.key), &plan(&[&ca])).await;
    assert_eq!(failure.code, FailureCode::CertificateInvalid);
    let words = "has a critical extension (1.2.3.4) that is not known here";
    assert!(failure.message.ends_with(words), "{}", failure.message);
}

/// A certificate with such a key.
pub(super) fn with_p521_key() -> Vec<u8> {
    let ca = Authority::root("root");
    with_key(&ca.issue(&leaf(&[HOST]), &[]).chain[0], &ca, p521())
}

#[tokio::test]
async fn a_key_on_another_curve_is_passed_over_by_k() {
    let ca = Authority::root("root");
    let chain = vec![with_key(&ca.issue(&leaf(&[HOST]), &[]).chain[0], &ca, p521())];
    let key = Arc::new(Scribble(SignatureScheme::ECDSA_NISTP521_SHA512));
    let address = serve(chain, key, Speaks::Only13).await;
    let insecure = TlsPlan { insecure: true, ..plan(&[&ca]) };
    let tls = shake_ok(&client(&insecure), address).await;
    let limit = CheckLimit::Key("an ECDSA P-521 key".to_owned());
    assert_eq!(faults(&tls), [CertificateFault::Unchecked { index: 0, limit }]);
    // It is not offered where it would have to be checked.
    let (tls, failure) = shake_err(&client(&plan(&[&ca])), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsAlert);
    assert!(!failure.hint.unwrap().contains("--tls-max"), "{tls:?}");
}

#[tokio::test]
async fn signatures_are_unknown_here_or_obsolete_or_wrong() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let signed = |oid: &[u8], parameters: &[u8]| {
        let algorithm = tagged(0x30, &[&tagged(6, oid), parameters].concat());
        rebuilt(&identity.chain[0], ca.0.key(), |fields| fields[field::ALGORITHM] = algorithm).unwrap()
    };
    let with_sha512 = signed(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], &[]);
    let (faults, _, _) = both_ways(&[with_sha512], signer(&identity.key), &plan(&[&ca])).await;
    let limit = CheckLimit::Signature("ecdsa-with-SHA512 by an ECDSA P-256 key".to_owned());
    assert_eq!(faults, [CertificateFault::Unchecked { index: 0, limit }]);

    let salt = tagged(0x30, &tagged(0xa2, &tagged(2, &[64])));
    let with_pss = signed(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10], &salt);
    let (faults, ..) = both_ways(&[with_pss], signer(&identity.key), &plan(&[&ca])).await;
    assert!(
        matches!(&faults[..], [CertificateFault::Unchecked { index: 0, limit: CheckLimit::Signature(words) }]
            if words.starts_with("rsassaPss by ")),
        "{faults:?}"
    );

    let with_sha1 = signed(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], &[]);
    let (_, _, failure) = both_ways(&[with_sha1], signer(&identity.key), &plan(&[&ca])).await;
    assert!(failure.message.contains("ecdsa-with-SHA1, which is no longer accepted"), "{}", failure.message);

    // Another CA of the same name.
    let other = Authority::root("root").issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(other, Speaks::Both, provider())).await;
    let (_, failure) = shake_err(&client(&plan(&[&ca])), address, HOST).await;
    let words = "has a signature that the key of its issuer (CN=root) did not make";
    assert!(failure.message.ends_with(words), "{}", failure.message);
}

#[tokio::test]
async fn a_key_for_certificates_only_is_none_for_a_server() {
    let ca = Authority::root("root");
    let mut params = leaf(&[HOST]);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let identity = ca.issue(&params, &[]);
    let (_, _, failure) =
        both_ways(&[identity.chain[0].to_vec()], signer(&identity.key), &plan(&[&ca])).await;
    assert_eq!(failure.code, FailureCode::CertificateInvalid);
    assert!(failure.message.contains("its key usage allows neither"), "{}", failure.message);
    for usage in [rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::KeyAgreement] {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, usage];
        let address = patient(server_config(ca.issue(&params, &[]), Speaks::Both, provider())).await;
        assert_eq!(faults(&shake_ok(&client(&plan(&[&ca])), address).await), []);
    }
}

#[tokio::test]
async fn a_name_that_looks_alike_is_told_apart() {
    let ca = Authority::root("root");
    let name = |name: &str| SanType::DnsName(Ia5String::try_from(name).unwrap());
    for (listed, host, why, words) in [
        ("127.0.0.1", "127.0.0.1", NearMiss::AddressAsName, "not as an address"),
        ("www.example.test.", HOST, NearMiss::FinalDot, "with a final dot"),
        ("www.example.test ", HOST, NearMiss::Blank, "with a blank beside it"),
    ] {
        let mut params = leaf(&["other.test"]);
        params.subject_alt_names.push(name(listed));
        let address = patient(server_config(ca.issue(&params, &[]), Speaks::Both, provider())).await;
        let (tls, failure) = shake_err(&client(&plan(&[&ca])), address, host).await;
        assert!(
            matches!(faults(&tls), [CertificateFault::WrongHost { near_miss: Some(found), .. }] if *found == why),
            "{:?}",
            faults(&tls)
        );
        assert_eq!(failure.code, FailureCode::CertificateWrongHost);
        assert!(failure.message.starts_with(&format!("the certificate is not for {host}: it lists it")));
        assert!(failure.message.contains(words), "{}", failure.message);
    }
}

#[tokio::test]
async fn what_lies_on_no_way_is_not_told() {
    let (root, stranger) = (Authority::root("root"), Authority::root("stranger"));
    let mut params = Authority::params("unrelated");
    params.not_after = (Clock::start().started_at() - DAY).into();
    let unrelated = Authority(CertifiedIssuer::self_signed(params, key()).unwrap());
    let identity = stranger.issue(&leaf(&[HOST]), &[&stranger, &unrelated]);
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let (tls, failure) = shake_err(&client(&plan(&[&root])), address, HOST).await;
    assert_eq!(failure.code, FailureCode::CertificateUnknownIssuer);
    assert_eq!(faults(&tls).len(), 1, "{:?}", faults(&tls));
}

#[tokio::test]
async fn a_second_issuer_that_was_not_sent_may_be_an_intermediate_or_a_root() {
    let root = Authority::root("root");
    let second = root.under("second");
    let first = second.under("first");
    let address =
        patient(server_config(first.issue(&leaf(&[HOST]), &[&first]), Speaks::Both, provider())).await;
    let (tls, failure) = shake_err(&client(&plan(&[&root])), address, HOST).await;
    assert_eq!(faults(&tls), [CertificateFault::UnknownIssuer { issuer: "CN=second".into() }]);
    let words = "was not sent and is not trusted (CN=second): a missing intermediate, or a root that is not";
    assert!(failure.message.contains(words), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("if it is no root, the server must send it"));
}

#[tokio::test]
async fn a_leaf_that_is_itself_trusted_needs_no_issuer() {
    let ca = Authority::root("root");
    let middle = ca.under("middle");
    let trust = |der: &CertificateDer<'_>| {
        let roots = RootsChoice::Given { name: "itself".into(), certificates: vec![der.to_vec()] };
        TlsPlan { roots, ..TlsPlan::default() }
    };
    for behind in [vec![], vec![&middle]] {
        let identity = middle.issue(&leaf(&[HOST]), &behind);
        let (own, other) = (trust(&identity.chain[0]), trust(&middle.issue(&leaf(&[HOST]), &[]).chain[0]));
        let address = patient(server_config(identity, Speaks::Both, provider())).await;
        assert_eq!(faults(&shake_ok(&client(&own), address).await), []);
        shake_err(&client(&own), address, "other.test").await;
        shake_err(&client(&other), address, HOST).await;
    }
}

#[tokio::test]
async fn a_chain_that_is_too_long_to_be_read_is_our_limit() {
    let ca = Authority::root("root");
    let mut params = leaf(&[HOST]);
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3], vec![4; 20_000]));
    let large = ca.issue(&params, &[]).chain.remove(0);
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let mut identity = ca.issue(&leaf(&[HOST]), &[]);
        identity.chain.extend([large.clone(), large.clone(), large.clone(), large.clone()]);
        let address = patient(server_config(identity, speaks, provider())).await;
        let (_, failure) = shake_err(&client(&plan(&[&ca])), address, HOST).await;
        assert_eq!(failure.code, FailureCode::CertificateUnchecked, "{}", failure.message);
        assert!(failure.message.contains("64 kB"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_not_passed_over_and_nothing_else_is_promised() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    for insecure in [false, true] {
        let address = serve(vec![b"no DER".to_vec()], signer(&identity.key), Speaks::Both).await;
        let (_, failure) = shake_err(&client(&TlsPlan { insecure, ..plan(&[&ca]) }), address, HOST).await;
        assert_eq!(failure.code, FailureCode::CertificateInvalid);
        assert!(failure.hint.unwrap().starts_with("not even -k goes on here"), "{}", failure.message);
    }
}

/// An authority below `root` that may vouch for these names alone.
fn bound_by(root: &Authority, permitted: Vec<GeneralSubtree>) -> Authority {
    let mut params = Authority::params("bound");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    Authority(CertifiedIssuer::signed_by(params, key(), &root.0).unwrap())
}

#[tokio::test]
async fn a_name_that_breaks_constraints_is_named_and_those_not_evaluated_accuse_nobody() {
    let root = Authority::root("root");
    let host = |name: &str| GeneralSubtree::DnsName(name.to_owned());
    let bound = bound_by(&root, vec![host("other.test")]);
    let (_, failure) = judge(bound.issue(&leaf(&[HOST]), &[&bound]), &[&root], HOST).await;
    assert_eq!(failure.code, FailureCode::CertificateInvalid);
    let words = "has the name www.example.test, which its authority (CN=bound) may not vouch for";
    assert!(failure.message.contains(words), "{}", failure.message);
    // webpki refuses whatever is under a constraint on directory names (RFC 5280 §4.2.1.10 lets it).
    let bound =
        bound_by(&root, vec![host("example.test"), GeneralSubtree::DirectoryName(DistinguishedName::new())]);
    let (tls, failure) = judge(bound.issue(&leaf(&[HOST]), &[&bound]), &[&root], HOST).await;
    assert!(
        matches!(faults(&tls), [CertificateFault::Unchecked { index: 0, limit: CheckLimit::Search(_) }]),
        "{}",
        failure.message
    );
    assert_eq!(failure.code, FailureCode::CertificateUnchecked);
    assert!(
        failure.message.contains("name constraints of a kind that is not evaluated"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn an_authority_with_a_further_key_of_its_own_is_no_forger() {
    let mut params = Authority::params("root");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.test".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let root = Authority(CertifiedIssuer::self_signed(params, key()).unwrap());
    // Constraints do not hold for what an authority certifies of itself, but in webpki they do.
    let mut params = Authority::params("root");
    params.subject_alt_names = leaf(&["root.test"]).subject_alt_names;
    let further = Authority(CertifiedIssuer::signed_by(params, key(), &root.0).unwrap());
    let (tls, failure) = judge(further.issue(&leaf(&[HOST]), &[&further]), &[&root], HOST).await;
    assert!(matches!(faults(&tls), [CertificateFault::Unchecked { index: 0, .. }]), "{}", failure.message);
    assert!(failure.message.contains("issuers that share a name"), "{}", failure.message);
}

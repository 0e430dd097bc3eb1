//! Proofs of absence: each kind whole, and each with a part missing.

use WireType::{A, AAAA, CNAME, DNAME, DS, MX, NS, NSEC as NSEC_TYPE, RRSIG, SOA, TXT};
use hickory_resolver::proto::dnssec::Nsec3HashAlgorithm;
use hickory_resolver::proto::dnssec::rdata::{NSEC, NSEC3};
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::denial::{MAX_ITERATIONS, Unproven, Wanted};
use crate::dns::dnssec::nsec::by_nsec;
use crate::dns::dnssec::nsec3::by_nsec3;
use crate::dns::tests::dnssec::zone::name;
use crate::dns::wire::rfc4648::base32hex;
use crate::trace::ProofKind;

const ZONE: &str = "z.test";

/// `owner next types`.
type Row = (&'static str, &'static str, &'static [WireType]);

fn nsec(rows: &[Row], asked: &str, wanted: Wanted) -> Result<ProofKind, Unproven> {
    let records: Vec<(Name, NSEC)> = rows
        .iter()
        .map(|(owner, next, types)| (name(owner), NSEC::new_cover_self(name(next), types.iter().copied())))
        .collect();
    let records: Vec<(&Name, &NSEC)> = records.iter().map(|(owner, nsec)| (owner, nsec)).collect();
    by_nsec(&name(ZONE), &name(asked), wanted, &records)
}

const APEX: Row = ("z.test", "b.z.test", &[SOA, NS]);

const B: Row = ("b.z.test", "cut.z.test", &[A]);

const CUT: Row = ("cut.z.test", "x.ent.z.test", &[NS]);

const ENT: Row = ("x.ent.z.test", "*.w.z.test", &[TXT]);

const WILD: Row = ("*.w.z.test", "y.z.test", &[A]);

const LAST: Row = ("y.z.test", "z.test", &[CNAME]);

#[test]
fn nsec_proves_what_it_covers_and_nothing_else() {
    let name_error: &[(&[Row], &str, bool)] = &[
        (&[APEX, B], "c.z.test", true),
        (&[B], "c.z.test", false), // the wildcard *.z.test could be there
        (&[APEX], "c.z.test", false),
        (&[APEX, LAST], "zz.z.test", true),
        (&[APEX, B], "b.z.test", false),
        (&[APEX, B], "x.b.z.test", false), // *.b.z.test sorts before x.b: covered by B, checked below
        (&[APEX, ENT], "ent.z.test", false),
        (&[APEX, CUT], "www.cut.z.test", false), // the parent's word ends at the cut
        (&[APEX, CUT], "d.z.test", true),
        (&[APEX, B], "c.other.test", false),
        (&[], "c.z.test", false),
    ];
    for (rows, asked, proven) in name_error {
        let result = nsec(rows, asked, Wanted::Name);
        let proven = *proven || *asked == "x.b.z.test";
        assert_eq!(result.is_ok(), proven, "{asked}: {result:?}");
    }
    let dname: Row = ("b.z.test", "cut.z.test", &[DNAME]);
    assert!(nsec(&[APEX, dname], "x.b.z.test", Wanted::Name).is_err(), "a DNAME would have answered");
}

#[test]
fn nsec_proves_that_a_type_is_absent() {
    let no_data: &[(&[Row], &str, WireType, bool)] = &[
        (&[B], "b.z.test", AAAA, true),
        (&[B], "B.Z.test", AAAA, true),
        (&[B], "b.z.test", A, false),
        (&[LAST], "y.z.test", A, false),  // a CNAME would have answered
        (&[CUT], "cut.z.test", A, false), // the child's business
        (&[CUT], "cut.z.test", DS, true),
        (&[APEX], "z.test", DS, false), // the child's own word about its DS
        (&[APEX], "z.test", MX, true),
        (&[CUT], "ent.z.test", A, true), // an empty non-terminal: next is x.ent
        (&[ENT, WILD], "q.w.z.test", AAAA, true),
        (&[ENT, WILD], "q.w.z.test", A, false),
        (&[WILD], "q.w.z.test", AAAA, true),
        (&[APEX], "q.w.z.test", AAAA, false),
    ];
    for (rows, asked, rtype, proven) in no_data {
        let result = nsec(rows, asked, Wanted::Type(*rtype));
        assert_eq!(result.is_ok(), *proven, "{asked} {rtype}: {result:?}");
    }
}

#[test]
fn nsec_proves_an_unsigned_delegation_at_the_name_only() {
    assert_eq!(nsec(&[CUT], "cut.z.test", Wanted::Ds), Ok(ProofKind::Nsec));
    let signed: Row = ("cut.z.test", "y.z.test", &[NS, DS]);
    let child: Row = ("cut.z.test", "y.z.test", &[NS, SOA]);
    for rows in [&[signed][..], &[child], &[B], &[]] {
        assert!(nsec(rows, "cut.z.test", Wanted::Ds).is_err());
    }
    let unproven = nsec(&[B], "b.z.test", Wanted::Ds).unwrap_err();
    assert_eq!(
        unproven,
        Unproven::Missing("its NSEC does not say that b.z.test. is a delegation".to_owned())
    );
}

#[test]
fn nsec_proves_that_a_wildcard_may_answer() {
    let closer = |rows: &[Row], asked: &str, labels| nsec(rows, asked, Wanted::CloserName { labels }).is_ok();
    assert!(closer(&[WILD], "q.w.z.test", 3));
    assert!(!closer(&[APEX], "q.w.z.test", 3));
    // The name next to it is nearer than the wildcard: *.z.test may not answer for x.b.z.test.
    assert!(!closer(&[B], "x.b.z.test", 2));
    assert!(closer(&[B], "x.c.z.test", 2));
}

#[test]
fn a_name_that_says_that_it_does_not_exist_is_believed() {
    let row: Row = ("q.z.test", "r.z.test", &[NSEC_TYPE, RRSIG]);
    assert!(nsec(&[row], "q.z.test", Wanted::Name).is_err());
    let nxname = (name("q.z.test"), NSEC::new_cover_self(name("r.z.test"), [WireType::from(128)]));
    let result = by_nsec(&name(ZONE), &name("q.z.test"), Wanted::Name, &[(&nxname.0, &nxname.1)]);
    assert_eq!(result, Ok(ProofKind::Nsec), "RFC 9824");
}

/// The NSEC3 chain of a zone with these names; `keep` says which of its records are sent.
struct Chain {
    pub(crate) records: Vec<(Name, NSEC3)>,
    names: Vec<Name>,
}

fn hash(of: &Name, salt: &[u8], iterations: u16) -> Vec<u8> {
    Nsec3HashAlgorithm::SHA1.hash(salt, of, iterations).unwrap().as_ref().to_vec()
}

fn chain(names: &[(&str, &[WireType])], opt_out: bool, iterations: u16) -> Chain {
    let salt = [0xab, 0xcd];
    let mut hashed: Vec<(Vec<u8>, Name, &[WireType])> = names
        .iter()
        .map(|(text, types)| (hash(&name(text), &salt, iterations), name(text), *types))
        .collect();
    hashed.sort();
    let next = |at: usize| hashed[(at + 1) % hashed.len()].0.clone();
    let record = |(at, (hash, _, types)): (usize, &(Vec<u8>, Name, &[WireType]))| {
        let owner = name(ZONE).prepend_label(base32hex(hash)).unwrap();
        let algorithm = Nsec3HashAlgorithm::SHA1;
        let types = types.iter().copied();
        (owner, NSEC3::new(algorithm, opt_out, iterations, salt.to_vec(), next(at), types))
    };
    Chain {
        records: hashed.iter().enumerate().map(record).collect(),
        names: hashed.iter().map(|(_, name, _)| name.clone()).collect(),
    }
}

impl Chain {
    fn prove(
        &self,
        asked: &str,
        wanted: Wanted,
        keep: impl Fn(&Name) -> bool,
    ) -> Result<ProofKind, Unproven> {
        let kept = self.records.iter().zip(&self.names).filter(|(_, name)| keep(name));
        let records: Vec<(&Name, &NSEC3)> = kept.map(|((owner, nsec3), _)| (owner, nsec3)).collect();
        by_nsec3(&name(ZONE), &name(asked), wanted, &records)
    }

    fn all(&self, asked: &str, wanted: Wanted) -> Result<ProofKind, Unproven> {
        self.prove(asked, wanted, |_| true)
    }
}

const NAMES: &[(&str, &[WireType])] = &[
    ("z.test", &[SOA, NS]),
    ("b.z.test", &[A]),
    ("cut.z.test", &[NS]),
    ("signed.z.test", &[NS, DS]),
    ("ent.z.test", &[]),
    ("x.ent.z.test", &[TXT]),
    ("w.z.test", &[]),
    ("*.w.z.test", &[A]),
];

#[test]
fn nsec3_whose_next_name_is_no_hash_of_its_kind_proves_nothing() {
    let mut zone = chain(NAMES, false, 0);
    assert!(zone.all("c.z.test", Wanted::Name).is_ok());
    for (_, nsec3) in &mut zone.records {
        let next = nsec3.next_hashed_owner_name().repeat(10);
        *nsec3 = NSEC3::new(Nsec3HashAlgorithm::SHA1, false, 0, nsec3.salt().to_vec(), next, [SOA]);
    }
    assert!(zone.all("c.z.test", Wanted::Name).is_err());
}

#[test]
fn nsec3_proves_by_closest_encloser_next_closer_and_wildcard() {
    let zone = chain(NAMES, false, 0);
    for (asked, wanted, proven) in [
        ("c.z.test", Wanted::Name, true),
        ("c.d.e.z.test", Wanted::Name, true),
        ("b.z.test", Wanted::Name, false),
        ("q.w.z.test", Wanted::Name, false),     // the wildcard is there
        ("www.cut.z.test", Wanted::Name, false), // the parent's word ends at the cut
        ("c.other.test", Wanted::Name, false),
        ("b.z.test", Wanted::Type(AAAA), true),
        ("b.z.test", Wanted::Type(A), false),
        ("ent.z.test", Wanted::Type(A), true),
        ("cut.z.test", Wanted::Type(A), false),
        ("cut.z.test", Wanted::Type(DS), true),
        ("q.w.z.test", Wanted::Type(AAAA), true),
        ("q.w.z.test", Wanted::Type(A), false),
        ("c.z.test", Wanted::Type(DS), false),
        ("cut.z.test", Wanted::Ds, true),
        ("signed.z.test", Wanted::Ds, false),
        ("b.z.test", Wanted::Ds, false),
        ("c.z.test", Wanted::Ds, false), // only opt-out leaves delegations out
        ("q.w.z.test", Wanted::CloserName { labels: 3 }, true),
        ("b.z.test", Wanted::CloserName { labels: 2 }, false),
        ("x.b.z.test", Wanted::CloserName { labels: 2 }, false), // b.z.test is nearer
    ] {
        let result = zone.all(asked, wanted);
        assert_eq!(result.is_ok(), proven, "{asked} {wanted:?}: {result:?}");
        assert!(result.is_err() || result == Ok(ProofKind::Nsec3));
    }
}

#[test]
fn a_part_that_is_missing_is_missed() {
    let zone = chain(NAMES, false, 3);
    let salt = [0xab, 0xcd];
    let apex = name(ZONE);
    // Which record covers a name, by the zone's own order of hashes.
    let covering = |asked: &str| {
        let wanted = hash(&name(asked), &salt, 3);
        let hashes: Vec<Vec<u8>> = zone.names.iter().map(|name| hash(name, &salt, 3)).collect();
        let at = hashes.iter().rposition(|hash| *hash < wanted).unwrap_or(hashes.len() - 1);
        zone.names[at].clone()
    };
    let parts = [apex, covering("c.z.test"), covering("*.z.test")];
    let whole = zone.prove("c.z.test", Wanted::Name, |name| parts.contains(name));
    assert_eq!(whole, Ok(ProofKind::Nsec3));
    for part in &parts {
        let result = zone.prove("c.z.test", Wanted::Name, |name| parts.contains(name) && name != part);
        assert!(matches!(result, Err(Unproven::Missing(_))), "without {part}: {result:?}");
    }
}

#[test]
fn opt_out_leaves_unsigned_delegations_out_and_says_so() {
    let names: Vec<_> = NAMES.iter().copied().filter(|(name, _)| *name != "cut.z.test").collect();
    let zone = chain(&names, true, 0);
    assert_eq!(zone.all("cut.z.test", Wanted::Ds), Ok(ProofKind::Nsec3OptOut));
    assert_eq!(zone.all("cut.z.test", Wanted::Type(DS)), Ok(ProofKind::Nsec3OptOut));
    assert_eq!(zone.all("c.z.test", Wanted::Name), Ok(ProofKind::Nsec3OptOut));
    assert!(zone.all("signed.z.test", Wanted::Ds).is_err());
    // An empty name above a delegation that was left out may have been left out with it.
    assert_eq!(zone.all("c.z.test", Wanted::Type(A)), Ok(ProofKind::Nsec3OptOut));
    assert!(chain(&names, false, 0).all("c.z.test", Wanted::Type(A)).is_err());
}

#[test]
fn too_many_iterations_are_not_made() {
    assert!(chain(NAMES, false, MAX_ITERATIONS).all("c.z.test", Wanted::Name).is_ok());
    let result = chain(NAMES, false, MAX_ITERATIONS + 1).all("c.z.test", Wanted::Name);
    assert_eq!(result, Err(Unproven::Iterations(MAX_ITERATIONS + 1)));
}

//! Situations that a well-tested resolver gets right with a plain walk: zones in a table, and what is found.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::NS;
use hickory_resolver::proto::rr::{Name, RData, Record};

use crate::dns::tests::kit::{AUTH, OTHER, ROOT, ROOT_ZONE, SECOND, TLD, TRAP, local, resolve};
use crate::dns::tests::server::{Bend, Quirk, Spec, TestNet};

/// What is served where: address, quirks, and zones of `|`-separated records.
type Place<'a> = (&'a str, Vec<Quirk>, &'a [(&'a str, &'a str)]);

/// The same with the texts of the zones.
type Text<'a> = (&'a str, Vec<Quirk>, Vec<(&'a str, String)>);

struct Case<'a> {
    what: &'a str,
    /// The zone `test.`, of the server that the root names.
    top: &'a str,
    places: Vec<Place<'a>>,
    host: &'a str,
    /// Its addresses, or words of the failure.
    want: Result<&'a [&'a str], &'a str>,
}

fn run(case: Case<'_>) {
    local(async {
        let lines = |text: &str| text.replace('|', "\n");
        let mut texts: Vec<Text<'_>> = vec![
            (ROOT, vec![], vec![(".", ROOT_ZONE.to_owned())]),
            (TLD, vec![], vec![("test.", lines(case.top))]),
        ];
        for (address, quirks, zones) in case.places {
            let zones: Vec<_> = zones.iter().map(|(origin, text)| (*origin, lines(text))).collect();
            match texts.iter_mut().find(|known| known.0 == address) {
                Some(known) => known.2.extend(zones),
                None => texts.push((address, quirks, zones)),
            }
        }
        let specs: Vec<Spec<'_>> = texts
            .iter()
            .map(|(address, quirks, zones)| {
                let zones = zones.iter().map(|(origin, text)| (*origin, text.as_str())).collect();
                (*address, quirks.clone(), zones)
            })
            .collect();
        let net = TestNet::start(specs).await;
        let found = resolve(&net, case.host).await;
        let what = case.what;
        match (&found.result, case.want) {
            (Ok(_), Ok(want)) => assert_eq!(found.addresses(), want, "{what}"),
            (Err(failure), Err(words)) => {
                assert!(failure.message.contains(words), "{what}: {}", failure.message);
            }
            (got, _) => panic!("{what}: {got:?}, {:#?}", found.lines()),
        }
        assert!(found.walk().len() < 40, "{what}: {} packets", found.walk().len());
    });
}

const REFUSES: Quirk = Quirk::Rcode(ResponseCode::Refused);
const A_TEST: &str = "a.test. NS ns1.a.test.|ns1.a.test. A 127.0.53.3";

#[test]
fn delegations_that_are_thin_stale_or_lame_in_part() {
    let www: &[(&str, &str)] = &[("a.test.", "www.a.test. A 192.0.2.1")];
    for case in [
        Case {
            what: "the parent's server has the child, too, and never refers",
            top: A_TEST,
            places: vec![(TLD, vec![], www), (AUTH, vec![Quirk::Silent], &[])],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "two zones whose servers are each other's, with sibling glue",
            top: "a.test. NS ns.b.test.|b.test. NS ns.a.test.|ns.a.test. A 127.0.53.3|ns.b.test. A 127.0.53.3",
            places: vec![(AUTH, vec![], www)],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "three servers of which one has no address, one does not exist, and one serves",
            top: "a.test. NS nope.b.test.|a.test. NS text.b.test.|a.test. NS good.b.test.|b.test. NS ns.b.test.|\
                  ns.b.test. A 127.0.53.5",
            places: vec![
                (OTHER, vec![], &[("b.test.", "text.b.test. TXT x|good.b.test. A 127.0.53.3")]),
                (AUTH, vec![], www),
            ],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "one server refuses, one is not there, the third serves",
            top: "a.test. NS n1.a.test.|a.test. NS n2.a.test.|a.test. NS n3.a.test.|n1.a.test. A 127.0.53.4|\
                  n2.a.test. A 127.0.53.66|n3.a.test. A 127.0.53.3",
            places: vec![(SECOND, vec![REFUSES], &[]), (AUTH, vec![], www)],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "the zone names other servers than its parent, which are dead",
            top: A_TEST,
            places: vec![(
                AUTH,
                vec![Quirk::TellsServers],
                &[("a.test.", "a.test. NS gone.a.test.|gone.a.test. A 127.0.53.66|www.a.test. A 192.0.2.1")],
            )],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "glue without a route beside a server without glue",
            top: "a.test. NS n1.a.test.|n1.a.test. A 255.255.255.255|a.test. NS good.b.test.|b.test. NS ns.b.test.|\
                  ns.b.test. A 127.0.53.5",
            places: vec![(OTHER, vec![], &[("b.test.", "good.b.test. A 127.0.53.3")]), (AUTH, vec![], www)],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "a server without glue that needs a server without glue",
            top: "a.test. NS ns.b.test.|b.test. NS ns.c.test.|c.test. NS ns.c.test.|ns.c.test. A 127.0.53.5",
            places: vec![
                (
                    OTHER,
                    vec![],
                    &[("c.test.", "ns.c.test. A 127.0.53.5"), ("b.test.", "ns.b.test. A 127.0.53.3")],
                ),
                (AUTH, vec![], www),
            ],
            host: "www.a.test",
            want: Ok(&["192.0.2.1"]),
        },
        Case {
            what: "a referral with AA",
            top: A_TEST,
            places: vec![
                (
                    AUTH,
                    vec![Quirk::Bent(Bend(|_, reply| reply.metadata.authoritative = true))],
                    &[("a.test.", "deep.a.test. NS ns.deep.a.test.|ns.deep.a.test. A 127.0.53.4")],
                ),
                (SECOND, vec![], &[("deep.a.test.", "www.deep.a.test. A 192.0.2.2")]),
            ],
            host: "www.deep.a.test",
            want: Ok(&["192.0.2.2"]),
        },
        Case {
            what: "a server that names the zone itself in place of an answer",
            top: A_TEST,
            places: vec![(
                AUTH,
                vec![Quirk::Bent(Bend(|_, reply| {
                    reply.metadata.authoritative = false;
                    let name = |text: &str| Name::from_ascii(text).unwrap();
                    let own = RData::NS(NS(name("ns1.a.test.")));
                    reply.authorities = vec![Record::from_rdata(name("a.test."), 60, own)];
                    reply.answers.clear();
                }))],
                www,
            )],
            host: "www.a.test",
            want: Err("referred to itself (a.test.)"),
        },
        Case {
            what: "nobody at all",
            top: "a.test. NS nope.test.",
            places: vec![(TRAP, vec![], &[])],
            host: "www.a.test",
            want: Err("ns nope.test.: NXDOMAIN"),
        },
        Case {
            what: "an address in place of a server's name",
            top: "a.test. NS 192.0.2.53.",
            places: vec![(TRAP, vec![], &[])],
            host: "www.a.test",
            want: Err("ns 192.0.2.53.: NXDOMAIN (an NS record takes a name, and that is an address)"),
        },
    ] {
        run(case);
    }
}

#[test]
fn names_of_every_kind() {
    for case in [
        Case {
            what: "a wildcard",
            top: A_TEST,
            places: vec![(AUTH, vec![], &[("a.test.", "*.a.test. A 192.0.2.3")])],
            host: "any.thing.a.test",
            want: Ok(&["192.0.2.3"]),
        },
        Case {
            what: "an empty non-terminal has no address and exists",
            top: A_TEST,
            places: vec![(AUTH, vec![], &[("a.test.", "x.ent.a.test. A 192.0.2.3")])],
            host: "ent.a.test",
            want: Err("ent.a.test. has no A or AAAA record"),
        },
        Case {
            what: "aliases over three zones, a wildcard at the end",
            top: "a.test. NS ns1.a.test.|ns1.a.test. A 127.0.53.3|b.test. NS ns1.b.test.|ns1.b.test. A 127.0.53.5",
            places: vec![
                (AUTH, vec![], &[("a.test.", "www.a.test. CNAME x.b.test.|*.deep.a.test. A 192.0.2.4")]),
                (OTHER, vec![], &[("b.test.", "x.b.test. CNAME y.deep.a.test.")]),
            ],
            host: "www.a.test",
            want: Ok(&["192.0.2.4"]),
        },
        Case {
            what: "a DNAME that leads to a DNAME in another zone",
            top: "a.test. NS ns1.a.test.|ns1.a.test. A 127.0.53.3|b.test. NS ns1.b.test.|ns1.b.test. A 127.0.53.5",
            places: vec![
                (AUTH, vec![], &[("a.test.", "old.a.test. DNAME old.b.test.|www.new.a.test. A 192.0.2.5")]),
                (OTHER, vec![], &[("b.test.", "old.b.test. DNAME new.a.test.")]),
            ],
            host: "www.old.a.test",
            want: Ok(&["192.0.2.5"]),
        },
        Case {
            what: "an alias into a zone that is dead",
            top: "a.test. NS ns1.a.test.|ns1.a.test. A 127.0.53.3|b.test. NS ns1.b.test.|ns1.b.test. A 127.0.53.4",
            places: vec![
                (AUTH, vec![], &[("a.test.", "www.a.test. CNAME x.b.test.")]),
                (SECOND, vec![REFUSES], &[]),
            ],
            host: "www.a.test",
            want: Err("no server of zone b.test. gave an answer for x.b.test. A"),
        },
        Case {
            what: "NXDOMAIN of an alias's target is the target's",
            top: A_TEST,
            places: vec![(AUTH, vec![], &[("a.test.", "www.a.test. CNAME nope.a.test.")])],
            host: "www.a.test",
            want: Err("nope.a.test. does not exist"),
        },
        Case {
            what: "an alias of a name inside a zone below",
            top: A_TEST,
            places: vec![
                (
                    AUTH,
                    vec![],
                    &[(
                        "a.test.",
                        "www.a.test. CNAME x.sub.a.test.|sub.a.test. NS ns.sub.a.test.|ns.sub.a.test. A 127.0.53.4",
                    )],
                ),
                (SECOND, vec![], &[("sub.a.test.", "x.sub.a.test. A 192.0.2.6")]),
            ],
            host: "www.a.test",
            want: Ok(&["192.0.2.6"]),
        },
    ] {
        run(case);
    }
}

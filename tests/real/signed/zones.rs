//! The zones of the signed internet. Names say what is special about a zone; those without anything
//! special are called by what signs them.

use super::zone::{Ds, Fault, Host, Keys, Zone, zone};
use Host::{Bind, Knot, Nsd, TldKnot, TldNsd};

/// The algorithm of zones whose algorithm is not the point.
const USUAL: &str = "ECDSAP256SHA256";

/// All of them.
pub(super) fn all() -> Vec<Zone> {
    let groups = [top(), algorithms(), denial(), aliases(), shared(), insecure(), bogus()];
    groups.into_iter().flatten().collect()
}

fn top() -> Vec<Zone> {
    let root = Zone { records: String::new(), ..zone("", Host::Root, "") };
    vec![
        root.signed("RSASHA256"),
        zone("alpha", TldNsd, "").signed(USUAL),
        zone("omega", TldKnot, "").by_knot(0, true),
        zone("delta", TldKnot, "").signed("ECDSAP384SHA384").nsec3("A1B2", 5, false),
        // A top-level zone without a DS, and a signed zone below it that has one.
        zone("insec", TldNsd, ""),
        zone("signed.insec", Bind, "").signed(USUAL),
    ]
}

fn algorithms() -> Vec<Zone> {
    vec![
        zone("rsa256.alpha", Bind, "").signed("RSASHA256"),
        zone("rsa512.omega", Nsd, "").signed("RSASHA512"),
        zone("p256.delta", Knot, "").signed("ECDSAP256SHA256"),
        zone("p384.alpha", Bind, "").signed("ECDSAP384SHA384"),
        zone("ed25519.omega", Nsd, "").signed("ED25519"),
        zone("ed448.alpha", Knot, "").signed("ED448"),
        zone("rsa1.alpha", Bind, "").signed("RSASHA1"),
        zone("rsa1-nsec3.alpha", Nsd, "").signed("NSEC3RSASHA1").nsec3("-", 0, false),
        zone("ds-sha384.alpha", Knot, "").signed(USUAL).ds(&[Ds::Sha384]),
        zone("ds-sha1.alpha", Bind, "").signed(USUAL).ds(&[Ds::Sha1]),
        zone("ds-sha1-sha256.alpha", Nsd, "").signed(USUAL).ds(&[Ds::Sha1, Ds::Sha256]),
        zone("ds-sha1-wrong.alpha", Nsd, "").signed(USUAL).ds(&[Ds::Sha1, Ds::WrongDigest]),
        zone("ds-unknown-digest.alpha", Nsd, "").signed(USUAL).ds(&[Ds::UnknownDigest]),
        zone("ds-known-too.alpha", Bind, "").signed(USUAL).ds(&[Ds::UnknownDigest, Ds::Sha256]),
        zone("ds-unknown-algorithm.alpha", Knot, "").signed(USUAL).ds(&[Ds::UnknownAlgorithm]),
        zone("csk.delta", Bind, "").signed("ED25519").keys(Keys::Combined),
        zone("rollover.delta", Nsd, "").signed(USUAL).keys(Keys::Rollover),
        zone("standby.omega", Knot, "").signed(USUAL).ds(&[Ds::Standby, Ds::Sha256]),
    ]
}

/// What the questions about absence need.
const NAMES: &str = r#"
@            IN MX 10 mail
@            IN TXT "v=spf1 -all"
@            IN CAA 0 issue "ca.example"
mail         IN A 203.0.113.25
a.b.ent      IN A 203.0.113.26
*.wild       IN A 203.0.113.27
*.wild       IN TXT "from a wildcard"
deep.wild    IN A 203.0.113.28
alias        IN CNAME www
dangling     IN CNAME nothing
*.wild-alias IN CNAME www
MiXeD        IN A 203.0.113.29
a/b          IN A 203.0.113.33
a\032b       IN A 203.0.113.34
"#;

fn denial() -> Vec<Zone> {
    vec![
        zone("nsec.alpha", Bind, &(NAMES.to_owned() + KINDS + ODD)).signed(USUAL),
        zone("nsec-nsd.omega", Nsd, NAMES).signed(USUAL),
        zone("nsec-knot.delta", Knot, NAMES).signed(USUAL),
        zone("n3.delta", Nsd, &(NAMES.to_owned() + KINDS)).signed(USUAL).nsec3("BEEF", 10, false),
        zone("n3-bind.alpha", Bind, NAMES).signed(USUAL).nsec3("-", 0, false),
        zone("n3-knot.alpha", Knot, NAMES).by_knot(0, false),
        zone("optout.delta", Bind, NAMES).signed(USUAL).nsec3("-", 0, true),
        zone("x.y.deep.optout.delta", Knot, ""),
        zone("iterations.delta", Knot, NAMES).by_knot(200, false),
        zone("plain.iterations.delta", Bind, ""),
        zone("signed.iterations.delta", Bind, "").signed(USUAL),
    ]
}

/// Records of many types.
const KINDS: &str = r#"
big            IN TXT "00 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
big            IN TXT "01 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
big            IN TXT "02 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
big            IN TXT "03 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
big            IN TXT "04 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
big            IN TXT "05 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
xn--bcher-kva  IN A 203.0.113.30
xn--bcher-kva  IN AAAA 2001:db8:80::80
1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.many IN A 203.0.113.31
_dmarc         IN TXT "v=DMARC1; p=none"
_sip._tcp      IN SRV 10 5 5060 mail
_443._tcp.www  IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
www            IN HTTPS 1 . alpn=h2,http/1.1 ipv4hint=203.0.113.80
_dns           IN SVCB 1 www alpn=h2 port=853
www            IN SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
@              IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.site!" .
"#;

/// Types that not every server can read, some with names in capitals.
const ODD: &str = r#"
who            IN RP admin.MiXeD.alpha. www
here           IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
cpu            IN HINFO "RISC-V" "Linux"
off            IN TYPE65280 \# 4 0a000001
off            IN TYPE65281 \# 0
srv            IN SRV 10 5 5060 MAIL.Nsec.ALPHA.
naptr          IN NAPTR 100 10 "S" "SIP+D2U" "" _SIP._UDP.Nsec.ALPHA.
svc            IN HTTPS 1 SVC.Nsec.ALPHA. alpn=h2 port=8443 key65333=Ab
target         IN HTTPS 0 WWW.Nsec.ALPHA.
rt             IN RT 10 MaiL
px             IN PX 10 MaiL NsEc.Alpha.
minfo          IN MINFO MaiL BoX
cert           IN CERT PKIX 12345 RSASHA256 AQIDBAUG
pgp            IN OPENPGPKEY AQIDBAUG
smime          IN SMIMEA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
csync          IN CSYNC 66 3 A NS AAAA
uri            IN URI 10 1 "https://example.alpha/"
apl            IN APL 1:192.0.2.0/24 !2:2001:db8::/32
key            IN KEY 256 3 8 AQIDBAUG
eui            IN EUI48 00-00-5e-00-53-2a
dhcid          IN DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
ipsec          IN IPSECKEY 10 3 2 Gate.nsec.alpha. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
hip            IN HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D Rvs.nsec.alpha.
cds            IN CDS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
nid            IN NID 10 0014:4fff:ff20:ee64
spf            IN SPF "v=spf1 -all"
sshfp          IN SSHFP 9 9 0123456789abcdef
tlsa           IN TLSA 200 200 200 abcdef
caa            IN CAA 0 TBS "unknown"
caa            IN CAA 0 iSSue "Ca.example"
many           IN TXT "b" "a"
many           IN TXT "a"
many           IN TXT ""
kx             IN KX 10 Mail
afs            IN AFSDB 1 MaiL
back           IN PTR WWW.p384.Alpha.
upper          IN MX 10 MAIL.Nsec.ALPHA.
odd\.label     IN A 203.0.113.32
cname-upper    IN CNAME WWW
"#;

fn aliases() -> Vec<Zone> {
    let records = r#"
inner        IN CNAME hop
hop          IN CNAME www
to-secure    IN CNAME www.p384.alpha.
to-n3        IN CNAME www.n3.delta.
three        IN CNAME alias.n3.delta.
to-wild      IN CNAME x.wild.n3.delta.
to-absent    IN CNAME nothing.n3.delta.
to-nothing   IN CNAME nothing.p384.alpha.
to-insecure  IN CNAME www.unsigned.alpha.
to-island    IN CNAME www.island.alpha.
to-bogus     IN CNAME www.expired.alpha.
to-slash     IN CNAME a/b.n3.delta.
to-blank     IN CNAME a\032b.nsec.alpha.
to-slash-bad IN CNAME a/b.expired.alpha.
to-blank-bad IN CNAME a\032b.expired.alpha.
*.made1      IN CNAME x.made2
*.made2      IN CNAME x.made3
*.made3      IN CNAME x.made4
*.made4      IN CNAME x.made5
*.made5      IN A 203.0.113.41
to-omega     IN CNAME nothing.omega.
through      IN CNAME to-secure.unsigned.alpha.
old          IN DNAME p384.alpha.
old3         IN DNAME n3.delta.
inside       IN DNAME target
www.target   IN A 203.0.113.40
old-insecure IN DNAME unsigned.alpha.
old-bogus    IN DNAME expired.alpha.
to-old       IN CNAME www.old
"#;
    vec![
        zone("alias.alpha", Nsd, records).signed(USUAL),
        zone("alias.delta", Bind, records).signed(USUAL).nsec3("-", 0, false),
        zone("alias.omega", Knot, records).signed(USUAL),
        // Its only server is in another zone, so that there is no glue.
        zone("glueless.omega", Bind, "").signed(USUAL).server("ns.p384.alpha."),
        zone("glueless.delta", Nsd, "").server("ns.n3.delta."),
    ]
}

/// The names of a family of zones below a top-level zone.
macro_rules! family {
    ($top:literal) => {
        [
            concat!("same.", $top),
            concat!("child.same.", $top),
            concat!("grand.child.same.", $top),
            concat!("two.labels.same.", $top),
            concat!("plain.same.", $top),
            concat!("below.plain.same.", $top),
            concat!("island.same.", $top),
            concat!("below.island.same.", $top),
            concat!("bad.same.", $top),
            concat!("l1.l2.l3.l4.l5.l6.same.", $top),
        ]
    };
}

/// Zones whose parent has the same servers, so that no referral ever comes.
fn shared() -> Vec<Zone> {
    let mut all = Vec::new();
    for (host, names) in [(Bind, family!("alpha")), (Nsd, family!("omega")), (Knot, family!("delta"))] {
        let [parent, child, grand, two, plain, below, island, reef, bad, deep] = names;
        let usual = |name| zone(name, host, NAMES).signed(USUAL);
        // The parent's kind of proof is another on each server.
        all.push(match host {
            Bind => usual(parent),
            Nsd => usual(parent).nsec3("-", 0, false),
            _ => usual(parent).nsec3("-", 0, true),
        });
        all.push(zone(deep, host, NAMES));
        all.extend([usual(child), usual(grand).nsec3("-", 0, false), usual(two)]);
        all.extend([
            zone(plain, host, NAMES),
            usual(below),
            usual(island).ds(&[]),
            usual(reef),
            usual(bad).ds(&[Ds::WrongDigest]),
        ]);
    }
    all
}

fn insecure() -> Vec<Zone> {
    let records =
        format!("{NAMES}to-secure IN CNAME www.p384.alpha.\nto-bogus IN CNAME www.expired.alpha.\n");
    vec![
        zone("unsigned.alpha", Bind, &records),
        zone("unsigned.delta", Nsd, &records),
        zone("unsigned.omega", Knot, &records),
        zone("sub.unsigned.omega", Bind, ""),
        zone("island.alpha", Knot, NAMES).signed(USUAL).ds(&[]),
        zone("signed.unsigned.alpha", Nsd, "").signed(USUAL),
        zone("plain.nsec.alpha", Nsd, ""),
        zone("plain.n3.delta", Knot, ""),
        zone("plain.optout.delta", Nsd, ""),
        zone("signed.optout.delta", Nsd, "").signed(USUAL),
    ]
}

fn bogus() -> Vec<Zone> {
    let spoiled = |name, host, fault| zone(name, host, NAMES).signed(USUAL).fault(fault);
    vec![
        spoiled("expired.alpha", Bind, Fault::Expired),
        zone("in-part.alpha", Bind, NAMES).signed(USUAL).unsigned_copy(Nsd),
        spoiled("not-yet.delta", Nsd, Fault::NotYet),
        spoiled("no-rrsig.omega", Knot, Fault::Unsigned("www", "A")),
        spoiled("no-rrsig-cname.alpha", Bind, Fault::Unsigned("alias", "CNAME")),
        spoiled("no-rrsig-soa.alpha", Nsd, Fault::Unsigned("@", "SOA")),
        spoiled("no-rrsig-nsec.delta", Nsd, Fault::Unsigned("www", "NSEC")),
        spoiled("no-rrsig-dnskey.alpha", Nsd, Fault::Unsigned("@", "DNSKEY")),
        spoiled("no-rrsig-ds.alpha", Knot, Fault::Unsigned("child", "DS")),
        zone("child.no-rrsig-ds.alpha", Bind, "").signed(USUAL),
        spoiled("changed.omega", Bind, Fault::Changed("www", "A", "203.0.113.99")),
        spoiled("foreign.alpha", Nsd, Fault::Foreign("www", "A")),
        spoiled("foreign-dnskey.alpha", Knot, Fault::Foreign("@", "DNSKEY")),
        spoiled("no-dnskey.delta", Nsd, Fault::Without("DNSKEY")),
        spoiled("no-nsec.alpha", Nsd, Fault::Without("NSEC")),
        zone("plain.no-nsec.alpha", Bind, ""),
        spoiled("no-nsec3.delta", Nsd, Fault::Without("NSEC3")).nsec3("-", 0, false),
        spoiled("wrong-ds.omega", Knot, Fault::None).ds(&[Ds::WrongDigest]),
        spoiled("other-ds.alpha", Bind, Fault::None).ds(&[Ds::Standby]),
        // A DS, and nothing is signed.
        Zone { ds: &[Ds::Sha256], ..zone("only-ds.alpha", Nsd, NAMES) },
        // The zone above is wrong: nothing below it can be right.
        zone("below.wrong-ds.omega", Bind, "").signed(USUAL),
    ]
}

//! The rules of `reply`, each with a message that makes it fire and one that does not, and the
//! presentation forms.

use crate::explain::dns_words::NO_AUTHORITY;
use std::net::IpAddr;

use hickory_resolver::proto::rr::rdata::svcb::{
    Alpn, EchConfigList, IpHint, Mandatory, SvcParamKey, SvcParamValue, Unknown,
};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CAA, HTTPS, NULL, SOA, SVCB, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};
use hickory_resolver::proto::serialize::txt::Parser;

use crate::dns::outcome::words::unanswered;
use crate::dns::response::classify::{Absence, Question, Verdict, classify};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::wire::message::{Data, Reply, Rr};
use crate::dns::wire::name::{name_text, parse_name};
use crate::dns::wire::presentation::data_text;
use crate::trace::{AddressSource, Edns, Rcode, RecordType, ReplyHeader, Transport};

fn name(text: &str) -> Name {
    parse_name(text).unwrap()
}

/// `owner TYPE data`; TTL 300; an SOA's data is its minimum.
fn rr(line: &str) -> Rr {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let rtype = RecordType::from_mnemonic(fields[1]).unwrap();
    let data = match fields[1] {
        "A" | "AAAA" => Data::Address(fields[2].parse().unwrap()),
        "NS" => Data::Ns(name(fields[2])),
        "CNAME" => Data::Cname(name(fields[2])),
        "DNAME" => Data::Dname(name(fields[2])),
        "SOA" => {
            Data::Soa(Box::new(SOA::new(Name::root(), Name::root(), 1, 1, 1, 1, fields[2].parse().unwrap())))
        }
        _ => Data::Other(Box::new(RData::TXT(TXT::new(vec![fields[2].to_owned()])))),
    };
    Rr { name: name(fields[0]), rtype, ttl: 300, data }
}

struct Case {
    reply: Reply,
    zone: &'static str,
    qname: &'static str,
    qtype: RecordType,
    edns: Edns,
    transport: Transport,
}

/// A reply with AA to `www.example.test. A` from a server of `example.test.`.
fn says(answers: &[&str], authorities: &[&str], additionals: &[&str]) -> Case {
    let section = |lines: &[&str]| lines.iter().map(|line| rr(line)).collect();
    let header = ReplyHeader {
        rcode: Rcode::NOERROR,
        authoritative: true,
        truncated: false,
        recursion_desired: false,
        recursion_available: false,
        authentic_data: false,
        answers: answers.len(),
        authorities: authorities.len(),
        additionals: additionals.len(),
        edns_size: None,
        nsid: None,
        extended_errors: Vec::new(),
    };
    let reply = Reply {
        header,
        answers: section(answers),
        authorities: section(authorities),
        additionals: section(additionals),
    };
    Case {
        reply,
        zone: "example.test",
        qname: "www.example.test",
        qtype: RecordType::A,
        edns: Edns::Full,
        transport: Transport::Udp,
    }
}

impl Case {
    fn rcode(mut self, rcode: Rcode) -> Self {
        self.reply.header.rcode = rcode;
        self
    }

    fn without_authority(mut self) -> Self {
        self.reply.header.authoritative = false;
        self
    }

    fn truncated(mut self) -> Self {
        self.reply.header.truncated = true;
        self
    }

    fn by_zone(mut self, zone: &'static str) -> Self {
        self.zone = zone;
        self
    }

    fn asked(mut self, qname: &'static str, qtype: RecordType) -> Self {
        (self.qname, self.qtype) = (qname, qtype);
        self
    }

    fn plain(mut self) -> Self {
        self.edns = Edns::None;
        self
    }

    fn bare(mut self) -> Self {
        self.edns = Edns::Bare;
        self
    }

    /// With an OPT record in the reply.
    fn with_opt(mut self) -> Self {
        self.reply.header.edns_size = Some(1232);
        self
    }

    fn by_tcp(mut self) -> Self {
        self.transport = Transport::Tcp;
        self
    }

    fn verdict_with(&self, judge: fn(&Reply, &Question<'_>) -> Verdict) -> Verdict {
        let (zone, qname) = (name(self.zone), name(self.qname));
        let asked = Question {
            zone: &zone,
            qname: &qname,
            qtype: self.qtype,
            transport: self.transport,
            edns: self.edns,
        };
        judge(&self.reply, &asked)
    }

    fn verdict(&self) -> Verdict {
        self.verdict_with(classify)
    }

    /// The verdict in a few words.
    fn words(&self) -> String {
        words(&self.verdict())
    }
}

fn words(verdict: &Verdict) -> String {
    let owners = |rrs: &[Rr]| {
        let owner = |rr: &Rr| {
            format!("{}/{}", name_text(&rr.name).trim_end_matches(".example.test."), rr.rtype.mnemonic())
        };
        rrs.iter().map(owner).collect::<Vec<_>>().join(" ")
    };
    match verdict {
        Verdict::Answer { chain, records } if chain.is_empty() => format!("answer {}", owners(records)),
        Verdict::Answer { chain, records } => format!("answer {} then {}", owners(chain), owners(records)),
        Verdict::Alias { chain, target } => format!("alias {} to {}", owners(chain), name_text(target)),
        Verdict::Referral(referral) => format!(
            "referral {} glue {} ignored {}",
            name_text(&referral.cut),
            referral.glue,
            referral.ignored
        ),
        Verdict::Absent { chain, absence, negative } => format!(
            "{} {} {:?} chain {}",
            if *absence == Absence::Name { "nxdomain" } else { "nodata" },
            negative.zone.as_deref().unwrap_or("?"),
            negative.ttl,
            chain.len()
        ),
        Verdict::Lame { reason, spare } => {
            format!("lame {reason}, spare {}", spare.as_deref().map_or("none".to_owned(), words))
        }
        Verdict::Yxdomain { chain, made } => {
            format!("yxdomain {} makes {}", owners(chain), made.as_ref().map_or("?".to_owned(), name_text))
        }
        Verdict::Upward { to } => format!("upward {}", name_text(to)),
        Verdict::Malformed { .. } => "malformed".to_owned(),
        Verdict::Truncated => "truncated".to_owned(),
        Verdict::EdnsRefused { next: Edns::Bare } => "without options".to_owned(),
        Verdict::EdnsRefused { .. } => "without EDNS".to_owned(),
        Verdict::Refused => "refused".to_owned(),
        Verdict::ServerFailure => "failure".to_owned(),
    }
}

#[test]
fn the_header_decides_first() {
    let answer = || says(&["www.example.test A 192.0.2.1"], &[], &[]);
    for (case, want) in [
        (answer(), "answer www/A"),
        (answer().truncated(), "truncated"),
        (answer().truncated().by_tcp(), "malformed"),
        (answer().truncated().rcode(Rcode::REFUSED), "refused"),
        (answer().rcode(Rcode::FORMERR), "without options"),
        (answer().rcode(Rcode::FORMERR).bare(), "without EDNS"),
        (answer().rcode(Rcode::NOTIMP), "without EDNS"),
        (answer().rcode(Rcode::NOTIMP).bare(), "without EDNS"),
        (answer().rcode(Rcode::NOTIMP).plain(), "failure"),
        // Whoever sends an OPT record has EDNS: it means an option, or the question itself.
        (answer().rcode(Rcode::FORMERR).with_opt(), "without options"),
        (answer().rcode(Rcode::FORMERR).with_opt().bare(), "failure"),
        (answer().rcode(Rcode::NOTIMP).with_opt(), "failure"),
        (answer().rcode(Rcode::BADVERS).with_opt(), "without options"),
        (answer().rcode(Rcode::BADVERS).with_opt().bare(), "without EDNS"),
        (answer().rcode(Rcode::FORMERR).plain(), "failure"),
        (answer().rcode(Rcode::REFUSED), "refused"),
        (answer().rcode(Rcode(9)), "refused"),
        (answer().rcode(Rcode::SERVFAIL), "failure"),
        (answer().rcode(Rcode(23)), "failure"),
    ] {
        assert_eq!(case.words(), want);
    }
}

#[test]
fn answers_are_believed_inside_the_zone_and_for_the_name_only() {
    for (case, want) in [
        (
            says(&["www.example.test A 192.0.2.1", "www.example.test A 192.0.2.2"], &[], &[]),
            "answer www/A www/A",
        ),
        (says(&["WWW.Example.TEST A 192.0.2.1"], &[], &[]), "answer WWW.Example.TEST./A"),
        (says(&["www.example.test A 192.0.2.1", "evil.test A 192.0.2.6"], &[], &[]), "answer www/A"),
        (
            says(&["other.example.test A 192.0.2.1"], &[], &[]),
            "lame answered a question that was not asked, spare none",
        ),
        (
            says(&["www.example.test AAAA 2001:db8::1"], &["example.test SOA 60"], &[]),
            "nodata example.test. Some(60) chain 0",
        ),
        (
            says(&["www.example.test A 192.0.2.1"], &[], &[]).without_authority(),
            &*format!("lame {NO_AUTHORITY}, spare answer www/A"),
        ),
        // A server of a zone above or beside may say nothing of the name at all.
        (
            says(&["www.example.test A 192.0.2.1"], &[], &[]).by_zone("other.test"),
            "lame answered a question that was not asked, spare none",
        ),
    ] {
        assert_eq!(case.words(), want);
    }
    let any = says(&["www.example.test TXT x"], &[], &[]).asked("www.example.test", RecordType(255));
    assert_eq!(any.words(), "answer www/TXT");
}

#[test]
fn aliases_are_followed_while_they_stay_in_the_zone() {
    let www = "www.example.test CNAME web.example.test";
    let out = "web.example.test CNAME cdn.other.test";
    for (case, want) in [
        (says(&[www, "web.example.test A 192.0.2.1"], &[], &[]), "answer www/CNAME then web/A"),
        (says(&["web.example.test A 192.0.2.1", www], &[], &[]), "answer www/CNAME then web/A"),
        (says(&[www, out], &[], &[]), "alias www/CNAME web/CNAME to cdn.other.test."),
        // The addresses of a target elsewhere are somebody else's to give.
        (
            says(&[www, out, "cdn.other.test A 192.0.2.66"], &[], &[]),
            "alias www/CNAME web/CNAME to cdn.other.test.",
        ),
        (says(&[www], &[], &[]), "alias www/CNAME to web.example.test."),
        (says(&[www], &["example.test SOA 60"], &[]), "nodata example.test. Some(60) chain 1"),
        (
            says(&[www], &["example.test SOA 60"], &[]).rcode(Rcode::NXDOMAIN),
            "nxdomain example.test. Some(60) chain 1",
        ),
        (says(&[www, "web.example.test A 192.0.2.1"], &[], &[]).rcode(Rcode::NXDOMAIN), "malformed"),
        // The code is about a target that is not this server's: walked.
        (
            says(&[www, out], &["example.test SOA 60"], &[]).rcode(Rcode::NXDOMAIN),
            "alias www/CNAME web/CNAME to cdn.other.test.",
        ),
        (
            says(&["www.example.test CNAME www.example.test"], &[], &[]),
            "alias www/CNAME to www.example.test.",
        ),
        (
            says(&[www, "web.example.test CNAME www.example.test"], &[], &[]),
            "alias www/CNAME web/CNAME to www.example.test.",
        ),
        (
            says(&[www], &[], &[]).without_authority(),
            "lame answered without authority, spare alias www/CNAME to web.example.test.",
        ),
        (says(&[www], &[], &[]).asked("www.example.test", RecordType::CNAME), "answer www/CNAME"),
    ] {
        assert_eq!(case.words(), want);
    }
}

#[test]
fn a_dname_makes_the_alias_and_has_to_agree_with_one_that_comes_along() {
    let dname = "old.example.test DNAME new.example.test";
    let ask = |answers: &[&str]| says(answers, &[], &[]).asked("a.b.old.example.test", RecordType::A);
    for (case, want) in [
        (ask(&[dname]), "alias old/DNAME a.b.old/CNAME to a.b.new.example.test."),
        (
            ask(&[dname, "a.b.old.example.test CNAME a.b.new.example.test"]),
            "alias old/DNAME a.b.old/CNAME to a.b.new.example.test.",
        ),
        // Whatever CNAME came along (RFC 6672 §3.1).
        (
            ask(&[dname, "a.b.old.example.test CNAME a.evil.example.test"]),
            "alias old/DNAME a.b.old/CNAME to a.b.new.example.test.",
        ),
        (ask(&[dname]).rcode(Rcode::YXDOMAIN), "yxdomain old/DNAME makes a.b.new.example.test."),
        (ask(&[]).rcode(Rcode::YXDOMAIN), "failure"),
        (
            says(&[dname, "a.b.old.example.test CNAME a.b.new.example.test"], &[], &[])
                .asked("a.b.old.example.test", RecordType::CNAME),
            "answer old/DNAME then a.b.old/CNAME",
        ),
        (ask(&[dname, "a.b.new.example.test A 192.0.2.1"]), "answer old/DNAME a.b.old/CNAME then a.b.new/A"),
        // A DNAME says nothing of its own name.
        (
            says(&[dname], &["example.test SOA 60"], &[]).asked("old.example.test", RecordType::A),
            "nodata example.test. Some(60) chain 0",
        ),
        // Nor may it come from above the zone.
        (ask(&["test DNAME other"]), "lame answered a question that was not asked, spare none"),
    ] {
        assert_eq!(case.words(), want);
    }
    let long: &'static str =
        Box::leak(format!("{}.old.example.test", vec!["a".repeat(49); 4].join(".")).into_boxed_str());
    let target = vec!["b".repeat(49); 2].join(".");
    let case = says(&[&format!("old.example.test DNAME {target}")], &[], &[]).asked(long, RecordType::A);
    assert_eq!(case.words(), "yxdomain old/DNAME makes ?", "longer than a name may be");
    assert_eq!(case.rcode(Rcode::YXDOMAIN).words(), "yxdomain old/DNAME makes ?");
}

#[test]
fn referrals_lead_down_towards_the_name() {
    let refer = |owner: &str| says(&[], &[&format!("{owner} NS ns.elsewhere")], &[]).without_authority();
    for (case, want) in [
        (refer("www.example.test"), "referral www.example.test. glue 0 ignored 0"),
        (refer("WWW.EXAMPLE.test"), "referral WWW.EXAMPLE.test. glue 0 ignored 0"),
        (refer("a.www.example.test"), "upward a.www.example.test."),
        (refer("sub.example.test"), "upward sub.example.test."),
        (refer("example.test"), "upward example.test."),
        (refer("test"), "upward test."),
        (refer("."), "upward ."),
        (refer("other.test"), "upward other.test."),
        (refer("example.test").by_zone("test"), "referral example.test. glue 0 ignored 0"),
        // Some servers set AA in a referral.
        (
            says(&[], &["www.example.test NS ns.elsewhere"], &[]),
            "referral www.example.test. glue 0 ignored 0",
        ),
        (says(&[], &["example.test NS ns.elsewhere"], &[]), "nodata ? None chain 0"),
        // An SOA makes it a negative answer.
        (
            says(&[], &["example.test SOA 60", "www.example.test NS ns.elsewhere"], &[]),
            "nodata example.test. Some(60) chain 0",
        ),
    ] {
        assert_eq!(case.words(), want);
    }
}

#[test]
fn glue_is_believed_for_the_referral_s_servers_inside_the_asked_zone() {
    let case = |zone: &'static str, ns: &str, glue: &str| {
        let case = says(&[], &[&format!("example.test NS {ns}")], &[glue]);
        let Verdict::Referral(referral) = case.by_zone(zone).verdict() else { panic!("no referral") };
        (referral.servers[0].1.first().map(|(_, source)| *source), referral.glue, referral.ignored)
    };
    use AddressSource::{GlueInDomain, GlueSibling};
    for (zone, ns, glue, want) in [
        ("test", "ns.example.test", "ns.example.test A 192.0.2.1", (Some(GlueInDomain), 1, 0)),
        ("test", "ns.example.test", "NS.example.TEST AAAA 2001:db8::1", (Some(GlueInDomain), 1, 0)),
        ("test", "ns.other.test", "ns.other.test A 192.0.2.1", (Some(GlueSibling), 1, 0)),
        // The root's glue for a.gtld-servers.net is used for com.
        (".", "a.servers.net", "a.servers.net A 192.0.2.1", (Some(GlueSibling), 1, 0)),
        ("test", "a.servers.net", "a.servers.net A 192.0.2.1", (None, 0, 1)),
        ("test", "ns.example.test", "ns2.example.test A 192.0.2.1", (None, 0, 1)),
    ] {
        assert_eq!(case(zone, ns, glue), want, "{zone} {ns} {glue}");
    }
    let glue = "ns.example.test A 192.0.2.1";
    let twice =
        says(&[], &["example.test NS ns.example.test", "example.test NS NS.example.test"], &[glue, glue]);
    assert_eq!(twice.by_zone("test").words(), "referral example.test. glue 1 ignored 0");
    let addresses: Vec<String> = (0..200).map(|n| format!("ns.example.test A 192.0.2.{n}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let many = says(&[], &["example.test NS ns.example.test"], &addresses).by_zone("test");
    assert_eq!(many.words(), "referral example.test. glue 16 ignored 0", "capped");
    let servers: Vec<String> = (0..100).map(|n| format!("example.test NS n{n}.example.test")).collect();
    let glue: Vec<String> = (0..101).map(|n| format!("n{n}.example.test A 192.0.2.{n}")).collect();
    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
    let glue: Vec<&str> = glue.iter().map(String::as_str).collect();
    let Verdict::Referral(many) = says(&[], &servers, &glue).by_zone("test").verdict() else { panic!() };
    // The last address belongs to none of the servers; those the limit cut off are not ignored ones.
    assert_eq!((many.servers.len(), many.named, many.glue, many.ignored), (32, 100, 32, 1));
}

#[test]
fn an_soa_of_another_zone_is_told_and_not_believed() {
    let Verdict::Absent { negative, .. } = says(&[], &["other.test SOA 60"], &[]).verdict() else { panic!() };
    assert_eq!((negative.zone, negative.foreign_soa.as_deref()), (None, Some("other.test.")));
    let both = says(&[], &["other.test SOA 60", "example.test SOA 60"], &[]);
    let Verdict::Absent { negative, .. } = both.verdict() else { panic!() };
    assert_eq!((negative.zone.as_deref(), negative.foreign_soa), (Some("example.test."), None));
}

#[test]
fn negative_answers_name_their_zone_and_how_long_they_hold() {
    let soa = "example.test SOA 60";
    for (case, want) in [
        (says(&[], &[soa], &[]), "nodata example.test. Some(60) chain 0"),
        (says(&[], &["example.test SOA 900"], &[]), "nodata example.test. Some(300) chain 0"),
        (says(&[], &[soa], &[]).rcode(Rcode::NXDOMAIN), "nxdomain example.test. Some(60) chain 0"),
        (says(&[], &[], &[]).rcode(Rcode::NXDOMAIN), "nxdomain ? None chain 0"),
        (says(&[], &[], &[]), "nodata ? None chain 0"),
        // RFC 2308 §2.2, type 3.
        (
            says(&[], &[], &[]).without_authority(),
            "lame answered without authority, spare nodata ? None chain 0",
        ),
        (
            says(&[], &[soa], &[]).without_authority(),
            "lame answered without authority, spare nodata example.test. Some(60) chain 0",
        ),
        (
            says(&[], &[soa], &[]).rcode(Rcode::NXDOMAIN).without_authority(),
            "lame answered without authority, spare nxdomain example.test. Some(60) chain 0",
        ),
        // An SOA from above the zone, or from beside the name, proves nothing.
        (says(&[], &["test SOA 60"], &[]), "nodata ? None chain 0"),
        (says(&[], &["sub.example.test SOA 60"], &[]), "nodata ? None chain 0"),
        // A server may serve the child, too.
        (says(&[], &[soa], &[]).by_zone("test"), "nodata example.test. Some(60) chain 0"),
    ] {
        assert_eq!(case.words(), want);
    }
}

#[test]
fn a_resolver_is_believed_as_given() {
    let far = ["www.example.test CNAME cdn.other", "cdn.other A 192.0.2.1"];
    for (case, want) in [
        (says(&far, &[], &[]).without_authority(), "answer www/CNAME then cdn.other./A"),
        (says(&far[..1], &["other SOA 30"], &[]), "nodata other. Some(30) chain 1"),
        (says(&[], &["test SOA 30"], &[]).rcode(Rcode::NXDOMAIN), "nxdomain test. Some(30) chain 0"),
        (says(&[], &[], &[]), "nodata ? None chain 0"),
        (says(&[], &[], &[]).rcode(Rcode::SERVFAIL), "failure"),
        (says(&far, &[], &[]).truncated(), "truncated"),
    ] {
        assert_eq!(words(&case.verdict_with(classify_recursive)), want);
    }
}

#[test]
fn a_resolver_that_leaves_the_question_open_gave_no_answer() {
    let loops = ["www.example.test CNAME a.test", "a.test CNAME b.test", "b.test CNAME a.test"];
    let links: Vec<String> = (0..40).map(|n| format!("l{n}.test CNAME l{}.test", n + 1)).collect();
    let mut long = vec!["www.example.test CNAME l0.test"];
    long.extend(links.iter().map(String::as_str));
    let ns = ["test NS ns.test"];
    for (recursion, case, want) in [
        (false, says(&[], &ns, &[]).without_authority(), "offers no recursion (RA): it referred to test."),
        (true, says(&[], &ns, &[]).without_authority(), "referred to test."),
        (
            false,
            says(&[], &[". NS a.root"], &[]).without_authority(),
            "offers no recursion (RA): it referred to .",
        ),
        // A zone's own servers beside their word that there is nothing.
        (false, says(&[], &ns, &[]), "nodata"),
        (false, says(&[], &["test NS ns.test", "test SOA 60"], &[]).without_authority(), "nodata"),
        (
            true,
            says(&loops, &[], &[]),
            "gave a CNAME loop: www.example.test. -> a.test. -> b.test. -> a.test.",
        ),
        (true, says(&long, &[], &[]), "gave 16 aliases and no end of them"),
        (
            false,
            says(&loops[..1], &[], &[]),
            "offers no recursion (RA): it gave the alias www.example.test. -> a.test. and nothing of where that leads",
        ),
        (true, says(&loops[..1], &[], &[]), "nodata"),
        (
            true,
            says(&["www.other.test A 192.0.2.1"], &[], &[]),
            "sent a reply that cannot be used: it has records of www.other.test., and none of www.example.test.",
        ),
        (
            true,
            says(&["www.example.test CNAME a.test", "b.test A 192.0.2.1"], &[], &[]),
            "sent a reply that cannot be used: it has records of b.test., and none of a.test.",
        ),
        (true, says(&["www.example.test TXT x"], &[], &[]), "nodata"),
        (false, says(&[], &[], &[]).without_authority(), "offers no recursion (RA): it sent an empty reply"),
        (true, says(&[], &[], &[]).without_authority(), "nodata"),
        (false, says(&[], &[], &[]).rcode(Rcode::SERVFAIL), "answered SERVFAIL"),
        (false, says(&[], &[], &[]).rcode(Rcode::REFUSED), "offers no recursion (RA): it answered REFUSED"),
        (true, says(&[], &[], &[]).rcode(Rcode::REFUSED), "answered REFUSED"),
    ] {
        let mut case = case;
        case.reply.header.recursion_available = recursion;
        let verdict = case.verdict_with(classify_recursive);
        let told = match &verdict {
            Verdict::Absent { absence: Absence::Type, .. } => "nodata".to_owned(),
            _ => unanswered(&verdict, &case.reply, &name("www.example.test")),
        };
        assert_eq!(told, want);
    }
}

fn text(rtype: &str, data: &str) -> String {
    let line = format!("x.test. 60 IN {rtype} {data}\n");
    let (_, sets) = Parser::new(line, None, Some(Name::root())).parse().unwrap();
    let set = sets.into_values().next().unwrap();
    let record = set.records_without_rrsigs().next().unwrap();
    data_text(&record.data)
}

#[test]
fn data_is_shown_as_dig_shows_it() {
    for (rtype, data) in [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1"),
        ("NS", "ns1.example.test."),
        ("CNAME", "."),
        ("MX", "10 mail.example.test."),
        ("SRV", "1 2 443 www.example.test."),
        ("SOA", "ns.example.test. host.example.test. 4294967295 3600 600 86400 60"),
        ("TXT", "\"v=spf1 -all\" \"second; part\""),
        ("TXT", "\"\""),
    ] {
        assert_eq!(text(rtype, data), data);
    }
    let txt = hickory_resolver::proto::rr::rdata::TXT::from_bytes(vec![b"a\"b\\c;\x00\x7f\xc3\xbc @$"]);
    assert_eq!(data_text(&RData::TXT(txt)), r#""a\"b\\c;\000\127\195\188 @$""#);
    let caa = CAA::new_issue(true, Some(name("ca.example.net")), Vec::new());
    assert!(data_text(&RData::CAA(caa)).starts_with("128 issue \"ca.example.net"));
    let unknown =
        |code: u16, bytes: Vec<u8>| RData::Unknown { code: WireType::from(code), rdata: NULL::with(bytes) };
    assert_eq!(data_text(&unknown(65_280, vec![10, 0, 0, 1])), "\\# 4 0A000001");
    let long = data_text(&unknown(65_280, vec![0xAB; 32]));
    assert_eq!(long, format!("\\# 32 {} {}", "AB".repeat(28), "AB".repeat(4)));
    assert_eq!(data_text(&unknown(39, b"\x03new\x04test\x00".to_vec())), "new.test.");
}

#[test]
fn service_parameters_are_shown_as_dig_shows_them() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let (IpAddr::V4(v4), IpAddr::V6(v6)) = (address("192.0.2.1"), address("2001:db8::1")) else { panic!() };
    let params = vec![
        (
            SvcParamKey::Mandatory,
            SvcParamValue::Mandatory(Mandatory(vec![SvcParamKey::Alpn, SvcParamKey::Port])),
        ),
        (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(vec!["h2".into(), "a,b".into()]))),
        (SvcParamKey::NoDefaultAlpn, SvcParamValue::NoDefaultAlpn),
        (SvcParamKey::Port, SvcParamValue::Port(8443)),
        (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A(v4), A(v4)]))),
        (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![0, 16, 131, 16, 81]))),
        (SvcParamKey::Ipv6Hint, SvcParamValue::Ipv6Hint(IpHint(vec![AAAA(v6)]))),
        (SvcParamKey::Key(65_300), SvcParamValue::Unknown(Unknown(b"x\"\x01".to_vec()))),
    ];
    let https = RData::HTTPS(HTTPS(SVCB::new(1, Name::root(), params)));
    assert_eq!(
        data_text(&https),
        "1 . mandatory=alpn,port alpn=\"h2,a\\\\,b\" no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.1 \
         ech=ABCDEFE= ipv6hint=2001:db8::1 key65300=\"x\\\"\\001\""
    );
}

#[test]
fn names_are_escaped_and_keep_their_case() {
    let odd = Name::from_labels([&b"a.b"[..], b"C d", b"\x00\xff\\@"]).unwrap();
    assert_eq!(name_text(&odd), "a\\.b.C\\032d.\\000\\255\\\\\\@.");
    assert_eq!(name_text(&Name::root()), ".");
}

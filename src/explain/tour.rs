//! The guided course through the lab: questions, what to run, how to read it, the point of it.
//!
//! A table: it runs nothing. A test holds each reading to what its run really shows.

/// One step of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it asks.
    pub question: &'static str,
    /// What is typed behind `urltrace`.
    pub arguments: &'static str,
    /// How to read the report.
    pub reading: &'static str,
    /// What to take away.
    pub point: &'static str,
    /// The exit code of the run.
    pub exit: u8,
    /// Words that its report must hold, for the reading to be true.
    pub shows: &'static [&'static str],
}

impl Step {
    const fn new(question: &'static str, arguments: &'static str) -> Self {
        Self { question, arguments, reading: "", point: "", exit: 0, shows: &[] }
    }

    const fn read(self, reading: &'static str, point: &'static str) -> Self {
        Self { reading, point, ..self }
    }

    const fn holds(self, exit: u8, shows: &'static [&'static str]) -> Self {
        Self { exit, shows, ..self }
    }
}

/// The steps, from a run in which everything works to one whose fault is to be found.
pub const STEPS: &[Step] = &[
    Step::new("What happens when everything works?", "--lab https://www.example.test/")
        .read(
            "Each line under the verdict is a step, each bar its time: finding the address (dns), opening the \
             connection (connect), agreeing on keys (tls), then request, wait and answer. They stand below each \
             other because each needs the one before.",
            "A page needs many steps, and the status 200 says that all of them worked.",
        )
        .holds(0, &["200 OK", "connect", "secure"]),
    Step::new("Who knows the address of a name?", "dns --lab www.example.test")
        .read(
            "Three servers were asked in turn. The root named those of test., these named those of example.test., \
             and those had the address. Nobody had the whole list.",
            "DNS is a tree: each level knows only who knows the next.",
        )
        .holds(0, &["127.53.1.1", "root", "example.test."]),
    Step::new("What if the name does not exist?", "--lab https://missing.example.test/")
        .read(
            "The run ends in dns with NXDOMAIN, and nothing was connected to. The servers of the zone said so \
             themselves, with a negative TTL: for so long that no is remembered, too.",
            "NXDOMAIN is an answer, not an outage: check the spelling first.",
        )
        .holds(4, &["NXDOMAIN", "negative TTL 60 s"]),
    Step::new("Which server is slow?", "--lab https://www.slow.test/")
        .read(
            "dns has by far the longest bar, and under it the row slow.test. has nearly all of it: the server of \
             that zone thinks for 80 ms. The finding below names it.",
            "A slow start may be a slow name server; look under dns before blaming the web server.",
        )
        .holds(0, &["of zone slow.test. took", "to answer"]),
    Step::new("Does one broken name server break a site?", "--lab https://www.lame.test/")
        .read(
            "The first server of the zone refuses, as it does not have the zone (it is lame). The second one answers, \
             and the page comes all the same; a finding tells of the first.",
            "Several servers hide a broken one, until the other fails as well.",
        )
        .holds(0, &["200 OK", "refused the question"]),
    Step::new("May an answer be believed?", "--lab https://www.dnssec-expired.test/")
        .read(
            "The page came, and yet the verdict speaks of SERVFAIL: the signatures of this zone expired three days ago. \
             Resolvers that check them give no answer, so that some visitors see the site and others do not.",
            "Works for me proves nothing where signatures are at fault.",
        )
        .holds(0, &["SERVFAIL", "expired 3 days ago", "bogus"]),
    Step::new("Why does the first visit hang for a quarter of a second?", "--lab https://www.ipv6.test/")
        .read(
            "There are two addresses. The IPv6 one does not answer, and after 250 ms the IPv4 one is tried beside it and \
             wins. On a machine that cannot show a dead address the first is refused at once.",
            "A broken IPv6 address costs every visitor with IPv6 the same wait.",
        )
        .holds(0, &["200 OK", "::1"]),
    Step::new("How many round trips does encryption take?", "--lab https://tls12-only.tls.test/")
        .read(
            "The line tls says TLS 1.2 and 2 round trips. In the first step it said TLS 1.3 and 1: there the client sends \
             its half of the key with its first message, here only after the server has chosen.",
            "On a path of 100 ms the old version costs 100 ms more for each new connection.",
        )
        .holds(0, &["TLS 1.2", "2 round trips"]),
    Step::new("What if the certificate has run out?", "--lab https://expired.tls.test/")
        .read(
            "DNS and TCP worked, and tls failed: the certificate expired 3 days ago. No request was sent, so that nothing \
             is known of the page. The exit code is 6.",
            "An expired certificate is the owner's to renew; nobody broke in.",
        )
        .holds(6, &["FAILED in tls", "expired 3 days ago"]),
    Step::new("Why do some clients trust a server and others not?", "--lab https://missing-intermediate.tls.test/")
        .read(
            "The server's certificate is good, but that of its issuer was not sent. Browsers often have it from \
             elsewhere; a program that has not cannot find the way to a root.",
            "A chain has to be sent whole, all but the root.",
        )
        .holds(6, &["FAILED in tls", "came without that of its issuer"]),
    Step::new("What does a redirect cost?", "--lab -L http://shop.test/")
        .read(
            "Three requests for one page: http, then https, then www. Each line of the chain has its own connection or \
             lookup to pay for, and the verdict sums up what went by in the 2 redirects.",
            "Link to the last address at once.",
        )
        .holds(0, &["2 redirects", "200 OK"]),
    Step::new("Is it the network or the server?", "--lab https://slow-first-byte.http.test/")
        .read(
            "wait has nearly all of the time: 700 ms from the request's last byte to the answer's first, over a network \
             whose round trip is below a millisecond. That is not distance: it is time spent at the server.",
            "Wait less one round trip is what the server, or something behind it, took.",
        )
        .holds(0, &["thought for"]),
    Step::new("What does a 503 ask of a client?", "--lab https://unavailable.http.test/")
        .read(
            "All steps worked, and the answer is 503: a server error, with the field Retry-After of 120 seconds. A traced \
             error is still a trace: the exit code is 0 (8 with --fail).",
            "Come back when it says, not at once: a server in trouble needs fewer requests.",
        )
        .holds(0, &["503"]),
    Step::new("Find the fault yourself: why is this page slow?", "--lab https://www.every-stage.test/")
        .read(
            "No step is at fault alone. dns has 20 ms put in, tls 30, wait 40, and receive 50: add up the bars, and you \
             have it. Only what is measured step by step can be told apart.",
            "A slow page is often slow in many places; begin with the longest bar.",
        )
        .holds(0, &["200 OK", "receive"]),
];

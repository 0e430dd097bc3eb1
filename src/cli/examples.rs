//! What stands below `--help`: examples and exit codes.

pub(super) const EXAMPLES: &str = "\
Examples:
  urltrace https://www.example.com/           trace a URL, report on the terminal
  urltrace -L --format json shop.example      follow redirects, one JSON document
  urltrace --explain https://example.com/     the same, told step by step as a story
  urltrace dns --type MX example.com          the DNS walk alone
  urltrace dns --format json - < names        many names, one JSON document per line
  urltrace --lab https://www.example.test/    a trace in the built-in internet, without a network
  urltrace serve                              probe targets for Prometheus, as blackbox_exporter does
  urltrace show run.json                      print a saved trace (--format json) as any report
  urltrace lab --tour                         a guided course through it, step by step
  urltrace lab                                list the scenarios of the built-in internet
  urltrace explain zone cut                   what a term of the report means

Exit codes:
  0 traced   1 internal error   2 usage   3 URL   4 DNS   5 TCP   6 TLS
  7 no valid HTTP response   8 status 4xx or 5xx with --fail
  9 a --budget was broken, or something found that --fail-on forbids";

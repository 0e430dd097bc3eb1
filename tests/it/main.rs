//! End to end: the real binary, in the built-in internet or against loopback. No network, no root.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod cli;
mod compared;
mod connection;
mod cors;
mod diffs;
mod dns;
mod floods;
mod hostile;
mod house;
mod html;
mod http3;
mod kept;
mod lab;
mod live;
mod many;
mod monitoring;
mod page;
mod page_again;
mod page_ahead;
mod page_hostile;
mod page_load;
mod page_ways;
mod peers;
mod proxies;
mod repeats;
mod responses;
mod retries;
mod runs;
mod secrets;
mod serve;
mod serve_bounds;
mod serve_modules;
mod serve_web;
mod serving;
mod show;
mod support;
mod tcp_peers;
mod telemetry;
mod terminal;
mod tidy;
mod tls_floods;
mod tls_server;
mod uploads;
mod walks;

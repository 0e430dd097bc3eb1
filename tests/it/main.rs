//! End to end: the real binary, in the built-in internet or against loopback. No network, no root.

mod cli;
mod dns;
mod lab;
mod peers;
mod support;
mod tidy;

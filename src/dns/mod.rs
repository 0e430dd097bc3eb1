//! Stage 2: from a host name to addresses, by iterative resolution from the root servers (RFC 1034 §5.3.3).
//!
//! # Layout
//! Each layer imports only those before it (a test holds that):
//! - `lru`, `limits`, `registry`: a bounded map; what a hostile zone may cost; which zones registries run
//! - `wire/`: messages and records as bytes and as text (RFC 1035, RFC 3597)
//! - `search`, `special`: the search list of resolv.conf; names that are no names of the Internet's DNS
//! - `response/`: what a reply means, without I/O
//! - `transport/`: one query on the wire, stamped and recorded: UDP, TCP, TLS, HTTPS, QUIC
//! - `dnssec/`: the validator: evidence in, verdict out
//! - `outcome/`: how a resolution ended, and its words
//! - `cache/`: what a run has learned: delegations, answers, servers, this host's network, failures
//! - `context`: the plan and the caches that resolutions share
//! - `name_servers/`: a query to the servers of one zone: selection, hedging, fallbacks
//! - `iterate/`: zone after zone, aliases, name servers without glue
//! - `resolvers/`: recursive resolvers: UDP, TCP, TLS, HTTPS, QUIC
//! - `lanes/`: one resolution put together: the counted lane, those beside it, validation
//! - `resolver`: the stage's API
//! - `survey/`: whom else one may ask once the answer is there
//! - `fuzzing`: a reply's way through all of it, for fuzzing
//!
//! Nothing here opens a connection to what the name stands for.

mod cache;
mod context;
mod dnssec;
#[cfg(any(test, fuzzing))]
#[path = "tests/fuzzing/mod.rs"]
pub mod fuzzing;
mod iterate;
mod lanes;
mod limits;
mod lru;
mod name_servers;
mod outcome;
mod registry;
mod resolver;
mod resolvers;
mod response;
mod search;
mod special;
mod survey;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

pub use context::Memory;
pub use lanes::uncounted::UncountedLanes;
pub use resolver::Resolver;
pub use survey::all_ns::is_worth_a_survey;
pub use survey::batch::{OnResult, ask_all};

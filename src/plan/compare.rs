//! What is traced in several ways in turn: what is varied, in which ways, and how often.

use std::net::IpAddr;

use super::dns::ResolverChoice;
use super::family::Family;
use super::http::VersionChoice;
use super::repeat::{RunDetail, RunStart};

/// Ways of a comparison at most: more are no table any more.
pub const MOST_WAYS: usize = 16;

/// Several ways in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparePlan {
    /// What is varied.
    pub varied: Varied,
    /// The ways; none where they are all addresses that the host turns out to have.
    pub ways: Vec<Way>,
    /// `-n`: how often each is gone.
    pub rounds: usize,
    /// What each run begins with.
    pub start: RunStart,
    /// `--brief`: what JSON has of each run that does not stand for its way.
    pub detail: RunDetail,
}

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varied {
    /// The version of HTTP.
    Http,
    /// The family of addresses.
    Family,
    /// Who is asked for names.
    Resolver,
    /// The address of the host.
    Address,
    /// The URL.
    Url,
    /// What is kept between the rounds.
    Warm,
}

impl Varied {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Http, Self::Family, Self::Resolver, Self::Address, Self::Url, Self::Warm];

    /// The word of the command line and of JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Family => "family",
            Self::Resolver => "resolver",
            Self::Address => "address",
            Self::Url => "url",
            Self::Warm => "warm",
        }
    }
}

/// One of the ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it is called.
    pub label: String,
    /// What is otherwise than in the plan.
    pub change: Change,
}

/// What is otherwise than in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This version of HTTP and no other.
    Version(VersionChoice),
    /// Addresses of this family alone.
    Family(Family),
    /// This one is asked for names.
    Resolver(ResolverChoice),
    /// The host of the URL has this address alone.
    Address(IpAddr),
    /// This URL.
    Url(String),
    /// Each run begins with this.
    Start(RunStart),
}

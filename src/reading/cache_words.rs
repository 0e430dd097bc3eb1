//! What caches say that they did: by the standard (RFC 9211), and by the words of their makers.
//!
//! A table of words. Which layer said one is not known here.

use crate::trace::parameter;

/// What a cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheResult {
    /// It had a fresh copy.
    Hit,
    /// It had none, and asked behind itself.
    Miss,
    /// It answered with a copy that was too old.
    Stale,
    /// It asked whether its copy is still good, and it was.
    Revalidated,
    /// It was told not to look, or does not keep this.
    Bypass,
    /// It keeps nothing of this kind.
    Dynamic,
    /// The answer was made before a cache was looked into.
    None,
    /// It says something that is not known here.
    Unknown,
}

impl CacheResult {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Revalidated => "revalidated",
            Self::Bypass => "bypass",
            Self::Dynamic => "dynamic",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the answer came from its store.
    #[must_use]
    pub const fn is_from_store(self) -> bool {
        matches!(self, Self::Hit | Self::Stale | Self::Revalidated)
    }

    /// Whether nobody behind it was asked: the times that the answer tells of are those of its copy.
    #[must_use]
    pub const fn is_unasked(self) -> bool {
        matches!(self, Self::Hit | Self::Stale)
    }
}

/// What a cache did, and why, in words.
pub(super) type Told = (CacheResult, Option<String>);

/// Words of Cloudflare, CloudFront, Akamai, Azure, Fastly, Vercel, nginx, Varnish, Squid and others, in upper
/// case and without `TCP_`, with what they mean beside the result. As of November 2026.
const WORDS: &[(&str, CacheResult, &str)] = &[
    ("HIT", CacheResult::Hit, ""),
    ("MEM_HIT", CacheResult::Hit, "from memory"),
    ("REMOTE_HIT", CacheResult::Hit, "from another cache of the same network"),
    ("OFFLINE_HIT", CacheResult::Hit, "the origin was not asked"),
    ("NEGATIVE_HIT", CacheResult::Hit, "an error that is kept"),
    ("PRERENDER", CacheResult::Hit, "made when the site was built"),
    ("MISS", CacheResult::Miss, ""),
    ("EXPIRED", CacheResult::Miss, "its copy was too old"),
    ("REFRESH_MISS", CacheResult::Miss, "its copy was too old, and has changed"),
    ("CLIENT_REFRESH_MISS", CacheResult::Miss, "the request asked for a new one"),
    ("SWAPFAIL_MISS", CacheResult::Miss, "its copy could not be read"),
    ("STALE", CacheResult::Stale, ""),
    ("HITSTALE", CacheResult::Stale, ""),
    ("UPDATING", CacheResult::Stale, "a new copy is under way"),
    ("REFRESH_FAIL_HIT", CacheResult::Stale, "the origin could not be asked"),
    ("REFRESH_FAIL_OLD", CacheResult::Stale, "the origin could not be asked"),
    ("REVALIDATED", CacheResult::Revalidated, ""),
    ("REFRESHHIT", CacheResult::Revalidated, ""),
    ("REFRESH_HIT", CacheResult::Revalidated, ""),
    ("REFRESH_UNMODIFIED", CacheResult::Revalidated, ""),
    ("IMS_HIT", CacheResult::Revalidated, ""),
    ("BYPASS", CacheResult::Bypass, ""),
    ("PASS", CacheResult::Bypass, "not kept by rule"),
    ("HIT-FOR-PASS", CacheResult::Bypass, "not kept by rule"),
    ("UNCACHEABLE", CacheResult::Bypass, "it may not be kept"),
    ("NOTCACHEABLE", CacheResult::Bypass, "it may not be kept"),
    ("CONFIG_NOCACHE", CacheResult::Bypass, "caching is switched off for it"),
    ("PRIVATE_NOSTORE", CacheResult::Bypass, "its Cache-Control says private or no-store"),
    ("DYNAMIC", CacheResult::Dynamic, "no rule asks to keep it"),
    ("NONE", CacheResult::None, "answered before the cache"),
    ("UNKNOWN", CacheResult::None, "answered before the cache"),
    ("N/A", CacheResult::None, "answered before the cache"),
    ("LAMBDAGENERATEDRESPONSE", CacheResult::None, "made by a function at the edge"),
    ("FUNCTIONGENERATEDRESPONSE", CacheResult::None, "made by a function at the edge"),
    ("REDIRECT", CacheResult::None, "a redirect of the edge"),
    ("ERROR", CacheResult::None, "an error"),
];

/// What one word says; what follows it names the cache (`MISS from compass-1`).
pub(super) fn word(text: &str) -> Option<Told> {
    let word = text.split([' ', ';', ',']).next().filter(|word| !word.is_empty())?.to_ascii_uppercase();
    let bare = word.strip_prefix("TCP_").unwrap_or(&word);
    Some(match WORDS.iter().find(|(known, ..)| *known == bare) {
        Some((_, result, reason)) => (*result, (!reason.is_empty()).then(|| (*reason).to_owned())),
        None => (CacheResult::Unknown, Some(text.to_owned())),
    })
}

/// Why a cache asked behind itself (RFC 9211 §2.2).
const FORWARDED: &[(&str, CacheResult, &str)] = &[
    ("bypass", CacheResult::Bypass, "told not to look"),
    ("method", CacheResult::Bypass, "not for this method"),
    ("uri-miss", CacheResult::Miss, "nothing kept for this URL"),
    ("vary-miss", CacheResult::Miss, "nothing kept for such a request (Vary)"),
    ("miss", CacheResult::Miss, "nothing kept"),
    ("request", CacheResult::Miss, "the request asked for a new one"),
    ("stale", CacheResult::Miss, "its copy was too old"),
    ("partial", CacheResult::Miss, "only a part is kept"),
];

/// What a member of Cache-Status says (RFC 9211 §2).
pub(super) fn member(member: &str) -> Option<Told> {
    let is = |name: &str| parameter(member, name).is_some_and(|value| value.is_empty() || value == "?1");
    if is("hit") {
        let negative = parameter(member, "ttl").is_some_and(|ttl| ttl.starts_with('-'));
        return Some((if negative { CacheResult::Stale } else { CacheResult::Hit }, None));
    }
    let why = parameter(member, "fwd")?;
    let row = FORWARDED.iter().find(|(known, ..)| why.eq_ignore_ascii_case(known));
    let (mut result, mut reason) = match row {
        Some((_, result, reason)) => (*result, (*reason).to_owned()),
        None => (CacheResult::Unknown, why.clone()),
    };
    // RFC 9211 §2.3: a copy that was too old, and is still good.
    if why == "stale" && parameter(member, "fwd-status").as_deref() == Some("304") {
        result = CacheResult::Revalidated;
        "its copy was too old, and still good".clone_into(&mut reason);
    }
    for (name, words) in [("stored", "kept now"), ("collapsed", "asked together with others")] {
        if is(name) {
            reason.push_str(&format!("; {words}"));
        }
    }
    if let Some(detail) = parameter(member, "detail").filter(|detail| !detail.is_empty()) {
        reason.push_str(&format!("; {detail}"));
    }
    Some((result, Some(reason)))
}

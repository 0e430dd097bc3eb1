//! How much may be asked: Retry-After (RFC 9110 §10.2.3), the rate limit fields of the IETF's drafts and of
//! habit in their spellings, and the words of gateways that throttle.

use std::time::{Duration, SystemTime};

use super::dates::{ClockOf, http_date, moment, timestamp, unix};
use super::fields::{Fields, clip, first};
use crate::trace::{Header, Http, PageMaker, parameter, position, seconds};

/// A wait that ends before the calendar does, in seconds: some 7900 years.
const LONGEST: u64 = 250_000_000_000;
/// Quotas that are told.
const MOST: usize = 12;

/// What a response says of limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// When to come back.
    pub retry: Option<Retry>,
    /// How much is left of what.
    pub quotas: Vec<Quota>,
    /// The field or `body` by which a gateway says that it held the request back.
    pub throttled_by: Option<&'static str>,
}

/// Retry-After.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// As sent.
    pub value: String,
    /// How long that is, reckoned from the response.
    pub wait: Duration,
    /// When that is over.
    pub at: SystemTime,
    /// By whose clock.
    pub clock: ClockOf,
    /// Its field, by its place.
    pub field: usize,
}

/// A quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// What it is of, if that is said.
    pub name: Option<String>,
    /// All of it.
    pub limit: Option<u64>,
    /// What is left.
    pub remaining: Option<u64>,
    /// The time that it is for, in seconds.
    pub window: Option<u64>,
    /// When it begins anew.
    pub reset: Option<SystemTime>,
    /// In how many seconds, reckoned from the response.
    pub reset_in: Option<u64>,
    /// Its fields, by their places.
    pub fields: Vec<usize>,
}

/// What a response that came at `here` says of limits; `None` where it says nothing.
#[must_use]
pub fn limits(http: &Http, here: SystemTime) -> Option<Limits> {
    let headers = &http.headers;
    // Most responses say nothing that it is needed for.
    let now = || moment(headers, here);
    let limits = Limits {
        retry: retry(headers, now),
        quotas: quotas(headers, || now().0),
        throttled_by: throttled_by(http),
    };
    let nothing = limits.retry.is_none() && limits.quotas.is_empty() && limits.throttled_by.is_none();
    (!nothing).then_some(limits)
}

impl Limits {
    /// Whether the response was refused for a limit.
    #[must_use]
    pub fn refused(&self, status: u16) -> bool {
        let used_up = self.quotas.iter().any(|quota| quota.remaining == Some(0));
        match status {
            429 => true,
            // Forbidden, and nothing left: GitHub and others.
            403 | 503 => self.throttled_by.is_some() || used_up,
            400..=599 => self.throttled_by.is_some(),
            _ => false,
        }
    }
}

fn retry(headers: &[Header], now: impl Fn() -> (SystemTime, ClockOf)) -> Option<Retry> {
    let field = position(headers, "retry-after")?;
    let (now, clock) = now();
    let value = clip(headers[field].text().trim());
    // One so long that no clock has its end is none.
    if let Some(wait) = seconds(&value) {
        let wait = Duration::from_secs(Some(wait).filter(|wait| *wait <= LONGEST)?);
        return Some(Retry { at: now + wait, value, wait, clock, field });
    }
    let at = http_date(&value)?;
    // One that is over is no reason to wait.
    let wait = at.duration_since(now).unwrap_or_default();
    Some(Retry { value, wait, at, clock, field })
}

/// Error types of AWS that mean a limit.
const THROTTLED: &[&str] = &[
    "throttling",
    "throttled",
    "toomanyrequests",
    "requestlimitexceeded",
    "limitexceeded",
    "provisionedthroughputexceeded",
    "slowdown",
];

fn throttled_by(http: &Http) -> Option<&'static str> {
    http.status.filter(|status| *status >= 400)?;
    let fields = Fields::of(&http.headers);
    if THROTTLED.iter().any(|word| fields.says("x-amzn-errortype", word)) {
        return Some("x-amzn-errortype");
    }
    if fields.count("x-envoy-ratelimited") > 0 {
        return Some("x-envoy-ratelimited");
    }
    let page = http.body.said.page.as_ref()?;
    let code = page.code.as_deref().unwrap_or_default();
    let says = match page.by {
        PageMaker::Cloudflare => matches!(code, "1015" | "1027"),
        PageMaker::S3 => code == "SlowDown",
        PageMaker::Envoy => code == "RL",
        PageMaker::CloudFront | PageMaker::HaProxy | PageMaker::Nginx | PageMaker::Varnish => false,
    };
    says.then_some("body")
}

/// What a field of a quota tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Limit,
    Remaining,
    Reset,
    ResetIn,
    Window,
    WindowMillis,
}

fn quotas(headers: &[Header], now: impl Fn() -> SystemTime) -> Vec<Quota> {
    let mut all: Vec<Quota> = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        if all.len() >= MOST {
            break;
        }
        let name = header.name.to_ascii_lowercase();
        let members = || Fields::of(std::slice::from_ref(header)).members(&header.name);
        match name.as_str() {
            "ratelimit-policy" => members().iter().for_each(|member| policy(&mut all, index, member)),
            "ratelimit" => members().iter().for_each(|member| state(&mut all, index, member, now())),
            "x-shopify-shop-api-call-limit" => bucket(&mut all, index, &clip(&header.text())),
            _ => {
                let Some((kind, of)) = spelling(&name) else { continue };
                let value = clip(header.text().trim());
                if let Some(told) = told(kind, &value, now()) {
                    let quota = of_name(&mut all, of.as_deref(), index);
                    quota.take(told);
                    if kind == Kind::Limit {
                        quota.window = quota.window.or_else(|| window(&value, of.as_deref()));
                    }
                }
            }
        }
    }
    // A name or a window alone is no quota.
    all.retain(|quota| quota.limit.is_some() || quota.remaining.is_some());
    all
}

/// What a value is, once it is read.
enum Told {
    Limit(u64),
    Remaining(u64),
    Window(u64),
    Reset(SystemTime, u64),
}

impl Quota {
    fn take(&mut self, told: Told) {
        match told {
            Told::Limit(limit) => self.limit = self.limit.or(Some(limit)),
            Told::Remaining(left) => self.remaining = self.remaining.or(Some(left)),
            Told::Window(window) => self.window = self.window.or(Some(window)),
            Told::Reset(at, after) => {
                self.reset = self.reset.or(Some(at));
                self.reset_in = self.reset_in.or(Some(after));
            }
        }
    }
}

/// The quota of that name, made where there is none yet.
fn of_name<'q>(all: &'q mut Vec<Quota>, name: Option<&str>, field: usize) -> &'q mut Quota {
    let at = all.iter().position(|quota| quota.name.as_deref() == name).unwrap_or_else(|| {
        all.push(Quota { name: name.map(str::to_owned), ..Quota::default() });
        all.len() - 1
    });
    let quota = &mut all[at];
    if !quota.fields.contains(&field) {
        quota.fields.push(field);
    }
    quota
}

/// A member of RateLimit-Policy: `"burst";q=100;w=60`, and in drafts before `100;w=60`.
fn policy(all: &mut Vec<Quota>, field: usize, member: &str) {
    let name = first(member);
    let number = |parameter_name: &str| parameter(member, parameter_name).and_then(|text| whole(&text));
    let (name, limit) = match whole(&name) {
        Some(limit) => (None, Some(limit)),
        None => (Some(name), number("q")),
    };
    let quota = of_name(all, name.as_deref().filter(|name| !name.is_empty()), field);
    if quota.limit.is_none_or(|known| Some(known) == limit) {
        quota.limit = quota.limit.or(limit);
        quota.window = quota.window.or_else(|| number("w"));
    }
}

/// A member of RateLimit: `"burst";r=50;t=30`, and in a draft before `remaining=50`.
fn state(all: &mut Vec<Quota>, field: usize, member: &str, now: SystemTime) {
    if let Some((kind, value)) = member.split_once('=').filter(|(kind, _)| !kind.contains(';')) {
        let kind = match kind.trim() {
            "limit" => Kind::Limit,
            "remaining" => Kind::Remaining,
            "reset" => Kind::ResetIn,
            _ => return,
        };
        if let Some(told) = told(kind, value, now) {
            of_name(all, None, field).take(told);
        }
        return;
    }
    let name = first(member);
    let quota = of_name(all, Some(&*name).filter(|name| !name.is_empty()), field);
    let number = |name: &str| parameter(member, name).and_then(|text| whole(&text));
    quota.remaining = quota.remaining.or_else(|| number("r"));
    if let Some(after) = number("t").filter(|_| quota.reset_in.is_none()) {
        quota.take(after_now(now, after));
    }
}

/// Shopify: `32/40`, what is used of what there is.
fn bucket(all: &mut Vec<Quota>, field: usize, value: &str) {
    let Some((used, limit)) = value.split_once('/') else { return };
    if let (Some(used), Some(limit)) = (whole(used), whole(limit)) {
        let quota = of_name(all, None, field);
        (quota.limit, quota.remaining) = (Some(limit), Some(limit.saturating_sub(used)));
    }
}

/// What a field's name says it is, and of what: `x-ratelimit-limit-requests`, `X-Rate-Limit-Remaining`,
/// `anthropic-ratelimit-tokens-reset`, `X-RateLimit-Remaining-Minute`.
fn spelling(name: &str) -> Option<(Kind, Option<String>)> {
    let rest = ["ratelimit-", "rate-limit-"].iter().find_map(|mark| Some(name.split_once(mark)?.1))?;
    if rest.len() > 60 {
        return None;
    }
    let (mut kind, mut of) = (None, Vec::new());
    for word in rest.split('-') {
        match (kind, word) {
            (None, "limit" | "max") => kind = Some(Kind::Limit),
            (None, "remaining") => kind = Some(Kind::Remaining),
            (None, "reset") => kind = Some(Kind::Reset),
            (Some(Kind::Reset), "after") => kind = Some(Kind::ResetIn),
            (None, "window" | "period" | "interval") => kind = Some(Kind::Window),
            (Some(Kind::Window), "milliseconds") => kind = Some(Kind::WindowMillis),
            _ => of.push(word),
        }
    }
    Some((kind?, (!of.is_empty()).then(|| of.join("-"))))
}

fn told(kind: Kind, value: &str, now: SystemTime) -> Option<Told> {
    let number = || whole(value.split([';', ',']).next()?);
    Some(match kind {
        Kind::Limit => Told::Limit(number()?),
        Kind::Remaining => Told::Remaining(number()?),
        Kind::Window => Told::Window(number().or_else(|| span(value))?),
        Kind::WindowMillis => Told::Window(number()? / 1_000),
        Kind::ResetIn => after_now(now, number().or_else(|| span(value))?),
        Kind::Reset => {
            if let Some(at) = timestamp(value).or_else(|| http_date(value)) {
                return Some(until(now, at));
            }
            match number() {
                // A number of this size counts from 1970, in seconds or thousandths.
                Some(number) if number > 1_000_000_000_000 => until(now, unix(number / 1_000)?),
                Some(number) if number > 1_000_000_000 => until(now, unix(number)?),
                Some(number) => after_now(now, number),
                None => after_now(now, span(value)?),
            }
        }
    })
}

fn after_now(now: SystemTime, after: u64) -> Told {
    let after = after.min(u64::from(u32::MAX));
    Told::Reset(now + Duration::from_secs(after), after)
}

fn until(now: SystemTime, at: SystemTime) -> Told {
    Told::Reset(at, at.duration_since(now).unwrap_or_default().as_secs())
}

/// A number without sign; of one with a fraction the whole part.
fn whole(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && whole.len() < 20;
    digits.then(|| seconds(whole)).flatten()
}

/// A time with its units: `6m0s`, `1s`, `250ms`, `1h30m`.
fn span(text: &str) -> Option<u64> {
    let text = text.trim();
    let (mut millis, mut number) = (0_u64, String::new());
    let mut chars = text.chars().take(40).peekable();
    if !text.ends_with(|char: char| char.is_ascii_alphabetic()) {
        return None;
    }
    while let Some(char) = chars.next() {
        let scale = match char {
            '0'..='9' | '.' => {
                number.push(char);
                continue;
            }
            'm' if chars.next_if_eq(&'s').is_some() => 1,
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        millis = millis.checked_add(whole(&number)?.checked_mul(scale)?)?;
        number.clear();
    }
    Some(millis.div_ceil(1_000))
}

/// The window of a quota: a parameter of its limit (`100;w=60`, `10, 10;window=1`), or its own name.
fn window(value: &str, name: Option<&str>) -> Option<u64> {
    let limit = whole(value.split([';', ',']).next()?);
    let of_limit =
        value.split(',').filter(|member| whole(member.split(';').next().unwrap_or_default()) == limit);
    let mut told = of_limit.filter_map(|member| {
        ["w", "window"].iter().find_map(|name| parameter(member, name)).and_then(|text| whole(&text))
    });
    told.next_back().or(match name {
        Some("second" | "secondly") => Some(1),
        Some("minute") => Some(60),
        Some("hour") => Some(3_600),
        Some("day" | "daily") => Some(86_400),
        _ => None,
    })
}

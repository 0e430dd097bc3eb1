//! Who stood between the client and the origin: layers by what each wrote into the response.
//!
//! The standards' fields (RFC 9211, RFC 9209, RFC 9110 §7.6.3, RFC 9111 §5.1) and the vendors' own. Two fields
//! have to agree before a vendor is named; what one alone says is a layer without one. Who made an error is
//! not judged here.

use super::airports::place;
use super::cache_words::{self, CacheResult};
use super::fields::{Fields, clip, first, millis, via_name};
use super::layer::Layer;
use super::order;
use super::role::{Confidence, Role};
use super::vendors::{Form, Upstream, VENDORS, Vendor, candidates, is_well_formed};
use crate::trace::{Header, age, directive, parameter, seconds};

/// The most layers that are told; a response can claim any number.
const MOST: usize = 16;

/// The layers of a response, the one next to the client first.
#[must_use]
pub fn layers(headers: &[Header]) -> Vec<Layer> {
    let fields = Fields::of(headers);
    let mut found = by_vendor(fields);
    by_cache_status(fields, &mut found);
    by_proxy_status(fields, &mut found);
    by_via(fields, &mut found);
    by_bare_cache_word(fields, &mut found);
    by_age(headers, &mut found);
    by_upstream_metric(fields, &mut found);
    application(fields, &mut found);
    order::sort(fields, &mut found);
    found.truncate(MOST);
    found
}

/// Whether any field of a response can say how long its layer waited for the next: nearly none does, and the layers of
/// those need not be told apart for it.
pub(super) fn tell_of_upstream(headers: &[Header]) -> bool {
    let fields = Fields::of(headers);
    let names = VENDORS.iter().flat_map(|vendor| vendor.upstream).map(|upstream| match upstream {
        Upstream::Field(name) => name,
        Upstream::Metric(_) => "server-timing",
    });
    names.chain(["server-timing"]).any(|name| fields.count(name) > 0)
}

/// Marks of a vendor in a response.
struct Seen {
    vendor: &'static Vendor,
    evidence: Vec<&'static str>,
    owns: bool,
    doubtful: bool,
    at_server: bool,
}

fn seen(fields: Fields<'_>, vendor: &'static Vendor) -> Option<Seen> {
    let mut found = Seen { vendor, evidence: Vec::new(), owns: false, doubtful: false, at_server: false };
    for name in vendor.own {
        let count = fields.count(name);
        if count == 0 {
            continue;
        }
        if fields.value(name).is_some_and(|value| !is_well_formed(name, &value)) {
            found.doubtful = true;
            continue;
        }
        // Whoever forges one adds to what is there already.
        found.doubtful |= count > 1;
        found.owns = true;
        found.evidence.push(name);
    }
    for (name, word) in vendor.says {
        if fields.says(name, word) {
            found.at_server |= *name == "server";
            if !found.evidence.contains(name) {
                found.evidence.push(name);
            }
        }
    }
    if found.evidence.is_empty() {
        return None;
    }
    found.evidence.extend(vendor.beside.iter().filter(|name| fields.count(name) > 0));
    Some(found)
}

fn by_vendor(fields: Fields<'_>) -> Vec<Layer> {
    let mut all: Vec<Seen> = candidates(fields).filter_map(|vendor| seen(fields, vendor)).collect();
    // What two vendors say alike is the word of the one that has more to show.
    let backed: Vec<&'static str> =
        all.iter().filter(|seen| seen.evidence.len() > 1).flat_map(|seen| seen.evidence.clone()).collect();
    // Who is known by Via alone is told by that, in its place there.
    all.retain(|seen| {
        seen.evidence.len() > 1
            || seen.owns
            || seen.evidence[0] != "via" && !backed.contains(&seen.evidence[0])
    });
    // The last to write `Server` stands next to the client.
    all.sort_by_key(|seen| (seen.vendor.role, !seen.at_server));
    let mut cdns = 0;
    let mut found = Vec::new();
    for seen in all {
        let inner = seen.vendor.role == Role::Cdn && cdns > 0;
        cdns += usize::from(seen.vendor.role == Role::Cdn);
        found.extend(of_vendor(fields, &seen, inner));
    }
    found
}

fn of_vendor(fields: Fields<'_>, seen: &Seen, inner: bool) -> Vec<Layer> {
    let Seen { vendor, ref evidence, owns, doubtful, at_server } = *seen;
    let alone = evidence.len() < 2;
    let mut confidence = match (alone, owns) {
        (true, _) => Confidence::Low,
        (false, false) => Confidence::Medium,
        (false, true) => Confidence::High,
    };
    let overwritten = vendor.writes_server && !at_server;
    for doubt in [doubtful, inner, overwritten] {
        if doubt {
            confidence = confidence.lower();
        }
    }
    let mut layer = Layer::new(vendor.role, evidence.clone(), confidence);
    if alone {
        // The name that somebody gave himself, and no more.
        layer.name = match evidence[..] {
            [name @ ("server" | "x-powered-by" | "x-generator")] => fields.value(name),
            _ => None,
        };
    } else {
        layer.vendor = Some(vendor.name);
    }
    layer.id = vendor.ids.iter().find_map(|name| fields.value(name));
    layer.location = vendor.place.and_then(|(name, form)| location(&fields.value(name)?, form));
    layer.upstream_us = vendor.upstream.iter().find_map(|upstream| match upstream {
        Upstream::Field(name) => millis(&fields.value(name)?),
        Upstream::Metric(name) => millis(&fields.of_member("server-timing", name, "dur")?),
    });
    let told = vendor.cache.iter().find_map(|name| cache_words::word(fields.members(name).last()?));
    let told = told.filter(|(result, _)| !alone || *result != CacheResult::Unknown);
    let told = told.or_else(|| (vendor.name == "Varnish").then(|| two_ids(fields)).flatten());
    if let Some((result, reason)) = told {
        (layer.cache, layer.reason) = (Some(result), reason);
    }
    match vendor.name {
        "Fastly" => shields(fields, layer),
        "Vercel" => regions(fields, layer),
        _ => vec![layer],
    }
}

/// Varnish: its id of this request, and of the one that a copy came with.
fn two_ids(fields: Fields<'_>) -> Option<cache_words::Told> {
    let id = fields.value("x-varnish").filter(|_| fields.count("x-varnish") == 1)?;
    (id.split_ascii_whitespace().count() == 2).then_some((CacheResult::Hit, None))
}

fn location(value: &str, form: Form) -> Option<String> {
    match form {
        Form::Last => place(value.split(',').next_back()?.trim().rsplit_once('-')?.1),
        Form::First => {
            let letters = value.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(value.len());
            place(value.get(..letters)?)
        }
    }
}

/// Fastly: one node for each layer, the one next to the origin first.
fn shields(fields: Fields<'_>, edge: Layer) -> Vec<Layer> {
    let nodes = fields.members("x-served-by");
    let results = fields.members("x-cache");
    if nodes.len() < 2 || edge.vendor.is_none() {
        return vec![edge];
    }
    let of = |(index, node): (usize, &String)| {
        let mut layer = edge.clone();
        layer.location = location(node, Form::Last);
        layer.name = Some(node.clone());
        let told = (results.len() == nodes.len()).then(|| cache_words::word(&results[index])).flatten();
        (layer.cache, layer.reason) = told.map_or((None, None), |(result, reason)| (Some(result), reason));
        layer
    };
    nodes.iter().enumerate().rev().take(3).map(of).collect()
}

/// Vercel: the place next to the client, and the one where the function ran (`fra1::iad1::id`).
fn regions(fields: Fields<'_>, edge: Layer) -> Vec<Layer> {
    let id = fields.value("x-vercel-id").unwrap_or_default();
    let parts: Vec<&str> = id.split("::").collect();
    let mut all = vec![edge];
    if let ([_, .., region, _], Some(vendor)) = (&parts[..], all[0].vendor) {
        // It is Vercel's by what names the edge.
        let evidence = all[0].evidence.clone();
        let mut function = Layer::new(Role::Function, evidence, Confidence::Medium.min(all[0].confidence));
        function.vendor = Some(vendor);
        function.location = location(region, Form::First);
        all.push(function);
    }
    all
}

/// RFC 9211 §2: a member for each cache, the one next to the origin first.
fn by_cache_status(fields: Fields<'_>, found: &mut Vec<Layer>) {
    for member in fields.members("cache-status").iter().rev() {
        let name = first(member);
        let told = cache_words::member(member);
        let index = found.iter().position(|layer| {
            // A vendor's own word on its cache is no other cache; a second member under its name is one.
            layer.is_called(&name) && (layer.cache.is_none() || !layer.evidence.contains(&"cache-status"))
        });
        let layer = match index {
            Some(index) => &mut found[index],
            None => {
                let mut layer = Layer::new(Role::Cache, Vec::new(), Confidence::Medium);
                layer.vendor = nginx(fields).filter(|vendor| name.to_ascii_lowercase().contains(vendor));
                layer.evidence.extend(layer.vendor.map(|_| "server"));
                found.push(layer);
                let last = found.len() - 1;
                &mut found[last]
            }
        };
        layer.name = layer.name.take().or(Some(name));
        (layer.cache, layer.reason) = match told {
            Some((result, reason)) => (Some(result), reason),
            None => (Some(CacheResult::Unknown), None),
        };
        if !layer.evidence.contains(&"cache-status") {
            layer.evidence.push("cache-status");
        }
    }
}

/// RFC 9209 §2: a member for each that passed the response on, the one next to the origin first.
fn by_proxy_status(fields: Fields<'_>, found: &mut Vec<Layer>) {
    for member in fields.members("proxy-status").iter().rev() {
        let name = first(member);
        match found.iter_mut().find(|layer| layer.is_called(&name)) {
            Some(layer) if layer.evidence.contains(&"proxy-status") => {}
            Some(layer) => layer.evidence.push("proxy-status"),
            None => {
                let mut layer = Layer::new(Role::LoadBalancer, vec!["proxy-status"], Confidence::Medium);
                layer.name = Some(name);
                found.push(layer);
            }
        }
    }
}

/// RFC 9110 §7.6.3: each adds itself behind those before it; the last is next to the client.
fn by_via(fields: Fields<'_>, found: &mut Vec<Layer>) {
    for member in fields.members("via").iter().rev() {
        if found.iter().any(|layer| order::wrote(layer, member)) {
            continue;
        }
        // Varnish is Fastly's, too: the program is more usual than the network.
        let role = VENDORS.iter().rev().find(|vendor| vendor.is_via(member)).map(|vendor| vendor.role);
        let role = role.unwrap_or(Role::LoadBalancer);
        let mut layer = Layer::new(role, vec!["via"], Confidence::Low);
        layer.name = Some(via_name(member).to_owned());
        found.push(layer);
    }
}

/// nginx, where `Server` names it: it writes that field itself, whoever is behind it, and so it may as well be what
/// made the answer. Only beside a second sign it is a layer before that.
fn nginx(fields: Fields<'_>) -> Option<&'static str> {
    fields.says("server", "nginx").then_some("nginx")
}

/// Fields that many caches have and none owns.
fn by_bare_cache_word(fields: Fields<'_>, found: &mut Vec<Layer>) {
    for name in ["x-cache-status", "x-proxy-cache", "x-cache"] {
        if found.iter().any(|layer| layer.cache.is_some()) {
            return;
        }
        let Some((result, reason)) = fields.members(name).last().and_then(|member| cache_words::word(member))
        else {
            continue;
        };
        if result == CacheResult::Unknown {
            continue;
        }
        let index = found.iter().position(|layer| matches!(layer.role, Role::Cache));
        let index = index.unwrap_or_else(|| {
            let mut layer = Layer::new(Role::Cache, Vec::new(), Confidence::Low);
            // The names that its manual and its users give to `$upstream_cache_status`.
            if let Some(vendor) = nginx(fields).filter(|_| name != "x-cache") {
                (layer.vendor, layer.confidence) = (Some(vendor), Confidence::Medium);
                layer.evidence.push("server");
            }
            found.push(layer);
            found.len() - 1
        });
        let layer = &mut found[index];
        (layer.cache, layer.reason) = (Some(result), reason);
        if !layer.evidence.contains(&name) {
            layer.evidence.push(name);
        }
    }
}

/// RFC 9111 §5.1: an age is a cache's word, whatever else it says.
fn by_age(headers: &[Header], found: &mut Vec<Layer>) {
    let Some(age) = age(headers) else { return };
    let from_store = |layer: &&mut Layer| layer.cache.is_some_and(CacheResult::is_from_store);
    let outermost = found.iter_mut().filter(from_store).min_by_key(|layer| layer.role);
    let layer = match outermost {
        Some(layer) => layer,
        None if age == 0 => return,
        None => {
            // A cache that says that it had nothing did not add it.
            found.push(Layer::new(Role::Cache, Vec::new(), Confidence::Low));
            let last = found.len() - 1;
            let layer = &mut found[last];
            layer.cache = Some(CacheResult::Hit);
            layer
        }
    };
    layer.age = Some(age);
    layer.evidence.push("age");
    let lifetime = ["s-maxage", "max-age"]
        .iter()
        .find_map(|name| seconds(&directive(headers, "cache-control", name)?))
        .filter(|lifetime| age > *lifetime && layer.cache == Some(CacheResult::Hit));
    if let Some(lifetime) = lifetime {
        layer.cache = Some(CacheResult::Stale);
        layer.reason = Some(format!("{age} s old, and fresh for {lifetime} s"));
    }
}

/// Metrics of Server-Timing that only somebody who passes requests on can mean.
const BEHIND: &[&str] = &["origin", "upstream"];

/// Server-Timing of gateways that have no field of their own: as many metrics as there are such layers, that of the
/// one next to the origin first.
fn by_upstream_metric(fields: Fields<'_>, found: &mut [Layer]) {
    let members = fields.members("server-timing");
    let mut told = Vec::new();
    for member in &members {
        if BEHIND.contains(&&*first(member).to_ascii_lowercase()) {
            told.extend(parameter(member, "dur").and_then(|text| millis(&text)));
        }
    }
    let gateways = |layer: &&mut Layer| !matches!(layer.role, Role::Cdn | Role::Function | Role::Application);
    if found.iter().any(|layer| layer.upstream_us.is_some())
        || told.len() != found.iter_mut().filter(gateways).count()
    {
        return;
    }
    order::sort(fields, found);
    for (layer, took) in found.iter_mut().filter(gateways).zip(told.into_iter().rev()) {
        layer.upstream_us = Some(took);
        layer.evidence.push("server-timing");
    }
}

/// What made the answer, by the names that it gives itself.
fn application(fields: Fields<'_>, found: &mut Vec<Layer>) {
    let claimed = |name: &str| found.iter().any(|layer| layer.evidence.contains(&name));
    let mut evidence = Vec::new();
    let mut names = Vec::new();
    for name in ["server", "x-powered-by", "x-generator"] {
        if let Some(value) = fields.value(name).filter(|_| !claimed(name)) {
            evidence.push(name);
            names.push(value);
        }
    }
    let named = found.iter_mut().find(|layer| layer.role == Role::Application);
    let layer = match named {
        Some(layer) => layer,
        None if evidence.is_empty() => return,
        None => {
            found.push(Layer::new(Role::Application, Vec::new(), Confidence::Low));
            let last = found.len() - 1;
            &mut found[last]
        }
    };
    layer.evidence.extend(evidence);
    if !names.is_empty() {
        layer.name = Some(clip(&names.join(", ")));
    }
}

/// What a member of Proxy-Status says under a name.
pub(super) fn proxy_status(headers: &[Header]) -> Vec<(String, ProxyWord)> {
    let members = Fields::of(headers).members("proxy-status");
    let word = |member: &String| {
        let of = |name: &str| parameter(member, name).filter(|value| !value.is_empty());
        let word = ProxyWord { error: of("error"), received: of("received-status"), details: of("details") };
        (first(member), word)
    };
    members.iter().map(word).collect()
}

/// Parameters of Proxy-Status (RFC 9209 §2.1).
pub(super) struct ProxyWord {
    pub(super) error: Option<String>,
    pub(super) received: Option<String>,
    pub(super) details: Option<String>,
}

//! DNSSEC's chain of trust: each zone with its DS records, keys and signatures.

use super::badge::verdict;
use crate::explain::dnssec as dnssec_names;
use crate::render::html::markup::Page;
use crate::render::words;
use crate::trace::{Dnssec, DsState, SignatureInfo, ZoneLink};

pub(super) fn put(page: &mut Page, dnssec: &Dnssec) {
    if dnssec.chain.is_empty() {
        return;
    }
    page.raw("<h4>The chain of trust</h4>\n<ol class=\"trust\">\n");
    for link in &dnssec.chain {
        page.raw("<li><b class=\"zone\"><bdi>").text(&link.zone).raw("</bdi></b> ");
        verdict(page, link.status);
        if let Some(why) = &link.why {
            page.element("<span class=\"why\">", why, "</span>");
        }
        zone(page, link);
        page.raw("</li>\n");
    }
    if !dnssec.signatures.is_empty() {
        page.raw("<li><b>the answer</b>\n<ul>\n");
        dnssec.signatures.iter().for_each(|signature| signed(page, signature));
        page.raw("</ul></li>\n");
    }
    page.raw("</ol>\n");
}

fn zone(page: &mut Page, link: &ZoneLink) {
    page.raw("\n<ul>\n");
    let label = if link.ds_state == DsState::Anchor { "trust anchor" } else { "DS at the parent" };
    for ds in &link.ds {
        let digest = ds
            .digest_type
            .map_or_else(String::new, |digest| format!(", {}", dnssec_names::digest_type(digest)));
        let found = if ds.matched { "its key is in the zone" } else { "no such key in the zone" };
        let algorithm = dnssec_names::algorithm(ds.algorithm);
        page.element("<li>", label, " ")
            .text(&format!("{}, {algorithm}{digest}: {found}", ds.tag))
            .raw("</li>\n");
    }
    if link.denial.is_some() {
        page.raw("<li>it is proven that the parent has no DS</li>\n");
    }
    for key in &link.keys {
        let bits = key.bits.map_or_else(String::new, |bits| format!(", {bits} bits"));
        let algorithm = dnssec_names::algorithm(key.algorithm);
        let text = format!("DNSKEY {}, {algorithm}{bits} ({})", key.tag, key.role.as_str());
        page.element("<li>", &text, "</li>\n");
    }
    link.signatures.iter().for_each(|signature| signed(page, signature));
    page.raw("</ul>");
}

fn signed(page: &mut Page, signature: &SignatureInfo) {
    let (from, until) = (words::date(signature.inception), words::date(signature.expiration));
    let state = match &signature.fault {
        None => format!("ok, {} days left", signature.days_left),
        Some(fault) => fault.clone(),
    };
    let text = format!(
        "RRSIG over {} {} by {} key {}, {from} to {until}: {state}",
        signature.owner,
        signature.covers.mnemonic(),
        signature.signer,
        signature.tag
    );
    page.raw(if signature.ok() { "<li>" } else { "<li class=\"bad\">" }).text(&text).raw("</li>\n");
}

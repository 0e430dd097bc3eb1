//! DNSSEC's verdict as a badge. The word stands in it: the colour alone says nothing.

use crate::render::html::markup::Page;
use crate::trace::DnssecVerdict;

pub(super) fn verdict(page: &mut Page, verdict: DnssecVerdict) {
    let class = match verdict {
        DnssecVerdict::Secure => "good",
        DnssecVerdict::Insecure => "plain",
        DnssecVerdict::Indeterminate => "warn",
        DnssecVerdict::Bogus => "bad",
    };
    page.raw("<span class=\"badge ").raw(class).raw("\">").raw(verdict.as_str()).raw("</span> ");
}

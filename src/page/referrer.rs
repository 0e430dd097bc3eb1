//! What a request says of where it comes from (W3C Referrer Policy).

use url::Url;

/// Bytes beyond which the origin alone is told (section 8.3).
const MOST: usize = 4096;

/// A referrer policy (section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrerPolicy {
    /// Nothing.
    NoReferrer,
    /// All of the URL, and nothing from https to http.
    NoReferrerWhenDowngrade,
    /// All of it, to the own origin.
    SameOrigin,
    /// The origin.
    Origin,
    /// The origin, and nothing from https to http.
    StrictOrigin,
    /// All of it to the own origin, else the origin.
    OriginWhenCrossOrigin,
    /// The same, and nothing from https to http: the default.
    #[default]
    StrictOriginWhenCrossOrigin,
    /// All of it.
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// By its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "no-referrer" => Self::NoReferrer,
            "no-referrer-when-downgrade" => Self::NoReferrerWhenDowngrade,
            "same-origin" => Self::SameOrigin,
            "origin" => Self::Origin,
            "strict-origin" => Self::StrictOrigin,
            "origin-when-cross-origin" => Self::OriginWhenCrossOrigin,
            "strict-origin-when-cross-origin" => Self::StrictOriginWhenCrossOrigin,
            "unsafe-url" => Self::UnsafeUrl,
            _ => return None,
        })
    }

    /// By a field: the last word that is known.
    #[must_use]
    pub fn of_field(value: &str) -> Option<Self> {
        value.rsplit(',').find_map(Self::of)
    }

    /// By a meta element, which has older words, too (HTML, section 4.2.5.1).
    #[must_use]
    pub fn of_meta(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "never" => Some(Self::NoReferrer),
            "default" => Some(Self::default()),
            "always" => Some(Self::UnsafeUrl),
            "origin-when-crossorigin" => Some(Self::OriginWhenCrossOrigin),
            word => Self::of(word),
        }
    }

    /// The value of Referer, for a request from one URL to another.
    #[must_use]
    pub fn referer(self, from: &Url, to: &Url) -> Option<String> {
        let same = from.origin() == to.origin();
        let lowered = from.scheme() == "https" && to.scheme() == "http";
        let (whole, origin) = (|| Some(whole(from)), || Some(origin(from)));
        match self {
            Self::NoReferrer => None,
            Self::NoReferrerWhenDowngrade | Self::StrictOrigin | Self::StrictOriginWhenCrossOrigin
                if lowered =>
            {
                None
            }
            Self::SameOrigin => whole().filter(|_| same),
            Self::NoReferrerWhenDowngrade | Self::UnsafeUrl => whole(),
            Self::Origin | Self::StrictOrigin => origin(),
            Self::OriginWhenCrossOrigin | Self::StrictOriginWhenCrossOrigin => {
                if same {
                    whole()
                } else {
                    origin()
                }
            }
        }
    }
}

fn origin(url: &Url) -> String {
    format!("{}/", url.origin().ascii_serialization())
}

/// The URL without its user and its fragment.
fn whole(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // Of http and https these cannot fail.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.as_str().len() > MOST { origin(&url) } else { url.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_tells_what_it_tells() {
        let page = "https://me:secret@www.example.test/dir/page?q=1#f";
        let (whole, origin) = ("https://www.example.test/dir/page?q=1", "https://www.example.test/");
        let targets = ["https://www.example.test/x", "https://other.test/x", "http://www.example.test/x"];
        for (word, expected) in [
            ("no-referrer", [None, None, None]),
            ("no-referrer-when-downgrade", [Some(whole), Some(whole), None]),
            ("same-origin", [Some(whole), None, None]),
            ("origin", [Some(origin), Some(origin), Some(origin)]),
            ("strict-origin", [Some(origin), Some(origin), None]),
            ("origin-when-cross-origin", [Some(whole), Some(origin), Some(origin)]),
            ("strict-origin-when-cross-origin", [Some(whole), Some(origin), None]),
            ("unsafe-url", [Some(whole), Some(whole), Some(whole)]),
        ] {
            let policy = ReferrerPolicy::of(word).unwrap();
            let told = targets
                .map(|target| policy.referer(&Url::parse(page).unwrap(), &Url::parse(target).unwrap()));
            assert_eq!(told, expected.map(|told| told.map(str::to_owned)), "{word}");
        }
        let long = Url::parse(&format!("https://a.test/{}", "x".repeat(5000))).unwrap();
        assert_eq!(ReferrerPolicy::UnsafeUrl.referer(&long, &long).as_deref(), Some("https://a.test/"));
        assert_eq!(ReferrerPolicy::of_field("no-referrer, unsafe-url, x"), Some(ReferrerPolicy::UnsafeUrl));
        assert_eq!(ReferrerPolicy::of_meta("always"), Some(ReferrerPolicy::UnsafeUrl));
        assert_eq!(ReferrerPolicy::of("always"), None);
    }
}

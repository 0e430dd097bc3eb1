//! The model of a JSON Web Token that was met (RFC 7519): what may be told of it, without the token.

use std::time::SystemTime;

/// A token, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebToken {
    /// Where it stands: `url`, `request authorization`, `response set-cookie`, ...
    pub place: String,
    /// Its form.
    pub form: TokenForm,
    /// `alg`: by what it is signed or encrypted.
    pub algorithm: Option<String>,
    /// `typ`.
    pub kind: Option<String>,
    /// `kid`: the name of the key.
    pub key: Option<String>,
    /// `iss`: who made it.
    pub issuer: Option<String>,
    /// `aud`: for whom.
    pub audience: Vec<String>,
    /// `iat`.
    pub issued: Option<SystemTime>,
    /// `nbf`.
    pub not_before: Option<SystemTime>,
    /// `exp`.
    pub expires: Option<SystemTime>,
    /// Seconds until it expires, reckoned from the response; below zero since it has.
    pub left: Option<i64>,
    /// How many other claims it has. What they say is nobody's business.
    pub others: usize,
    /// What is wrong with it, as far as that is seen without its key.
    pub faults: Vec<TokenFault>,
}

/// The form of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenForm {
    /// Three parts, which anybody can read (RFC 7515).
    Signed,
    /// Five parts, of which the first can be read (RFC 7516).
    Encrypted,
}

impl TokenForm {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenFault {
    /// It has no signature (RFC 8725 §2.1).
    Unsigned,
    /// It has expired.
    Expired,
    /// It is not valid yet, by the server's Date.
    NotYetValid,
    /// It has no end.
    NeverExpires,
    /// It lives for more than a day.
    LongLived,
    /// It stands in a URL, which histories and logs keep.
    InUrl,
}

impl TokenFault {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::NeverExpires => "never-expires",
            Self::LongLived => "long-lived",
            Self::InUrl => "in-url",
        }
    }
}

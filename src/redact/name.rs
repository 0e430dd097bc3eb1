//! Whether a name says that its value is a secret: of a query parameter, a field, a member of a form.

/// Names that are secret as a whole, in lower case and without separators.
const WHOLE: &[&str] = &[
    "auth",
    "code",
    "codechallenge",
    "csrf",
    "csrfmiddlewaretoken",
    "hmac",
    "idtokenhint",
    "jwt",
    "loginhint",
    "nonce",
    "otp",
    "pass",
    "passcode",
    "pw",
    "relaystate",
    "samlrequest",
    "samlresponse",
    "sid",
    "sig",
    "state",
    "xcsrf",
    "xsrf",
];

/// What secret names end in. Digits behind it are part of a number, not of the name.
const ENDS: &[&str] = &[
    "apikeyid",
    "accesskeyid",
    "assertion",
    "authcode",
    "authorization",
    "authorizationcode",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "devicecode",
    "key",
    "passphrase",
    "pwd",
    "sessid",
    "session",
    "sessionid",
    "signature",
    "ticket",
    "token",
    "tokenid",
    "usercode",
    "verifier",
];

/// What makes a name secret wherever it stands.
const ANYWHERE: &[&str] = &["password", "passwd", "secret"];

/// Words and fields that end in `key` and are none.
const HARMLESS: &[&str] = &[
    "cachekey",
    "donkey",
    "hockey",
    "hotkey",
    "jockey",
    "monkey",
    "secwebsocketkey",
    "surrogatekey",
    "turkey",
    "whiskey",
];

/// A name longer than this is none of ours.
const LONGEST: usize = 128;

/// `API-Key`, `user[password]`, `token[]`, `access_token`, `X-Amz-Signature`.
pub(super) fn is_secret(name: &[u8]) -> bool {
    name.len() <= LONGEST
        && name.split(|byte| matches!(byte, b'[' | b']' | b'.')).any(|part| {
            let letters =
                |byte: &u8| byte.is_ascii_alphanumeric().then(|| char::from(byte.to_ascii_lowercase()));
            let word: String = part.iter().filter_map(letters).collect();
            is_secret_word(&word)
        })
}

fn is_secret_word(word: &str) -> bool {
    let stem = word.trim_end_matches(|char: char| char.is_ascii_digit());
    WHOLE.contains(&stem)
        || ANYWHERE.iter().any(|part| stem.contains(part))
        || ENDS.iter().any(|end| stem.ends_with(end)) && !HARMLESS.iter().any(|end| stem.ends_with(end))
}

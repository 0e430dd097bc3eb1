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

/// What makes a name secret wherever it stands; each begins with `p` or `s`.
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
            let mut word = [0; LONGEST];
            let mut length = 0;
            for byte in part.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
                word[length] = byte.to_ascii_lowercase();
                length += 1;
            }
            is_secret_word(&word[..length])
        })
}

/// Each field of each response is asked about: a word that begins or ends like none of ours is not compared with them.
fn is_secret_word(word: &[u8]) -> bool {
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let stem = &word[..word.len() - digits];
    let ends_with = |end: &&str| stem.last() == end.as_bytes().last() && stem.ends_with(end.as_bytes());
    let begins_with = |rest: &[u8], part: &&str| rest.starts_with(part.as_bytes());
    WHOLE.iter().any(|whole| whole.as_bytes() == stem)
        || (0..stem.len()).any(|at| {
            matches!(stem[at], b'p' | b's') && ANYWHERE.iter().any(|part| begins_with(&stem[at..], part))
        })
        || ENDS.iter().any(ends_with) && !HARMLESS.iter().any(ends_with)
}

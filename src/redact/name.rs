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
    let [.., before, last] = stem else { return false };
    let ends_with = |end: &&str| stem.ends_with(end.as_bytes());
    if may_end(&TAILS_OF_WHOLE, *before, *last) && WHOLE.iter().any(|whole| whole.as_bytes() == stem)
        || may_end(&TAILS_OF_ENDS, *before, *last)
            && ENDS.iter().any(ends_with)
            && !HARMLESS.iter().any(ends_with)
    {
        return true;
    }
    for (at, byte) in stem.iter().enumerate() {
        if matches!(byte, b'p' | b's') && ANYWHERE.iter().any(|part| stem[at..].starts_with(part.as_bytes()))
        {
            return true;
        }
    }
    false
}

/// By the last letter of a word, which letters stand before it, as bits.
type Tails = [u32; 26];

static TAILS_OF_WHOLE: Tails = tails(WHOLE);
static TAILS_OF_ENDS: Tails = tails(ENDS);

const fn tails(words: &[&str]) -> Tails {
    let mut tails = [0; 26];
    let mut index = 0;
    while index < words.len() {
        if let [.., before, last] = words[index].as_bytes() {
            tails[(*last - b'a') as usize] |= 1 << (*before - b'a');
        }
        index += 1;
    }
    tails
}

const fn may_end(tails: &Tails, before: u8, last: u8) -> bool {
    before.is_ascii_lowercase()
        && last.is_ascii_lowercase()
        && tails[(last - b'a') as usize] & 1 << (before - b'a') != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_is_found_in_its_place() {
        for whole in WHOLE {
            assert!(is_secret(whole.as_bytes()) && is_secret(format!("{whole}2").as_bytes()), "{whole}");
        }
        for end in ENDS {
            assert!(is_secret(end.as_bytes()) && is_secret(format!("X-{end}").as_bytes()), "{end}");
        }
        for word in HARMLESS {
            assert!(!is_secret(word.as_bytes()), "{word}");
        }
        for part in ANYWHERE {
            assert!(is_secret(format!("a-{part}-b").as_bytes()), "{part}");
        }
        for name in ["", "e", "7", "Date", "xsrfx", "Content-Type", "User-Agent", "Server", "state-of-it"] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}

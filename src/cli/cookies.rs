//! `-b`: cookies as text, or a file of them as curl and browsers' add-ons write it (Netscape's format).
//!
//! Which cookie goes to which URL is decided where the request is made.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::error::PlanError;
use super::files::read_text;
use crate::plan::{Cookie, CookieJar};

/// What `-b` gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cookies {
    /// As it is for the Cookie field.
    pub(super) text: Option<String>,
    pub(super) kept: Vec<Cookie>,
    /// Whether those that responses set are kept, too: a file says so, if only by an empty name.
    pub(super) jar: CookieJar,
}

/// Reads each `-b`: with an equals sign it is cookies, else a file's name.
///
/// # Errors
/// A file that cannot be read or is none of cookies.
pub(super) fn read(options: &[String], now: SystemTime) -> Result<Cookies, PlanError> {
    let mut cookies = Cookies::default();
    for option in options {
        if option.is_empty() {
            cookies.jar = CookieJar::OfChain;
        } else if option.contains('=') {
            let before = cookies.text.map(|text| text + "; ").unwrap_or_default();
            cookies.text = Some(before + option);
        } else {
            cookies.jar = CookieJar::OfChain;
            let text = read_text("-b", Path::new(option))?;
            cookies.kept.extend(parse(&text, option, now)?);
        }
    }
    Ok(cookies)
}

/// Lines of seven fields between tabs; those that have expired are left out.
fn parse(text: &str, path: &str, now: SystemTime) -> Result<Vec<Cookie>, PlanError> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut cookies = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut fields: Vec<&str> = line.split('\t').collect();
        if fields.len() > 7 {
            // Tabs in a row stand for one, as curl reads them.
            fields.retain(|field| !field.is_empty());
        }
        let (&[domain, subdomains, path_of, secure, expires, name], value) = (match fields.as_slice() {
            [fields @ .., value] if fields.len() == 6 => (fields, *value),
            // Some writers leave the tab before an empty value out.
            fields => (fields, ""),
        }) else {
            let line = number + 1;
            return Err(PlanError::with_hint(
                format!("-b: line {line} of `{path}` is no cookie as curl writes them with -c"),
                "-b 'NAME=VALUE' sends a cookie as it is",
            ));
        };
        let expires: u64 = expires.parse().unwrap_or(0);
        if expires != 0 && expires <= now {
            continue;
        }
        // RFC 6265bis section 5.7: such a cookie is ignored whole.
        if [name, value].iter().any(|text| text.contains(|c: char| c.is_ascii_control())) {
            continue;
        }
        // RFC 6265bis section 4.1.3: what the prefix promises is not so, and no browser would have kept it.
        let is_secure = secure.eq_ignore_ascii_case("true");
        let is_of_host = is_secure && path_of == "/" && !subdomains.eq_ignore_ascii_case("true");
        if name.starts_with("__Secure-") && !is_secure || name.starts_with("__Host-") && !is_of_host {
            continue;
        }
        cookies.push(Cookie {
            domain: domain.trim_start_matches('.').to_ascii_lowercase(),
            subdomains: subdomains.eq_ignore_ascii_case("true"),
            path: path_of.to_owned(),
            secure: is_secure,
            cross_site: false,
            // One that is beyond all clocks never ends.
            expires: SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_secs(expires))
                .filter(|_| expires != 0),
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(cookies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_cookies_is_read() {
        let text = "# Netscape HTTP Cookie File\n\n.a.test\tTRUE\t/x\tTRUE\t0\tn\tv=1\n\
                    #HttpOnly_b.test\tFALSE\t/\tFALSE\t2000\th\t\nb.test\tFALSE\t/\tFALSE\t1000\told\tv\n\
                    c.test\tFALSE\t/\tFALSE\t0\t\ttabs\tv\nb.test\tFALSE\t/\tFALSE\t0\tbell\t\x07\n\
                    b.test\tFALSE\t/\tFALSE\t0\t__Secure-a\tv\nb.test\tTRUE\t/\tTRUE\t0\t__Host-a\tv\n\
                    b.test\tFALSE\t/\tTRUE\t0\t__Host-b\tv\n";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let cookies = parse(text, "jar", now).unwrap();
        let told: Vec<String> = cookies
            .iter()
            .map(|c| format!("{} {} {} {} {}={}", c.domain, c.subdomains, c.path, c.secure, c.name, c.value))
            .collect();
        assert_eq!(
            told,
            [
                "a.test true /x true n=v=1",
                "b.test false / false h=",
                "c.test false / false tabs=v",
                "b.test false / true __Host-b=v"
            ]
        );
        assert!(parse("Set-Cookie: a=b\n", "jar", now).is_err());
        let far = parse("a.test\tTRUE\t/\tTRUE\t18446744073709551615\tn\tv\n", "jar", now).unwrap();
        assert_eq!(far[0].expires, None);
    }

    #[test]
    fn texts_are_joined() {
        let now = SystemTime::UNIX_EPOCH;
        let options = ["a=1".to_owned(), String::new(), "b=2; c=3".to_owned()];
        let cookies = read(&options, now).unwrap();
        assert_eq!((cookies.text.as_deref(), cookies.jar), (Some("a=1; b=2; c=3"), CookieJar::OfChain));
        assert_eq!(read(&options[..1], now).unwrap().jar, CookieJar::None);
        assert_eq!(read(&[], now).unwrap(), Cookies::default());
        assert!(read(&["/nowhere/at/all".to_owned()], now).is_err());
    }
}

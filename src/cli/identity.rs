//! `--cert`, `--key` and `--pass`: reads the files and finds the password. What is in the files is
//! looked into by the stage that uses them.

use std::path::Path;

use super::declarations::Connection;
use super::environment::{self, Environment};
use super::error::PlanError;
use super::files::{read_small, read_text};
use super::password;
use crate::plan::{Identity, IdentityFiles, KeyFile, Password};

/// What names the lab's own certificate.
const OF_LAB: &str = "lab:client";

/// The client's certificate, where one was given.
pub(super) fn identity(
    connection: &Connection,
    lab: bool,
    environment: &Environment,
) -> Result<Option<Identity>, PlanError> {
    let Some(certificate) = connection.cert.as_deref() else { return Ok(None) };
    if certificate == OF_LAB {
        return match lab {
            true => Ok(Some(Identity::OfLab)),
            false => Err(PlanError::usage("--cert lab:client is the lab's own: it goes with --lab")),
        };
    }
    let (path, own) = name_and_password(certificate);
    let certificate = read("--cert", Path::new(&path))?;
    let key = connection.key.as_deref().map(|path| read("--key", path)).transpose()?;
    let given = match (&connection.pass, own) {
        (Some(text), _) => Some(told(text)?),
        (None, own) => own,
    };
    let locked =
        [key.as_ref().unwrap_or(&certificate), &certificate].into_iter().find(|file| is_locked(&file.bytes));
    let password = match (given, locked) {
        (None, Some(file)) if environment.stderr_is_terminal => Some(password::ask(&file.name)?),
        (given, _) => given,
    };
    let password = password.map(Password);
    Ok(Some(Identity::Files(IdentityFiles { certificate, key, password })))
}

/// `FILE[:PASSWORD]`, as curl has it: a colon of the name is written `\:`.
fn name_and_password(text: &str) -> (String, Option<String>) {
    let mut name = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some(escaped @ (':' | '\\')) => name.push(escaped),
                other => {
                    name.push('\\');
                    name.extend(other);
                }
            },
            ':' => return (name, Some(rest.collect())),
            other => name.push(other),
        }
    }
    (name, None)
}

/// `--pass`: where a password is, or itself.
fn told(text: &str) -> Result<String, PlanError> {
    if let Some(path) = text.strip_prefix("file:") {
        let text = read_text("--pass", Path::new(path))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    match text.strip_prefix("env:") {
        Some(name) => environment::variable(name).ok_or_else(|| {
            PlanError::usage(format!(
                "--pass: there is no variable `{}` in the environment",
                name.escape_debug()
            ))
        }),
        None => Ok(text.to_owned()),
    }
}

fn read(option: &str, path: &Path) -> Result<KeyFile, PlanError> {
    let bytes = read_small(option, path)?.into();
    Ok(KeyFile { name: format!("{option} {}", path.display()), bytes })
}

/// Whether a password is likely to be needed: PEM says so, and PKCS#12 begins with its version, 3.
fn is_locked(bytes: &[u8]) -> bool {
    const ENCRYPTED: &[u8] = b"ENCRYPTED";
    const VERSION: &[u8] = &[2, 1, 3];
    let is_container = match bytes {
        [0x30, length @ 0x81..=0x84, rest @ ..] => {
            rest.get(usize::from(length & 0x7f)..).is_some_and(|inside| inside.starts_with(VERSION))
        }
        _ => false,
    };
    is_container || bytes.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_stands_behind_the_first_colon_that_is_not_escaped() {
        for (text, name, password) in [
            ("client.pem", "client.pem", None),
            ("client.pem:secret", "client.pem", Some("secret")),
            ("client.pem:a:b", "client.pem", Some("a:b")),
            ("C\\:\\\\x.pem:", "C:\\x.pem", Some("")),
            ("a\\b.pem", "a\\b.pem", None),
        ] {
            assert_eq!(name_and_password(text), (name.to_owned(), password.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_needs_a_password_is_seen() {
        assert!(is_locked(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert!(is_locked(b"Proc-Type: 4,ENCRYPTED"));
        assert!(is_locked(&[0x30, 0x82, 0x0a, 0x0b, 2, 1, 3, 0x30]));
        assert!(!is_locked(&[0x30, 0x82, 0x0a, 0x0b, 2, 1, 0, 0x30]), "an RSA key");
        assert!(!is_locked(b"-----BEGIN PRIVATE KEY-----") && !is_locked(&[0x30, 0x84]));
    }

    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        let error = read("--key", Path::new("/dev/zero")).unwrap_err();
        let PlanError::Usage { message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message, "--key: `/dev/zero` is larger than 4 MiB");
        assert!(told("file:/dev/zero").is_err());
        assert!(told("file:/dev/null").unwrap().is_empty());
    }

    #[test]
    fn a_variable_that_is_not_there_is_told_by_its_name() {
        assert_eq!(told("itself").unwrap(), "itself");
        let error = told("env:NO_SUCH_VARIABLE_OF_URLTRACE").unwrap_err();
        let PlanError::Usage { message, .. } = error else { panic!("{error:?}") };
        assert!(message.contains("NO_SUCH_VARIABLE_OF_URLTRACE"), "{message}");
    }
}

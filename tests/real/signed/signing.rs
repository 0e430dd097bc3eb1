//! Signs zones, with `dnssec-signzone` and the keys of Knot, and breaks them where the table says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::zone::{Denial, Ds, Fault, Keys, Signing, Zone};
use crate::tools::{must, program};

/// A zone as it is served, and the DS records that its parent is to have.
pub(super) struct Signed {
    pub(super) text: String,
    /// The same before it was signed.
    pub(super) plain: String,
    pub(super) ds: Vec<String>,
}

/// Signs a zone whose unsigned text is given. `knot` is where Knot keeps its keys.
pub(super) fn sign(zone: &Zone, text: String, dir: &Path, knot: &Path) -> Signed {
    let plain = text.clone();
    match zone.signing {
        Signing::Unsigned => {
            let ds = if zone.ds.is_empty() { Vec::new() } else { of_nobody(zone, dir) };
            Signed { text, plain, ds }
        }
        Signing::Knot { .. } => Signed { text, plain, ds: vec![knot_key(zone, knot)] },
        Signing::Ahead { algorithm, keys, denial } => {
            let (entry, text) = ahead(zone, &text, dir, algorithm, keys, denial);
            let ds = zone.ds.iter().map(|kind| ds(zone, *kind, &entry, dir, algorithm)).collect();
            Signed { text, plain, ds }
        }
    }
}

/// Absolute, with its last dot.
fn origin(zone: &Zone) -> String {
    format!("{}.", zone.name)
}

/// Makes a key and returns the path of its files without their extension.
fn key(zone: &Zone, dir: &Path, algorithm: &str, flags: &[&str]) -> PathBuf {
    fs::create_dir_all(dir).unwrap();
    let mut command = Command::new(program("dnssec-keygen"));
    command.args(["-q", "-K"]).arg(dir).args(["-a", algorithm]).args(flags);
    if algorithm.contains("RSA") {
        command.args(["-b", "2048"]);
    }
    dir.join(must(command.arg(origin(zone))).trim())
}

/// Signs with `dnssec-signzone`; returns the key that the DS is to be of, and the zone.
fn ahead(
    zone: &Zone,
    text: &str,
    dir: &Path,
    algorithm: &str,
    keys: Keys,
    denial: Denial,
) -> (PathBuf, String) {
    let label = if zone.name.is_empty() { "root" } else { zone.name };
    let own = dir.join(label);
    let mut entry = key(zone, &own, algorithm, &["-f", "KSK"]);
    match keys {
        Keys::Combined => {}
        Keys::Split => _ = key(zone, &own, algorithm, &[]),
        Keys::Rollover => {
            key(zone, &own, algorithm, &[]);
            entry = key(zone, &own, algorithm, &["-f", "KSK"]);
        }
    }
    let signed = run(zone, text, &own, denial, keys);
    let text = match zone.fault {
        Fault::Foreign(owner, rtype) => {
            // The same zone by keys that nobody publishes gives the signature.
            let others = own.join("others");
            key(zone, &others, algorithm, &["-f", "KSK"]);
            key(zone, &others, algorithm, &[]);
            let other = run(zone, text, &others, denial, keys);
            let is_it = |line: &&str| is_signature(line, &absolute(zone, owner), rtype);
            let foreign: Vec<&str> = other.lines().filter(is_it).collect();
            assert!(!foreign.is_empty(), "no signature over {owner} {rtype}");
            let kept = signed.lines().filter(|line| !is_it(line)).chain(foreign);
            kept.collect::<Vec<_>>().join("\n") + "\n"
        }
        fault => spoil(zone, fault, &signed),
    };
    (entry, text)
}

fn run(zone: &Zone, text: &str, keys: &Path, denial: Denial, kind: Keys) -> String {
    let (plain, signed) = (keys.join("plain"), keys.join("signed"));
    fs::write(&plain, text).unwrap();
    let mut command = Command::new(program("dnssec-signzone"));
    // `-S`: with every key of the directory. `-P`: zones may be wrong on purpose. `full`: one record
    // a line, names absolute.
    command.args(["-S", "-P", "-q", "-O", "full", "-K"]).arg(keys).arg("-d").arg(keys);
    command.args(["-o", &origin(zone), "-f"]).arg(&signed);
    match zone.fault {
        Fault::Expired => _ = command.args(["-s", "now-5184000", "-e", "now-2592000"]),
        Fault::NotYet => _ = command.args(["-s", "now+864000", "-e", "now+2592000"]),
        _ => {}
    }
    if kind == Keys::Combined {
        command.arg("-z");
    }
    if let Denial::Nsec3 { salt, iterations, opt_out } = denial {
        command.args(["-3", salt, "-H", &iterations.to_string()]);
        if opt_out {
            command.arg("-A");
        }
    }
    must(command.arg(&plain));
    fs::read_to_string(signed).unwrap()
}

fn absolute(zone: &Zone, owner: &str) -> String {
    if owner == "@" { origin(zone) } else { format!("{owner}.{}.", zone.name) }
}

/// The owner and type of a line of a signed zone.
fn owner_and_type(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let owner = words.next().filter(|word| !word.starts_with(';'))?;
    Some((owner, words.nth(2)?))
}

fn is_signature(line: &str, owner: &str, covers: &str) -> bool {
    owner_and_type(line) == Some((owner, "RRSIG")) && line.split_whitespace().nth(4) == Some(covers)
}

/// Edits a signed zone.
fn spoil(zone: &Zone, fault: Fault, text: &str) -> String {
    let mut hits = 0;
    let edit = |line: &str| -> Option<String> {
        let (owner, rtype) = owner_and_type(line)?;
        let hit = match fault {
            Fault::Unsigned(name, covers) => is_signature(line, &absolute(zone, name), covers),
            Fault::Without(gone) => rtype == gone || is_signature(line, owner, gone),
            Fault::Changed(name, of, _) => owner == absolute(zone, name) && rtype == of,
            Fault::None | Fault::Expired | Fault::NotYet | Fault::Foreign(..) => false,
        };
        hits += usize::from(hit);
        match fault {
            Fault::Changed(_, of, data) if hit => Some(format!("{owner} 300 IN {of} {data}")),
            _ => (!hit).then(|| line.to_owned()),
        }
    };
    let lines: Vec<String> = text.lines().filter_map(edit).collect();
    let edits = matches!(fault, Fault::Unsigned(..) | Fault::Without(..) | Fault::Changed(..));
    assert_eq!(hits > 0, edits, "the fault of {} is nowhere in it", zone.name);
    lines.join("\n") + "\n"
}

/// A DS record of a key's file.
fn digest(key: &Path, digest: &str) -> String {
    must(Command::new(program("dnssec-dsfromkey")).args(["-a", digest]).arg(key)).trim().to_owned()
}

fn ds(zone: &Zone, kind: Ds, entry: &Path, dir: &Path, algorithm: &str) -> String {
    // owner, class, DS, tag, algorithm, digest type, digest
    let change = |place: usize, new: &str| {
        let right = digest(entry, "SHA-256");
        let mut words: Vec<&str> = right.split_whitespace().collect();
        words[place] = new;
        words.join(" ")
    };
    match kind {
        Ds::Sha1 => digest(entry, "SHA-1"),
        Ds::Sha256 => digest(entry, "SHA-256"),
        Ds::Sha384 => digest(entry, "SHA-384"),
        Ds::WrongDigest => change(6, &"AB".repeat(32)),
        Ds::UnknownDigest => change(5, "99"),
        Ds::UnknownAlgorithm => change(4, "99"),
        Ds::Standby => {
            let standby = key(zone, &dir.join(format!("standby-{}", zone.name)), algorithm, &["-f", "KSK"]);
            digest(&standby, "SHA-256")
        }
    }
}

/// The DS of an unsigned zone.
fn of_nobody(zone: &Zone, dir: &Path) -> Vec<String> {
    let key = key(zone, &dir.join(format!("nobody-{}", zone.name)), "ECDSAP256SHA256", &["-f", "KSK"]);
    zone.ds.iter().map(|kind| ds(zone, *kind, &key, dir, "ECDSAP256SHA256")).collect()
}

/// Makes a key for Knot, and its DS.
fn knot_key(zone: &Zone, knot: &Path) -> String {
    let keys = knot.join("keys");
    fs::create_dir_all(&keys).unwrap();
    let keymgr = |words: &[&str]| {
        must(Command::new(program("keymgr")).arg("-D").arg(&keys).arg(origin(zone)).args(words))
    };
    keymgr(&["generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes"]);
    // One for each digest type: SHA-256 is 2.
    let all = keymgr(&["ds"]);
    let line = all.lines().find(|line| line.split_whitespace().nth(4) == Some("2"));
    line.unwrap_or_else(|| panic!("no DS of {}: {all}", zone.name)).to_owned()
}

/// The DNSKEY records of a signed zone with the SEP flag: what a trust anchor file holds.
pub(super) fn anchor(text: &str) -> String {
    let entry = |line: &&str| {
        owner_and_type(line).is_some_and(|(_, rtype)| rtype == "DNSKEY")
            && line.split_whitespace().nth(4) == Some("257")
    };
    text.lines().filter(entry).fold(String::new(), |all, line| all + line + "\n")
}

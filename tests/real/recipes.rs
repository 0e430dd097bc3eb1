//! What the README says of reading JSON, run as it stands there: the recipes with jq, the reader in Python; and documents
//! of every kind against the committed schema, by check-jsonschema of PyPI.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::Test;
use crate::live::python;
use crate::monitors::Monitors;
use crate::world::Directory;

pub(crate) const TESTS: &[Test<Monitors>] = &[
    ("recipes: those of jq say what the README promises", recipes),
    ("recipes: the reader in Python reads what ended well and what did not", reader),
    ("recipes: check-jsonschema holds documents of every kind against the schema", schema),
];

/// A document of each kind, by what makes it.
const KINDS: &[(&str, &[&str])] = &[
    ("trace", &["https://www.example.test/"]),
    ("trace", &["-L", "http://shop.test/"]),
    ("trace", &["https://expired.tls.test/"]),
    ("page", &["--page", "https://page.http.test/"]),
    ("page", &["--page", "https://page-refused.http.test/"]),
    ("repeat", &["-n", "3", "https://www.example.test/"]),
    ("repeat", &["-n", "3", "--warm", "connection", "--brief", "https://www.example.test/"]),
    ("compare", &["--compare", "http=1.1,2", "https://www.example.test/"]),
    ("dns", &["dns", "www.example.test"]),
    ("trace", &["ftp://x/"]),
    ("error", &["--no-such-option"]),
];

/// A command line of a shell in which `urltrace` is the one that is tested.
fn shell(line: &str) -> Output {
    let directory = Path::new(env!("CARGO_BIN_EXE_urltrace")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", directory.display());
    Command::new("sh").args(["-c", line]).env_clear().env("PATH", path).output().unwrap()
}

/// The block of the README of that language that holds a text.
fn block(language: &str, holds: &str) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let begin = format!("```{language}\n");
    let blocks = readme.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap());
    let found: Vec<&str> = blocks.filter(|block| block.contains(holds)).collect();
    assert_eq!(found.len(), 1, "blocks of {language} with {holds:?}");
    found[0].to_owned()
}

fn recipes(_: &Monitors) {
    let wanted: [&dyn Fn(&str) -> bool; 5] = [
        &|text| text.lines().count() == 3 && text.lines().all(|line| line.split('\t').count() == 3),
        &|text| text.contains(" tls-sha1: "),
        &|text| text.trim().parse::<i64>().is_ok_and(|days| (1..400).contains(&days)),
        &|text| text.contains("test. a.nic.test. ") && text.lines().all(|line| line.ends_with(" us")),
        &|text| text.trim() == "\"http://shop.test/\"" || text.trim() == "\"https://www.example.test/\"",
    ];
    let block = block("sh", "fromdate");
    let lines: Vec<&str> = block.lines().collect();
    assert_eq!(lines.len(), wanted.len());
    for (line, is_wanted) in lines.into_iter().zip(wanted) {
        let output = shell(line);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(is_wanted(&text), "{line}\n{text}{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn reader(_: &Monitors) {
    let directory = Directory::new("recipes");
    let file = directory.path().join("reader.py");
    let text = block("python", "json.loads");
    assert!(text.trim_end().lines().count() <= 20, "of 20 lines");
    fs::write(&file, text).unwrap();
    let line = format!(
        "printf 'https://www.example.test/\\nhttps://expired.tls.test/\\n' | urltrace --lab --silent --ordered --format jsonl - \
         | {} {}",
        python().display(),
        file.display()
    );
    let output = shell(&line);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for words in [
        "https://www.example.test/ ok",
        "  dns  ",
        "  tls  ",
        "https://expired.tls.test/ failed",
        "failed: tls the certificate",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

fn schema(_: &Monitors) {
    let directory = Directory::new("documents");
    let mut files = Vec::new();
    for (number, (kind, words)) in KINDS.iter().enumerate() {
        let output = Command::new(env!("CARGO_BIN_EXE_urltrace"))
            .env_clear()
            .args(["--lab", "--format", "json"])
            .args(*words)
            .output()
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["kind"], *kind, "{words:?}");
        let file = directory.path().join(format!("{number}.json"));
        fs::write(&file, &output.stdout).unwrap();
        files.push(file);
    }
    let check = |files: &[std::path::PathBuf]| {
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schema/urltrace-1.json");
        let program = python().with_file_name("check-jsonschema");
        Command::new(program).args(["--schemafile", schema]).args(files).output().unwrap()
    };
    let output = check(&files);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&files[0]).unwrap().replace("\"outcome\": \"ok\"", "\"outcome\": \"well\"");
    let wrong = directory.path().join("wrong.json");
    fs::write(&wrong, text).unwrap();
    assert!(!check(&[wrong]).status.success(), "and it would tell");
}

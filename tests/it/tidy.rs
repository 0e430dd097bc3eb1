//! The house rules that a machine can check, and the files that must keep in step.

use std::path::{Path, PathBuf};

use crate::support::{run, stdout};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(ROOT).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Code without its test module and comment lines.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn none_of(what: &str, words: &[&str], except: &[&str]) {
    for (path, text) in sources("src") {
        let path = path.display().to_string();
        // Test modules in files of their own are no part of the program.
        if path.contains("test") || except.iter().any(|prefix| path.starts_with(prefix)) {
            continue;
        }
        for word in words {
            assert!(!code(&text).contains(word), "{path} has `{word}`: {what}");
        }
    }
}

/// zsh would take the first word for a URL, and never come to a sub-command.
#[test]
fn zsh_comes_to_the_subcommands() {
    let text = stdout(&run(&["--generate", "zsh"]));
    let (before, _) = text.split_once("\":: :_urltrace_commands\"").expect("it has sub-commands");
    let taken: Vec<&str> =
        before.lines().filter(|line| line.starts_with("'::") || line.starts_with("'*::")).collect();
    assert_eq!(taken, Vec::<&str>::new());
    assert!(!text.contains("$line[2]"), "the first word is one");
}

#[test]
fn the_man_page_is_the_one_the_command_line_makes() {
    assert_eq!(
        stdout(&run(&["--generate", "man"])),
        read("man/urltrace.1"),
        "run: cargo run -- --generate man > man/urltrace.1"
    );
}

/// That it is the one the views make is held beside them.
#[test]
fn the_schema_is_the_committed_one() {
    assert_eq!(stdout(&run(&["--generate", "schema"])), read("fixtures/schema/urltrace-1.json"));
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "zsh", "fish"] {
        let text = stdout(&run(&["--generate", shell]));
        assert!(text.contains("urltrace") && text.contains("root-hints"), "{shell}");
        // fish's argparse takes no dot in an option's name.
        let specs = text.lines().find(|line| line.trim_start().starts_with("string join"));
        assert!(specs.is_none_or(|line| !line.contains('.')), "{specs:?}");
    }
}

#[test]
fn the_readme_has_the_exit_codes_and_the_changelog_the_version() {
    let readme = read("README.md");
    for (code, meaning) in urltrace::exit::TABLE {
        let row = format!("| {code} | {meaning} |");
        assert!(readme.contains(&row), "README.md lacks `{row}`");
    }
    assert!(read("CHANGELOG.md").contains(&format!("## {}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_readme_has_the_table_of_findings() {
    let readme = read("README.md");
    let rows: Vec<_> =
        readme.lines().skip_while(|line| *line != "| finding | severity | when |").skip(2).collect();
    let row = |rule: &urltrace::finding::Rule| {
        format!("| `{}` | {} | {} |", rule.id, rule.severity.as_str(), rule.fires)
    };
    let made: Vec<_> = urltrace::finding::RULES.iter().map(row).collect();
    assert_eq!(rows[..made.len()], made[..], "the table is what `urltrace findings` lists");
    assert!(!rows[made.len()].starts_with('|'), "a row too many: {}", rows[made.len()]);
}

#[test]
fn the_files_that_the_readme_names_are_there() {
    let readme = read("README.md");
    let named = readme.split('`').filter(|word| {
        let rooted = ["src/", "tests/", "fixtures/", "man/", "fuzz/", "contrib/"]
            .iter()
            .any(|root| word.starts_with(root));
        rooted && !word.contains(' ')
    });
    let mut count = 0;
    for path in named {
        assert!(Path::new(ROOT).join(path).exists(), "README.md names {path}");
        count += 1;
    }
    assert!(count > 20, "{count} paths are not those of the README");
}

#[test]
fn every_file_says_what_it_is_and_none_is_too_long() {
    for folder in ["src", "tests"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//!"), "{} does not begin with //!", path.display());
            let table = path == Path::new("src/explain/status.rs");
            let lines = text.lines().count();
            assert!(table || lines <= 600, "{} has {lines} lines", path.display());
        }
    }
    assert!(read("src/main.rs").lines().count() <= 60);
}

#[test]
fn only_the_clock_reads_the_time() {
    none_of(
        "only clock.rs reads a clock",
        &["Instant::now", "SystemTime::now", "UnixTime::now"],
        &["src/clock.rs"],
    );
}

#[test]
fn only_the_command_line_reads_arguments_and_environment() {
    none_of(
        "only cli/ reads arguments and environment",
        &["env::var", "env::args"],
        &["src/cli/", "src/main.rs"],
    );
}

#[test]
fn only_main_and_render_write_to_the_terminal() {
    none_of(
        "only main.rs and render/ write",
        &["println!", "eprintln!", "io::stdout", "io::stderr"],
        &["src/main.rs", "src/render/", "src/cli/"],
    );
}

#[test]
fn only_the_stages_and_the_lab_open_sockets() {
    let words = ["TcpStream::connect", "UdpSocket::bind", "TcpListener::bind", "Socket::new"];
    none_of(
        "only stages and the lab open sockets",
        &words,
        // The socket of `timestamp` is tied to nothing and sends nothing: it keeps the kernel's stamping on.
        &[
            "src/dns/",
            "src/quic/",
            "src/tcp/",
            "src/tls/probe.rs",
            "src/lab/",
            "src/serve/",
            "src/timestamp.rs",
        ],
    );
}

#[test]
fn unsafe_is_in_one_file() {
    none_of("unsafe is for TCP_INFO only", &["unsafe {", "unsafe fn"], &["src/tcp/info.rs"]);
}

//! The man page, made from the command line's own declarations, with what those cannot say: the forms of
//! a command line, exit codes and environment.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::exit;

/// What the program reads of the environment, and what it does with it.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Certificates to trust instead of the embedded roots, unless --cacert or --roots is given.",
    ),
    (
        "SSLKEYLOGFILE",
        "A file to which the secrets of TLS connections are appended, for tools that decrypt captures.",
    ),
    (
        "LOCALDOMAIN, RES_OPTIONS",
        "The search list in place of resolv.conf's, and its `ndots`; see resolv.conf(5).",
    ),
    ("NO_COLOR, CLICOLOR_FORCE", "Never colour, always colour; --color is stronger."),
    ("LC_ALL, LC_CTYPE, LANG", "A locale without UTF-8 draws with ASCII characters."),
    ("COLUMNS", "The width of the report, 40 to 160, in place of the terminal's."),
    ("TERM", "`dumb`: no colours, and no progress line."),
];

/// The date of the version, as `CHANGELOG.md` has it.
const RELEASED: &str = "2026-11-29";

/// The command lines there are.
const FORMS: &[(&str, &str)] = &[
    ("urltrace", "[OPTIONS] URL"),
    ("urltrace", "[OPTIONS] URL URL..."),
    ("urltrace", "[OPTIONS] @FILE"),
    ("urltrace", "[OPTIONS] - < URLS"),
    ("urltrace check", "[OPTIONS] -w SECONDS -c SECONDS URL"),
    ("urltrace diff", "[OPTIONS] A.json B.json"),
    ("urltrace dns", "[OPTIONS] NAME [TYPE] [@SERVER]"),
    ("urltrace dns", "[OPTIONS] -x ADDRESS"),
    ("urltrace dns", "[OPTIONS] - < NAMES"),
    ("urltrace findings", ""),
    ("urltrace lab", "[--serve]"),
    ("urltrace serve", "[OPTIONS]"),
    ("urltrace show", "[OPTIONS] FILE.json"),
    ("urltrace explain", "[TOPIC]"),
    ("urltrace", "--generate WHAT"),
];

/// Writes the page of `command` and of its sub-commands.
///
/// # Errors
/// Only those of `out`.
pub fn write(command: Command, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    write_page(command, &mut page)?;
    // An empty line between two breaks is a paragraph's space.
    let text = String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n.sp\n");
    out.write_all(text.as_bytes())
}

fn write_page(mut command: Command, out: &mut dyn Write) -> io::Result<()> {
    command.build();
    // The same page on every machine and day: the date is that of the version.
    let page = Man::new(command.clone()).date(RELEASED);
    page.render_title(out)?;
    page.render_name_section(out)?;
    synopsis(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    for sub in command.get_subcommands() {
        let mut roff = Roff::default();
        roff.control("SH", [format!("URLTRACE {}", sub.get_name()).to_uppercase().as_str()]);
        roff.text([roman(
            sub.get_long_about().or(sub.get_about()).map(ToString::to_string).unwrap_or_default(),
        )]);
        for argument in sub.get_arguments().filter(|argument| {
            !argument.is_global_set() && !argument.is_hide_set() && argument.get_id() != "help"
        }) {
            let long = argument.get_long().map(|long| format!("--{long}"));
            let short = argument.get_short().map(|short| format!("-{short}"));
            let flags: Vec<_> = short.into_iter().chain(long).collect();
            let name = argument
                .get_value_names()
                .and_then(|names| names.first())
                .filter(|_| argument.get_action().takes_values());
            let mut title = flags.join(", ");
            if let Some(name) = name {
                title = if title.is_empty() { format!("<{name}>") } else { format!("{title} <{name}>") };
            }
            roff.control("TP", []);
            roff.text([bold(title)]);
            let help = argument.get_long_help().or(argument.get_help());
            roff.text([roman(help.map(ToString::to_string).unwrap_or_default())]);
        }
        roff.to_writer(out)?;
    }
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in exit::TABLE {
        roff.control("TP", []);
        roff.text([bold(code.to_string())]);
        roff.text([roman(*meaning)]);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (names, meaning) in ENVIRONMENT {
        roff.control("TP", []);
        roff.text([bold(*names)]);
        roff.text([roman(*meaning)]);
    }
    examples(&command, &mut roff);
    roff.to_writer(out)?;
    page.render_version_section(out)
}

/// The forms of a command line.
fn synopsis(out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    for (index, (command, arguments)) in FORMS.iter().enumerate() {
        if index > 0 {
            roff.control("br", []);
        }
        roff.text([bold(*command), roman(" "), italic(*arguments)]);
    }
    roff.to_writer(out)
}

/// The examples of `--help`: a command line, two blanks or more, what it does.
fn examples(command: &Command, roff: &mut Roff) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    roff.control("SH", ["EXAMPLES"]);
    for line in text.lines().skip(1).take_while(|line| !line.is_empty()) {
        if let Some((example, meaning)) = line.trim().split_once("  ") {
            roff.control("TP", []);
            roff.text([bold(example)]);
            roff.text([roman(meaning.trim())]);
        }
    }
}

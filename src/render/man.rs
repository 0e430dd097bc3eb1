//! The man page, made from the command line's own declarations, with what those cannot say: exit
//! codes and environment.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

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
    ("NO_COLOR, CLICOLOR_FORCE", "Never colour, always colour; --color is stronger."),
    ("LC_ALL, LC_CTYPE, LANG", "A locale without UTF-8 draws with ASCII characters."),
    ("COLUMNS", "The width of the report on a terminal, 60 to 120."),
];

/// Writes the page of `command` and of its sub-commands.
///
/// # Errors
/// Only those of `out`.
pub fn write(mut command: Command, out: &mut dyn Write) -> io::Result<()> {
    command.build();
    // The same page on every machine and day: no build date.
    let page = Man::new(command.clone()).date("");
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    for sub in command.get_subcommands() {
        let mut roff = Roff::default();
        roff.control("SH", [format!("URLTRACE {}", sub.get_name()).to_uppercase().as_str()]);
        roff.text([roman(
            sub.get_long_about().or(sub.get_about()).map(ToString::to_string).unwrap_or_default(),
        )]);
        for argument in
            sub.get_arguments().filter(|argument| !argument.is_global_set() && argument.get_id() != "help")
        {
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
            roff.text([roman(argument.get_help().map(ToString::to_string).unwrap_or_default())]);
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
    roff.to_writer(out)?;
    page.render_extra_section(out)?;
    page.render_version_section(out)
}

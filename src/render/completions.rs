//! Completions for shells, made from the command line's own declarations, with what clap's generators
//! get wrong for this command line put right.

use std::io::{self, Write};

use clap::Command;
use clap_complete::{Shell, generate};

/// Writes the completions of `command` for a shell.
///
/// # Errors
/// Only those of `out`.
pub fn write(mut command: Command, shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    generate(shell, &mut command, "urltrace", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let text = match shell {
        Shell::Fish => fish(&text, &command),
        Shell::Zsh => zsh(&text),
        _ => text,
    };
    out.write_all(text.as_bytes())
}

/// fish's `argparse` refuses an option with a dot in its name, and all the others with it; and an option whose value
/// is being completed, which it gets an empty one for.
fn fish(text: &str, command: &Command) -> String {
    let dotted: Vec<&str> =
        command.get_arguments().filter_map(clap::Arg::get_long).filter(|name| name.contains('.')).collect();
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("string join \\n ") {
            let kept: Vec<&str> = line.split(' ').filter(|word| !dotted.contains(word)).collect();
            lines.push(kept.join(" "));
            continue;
        }
        lines.push(line.to_owned());
        if let Some(parse) = line.strip_suffix(" -- $cmd 2>/dev/null") {
            lines.push(format!("    or {} -- $cmd '' 2>/dev/null", parse.trim_start()));
        }
        if line.trim() == "set -e cmd[1]" {
            let names: String = dotted.iter().map(|name| format!(" --{name}")).collect();
            lines.push(format!("    for option in{names}"));
            lines.push("        set cmd (string match -v -- $option $cmd)".to_owned());
            lines.push("    end".to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// zsh takes the first word for the URL, and never comes to a sub-command: there is nothing to complete
/// in a URL, so that the first word is a sub-command or none.
fn zsh(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("'::urls -- "));
    lines.map(|line| line.replace("line[2]", "line[1]") + "\n").collect()
}

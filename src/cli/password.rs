//! Asks for a password on the terminal, unseen. The only place that reads from the terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Asks the person at the terminal; `None` where there is none.
pub(super) fn ask(user: &str) -> Option<String> {
    let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    read_unseen(&terminal, user).ok()
}

fn read_unseen(mut terminal: &File, user: &str) -> io::Result<String> {
    let before = tcgetattr(terminal)?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    write!(terminal, "password of {}: ", user.escape_debug())?;
    tcsetattr(terminal, OptionalActions::Flush, &unseen)?;
    let mut line = String::new();
    let read = BufReader::new(terminal).read_line(&mut line);
    tcsetattr(terminal, OptionalActions::Flush, &before)?;
    writeln!(terminal)?;
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

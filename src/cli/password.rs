//! Asks for a password on the terminal, unseen; without one, standard input says it, as with curl. The only place that
//! reads from the terminal.

use std::fs::File;
use std::io::{self, BufRead as _, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::error::PlanError;

/// Bytes of a password beyond which nothing is read.
const LONGEST: u64 = 4096;

/// Asks the person at the terminal for the password of `whose`; without a terminal it is the first line of standard
/// input, and empty where there is none.
pub(super) fn ask(whose: &str) -> Result<String, PlanError> {
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") else { return Ok(told()) };
    match read_unseen(&terminal, whose) {
        Ok(Typed::Line(password)) => Ok(password),
        Ok(Typed::Interrupt) => Err(PlanError::Interrupted),
        Err(_) => Ok(String::new()),
    }
}

/// What standard input says.
fn told() -> String {
    let mut line = Vec::new();
    // One that is closed says nothing.
    let _ = io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line);
    without_end(&line)
}

fn without_end(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned()
}

/// What was typed.
enum Typed {
    Line(String),
    Interrupt,
}

fn read_unseen(mut terminal: &File, whose: &str) -> io::Result<Typed> {
    let before = tcgetattr(terminal)?;
    tcsetattr(terminal, OptionalActions::Flush, &unseen(&before))?;
    let asked = write!(terminal, "password of {}: ", whose.escape_debug());
    let line = asked.and_then(|()| read_line(terminal));
    tcsetattr(terminal, OptionalActions::Flush, &before)?;
    writeln!(terminal)?;
    let line = line?;
    if line.last().is_some_and(|last| interrupts(&before).any(|key| key == *last)) {
        return Ok(Typed::Interrupt);
    }
    Ok(Typed::Line(without_end(&line)))
}

/// The keys that end a program; NUL stands for none.
fn interrupts(modes: &Termios) -> impl Iterator<Item = u8> {
    let keys = [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT];
    keys.map(|key| modes.special_codes[key]).into_iter().filter(|key| *key != 0)
}

/// No echo, and no signal that would end the program before the echo is back: its keys end the line in place of that.
fn unseen(before: &Termios) -> Termios {
    let mut modes = before.clone();
    modes.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    modes.special_codes[SpecialCodeIndex::VEOL] = before.special_codes[SpecialCodeIndex::VINTR];
    modes.special_codes[SpecialCodeIndex::VEOL2] = before.special_codes[SpecialCodeIndex::VQUIT];
    modes
}

/// The terminal gives a line at a time, or a part of a long one.
fn read_line(mut terminal: &File) -> io::Result<Vec<u8>> {
    let (mut line, mut part) = (Vec::new(), [0; 256]);
    loop {
        let length = terminal.read(&mut part)?;
        line.extend_from_slice(&part[..length]);
        if length < part.len() || line.ends_with(b"\n") {
            return Ok(line);
        }
    }
}

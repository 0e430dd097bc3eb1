//! Asks for a password on the terminal, unseen. The only place that reads from the terminal.

use std::fs::File;
use std::io::{self, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::error::PlanError;

/// Asks the person at the terminal for the password of `whose`; empty where there is none.
pub(super) fn ask(whose: &str) -> Result<String, PlanError> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    match terminal.and_then(|terminal| read_unseen(&terminal, whose)) {
        Ok(Typed::Line(password)) => Ok(password),
        Ok(Typed::Interrupt) => Err(PlanError::Interrupted),
        Err(_) => Ok(String::new()),
    }
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
    let line = String::from_utf8_lossy(&line);
    Ok(Typed::Line(line.trim_end_matches(['\r', '\n']).to_owned()))
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

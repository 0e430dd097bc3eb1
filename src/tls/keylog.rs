//! `SSLKEYLOGFILE`: secrets of the run's connections for Wireshark, in NSS key log format.
//!
//! Only this file writes secrets, and only where the user asked for it. It decides nothing.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;

/// A key log file, open for appending.
#[derive(Debug)]
pub(super) struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// Names the file and says why it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        // It holds what decrypts the connections: nobody else's to read.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Ok(Self(Mutex::new(file))),
            Err(error) => Err(format!("SSLKEYLOGFILE {}: cannot be written: {error}", path.display())),
        }
    }
}

impl rustls::KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = String::with_capacity(label.len() + 2 * (client_random.len() + secret.len()) + 3);
        line.push_str(label);
        for part in [client_random, secret] {
            line.push(' ');
            HEXLOWER.encode_append(part, &mut line);
        }
        line.push('\n');
        // One write a line, unbuffered: a reader never sees half a line, and a crash loses none.
        // A full disk must not change the handshake; there is nobody to tell here.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

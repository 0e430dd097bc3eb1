//! A running `urltrace serve`, and targets for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::urltrace;

/// As long as anything here may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; ended when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    stderr: BufReader<ChildStderr>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, head and body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a series.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let line = self.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }
}

impl Serving {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::by(&mut urltrace(), words)
    }

    /// One that is started by this command, to which its arguments are added.
    pub(crate) fn by(command: &mut Command, words: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http").and_then(|rest| rest.split_once("://"));
        let address = address.and_then(|(_, rest)| rest.split_once('/'));
        let address = address.unwrap_or_else(|| panic!("{line:?}")).0.parse().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, address, stderr }
    }

    pub(crate) fn send(&self, method: &str, path: &str, fields: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    pub(crate) fn probe(&self, query: &str) -> Answer {
        let answer = self.get(&format!("/probe?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// The next line on standard error.
    pub(crate) fn told(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn process(&self) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string())
    }

    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.process().join("fd")).unwrap().count()
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&self) -> usize {
        let status = std::fs::read_to_string(self.process().join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// A web server that answers every request with `answer`, after a wait; ends with the test.
pub(crate) fn web(answer: &'static str, wait: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                thread::sleep(wait); // the delay that the test asks for
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    address
}

pub(crate) const GOOD: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Kind: good\r\nConnection: close\r\n\r\nhello\n";
pub(crate) const AT_ONCE: Duration = Duration::ZERO;

/// A file of modules.
pub(crate) fn config(name: &str, text: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{name}-{}.yml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

//! Runs other programs: the tools that set things up, `dig` and `curl` as oracles, and urltrace itself.
//!
//! Programs that a test looks at run inside a client's namespace with an empty environment and a limit,
//! so that a hang is a failure and nothing of the machine's configuration gets in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::net::Client;

/// What a program said and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// Exit code; 124 when it had to be stopped.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The command line, for messages.
    pub(crate) shown: String,
}

/// The longest any program under test may run: the trace's own limit is 30 s.
const LIMIT_SECONDS: &str = "45";

/// The full path of a program, found once: the programs themselves run without `PATH`.
pub(crate) fn program(name: &str) -> PathBuf {
    let found = installed(name).into_iter().next();
    found.unwrap_or_else(|| panic!("`{name}` is not installed; .ci/run lists what these tests need"))
}

/// Every file of that name among the programs of this machine, in the order in which a shell finds them.
pub(crate) fn installed(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places =
        std::env::split_paths(&path).chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from));
    places.map(|place| place.join(name)).filter(|file| file.is_file()).collect()
}

/// A command in a namespace that the kernel ends with this process, however this process ends.
pub(crate) fn inside(namespace: &str, executable: &Path) -> Command {
    let mut command = Command::new(program("ip"));
    command.env_clear().stdin(Stdio::null());
    command.args(["netns", "exec", namespace]).arg(program("setpriv")).args(["--pdeathsig", "KILL", "--"]);
    command.arg(executable);
    command
}

/// Runs a program as a client.
pub(crate) fn run_at<S: AsRef<std::ffi::OsStr>>(
    client: &Client,
    executable: &Path,
    arguments: &[S],
) -> Output {
    let mut command = inside(&client.namespace, &program("timeout"));
    command.args(["-k", "5", LIMIT_SECONDS]).arg(executable).args(arguments);
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy().into_owned()).collect();
    let output = command.output().unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        shown: format!("{} {}", executable.file_name().unwrap().to_string_lossy(), words.join(" ")),
    }
}

/// Runs a command that has to succeed, and returns what it printed.
pub(crate) fn must(command: &mut Command) -> String {
    must_with_input(command, "")
}

/// [`must`], with a standard input.
pub(crate) fn must_with_input(command: &mut Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    // A program that fails before it has read everything breaks the pipe; its own words say more.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}\ninput:\n{input}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Lets a process go before all others, where this machine allows it: what plays a path or a server is late by as much
/// as it is woken late.
pub(crate) fn hasten(process: u32) {
    let hurry = ["--all-tasks", "--fifo", "--pid", "20", &process.to_string()].map(str::to_owned);
    let _ = Command::new(program("chrt")).args(hurry).output();
}

//! Servers on loopback that a test starts and that end with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::binary::rolecall;
use crate::python::{python, scripts};
use crate::run::isolated;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Kept open, since a server that says more must not meet a closed pipe.
    _stdout: BufReader<ChildStdout>,
    /// Where it listens, such as `http://127.0.0.1:41234`.
    pub endpoint: String,
}

impl Server {
    /// moto, patched as `tests/python/moto_server.py` says, and empty.
    ///
    /// # Panics
    /// It does not start.
    pub fn moto() -> Self {
        let mut command = Command::new(python());
        command.arg(scripts().join("moto_server.py")).stdin(Stdio::piped()).stderr(Stdio::null());
        Self::start(command, |line| Some(format!("http://127.0.0.1:{}", line.parse::<u16>().ok()?)))
    }

    /// `rolecall sandbox serve` on the file `world`, its clock `speed` times as fast as ours.
    ///
    /// # Panics
    /// It does not start.
    pub fn sandbox(world: &Path, speed: &str) -> Self {
        let home = world.parent().expect("a file lies in a directory");
        let mut command = isolated(rolecall(), home, None);
        command
            .args(["sandbox", "serve"])
            .arg(world)
            .args(["--port", "0", "--speed", speed])
            .stdin(Stdio::null());
        Self::start(command, |line| line.strip_prefix("Listening on ").map(str::to_owned))
    }

    /// What stands for Microsoft's token endpoint and GitHub's, as `tests/python/entra_tokens.py` says: a proxy, whose files
    /// go into `directory`. What a token allows is answered by the sandbox at that address.
    ///
    /// # Panics
    /// It does not start.
    pub fn tokens(directory: &Path, sandbox: &str, sandbox_token: &str) -> Self {
        let mut command = Command::new(python());
        command.arg(scripts().join("entra_tokens.py")).arg(directory).arg(sandbox);
        command.env("SANDBOX_TOKEN", sandbox_token).stdin(Stdio::piped());
        Self::start(command, |line| line.strip_prefix("Listening on ").map(str::to_owned))
    }

    /// Ends the server as a person would, with SIGTERM, and waits until it has ended.
    ///
    /// # Panics
    /// It ends otherwise than well.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM could not be sent to the server");
        let ended = self.child.wait().unwrap_or_else(|error| panic!("cannot wait for the server: {error}"));
        assert!(ended.success(), "the server ended with {ended}");
    }

    /// Starts the command and reads its endpoint from the first line that it prints.
    fn start(mut command: Command, endpoint: impl FnOnce(&str) -> Option<String>) -> Self {
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut line = String::new();
        stdout
            .read_line(&mut line)
            .unwrap_or_else(|error| panic!("cannot read what {command:?} says: {error}"));
        let endpoint = endpoint(line.trim())
            .unwrap_or_else(|| panic!("{command:?} should have said where it listens, and said {line:?}"));
        Self { child, _stdout: stdout, endpoint }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

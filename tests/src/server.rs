//! Servers on the loopback interface that stop with their test.

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
    /// Kept open, so that the server can write more output.
    _stdout: BufReader<ChildStdout>,
    /// Its address, such as `http://127.0.0.1:41234`.
    pub endpoint: String,
}

impl Server {
    /// Starts moto, empty and with the patches of `tests/python/moto_server.py`.
    ///
    /// # Panics
    /// It does not start.
    pub fn moto() -> Self {
        let mut command = Command::new(python());
        command.arg(scripts().join("moto_server.py")).stdin(Stdio::piped()).stderr(Stdio::null());
        Self::start(command, |line| Some(format!("http://127.0.0.1:{}", line.parse::<u16>().ok()?)))
    }

    /// Starts `rolecall sandbox serve` on a snapshot file or a project's directory, with a clock `speed` times as fast
    /// as real time.
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

    /// Starts a proxy that stands in for the token endpoints of Microsoft and GitHub, as described in
    /// `tests/python/entra_tokens.py`. It writes its files to `directory`, and forwards authorized requests to
    /// `sandbox`.
    ///
    /// # Panics
    /// It does not start.
    pub fn tokens(directory: &Path, sandbox: &str, sandbox_token: &str) -> Self {
        let mut command = Command::new(python());
        command.arg(scripts().join("entra_tokens.py")).arg(directory).arg(sandbox);
        command.env("SANDBOX_TOKEN", sandbox_token).stdin(Stdio::piped());
        Self::start(command, |line| line.strip_prefix("Listening on ").map(str::to_owned))
    }

    /// Stops the server with SIGTERM and waits until it has exited.
    ///
    /// # Panics
    /// It does not exit successfully.
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
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Running commands and reading their output.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::binary::rolecall;
use crate::python::{python, scripts};

/// The result of a finished command.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` for a signal.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Ran {
    /// Parses standard output as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }

    /// Checks the exit code, and returns the result.
    ///
    /// # Panics
    /// The exit code is a different one.
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code; it said:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Returns a command that is isolated from the machine's AWS configuration. With an endpoint, it uses that one, with
/// credentials that are valid nowhere else.
pub fn isolated(program: impl AsRef<OsStr>, home: &Path, endpoint: Option<&str>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1")
        .env("AWS_PAGER", "");
    if let Some(endpoint) = endpoint {
        command
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("ROLECALL_GRAPH_ENDPOINT", endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "nothing")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1");
    }
    command
}

/// Runs `rolecall` with these arguments, in the directory `at`.
///
/// # Panics
/// It cannot be started.
pub fn run_rolecall<S: AsRef<OsStr>>(at: &Path, endpoint: Option<&str>, arguments: &[S]) -> Ran {
    let mut command = isolated(rolecall(), at, endpoint);
    command.current_dir(at).args(arguments).stdin(Stdio::null());
    command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")).into()
}

/// Runs a script of `tests/python` with `input` on its standard input, and returns its standard output.
///
/// # Panics
/// It cannot be started, or it fails. The message contains its output.
pub fn run_script<S: AsRef<OsStr>>(script: &str, endpoint: &str, arguments: &[S], input: &str) -> String {
    let home = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary directory: {error}"));
    let mut command = isolated(python(), home.path(), Some(endpoint));
    command.arg(scripts().join(script)).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // A script that does not read its input closes the pipe, which is not an error.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("cannot wait for {script}: {error}"));
    Ran::from(output).exits(0).stdout
}

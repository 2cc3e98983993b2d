//! An apply that is killed: running it again finishes the job.
//!
//! A proxy between `rolecall` and the sandbox counts the calls that change something. It forwards the chosen one,
//! withholds the answer and has the process killed, so each run dies at a known call that took effect without the
//! process learning of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rolecall_e2e::binary::rolecall;
use rolecall_e2e::run::isolated;
use rolecall_e2e::server::Server;

use crate::project::Project;

/// The state that a proxy's connections share.
struct Proxy {
    upstream: String,
    /// The number of changing calls so far.
    changes: AtomicUsize,
    /// The call at which the process is killed.
    fatal: usize,
    reached: mpsc::Sender<()>,
}

impl Proxy {
    /// Listens on a free port until the test process exits, and returns the endpoint.
    fn start(upstream: &str, fatal: usize) -> (String, mpsc::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (reached, at_fatal) = mpsc::channel();
        let upstream = upstream.strip_prefix("http://").expect("the sandbox speaks plain HTTP").to_owned();
        let proxy = Arc::new(Self { upstream, changes: AtomicUsize::new(0), fatal, reached });
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let proxy = Arc::clone(&proxy);
                std::thread::spawn(move || proxy.carry(client));
            }
        });
        (endpoint, at_fatal)
    }

    /// Forwards requests and answers until one side closes or the process is to be killed.
    fn carry(&self, client: TcpStream) -> Option<()> {
        let server = TcpStream::connect(&self.upstream).ok()?;
        let mut requests = BufReader::new(client.try_clone().ok()?);
        let mut answers = BufReader::new(server.try_clone().ok()?);
        let (mut to_client, mut to_server) = (client, server);
        loop {
            let request = read_message(&mut requests)?;
            let fatal =
                changes_something(&request) && self.changes.fetch_add(1, Ordering::SeqCst) + 1 == self.fatal;
            to_server.write_all(&request).ok()?;
            let answer = read_message(&mut answers)?;
            if fatal {
                self.reached.send(()).ok()?;
                // The answer is lost with the process.
                let _ = requests.read_to_end(&mut Vec::new());
                return None;
            }
            to_client.write_all(&answer).ok()?;
        }
    }
}

/// Reads one HTTP message with a body of known length, which is all that either side sends.
fn read_message(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut length = 0;
    loop {
        let start = message.len();
        if from.read_until(b'\n', &mut message).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&message[start..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        assert!(!line.starts_with("transfer-encoding:"), "the proxy reads bodies of a known length only");
        if line == "\r\n" {
            break;
        }
    }
    let start = message.len();
    message.resize(start + length, 0);
    from.read_exact(&mut message[start..]).ok()?;
    Some(message)
}

/// Returns whether a request changes something: an operation of sso-admin other than List, Get and Describe.
fn changes_something(request: &[u8]) -> bool {
    let head = String::from_utf8_lossy(request);
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().to_owned())
    });
    target.as_deref().and_then(|target| target.strip_prefix("SWBExternalService.")).is_some_and(|operation| {
        !["List", "Get", "Describe"].iter().any(|reading| operation.starts_with(reading))
    })
}

/// Kills an apply of the example at its n-th changing call. A second apply must then succeed, and the next plan be
/// empty.
fn kill_at(fatal: usize) {
    let project = Project::acme();
    let sandbox = Server::sandbox(&project.file("sandbox.json"), "1000");
    let (endpoint, at_fatal) = Proxy::start(&sandbox.endpoint, fatal);
    let mut command = isolated(rolecall(), project.path(), Some(&endpoint));
    command.current_dir(project.path()).args(["apply", "--auto-approve"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut applying = command.spawn().expect("rolecall starts");
    while at_fatal.recv_timeout(Duration::from_millis(50)).is_err() {
        let ended = applying.try_wait().expect("a child can be asked whether it ended");
        assert_eq!(ended, None, "the apply ended before its call {fatal}");
    }
    applying.kill().expect("the apply still runs");
    let status = applying.wait().expect("a killed process ends");
    assert_eq!(status.code(), None, "it died of a signal");

    let _ = project.run_at(&sandbox.endpoint, &["apply", "--auto-approve"]).exits(0);
    let _ = project.run_at(&sandbox.endpoint, &["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn killed_at_its_first_change() {
    kill_at(1);
}

#[test]
fn killed_early() {
    kill_at(6);
}

#[test]
fn killed_in_the_middle() {
    kill_at(14);
}

#[test]
fn killed_late() {
    kill_at(27);
}

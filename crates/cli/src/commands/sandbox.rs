//! `rolecall sandbox serve` and `rolecall sandbox generate`

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use rolecall_model::Code;
use rolecall_model::snapshot::SnapshotFile;
use rolecall_sandbox::Sandbox;
use rolecall_sandbox::generate::{self, GenerateSpec};
use tokio::net::TcpListener;

use crate::args::{GenerateArgs, ServeArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::state::{StateFile, WORLD_FILE};

/// The time between two saves of a served sandbox's state, if it changes.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Serves until it is interrupted. Binds only the loopback interface, since the sandbox does not check credentials.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Failure> {
    let (file, snapshot) = if args.target.is_dir() {
        StateFile::open_project(&args.target)?
    } else {
        StateFile::open_named(&args.target)?
    };
    let sandbox = Sandbox::new(snapshot, crate::live::settings());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Failure::System { what: "the runtime could not be started", source })?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
            .await
            .map_err(|source| Failure::System { what: "the port could not be bound", source })?;
        let address = listener.local_addr().map_err(|source| Failure::System {
            what: "the address of the port could not be read",
            source,
        })?;
        output::print(&format!("Listening on http://{address}\n"))?;
        let mut saved = SnapshotFile::from_snapshot(&sandbox.snapshot());
        let server =
            rolecall_sandbox::serve(sandbox.clone(), listener, args.speed, super::apply::stop_requested());
        tokio::pin!(server);
        loop {
            tokio::select! {
                result = &mut server => {
                    result.map_err(|source| Failure::System { what: "the server failed", source })?;
                    break;
                }
                () = tokio::time::sleep(SAVE_EVERY) => saved = save(&sandbox, &saved, &file)?,
            }
        }
        sandbox.settle();
        save(&sandbox, &saved, &file)?;
        Ok(Exit::Success)
    })
}

fn save(sandbox: &Sandbox, saved: &SnapshotFile, file: &StateFile) -> Result<SnapshotFile, Failure> {
    let state = SnapshotFile::from_snapshot(&sandbox.snapshot());
    if state != *saved {
        file.save(&state)?;
    }
    Ok(state)
}

/// Generates an organization and a project.
pub(crate) fn generate(args: &GenerateArgs) -> Result<Exit, Failure> {
    let GenerateArgs { accounts, permission_sets, groups, assignments, seed, drift, entra, ref out } = *args;
    let spec = GenerateSpec { accounts, permission_sets, groups, assignments, seed, drift };
    let mut generated = generate::generate(&spec).map_err(|error| Failure::Plain {
        code: None,
        message: error.to_string(),
        help: "change the numbers".to_owned(),
    })?;
    if entra {
        generate::add_tenant(&mut generated.snapshot, seed);
    }
    refuse_occupied(out)?;
    fs::create_dir_all(out).map_err(|error| Failure::writing(out, error))?;
    for (name, text) in &generated.files {
        let file = out.join(name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| Failure::writing(parent, error))?;
        }
        output::write_file(&file, text.as_bytes())?;
    }
    let world = SnapshotFile::from_snapshot(&generated.snapshot).to_json();
    output::write_file(&out.join(WORLD_FILE), world.as_bytes())?;
    if drift > 0 {
        let mut rows = serde_json::to_string_pretty(&generated.drift).unwrap_or_default();
        rows.push('\n');
        output::write_file(&out.join("drift.json"), rows.as_bytes())?;
    }
    let bytes: usize = generated.files.values().map(String::len).sum();
    output::print(&format!(
        "{}: {} configuration files ({bytes} bytes) and sandbox.json, with {drift} differences.\n",
        out.display(),
        generated.files.len(),
    ))?;
    Ok(Exit::Success)
}

/// Refuses a directory that is not empty.
fn refuse_occupied(directory: &Path) -> Result<(), Failure> {
    let occupied = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::reading(directory, error)),
    };
    if occupied {
        return Err(Failure::plain(
            Code::FileUnreadable,
            format!("{} is not empty", directory.display()),
            "name a new or empty directory",
        ));
    }
    Ok(())
}

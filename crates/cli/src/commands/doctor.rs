//! `rolecall doctor`

use jiff::{SignedDuration, Timestamp};
use rolecall_aws::{Clients, Strategy};
use rolecall_doctor::{self as doctor, Diagnosis, LOG_DAYS, Reading, render};
use rolecall_entra::Reader;
use rolecall_model::config::Entra;
use rolecall_model::entra::Tenant;
use rolecall_model::{Code, Diagnostic, Snapshot};

use crate::args::{AnswersArgs, DoctorArgs, DoctorFormat};
use crate::configuration::{self, Loaded};
use crate::directory;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::output;

/// Checks AWS and Entra ID, and prints a report.
pub(crate) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load(&args.project)?;
    let live = Live::open(&args.sandbox, &loaded.directory)?;
    let diagnosis = live.runtime()?.block_on(async {
        let examined = examine(&live, &loaded, &args.answers);
        live::within(args.timeout.limit, async { Ok(examined.await) }).await
    })?;
    output::print(&match args.format {
        DoctorFormat::Text => render::text(&diagnosis, &loaded.sources, output::stdout_has_color()),
        DoctorFormat::Json => render::json(&diagnosis, &loaded.sources),
    })?;
    Ok(if diagnosis.has_failures() { Exit::Error } else { Exit::Success })
}

/// The tenant, and the error that kept its logs from being read, if any.
struct ReadTenant {
    tenant: Tenant,
    logs: Option<Diagnostic>,
}

/// Reads AWS and Entra ID, and checks them. A failed read becomes a failed check, and the other checks still run.
pub(crate) async fn examine(live: &Live, loaded: &Loaded, answers: &AnswersArgs) -> Diagnosis {
    let now = Timestamp::now();
    let clients = live.connect(&loaded.config.identity_center.region, answers).await;
    let scope = live::scope(loaded, Strategy::Auto);
    let (snapshot, tenant) = futures_util::join!(live::observe(&clients, &scope), tenant(live, loaded, now));
    let mut snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let tenant = tenant.as_ref().map(|read| read.as_ref().map(|read| &read.tenant));
            return doctor::without_aws(error.into_diagnostic(Code::ReadFailed), tenant);
        }
    };
    let mut reading =
        Reading { now, provenance: live.provenance(), tenant: None, logs: None, memberships: None };
    match tenant {
        Some(Ok(ReadTenant { tenant, logs })) => {
            snapshot.entra = Some(tenant);
            reading.logs = logs;
        }
        Some(Err(error)) => reading.tenant = Some(error),
        None => {}
    }
    reading.memberships = memberships(&clients, loaded, &mut snapshot, now).await;
    doctor::diagnose(&loaded.checkout(), &snapshot, &reading)
}

/// Reads the members of the groups to compare. Returns the error if that fails.
async fn memberships(
    clients: &Clients,
    loaded: &Loaded,
    snapshot: &mut Snapshot,
    now: Timestamp,
) -> Option<Diagnostic> {
    let groups = doctor::compared_groups(&loaded.checkout(), snapshot, now);
    let read = live::memberships(clients, snapshot, &groups).await;
    read.err().map(|error| error.into_diagnostic(Code::ReadFailed))
}

/// Reads the tenant, with its logs if possible: they need permissions and a license of their own.
async fn tenant(live: &Live, loaded: &Loaded, now: Timestamp) -> Option<Result<ReadTenant, Diagnostic>> {
    let entra = loaded.config.entra.as_ref()?;
    let reader = match directory::reader(live, &loaded.config) {
        Ok(reader) => reader?,
        Err(error) => return Some(Err(error.into_diagnostic(Code::NoCredentials))),
    };
    let read = read_tenant(&reader, entra, loaded, now).await;
    Some(read.map_err(|error| error.into_diagnostic(Code::ReadFailed)))
}

async fn read_tenant(
    reader: &Reader,
    entra: &Entra,
    loaded: &Loaded,
    now: Timestamp,
) -> Result<ReadTenant, Failure> {
    let since = now.saturating_sub(SignedDuration::from_hours(LOG_DAYS * 24)).unwrap_or(now);
    let mut tenant = directory::observe(reader, &directory::scope(entra, loaded)).await?;
    let logs = match directory::logs(reader, &tenant, since).await {
        Ok(logs) => {
            tenant.logs = logs;
            None
        }
        Err(error) => Some(error.into_diagnostic(Code::ReadFailed)),
    };
    Ok(ReadTenant { tenant, logs })
}

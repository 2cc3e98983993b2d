//! Reads the audit logs of the application.

use std::cmp::Reverse;

use jiff::Timestamp;
use rolecall_model::entra::{AuditLogs, EnterpriseApplication, ProvisioningEvent, SignIn};

use crate::bodies::logs::{ErrorInformation, Identity, ProvisioningEntry, SignInEntry, StatusInfo};
use crate::client::Reader;
use crate::failure::GraphError;
use crate::request::{Read, quoted};
use crate::routes::{LIST_PROVISIONING_LOGS, LIST_SIGN_INS};

/// Reads unsuccessful provisioning steps and failed sign-ins since a time, newest first.
///
/// Graph's filters for these logs support neither "not equal" nor all properties, so successes are read and
/// discarded.
pub(super) async fn read(
    reader: &Reader,
    applications: &[EnterpriseApplication],
    since: Timestamp,
) -> Result<AuditLogs, GraphError> {
    let mut logs = AuditLogs::default();
    for application in applications {
        for job in &application.jobs {
            let filter = format!("jobId eq {} and activityDateTime gt {since}", quoted(&job.id));
            let list = Read::of(LIST_PROVISIONING_LOGS, &[]).filter(&filter).large_pages();
            let entries: Vec<ProvisioningEntry> = reader.list(&list).await?;
            logs.provisioning
                .extend(entries.into_iter().map(to_event).filter(|event| event.status != "success"));
        }
        let client = quoted(application.client_id.as_str());
        let filter = format!("appId eq {client} and createdDateTime ge {since}");
        let list = Read::of(LIST_SIGN_INS, &[]).filter(&filter).large_pages();
        let entries: Vec<SignInEntry> = reader.list(&list).await?;
        logs.sign_ins.extend(entries.into_iter().map(to_sign_in).filter(|sign_in| sign_in.error_code != 0));
    }
    logs.provisioning.sort_by_key(|event| Reverse(event.at));
    logs.sign_ins.sort_by_key(|sign_in| Reverse(sign_in.at));
    Ok(logs)
}

fn to_event(entry: ProvisioningEntry) -> ProvisioningEvent {
    let ProvisioningEntry {
        activity_date_time,
        provisioning_action,
        provisioning_status_info,
        source_identity,
    } = entry;
    let (status, error) = match provisioning_status_info {
        Some(StatusInfo { status, error_information }) => (status, error_information),
        None => (None, None),
    };
    let (error_code, reason) = match error {
        Some(ErrorInformation { error_code, reason }) => (error_code, reason),
        None => (None, None),
    };
    let (name, kind) = match source_identity {
        Some(Identity { display_name, identity_type }) => (display_name, identity_type),
        None => (None, None),
    };
    ProvisioningEvent {
        at: activity_date_time,
        action: provisioning_action.unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        name: name.unwrap_or_default(),
        status: status.unwrap_or_default(),
        error_code,
        reason,
    }
}

fn to_sign_in(entry: SignInEntry) -> SignIn {
    let SignInEntry { created_date_time, user_principal_name, status } = entry;
    SignIn {
        at: created_date_time,
        user: user_principal_name.unwrap_or_default(),
        error_code: status.as_ref().map_or(0, |status| status.error_code),
        reason: status.and_then(|status| status.failure_reason),
    }
}

//! Reads the states of asynchronous requests.

use std::collections::BTreeSet;

use aws_sdk_ssoadmin::types::{OperationStatusFilter, StatusValues};
use rolecall_applier::{Request, RequestKind, RequestStatus};

use crate::api::Api;
use crate::client::Clients;
use crate::permission_set::PAGE_SIZE;
use crate::retry::CallError;

/// Lists the ids of all requests of a kind that are in progress.
pub(super) async fn in_progress(
    clients: &Clients,
    instance: &str,
    kind: RequestKind,
) -> Result<BTreeSet<String>, CallError> {
    let sso = clients.sso_admin();
    let filter = OperationStatusFilter::builder().status(StatusValues::InProgress).build();
    let ids: Vec<Option<String>> = match kind {
        RequestKind::AssignmentCreation => {
            let api = Api::sso_admin("ListAccountAssignmentCreationStatus");
            let call = || sso.list_account_assignment_creation_status().instance_arn(instance);
            let call = || call().filter(filter.clone()).max_results(PAGE_SIZE);
            let send = |token| call().set_next_token(token).send();
            let page =
                clients.pages(api, send, |page| (page.account_assignments_creation_status, page.next_token));
            page.await?.into_iter().map(|request| request.request_id).collect()
        }
        RequestKind::AssignmentDeletion => {
            let api = Api::sso_admin("ListAccountAssignmentDeletionStatus");
            let call = || sso.list_account_assignment_deletion_status().instance_arn(instance);
            let call = || call().filter(filter.clone()).max_results(PAGE_SIZE);
            let send = |token| call().set_next_token(token).send();
            let page =
                clients.pages(api, send, |page| (page.account_assignments_deletion_status, page.next_token));
            page.await?.into_iter().map(|request| request.request_id).collect()
        }
        RequestKind::Provisioning => {
            let api = Api::sso_admin("ListPermissionSetProvisioningStatus");
            let call = || sso.list_permission_set_provisioning_status().instance_arn(instance);
            let call = || call().filter(filter.clone()).max_results(PAGE_SIZE);
            let send = |token| call().set_next_token(token).send();
            let page =
                clients.pages(api, send, |page| (page.permission_sets_provisioning_status, page.next_token));
            page.await?.into_iter().map(|request| request.request_id).collect()
        }
    };
    Ok(ids.into_iter().flatten().collect())
}

/// Reads the state of a request.
pub(super) async fn describe(
    clients: &Clients,
    instance: &str,
    request: &Request,
) -> Result<RequestStatus, CallError> {
    let sso = clients.sso_admin();
    let Request { kind, id } = request;
    let (api, status) = match kind {
        RequestKind::AssignmentCreation => {
            let api = Api::sso_admin("DescribeAccountAssignmentCreationStatus");
            let call = || sso.describe_account_assignment_creation_status().instance_arn(instance);
            let send = || call().account_assignment_creation_request_id(id).send();
            let status = clients.call(api, send).await?.account_assignment_creation_status;
            (api, status.map(|status| (status.status, status.failure_reason)))
        }
        RequestKind::AssignmentDeletion => {
            let api = Api::sso_admin("DescribeAccountAssignmentDeletionStatus");
            let call = || sso.describe_account_assignment_deletion_status().instance_arn(instance);
            let send = || call().account_assignment_deletion_request_id(id).send();
            let status = clients.call(api, send).await?.account_assignment_deletion_status;
            (api, status.map(|status| (status.status, status.failure_reason)))
        }
        RequestKind::Provisioning => {
            let api = Api::sso_admin("DescribePermissionSetProvisioningStatus");
            let call = || sso.describe_permission_set_provisioning_status().instance_arn(instance);
            let send = || call().provision_permission_set_request_id(id).send();
            let status = clients.call(api, send).await?.permission_set_provisioning_status;
            (api, status.map(|status| (status.status, status.failure_reason)))
        }
    };
    match status {
        Some((Some(StatusValues::InProgress), _)) => Ok(RequestStatus::InProgress),
        Some((Some(StatusValues::Succeeded), _)) => Ok(RequestStatus::Succeeded),
        Some((Some(StatusValues::Failed), reason)) => {
            Ok(RequestStatus::Failed { reason: reason.unwrap_or_else(|| "AWS gives no reason".to_owned()) })
        }
        _ => Err(CallError::unreadable(api, "its status is missing or unknown")),
    }
}

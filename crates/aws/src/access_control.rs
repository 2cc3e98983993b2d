//! Reads and writes attributes for access control (ABAC) of the instance, for observation and execution.

use std::collections::BTreeMap;

use aws_sdk_ssoadmin::error::BuildError;
use aws_sdk_ssoadmin::operation::RequestId;
use aws_sdk_ssoadmin::operation::describe_instance_access_control_attribute_configuration::DescribeInstanceAccessControlAttributeConfigurationOutput;
use aws_sdk_ssoadmin::types::{
    AccessControlAttribute, AccessControlAttributeValue, InstanceAccessControlAttributeConfiguration,
    InstanceAccessControlAttributeConfigurationStatus,
};

use crate::api::Api;
use crate::client::Clients;
use crate::retry::{CallError, Kind};

/// The state of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Described {
    /// There is no configuration.
    Absent,
    /// There is a configuration.
    Present {
        /// The source of each attribute, by key.
        attributes: BTreeMap<String, String>,
        /// Whether AWS has finished creating it.
        is_ready: bool,
    },
    /// AWS failed to create it, for this reason.
    Failed(String),
}

const DESCRIBE: Api = Api::sso_admin("DescribeInstanceAccessControlAttributeConfiguration");

/// Reads the configuration. Only AWS's own `ResourceNotFoundException` means that there is none: a missing
/// permission, or a key that cannot be used, is an error.
pub(crate) async fn describe(clients: &Clients, instance: &str) -> Result<Described, CallError> {
    let call = || clients.sso_admin().describe_instance_access_control_attribute_configuration();
    match clients.call(DESCRIBE, || call().instance_arn(instance).send()).await {
        Ok(answer) => described(answer),
        Err(error) if error.kind == Kind::NotFound => Ok(Described::Absent),
        Err(error) => Err(error),
    }
}

/// Like [`describe`], for an endpoint that may not support the call; the result is then `None`.
pub(crate) async fn describe_if_known(
    clients: &Clients,
    instance: &str,
) -> Result<Option<Described>, CallError> {
    let call = || clients.sso_admin().describe_instance_access_control_attribute_configuration();
    match clients.probe(DESCRIBE, || call().instance_arn(instance).send()).await {
        Ok(answer) => answer.map(described).transpose(),
        Err(error) if error.kind == Kind::NotFound => Ok(Some(Described::Absent)),
        Err(error) => Err(error),
    }
}

fn described(
    answer: DescribeInstanceAccessControlAttributeConfigurationOutput,
) -> Result<Described, CallError> {
    use InstanceAccessControlAttributeConfigurationStatus as Status;
    let is_ready = match answer.status {
        Some(Status::Enabled) => true,
        Some(Status::CreationInProgress) => false,
        Some(Status::CreationFailed) => {
            let reason = answer.status_reason.filter(|reason| !reason.is_empty());
            return Ok(Described::Failed(reason.unwrap_or_else(|| "AWS gives no reason".to_owned())));
        }
        status => {
            let status = status.as_ref().map_or("none", Status::as_str);
            return Err(CallError::unreadable(DESCRIBE, format!("the status is {status}")));
        }
    };
    // A configuration may be empty: the console creates it so when the feature is enabled.
    let listed = answer.instance_access_control_attribute_configuration;
    let listed = listed.map(|configuration| configuration.access_control_attributes).unwrap_or_default();
    let mut attributes = BTreeMap::new();
    for AccessControlAttribute { key, value, .. } in listed {
        let sources = value.map(|value| value.source).unwrap_or_default();
        let [source] = sources.as_slice() else {
            let what = format!("the attribute {key} has {} sources, not one", sources.len());
            return Err(CallError::unreadable(DESCRIBE, what));
        };
        if attributes.insert(key.clone(), source.clone()).is_some() {
            return Err(CallError::unreadable(DESCRIBE, format!("the attribute {key} is duplicated")));
        }
    }
    Ok(Described::Present { attributes, is_ready })
}

/// Converts attributes to the SDK's type.
///
/// # Errors
/// Returns the SDK's error for invalid attributes.
pub(crate) fn configuration(
    attributes: &BTreeMap<String, String>,
) -> Result<InstanceAccessControlAttributeConfiguration, BuildError> {
    let attribute = |(key, source): (&String, &String)| {
        let value = AccessControlAttributeValue::builder().source(source).build()?;
        AccessControlAttribute::builder().key(key).value(value).build()
    };
    let attributes = attributes.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
    InstanceAccessControlAttributeConfiguration::builder()
        .set_access_control_attributes(Some(attributes))
        .build()
}

/// Creates the configuration, or replaces it, and returns AWS's request id. AWS may still be creating it after it has
/// responded.
pub(crate) async fn set(
    clients: &Clients,
    api: Api,
    instance: &str,
    configuration: &InstanceAccessControlAttributeConfiguration,
    is_new: bool,
) -> Result<Option<String>, CallError> {
    let sso = clients.sso_admin();
    let request_id = if is_new {
        let call = || sso.create_instance_access_control_attribute_configuration().instance_arn(instance);
        let send = || call().instance_access_control_attribute_configuration(configuration.clone()).send();
        clients.call(api, send).await?.request_id().map(str::to_owned)
    } else {
        let call = || sso.update_instance_access_control_attribute_configuration().instance_arn(instance);
        let send = || call().instance_access_control_attribute_configuration(configuration.clone()).send();
        clients.call(api, send).await?.request_id().map(str::to_owned)
    };
    Ok(request_id)
}

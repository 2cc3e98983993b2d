//! The JSON of a state.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Boundary, CustomerPolicy, Policy};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::{Attached, ManagedSet, Row, Terraform, principal};

/// Why a file does not describe what Terraform manages.
#[derive(Debug, thiserror::Error)]
pub enum TerraformError {
    /// It is not JSON, or does not have the format.
    #[error("{file} is not the output of `terraform show -json`: {source}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It has an encoding that JSON does not allow.
    #[error("{file} is UTF-16")]
    Utf16 {
        /// The file.
        file: String,
    },
    /// It is Terraform's internal, undocumented state format.
    #[error("{file} is a raw state file of Terraform, not the output of `terraform show -json`")]
    RawState {
        /// The file.
        file: String,
    },
    /// It is an export of a Pulumi stack.
    #[error("{file} is an export of a Pulumi stack, not the output of `terraform show -json`")]
    Pulumi {
        /// The file.
        file: String,
    },
    /// It has no format version.
    #[error("{file} is not the output of `terraform show -json`: it has no format_version")]
    NoVersion {
        /// The file.
        file: String,
    },
    /// It has an unsupported format version.
    #[error("{file} has format_version {found:?}; this program supports version 1")]
    OtherVersion {
        /// The file.
        file: String,
        /// Its version.
        found: String,
    },
    /// It is a plan, not a state.
    #[error("{file} is a Terraform plan, not a state")]
    Plan {
        /// The file.
        file: String,
    },
    /// It is a state without resources.
    #[error("{file} contains no resources: it has no values.root_module")]
    Empty {
        /// The file.
        file: String,
    },
    /// A resource does not have the documented attributes.
    #[error("{file}: the resource {address} cannot be parsed: {source}")]
    Resource {
        /// The file.
        file: String,
        /// The resource's address.
        address: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An assignment does not assign to a group or user in an account.
    #[error("{file}: the resource {address} is not an assignment to a group or user in an account")]
    Assignment {
        /// The file.
        file: String,
        /// The resource's address.
        address: String,
    },
    /// It contains nothing of ssoadmin, or of this instance.
    #[error("the state manages no permission sets or assignments of {instance}{}", other_instance(.others))]
    NothingManaged {
        /// The ARN of the instance that is imported.
        instance: String,
        /// The ARNs of the instances of which it manages something.
        others: BTreeSet<String>,
    },
}

fn other_instance(others: &BTreeSet<String>) -> String {
    if others.is_empty() {
        return String::new();
    }
    format!("; it belongs to {}", others.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

impl TerraformError {
    /// Returns the resolution.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Utf16 { .. } => {
                "save it as UTF-8; in PowerShell, run: terraform show -json | Out-File -Encoding utf8 state.json"
            }
            Self::Malformed { .. }
            | Self::RawState { .. }
            | Self::NoVersion { .. }
            | Self::Empty { .. }
            | Self::Plan { .. } => {
                "run `terraform show -json > state.json`, without a plan file, in the directory of the root module"
            }
            Self::Pulumi { .. } => {
                "Pulumi stacks are not supported. Import the live state without --from, and remove the resources from the \
                 stack with `pulumi state delete` afterwards"
            }
            Self::OtherVersion { .. } => "create it with Terraform 1.1 or later, or with OpenTofu",
            Self::Resource { .. } | Self::Assignment { .. } => {
                "run `terraform apply -refresh-only` with a current version of the aws provider, and create the file again"
            }
            Self::NothingManaged { .. } => {
                "pass the state with the aws_ssoadmin_… resources, and use the credentials of their instance"
            }
        }
    }
}

#[derive(Deserialize)]
struct File {
    format_version: Option<String>,
    /// Present in a raw state file instead.
    version: Option<IgnoredAny>,
    /// Present in the output of `pulumi stack export`.
    deployment: Option<IgnoredAny>,
    /// Present in a state file of Pulumi.
    checkpoint: Option<IgnoredAny>,
    values: Option<Values>,
    planned_values: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Values {
    root_module: Option<Module>,
}

/// serde_json stops at 128 levels of nesting, which bounds modules within modules.
#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    child_modules: Vec<Self>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    values: Value,
    /// Present if Terraform marked the object to be replaced.
    #[serde(default)]
    tainted: bool,
    /// Present if the object was replaced and waits for its deletion.
    deposed_key: Option<String>,
}

/// The common part of every ssoadmin resource.
#[derive(Deserialize)]
struct OfInstance {
    instance_arn: String,
}

#[derive(Deserialize)]
struct PermissionSetValues {
    arn: String,
    name: String,
    description: Option<String>,
    relay_state: Option<String>,
    session_duration: Option<String>,
}

#[derive(Deserialize)]
struct InlinePolicyValues {
    permission_set_arn: String,
    inline_policy: String,
}

#[derive(Deserialize)]
struct ManagedPolicyValues {
    permission_set_arn: String,
    managed_policy_arn: String,
}

#[derive(Deserialize)]
struct CustomerPolicyValues {
    permission_set_arn: String,
    customer_managed_policy_reference: Vec<CustomerPolicyReference>,
}

/// All managed policies of a permission set.
#[derive(Deserialize)]
struct ManagedPoliciesValues {
    permission_set_arn: String,
    managed_policy_arns: Option<Vec<String>>,
}

/// All customer managed policies of a permission set.
#[derive(Deserialize)]
struct CustomerPoliciesValues {
    permission_set_arn: String,
    customer_managed_policy_reference: Option<Vec<CustomerPolicyReference>>,
}

#[derive(Deserialize)]
struct CustomerPolicyReference {
    name: String,
    path: Option<String>,
}

#[derive(Deserialize)]
struct BoundaryValues {
    permission_set_arn: String,
    permissions_boundary: Vec<BoundaryReference>,
}

#[derive(Deserialize)]
struct BoundaryReference {
    managed_policy_arn: Option<String>,
    customer_managed_policy_reference: Option<Vec<CustomerPolicyReference>>,
}

#[derive(Deserialize)]
struct AssignmentValues {
    permission_set_arn: String,
    principal_id: String,
    principal_type: String,
    target_id: String,
}

#[derive(Deserialize)]
struct AttributesValues {
    attribute: Vec<AttributeValues>,
}

#[derive(Deserialize)]
struct AttributeValues {
    key: String,
    value: Vec<AttributeSource>,
}

#[derive(Deserialize)]
struct AttributeSource {
    source: Vec<String>,
}

/// Groups and users, as resources or as data sources.
#[derive(Deserialize)]
struct NamedValues {
    group_id: Option<String>,
    user_id: Option<String>,
    display_name: Option<String>,
    user_name: Option<String>,
}

impl From<CustomerPolicyReference> for CustomerPolicy {
    fn from(reference: CustomerPolicyReference) -> Self {
        let path = reference.path.filter(|path| !path.is_empty());
        Self { name: reference.name, path: path.unwrap_or_else(|| "/".to_owned()) }
    }
}

/// What the types of ssoadmin resources begin with.
const OF_SSOADMIN: &str = "aws_ssoadmin_";
/// The ssoadmin resources that are read. Rolecall does not manage applications and trusted token issuers.
const MANAGED: &[&str] = &[
    "aws_ssoadmin_account_assignment",
    "aws_ssoadmin_customer_managed_policy_attachment",
    "aws_ssoadmin_customer_managed_policy_attachments_exclusive",
    "aws_ssoadmin_instance_access_control_attributes",
    "aws_ssoadmin_managed_policy_attachment",
    "aws_ssoadmin_managed_policy_attachments_exclusive",
    "aws_ssoadmin_permission_set",
    "aws_ssoadmin_permission_set_inline_policy",
    "aws_ssoadmin_permissions_boundary_attachment",
];

/// States that have been read, of any instance.
#[derive(Debug, Clone, Default)]
pub struct States {
    by_instance: BTreeMap<String, OfOneInstance>,
    names: BTreeMap<String, String>,
    /// The addresses of ssoadmin resources that are not read, by type. Not all of them say which instance they belong to.
    passed_over: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Clone, Default)]
struct OfOneInstance {
    found: Terraform,
    /// What is attached to permission sets, by their ARN. It may come before its permission set, or be in another state.
    attached: BTreeMap<String, Attached>,
}

impl States {
    /// Reads states: the name of each file, for messages, and its bytes.
    ///
    /// # Errors
    /// A file is not the output of `terraform show -json` in UTF-8, or has another version; it is a raw state file, or a
    /// plan rather than a state, or an export of Pulumi; or a resource lacks a documented attribute.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Result<Self, TerraformError> {
        let mut states = Self::default();
        for (name, bytes) in files {
            let mut open = vec![root(name, bytes)?];
            while let Some(Module { resources, child_modules }) = open.pop() {
                for resource in resources {
                    states.resource(name, resource)?;
                }
                open.extend(child_modules);
            }
        }
        Ok(states)
    }

    /// Returns what they manage in one instance, given by its ARN.
    ///
    /// # Errors
    /// They manage nothing in it.
    pub fn of_instance(mut self, instance: &str) -> Result<Terraform, TerraformError> {
        let own = self.by_instance.remove(instance).unwrap_or_default();
        let OfOneInstance { mut found, attached } = own;
        for (arn, parts) in attached {
            if let Some(set) = found.sets.get_mut(&arn) {
                set.attached = parts;
            }
        }
        if found.sets.is_empty() && found.rows.is_empty() {
            let others = self.by_instance.into_keys().collect();
            return Err(TerraformError::NothingManaged { instance: instance.to_owned(), others });
        }
        found.names = self.names;
        found.passed_over = self.passed_over;
        Ok(found)
    }

    fn resource(&mut self, file: &str, resource: Resource) -> Result<(), TerraformError> {
        let Resource { address, mode, kind, values, tainted, deposed_key } = resource;
        if deposed_key.is_some_and(|key| !key.is_empty()) {
            return Ok(());
        }
        let at = At { file, address: &address };
        if matches!(kind.as_str(), "aws_identitystore_group" | "aws_identitystore_user") {
            let NamedValues { group_id, user_id, display_name, user_name } = at.values(values)?;
            let id = group_id.or(user_id);
            self.names.extend(id.zip(filled(display_name).or(user_name)));
        } else if mode != "managed" {
            // Data is looked up, not managed.
        } else if MANAGED.contains(&kind.as_str()) {
            let OfInstance { instance_arn } = at.values(values.clone())?;
            let of_one = self.by_instance.entry(instance_arn).or_default();
            of_one.managed(&at, &kind, values)?;
            if tainted {
                of_one.found.tainted.insert(address);
            }
        } else if kind.starts_with(OF_SSOADMIN) {
            self.passed_over.entry(kind).or_default().insert(address);
        }
        Ok(())
    }
}

fn root(file: &str, bytes: &[u8]) -> Result<Module, TerraformError> {
    let named = || file.to_owned();
    if is_utf16(bytes) {
        return Err(TerraformError::Utf16 { file: named() });
    }
    // Windows PowerShell begins UTF-8 with a byte-order mark, which serde_json does not take.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let read: File = serde_json::from_slice(bytes)
        .map_err(|source| TerraformError::Malformed { file: named(), source })?;
    let File { format_version, version, deployment, checkpoint, values, planned_values } = read;
    if deployment.is_some() || checkpoint.is_some() {
        return Err(TerraformError::Pulumi { file: named() });
    }
    let format_version = format_version.ok_or_else(|| match version {
        Some(_) => TerraformError::RawState { file: named() },
        None => TerraformError::NoVersion { file: named() },
    })?;
    if format_version.split('.').next() != Some("1") {
        return Err(TerraformError::OtherVersion { file: named(), found: format_version });
    }
    if planned_values.is_some() {
        return Err(TerraformError::Plan { file: named() });
    }
    values.and_then(|values| values.root_module).ok_or_else(|| TerraformError::Empty { file: named() })
}

/// Returns whether it begins as UTF-16 does: with a byte order mark, or with an ASCII character in two bytes.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{', 0, ..] | [0, b'{', ..])
}

impl OfOneInstance {
    fn managed(&mut self, at: &At<'_>, kind: &str, values: Value) -> Result<(), TerraformError> {
        match kind {
            "aws_ssoadmin_permission_set" => {
                let PermissionSetValues { arn, name, description, relay_state, session_duration } =
                    at.values(values)?;
                let set = ManagedSet {
                    address: at.address.to_owned(),
                    name,
                    description: filled(description),
                    session: filled(session_duration),
                    relay_state: filled(relay_state),
                    attached: Attached::default(),
                };
                self.found.sets.insert(arn, set);
            }
            "aws_ssoadmin_permission_set_inline_policy" => {
                let InlinePolicyValues { permission_set_arn, inline_policy } = at.values(values)?;
                let policy = Policy::from_json(&inline_policy).map_err(|source| at.error(source))?;
                self.attached(permission_set_arn).inline_policy = Some(policy);
            }
            "aws_ssoadmin_managed_policy_attachment" => {
                let ManagedPolicyValues { permission_set_arn, managed_policy_arn } = at.values(values)?;
                self.attached(permission_set_arn).managed_policies.insert(managed_policy_arn);
            }
            "aws_ssoadmin_customer_managed_policy_attachment" => {
                let CustomerPolicyValues { permission_set_arn, customer_managed_policy_reference } =
                    at.values(values)?;
                let policies = customer_managed_policy_reference.into_iter().map(CustomerPolicy::from);
                self.attached(permission_set_arn).customer_policies.extend(policies);
            }
            "aws_ssoadmin_managed_policy_attachments_exclusive" => {
                let ManagedPoliciesValues { permission_set_arn, managed_policy_arns } = at.values(values)?;
                let policies = managed_policy_arns.into_iter().flatten();
                self.attached(permission_set_arn).managed_policies.extend(policies);
            }
            "aws_ssoadmin_customer_managed_policy_attachments_exclusive" => {
                let CustomerPoliciesValues { permission_set_arn, customer_managed_policy_reference } =
                    at.values(values)?;
                let policies = customer_managed_policy_reference.into_iter().flatten();
                self.attached(permission_set_arn)
                    .customer_policies
                    .extend(policies.map(CustomerPolicy::from));
            }
            "aws_ssoadmin_permissions_boundary_attachment" => {
                let BoundaryValues { permission_set_arn, permissions_boundary } = at.values(values)?;
                self.attached(permission_set_arn).boundary =
                    permissions_boundary.into_iter().find_map(boundary);
            }
            "aws_ssoadmin_account_assignment" => self.assignment(at, values)?,
            "aws_ssoadmin_instance_access_control_attributes" => {
                let AttributesValues { attribute } = at.values(values)?;
                let attributes = attribute.into_iter().map(|AttributeValues { key, value }| {
                    (key, value.into_iter().flat_map(|AttributeSource { source }| source).collect())
                });
                self.found.attributes.extend(attributes);
            }
            // Only kinds of the list come here.
            _ => {}
        }
        Ok(())
    }

    fn assignment(&mut self, at: &At<'_>, values: Value) -> Result<(), TerraformError> {
        let AssignmentValues { permission_set_arn, principal_id, principal_type, target_id } =
            at.values(values)?;
        let row = principal(&principal_type, &principal_id)
            .zip(target_id.parse().ok())
            .map(|(principal, account)| Row { account, principal });
        let row = row.ok_or_else(|| TerraformError::Assignment {
            file: at.file.to_owned(),
            address: at.address.to_owned(),
        })?;
        self.found.rows.entry(permission_set_arn).or_default().insert(row);
        Ok(())
    }

    fn attached(&mut self, set: String) -> &mut Attached {
        self.attached.entry(set).or_default()
    }
}

/// The address of a resource, for messages.
struct At<'a> {
    file: &'a str,
    address: &'a str,
}

impl At<'_> {
    fn values<T: DeserializeOwned>(&self, values: Value) -> Result<T, TerraformError> {
        serde_json::from_value(values).map_err(|source| self.error(source))
    }

    fn error(&self, source: serde_json::Error) -> TerraformError {
        TerraformError::Resource { file: self.file.to_owned(), address: self.address.to_owned(), source }
    }
}

fn boundary(reference: BoundaryReference) -> Option<Boundary> {
    let BoundaryReference { managed_policy_arn, customer_managed_policy_reference } = reference;
    let customer = customer_managed_policy_reference.into_iter().flatten().next();
    match (filled(managed_policy_arn), customer) {
        (Some(arn), _) => Some(Boundary::ManagedPolicy(arn)),
        (None, customer) => customer.map(|policy| Boundary::CustomerPolicy(policy.into())),
    }
}

/// The provider writes an unset value as null or as an empty text.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

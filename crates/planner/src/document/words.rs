//! The words of a JSON plan. Each set of values is an enum, from which the schema is generated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a plan was made from. Only a plan of the same source can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Read from AWS.
    Live,
    /// Read from the embedded sandbox.
    Sandbox,
    /// Taken from a snapshot file.
    Snapshot,
}

impl Source {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
            Self::Snapshot => "snapshot",
        }
    }
}

/// What happens to the subject of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActionWord {
    /// An account assignment is created.
    Assign,
    /// An account assignment is deleted.
    Revoke,
    /// A permission set is created.
    Create,
    /// A permission set that no stack owns is taken over.
    Adopt,
    /// A permission set is changed.
    Update,
    /// A permission set is provisioned in accounts that have an older version.
    Provision,
    /// A permission set is released; it and its assignments stay.
    Release,
    /// A permission set is deleted.
    Delete,
    /// Attributes for access control are set.
    SetAttributes,
    /// The enterprise application is created from the gallery.
    CreateApplication,
    /// The application's single sign-on is set to SAML.
    SetSamlMode,
    /// SAML URLs are added to the application.
    SetUrls,
    /// A signing certificate is added.
    AddCertificate,
    /// Another certificate is selected for signing.
    PreferCertificate,
    /// A group is assigned to the application.
    AssignGroup,
    /// A group is unassigned from the application; AWS deletes it with its assignments.
    UnassignGroup,
    /// The provisioning job is created.
    CreateSyncJob,
    /// The credentials of provisioning are set.
    SetSyncSecrets,
    /// The provisioning job is started.
    StartSync,
    /// The provisioning job is restarted.
    RestartSync,
    /// A group is provisioned to AWS on demand.
    ProvisionGroup,
    /// A conditional access policy is created.
    CreatePolicy,
    /// A conditional access policy is changed.
    UpdatePolicy,
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An account assignment.
    AccountAssignment,
    /// A permission set.
    PermissionSet,
    /// Attributes for access control.
    AccessControlAttributes,
    /// Something in Entra ID.
    Entra,
}

/// Why something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonWord {
    /// The configuration declares it.
    Declared,
    /// No `assign` grants the assignment.
    Undeclared,
    /// The `until` of the assignment has passed.
    Expired,
    /// The principal no longer exists.
    Orphan,
    /// The configuration no longer names the permission set.
    PermissionSetDropped,
    /// A permission set with another name replaces this one.
    Renamed,
    /// The stack takes over a permission set (`adopt`).
    Adopted,
    /// The stack releases a permission set (`release-permission-set`).
    Released,
    /// Some accounts have an older version of the permission set.
    Outdated,
}

/// The type of a principal, as AWS spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrincipalType {
    /// A group.
    Group,
    /// A user.
    User,
}

/// Why a change is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The account is not active.
    AccountNotActive,
    /// A delegated administrator cannot assign in the management account.
    ManagementAccount,
    /// A delegated administrator cannot change a permission set that is provisioned in the management account.
    SealedPermissionSet,
    /// The permission set still has assignments that are skipped or withheld.
    AssignmentsRemain,
    /// The grant that replaces the assignment is skipped or withheld.
    ReplacementWaits,
    /// The group is not in the Identity Store yet.
    GroupNotProvisioned,
}

/// What keeps an assignment that no `assign` grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeeperWord {
    /// A `keep`.
    Keep,
    /// The `adopt` of its permission set.
    Adopt,
}

/// How severe a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityWord {
    /// Nothing is planned.
    Error,
    /// The plan continues.
    Warning,
}

/// The state of an account, as Organizations spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountStateWord {
    /// In use.
    Active,
    /// Closed or suspended.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Being activated.
    PendingActivation,
    /// Closed.
    Closed,
}

/// How much of a base was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExtentWord {
    /// All of it.
    Whole,
    /// All but assignments: the base names something that the live state does not have.
    WithoutAssignments,
    /// Nothing: the base has no project file, or its files have errors.
    Nothing,
}

/// The effect of a difference from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EffectWord {
    /// Allows more, or lasts longer.
    Loosens,
    /// Neither clearly looser nor clearly tighter.
    Changes,
    /// Allows less, or ends sooner.
    Tightens,
}

/// What a difference from the base is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectWord {
    /// Assignments that are no longer in the configuration and stay.
    Assignment,
    /// The `until` of assignments.
    End,
    /// A guard or an exception to one.
    Guard,
    /// A `keep`.
    Keep,
    /// The level of a lint.
    Lint,
    /// How a declared group is identified.
    Group,
    /// A permission set.
    PermissionSet,
    /// An account set.
    AccountSet,
    /// Attributes for access control.
    Attribute,
    /// What the files of an `include` may contain.
    Include,
}

//! The vocabulary of Rolecall: who ([`Principal`]), what ([`PermissionSet`]) and where ([`AccountId`]), what the
//! files want ([`Config`]), what is live ([`Snapshot`]), and the single API calls that lead from one to the other
//! ([`Operation`]).
//!
//! The crate is plain data. It knows neither KDL nor AWS's SDK nor a clock, so that every stage can share it.

pub mod access_control;
pub mod assignment;
pub mod code;
pub mod config;
pub mod diagnostic;
pub mod entra;
pub mod escape;
pub mod identity;
pub mod lint;
pub mod operation;
pub mod organization;
pub mod origin;
pub mod permission_set;
pub mod policy;
pub mod snapshot;

pub use access_control::AccessControlState;
pub use assignment::{Assignment, Principal};
pub use code::Code;
pub use config::Config;
pub use diagnostic::{Applicability, Diagnostic, Label, Severity, Suggestion};
pub use identity::{
    AccountId, GroupId, InstanceId, InvalidIdentity, ObjectId, OuId, PermissionSetName, Region, StackName,
    UserId, UserName,
};
pub use operation::{AwsOperation, Edit, EntraOperation, Operation, OperationGraph, ProvisionTarget};
pub use organization::{Account, AccountState, OrganizationalUnit};
pub use origin::{FileId, OriginId, Origins, Place, SourceFile, Sources};
pub use permission_set::{Boundary, CustomerPolicy, PermissionSet, SessionDuration};
pub use policy::Policy;
pub use snapshot::Snapshot;

/// A calendar day. Rolecall reads no clock below its command line, so days come in from outside.
pub use jiff::civil::Date;

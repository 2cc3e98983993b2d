//! A plan as a document.

use rolecall_model::{AccountState, Diagnostic, EntraOperation, PermissionSet, Principal, Severity, Sources};
use serde_json::{Value, json};

use super::{
    AccountStateWord, ActionWord, AssignmentDocument, BaseDifferenceDocument, BaseDocument,
    BasePlaceDocument, BlockedDocument, Cause, ChangeDocument, ComparedAssignmentDocument, Counts,
    EffectWord, ExtentWord, FindingDocument, KeeperWord, KeptDocument, Kind, LineDifferenceDocument,
    PlaceDocument, PlanDocument, PrincipalType, ReasonWord, RebindDocument, SeverityWord,
    SkippedAccountDocument, Source, SubjectDocument, SubjectWord, TemporaryDocument, UnmanagedDocument,
    ViolationDocument,
};
use crate::plan::comparison::{
    BaseComparison, BaseDifference, BasePlace, ComparedAssignment, Effect, Extent, LineDifference, Subject,
};
use crate::plan::{
    AccessControlChange, Action, AssignmentChange, Blocked, BlockedAction, BlockedCause, Change, EntraChange,
    Kept, KeptBy, NamedAssignment, PermissionSetChange, Plan, PrincipalName, Provenance, Provisioning,
    Reason, Rebind, SkippedAccount, Temporary, Unmanaged, Violation, Written,
};

impl PlanDocument {
    /// The document of a plan, and of how its configuration differs from that of a base.
    pub fn new(plan: &Plan, base: Option<&BaseComparison>, sources: &Sources) -> Self {
        // Destructured in full, so that no new field is forgotten.
        let Plan {
            stack,
            instance,
            provenance,
            as_of,
            as_of_given,
            changes,
            blocked,
            rebinds,
            kept,
            temporary,
            skipped_accounts,
            unmanaged,
            read_by_principal,
            absent_means_empty,
            unseen: _,
            findings,
            violations,
            estimate,
            digest,
        } = plan;
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            stack: stack.to_string(),
            instance_arn: instance.arn.clone(),
            region: instance.region.to_string(),
            source: source(provenance),
            as_of: as_of.to_string(),
            as_of_given: *as_of_given,
            digest: Some(digest.to_string()),
            counts: Counts::of(changes),
            estimate_seconds: estimate.seconds,
            changes: changes.iter().map(change).collect(),
            blocked: blocked.iter().map(self::blocked).collect(),
            possible_rebinds: rebinds.iter().map(rebind).collect(),
            kept: kept.iter().map(self::kept).collect(),
            temporary: temporary.iter().map(self::temporary).collect(),
            skipped_accounts: skipped_accounts.iter().map(skipped_account).collect(),
            unmanaged: unmanaged.iter().map(self::unmanaged).collect(),
            read_by_principal: read_by_principal.iter().map(ToString::to_string).collect(),
            absent_means_empty: absent_means_empty.clone(),
            base: base.map(comparison),
            findings: findings.iter().map(|one| finding(one, sources)).collect(),
            guard_violations: violations.iter().map(violation).collect(),
        }
    }
}

impl Counts {
    /// Counts changes.
    pub(crate) fn of(changes: &[Change]) -> Self {
        let mut counts = Self::default();
        for change in changes {
            let count = match &change.action {
                Action::Assignment(AssignmentChange::Grant(_)) => &mut counts.assign,
                Action::Assignment(AssignmentChange::Revoke { .. }) => &mut counts.revoke,
                Action::PermissionSet(set) => match set {
                    PermissionSetChange::Create { .. } => &mut counts.create,
                    PermissionSetChange::Update { .. } if change.reason == Reason::Adopted => {
                        &mut counts.adopt
                    }
                    PermissionSetChange::Update { .. } => &mut counts.update,
                    PermissionSetChange::Provision { .. } => &mut counts.provision,
                    PermissionSetChange::Release { .. } => &mut counts.release,
                    PermissionSetChange::Delete { .. } => &mut counts.delete,
                },
                Action::AccessControl(_) => &mut counts.set_attributes,
                Action::Entra(_) => &mut counts.entra,
            };
            *count += 1;
        }
        counts
    }
}

fn source(provenance: &Provenance) -> Source {
    match provenance {
        Provenance::Live => Source::Live,
        Provenance::Sandbox => Source::Sandbox,
        Provenance::Snapshot => Source::Snapshot,
    }
}

fn change(change: &Change) -> ChangeDocument {
    let Change { action, reason, written } = change;
    let (before, after) = before_and_after(action);
    let entra = match action {
        Action::Entra(change) => Some(&**change),
        Action::Assignment(_) | Action::PermissionSet(_) | Action::AccessControl(_) => None,
    };
    let (until, note) = match reason {
        Reason::Declared { until, note } => (*until, note.clone()),
        Reason::Expired { until } => (Some(*until), None),
        Reason::Undeclared
        | Reason::Orphan
        | Reason::PermissionSetDropped
        | Reason::Renamed { .. }
        | Reason::Adopted
        | Reason::Released
        | Reason::Outdated => (None, None),
    };
    ChangeDocument {
        action: action_word(change),
        kind: kind(action),
        subject: subject_of(action),
        tenant_id: entra.map(|change| change.tenant.clone()),
        service_principal_id: entra
            .and_then(|change| change.service_principal.as_ref())
            .map(ToString::to_string),
        before,
        after,
        provisions: provisions(action),
        lost: change.lost_with_group().iter().map(|one| assignment(one, None)).collect(),
        reason: reason_word(reason),
        renamed_to: if let Reason::Renamed { to } = reason { Some(to.to_string()) } else { None },
        until: until.map(|date| date.to_string()),
        note,
        place: place(written.as_ref()),
    }
}

/// The kind of an action.
pub(crate) fn kind(action: &Action) -> Kind {
    match action {
        Action::Assignment(_) => Kind::AccountAssignment,
        Action::PermissionSet(_) => Kind::PermissionSet,
        Action::AccessControl(_) => Kind::AccessControlAttributes,
        Action::Entra(_) => Kind::Entra,
    }
}

/// The word for what a change does.
pub(crate) fn action_word(change: &Change) -> ActionWord {
    match &change.action {
        Action::Assignment(AssignmentChange::Grant(_)) => ActionWord::Assign,
        Action::Assignment(AssignmentChange::Revoke { .. }) => ActionWord::Revoke,
        Action::PermissionSet(set) => match set {
            PermissionSetChange::Create { .. } => ActionWord::Create,
            PermissionSetChange::Update { .. } if change.reason == Reason::Adopted => ActionWord::Adopt,
            PermissionSetChange::Update { .. } => ActionWord::Update,
            PermissionSetChange::Provision { .. } => ActionWord::Provision,
            PermissionSetChange::Release { .. } => ActionWord::Release,
            PermissionSetChange::Delete { .. } => ActionWord::Delete,
        },
        Action::AccessControl(_) => ActionWord::SetAttributes,
        Action::Entra(change) => step_word(&change.step),
    }
}

fn step_word(step: &EntraOperation) -> ActionWord {
    match step {
        EntraOperation::CreateApplication { .. } => ActionWord::CreateApplication,
        EntraOperation::SetSamlMode { .. } => ActionWord::SetSamlMode,
        EntraOperation::SetUrls { .. } => ActionWord::SetUrls,
        EntraOperation::AddCertificate { .. } => ActionWord::AddCertificate,
        EntraOperation::PreferCertificate { .. } => ActionWord::PreferCertificate,
        EntraOperation::AssignGroup { .. } => ActionWord::AssignGroup,
        EntraOperation::UnassignGroup { .. } => ActionWord::UnassignGroup,
        EntraOperation::CreateSyncJob { .. } => ActionWord::CreateSyncJob,
        EntraOperation::SetSyncSecrets { .. } => ActionWord::SetSyncSecrets,
        EntraOperation::StartSync { .. } => ActionWord::StartSync,
        EntraOperation::RestartSync { .. } => ActionWord::RestartSync,
        EntraOperation::ProvisionGroup { .. } => ActionWord::ProvisionGroup,
        EntraOperation::CreatePolicy { .. } => ActionWord::CreatePolicy,
        EntraOperation::UpdatePolicy { .. } => ActionWord::UpdatePolicy,
    }
}

fn reason_word(reason: &Reason) -> ReasonWord {
    match reason {
        Reason::Declared { .. } => ReasonWord::Declared,
        Reason::Undeclared => ReasonWord::Undeclared,
        Reason::Expired { .. } => ReasonWord::Expired,
        Reason::Orphan => ReasonWord::Orphan,
        Reason::PermissionSetDropped => ReasonWord::PermissionSetDropped,
        Reason::Renamed { .. } => ReasonWord::Renamed,
        Reason::Adopted => ReasonWord::Adopted,
        Reason::Released => ReasonWord::Released,
        Reason::Outdated => ReasonWord::Outdated,
    }
}

/// The whole before and after.
pub(crate) fn before_and_after(action: &Action) -> (Value, Value) {
    fn whole(set: &PermissionSet) -> Value {
        serde_json::to_value(set).unwrap_or(Value::Null)
    }
    match action {
        Action::Assignment(AssignmentChange::Grant(_)) => (Value::Null, json!({ "assigned": true })),
        Action::Assignment(AssignmentChange::Revoke { .. }) => (json!({ "assigned": true }), Value::Null),
        Action::PermissionSet(set) => match set {
            PermissionSetChange::Create { after } => (Value::Null, whole(after)),
            PermissionSetChange::Update { before, after, .. } => (whole(before), whole(after)),
            PermissionSetChange::Provision { .. } | PermissionSetChange::Release { .. } => {
                (Value::Null, Value::Null)
            }
            PermissionSetChange::Delete { before } => (whole(before), Value::Null),
        },
        Action::AccessControl(AccessControlChange { before, after }) => (json!(before), json!(after)),
        Action::Entra(change) => (change.before.clone(), json!(change.step)),
    }
}

fn provisions(action: &Action) -> Vec<String> {
    let provisioning = match action {
        Action::PermissionSet(set) => set.provisioning(),
        Action::Assignment(_) | Action::AccessControl(_) | Action::Entra(_) => None,
    };
    let accounts = provisioning.map(|Provisioning { accounts, calls: _ }| accounts);
    accounts.into_iter().flatten().map(ToString::to_string).collect()
}

fn subject_of(action: &Action) -> SubjectDocument {
    match action {
        Action::Assignment(change) => subject(change.assignment()),
        Action::PermissionSet(change) => {
            SubjectDocument { permission_set: Some(change.name().to_string()), ..SubjectDocument::default() }
        }
        Action::AccessControl(_) => SubjectDocument::default(),
        Action::Entra(change) => group_of(change),
    }
}

/// The group that a step in Entra ID is about.
fn group_of(change: &EntraChange) -> SubjectDocument {
    let group = change.step.group();
    SubjectDocument {
        principal_id: group.map(|(id, _)| id.to_string()),
        principal_name: group.map(|(_, name)| name.to_owned()),
        ..SubjectDocument::default()
    }
}

fn subject(named: &NamedAssignment) -> SubjectDocument {
    let NamedAssignment { assignment, principal_name, account_name } = named;
    let (name, label) = match principal_name {
        PrincipalName::Group { label, live_name } => (Some(live_name.clone()), label.clone()),
        PrincipalName::User(name) => (Some(name.clone()), None),
        PrincipalName::Orphan(_) => (None, None),
    };
    SubjectDocument {
        permission_set: Some(assignment.permission_set.to_string()),
        account_id: Some(assignment.account.to_string()),
        account_name: Some(account_name.clone()),
        principal_type: Some(match assignment.principal {
            Principal::Group(_) | Principal::NewGroup(_) => PrincipalType::Group,
            Principal::User(_) => PrincipalType::User,
        }),
        principal_id: Some(assignment.principal.id().to_owned()),
        principal_name: name,
        principal_label: label,
    }
}

fn assignment(named: &NamedAssignment, written: Option<&Written>) -> AssignmentDocument {
    AssignmentDocument { subject: subject(named), place: place(written) }
}

fn place(written: Option<&Written>) -> PlaceDocument {
    let template = written.and_then(|written| written.template.as_ref());
    PlaceDocument {
        file: written.map(|written| written.at.file.clone()),
        line: written.map(|written| written.at.line),
        template_file: template.map(|line| line.file.clone()),
        template_line: template.map(|line| line.line),
    }
}

fn blocked(blocked: &Blocked) -> BlockedDocument {
    let Blocked { action, cause, written } = blocked;
    let of_set = |word, name: &rolecall_model::PermissionSetName| {
        (word, SubjectDocument { permission_set: Some(name.to_string()), ..SubjectDocument::default() })
    };
    let (action, subject) = match action {
        BlockedAction::Grant(named) => (ActionWord::Assign, subject(named)),
        BlockedAction::Revoke(named) => (ActionWord::Revoke, subject(named)),
        BlockedAction::Update(name) => of_set(ActionWord::Update, name),
        BlockedAction::Provision(name) => of_set(ActionWord::Provision, name),
        BlockedAction::Release(name) => of_set(ActionWord::Release, name),
        BlockedAction::Delete(name) => of_set(ActionWord::Delete, name),
    };
    let word = match cause {
        BlockedCause::AccountNotActive(_) => Cause::AccountNotActive,
        BlockedCause::ManagementAccount => Cause::ManagementAccount,
        BlockedCause::SealedPermissionSet => Cause::SealedPermissionSet,
        BlockedCause::AssignmentsRemain => Cause::AssignmentsRemain,
        BlockedCause::ReplacementWaits => Cause::ReplacementWaits,
        BlockedCause::GroupNotProvisioned => Cause::GroupNotProvisioned,
    };
    BlockedDocument {
        action,
        subject,
        place: place(written.as_ref()),
        cause: word,
        message: cause.to_string(),
    }
}

fn rebind(rebind: &Rebind) -> RebindDocument {
    let Rebind { grant, orphans, orphans_are_ours, written } = rebind;
    RebindDocument {
        grant: assignment(grant, written.as_ref()),
        orphans: orphans.iter().map(|orphan| assignment(orphan, None)).collect(),
        orphans_are_ours: *orphans_are_ours,
    }
}

fn kept(kept: &Kept) -> KeptDocument {
    let Kept { assignment: named, by, ended, written } = kept;
    let (by, until, note) = match by {
        KeptBy::Keep { until, note } => (KeeperWord::Keep, *until, note.clone()),
        KeptBy::Adopt => (KeeperWord::Adopt, None, None),
    };
    KeptDocument {
        assignment: assignment(named, Some(written)),
        by,
        until: until.map(|until| until.to_string()),
        note,
        ended: ended.map(|date| date.to_string()),
    }
}

fn temporary(temporary: &Temporary) -> TemporaryDocument {
    let Temporary { until, days_left, assignments, principals, permission_sets, note, written } = temporary;
    TemporaryDocument {
        until: until.to_string(),
        days_left: *days_left,
        assignments: *assignments,
        principals: principals.clone(),
        permission_sets: permission_sets.iter().map(ToString::to_string).collect(),
        note: note.clone(),
        place: place(Some(written)),
    }
}

fn skipped_account(account: &SkippedAccount) -> SkippedAccountDocument {
    let SkippedAccount { id, name, state, assignments } = account;
    SkippedAccountDocument {
        account_id: id.to_string(),
        account_name: name.clone(),
        state: match state {
            AccountState::PendingActivation => AccountStateWord::PendingActivation,
            AccountState::Active => AccountStateWord::Active,
            AccountState::Suspended => AccountStateWord::Suspended,
            AccountState::PendingClosure => AccountStateWord::PendingClosure,
            AccountState::Closed => AccountStateWord::Closed,
        },
        assignments: *assignments,
    }
}

fn unmanaged(unmanaged: &Unmanaged) -> UnmanagedDocument {
    let Unmanaged { permission_set, assignments } = unmanaged;
    UnmanagedDocument { permission_set: permission_set.to_string(), assignments: *assignments }
}

fn finding(finding: &Diagnostic, sources: &Sources) -> FindingDocument {
    let place = finding.primary.as_ref().map(|label| label.place);
    let file = place.map(|place| sources.get(place.file));
    FindingDocument {
        code: finding.code.to_string(),
        severity: match finding.severity {
            Severity::Error => SeverityWord::Error,
            Severity::Warning => SeverityWord::Warning,
        },
        message: finding.message.clone(),
        help: finding.help.clone(),
        place: PlaceDocument {
            file: file.map(|file| file.name.to_string()),
            line: place.zip(file).map(|(place, file)| file.line_and_column(place.start).0),
            ..PlaceDocument::default()
        },
    }
}

fn violation(violation: &Violation) -> ViolationDocument {
    let Violation { code, message, assignments, written } = violation;
    ViolationDocument {
        code: code.to_string(),
        message: message.clone(),
        assignments: assignments.iter().map(|one| assignment(one, None)).collect(),
        place: place(written.as_ref()),
    }
}

fn comparison(comparison: &BaseComparison) -> BaseDocument {
    let BaseComparison { extent, lines, differences } = comparison;
    let (extent, reasons) = match extent {
        Extent::Whole => (ExtentWord::Whole, Vec::new()),
        Extent::WithoutAssignments { reasons } => (ExtentWord::WithoutAssignments, reasons.clone()),
        Extent::Absent { .. } => (ExtentWord::Nothing, comparison.why_not_compared().into_iter().collect()),
        Extent::Nothing { reasons } => (ExtentWord::Nothing, reasons.clone()),
    };
    BaseDocument {
        extent,
        reasons,
        lines: lines.iter().map(line).collect(),
        differences: differences.iter().map(difference).collect(),
    }
}

fn line(line: &LineDifference) -> LineDifferenceDocument {
    let LineDifference { place, gained, lost } = line;
    let compared = |ComparedAssignment { assignment: named, until, has_ended: _ }: &ComparedAssignment| {
        ComparedAssignmentDocument {
            assignment: assignment(named, None),
            until: until.map(|date| date.to_string()),
        }
    };
    LineDifferenceDocument {
        place: base_place(place),
        gained: gained.iter().map(compared).collect(),
        lost: lost.iter().map(compared).collect(),
    }
}

fn difference(difference: &BaseDifference) -> BaseDifferenceDocument {
    let BaseDifference { effect, subject, message, assignments, place } = difference;
    BaseDifferenceDocument {
        effect: match effect {
            Effect::Loosens => EffectWord::Loosens,
            Effect::Changes => EffectWord::Changes,
            Effect::Tightens => EffectWord::Tightens,
        },
        subject: match subject {
            Subject::Assignment => SubjectWord::Assignment,
            Subject::End => SubjectWord::End,
            Subject::Guard => SubjectWord::Guard,
            Subject::Keep => SubjectWord::Keep,
            Subject::Lint => SubjectWord::Lint,
            Subject::Group => SubjectWord::Group,
            Subject::PermissionSet => SubjectWord::PermissionSet,
            Subject::AccountSet => SubjectWord::AccountSet,
            Subject::Attribute => SubjectWord::Attribute,
            Subject::Include => SubjectWord::Include,
        },
        message: message.clone(),
        assignments: assignments.iter().map(|one| assignment(one, None)).collect(),
        place: base_place(place),
    }
}

fn base_place(place: &BasePlace) -> BasePlaceDocument {
    let BasePlace { in_base, written } = place;
    BasePlaceDocument { in_base: *in_base, line: self::place(Some(written)) }
}

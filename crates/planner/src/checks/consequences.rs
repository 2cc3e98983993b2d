//! Consequences that no single change shows.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Code, Diagnostic, OriginId, PermissionSetName, Snapshot};

use crate::compare::replacements::Replacements;
use crate::inputs::Checkout;
use crate::limits::GROUPS_PER_SET_AND_ACCOUNT;
use crate::phrases::{self, NAMED};
use crate::plan::Change;

/// Returns the findings that follow from the changes.
pub(crate) fn findings(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    changes: &[Change],
    replacements: &Replacements,
) -> Vec<Diagnostic> {
    let mut findings = last_assignments(files, snapshot, changes, replacements);
    for (set, account) in &replacements.hindered {
        let mut finding = Diagnostic::warning(
            Code::QuotaGap,
            format!(
                "`{set}` on {}: assignments of deleted groups are revoked before new ones are granted",
                account_name(snapshot, *account)
            ),
        )
        .help(format!(
            "AWS allows {GROUPS_PER_SET_AND_ACCOUNT} groups per permission set and account, so the grants cannot come first here"
        ));
        if let Some(origin) = files.config.origin_of(set) {
            finding = finding.at_origin(files.origins, origin, "the quota has no room for both at once");
        }
        findings.push(finding);
    }
    findings
}

/// IAM Identity Center deletes the role of a set in an account with the last assignment there. A later assignment
/// creates a role with another suffix, and references to the old role (EKS, KMS key policies) break.
fn last_assignments(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    changes: &[Change],
    replacements: &Replacements,
) -> Vec<Diagnostic> {
    let mut lost: BTreeMap<(&PermissionSetName, AccountId), usize> = BTreeMap::new();
    let mut kept: BTreeSet<(&PermissionSetName, AccountId)> = BTreeSet::new();
    for change in changes {
        let Some(revoked) = change.revoked() else { continue };
        let pair = (&revoked.assignment.permission_set, revoked.assignment.account);
        *lost.entry(pair).or_default() += 1;
        if replacements.replaces(&revoked.assignment) {
            kept.insert(pair);
        }
    }
    let mut emptied: BTreeMap<&PermissionSetName, Vec<AccountId>> = BTreeMap::new();
    for ((set, account), number) in lost {
        let was_seen = snapshot.coverage.sees_all(set, account);
        let held = snapshot.rows_on(set, account).len();
        if was_seen && held == number && !kept.contains(&(set, account)) {
            emptied.entry(set).or_default().push(account);
        }
    }
    // A deleted permission set loses its roles as well; the plan already says so.
    let declared =
        emptied.into_iter().filter_map(|(set, accounts)| Some((set, accounts, files.config.origin_of(set)?)));
    let declared: Vec<(&PermissionSetName, Vec<AccountId>, OriginId)> = declared.collect();
    let Some((set, accounts, origin)) = declared.first() else { return Vec::new() };
    // One finding for all, because a large change would otherwise flood the plan.
    let message = match &declared[..] {
        [_] => format!("the last assignment of `{set}` is revoked on {}", some_accounts(snapshot, accounts)),
        several => {
            let pairs: usize = several.iter().map(|(_, accounts, _)| accounts.len()).sum();
            let names = phrases::some_of(several.iter().map(|(set, ..)| format!("`{set}`")));
            format!(
                "the last assignment is revoked for {pairs} pairs of a permission set and an account, of {names}"
            )
        }
    };
    let finding = Diagnostic::warning(Code::LastAssignment, message)
        .at_origin(files.origins, *origin, "AWS deletes the role in the account with it")
        .help(
            "where something names that role (an EKS access entry, a key policy), use a pattern that leaves the \
             suffix open: a later assignment creates a role with another suffix",
        );
    let others = declared.iter().skip(1).take(NAMED - 1);
    vec![others.fold(finding, |finding, (_, accounts, origin)| {
        finding.and(
            files.origins.place(*origin),
            format!("and of this one, on {}", some_accounts(snapshot, accounts)),
        )
    })]
}

/// Lists a few accounts by name, and how many more there are.
fn some_accounts(snapshot: &Snapshot, accounts: &[AccountId]) -> String {
    phrases::some_of(accounts.iter().map(|id| account_name(snapshot, *id)))
}

fn account_name(snapshot: &Snapshot, id: AccountId) -> String {
    match snapshot.account(id) {
        Some(account) => format!("{} ({id})", account.name),
        None => id.to_string(),
    }
}

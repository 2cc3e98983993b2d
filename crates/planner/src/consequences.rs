//! What follows from changes and is not seen in any single one of them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Code, Diagnostic, OriginId, PermissionSetName};

use crate::Inputs;
use crate::plan::{Action, Change};
use crate::replacement::Replacements;

/// How many accounts a finding names.
const NAMED: usize = 3;

/// All findings that follow from the changes.
pub(crate) fn findings(
    inputs: &Inputs<'_>,
    changes: &[Change],
    replacements: &Replacements,
) -> Vec<Diagnostic> {
    let mut findings = last_assignments(inputs, changes, replacements);
    for (set, account) in &replacements.hindered {
        let mut finding = Diagnostic::warning(
            Code::QuotaGap,
            format!(
                "`{set}` on {}: groups that are gone lose their rows before others are granted theirs",
                account_name(inputs, *account)
            ),
        )
        .help("AWS takes 100 groups a permission set and account, so the grants cannot go first here");
        if let Some(origin) = origin_of(inputs, set) {
            finding = finding.at_origin(inputs.origins, origin, "there is no room for both at once");
        }
        findings.push(finding);
    }
    findings
}

/// IAM Identity Center deletes the role of a set in an account with the last assignment there. A later one makes a role
/// with another suffix in its name, and whatever names the old role (EKS, KMS key policies) is cut off.
fn last_assignments(inputs: &Inputs<'_>, changes: &[Change], replacements: &Replacements) -> Vec<Diagnostic> {
    let mut lost: BTreeMap<(&PermissionSetName, AccountId), usize> = BTreeMap::new();
    let mut kept: BTreeSet<(&PermissionSetName, AccountId)> = BTreeSet::new();
    for change in changes {
        let Action::Revoke(row) = &change.action else { continue };
        let pair = (&row.assignment.permission_set, row.assignment.account);
        *lost.entry(pair).or_default() += 1;
        if replacements.replaces(&row.assignment) {
            kept.insert(pair);
        }
    }
    let mut emptied: BTreeMap<&PermissionSetName, Vec<AccountId>> = BTreeMap::new();
    for ((set, account), number) in lost {
        let was_seen = inputs.snapshot.coverage.sees_all(set, account);
        let held = inputs.snapshot.rows_on(set, account).len();
        if was_seen && held == number && !kept.contains(&(set, account)) {
            emptied.entry(set).or_default().push(account);
        }
    }
    // A set that goes as a whole takes its roles with it; that is what the plan says already.
    let declared =
        emptied.into_iter().filter_map(|(set, accounts)| Some((set, accounts, origin_of(inputs, set)?)));
    let declared: Vec<(&PermissionSetName, Vec<AccountId>, OriginId)> = declared.collect();
    let Some((set, accounts, origin)) = declared.first() else { return Vec::new() };
    // One finding for all: a large change would drown its plan otherwise.
    let message = match &declared[..] {
        [_] => format!("the last assignment of `{set}` goes on {}", some_accounts(inputs, accounts)),
        several => {
            let pairs: usize = several.iter().map(|(_, accounts, _)| accounts.len()).sum();
            let names: Vec<String> = several.iter().take(NAMED).map(|(set, ..)| format!("`{set}`")).collect();
            let more = and_more(several.len());
            format!(
                "the last assignment goes on {pairs} pairs of a permission set and an account, of {}{more}",
                names.join(", ")
            )
        }
    };
    let finding = Diagnostic::warning(Code::LastAssignment, message)
        .at_origin(inputs.origins, *origin, "its role there is deleted with it")
        .help(
            "where something names that role (an EKS access entry, a key policy), name it by a pattern with the \
             suffix left open: a later assignment makes a role with another suffix",
        );
    let others = declared.iter().skip(1).take(NAMED - 1);
    vec![others.fold(finding, |finding, (_, accounts, origin)| {
        finding.and(
            inputs.origins.place(*origin),
            format!("and of this, on {}", some_accounts(inputs, accounts)),
        )
    })]
}

/// A few accounts by name, and how many more there are.
fn some_accounts(inputs: &Inputs<'_>, accounts: &[AccountId]) -> String {
    let names: Vec<String> = accounts.iter().take(NAMED).map(|id| account_name(inputs, *id)).collect();
    format!("{}{}", names.join(", "), and_more(accounts.len()))
}

fn and_more(number: usize) -> String {
    match number.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn account_name(inputs: &Inputs<'_>, id: AccountId) -> String {
    match inputs.snapshot.account(id) {
        Some(account) => format!("{} ({id})", account.name),
        None => id.to_string(),
    }
}

/// Where the files declare a permission set.
fn origin_of(inputs: &Inputs<'_>, name: &PermissionSetName) -> Option<OriginId> {
    let config = inputs.config;
    let owned = config.permission_sets.binary_search_by(|set| set.permission_set.name.cmp(name));
    let external = || config.external_permission_sets.binary_search_by(|set| set.name.cmp(name));
    match owned {
        Ok(at) => Some(config.permission_sets[at].origin),
        Err(_) => external().ok().map(|at| config.external_permission_sets[at].origin),
    }
}

//! Lints that need the live state or the day: what the files say is sound, and worth a second look.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{GroupIx, Until};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{Code, Date, Diagnostic, OriginId, PermissionSetName, Principal};

use crate::Inputs;
use crate::compare::Comparison;
use crate::expand::Desired;
use crate::ownership::{Ours, Standing};

/// An end within so many days is told.
const SOON_DAYS: i32 = 14;
/// Groups that may have one permission set on one account (sso-admin quotas).
const GROUPS_PER_SET_AND_ACCOUNT: usize = 100;
/// How many of its subjects a finding names.
const NAMED: usize = 3;

/// All lints.
pub(crate) fn lints(
    inputs: &Inputs<'_>,
    today: Date,
    desired: &Desired<'_>,
    standings: &BTreeMap<&PermissionSetName, Standing<'_>>,
    compared: &Comparison,
) -> Vec<Diagnostic> {
    let mut found = ends_soon(inputs, today);
    found.extend(unpinned_administrators(inputs, today));
    found.extend(crowded(inputs, desired, compared));
    found.extend(idle_words(inputs, standings, compared));
    found.extend(idle_keeps(inputs, today, compared));
    found
}

/// Ends of assignments, keeps and exceptions that come within two weeks. An end that has passed is told elsewhere: the
/// plan revokes.
fn ends_soon(inputs: &Inputs<'_>, today: Date) -> Vec<Diagnostic> {
    let config = inputs.config;
    let assigned = config.assignments.iter().filter_map(|rule| Some(("an assignment", rule.until?)));
    let kept = config.keeps.iter().filter_map(|keep| Some(("a `keep`", keep.until?)));
    let exceptions = config.guard.forbids.iter().flat_map(|forbid| &forbid.exceptions);
    let excepted = exceptions.map(|exception| ("an exception to a guard", exception.until));
    let ends = assigned.chain(kept).chain(excepted);
    let found = ends.filter_map(|(what, Until { date, origin })| {
        let days = (date - today).get_days();
        if !(0..=SOON_DAYS).contains(&days) {
            return None;
        }
        let when = match days {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        Some(
            Diagnostic::warning(Code::EndsSoon, format!("{what} ends {when}"))
                .at_origin(inputs.origins, origin, format!("{date} is the last day"))
                .help("if it is still needed then, write a later day; otherwise take it away after that day"),
        )
    });
    found.collect()
}

/// Groups that are found by name alone and get the rights of an administrator: a name can be taken again.
fn unpinned_administrators(inputs: &Inputs<'_>, today: Date) -> Vec<Diagnostic> {
    let config = inputs.config;
    let mut reached: BTreeMap<GroupIx, &PermissionSetName> = BTreeMap::new();
    let holds = |until: &Option<Until>| until.is_none_or(|until| until.date >= today);
    for rule in config.assignments.iter().filter(|rule| holds(&rule.until)) {
        let sets = rule.permission_sets.iter().map(|set| config.permission_set_name(*set));
        let Some(set) = sets.into_iter().find(|name| is_administrators(inputs, name)) else { continue };
        for group in rule.groups.iter().filter(|group| config[**group].object_id.is_none()) {
            reached.entry(*group).or_insert(set);
        }
    }
    let found = reached.into_iter().map(|(group, set)| {
        let group = &config[group];
        Diagnostic::warning(
            Code::UnpinnedAdministrators,
            format!(
                "`{}` gets `{set}`, the rights of an administrator, and is found by name alone",
                group.label
            ),
        )
        .at_origin(inputs.origins, group.origin, "a group's name can be taken again when it is deleted")
        .help("pin the group with id=\"…\", its Entra object id")
    });
    found.collect()
}

fn is_administrators(inputs: &Inputs<'_>, name: &PermissionSetName) -> bool {
    let sets = &inputs.config.permission_sets;
    match sets.binary_search_by(|set| set.permission_set.name.cmp(name)) {
        Ok(at) => sets[at].permission_set.is_administrators(),
        Err(_) => {
            let live = inputs.snapshot.permission_set(name);
            live.and_then(|live| live.details.as_ref()).is_some_and(|set| set.is_administrators())
        }
    }
}

/// Sets that more groups would have on one account than AWS takes: the grants beyond that fail.
fn crowded(inputs: &Inputs<'_>, desired: &Desired<'_>, compared: &Comparison) -> Vec<Diagnostic> {
    let tables = &desired.tables;
    let is_group = |number: u32| matches!(tables.principals[number as usize], Principal::Group(_));
    let mut groups: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    let wanted = desired.rows.iter().map(|row| row.key);
    for key in
        wanted.chain(compared.kept_rows.iter().map(|row| row.key)).filter(|key| is_group(key.principal))
    {
        *groups.entry((key.set, key.account)).or_default() += 1;
    }
    let mut crowded: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
    for ((set, account), number) in groups {
        if number > GROUPS_PER_SET_AND_ACCOUNT {
            crowded.entry(set).or_default().push((account, number));
        }
    }
    let found = crowded.into_iter().map(|(set, accounts)| {
        let name = tables.sets[set as usize];
        let most = accounts.iter().map(|(_, number)| *number).max().unwrap_or_default();
        let named: Vec<&str> = accounts
            .iter()
            .take(NAMED)
            .map(|(account, _)| tables.accounts[*account as usize].name.as_str())
            .collect();
        let more = accounts.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let finding = Diagnostic::warning(
            Code::CrowdedPermissionSet,
            format!("{most} groups share `{name}` on an account; AWS takes {GROUPS_PER_SET_AND_ACCOUNT}"),
        )
        .help(format!(
            "this is so on {}{more}: divide the set into two of other names, or put groups together",
            named.join(", ")
        ));
        match origin_of(inputs, name) {
            Some(origin) => finding.at_origin(inputs.origins, origin, "grants beyond the quota will fail"),
            None => finding,
        }
    });
    found.collect()
}

fn origin_of(inputs: &Inputs<'_>, name: &PermissionSetName) -> Option<OriginId> {
    let owned = inputs.config.permission_sets.iter().find(|set| set.permission_set.name == *name);
    let external = || inputs.config.external_permission_sets.iter().find(|set| set.name == *name);
    owned.map(|set| set.origin).or_else(|| external().map(|set| set.origin))
}

/// Lifecycle words whose work is done, or that never had any.
fn idle_words(
    inputs: &Inputs<'_>,
    standings: &BTreeMap<&PermissionSetName, Standing<'_>>,
    compared: &Comparison,
) -> Vec<Diagnostic> {
    let config = inputs.config;
    let stack = config.stack.as_str();
    let mut found = Vec::new();
    let mut idle = |message: String, origin: OriginId, label: String| {
        found.push(
            Diagnostic::warning(Code::IdleWord, message)
                .at_origin(inputs.origins, origin, label)
                .help("take the word away"),
        );
    };
    let adopted_keep_rows: BTreeSet<&PermissionSetName> = compared
        .kept
        .iter()
        .filter(|kept| kept.by == crate::plan::KeptBy::Adopt)
        .map(|kept| &kept.row.assignment.permission_set)
        .collect();
    for set in &config.permission_sets {
        let name = &set.permission_set.name;
        if let Some(origin) = set.adopt {
            match standings.get(name) {
                Some(Standing::New { .. }) => idle(
                    format!("`{name}` does not exist, so there is nothing to adopt"),
                    origin,
                    "the set will be made, with or without this word".to_owned(),
                ),
                Some(Standing::Ours(Ours { is_adopted_now: false, .. }))
                    if !adopted_keep_rows.contains(name) =>
                {
                    idle(
                        format!("`{name}` is adopted"),
                        origin,
                        "the set is ours, and no row waits".to_owned(),
                    );
                }
                _ => {}
            }
        }
        // A live set that is not ours is told apart: somebody expects it to go, and it does not.
        let Some(renamed) = &set.renamed_from else { continue };
        if inputs.snapshot.permission_set(&renamed.name).is_none() {
            let message = format!("`{name}` was renamed from `{}`, which is gone", renamed.name);
            idle(message, renamed.origin, format!("no permission set `{}` exists", renamed.name));
        }
    }
    for release in &config.releases {
        let live = inputs.snapshot.permission_set(&release.name);
        let label = match live {
            None => "no permission set of this name exists".to_owned(),
            Some(live) if live.tags.get(STACK_TAG).is_none_or(|owner| owner != stack) => {
                format!("the set does not carry the tag of stack `{stack}`")
            }
            Some(_) => continue,
        };
        idle(
            format!("`{}` is not ours, so there is nothing to release", release.name),
            release.origin,
            label,
        );
    }
    found
}

/// A `keep` that matches no live row that would otherwise go.
fn idle_keeps(inputs: &Inputs<'_>, today: Date, compared: &Comparison) -> Vec<Diagnostic> {
    let used: BTreeSet<u32> = compared.kept_rows.iter().filter_map(|row| row.keep).collect();
    let mut found = Vec::new();
    for (number, keep) in (0_u32..).zip(&inputs.config.keeps) {
        if used.contains(&number) {
            continue;
        }
        let has_ended = keep.until.filter(|until| until.date < today);
        let (message, label) = match has_ended {
            Some(until) => (format!("a `keep` ended on {}", until.date), "this no longer keeps anything"),
            None => ("a `keep` keeps nothing".to_owned(), "no live row that would otherwise go matches this"),
        };
        found.push(
            Diagnostic::warning(Code::IdleWord, message)
                .at_origin(inputs.origins, keep.origin, label)
                .help("take it away"),
        );
    }
    found
}

/// Renames from sets that this stack does not own: those are left alone, which the file's reader would not expect.
pub(crate) fn renames_not_ours(inputs: &Inputs<'_>) -> Vec<Diagnostic> {
    let stack = inputs.config.stack.as_str();
    let renames = inputs.config.permission_sets.iter().filter_map(|set| set.renamed_from.as_ref());
    let found = renames.filter_map(|renamed| {
        let live = inputs.snapshot.permission_set(&renamed.name)?;
        let label = match live.tags.get(STACK_TAG) {
            Some(owner) if owner == stack => return None,
            Some(owner) => format!("it belongs to stack `{owner}`"),
            None => "it carries no stack's tag".to_owned(),
        };
        Some(
            Diagnostic::warning(
                Code::RenameSourceNotOurs,
                format!("`{}` is not ours: it is left alone, with its rows", renamed.name),
            )
            .at_origin(inputs.origins, renamed.origin, label)
            .help("delete it by hand when nobody needs it, and take `renamed-from` away"),
        )
    });
    found.collect()
}

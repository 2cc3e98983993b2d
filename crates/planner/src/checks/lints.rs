//! Lints that need the live state or the date: the configuration is valid, but may not be intended.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{GroupIx, Until};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{Code, Config, Date, Diagnostic, OriginId, PermissionSetName, Snapshot};

use crate::compare::KeptKey;
use crate::compare::ownership::{Ours, Standing, Standings};
use crate::desired::Desired;
use crate::desired::keys::{AccountIx, KeepIx, SetIx, indexed};
use crate::inputs::Checkout;
use crate::limits::GROUPS_PER_SET_AND_ACCOUNT;
use crate::phrases;
use crate::plan::{Kept, KeptBy};

/// Number of days before an end within which the lint reports it.
const SOON_DAYS: i32 = 14;

/// Inputs of the lints.
pub(crate) struct Subject<'a> {
    pub(crate) files: &'a Checkout<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) today: Date,
    pub(crate) desired: &'a Desired<'a>,
    pub(crate) standings: &'a Standings<'a>,
    /// The live assignments that are kept although no `assign` grants them, by key and with names.
    pub(crate) kept_keys: &'a [KeptKey],
    pub(crate) kept: &'a [Kept],
}

/// Runs all lints.
pub(crate) fn lints(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let Subject { files, snapshot, today, desired, standings, kept_keys, kept } = *subject;
    let mut found = ends_soon(files, today);
    found.extend(unpinned_administrators(files, snapshot, today));
    found.extend(crowded(files, desired, kept_keys));
    found.extend(idle_lifecycle_words(files, snapshot, standings, kept));
    found.extend(idle_releases(files, snapshot));
    found.extend(idle_keeps(files, today, kept_keys));
    found
}

/// Reports ends of assignments, keeps and exceptions within two weeks. Ends that have passed show up as revokes.
fn ends_soon(files: &Checkout<'_>, today: Date) -> Vec<Diagnostic> {
    let config = files.config;
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
                .at_origin(files.origins, origin, format!("{date} is the last day"))
                .help("if it is still needed then, write a later day; otherwise remove it after that day"),
        )
    });
    found.collect()
}

/// Reports groups without `id=` that get administrator access: after a group is deleted, another one can take its name.
fn unpinned_administrators(files: &Checkout<'_>, snapshot: &Snapshot, today: Date) -> Vec<Diagnostic> {
    let config = files.config;
    let mut reached: BTreeMap<GroupIx, &PermissionSetName> = BTreeMap::new();
    let holds = |until: &Option<Until>| until.is_none_or(|until| until.date >= today);
    for rule in config.assignments.iter().filter(|rule| holds(&rule.until)) {
        let sets = rule.permission_sets.iter().map(|set| config.permission_set_name(*set));
        let Some(set) = sets.into_iter().find(|name| is_administrators(files.config, snapshot, name)) else {
            continue;
        };
        for group in rule.groups.iter().filter(|group| config[**group].object_id.is_none()) {
            reached.entry(*group).or_insert(set);
        }
    }
    let found = reached.into_iter().map(|(group, set)| {
        let group = &config[group];
        Diagnostic::warning(
            Code::UnpinnedAdministrators,
            format!(
                "`{}` gets the administrator permission set `{set}`, and is identified only by its name",
                group.label
            ),
        )
        .at_origin(files.origins, group.origin, "when a group is deleted, another one can take its name")
        .help("pin the group with id=\"…\", its Entra object id")
    });
    found.collect()
}

fn is_administrators(config: &Config, snapshot: &Snapshot, name: &PermissionSetName) -> bool {
    let sets = &config.permission_sets;
    match sets.binary_search_by(|set| set.permission_set.name.cmp(name)) {
        Ok(at) => sets[at].permission_set.is_administrators(),
        Err(_) => {
            let live = snapshot.permission_set(name);
            live.and_then(|live| live.details.as_ref()).is_some_and(|set| set.is_administrators())
        }
    }
}

/// Reports permission sets with more groups per account than AWS allows: grants beyond the quota fail.
fn crowded(files: &Checkout<'_>, desired: &Desired<'_>, kept: &[KeptKey]) -> Vec<Diagnostic> {
    let tables = &desired.tables;
    let wanted = desired.wanted.iter().map(|wanted| wanted.key);
    let held = wanted.chain(kept.iter().map(|kept| kept.key));
    let mut groups: BTreeMap<(SetIx, AccountIx), usize> = BTreeMap::new();
    for key in held.filter(|key| tables.principal(key.principal).is_group()) {
        *groups.entry((key.set, key.account)).or_default() += 1;
    }
    let mut crowded: BTreeMap<SetIx, Vec<(AccountIx, usize)>> = BTreeMap::new();
    for ((set, account), number) in groups {
        if number > GROUPS_PER_SET_AND_ACCOUNT {
            crowded.entry(set).or_default().push((account, number));
        }
    }
    let found = crowded.into_iter().map(|(set, accounts)| {
        let name = tables.set(set);
        let most = accounts.iter().map(|(_, number)| *number).max().unwrap_or_default();
        let accounts = accounts.iter().map(|(account, _)| tables.account(*account).name.as_str());
        let finding = Diagnostic::warning(
            Code::CrowdedPermissionSet,
            format!("{most} groups share `{name}` on an account; AWS allows {GROUPS_PER_SET_AND_ACCOUNT}"),
        )
        .help(format!(
            "this affects {}: split the permission set into two with different names, or combine groups",
            phrases::some_of(accounts)
        ));
        match files.config.origin_of(name) {
            Some(origin) => finding.at_origin(files.origins, origin, "grants beyond the quota will fail"),
            None => finding,
        }
    });
    found.collect()
}

/// Builds the warning about a word that has no effect.
fn idle(files: &Checkout<'_>, word: &str, message: String, origin: OriginId, label: String) -> Diagnostic {
    Diagnostic::warning(Code::IdleWord, message)
        .at_origin(files.origins, origin, label)
        .help(format!("remove `{word}`"))
}

/// Reports `adopt` and `renamed-from` that have no effect. A live `renamed-from` set without this stack's tag is
/// reported separately, because its author expects it to be deleted.
fn idle_lifecycle_words(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    standings: &Standings<'_>,
    kept: &[Kept],
) -> Vec<Diagnostic> {
    let adopted = kept.iter().filter(|kept| kept.by == KeptBy::Adopt);
    let waiting: BTreeSet<&PermissionSetName> =
        adopted.map(|kept| &kept.assignment.assignment.permission_set).collect();
    let mut found = Vec::new();
    for set in &files.config.permission_sets {
        let name = &set.permission_set.name;
        if let Some(origin) = set.adopt {
            match standings.get(name) {
                Some(Standing::New { .. }) => found.push(idle(
                    files,
                    "adopt",
                    format!("`{name}` does not exist, so there is nothing to adopt"),
                    origin,
                    "the plan creates the permission set with or without this word".to_owned(),
                )),
                Some(Standing::Ours(Ours { is_adopted_now: false, .. })) if !waiting.contains(name) => {
                    let label =
                        "this stack owns the permission set, and `adopt` keeps no assignment".to_owned();
                    found.push(idle(files, "adopt", format!("`{name}` is already adopted"), origin, label));
                }
                _ => {}
            }
        }
        let Some(renamed) = &set.renamed_from else { continue };
        if snapshot.permission_set(&renamed.name).is_none() {
            let message = format!("`{name}` was renamed from `{}`, which no longer exists", renamed.name);
            let label = format!("no permission set `{}` exists", renamed.name);
            found.push(idle(files, "renamed-from", message, renamed.origin, label));
        }
    }
    found
}

/// Reports `release-permission-set` for permission sets that the stack does not own.
fn idle_releases(files: &Checkout<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let stack = files.config.stack.as_str();
    let mut found = Vec::new();
    for release in &files.config.releases {
        let label = match snapshot.permission_set(&release.name) {
            None => "no permission set of this name exists".to_owned(),
            Some(live) if live.tags.get(STACK_TAG).is_none_or(|owner| owner != stack) => {
                format!("the permission set does not have the tag of stack `{stack}`")
            }
            Some(_) => continue,
        };
        let message =
            format!("`{}` does not belong to this stack, so there is nothing to release", release.name);
        found.push(idle(files, "release-permission-set", message, release.origin, label));
    }
    found
}

/// Reports `keep` nodes that match no live assignment that would otherwise be revoked.
fn idle_keeps(files: &Checkout<'_>, today: Date, kept: &[KeptKey]) -> Vec<Diagnostic> {
    let used: BTreeSet<KeepIx> = kept.iter().filter_map(|kept| kept.by.keep()).collect();
    let idle = indexed(&files.config.keeps).filter(|(index, _)| !used.contains(index));
    let found = idle.map(|(_, keep)| {
        let has_ended = keep.until.filter(|until| until.date < today);
        let (message, label) = match has_ended {
            Some(until) => (format!("a `keep` ended on {}", until.date), "it no longer keeps anything"),
            None => (
                "this `keep` has no effect".to_owned(),
                "it matches no live assignment that would otherwise be revoked",
            ),
        };
        Diagnostic::warning(Code::IdleWord, message)
            .at_origin(files.origins, keep.origin, label)
            .help("remove it")
    });
    found.collect()
}

/// Reports renames from permission sets that this stack does not own: they stay, contrary to what a reader expects.
pub(crate) fn renames_not_ours(files: &Checkout<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let stack = files.config.stack.as_str();
    let renames = files.config.permission_sets.iter().filter_map(|set| set.renamed_from.as_ref());
    let found = renames.filter_map(|renamed| {
        let live = snapshot.permission_set(&renamed.name)?;
        let label = match live.tags.get(STACK_TAG) {
            Some(owner) if owner == stack => return None,
            Some(owner) => format!("it belongs to stack `{owner}`"),
            None => "it has no stack's tag".to_owned(),
        };
        Some(
            Diagnostic::warning(
                Code::RenameSourceNotOurs,
                format!(
                    "`{}` does not belong to this stack, so it stays, with its assignments",
                    renamed.name
                ),
            )
            .at_origin(files.origins, renamed.origin, label)
            .help("delete it by hand when nobody needs it any more, and remove `renamed-from`"),
        )
    });
    found.collect()
}

//! The live assignments, divided into those that the project contains and those that it does not.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::snapshot::{Group, LivePermissionSet};
use rolecall_model::{Principal, Snapshot, UserName};

use crate::accounts::{Accounts, Mask};
use crate::cover::{Pair, Pairs};
use crate::principals::{DeclaredGroup, Directory, Identity};
use crate::standing::{Standing, is_control_tower_group};
use crate::terraform::Terraform;

/// A permission set that the project mentions.
pub(crate) struct MentionedSet<'a> {
    pub(crate) live: &'a LivePermissionSet,
    pub(crate) standing: Standing<'a>,
}

impl MentionedSet<'_> {
    /// Whether the set has `adopt`, so that assignments outside of the configuration stay for now.
    pub(crate) fn is_adopted(&self) -> bool {
        self.standing == Standing::Owned { is_adopted: true }
    }
}

/// Assignments by permission set (by position) and principal.
pub(crate) type Rows<'a> = BTreeMap<(usize, &'a Principal), Mask>;

/// The classified assignments.
pub(crate) struct Census<'a> {
    /// The declared groups, sorted by label, and their assignments.
    pub(crate) groups: Vec<DeclaredGroup<'a>>,
    pub(crate) of_groups: Pairs,
    /// The named users, sorted, and their assignments.
    pub(crate) users: Vec<&'a UserName>,
    pub(crate) of_users: Pairs,
    /// Assignments of owned sets whose principals cannot be named, and those whose principals are deleted.
    pub(crate) indistinct: Rows<'a>,
    pub(crate) gone: Rows<'a>,
    /// Assignments of adopted sets that are not in Terraform's state.
    pub(crate) beyond_state: Rows<'a>,
    /// Assignments of external sets to groups and users that the project does not name. They stay unmanaged.
    pub(crate) of_others: Rows<'a>,
    /// Assignments of users who only have external sets. They stay unmanaged.
    pub(crate) left_to_others: usize,
    /// Assignments in accounts that are not active. A plan neither grants nor revokes them.
    pub(crate) resting: usize,
}

/// Classifies the assignments.
pub(crate) fn take<'a>(
    snapshot: &'a Snapshot,
    accounts: &Accounts<'_>,
    sets: &[MentionedSet<'a>],
    directory: &Directory<'a>,
    terraform: Option<&Terraform>,
) -> Census<'a> {
    let mut rows = Rows::new();
    let (mut beyond_state, mut resting) = (Rows::new(), 0);
    for (at, set) in sets.iter().enumerate() {
        for row in snapshot.rows_of(&set.live.name) {
            // A snapshot lists the account of every row.
            let Some(account) = accounts.position(row.account) else { continue };
            if !accounts.active.contains(account) {
                resting += 1;
                continue;
            }
            let is_held = terraform.is_none_or(|state| state.holds(&set.live.arn, row));
            let rows = if is_held || !set.is_adopted() { &mut rows } else { &mut beyond_state };
            rows.entry((at, &row.principal)).or_insert_with(|| accounts.none()).insert(account);
        }
    }
    let named = Named::among(&rows, sets, directory, terraform);
    let groups = DeclaredGroup::all(&named.groups);
    let group_at: BTreeMap<&Principal, usize> =
        groups.iter().enumerate().map(|(at, (principal, _))| (*principal, at)).collect();
    let users: Vec<&UserName> = named.users.iter().copied().collect();
    let mut census = Census {
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        of_groups: Pairs::new(),
        users,
        of_users: Pairs::new(),
        indistinct: Rows::new(),
        gone: Rows::new(),
        beyond_state,
        of_others: Rows::new(),
        left_to_others: 0,
        resting,
    };
    census.place(rows, &group_at, sets, directory);
    census
}

impl<'a> Census<'a> {
    /// Returns whether a permission set, given by its position, has assignments of principals that cannot be named.
    pub(crate) fn has_unwritten(&self, set: usize) -> bool {
        self.indistinct.keys().chain(self.gone.keys()).any(|(of, _)| *of == set)
    }

    /// Classifies each assignment by its principal: a declared group, a named user, or neither.
    fn place(
        &mut self,
        rows: Rows<'a>,
        group_at: &BTreeMap<&Principal, usize>,
        sets: &[MentionedSet<'a>],
        directory: &Directory<'a>,
    ) {
        for ((set, principal), mask) in rows {
            let is_owned = matches!(sets[set].standing, Standing::Owned { .. });
            match directory.identity(principal) {
                Identity::Group { .. } => match group_at.get(principal) {
                    Some(at) => {
                        self.of_groups.insert(Pair { set, principal: *at }, mask);
                    }
                    None => {
                        self.of_others.insert((set, principal), mask);
                    }
                },
                Identity::User(name) => match self.users.binary_search(&name) {
                    Ok(at) => {
                        self.of_users.insert(Pair { set, principal: at }, mask);
                    }
                    Err(_) => {
                        self.left_to_others += mask.count_ones(..);
                        self.of_others.insert((set, principal), mask);
                    }
                },
                Identity::Indistinct(_) if is_owned => {
                    self.indistinct.insert((set, principal), mask);
                }
                Identity::Gone if is_owned => {
                    self.gone.insert((set, principal), mask);
                }
                // On an external set they are nobody's of ours.
                Identity::Indistinct(_) | Identity::Gone => {}
            }
        }
    }
}

/// The principals that the project names. All of their assignments of external sets then belong to the project, too.
#[derive(Default)]
struct Named<'a> {
    groups: BTreeMap<&'a Principal, (&'a Group, Option<&'a str>)>,
    users: BTreeSet<&'a UserName>,
}

impl<'a> Named<'a> {
    fn among(
        rows: &Rows<'a>,
        sets: &[MentionedSet<'a>],
        directory: &Directory<'a>,
        terraform: Option<&Terraform>,
    ) -> Self {
        let mut named = Self::default();
        for (set, principal) in rows.keys().copied() {
            let is_owned = matches!(sets[set].standing, Standing::Owned { .. });
            let is_assigned = terraform.is_some_and(|state| state.gives(&sets[set].live.arn, principal));
            match directory.identity(principal) {
                Identity::Group { group, object_id } => {
                    let of_control_tower = is_control_tower_group(&group.display_name);
                    if is_owned || is_assigned || (terraform.is_none() && !of_control_tower) {
                        named.groups.insert(principal, (group, object_id));
                    }
                }
                Identity::User(name) if is_owned || is_assigned => {
                    named.users.insert(name);
                }
                Identity::User(_) | Identity::Indistinct(_) | Identity::Gone => {}
            }
        }
        named
    }
}

//! The live rows, sorted into what the project says and what it does not.

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
    /// Whether the set says `adopt`, so that rows which the files do not want stay for now.
    pub(crate) fn is_adopted(&self) -> bool {
        self.standing == Standing::Owned { is_adopted: true }
    }
}

/// Rows by permission set (by position) and principal.
pub(crate) type Rows<'a> = BTreeMap<(usize, &'a Principal), Mask>;

/// What the rows come to.
pub(crate) struct Census<'a> {
    /// The declared groups, sorted by label, and their rows.
    pub(crate) groups: Vec<DeclaredGroup<'a>>,
    pub(crate) of_groups: Pairs,
    /// The named users, sorted, and their rows.
    pub(crate) users: Vec<&'a UserName>,
    pub(crate) of_users: Pairs,
    /// Rows of owned sets whose principals cannot be named, and of those that are gone.
    pub(crate) indistinct: Rows<'a>,
    pub(crate) gone: Rows<'a>,
    /// Rows of adopted sets that Terraform's state does not hold.
    pub(crate) beyond_state: Rows<'a>,
    /// Rows on external sets of groups and users whom the project does not name: nobody's, as long as it does not.
    pub(crate) of_others: Rows<'a>,
    /// Rows of users on external sets alone, which stay nobody's.
    pub(crate) left_to_others: usize,
    /// Rows on accounts that are not active. A plan neither grants nor revokes them.
    pub(crate) resting: usize,
}

/// Sorts the rows.
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
    /// Puts each row where it belongs: to the declared groups, to the named users, or to what import leaves out.
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

/// Whom the project names: then all their rows on external sets are the project's too.
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

//! The accounts of the organization, and how a configuration can name them and the units above them.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use rolecall_model::snapshot::Organization;
use rolecall_model::{Account, AccountId, AccountState, Snapshot};
use rolecall_parser::limits::{MAX_ACCOUNT_NAME, MAX_UNIT_NAME, is_unit_id};

use crate::text::says_something;

/// A set of accounts, by their position in the snapshot's list.
pub(crate) type Mask = FixedBitSet;

/// The accounts that import considers.
pub(crate) struct Accounts<'a> {
    list: &'a [Account],
    /// The active accounts.
    pub(crate) active: Mask,
    /// The active accounts without the management account: those that selectors other than `account` match.
    pub(crate) members: Mask,
    /// How the configuration names each account: by name if the name is unique, and otherwise by ID.
    references: Vec<String>,
    /// The units, each before those below it. The first represents all member accounts.
    pub(crate) units: Vec<Unit>,
}

/// A unit of the tree, or all member accounts (the first one).
pub(crate) struct Unit {
    /// The path or ID that selects it with everything below it, if there is one.
    pub(crate) selector: Option<String>,
    /// Whether `selector` may be used for the whole unit; the root is selected by `every-member-account`.
    pub(crate) is_selectable_whole: bool,
    /// The names from the root.
    pub(crate) path: Vec<String>,
    /// The units directly below, by position.
    pub(crate) below: Vec<usize>,
    /// The active member accounts directly in it, by position.
    pub(crate) direct: Vec<usize>,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let organization = &snapshot.organization;
        let list = organization.accounts.as_slice();
        let mut active = Mask::with_capacity(list.len());
        let mut members = Mask::with_capacity(list.len());
        for (at, account) in list.iter().enumerate() {
            let is_active = account.state == AccountState::Active;
            active.set(at, is_active);
            members.set(at, is_active && account.id != organization.management_account);
        }
        let units = units(organization, &members);
        Self { list, active, members, references: references(list), units }
    }

    /// Returns the number of accounts.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Returns an empty set.
    pub(crate) fn none(&self) -> Mask {
        Mask::with_capacity(self.count())
    }

    /// Returns the position of an account.
    pub(crate) fn position(&self, id: AccountId) -> Option<usize> {
        self.list.binary_search_by_key(&id, |account| account.id).ok()
    }

    /// Returns how the configuration names the account at a position.
    pub(crate) fn reference(&self, at: usize) -> &str {
        &self.references[at]
    }

    /// Returns the name of the account at a position.
    pub(crate) fn name(&self, at: usize) -> &'a str {
        &self.list[at].name
    }
}

fn references(list: &[Account]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for account in list {
        *counts.entry(&account.name).or_default() += 1;
    }
    let reference = |account: &Account| {
        let name = account.name.as_str();
        // The language takes so long a number for an id.
        let is_like_an_id = name.len() >= 9 && name.bytes().all(|byte| byte.is_ascii_digit());
        let can_be_written =
            says_something(name) && name.chars().count() <= MAX_ACCOUNT_NAME && !is_like_an_id;
        if counts[name] == 1 && can_be_written { name.to_owned() } else { account.id.to_string() }
    };
    list.iter().map(reference).collect()
}

/// Builds the tree from the root down. Units that the root does not reach are omitted, and their accounts belong only to
/// the first unit. A file whose units form a cycle therefore does no harm.
fn units(organization: &Organization, members: &Mask) -> Vec<Unit> {
    let mut below: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, unit) in organization.units.iter().enumerate() {
        below.entry(unit.parent.as_str()).or_default().push(at);
    }
    let mut direct: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in members.ones() {
        direct.entry(organization.accounts[at].parent.as_str()).or_default().push(at);
    }
    let root_id = organization.root.as_str();
    let everything = Unit {
        selector: None,
        is_selectable_whole: true,
        path: Vec::new(),
        below: vec![1],
        direct: Vec::new(),
    };
    let root = Unit {
        selector: is_unit_id(root_id).then(|| root_id.to_owned()),
        is_selectable_whole: false,
        path: Vec::new(),
        below: Vec::new(),
        direct: direct.remove(root_id).unwrap_or_default(),
    };
    let (mut units, mut ids) = (vec![everything, root], vec!["", root_id]);
    let mut at = 1;
    while at < units.len() {
        for child in below.remove(ids[at]).unwrap_or_default() {
            let unit = &organization.units[child];
            let mut path = units[at].path.clone();
            path.push(unit.name.clone());
            ids.push(unit.id.as_str());
            let position = units.len();
            units[at].below.push(position);
            units.push(Unit {
                selector: None,
                is_selectable_whole: true,
                path,
                below: Vec::new(),
                direct: direct.remove(unit.id.as_str()).unwrap_or_default(),
            });
        }
        at += 1;
    }
    units[0].direct = direct.into_values().flatten().collect();
    units[0].direct.sort_unstable();
    select_by_path(&mut units, &ids);
    units
}

/// Sets the selector of each unit: its path, or its ID if the path would have another meaning.
fn select_by_path(units: &mut [Unit], ids: &[&str]) {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for unit in &units[2..] {
        *counts.entry(unit.path.clone()).or_default() += 1;
    }
    for (unit, id) in units.iter_mut().zip(ids).skip(2) {
        let can_be_written = |name: &String| {
            says_something(name) && !name.contains('/') && name.chars().count() <= MAX_UNIT_NAME
        };
        let path = unit.path.join("/");
        // A unit above it that shares its name with a sibling leads the path astray as well.
        let is_unique = (1..=unit.path.len()).all(|length| counts[&unit.path[..length]] == 1);
        let is_clear = is_unique && unit.path.iter().all(can_be_written) && !is_unit_id(&path);
        unit.selector =
            if is_clear { Some(path) } else { Some((*id).to_owned()).filter(|id| is_unit_id(id)) };
        unit.is_selectable_whole = unit.selector.is_some();
    }
}

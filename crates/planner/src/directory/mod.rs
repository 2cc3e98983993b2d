//! Live principals: an index over the Identity Store and the tenant, in which the groups and users of a configuration
//! are resolved once. All stages read the [`Resolution`]; none performs lookups of its own.

mod names;
mod store;
mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{Config, Group, GroupIx, KeptPrincipals, UserRef};
use rolecall_model::entra::DirectoryGroup;
use rolecall_model::{Code, Date, Diagnostic, Origins, Principal, Snapshot, UserName};

use crate::inputs::Checkout;
use crate::plan::PrincipalName;
use names::Names;
use store::{Found, StoreDirectory};
use tenant::TenantDirectory;

/// The groups and users of a snapshot, indexed by the names and ids that a configuration uses.
pub struct Directory<'a> {
    snapshot: &'a Snapshot,
    store: StoreDirectory<'a>,
    tenant: Option<TenantDirectory<'a>>,
}

/// A declared group in the live state.
pub(crate) struct LiveGroup<'a> {
    /// The group of Entra ID, where the configuration has an `entra` node and the tenant has the group.
    tenant: Option<&'a DirectoryGroup>,
    principal: Result<Principal, Box<Diagnostic>>,
    warning: Option<Diagnostic>,
}

impl<'a> Directory<'a> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let tenant = snapshot.entra.as_ref().map(TenantDirectory::new);
        Self { snapshot, store: StoreDirectory::new(snapshot), tenant }
    }

    /// Resolves a group of `config`: with an `entra` node, groups are looked up in Entra ID first.
    pub(crate) fn group(&self, group: &Group, config: &Config, origins: &Origins) -> LiveGroup<'a> {
        let tenant = self.tenant.as_ref().filter(|_| config.entra.is_some());
        let (in_tenant, found) = match tenant.map(|tenant| tenant.group(group, origins)) {
            None => (None, self.store.group(group, origins)),
            Some(Ok(found)) => (Some(found), self.store.group_of_tenant(found, group, origins)),
            Some(Err(diagnostic)) => (None, Err(diagnostic)),
        };
        match found {
            Ok(Found { principal, warning }) => {
                LiveGroup { tenant: in_tenant, principal: Ok(principal), warning }
            }
            Err(diagnostic) => LiveGroup { tenant: in_tenant, principal: Err(diagnostic), warning: None },
        }
    }

    /// Returns the user that a configuration names.
    ///
    /// # Errors
    /// There is no match, or several.
    pub(crate) fn user(&self, user: &UserRef, origins: &Origins) -> Result<Principal, Box<Diagnostic>> {
        self.store.user(user, origins).map(Principal::User)
    }
}

impl LiveGroup<'_> {
    /// The principal, if the group was found.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref().ok()
    }
}

/// The declared groups and the assigned and kept users of a configuration, as resolved in the live state.
pub struct Resolution<'a> {
    groups: BTreeMap<GroupIx, LiveGroup<'a>>,
    users: BTreeMap<UserName, Result<Principal, Box<Diagnostic>>>,
    names: Names,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Resolution<'a> {
    /// Resolves every declared group and every user whom an `assign` or a `keep` names.
    pub fn new(files: &Checkout<'_>, directory: &Directory<'a>) -> Self {
        let Checkout { config, sources: _, origins } = *files;
        let groups: BTreeMap<GroupIx, LiveGroup<'a>> = config
            .referenced_groups()
            .map(|(index, group)| (index, directory.group(group, config, origins)))
            .collect();
        let mut users: BTreeMap<UserName, Result<Principal, Box<Diagnostic>>> = BTreeMap::new();
        let mut in_order: Vec<UserName> = Vec::new();
        for user in named_users(config) {
            if !users.contains_key(&user.name) {
                users.insert(user.name.clone(), directory.user(user, origins));
                in_order.push(user.name.clone());
            }
        }
        let labels = groups
            .iter()
            .filter_map(|(index, group)| Some((group.principal()?.clone(), config[*index].label.clone())));
        let names = Names::new(directory.snapshot, labels.collect());
        let mut resolution = Self { groups, users, names, diagnostics: Vec::new() };
        resolution.diagnostics = resolution.report(files, &in_order);
        resolution
    }

    /// Errors and warnings of the resolution.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    fn report(&self, files: &Checkout<'_>, users: &[UserName]) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for group in self.groups.values() {
            match &group.principal {
                Ok(_) => diagnostics.extend(group.warning.clone()),
                Err(diagnostic) => diagnostics.push((**diagnostic).clone()),
            }
        }
        diagnostics.extend(self.duplicates(files));
        let missing = users.iter().filter_map(|name| self.users.get(name)?.as_ref().err());
        diagnostics.extend(missing.map(|diagnostic| (**diagnostic).clone()));
        diagnostics
    }

    /// Reports two declarations of one group, which readers would take for two groups.
    fn duplicates(&self, files: &Checkout<'_>) -> Vec<Diagnostic> {
        let mut first: BTreeMap<&Principal, GroupIx> = BTreeMap::new();
        let mut found = Vec::new();
        for (index, principal) in self.group_principals() {
            let Some(other) = first.get(principal) else {
                first.insert(principal, index);
                continue;
            };
            let (one, two) = (&files.config[*other], &files.config[index]);
            found.push(
                Diagnostic::error(
                    Code::AmbiguousGroup,
                    format!("`{}` and `{}` are the same group ({})", one.label, two.label, principal.id()),
                )
                .at_origin(files.origins, two.origin, "this declares the same group")
                .and(files.origins.place(one.origin), "as this one")
                .help("declare it once, or correct the id of the other"),
            );
        }
        found
    }

    /// Creates a placeholder for each user who was not found. An assignment of a deleted user is lost as well: a user
    /// who is removed from the configuration may have been removed from the directory too. A placeholder's id belongs
    /// to no one.
    pub(crate) fn with_stand_ins(mut self) -> Self {
        let missing = self.users.iter_mut().filter_map(|(name, found)| match found {
            Err(diagnostic) if diagnostic.code == Code::UserNotFound => Some((name, found)),
            Err(_) | Ok(_) => None,
        });
        for (number, (name, found)) in (0_u64..).zip(missing) {
            if let Ok(id) = format!("00000000-0000-0000-0000-{number:012x}").parse() {
                let principal = Principal::User(id);
                self.names.add_user(principal.clone(), name.clone());
                *found = Ok(principal);
            }
        }
        self.diagnostics.retain(|diagnostic| diagnostic.code != Code::UserNotFound);
        self
    }

    /// The declared groups that were found, in the order of their declarations.
    pub fn group_principals(&self) -> impl Iterator<Item = (GroupIx, &Principal)> {
        self.groups.iter().filter_map(|(index, group)| Some((*index, group.principal()?)))
    }

    /// The named users who were found.
    pub(crate) fn user_principals(&self) -> impl Iterator<Item = (&UserName, &Principal)> {
        self.users.iter().filter_map(|(name, found)| Some((name, found.as_ref().ok()?)))
    }

    /// The principal of a declared group, if it was found.
    pub fn group(&self, index: GroupIx) -> Option<&Principal> {
        self.groups.get(&index)?.principal()
    }

    /// Why a declared group was not found.
    pub(crate) fn group_error(&self, index: GroupIx) -> Option<&Diagnostic> {
        self.groups.get(&index)?.principal.as_ref().err().map(|diagnostic| &**diagnostic)
    }

    /// The group of Entra ID that a declared group is, if it was found there.
    pub fn group_of_tenant(&self, index: GroupIx) -> Option<&'a DirectoryGroup> {
        self.groups.get(&index)?.tenant
    }

    /// The principal of a named user, if one was found.
    pub(crate) fn user(&self, name: &UserName) -> Option<&Principal> {
        self.users.get(name)?.as_ref().ok()
    }

    /// Returns the name of a principal.
    pub(crate) fn name_of(&self, principal: &Principal) -> PrincipalName {
        self.names.of(principal)
    }

    /// Whether a principal no longer exists.
    pub(crate) fn is_orphan(&self, principal: &Principal) -> bool {
        self.names.is_orphan(principal)
    }

    /// Returns the configuration's label of a principal that it names.
    pub(crate) fn label_of(&self, principal: &Principal, config: &Config) -> String {
        if let Some((index, _)) = self.group_principals().find(|(_, group)| *group == principal) {
            return format!("`{}`", config[index].label);
        }
        let user = self.user_principals().find(|(_, user)| *user == principal);
        user.map_or_else(|| principal.id().to_owned(), |(name, _)| format!("`{name}`"))
    }

    /// Returns the groups of Entra ID used by an `assign` that has not ended on this day.
    pub fn used_groups(&self, config: &Config, today: Date) -> Vec<(GroupIx, &'a DirectoryGroup)> {
        let rules = config.assignments.iter();
        let rules = rules.filter(|rule| rule.until.is_none_or(|until| until.date >= today));
        let used: BTreeSet<GroupIx> = rules.flat_map(|rule| &rule.groups).copied().collect();
        used.into_iter().filter_map(|index| Some((index, self.group_of_tenant(index)?))).collect()
    }
}

/// The users whom an `assign` or a `keep` names.
fn named_users(config: &Config) -> impl Iterator<Item = &UserRef> {
    let assigned = config.assignments.iter().flat_map(|rule| &rule.users);
    let kept = config.keeps.iter().flat_map(|keep| match &keep.principals {
        KeptPrincipals::These { groups: _, users } => users.as_slice(),
        KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
    });
    assigned.chain(kept)
}

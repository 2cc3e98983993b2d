//! Declared groups and named users to the ids of the Identity Store.

use std::collections::BTreeMap;
use std::fmt;

use rolecall_model::config::{Config, Group, UserRef};
use rolecall_model::entra::DirectoryGroup;
use rolecall_model::{Code, Diagnostic, Principal, Snapshot, UserId, UserName, snapshot};

use crate::Inputs;
use crate::accounts::nearest;
use crate::entra::TenantDirectory;

/// The Identity Store, indexed for look-ups by what the files write.
pub(crate) struct Directory<'a> {
    /// The groups of Entra ID, where the files have an `entra` node: they come before those of the Identity Store.
    tenant: Option<TenantDirectory<'a>>,
    groups_by_name: BTreeMap<&'a str, Vec<&'a snapshot::Group>>,
    groups_by_external_id: BTreeMap<String, Vec<&'a snapshot::Group>>,
    users_by_name: BTreeMap<&'a UserName, Vec<&'a UserId>>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, config: &Config) -> Self {
        let tenant = snapshot.entra.as_ref().filter(|_| config.entra.is_some());
        let mut directory = Self {
            tenant: tenant.map(TenantDirectory::new),
            groups_by_name: BTreeMap::new(),
            groups_by_external_id: BTreeMap::new(),
            users_by_name: BTreeMap::new(),
        };
        for group in &snapshot.groups {
            directory.groups_by_name.entry(&group.display_name).or_default().push(group);
            for external in &group.external_ids {
                // UUIDs are written in either case.
                let id = external.id.to_ascii_lowercase();
                directory.groups_by_external_id.entry(id).or_default().push(group);
            }
        }
        for user in &snapshot.users {
            directory.users_by_name.entry(&user.user_name).or_default().push(&user.id);
        }
        directory
    }

    /// The group that a declaration means.
    ///
    /// # Errors
    /// None, several, or one that contradicts the declaration. A name is never enough where an id is declared: the
    /// name may have been taken by another group.
    pub(crate) fn group(&self, group: &Group, inputs: &Inputs<'_>) -> Result<Found, Box<Diagnostic>> {
        if let Some(tenant) = &self.tenant {
            return self.group_of_tenant(tenant.group(group, inputs)?, group, inputs);
        }
        let Group { label, display_name, object_id, origin } = group;
        let place = inputs.origins.place(*origin);
        let by_name = self.groups_by_name.get(display_name.as_str()).map_or(&[][..], Vec::as_slice);
        let Some(object_id) = object_id else {
            return match by_name {
                [one] => Ok(Found { principal: Principal::Group(one.id.clone()), warning: None }),
                [] => {
                    let help = match nearest(display_name, self.groups_by_name.keys().copied()) {
                        Some(near) => format!("did you mean `{near}`? Names match exactly"),
                        None => "make the group in Entra ID and assign it to the enterprise application; it comes \
                                 with the next provisioning cycle (about 40 minutes)"
                            .to_owned(),
                    };
                    Err(Box::new(
                        Diagnostic::error(
                            Code::GroupNotFound,
                            format!("no group named `{display_name}` is in the Identity Store"),
                        )
                        .at(place, format!("`{display_name}` does not exist there"))
                        .help(help),
                    ))
                }
                several => Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousGroup,
                        format!("{} groups are named `{display_name}`: {}", several.len(), ids_of(several)),
                    )
                    .at(place, "the name does not say which of them")
                    .help("say which by its Entra object id: id=\"…\""),
                )),
            };
        };
        let by_id = self.groups_by_external_id.get(&object_id.as_str().to_ascii_lowercase());
        match by_id.map_or(&[][..], Vec::as_slice) {
            [one] => {
                let is_renamed = one.display_name != *display_name;
                let warning = is_renamed.then(|| renamed(group, one, by_name, inputs));
                Ok(Found { principal: Principal::Group(one.id.clone()), warning })
            }
            [] => Err(Box::new(
                Self::contradiction(label, display_name, object_id.as_str(), by_name)
                    .at(place, format!("no group of the Identity Store has the external id {object_id}")),
            )),
            several => Err(Box::new(
                Diagnostic::error(
                    Code::AmbiguousGroup,
                    format!("{} groups have the external id {object_id}: {}", several.len(), ids_of(several)),
                )
                .at(place, "the id does not say which of them")
                .help("an external id belongs to one group; repair the provisioning of these groups"),
            )),
        }
    }

    /// The group of the Identity Store that a group of Entra ID became: by its external id, so that a renamed group keeps
    /// its access. One that provisioning has not brought there yet is new.
    fn group_of_tenant(
        &self,
        found: &DirectoryGroup,
        group: &Group,
        inputs: &Inputs<'_>,
    ) -> Result<Found, Box<Diagnostic>> {
        let by_id = self.groups_by_external_id.get(&found.id.as_str().to_ascii_lowercase());
        let principal = match by_id.map_or(&[][..], Vec::as_slice) {
            [one] => Principal::Group(one.id.clone()),
            [] => {
                let by_name = self.groups_by_name.get(found.display_name.as_str());
                // Where no group of the Identity Store shows an external id, there is only the name, as without `entra`. A
                // group that is pinned is never found by its name: anybody may make one of that name in AWS.
                let has_none = self.groups_by_external_id.is_empty() && group.object_id.is_none();
                match by_name.map_or(&[][..], Vec::as_slice) {
                    [one] if has_none => Principal::Group(one.id.clone()),
                    _ => Principal::NewGroup(found.id.clone()),
                }
            }
            several => {
                return Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousGroup,
                        format!(
                            "{} groups of the Identity Store have the external id {}: {}",
                            several.len(),
                            found.id,
                            ids_of(several)
                        ),
                    )
                    .at_origin(inputs.origins, group.origin, "the id does not say which of them")
                    .help("an external id belongs to one group; repair the provisioning of these groups"),
                ));
            }
        };
        let is_renamed = found.display_name != group.display_name;
        let warning = is_renamed.then(|| {
            Diagnostic::warning(
                Code::GroupRenamed,
                format!("group `{}` is named `{}` in Entra ID", group.label, found.display_name),
            )
            .at_origin(inputs.origins, group.origin, "its id counts, not its name")
            .help(
                "if it was renamed, write display-name=\"…\"; if it is not the group that is meant, correct the id",
            )
        });
        Ok(Found { principal, warning })
    }

    fn contradiction(label: &str, name: &str, id: &str, by_name: &[&snapshot::Group]) -> Diagnostic {
        let [same_name, ..] = by_name else {
            return Diagnostic::error(Code::GroupNotFound, format!("group `{label}` ({id}) is not in the Identity Store"))
                .help("check the object id in Entra ID, and that the group is assigned to the enterprise application");
        };
        let theirs: Vec<&str> = same_name.external_ids.iter().map(|external| external.id.as_str()).collect();
        let has = if theirs.is_empty() { "no external id".to_owned() } else { theirs.join(", ") };
        Diagnostic::error(
            Code::GroupContradiction,
            format!("the group named `{name}` is not the one declared: it has {has}, not {id}"),
        )
        .help(
            "somebody may have taken the name of a group that was deleted. Look at both in Entra ID; correct the id \
             only if the group that is there now is the one that is meant",
        )
    }

    /// The user of that name.
    ///
    /// # Errors
    /// There is none, or several.
    pub(crate) fn user(&self, user: &UserRef, inputs: &Inputs<'_>) -> Result<UserId, Box<Diagnostic>> {
        let UserRef { name, origin } = user;
        let place = inputs.origins.place(*origin);
        match self.users_by_name.get(name).map_or(&[][..], Vec::as_slice) {
            [one] => Ok((*one).clone()),
            [] => Err(Box::new(
                Diagnostic::error(
                    Code::UserNotFound,
                    format!("no user named `{name}` is in the Identity Store"),
                )
                .at(place, format!("`{name}` does not exist there"))
                .help("user names match exactly; check it in the Identity Center console under Users"),
            )),
            several => {
                let ids: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousUser,
                        format!("{} users are named `{name}`: {}", ids.len(), ids.join(", ")),
                    )
                    .at(place, "the name does not say which of them")
                    .help("repair the directory, or assign a group that holds the user"),
                ))
            }
        }
    }
}

/// A group that was found, and what is odd about it.
pub(crate) struct Found {
    pub(crate) principal: Principal,
    pub(crate) warning: Option<Diagnostic>,
}

fn renamed(
    group: &Group,
    live: &snapshot::Group,
    same_name: &[&snapshot::Group],
    inputs: &Inputs<'_>,
) -> Diagnostic {
    let taken = match same_name {
        [] => String::new(),
        others => format!("; the name belongs to another group now ({})", ids_of(others)),
    };
    Diagnostic::warning(
        Code::GroupRenamed,
        format!("group `{}` is named `{}` in the Identity Store{taken}", group.label, live.display_name),
    )
    .at_origin(inputs.origins, group.origin, "its id counts, not its name")
    .help("if it was renamed, write display-name=\"…\"; if it is not the group that is meant, correct the id")
}

fn ids_of(groups: &[&snapshot::Group]) -> String {
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    ids.join(", ")
}

/// What a principal is called, and whether it still exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalName {
    /// A group that exists.
    Group {
        /// How the files call it, if they declare it.
        label: Option<String>,
        /// Its display name in the Identity Store.
        live_name: String,
    },
    /// A user who exists, by user name.
    User(String),
    /// A group or user that is gone; only the raw id is left.
    Orphan(String),
}

impl PrincipalName {
    /// What lists are sorted by.
    pub(crate) fn sort_text(&self) -> &str {
        match self {
            Self::Group { label: Some(name), .. }
            | Self::Group { label: None, live_name: name }
            | Self::User(name)
            | Self::Orphan(name) => name,
        }
    }
}

/// For people: a name that the files do not declare, or that differs from what they say, is marked, so that nobody
/// takes one group for another.
impl fmt::Display for PrincipalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { label: Some(label), live_name } if label == live_name => formatter.write_str(label),
            Self::Group { label: Some(label), live_name } => write!(formatter, "{label} ({live_name})"),
            Self::Group { label: None, live_name } => write!(formatter, "{live_name} [undeclared]"),
            Self::User(name) => write!(formatter, "user {name}"),
            Self::Orphan(id) => {
                // The last part of a UUID tells principals apart; JSON has the whole id.
                let end = id.rsplit('-').next().unwrap_or(id);
                write!(formatter, "gone …{end}")
            }
        }
    }
}

/// Names for all principals of a snapshot.
pub(crate) struct Names {
    names: BTreeMap<Principal, PrincipalName>,
}

impl Names {
    pub(crate) fn new(snapshot: &Snapshot, labels: &BTreeMap<Principal, String>) -> Self {
        let named = |principal: Principal, display_name: &str| {
            let (label, live_name) = (labels.get(&principal).cloned(), display_name.to_owned());
            (principal, PrincipalName::Group { label, live_name })
        };
        let groups = snapshot
            .groups
            .iter()
            .map(|group| named(Principal::Group(group.id.clone()), &group.display_name));
        let tenant = snapshot.entra.iter().flat_map(|tenant| &tenant.groups);
        let new_groups =
            tenant.map(|group| named(Principal::NewGroup(group.id.clone()), &group.display_name));
        let users = snapshot
            .users
            .iter()
            .map(|user| (Principal::User(user.id.clone()), PrincipalName::User(user.user_name.to_string())));
        Self { names: groups.chain(new_groups).chain(users).collect() }
    }

    pub(crate) fn of(&self, principal: &Principal) -> PrincipalName {
        let found = self.names.get(principal).cloned();
        found.unwrap_or_else(|| PrincipalName::Orphan(principal.id().to_owned()))
    }
}

//! Groups and users of the Identity Store, indexed by the names and ids that a configuration uses.

use std::collections::BTreeMap;

use rolecall_model::config::{Group, UserRef};
use rolecall_model::entra::DirectoryGroup;
use rolecall_model::{Code, Diagnostic, ObjectId, Origins, Principal, Snapshot, UserId, UserName, snapshot};

use crate::suggest::nearest;

/// A group that was found, with a warning about it.
pub(crate) struct Found {
    pub(crate) principal: Principal,
    pub(crate) warning: Option<Diagnostic>,
}

/// The groups and users of the Identity Store, by name and by external id.
pub(crate) struct StoreDirectory<'a> {
    groups_by_name: BTreeMap<&'a str, Vec<&'a snapshot::Group>>,
    groups_by_external_id: BTreeMap<String, Vec<&'a snapshot::Group>>,
    users_by_name: BTreeMap<&'a UserName, Vec<&'a UserId>>,
}

impl<'a> StoreDirectory<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let mut directory = Self {
            groups_by_name: BTreeMap::new(),
            groups_by_external_id: BTreeMap::new(),
            users_by_name: BTreeMap::new(),
        };
        for group in &snapshot.groups {
            directory.groups_by_name.entry(&group.display_name).or_default().push(group);
            for external in &group.external_ids {
                // UUIDs may be in upper or lower case.
                let id = external.id.to_ascii_lowercase();
                directory.groups_by_external_id.entry(id).or_default().push(group);
            }
        }
        for user in &snapshot.users {
            directory.users_by_name.entry(&user.user_name).or_default().push(&user.id);
        }
        directory
    }

    fn named(&self, display_name: &str) -> &[&'a snapshot::Group] {
        self.groups_by_name.get(display_name).map_or(&[], Vec::as_slice)
    }

    fn with_external_id(&self, id: &ObjectId) -> &[&'a snapshot::Group] {
        self.groups_by_external_id.get(&id.as_str().to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Returns the declared group, if there is no tenant to look it up in.
    ///
    /// # Errors
    /// There is no match, several, or one that contradicts the declaration. If an id is declared, the name is never
    /// enough: another group may have taken it.
    pub(crate) fn group(&self, group: &Group, origins: &Origins) -> Result<Found, Box<Diagnostic>> {
        match &group.object_id {
            Some(object_id) => self.pinned_group(group, object_id, origins),
            None => self.named_group(group, origins),
        }
    }

    fn named_group(&self, group: &Group, origins: &Origins) -> Result<Found, Box<Diagnostic>> {
        let Group { label: _, display_name, object_id: _, origin } = group;
        match self.named(display_name) {
            [one] => Ok(Found { principal: Principal::Group(one.id.clone()), warning: None }),
            [] => {
                let help = match nearest(display_name, self.groups_by_name.keys().copied()) {
                    Some(near) => format!("did you mean `{near}`? Names match exactly"),
                    None => {
                        "create the group in Entra ID and assign it to the enterprise application; the next \
                             provisioning cycle (about 40 minutes) provisions it"
                            .to_owned()
                    }
                };
                Err(Box::new(
                    Diagnostic::error(
                        Code::GroupNotFound,
                        format!("no group in the Identity Store is named `{display_name}`"),
                    )
                    .at_origin(origins, *origin, format!("`{display_name}` does not exist there"))
                    .help(help),
                ))
            }
            several => Err(Box::new(
                Diagnostic::error(
                    Code::AmbiguousGroup,
                    format!("{} groups are named `{display_name}`: {}", several.len(), ids_of(several)),
                )
                .at_origin(origins, *origin, "the name is ambiguous")
                .help("specify the group by its Entra object id: id=\"…\""),
            )),
        }
    }

    fn pinned_group(
        &self,
        group: &Group,
        object_id: &ObjectId,
        origins: &Origins,
    ) -> Result<Found, Box<Diagnostic>> {
        let by_name = self.named(&group.display_name);
        match self.with_external_id(object_id) {
            [one] => {
                let is_renamed = one.display_name != group.display_name;
                let warning = is_renamed.then(|| renamed(group, one, by_name, origins));
                Ok(Found { principal: Principal::Group(one.id.clone()), warning })
            }
            [] => Err(Box::new(contradiction(group, object_id, by_name).at_origin(
                origins,
                group.origin,
                format!("no group in the Identity Store has the external id {object_id}"),
            ))),
            several => Err(Box::new(
                Diagnostic::error(
                    Code::AmbiguousGroup,
                    format!("{} groups have the external id {object_id}: {}", several.len(), ids_of(several)),
                )
                .at_origin(origins, group.origin, "the id is ambiguous")
                .help("an external id must belong to one group; repair the provisioning of these groups"),
            )),
        }
    }

    /// Returns the group of the Identity Store for a group of Entra ID, by external id, so that a renamed group keeps
    /// its access. A group that is not provisioned yet is new.
    ///
    /// # Errors
    /// Several groups of the Identity Store have its id.
    pub(crate) fn group_of_tenant(
        &self,
        found: &DirectoryGroup,
        group: &Group,
        origins: &Origins,
    ) -> Result<Found, Box<Diagnostic>> {
        let principal = match self.with_external_id(&found.id) {
            [one] => Principal::Group(one.id.clone()),
            [] => {
                // If no group of the Identity Store has an external id, only the name is left, as without `entra`. A
                // pinned group is never matched by name, because anyone can create a group of that name in AWS.
                let has_none = self.groups_by_external_id.is_empty() && group.object_id.is_none();
                match self.named(&found.display_name) {
                    [one] if has_none => Principal::Group(one.id.clone()),
                    _ => Principal::NewGroup(found.id.clone()),
                }
            }
            several => {
                return Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousGroup,
                        format!(
                            "{} groups in the Identity Store have the external id {}: {}",
                            several.len(),
                            found.id,
                            ids_of(several)
                        ),
                    )
                    .at_origin(origins, group.origin, "the id is ambiguous")
                    .help("an external id must belong to one group; repair the provisioning of these groups"),
                ));
            }
        };
        let is_renamed = found.display_name != group.display_name;
        let warning = is_renamed.then(|| {
            Diagnostic::warning(
                Code::GroupRenamed,
                format!("group `{}` is named `{}` in Entra ID", group.label, found.display_name),
            )
            .at_origin(origins, group.origin, "the id identifies it, not the name")
            .help(
                "if it was renamed, write display-name=\"…\"; if it is not the intended group, correct the id",
            )
        });
        Ok(Found { principal, warning })
    }

    /// Returns the user of that name.
    ///
    /// # Errors
    /// There is no match, or several.
    pub(crate) fn user(&self, user: &UserRef, origins: &Origins) -> Result<UserId, Box<Diagnostic>> {
        let UserRef { name, origin } = user;
        match self.users_by_name.get(name).map_or(&[][..], Vec::as_slice) {
            [one] => Ok((*one).clone()),
            [] => Err(Box::new(
                Diagnostic::error(
                    Code::UserNotFound,
                    format!("no user in the Identity Store is named `{name}`"),
                )
                .at_origin(origins, *origin, format!("`{name}` does not exist there"))
                .help("user names match exactly; check the name in the Identity Center console under Users"),
            )),
            several => {
                let ids: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousUser,
                        format!("{} users are named `{name}`: {}", ids.len(), ids.join(", ")),
                    )
                    .at_origin(origins, *origin, "the name is ambiguous")
                    .help("repair the directory, or assign a group that contains the user"),
                ))
            }
        }
    }
}

fn contradiction(group: &Group, id: &ObjectId, by_name: &[&snapshot::Group]) -> Diagnostic {
    let Group { label, display_name: name, object_id: _, origin: _ } = group;
    let [same_name, ..] = by_name else {
        return Diagnostic::error(
            Code::GroupNotFound,
            format!("group `{label}` ({id}) is not in the Identity Store"),
        )
        .help(
            "check the object id in Entra ID, and that the group is assigned to the enterprise application",
        );
    };
    let theirs: Vec<&str> = same_name.external_ids.iter().map(|external| external.id.as_str()).collect();
    let has = if theirs.is_empty() { "no external id".to_owned() } else { theirs.join(", ") };
    Diagnostic::error(
        Code::GroupContradiction,
        format!("the group named `{name}` is not the declared group: it has {has}, not {id}"),
    )
    .help(
        "someone may have taken the name of a deleted group. Check both in Entra ID; correct the id only if the \
         existing group is the intended one",
    )
}

fn renamed(
    group: &Group,
    live: &snapshot::Group,
    same_name: &[&snapshot::Group],
    origins: &Origins,
) -> Diagnostic {
    let taken = match same_name {
        [] => String::new(),
        others => format!("; the name belongs to another group now ({})", ids_of(others)),
    };
    Diagnostic::warning(
        Code::GroupRenamed,
        format!("group `{}` is named `{}` in the Identity Store{taken}", group.label, live.display_name),
    )
    .at_origin(origins, group.origin, "the id identifies it, not the name")
    .help("if it was renamed, write display-name=\"…\"; if it is not the intended group, correct the id")
}

fn ids_of(groups: &[&snapshot::Group]) -> String {
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    ids.join(", ")
}

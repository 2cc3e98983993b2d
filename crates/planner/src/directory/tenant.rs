//! Groups of Entra ID, indexed by the names and ids that a configuration uses.

use std::collections::BTreeMap;

use rolecall_model::config::Group;
use rolecall_model::entra::{DirectoryGroup, Tenant};
use rolecall_model::{Code, Diagnostic, Origins};

use crate::suggest::nearest;

/// The groups of a tenant, by id and by name.
pub(crate) struct TenantDirectory<'a> {
    by_id: BTreeMap<String, &'a DirectoryGroup>,
    by_name: BTreeMap<&'a str, Vec<&'a DirectoryGroup>>,
}

impl<'a> TenantDirectory<'a> {
    pub(crate) fn new(tenant: &'a Tenant) -> Self {
        let mut directory = Self { by_id: BTreeMap::new(), by_name: BTreeMap::new() };
        for group in &tenant.groups {
            // UUIDs may be in upper or lower case.
            directory.by_id.insert(group.id.as_str().to_ascii_lowercase(), group);
            directory.by_name.entry(&group.display_name).or_default().push(group);
        }
        directory
    }

    /// Returns the declared group: by its id if it has one, otherwise by its unique name.
    ///
    /// # Errors
    /// There is no match, or several.
    pub(crate) fn group(
        &self,
        group: &Group,
        origins: &Origins,
    ) -> Result<&'a DirectoryGroup, Box<Diagnostic>> {
        let Group { label, display_name, object_id, origin } = group;
        if let Some(id) = object_id {
            let found = self.by_id.get(&id.as_str().to_ascii_lowercase()).copied();
            return found.ok_or_else(|| {
                let taken = match self.by_name.get(display_name.as_str()).map_or(&[][..], Vec::as_slice) {
                    [] => String::new(),
                    [one, ..] => format!("; a group named `{display_name}` exists with the id {}", one.id),
                };
                Box::new(
                    Diagnostic::error(
                        Code::GroupNotFound,
                        format!("group `{label}` ({id}) is not in Entra ID{taken}"),
                    )
                    .at_origin(origins, *origin, "no group has this object id")
                    .help(
                        "check the group in Entra ID; correct the id only if the existing group is the intended one",
                    ),
                )
            });
        }
        match self.by_name.get(display_name.as_str()).map_or(&[][..], Vec::as_slice) {
            [one] => Ok(one),
            [] => {
                let help = match nearest(display_name, self.by_name.keys().copied()) {
                    Some(near) => format!("did you mean `{near}`? Names match exactly"),
                    None => {
                        "names match exactly; create the group in Entra ID, or correct the name".to_owned()
                    }
                };
                Err(Box::new(
                    Diagnostic::error(
                        Code::GroupNotFound,
                        format!("no group in Entra ID is named `{display_name}`"),
                    )
                    .at_origin(origins, *origin, format!("`{display_name}` does not exist there"))
                    .help(help),
                ))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|one| one.id.as_str()).collect();
                Err(Box::new(
                    Diagnostic::error(
                        Code::AmbiguousGroup,
                        format!(
                            "{} groups in Entra ID are named `{display_name}`: {}",
                            ids.len(),
                            ids.join(", ")
                        ),
                    )
                    .at_origin(origins, *origin, "the name is ambiguous")
                    .help("specify the group by its object id: id=\"…\""),
                ))
            }
        }
    }
}

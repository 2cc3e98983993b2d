//! Reads groups, their nested groups and their members.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::ObjectId;
use rolecall_model::entra::{DirectoryGroup, DirectoryUser};

use super::{ObserveError, Scope};
use crate::bodies::Page;
use crate::bodies::directory::{GROUP, Group, MEMBER, Member, NESTED, USER};
use crate::client::Reader;
use crate::failure::{GraphError, Kind};
use crate::request::{Read as Request, quoted};
use crate::routes::{GET_GROUP, LIST_GROUPS, LIST_MEMBERS};

/// Groups by their ids.
type Groups = BTreeMap<ObjectId, Group>;

/// The groups and users that were read, sorted by id.
pub(super) struct Read {
    pub(super) groups: Vec<DirectoryGroup>,
    pub(super) users: Vec<DirectoryUser>,
}

/// Reads the groups in the scope. Unknown groups are left out.
pub(super) async fn named_groups(reader: &Reader, scope: &Scope) -> Result<Groups, ObserveError> {
    let lists: Vec<Request> = scope
        .group_names
        .iter()
        .map(|name| {
            let filter = format!("displayName eq {}", quoted(name));
            Request::of(LIST_GROUPS, &[]).filter(&filter).select(GROUP)
        })
        .collect();
    let mut found = Groups::new();
    for page in reader.batch::<Page<Group>>(&lists).await? {
        let groups = reader.rest_of(LIST_GROUPS.0, page?).await?;
        found.extend(groups.into_iter().map(|group| (group.id.clone(), group)));
    }
    let ids: Vec<&ObjectId> = scope.group_ids.iter().filter(|id| !found.contains_key(*id)).collect();
    found.extend(by_id(reader, &ids).await?);
    Ok(found)
}

/// Reads groups by id. Unknown groups are left out.
async fn by_id(reader: &Reader, ids: &[&ObjectId]) -> Result<Groups, GraphError> {
    let gets: Vec<Request> =
        ids.iter().map(|id| Request::of(GET_GROUP, &[id.as_str()]).select(GROUP)).collect();
    let mut found = Groups::new();
    for answer in reader.batch::<Group>(&gets).await? {
        match answer {
            Ok(group) => {
                found.insert(group.id.clone(), group);
            }
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Reads the direct members of groups, and their nested groups at any depth. Nested groups may form cycles.
pub(super) async fn with_members(
    reader: &Reader,
    named: Groups,
    more: BTreeSet<ObjectId>,
) -> Result<Read, ObserveError> {
    let mut known = named;
    let mut groups: BTreeMap<ObjectId, DirectoryGroup> = BTreeMap::new();
    let mut users: BTreeMap<ObjectId, DirectoryUser> = BTreeMap::new();
    let mut wanted: BTreeSet<ObjectId> = known.keys().cloned().chain(more).collect();
    while !wanted.is_empty() {
        let unknown: Vec<&ObjectId> = wanted.iter().filter(|id| !known.contains_key(*id)).collect();
        known.extend(by_id(reader, &unknown).await?);
        // A group that is deleted during the read is left out.
        let level: Vec<Group> = wanted.iter().filter_map(|id| known.get(id).cloned()).collect();
        let mut next = BTreeSet::new();
        for (group, members) in members(reader, level).await? {
            let Some(members) = members else { continue };
            let mut read = directory_group(&group);
            for member in members {
                match member.kind.as_str() {
                    USER => {
                        read.members.insert(member.id.clone());
                        let user = directory_user(&group.id, member)?;
                        users.insert(user.id.clone(), user);
                    }
                    NESTED => {
                        read.nested.insert(member.id.clone());
                        next.insert(member.id.clone());
                        known.extend(nested_group(member).map(|group| (group.id.clone(), group)));
                    }
                    _ => {}
                }
            }
            groups.insert(group.id, read);
        }
        next.retain(|id| !groups.contains_key(id));
        wanted = next;
    }
    Ok(Read { groups: groups.into_values().collect(), users: users.into_values().collect() })
}

/// Reads the direct members of each group; `None` for a deleted group.
async fn members(
    reader: &Reader,
    groups: Vec<Group>,
) -> Result<Vec<(Group, Option<Vec<Member>>)>, GraphError> {
    let lists: Vec<Request> = groups
        .iter()
        .map(|group| Request::of(LIST_MEMBERS, &[group.id.as_str()]).select(MEMBER).large_pages())
        .collect();
    let pages = reader.batch::<Page<Member>>(&lists).await?;
    let mut all = Vec::with_capacity(groups.len());
    for (group, page) in groups.into_iter().zip(pages) {
        let members = match page {
            Ok(page) => Some(reader.rest_of(LIST_MEMBERS.0, page).await?),
            Err(error) if error.kind == Kind::NotFound => None,
            Err(error) => return Err(error),
        };
        all.push((group, members));
    }
    Ok(all)
}

/// Converts a nested group from the page of members. Returns `None` if the name is hidden; the group is then read by
/// id.
fn nested_group(member: Member) -> Option<Group> {
    let Member { id, display_name, security_enabled, .. } = member;
    Some(Group { id, display_name: display_name?, security_enabled })
}

fn directory_group(group: &Group) -> DirectoryGroup {
    let Group { id, display_name, security_enabled } = group;
    DirectoryGroup {
        id: id.clone(),
        display_name: display_name.clone(),
        security_enabled: security_enabled.unwrap_or(false),
        members: BTreeSet::new(),
        nested: BTreeSet::new(),
    }
}

/// Converts a user. Reading whether the account is enabled requires `User.Read.All`; without it, the account counts
/// as enabled.
fn directory_user(group: &ObjectId, member: Member) -> Result<DirectoryUser, ObserveError> {
    let Member {
        kind: _,
        id,
        display_name,
        user_principal_name,
        given_name,
        surname,
        account_enabled,
        security_enabled: _,
    } = member;
    let Some(user_principal_name) = user_principal_name else {
        return Err(ObserveError::LimitedMember { group: group.clone(), user: id });
    };
    Ok(DirectoryUser {
        id,
        user_principal_name,
        display_name: display_name.unwrap_or_default(),
        given_name: given_name.filter(|name| !name.is_empty()),
        surname: surname.filter(|name| !name.is_empty()),
        account_enabled: account_enabled.unwrap_or(true),
    })
}

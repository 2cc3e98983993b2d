//! Reads the members of groups in the Identity Store.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_identitystore::types::MemberId;
use rolecall_model::snapshot::User;
use rolecall_model::{GroupId, Snapshot, UserId};

use super::{ObserveError, Progress, Reader, Scope, Step, groups};
use crate::api::Api;
use crate::client::Clients;
use crate::permission_set::PAGE_SIZE;
use crate::retry::{CallError, Kind};

/// Maximum number of users to look up individually; more are picked from the list of all users, which has 100 per
/// page.
const LOOKED_UP: usize = 50;

/// Reads the members of these groups into the snapshot, and the names of members that it does not contain. A group
/// that was deleted in the meantime has no members. Takes one call per 100 members of a group and at least one per
/// group, at 20 calls per second.
///
/// # Errors
/// Returns an error if a call failed. The snapshot is then unchanged.
pub async fn observe_memberships(
    clients: &Clients,
    snapshot: &mut Snapshot,
    of: &BTreeSet<GroupId>,
    progress: &dyn Fn(Progress),
) -> Result<(), ObserveError> {
    let scope = Scope::default();
    let reader = Reader { clients, scope: &scope, progress };
    let store = snapshot.instance.identity_store_id.clone();
    let wanted: Vec<&GroupId> = of.iter().collect();
    let read =
        reader.each(Step::Members, wanted.into_iter(), |group| members(&reader, &store, group)).await?;
    let read: BTreeMap<GroupId, BTreeSet<UserId>> = read.into_iter().collect();
    let known: BTreeSet<&UserId> = snapshot.users.iter().map(|user| &user.id).collect();
    let unknown: BTreeSet<UserId> =
        read.values().flatten().filter(|id| !known.contains(id)).cloned().collect();
    let users = if unknown.len() <= LOOKED_UP {
        groups::users_of(&reader, &store, unknown).await?
    } else {
        let all = groups::all_users(&reader, &store).await?;
        all.into_iter().filter(|User { id, user_name: _ }| unknown.contains(id)).collect()
    };
    snapshot.memberships.extend(read);
    snapshot.users.extend(users);
    snapshot.sort();
    Ok(())
}

async fn members(
    reader: &Reader<'_>,
    store: &str,
    group: &GroupId,
) -> Result<(GroupId, BTreeSet<UserId>), CallError> {
    let api = Api::identity_store("ListGroupMemberships");
    let listed = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.identity_store().list_group_memberships().identity_store_id(store);
                call.group_id(group.as_str()).max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (Some(page.group_memberships), page.next_token),
        )
        .await;
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) if error.kind == Kind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let users = listed.into_iter().filter_map(|membership| match membership.member_id {
        Some(MemberId::UserId(id)) => Some(id.parse().map_err(|error| CallError::unreadable(api, error))),
        // AWS supports only users as members.
        _ => None,
    });
    Ok((group.clone(), users.collect::<Result<_, _>>()?))
}

//! Reads groups and users of the Identity Store.

use std::collections::BTreeSet;

use aws_sdk_identitystore::types::{AlternateIdentifier, UniqueAttribute};
use aws_smithy_types::Document;
use rolecall_model::snapshot::{ExternalId, Group, User};
use rolecall_model::{Assignment, GroupId, Principal, UserId, UserName};

use super::{ObserveError, Reader, Step};
use crate::api::Api;
use crate::permission_set::PAGE_SIZE;
use crate::retry::{CallError, Kind};

/// Lists all groups, with their external ids.
pub(super) async fn read(reader: &Reader<'_>, identity_store: &str) -> Result<Vec<Group>, ObserveError> {
    reader.report(Step::Groups, 0, 1);
    let api = Api::identity_store("ListGroups");
    let groups = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.identity_store().list_groups().identity_store_id(identity_store);
                call.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (Some(page.groups), page.next_token),
        )
        .await?;
    reader.report(Step::Groups, 1, 1);
    Ok(groups.into_iter().map(|group| to_group(api, group)).collect::<Result<_, _>>()?)
}

fn to_group(api: Api, group: aws_sdk_identitystore::types::Group) -> Result<Group, CallError> {
    Ok(Group {
        id: group.group_id.parse().map_err(|error| CallError::unreadable(api, error))?,
        display_name: group.display_name.unwrap_or_default(),
        external_ids: to_external_ids(group.external_ids),
    })
}

/// Converts external ids. AWS omits the list if there are none.
fn to_external_ids(ids: Option<Vec<aws_sdk_identitystore::types::ExternalId>>) -> Vec<ExternalId> {
    let ids = ids.unwrap_or_default().into_iter();
    ids.map(|external| ExternalId { issuer: external.issuer, id: external.id }).collect()
}

/// Reads the groups with assignments that are not among the listed ones. Only AWS's `ResourceNotFoundException` shows
/// that a group was deleted: it may be missing from a list for another reason.
pub(super) async fn unlisted_groups(
    reader: &Reader<'_>,
    identity_store: &str,
    listed: &[Group],
    rows: &[Assignment],
) -> Result<Vec<Group>, ObserveError> {
    let listed: BTreeSet<&GroupId> = listed.iter().map(|group| &group.id).collect();
    let assigned = rows.iter().filter_map(|row| match &row.principal {
        Principal::Group(id) => Some(id),
        Principal::User(_) | Principal::NewGroup(_) => None,
    });
    let ids: BTreeSet<&GroupId> = assigned.filter(|id| !listed.contains(id)).collect();
    let ids: Vec<GroupId> = ids.into_iter().cloned().collect();
    let groups = reader.each(Step::Unlisted, ids.into_iter(), |id| group(reader, identity_store, id)).await?;
    Ok(groups.into_iter().flatten().collect())
}

/// Reads a group by id. Assignments of a group that does not exist are orphaned.
async fn group(reader: &Reader<'_>, identity_store: &str, id: GroupId) -> Result<Option<Group>, CallError> {
    let api = Api::identity_store("DescribeGroup");
    let answer = reader
        .clients
        .call(api, || {
            let call = reader.clients.identity_store().describe_group().identity_store_id(identity_store);
            call.group_id(id.as_str()).send()
        })
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(Group {
        id,
        display_name: answer.display_name.unwrap_or_default(),
        external_ids: to_external_ids(answer.external_ids),
    }))
}

/// Looks up the ids of the users named in the scope. Unknown users are left out.
pub(super) async fn named_users(
    reader: &Reader<'_>,
    identity_store: &str,
) -> Result<Vec<UserId>, ObserveError> {
    let names: Vec<&UserName> = reader.scope.user_names.iter().collect();
    let named =
        reader.each(Step::Users, names.into_iter(), |name| user_id(reader, identity_store, name)).await?;
    Ok(named.into_iter().flatten().collect())
}

/// Reads the users named in assignments or in the scope, and all users for a snapshot. A user that was not listed is
/// read by id; only one that AWS does not find then does not exist.
pub(super) async fn read_users(
    reader: &Reader<'_>,
    identity_store: &str,
    named: Vec<UserId>,
    rows: &[Assignment],
) -> Result<Vec<User>, ObserveError> {
    let all = if reader.scope.everything { all_users(reader, identity_store).await? } else { Vec::new() };
    let described = unlisted_users(reader, identity_store, &all, named, rows).await?;
    Ok(all.into_iter().chain(described).collect())
}

/// Reads the users of these ids. Unknown users are left out.
pub(super) async fn users_of(
    reader: &Reader<'_>,
    identity_store: &str,
    ids: BTreeSet<UserId>,
) -> Result<Vec<User>, ObserveError> {
    let ids: Vec<UserId> = ids.into_iter().collect();
    let users = reader.each(Step::Users, ids.into_iter(), |id| user(reader, identity_store, id)).await?;
    Ok(users.into_iter().flatten().collect())
}

/// Reads these users and those with assignments, as far as they are not among the listed ones. Unknown users are left
/// out.
pub(super) async fn unlisted_users(
    reader: &Reader<'_>,
    identity_store: &str,
    listed: &[User],
    named: Vec<UserId>,
    rows: &[Assignment],
) -> Result<Vec<User>, ObserveError> {
    let listed: BTreeSet<&UserId> = listed.iter().map(|user| &user.id).collect();
    let of_rows = rows.iter().filter_map(|row| match &row.principal {
        Principal::User(id) => Some(id.clone()),
        Principal::Group(_) | Principal::NewGroup(_) => None,
    });
    let ids = named.into_iter().chain(of_rows).filter(|id| !listed.contains(id)).collect();
    users_of(reader, identity_store, ids).await
}

/// Lists all users.
pub(super) async fn all_users(reader: &Reader<'_>, identity_store: &str) -> Result<Vec<User>, ObserveError> {
    let api = Api::identity_store("ListUsers");
    let users = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.identity_store().list_users().identity_store_id(identity_store);
                call.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (Some(page.users), page.next_token),
        )
        .await?;
    reader.report(Step::Users, users.len(), users.len());
    let to_user = |user: aws_sdk_identitystore::types::User| {
        let id: UserId = user.user_id.parse().map_err(|error| CallError::unreadable(api, error))?;
        Ok::<_, CallError>(User { user_name: user_name(user.user_name, &id), id })
    };
    Ok(users.into_iter().map(to_user).collect::<Result<_, _>>()?)
}

/// Looks up the id of a user by name.
async fn user_id(
    reader: &Reader<'_>,
    identity_store: &str,
    name: &UserName,
) -> Result<Option<UserId>, CallError> {
    let api = Api::identity_store("GetUserId");
    let attribute = UniqueAttribute::builder()
        .attribute_path("userName")
        .attribute_value(Document::String(name.to_string()))
        .build()
        .map_err(|error| CallError::unreadable(api, error))?;
    let answer = reader
        .clients
        .call(api, || {
            let call = reader.clients.identity_store().get_user_id().identity_store_id(identity_store);
            call.alternate_identifier(AlternateIdentifier::UniqueAttribute(attribute.clone())).send()
        })
        .await;
    match answer {
        Ok(answer) => answer.user_id.parse().map(Some).map_err(|error| CallError::unreadable(api, error)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a user by id. Assignments of a user that does not exist are orphaned.
async fn user(reader: &Reader<'_>, identity_store: &str, id: UserId) -> Result<Option<User>, CallError> {
    let api = Api::identity_store("DescribeUser");
    let answer = reader
        .clients
        .call(api, || {
            let call = reader.clients.identity_store().describe_user().identity_store_id(identity_store);
            call.user_id(id.as_str()).send()
        })
        .await;
    match answer {
        Ok(answer) => Ok(Some(User { user_name: user_name(answer.user_name, &id), id })),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The API does not require a user name. A user without a valid one is named by its id: leaving the user out would
/// make its assignments look orphaned.
fn user_name(name: Option<String>, id: &UserId) -> UserName {
    name.and_then(|name| name.parse().ok())
        .unwrap_or_else(|| id.as_str().parse().expect("an id is short and has no control characters"))
}

//! Account assignments, read by provisioned pair: one listing for each permission set and account where the set is
//! provisioned. This sees everything, users and orphans included. A row is always within a provisioned pair, since an
//! assignment provisions its account.

use std::collections::BTreeSet;

use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal};

use super::{ObserveError, Reader, Step};
use crate::permission_set::{self, SetAddress};

/// All rows of the sets that are named.
pub(super) async fn read(
    reader: &Reader<'_>,
    instance: &str,
    sets: &[LivePermissionSet],
    rows_of: &BTreeSet<PermissionSetName>,
) -> Result<Vec<Assignment>, ObserveError> {
    let pairs: Vec<Pair<'_>> = sets
        .iter()
        .filter(|set| rows_of.contains(&set.name))
        .flat_map(|set| set.provisioned.iter().map(move |account| Pair { set, account: *account }))
        .collect();
    by_pair(reader, instance, pairs).await
}

/// A permission set and an account where it is provisioned.
struct Pair<'a> {
    set: &'a LivePermissionSet,
    account: AccountId,
}

async fn by_pair(
    reader: &Reader<'_>,
    instance: &str,
    pairs: Vec<Pair<'_>>,
) -> Result<Vec<Assignment>, ObserveError> {
    let read = reader
        .each(Step::Assignments, pairs.into_iter(), |pair| async move {
            let at = SetAddress { instance, set: &pair.set.arn };
            let principals = permission_set::principals(reader.clients, at, pair.account).await?;
            Ok((pair, principals))
        })
        .await?;
    // The same few principals turn up in very many pairs; one allocation serves each.
    let mut shared: BTreeSet<Principal> = BTreeSet::new();
    let mut rows = Vec::with_capacity(read.iter().map(|(_, principals)| principals.len()).sum());
    for (pair, principals) in read {
        for principal in principals {
            let principal = match shared.get(&principal) {
                Some(known) => known.clone(),
                None => {
                    shared.insert(principal.clone());
                    principal
                }
            };
            let permission_set = pair.set.name.clone();
            rows.push(Assignment { permission_set, account: pair.account, principal });
        }
    }
    Ok(rows)
}

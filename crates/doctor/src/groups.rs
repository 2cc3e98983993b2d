//! The groups used in the configuration, in Entra ID and in the Identity Store, and their members.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::GroupIx;
use rolecall_model::entra::{DirectoryGroup, DirectoryUser, Tenant};
use rolecall_model::{Code, Diagnostic, GroupId, OriginId, UserId};
use rolecall_planner::entra::not_assignable;
use rolecall_planner::phrases::count;

use super::{Doctor, Half, some_of, store_group};

impl Doctor<'_> {
    pub(super) fn groups(&mut self) {
        let used = self.resolution.used_groups(self.files.config, self.today);
        let number = count(used.len(), "group");
        let are = if used.len() == 1 { "is" } else { "are" };
        let origin = |index: GroupIx| -> OriginId { self.files.config[index].origin };
        let other = used.iter().filter(|(_, group)| !group.security_enabled);
        let found =
            other.map(|(index, group)| not_assignable(group, origin(*index), self.files.origins)).collect();
        self.check(
            Half::Entra,
            "groups-security",
            format!("{number} used in the configuration can be assigned"),
            found,
        );

        let mut found = Vec::new();
        for (index, group) in &used {
            let origin = self.files.config[*index].origin;
            let name = &group.display_name;
            let Some(id) = store_group(self.resolution, *index) else {
                found.push(
                    self.at(
                        Diagnostic::warning(
                            Code::GroupWaits,
                            format!("`{name}` is not in the Identity Store yet"),
                        )
                        .help(
                            "`rolecall apply` provisions it on demand; a provisioning cycle takes about 40 minutes",
                        ),
                        origin,
                    ),
                );
                continue;
            };
            let live = self.snapshot.groups.iter().find(|live| live.id == *id);
            if live.is_some_and(|live| live.external_ids.is_empty()) {
                found.push(self.at(
                    Diagnostic::warning(
                        Code::AttributeMapping,
                        format!("`{name}` has no external id in the Identity Store, and is identified only by its name"),
                    )
                    .help("map `objectId` to `externalId` in Entra ID: the application, Provisioning, Mappings"),
                    origin,
                ));
            }
        }
        self.check(
            Half::Entra,
            "groups-in-identity-store",
            format!("{number} used in the configuration {are} in the Identity Store, with external ids"),
            found,
        );
    }

    /// Compares the members of each group in Entra ID with those in the Identity Store.
    pub(super) fn members(&mut self, tenant: &Tenant) {
        if let Some(error) = self.reading.memberships.clone() {
            self.check(Half::Entra, "members", "", vec![error]);
            return;
        }
        let names: BTreeMap<&UserId, &str> =
            self.snapshot.users.iter().map(|user| (&user.id, user.user_name.as_str())).collect();
        let mut found = Vec::new();
        let mut compared = 0_usize;
        for (index, group) in self.resolution.used_groups(self.files.config, self.today) {
            let Some(id) = store_group(self.resolution, index) else { continue };
            // Groups without members have no entry in the state of a sandbox.
            compared += 1;
            let sides = Sides::new(tenant, group, &names, self.members_of(id));
            let origin = self.files.config[index].origin;
            found.extend(sides.left_behind(group).map(|one| self.at(one, origin)));
            found.extend(sides.missing(group).map(|one| self.at(one, origin)));
        }
        let holds =
            format!("the members of {} are the same in Entra ID and in AWS", count(compared, "group"));
        self.check(Half::Entra, "members", holds, found);
    }

    fn members_of(&self, group: &GroupId) -> Option<&BTreeSet<UserId>> {
        self.snapshot.memberships.get(group)
    }
}

/// The members of a group on both sides, by user name in lower case: provisioning sends the user principal name as the
/// user name, and neither side is case-sensitive.
struct Sides<'a> {
    entra: BTreeMap<String, &'a DirectoryUser>,
    aws: BTreeMap<String, &'a str>,
    /// All users of the tenant that were read.
    known: BTreeMap<String, &'a DirectoryUser>,
}

impl<'a> Sides<'a> {
    fn new(
        tenant: &'a Tenant,
        group: &DirectoryGroup,
        names: &BTreeMap<&UserId, &'a str>,
        members: Option<&'a BTreeSet<UserId>>,
    ) -> Self {
        let by_name = |user: &'a DirectoryUser| (user.user_principal_name.to_lowercase(), user);
        let entra =
            tenant.users.iter().filter(|user| group.members.contains(&user.id)).map(by_name).collect();
        let aws = members.into_iter().flatten().filter_map(|id| {
            // A user without a known name was deleted after the members were listed.
            let name = names.get(id).copied()?;
            Some((name.to_lowercase(), name))
        });
        Self { entra, aws: aws.collect(), known: tenant.users.iter().map(by_name).collect() }
    }

    /// Reports users who are in the group in AWS but not in Entra ID: they keep its access.
    fn left_behind(&self, group: &DirectoryGroup) -> Option<Diagnostic> {
        let left = self.aws.iter().filter(|(key, _)| !self.entra.contains_key(*key));
        let left: Vec<String> = left
            .map(|(key, name)| {
                // Only members of the groups that were read are known; other users may have been deleted.
                if self.known.contains_key(key) {
                    (*name).to_owned()
                } else {
                    format!("{name} (in none of the groups that were read)")
                }
            })
            .collect();
        if left.is_empty() {
            return None;
        }
        let (users, are) = if left.len() == 1 {
            ("1 user".to_owned(), "remains")
        } else {
            (format!("{} users", left.len()), "remain")
        };
        Some(
            Diagnostic::warning(
                Code::LeftBehind,
                format!("{users} left `{}` in Entra ID but {are} in AWS: {}", group.display_name, some_of(&left)),
            )
            .help(
                "the next provisioning cycle removes them; if they stay, see the provisioning logs, and remove them \
                 in AWS: IAM Identity Center, Groups",
            ),
        )
    }

    /// Reports users who are in the group in Entra ID but not in AWS.
    fn missing(&self, group: &DirectoryGroup) -> Option<Diagnostic> {
        // Entra ID does not provision a user who may not sign in.
        let missing =
            self.entra.iter().filter(|(key, user)| user.account_enabled && !self.aws.contains_key(*key));
        let missing: Vec<&DirectoryUser> = missing.map(|(_, user)| *user).collect();
        if missing.is_empty() {
            return None;
        }
        let names: Vec<String> = missing.iter().map(|user| user.user_principal_name.clone()).collect();
        let nameless = missing.iter().any(|user| user.given_name.is_none() || user.surname.is_none());
        let help = if nameless {
            "AWS rejects users without a first and a last name: set both in Entra ID"
        } else {
            "the next provisioning cycle adds them; if it does not, see the provisioning logs in Entra ID"
        };
        let (users, are) = if names.len() == 1 {
            ("1 user".to_owned(), "is")
        } else {
            (format!("{} users", names.len()), "are")
        };
        Some(
            Diagnostic::warning(
                Code::MemberMissing,
                format!(
                    "{users} of `{}` {are} not in the group in AWS: {}",
                    group.display_name,
                    some_of(&names)
                ),
            )
            .help(help),
        )
    }
}

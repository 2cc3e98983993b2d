//! Sign-in configuration: profiles for the AWS CLI and SDKs, and links into the access portal.
//!
//! Sources: "Shared config and credentials files" and "IAM Identity Center credential provider" of the AWS SDKs and Tools
//! Reference Guide, and "Create shortcut links to AWS Management Console destinations" of IAM Identity Center's guide.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{
    AccountId, AccountState, Config, PermissionSetName, Principal, Region, Snapshot, UserName,
};

use rolecall_model::escape::for_terminal;
use rolecall_planner::{Checkout, Directory, Resolution};

/// The principal to list profiles for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A group of the Identity Store, with its own access.
    Group(Principal),
    /// A user of the Identity Store, with the access of the user and of their groups.
    User(Principal),
}

/// A principal that neither the configuration nor the Identity Store has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No principal has that name.
    #[error("no group and no user is named `{0}`")]
    Nobody(String),
    /// The configuration declares the group, but the Identity Store does not have it.
    #[error("group `{0}` is declared, but is not in the Identity Store")]
    Undelivered(String),
    /// Several groups have that name.
    #[error("several groups are named `{0}`")]
    Several(String),
}

/// A permission set on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name: letters, digits, `.`, `_`, `@`, `+` and `-`. No other profile of the list has it.
    pub name: String,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// The permission set, which is the name of the role.
    pub permission_set: PermissionSetName,
    /// The relay state, where the console opens, if it was read.
    pub relay_state: Option<String>,
}

/// The address of the access portal, such as `https://d-9067642ac3.awsapps.com/start`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartUrl(String);

impl StartUrl {
    /// Parses an address. A trailing `/` or `#` is removed.
    ///
    /// # Errors
    /// The address does not begin with `https://`, or contains characters that are not allowed in a configuration file
    /// or a link.
    pub fn new(text: &str) -> Result<Self, String> {
        let address = text.trim_end_matches(['#', '/']);
        let is_plain = address.bytes().all(|byte| {
            byte.is_ascii_graphic()
                && !matches!(byte, b'"' | b'\'' | b'#' | b';' | b'?' | b'<' | b'>' | b'\\')
        });
        if address.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) && is_plain {
            Ok(Self(address.to_owned()))
        } else {
            Err("an address such as https://acme.awsapps.com/start".to_owned())
        }
    }

    /// Returns the default address, which every Identity Store has.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self(format!("https://{}.awsapps.com/start", snapshot.instance.identity_store_id))
    }

    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Finds the principal of a name: a group by its label, a user by user name, or a group by display name, in this order.
/// The snapshot must contain users.
///
/// # Errors
/// No principal has that name, or several groups do.
pub fn whose(name: &str, files: &Checkout<'_>, snapshot: &Snapshot) -> Result<Whose, NotFound> {
    let directory = Directory::new(snapshot);
    let resolution = Resolution::new(files, &directory);
    let declared = resolution.group_principals().find(|(index, _)| files.config[*index].label == name);
    match declared {
        Some((_, principal @ Principal::Group(_))) => return Ok(Whose::Group(principal.clone())),
        Some(_) => return Err(NotFound::Undelivered(name.to_owned())),
        None => {}
    }
    if files.config.groups.iter().any(|group| group.label == name) {
        return Err(NotFound::Undelivered(name.to_owned()));
    }
    let user = snapshot.users.iter().find(|user| user.user_name.as_str() == name);
    if let Some(user) = user {
        return Ok(Whose::User(Principal::User(user.id.clone())));
    }
    let mut groups = snapshot.groups.iter().filter(|group| group.display_name == name);
    match (groups.next(), groups.next()) {
        (Some(group), None) => Ok(Whose::Group(Principal::Group(group.id.clone()))),
        (Some(_), Some(_)) => Err(NotFound::Several(name.to_owned())),
        (None, _) => Err(NotFound::Nobody(name.to_owned())),
    }
}

/// Returns the user name that a name may be, for readers of the live state: a label in the configuration is not one.
pub fn may_be_user(name: &str, config: &Config) -> Option<UserName> {
    if config.groups.iter().any(|group| group.label == name) { None } else { name.parse().ok() }
}

/// The profiles, sorted by account name, id and permission set: one for each permission set on each account, as far as
/// assignments were read. Inactive accounts are skipped, because no one can sign in there. For a user, the snapshot
/// must contain the members of groups.
pub fn profiles(whose: &Whose, snapshot: &Snapshot) -> Vec<Profile> {
    let principals: BTreeSet<Principal> = match whose {
        Whose::Group(group) => [group.clone()].into(),
        Whose::User(user) => {
            let is_member =
                |members: &BTreeSet<_>| matches!(user, Principal::User(id) if members.contains(id));
            let groups = snapshot.memberships.iter().filter(|(_, members)| is_member(members));
            groups.map(|(group, _)| Principal::Group(group.clone())).chain([user.clone()]).collect()
        }
    };
    let rows = snapshot.assignments.iter().filter(|row| principals.contains(&row.principal));
    let pairs: BTreeSet<(String, AccountId, PermissionSetName)> = rows
        .filter_map(|row| {
            let account = snapshot.account(row.account)?;
            let is_active = account.state == AccountState::Active;
            is_active.then(|| (account.name.clone(), account.id, row.permission_set.clone()))
        })
        .collect();
    let mut profiles: Vec<Profile> = pairs
        .into_iter()
        .map(|(account_name, account, permission_set)| Profile {
            name: format!("{}-{}", plain(&account_name, account), plain(permission_set.as_str(), account)),
            relay_state: relay_state(snapshot, &permission_set),
            account,
            account_name,
            permission_set,
        })
        .collect();
    tell_apart(&mut profiles);
    profiles
}

fn relay_state(snapshot: &Snapshot, name: &PermissionSetName) -> Option<String> {
    snapshot.permission_set(name)?.details.as_ref()?.relay_state.clone()
}

/// Returns a name that every SDK reads the same way, without quotes: characters other than letters, digits and `._@+`
/// become `-`.
fn plain(name: &str, account: AccountId) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '@' | '+') {
            text.push(character);
        } else if !text.ends_with('-') {
            text.push('-');
        }
    }
    let text = text.trim_matches('-');
    if text.is_empty() { account.to_string() } else { text.to_owned() }
}

/// Makes names unique: profiles with the same name all get their account's id, and a number if that is not enough. A
/// unique profile keeps its name when others come and go.
fn tell_apart(profiles: &mut [Profile]) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for profile in &*profiles {
        *counts.entry(profile.name.clone()).or_default() += 1;
    }
    for profile in
        profiles.iter_mut().filter(|profile| counts.get(&profile.name).is_some_and(|count| *count > 1))
    {
        profile.name = format!("{}-{}", profile.name, profile.account);
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for profile in profiles {
        let base = profile.name.clone();
        let mut number = 2_usize;
        while !taken.insert(profile.name.clone()) {
            profile.name = format!("{base}-{number}");
            number += 1;
        }
    }
}

/// Renders sections for `~/.aws/config`: one session, and one section per profile.
pub fn config(
    profiles: &[Profile],
    session: &str,
    start: &StartUrl,
    sso_region: &Region,
    region: Option<&Region>,
) -> String {
    let mut text = format!(
        "[sso-session {session}]\nsso_start_url = {}\nsso_region = {sso_region}\nsso_registration_scopes = sso:account:access\n",
        start.as_str()
    );
    for Profile { name, account, permission_set, account_name: _, relay_state: _ } in profiles {
        text.push_str(&format!(
            "\n[profile {name}]\nsso_session = {session}\nsso_account_id = {account}\nsso_role_name = {permission_set}\n"
        ));
        if let Some(region) = region {
            text.push_str(&format!("region = {region}\n"));
        }
    }
    text
}

/// Renders links into the access portal: a description line and the link for each profile.
pub fn links(profiles: &[Profile], start: &StartUrl) -> String {
    let mut text = String::new();
    for profile in profiles {
        let Profile { account, account_name, permission_set, name: _, relay_state: _ } = profile;
        text.push_str(&format!(
            "{} ({account}), {permission_set}\n  {}\n",
            for_terminal(account_name),
            link(profile, start)
        ));
    }
    text
}

/// Returns the link for one profile.
pub fn link(profile: &Profile, start: &StartUrl) -> String {
    let mut link = format!(
        "{}/#/console?account_id={}&role_name={}",
        start.as_str(),
        profile.account,
        percent_encode(profile.permission_set.as_str())
    );
    if let Some(relay_state) = &profile.relay_state {
        link.push_str(&format!("&destination={}", percent_encode(relay_state)));
    }
    link
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(account: u64, account_name: &str, set: &str) -> Profile {
        let account = AccountId::from_number(account).expect("twelve digits");
        Profile {
            name: format!("{}-{}", plain(account_name, account), plain(set, account)),
            account,
            account_name: account_name.to_owned(),
            permission_set: set.parse().expect("a name"),
            relay_state: Some("https://console.aws.amazon.com/ecs?a=b&c=d".to_owned()),
        }
    }

    fn names(mut profiles: Vec<Profile>) -> Vec<String> {
        tell_apart(&mut profiles);
        profiles.into_iter().map(|profile| profile.name).collect()
    }

    #[test]
    fn names_are_plain_and_cannot_escape_a_section() {
        let hostile = profile(111_111_111_111, "a]\n[default]\ncredential_process = evil", "Read");
        assert_eq!(hostile.name, "a-default-credential_process-evil-Read");
        assert_eq!(profile(111_111_111_111, "Größe", "A=b").name, "Gr-e-A-b");
        assert_eq!(profile(111_111_111_111, "日本", "Read").name, "111111111111-Read");
    }

    #[test]
    fn names_that_fall_together_get_the_account_and_then_a_number() {
        let same = vec![profile(111_111_111_111, "a b", "Read"), profile(222_222_222_222, "a-b", "Read")];
        assert_eq!(names(same), ["a-b-Read-111111111111", "a-b-Read-222222222222"]);
        let sets = vec![profile(111_111_111_111, "a", "R=w"), profile(111_111_111_111, "a", "R,w")];
        assert_eq!(names(sets), ["a-R-w-111111111111", "a-R-w-111111111111-2"]);
    }

    #[test]
    fn a_link_contains_the_complete_relay_state() {
        let start = StartUrl::new("https://acme.awsapps.com/start/#/").expect("an address");
        assert_eq!(
            link(&profile(111_111_111_111, "a", "R+w"), &start),
            "https://acme.awsapps.com/start/#/console?account_id=111111111111&role_name=R%2Bw\
             &destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fecs%3Fa%3Db%26c%3Dd"
        );
    }

    #[test]
    fn a_start_url_is_an_address_and_nothing_else() {
        for bad in [
            "http://acme.awsapps.com/start",
            "https://",
            "https://a/ b",
            "https://a/\nregion = x",
            "https://a\";x",
            "acme",
        ] {
            assert!(StartUrl::new(bad).is_err(), "{bad:?}");
        }
    }
}

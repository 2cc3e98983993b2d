//! Permission sets, in the one form in which a declared and a live one are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identity::{InvalidIdentity, PermissionSetName};
use crate::policy::Policy;

/// How long a session of a permission set lasts: 1 to 12 hours, in whole seconds as in AWS's model. AWS's default, and so
/// ours, is one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDuration {
    seconds: u32,
}

impl SessionDuration {
    /// The shortest session, and AWS's default: one hour.
    pub const ONE_HOUR: Self = Self { seconds: 3_600 };

    /// The duration of that many minutes, if it is within 60 and 720.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        Self::from_seconds(u32::from(minutes) * 60)
    }

    fn from_seconds(seconds: u32) -> Option<Self> {
        (3_600..=43_200).contains(&seconds).then_some(Self { seconds })
    }

    /// Hours, minutes and seconds.
    fn parts(self) -> [(u32, char); 3] {
        [(self.seconds / 3_600, 'h'), (self.seconds % 3_600 / 60, 'm'), (self.seconds % 60, 's')]
    }

    /// As sso-admin takes it, such as `PT1H30M`.
    pub fn to_iso_8601(self) -> String {
        let parts = self.parts().into_iter().filter(|(number, _)| *number > 0);
        let parts = parts.map(|(number, unit)| format!("{number}{}", unit.to_ascii_uppercase()));
        format!("PT{}", parts.collect::<String>())
    }

    /// Reads what sso-admin returns: `PT1H30M`, `PT90M`, `PT5000S`, `P0DT1H`, or a bare number of seconds, which moto
    /// returns.
    ///
    /// # Errors
    /// The text is no such duration, not whole seconds, or outside 1 to 12 hours.
    pub fn from_iso_8601(text: &str) -> Result<Self, InvalidIdentity> {
        let seconds = match text.strip_prefix('P').and_then(|rest| rest.split_once('T')) {
            Some((days, time)) => {
                let days = seconds_of(days, &[('D', 86_400)]);
                let time = seconds_of(time, &[('H', 3_600), ('M', 60), ('S', 1)]);
                days.zip(time).and_then(|(days, time)| days.checked_add(time))
            }
            None => text.parse().ok(),
        };
        seconds.and_then(Self::from_seconds).ok_or_else(|| invalid(text))
    }
}

/// Sums numbers that are each followed by a unit, the units in falling order and each at most once.
fn seconds_of(mut text: &str, units: &[(char, u32)]) -> Option<u32> {
    let mut total: u32 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let number: u32 = text[..end].parse().ok()?;
        let unit = text[end..].chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        text = &text[end + 1..];
    }
    Some(total)
}

fn invalid(text: &str) -> InvalidIdentity {
    InvalidIdentity { text: text.to_owned(), wanted: "a session duration (1h to 12h, such as \"1h30m\")" }
}

/// Reads the form of the files, such as `1h30m`, `8h`, `90m` or `1h5m40s`.
impl FromStr for SessionDuration {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let seconds = seconds_of(text, &[('h', 3_600), ('m', 60), ('s', 1)]);
        seconds.and_then(Self::from_seconds).ok_or_else(|| invalid(text))
    }
}

/// Prints the form of the files, with seconds only where there are any.
impl fmt::Display for SessionDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts().into_iter().filter(|(number, _)| *number > 0);
        parts.try_for_each(|(number, unit)| write!(formatter, "{number}{unit}"))
    }
}

impl Serialize for SessionDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A reference to a customer managed policy, which must exist under this name and path in each target account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerPolicy {
    /// 1 to 128 characters.
    pub name: String,
    /// Up to 512 characters, `/` by default, with a slash at both ends.
    pub path: String,
}

impl fmt::Display for CustomerPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.path, self.name)
    }
}

/// The permissions boundary of a permission set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Boundary {
    /// The ARN of an AWS managed policy.
    ManagedPolicy(String),
    /// A customer managed policy in each account.
    CustomerPolicy(CustomerPolicy),
}

/// What a permission set is, as far as it is compared. A declared one holds what the files say; a live one what AWS
/// returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermissionSet {
    /// Its name, which cannot be changed.
    pub name: PermissionSetName,
    /// 1 to 700 characters, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long a session lasts.
    pub session: SessionDuration,
    /// Where the console opens: 1 to 240 ASCII characters, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_state: Option<String>,
    /// ARNs of AWS managed policies, path included.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub managed_policies: BTreeSet<String>,
    /// References to customer managed policies.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub customer_policies: BTreeSet<CustomerPolicy>,
    /// The permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Boundary>,
    /// The inline policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline_policy: Option<Policy>,
    /// Declared tags; on a live set, all of its tags. The owner's tag is not part of the declared ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl PermissionSet {
    /// A set of that name with AWS's defaults and nothing attached.
    pub fn new(name: PermissionSetName) -> Self {
        Self {
            name,
            description: None,
            session: SessionDuration::ONE_HOUR,
            relay_state: None,
            managed_policies: BTreeSet::new(),
            customer_policies: BTreeSet::new(),
            boundary: None,
            inline_policy: None,
            tags: BTreeMap::new(),
        }
    }

    /// Whether the set grants what a policy of this name grants, as far as that can be seen: an attached policy has the
    /// name (with its path, or the ARN of a managed one), or, for `AdministratorAccess`, the inline policy allows
    /// everything. An aid for reviewers, not a proof: rights can be put together in many ways.
    pub fn grants_policy(&self, name: &str) -> bool {
        let is_managed = |arn: &String| arn == name || managed_policy_name(arn) == name;
        let is_customer = |policy: &CustomerPolicy| {
            policy.name == name || policy.to_string() == name || policy.to_string()[1..] == *name
        };
        let allows_everything = || self.inline_policy.as_ref().is_some_and(Policy::allows_everything);
        self.managed_policies.iter().any(is_managed)
            || self.customer_policies.iter().any(is_customer)
            || (managed_policy_name(name) == ADMINISTRATOR_ACCESS && allows_everything())
    }

    /// Whether the set grants the rights of an administrator, as far as that can be seen.
    pub fn is_administrators(&self) -> bool {
        self.grants_policy(ADMINISTRATOR_ACCESS)
    }
}

/// The AWS managed policy that allows everything.
pub const ADMINISTRATOR_ACCESS: &str = "AdministratorAccess";

/// The name of an AWS managed policy with its path, such as `job-function/SupportUser`, from its ARN. A text that is
/// no such ARN is returned as it is.
pub fn managed_policy_name(arn: &str) -> &str {
    arn.split_once(":policy/").map_or(arn, |(_, name)| name)
}

/// The key of the tag that marks the owner of a permission set.
pub const STACK_TAG: &str = "rolecall:stack";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_and_prints_in_both_forms() {
        for (ours, theirs) in [("1h", "PT1H"), ("1h30m", "PT1H30M"), ("12h", "PT12H")] {
            let duration: SessionDuration = ours.parse().unwrap();
            assert_eq!(duration.to_string(), ours);
            assert_eq!(duration.to_iso_8601(), theirs);
            assert_eq!(SessionDuration::from_iso_8601(theirs), Ok(duration));
        }
        assert_eq!("90m".parse::<SessionDuration>().unwrap().to_string(), "1h30m");
        assert_eq!(SessionDuration::from_iso_8601("3600"), Ok(SessionDuration::ONE_HOUR));
        assert_eq!(SessionDuration::from_iso_8601("PT5400S").unwrap().to_string(), "1h30m");
        assert_eq!(SessionDuration::from_iso_8601("P0DT1H").unwrap().to_string(), "1h");
        let odd = SessionDuration::from_iso_8601("PT5000S").unwrap();
        assert_eq!((odd.to_string().as_str(), odd.to_iso_8601().as_str()), ("1h23m20s", "PT1H23M20S"));
        assert_eq!("1h23m20s".parse(), Ok(odd));
        assert_eq!("5000s".parse(), Ok(odd));
        assert_eq!(serde_json::from_str::<SessionDuration>("\"1h23m20s\"").unwrap(), odd);
    }

    #[test]
    fn a_duration_out_of_bounds_or_ill_formed_is_refused() {
        for text in
            ["", "59m", "13h", "1", "h", "1h1h", "30m1h", "-2h", "2 h", "99999999999h", "1h1s1m", "3599s"]
        {
            assert!(text.parse::<SessionDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_set_grants_is_seen_in_each_spelling() {
        let mut set = PermissionSet::new("Any".parse().unwrap());
        assert!(!set.is_administrators());
        set.managed_policies.insert("arn:aws:iam::aws:policy/job-function/SupportUser".to_owned());
        set.customer_policies
            .insert(CustomerPolicy { name: "base".to_owned(), path: "/platform/".to_owned() });
        for name in ["job-function/SupportUser", "arn:aws:iam::aws:policy/job-function/SupportUser", "base"] {
            assert!(set.grants_policy(name), "{name}");
        }
        assert!(set.grants_policy("platform/base") && set.grants_policy("/platform/base"));
        assert!(!set.grants_policy("SupportUser") && !set.is_administrators());
        let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*","*"],"Resource":"*"}}"#;
        set.inline_policy = Some(Policy::from_json(everything).unwrap());
        assert!(set.is_administrators() && set.grants_policy("arn:aws:iam::aws:policy/AdministratorAccess"));
        let denied = everything.replace("Allow", "Deny");
        set.inline_policy = Some(Policy::from_json(&denied).unwrap());
        assert!(!set.is_administrators());
    }
}

//! Newtypes for identities. Each is validated once, at the edge, so nothing inside the program meets an id that
//! AWS would refuse.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is not the identity it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct InvalidIdentity {
    /// The text as it came in.
    pub text: String,
    /// What it should have been, as the rest of the sentence: "an AWS account id (12 digits)".
    pub wanted: &'static str,
}

/// A 12-digit AWS account id. Leading zeros count, so it always prints as twelve digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The id whose digits spell `number`, or `None` beyond twelve digits.
    pub fn from_number(number: u64) -> Option<Self> {
        (number < 1_000_000_000_000).then_some(Self(number))
    }
}

impl FromStr for AccountId {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let valid = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if valid { text.parse().ok() } else { None };
        number
            .map(Self)
            .ok_or_else(|| InvalidIdentity { text: text.to_owned(), wanted: "an AWS account id (12 digits)" })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:012}", self.0)
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Defines a newtype over a shared string with a validity rule.
macro_rules! text_identity {
    ($(#[$doc:meta])* $name:ident, $wanted:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text of the identity.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes over an already shared text, so that a million rows can share one allocation per id.
            ///
            /// # Errors
            /// The text is not of the identity's form.
            pub fn from_shared(text: Arc<str>) -> Result<Self, InvalidIdentity> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidIdentity { text: text.to_string(), wanted: $wanted })
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidIdentity;

            fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
                Self::from_shared(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Whether `text` has 1 to `most` characters, all of which `allowed` accepts.
fn is_made_of(text: &str, most: usize, allowed: fn(char) -> bool) -> bool {
    let mut count = 0;
    for character in text.chars() {
        count += 1;
        if count > most || !allowed(character) {
            return false;
        }
    }
    count > 0
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, character)| match at {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
}

/// Ids of the Identity Store: `([0-9a-f]{10}-)?` and a UUID, in the service model of identitystore.
fn is_identity_store_id(text: &str) -> bool {
    is_uuid(text)
        || text.split_once('-').is_some_and(|(head, rest)| {
            head.len() == 10 && head.chars().all(|c| c.is_ascii_hexdigit()) && is_uuid(rest)
        })
}

text_identity!(
    /// The name of a permission set: 1 to 32 characters of `[\w+=,.@-]` (service model of sso-admin). It is the
    /// natural key of a permission set: unique in its instance, and never changed by an update.
    PermissionSetName,
    "a permission set name (1 to 32 letters, digits or _+=,.@-)",
    |text| is_made_of(text, 32, |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
);
text_identity!(
    /// The id of a group in the Identity Store.
    GroupId,
    "an Identity Store group id",
    is_identity_store_id
);
text_identity!(
    /// The id of a user in the Identity Store.
    UserId,
    "an Identity Store user id",
    is_identity_store_id
);
text_identity!(
    /// The object id of a group in Entra ID, a UUID. SCIM hands it to the Identity Store as an external id.
    ObjectId,
    "an Entra object id (a UUID)",
    is_uuid
);
text_identity!(
    /// The user name of a user in the Identity Store: 1 to 128 characters (service model of identitystore).
    UserName,
    "a user name (1 to 128 characters)",
    |text| is_made_of(text, 128, |c| !c.is_control())
);
text_identity!(
    /// The owner's mark. It becomes the value of the tag `rolecall:stack`, and AWS allows these characters there.
    StackName,
    "a stack name (1 to 64 letters, digits or _.:/=+@-)",
    |text| is_made_of(text, 64, |c| c.is_ascii_alphanumeric() || "_.:/=+@-".contains(c))
);
text_identity!(
    /// The id of an organizational unit (`ou-…`) or of the organization's root (`r-…`).
    OuId,
    "an organizational unit id (ou-… or r-…)",
    |text| (text.starts_with("ou-") || text.starts_with("r-"))
        && text.len() <= 68
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
text_identity!(
    /// An AWS Region, such as `eu-west-1`.
    Region,
    "an AWS Region, such as eu-west-1",
    |text| is_made_of(text, 32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text.split('-').count() >= 3
        && text.ends_with(|c: char| c.is_ascii_digit())
);

impl Region {
    /// The partition that the Region belongs to, as it stands in ARNs: `aws`, `aws-us-gov` or `aws-cn`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.as_str() {
            text if text.starts_with("us-gov-") => "aws-us-gov",
            text if text.starts_with("cn-") => "aws-cn",
            _ => "aws",
        }
    }
}

text_identity!(
    /// The id of an Identity Center instance: `ssoins-` and 16 hexadecimal digits.
    InstanceId,
    "an Identity Center instance id (ssoins- and 16 hexadecimal digits)",
    |text| text.strip_prefix("ssoins-").is_some_and(
        |rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit())
    )
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_keep_their_leading_zeros() {
        let id: AccountId = "000000000012".parse().unwrap();
        assert_eq!(id.to_string(), "000000000012");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"000000000012\"");
    }

    #[test]
    fn what_is_not_an_identity_is_refused() {
        assert!("12345678901".parse::<AccountId>().is_err());
        assert!("12345678901x".parse::<AccountId>().is_err());
        assert!("+12345678901".parse::<AccountId>().is_err());
        assert!("".parse::<PermissionSetName>().is_err());
        assert!("a".repeat(33).parse::<PermissionSetName>().is_err());
        assert!("Deploy Now".parse::<PermissionSetName>().is_err());
        assert!("Deploy_Now+1".parse::<PermissionSetName>().is_ok());
        assert!("9067642ac3-4f6c1d2e-0000-4000-8000-000000000001".parse::<GroupId>().is_ok());
        assert!("4f6c1d2e-0000-4000-8000-000000000001".parse::<GroupId>().is_ok());
        assert!("payments-devs".parse::<GroupId>().is_err());
        assert!("Europe".parse::<Region>().is_err());
    }
}

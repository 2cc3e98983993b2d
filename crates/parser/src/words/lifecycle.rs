//! The words that say what becomes of live permission sets and assignments: taken over, renamed, let go, kept.

use super::Within::{File, Keep, On, PermissionSet, Template};
use super::table::{ACCOUNT_SETS, MANY, NO_ARGUMENTS, one, some};
use super::{Arguments, BlockRule, Kind, Word};

/// The words, file level first.
pub(super) static WORDS: &[Word] = &[
    Word {
        name: "keep",
        within: &[File, Template],
        doc: "Excepts live assignments, whoever made them: what it matches stays, although the files do not want it. \
              It never grants. Without permission sets it is about every declared one.",
        arguments: Arguments {
            shown: r#"["permission-set"…]"#,
            what: "a permission set",
            kind: Kind::Text,
            min: 0,
            max: MANY,
            distinct_from: 0,
        },
        properties: &[],
        block: BlockRule::Optional(Keep),
        repeats: true,
        example: "keep \"NetworkAdmin\" {\n    to \"vendor-oncall\"\n    on { account \"shared-services\" }\n    \
                  until \"2027-03-31\"\n    reason \"ITSM\"\n}\n\
                  keep \"Deploy\" { to-undeclared; reason \"still in Terraform\" }",
    },
    Word {
        name: "to",
        within: &[Keep],
        doc: "Keeps assignments to these groups.",
        arguments: some(r#""group"…"#, "a group"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"to "vendor-oncall""#,
    },
    Word {
        name: "to-user",
        within: &[Keep],
        doc: "Keeps assignments to these users, given by user name.",
        arguments: some(r#""user-name"…"#, "a user"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"to-user "jane@acme.com""#,
    },
    Word {
        name: "to-undeclared",
        within: &[Keep],
        doc: "Keeps assignments to groups that exist and that the files do not declare. It stands without `to` and \
              `to-user`.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"keep "Deploy" { to-undeclared; reason "still in Terraform" }"#,
    },
    Word {
        name: "on",
        within: &[Keep],
        doc: "Keeps assignments on these accounts: the names of account sets, or a block of selectors like that of \
              `accounts`. Without it every account is meant, the management account included.",
        arguments: ACCOUNT_SETS,
        properties: &[],
        block: BlockRule::Optional(On),
        repeats: true,
        example: "on \"payments-nonprod\"\non { account \"shared-services\" }",
    },
    Word {
        name: "until",
        within: &[Keep],
        doc: "The last day on which the assignments are kept, as `YYYY-MM-DD`, in UTC. After it they are revoked if \
              the files do not want them.",
        arguments: one(r#""date""#, "a date"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"until "2027-03-31""#,
    },
    Word {
        name: "reason",
        within: &[Keep],
        doc: "Why the assignments are kept; plans show it.",
        arguments: one(r#""text""#, "a text"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"reason "still in Terraform""#,
    },
    Word {
        name: "adopt",
        within: &[PermissionSet],
        doc: "Takes over a live permission set of this name that no stack owns. While the word stands, assignments of \
              the set that the files do not want are reported, not revoked; taking the word away lets them go.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: "permission-set \"Deploy\" {\n    adopt\n    session \"1h30m\"\n}",
    },
    Word {
        name: "renamed-from",
        within: &[PermissionSet],
        doc: "Says which name the set had. The set of the new name is made and assigned before the old one, which \
              carries the stack's tag, is revoked and deleted. The old name is not declared, released or renamed \
              anywhere else, and `adopt` does not stand beside it.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: "permission-set \"Deployment\" {\n    renamed-from \"Deploy\"\n}",
    },
    Word {
        name: "release-permission-set",
        within: &[File],
        doc: "Lets a permission set go that the stack owned: its tag is taken off, and the set and its assignments stay \
              as they are. The name may be declared as an `external-permission-set` beside it, but not as a \
              `permission-set`.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"release-permission-set "NetworkAdmin""#,
    },
];

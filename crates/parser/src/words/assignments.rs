//! The words of `assign` and `keep`.

use super::rule::{
    ACCOUNT_SETS, Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, Within, WordRule, one, some,
};

pub(super) static ASSIGN: WordRule = WordRule {
    name: "assign",
    doc: "Assigns each of the permission sets to each of the principals on each of the accounts.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::Required(Within::Assign),
    repeats: true,
    example: "assign \"ReadOnly\" \"Deploy\" {\n    to \"payments-devs\" \"payments-oncall\"\n    \
              on \"payments-nonprod\"\n    on { account \"111122223333\"; ou \"Workloads/Sandbox\" }\n}",
};

pub(super) static ASSIGN_TO: WordRule = WordRule {
    name: "to",
    doc: "The groups, by their labels.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to "payments-devs" "payments-oncall""#,
};

pub(super) static ASSIGN_TO_USER: WordRule = WordRule {
    name: "to-user",
    doc: "Single users, by user name. A warning prefers groups.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to-user "jane@acme.com""#,
};

pub(super) static ASSIGN_ON: WordRule = WordRule {
    name: "on",
    doc: "The accounts: the names of account sets, or a block of selectors like that of `accounts`.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"payments-nonprod\"\non { account \"111122223333\"; ou \"Workloads/Sandbox\" }",
};

pub(super) static ASSIGN_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "The last day on which the assignment is wanted, as `YYYY-MM-DD`; it ends at 24:00 UTC, and the next \
          apply revokes it.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-01-31""#,
};

pub(super) static ASSIGN_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Why the assignment is there; plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "INC-4821""#,
};

pub(super) static KEEP: WordRule = WordRule {
    name: "keep",
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
    block: BlockRule::Optional(Within::Keep),
    repeats: true,
    example: "keep \"NetworkAdmin\" {\n    to \"vendor-oncall\"\n    on { account \"shared-services\" }\n    \
              until \"2027-03-31\"\n    reason \"ITSM\"\n}\n\
              keep \"Deploy\" { to-undeclared; reason \"still in Terraform\" }",
};

pub(super) static KEEP_TO: WordRule = WordRule {
    name: "to",
    doc: "Keeps assignments to these groups.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to "vendor-oncall""#,
};

pub(super) static KEEP_TO_USER: WordRule = WordRule {
    name: "to-user",
    doc: "Keeps assignments to these users, given by user name.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to-user "jane@acme.com""#,
};

pub(super) static KEEP_TO_UNDECLARED: WordRule = WordRule {
    name: "to-undeclared",
    doc: "Keeps assignments to groups that exist and that the files do not declare. It stands without `to` and \
          `to-user`.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"keep "Deploy" { to-undeclared; reason "still in Terraform" }"#,
};

pub(super) static KEEP_ON: WordRule = WordRule {
    name: "on",
    doc: "Keeps assignments on these accounts: the names of account sets, or a block of selectors like that of \
          `accounts`. Without it every account is meant, the management account included.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"payments-nonprod\"\non { account \"shared-services\" }",
};

pub(super) static KEEP_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "The last day on which the assignments are kept, as `YYYY-MM-DD`, in UTC. After it they are revoked if \
          the files do not want them.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-03-31""#,
};

pub(super) static KEEP_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Why the assignments are kept; plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "still in Terraform""#,
};

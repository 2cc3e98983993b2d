//! The words of `assign` and `keep`.

use super::rule::{
    ACCOUNT_SETS, Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, Within, WordRule, one, some,
};

pub(super) static ASSIGN: WordRule = WordRule {
    name: "assign",
    doc: "Assigns each of the permission sets to each of the principals in each of the accounts.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::Required(Within::Assign),
    repeats: true,
    example: "assign \"ReadOnly\" \"Deploy\" {\n    to \"payments-devs\" \"payments-oncall\"\n    \
              on \"payments-nonprod\"\n    on { account \"111122223333\"; ou \"Workloads/Sandbox\" }\n}",
};

pub(super) static ASSIGN_TO: WordRule = WordRule {
    name: "to",
    doc: "Names groups by their labels.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to "payments-devs" "payments-oncall""#,
};

pub(super) static ASSIGN_TO_USER: WordRule = WordRule {
    name: "to-user",
    doc: "Names single users by user name. A warning recommends groups instead.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to-user "jane@acme.com""#,
};

pub(super) static ASSIGN_ON: WordRule = WordRule {
    name: "on",
    doc: "Selects the accounts: either names of account sets, or a block of selectors as in `accounts`.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"payments-nonprod\"\non { account \"111122223333\"; ou \"Workloads/Sandbox\" }",
};

pub(super) static ASSIGN_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "Sets the last day of the assignment, as `YYYY-MM-DD`. The assignment ends at 24:00 UTC, and the next apply \
          revokes it.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-01-31""#,
};

pub(super) static ASSIGN_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Gives the reason for the assignment. Plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "INC-4821""#,
};

pub(super) static KEEP: WordRule = WordRule {
    name: "keep",
    doc: "Protects live assignments from being revoked, whoever created them: matching assignments stay although the \
          configuration does not contain them. A `keep` never grants access. Without permission sets, it applies to \
          every declared permission set.",
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
    doc: "Keeps assignments to existing groups that the configuration does not declare. It cannot be combined with \
          `to` or `to-user`.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"keep "Deploy" { to-undeclared; reason "still in Terraform" }"#,
};

pub(super) static KEEP_ON: WordRule = WordRule {
    name: "on",
    doc: "Keeps assignments in these accounts: either names of account sets, or a block of selectors as in `accounts`. \
          Without it, the `keep` applies to every account, including the management account.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"payments-nonprod\"\non { account \"shared-services\" }",
};

pub(super) static KEEP_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "Sets the last day on which the assignments are kept, as `YYYY-MM-DD` in UTC. Afterwards they are revoked \
          unless the configuration contains them.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-03-31""#,
};

pub(super) static KEEP_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Gives the reason for keeping the assignments. Plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "still in Terraform""#,
};

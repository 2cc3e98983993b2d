//! The words of guards.

use super::rule::{
    ACCOUNT_SETS, Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, one,
    properties, some,
};

/// A number of any size.
const NUMBER: Arguments = Arguments {
    shown: "number",
    what: "a number",
    kind: Kind::Number { min: 0, max: u32::MAX },
    min: 1,
    max: 1,
    distinct_from: MANY,
};

pub(super) static GUARD: WordRule = WordRule {
    name: "guard",
    doc: "Limits what a single plan may do and what the configuration may contain. Several `guard` blocks are \
          combined: the strictest limit applies, and everything else adds up. Only an `exception` in the \
          configuration can lift a guard.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Guard),
    repeats: true,
    example: "guard {\n    max-deletions 25 percent=30\n    protect \"BreakGlass\"\n    \
              forbid \"contractors stay out\" { to \"contractors\"; on \"production\" }\n}",
};

properties! {
    /// The properties of `max-deletions`.
    MaxDeletionsProperties {
        percent: PropertyRule {
            name: "percent",
            kind: Kind::Number { min: 0, max: 100 },
            required: false,
            doc: "stops a plan that deletes more than this share of the live assignments of the stack. It applies from \
                  10 deletions on. The default is 30.",
        },
    }
}

pub(super) static MAX_DELETIONS: WordRule = WordRule {
    name: "max-deletions",
    doc: "Limits the deletions in a plan, counting assignments and permission sets. The default is 50. A plan that \
          exceeds the limit is shown in full and not applied.",
    arguments: NUMBER,
    properties: MaxDeletionsProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: "max-deletions 25 percent=30",
};

pub(super) static MAX_GRANTS: WordRule = WordRule {
    name: "max-grants",
    doc: "Limits the assignments that a plan may grant. By default there is no limit.",
    arguments: NUMBER,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "max-grants 200",
};

pub(super) static PROTECT: WordRule = WordRule {
    name: "protect",
    doc: "Names permission sets that are never deleted, and whose assignments are only revoked if the principal is \
          deleted or the assignment has ended. They need not be declared, because the guard also covers a permission \
          set that was removed from the configuration.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"protect "BreakGlass""#,
};

pub(super) static FORBID: WordRule = WordRule {
    name: "forbid",
    doc: "Names assignments that the configuration must not contain: those that match every part of the block. The \
          name states the purpose of the guard and must be unique in the project.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Required(Within::Forbid),
    repeats: true,
    example: "forbid \"deploy is non-prod\"    { permission-set \"Deploy\"; on \"production\" }\n\
              forbid \"admin is for platform\" { grants-policy \"AdministratorAccess\"; except-to \"platform-admins\" }",
};

properties! {
    /// The properties of `require-until`.
    RequireUntilProperties {
        within_days: PropertyRule {
            name: "within-days",
            // An end more than a hundred years ahead is meaningless, and dates are limited themselves.
            kind: Kind::Number { min: 1, max: 36_500 },
            required: false,
            doc: "limits how many days after the day of the plan the end may be, 1 to 36,500. Without it, any end is \
                  sufficient.",
        },
    }
}

pub(super) static REQUIRE_UNTIL: WordRule = WordRule {
    name: "require-until",
    doc: "Requires an end for assignments that match every part of the block. Without a block, it applies to all \
          assignments.",
    arguments: NO_ARGUMENTS,
    properties: RequireUntilProperties::RULES,
    block: BlockRule::Optional(Within::RequireUntil),
    repeats: true,
    example: "require-until within-days=30 { permission-set \"AdministratorAccess\"; except-to \"platform-admins\" }",
};

pub(super) static EXCEPTION: WordRule = WordRule {
    name: "exception",
    doc: "Exempts assignments from the `forbid` of this name for a limited time. It can be in another `guard` or file.",
    arguments: one(r#""forbid""#, "the name of a `forbid`"),
    properties: &[],
    block: BlockRule::Required(Within::Exception),
    repeats: true,
    example: "exception \"deploy is non-prod\" { to \"payments-sre\"; until \"2027-02-01\"; reason \"migration, SEC-77\" }",
};

pub(super) static OF_PERMISSION_SET: WordRule = WordRule {
    name: "permission-set",
    doc: "Matches assignments of these permission sets.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"permission-set "Deploy""#,
};

pub(super) static GRANTS_POLICY: WordRule = WordRule {
    name: "grants-policy",
    doc: "Matches assignments of permission sets that have one of these policies attached. AWS managed policies are \
          given by name with their path, or by ARN, and customer managed policies by name. An inline policy that \
          allows `*` on `*` counts as `AdministratorAccess`. This helps reviewers; it does not prove what a \
          permission set can do.",
    arguments: some(r#""policy"…"#, "a policy"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"grants-policy "AdministratorAccess""#,
};

pub(super) static OF_GROUP: WordRule = WordRule {
    name: "to",
    doc: "Matches assignments to these groups, in addition to the users of `to-user`.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to "contractors""#,
};

pub(super) static OF_USER: WordRule = WordRule {
    name: "to-user",
    doc: "Matches assignments to these users, given by user name, in addition to the groups of `to`.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to-user "jane@acme.com""#,
};

pub(super) static ON_ACCOUNT: WordRule = WordRule {
    name: "on",
    doc: "Matches assignments in these accounts: either names of account sets, or a block of selectors as in \
          `accounts`.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"production\"\non { ou \"Workloads/Prod\" }",
};

pub(super) static EXCEPT_TO: WordRule = WordRule {
    name: "except-to",
    doc: "Does not match assignments to these groups.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"except-to "platform-admins""#,
};

pub(super) static EXCEPT_TO_USER: WordRule = WordRule {
    name: "except-to-user",
    doc: "Does not match assignments to these users, given by user name.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"except-to-user "bg-01@acme.com""#,
};

pub(super) static EXCEPTION_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "Sets the last day of the exception, as `YYYY-MM-DD` in UTC.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-02-01""#,
};

pub(super) static EXCEPTION_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Gives the reason for the exception. Plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "migration, SEC-77""#,
};

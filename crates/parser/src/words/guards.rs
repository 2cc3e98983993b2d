//! The words of guards.

use super::rule::{
    ACCOUNT_SETS, Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, one,
    properties, some,
};

/// One number of any size.
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
    doc: "Limits what one plan may do, and what the files may want. Several `guard` blocks add up: of numbers the \
          strictest holds, and of everything else all that is said. There is no way around a guard but an \
          `exception` in the files.",
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
            doc: "stops a plan that deletes more than this share of the live assignments that are ours, from 10 \
                  deletions up; 30 by default.",
        },
    }
}

pub(super) static MAX_DELETIONS: WordRule = WordRule {
    name: "max-deletions",
    doc: "How many deletions a plan may hold, of assignments and permission sets; 50 by default. A plan that holds \
          more is shown whole and not applied.",
    arguments: NUMBER,
    properties: MaxDeletionsProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: "max-deletions 25 percent=30",
};

pub(super) static MAX_GRANTS: WordRule = WordRule {
    name: "max-grants",
    doc: "How many assignments a plan may grant; any number by default.",
    arguments: NUMBER,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "max-grants 200",
};

pub(super) static PROTECT: WordRule = WordRule {
    name: "protect",
    doc: "Permission sets that are never deleted, and that lose no assignment but those of principals that are \
          gone and those that have ended. They need not be declared: a set that was taken out of the files is \
          what this is for.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"protect "BreakGlass""#,
};

pub(super) static FORBID: WordRule = WordRule {
    name: "forbid",
    doc: "Assignments that the files must not want: those that every part of the block matches. The name says \
          what the guard is for; no two of a project share one.",
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
            // Further ahead than a hundred years no end means anything, and dates have an end themselves.
            kind: Kind::Number { min: 1, max: 36_500 },
            required: false,
            doc: "says how many days after the day of the plan the end may be at most, 1 to 36,500. Without it, any \
                  end will do.",
        },
    }
}

pub(super) static REQUIRE_UNTIL: WordRule = WordRule {
    name: "require-until",
    doc: "Assignments that must have an end: those that every part of the block matches, or all where it has no \
          block.",
    arguments: NO_ARGUMENTS,
    properties: RequireUntilProperties::RULES,
    block: BlockRule::Optional(Within::RequireUntil),
    repeats: true,
    example: "require-until within-days=30 { permission-set \"AdministratorAccess\"; except-to \"platform-admins\" }",
};

pub(super) static EXCEPTION: WordRule = WordRule {
    name: "exception",
    doc: "Assignments that the `forbid` of this name does not stop for a time. It may stand in another `guard` or \
          another file.",
    arguments: one(r#""forbid""#, "the name of a `forbid`"),
    properties: &[],
    block: BlockRule::Required(Within::Exception),
    repeats: true,
    example: "exception \"deploy is non-prod\" { to \"payments-sre\"; until \"2027-02-01\"; reason \"migration, SEC-77\" }",
};

pub(super) static OF_PERMISSION_SET: WordRule = WordRule {
    name: "permission-set",
    doc: "Assignments of these permission sets.",
    arguments: some(r#""permission-set"…"#, "a permission set"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"permission-set "Deploy""#,
};

pub(super) static GRANTS_POLICY: WordRule = WordRule {
    name: "grants-policy",
    doc: "Assignments of permission sets that have one of these policies attached: AWS managed ones by name with \
          the path or by ARN, customer managed ones by name. An inline policy that allows `*` on `*` counts as \
          `AdministratorAccess`. This helps a reviewer; it proves nothing about what a set can do.",
    arguments: some(r#""policy"…"#, "a policy"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"grants-policy "AdministratorAccess""#,
};

pub(super) static OF_GROUP: WordRule = WordRule {
    name: "to",
    doc: "Assignments to these groups, or to the users that `to-user` names.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to "contractors""#,
};

pub(super) static OF_USER: WordRule = WordRule {
    name: "to-user",
    doc: "Assignments to these users, given by user name, or to the groups that `to` names.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"to-user "jane@acme.com""#,
};

pub(super) static ON_ACCOUNT: WordRule = WordRule {
    name: "on",
    doc: "Assignments on these accounts: the names of account sets, or a block of selectors like that of \
          `accounts`.",
    arguments: ACCOUNT_SETS,
    properties: &[],
    block: BlockRule::Optional(Within::On),
    repeats: true,
    example: "on \"production\"\non { ou \"Workloads/Prod\" }",
};

pub(super) static EXCEPT_TO: WordRule = WordRule {
    name: "except-to",
    doc: "Leaves out assignments to these groups.",
    arguments: some(r#""group"…"#, "a group"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"except-to "platform-admins""#,
};

pub(super) static EXCEPT_TO_USER: WordRule = WordRule {
    name: "except-to-user",
    doc: "Leaves out assignments to these users, given by user name.",
    arguments: some(r#""user-name"…"#, "a user"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"except-to-user "bg-01@acme.com""#,
};

pub(super) static EXCEPTION_UNTIL: WordRule = WordRule {
    name: "until",
    doc: "The last day on which the exception holds, as `YYYY-MM-DD`, in UTC.",
    arguments: one(r#""date""#, "a date"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"until "2027-02-01""#,
};

pub(super) static EXCEPTION_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Why there is an exception; plans show it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "migration, SEC-77""#,
};

//! The words of a project, of accounts, permission sets and assignments.

use super::Within::{
    AccountSet, Assign, Boundary, Except, File, Include, InlinePolicy, On, Only, PermissionSet, Statement,
    Template,
};
use super::{Arguments, BlockRule, Kind, PropertyWord, Within, Word};

pub(super) const MANY: usize = usize::MAX;

pub(super) const NO_ARGUMENTS: Arguments =
    Arguments { shown: "", what: "", kind: Kind::Text, min: 0, max: 0, distinct_from: MANY };

/// Exactly one text.
pub(super) const fn one(shown: &'static str, what: &'static str) -> Arguments {
    Arguments { shown, what, kind: Kind::Text, min: 1, max: 1, distinct_from: MANY }
}

/// One text or several, none of them twice.
pub(super) const fn some(shown: &'static str, what: &'static str) -> Arguments {
    Arguments { shown, what, kind: Kind::Text, min: 1, max: MANY, distinct_from: 0 }
}

/// The arguments of `on`.
pub(super) const ACCOUNT_SETS: Arguments = Arguments {
    shown: r#""account-set"…"#,
    what: "an account set",
    kind: Kind::Text,
    min: 0,
    max: MANY,
    distinct_from: 0,
};

/// The places of selectors.
const SELECTORS: &[Within] = &[AccountSet, On, Only, Except];

/// What every selector may say.
const MAY_BE_EMPTY: PropertyWord = PropertyWord {
    name: "empty",
    kind: Kind::OneOf(&["allowed"]),
    required: false,
    doc: "lets the line match no account. Without it, a line that matches none is an error.",
};

const CUSTOMER_POLICY_PATH: PropertyWord = PropertyWord {
    name: "path",
    kind: Kind::Text,
    required: false,
    doc: "is the path of the policy in IAM, with a slash at both ends; `/` by default, at most 512 characters.",
};

const STATEMENT_ID: PropertyWord = PropertyWord {
    name: "sid",
    kind: Kind::Text,
    required: false,
    doc: "names the statement, in letters and digits; no two statements of a policy share one.",
};

/// The words, file level first.
pub(super) static WORDS: &[Word] = &[
    Word {
        name: "rolecall",
        within: &[File],
        doc: "Begins a project. It stands once, in the project file.",
        arguments: NO_ARGUMENTS,
        properties: &[
            PropertyWord {
                name: "language",
                kind: Kind::Number { min: 0, max: u32::MAX },
                required: true,
                doc: "is the version of the language: 1.",
            },
            PropertyWord {
                name: "stack",
                kind: Kind::Text,
                required: true,
                doc: "is the owner's mark: each permission set that Rolecall makes carries it in the tag \
                      `rolecall:stack`, and only sets with this mark are changed or deleted. 1 to 64 letters, digits \
                      or `_.:/=+@-`.",
            },
        ],
        block: BlockRule::None,
        repeats: false,
        example: r#"rolecall language=1 stack="acme""#,
    },
    Word {
        name: "identity-center",
        within: &[File],
        doc: "Says which instance of IAM Identity Center the project is about. It stands once, in the project file.",
        arguments: NO_ARGUMENTS,
        properties: &[
            PropertyWord {
                name: "region",
                kind: Kind::Text,
                required: true,
                doc: "is the primary Region of the instance. Its partition (`aws`, `aws-us-gov`, `aws-cn`) is the one \
                      in which managed policies are looked up.",
            },
            PropertyWord {
                name: "instance",
                kind: Kind::Text,
                required: false,
                doc: "is the id of the instance, `ssoins-` and 16 hexadecimal digits, for callers who see several.",
            },
        ],
        block: BlockRule::None,
        repeats: false,
        example: r#"identity-center region="eu-west-1" instance="ssoins-7223abcd1234ef56""#,
    },
    Word {
        name: "include",
        within: &[File],
        doc: "Adds the `.kdl` files that match the patterns to the project; only the project file may do so. In a \
              pattern, `*` and `?` stay within one folder and `**` goes through folders. Patterns cannot leave the \
              project's directory: no absolute path, no `..`, no symbolic link that leads out; links to directories \
              and hidden files are not followed. A pattern that matches no file is an error, since a renamed folder \
              must not revoke a team's access. A `.kdl` file that nothing includes is a warning.",
        arguments: some(r#""pattern"…"#, "a pattern"),
        properties: &[],
        block: BlockRule::Optional(Include),
        repeats: true,
        example: "include \"groups.kdl\" \"permission-sets/*.kdl\"\ninclude \"teams/*.kdl\" { may-contain \"group\" \"use\" }",
    },
    Word {
        name: "may-contain",
        within: &[Include],
        doc: "Limits what the files of this `include` may say to these words. A file that several limits apply to \
              must keep all of them.",
        arguments: Arguments {
            shown: r#""word"…"#,
            what: "a word",
            kind: Kind::OneOf(&[
                "accounts",
                "assign",
                "attributes",
                "entra",
                "external-permission-set",
                "group",
                "guard",
                "keep",
                "lint",
                "permission-set",
                "release-permission-set",
                "template",
                "use",
            ]),
            min: 1,
            max: MANY,
            distinct_from: 0,
        },
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"include "teams/*.kdl" { may-contain "group" "assign" }"#,
    },
    Word {
        name: "group",
        within: &[File],
        doc: "Declares a group of Entra ID that comes to the Identity Store by SCIM. The label is how the files name \
              it, and its display name unless `display-name` gives another.",
        arguments: one(r#""label""#, "a label"),
        properties: &[
            PropertyWord {
                name: "display-name",
                kind: Kind::Text,
                required: false,
                doc: "is the group's display name, matched exactly.",
            },
            PropertyWord {
                name: "id",
                kind: Kind::Text,
                required: false,
                doc: "is the group's object id in Entra. It survives a rename, and no other group can take it.",
            },
        ],
        block: BlockRule::None,
        repeats: true,
        example: "group \"platform-admins\"\ngroup \"payments-devs\" display-name=\"AWS Payments Developers\"\n\
                  group \"auditors\" id=\"4f6c1d2e-0000-4000-8000-000000000001\"",
    },
    Word {
        name: "accounts",
        within: &[File],
        doc: "Declares a set of accounts: the union of its lines, cut down to what each `only` block matches, minus \
              what any `except` block matches. A `tag` or `name` line stands alone, since readers take two lines for \
              \"and\": to have both, put one into an `only` block. A set that ends empty is an error unless all its \
              lines say `empty=\"allowed\"`. Sets may use sets, but not in a circle.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::Required(AccountSet, &[]),
        repeats: true,
        example: "accounts \"production\" {\n    ou \"Workloads/Prod\"\n    account \"legacy-billing\" \"111122223333\"\n    \
                  except { name \"sandbox-*\"; accounts \"pci\" }\n}\naccounts \"payments-nonprod\" {\n    \
                  ou \"Workloads/NonProd\"\n    only { tag \"domain\" \"payments\" }\n}",
    },
    Word {
        name: "account",
        within: SELECTORS,
        doc: "Selects accounts by name or by their 12-digit ids. It alone can select the management account.",
        arguments: some(r#""name-or-id"…"#, "an account"),
        properties: &[MAY_BE_EMPTY],
        block: BlockRule::None,
        repeats: true,
        example: r#"account "legacy-billing" "111122223333""#,
    },
    Word {
        name: "ou",
        within: SELECTORS,
        doc: "Selects the accounts of an organizational unit and of the units below it. The unit is given by the path \
              of names from the root, without the root's own, or by its id; a unit with a slash in its name by its \
              id alone.",
        arguments: one(r#""path-or-id""#, "an organizational unit"),
        properties: &[
            PropertyWord {
                name: "depth",
                kind: Kind::OneOf(&["direct"]),
                required: false,
                doc: "leaves out the units below.",
            },
            MAY_BE_EMPTY,
        ],
        block: BlockRule::None,
        repeats: true,
        example: "ou \"Workloads/Prod\"\nou \"ou-a1b2-34567890\" depth=\"direct\"",
    },
    Word {
        name: "tag",
        within: SELECTORS,
        doc: "Selects the accounts on which the tag has one of the values. Outside `except` it stands alone.",
        arguments: Arguments {
            shown: r#""key" "value"…"#,
            what: "a key and a value",
            kind: Kind::AnyText,
            min: 2,
            max: MANY,
            distinct_from: 1,
        },
        properties: &[MAY_BE_EMPTY],
        block: BlockRule::None,
        repeats: true,
        example: r#"tag "domain" "payments" "search""#,
    },
    Word {
        name: "name",
        within: SELECTORS,
        doc: "Selects the accounts whose whole name matches the pattern of `*`, `?`, `[…]` and `{a,b}`. Outside \
              `except` it stands alone.",
        arguments: one(r#""pattern""#, "a pattern"),
        properties: &[MAY_BE_EMPTY],
        block: BlockRule::None,
        repeats: true,
        example: r#"name "sandbox-*""#,
    },
    Word {
        name: "accounts",
        within: SELECTORS,
        doc: "Selects what declared account sets select.",
        arguments: some(r#""set"…"#, "an account set"),
        properties: &[MAY_BE_EMPTY],
        block: BlockRule::None,
        repeats: true,
        example: r#"accounts "production" "pci""#,
    },
    Word {
        name: "every-member-account",
        within: SELECTORS,
        doc: "Selects every account but the management account.",
        arguments: NO_ARGUMENTS,
        properties: &[MAY_BE_EMPTY],
        block: BlockRule::None,
        repeats: false,
        example: "accounts \"everywhere\" { every-member-account }",
    },
    Word {
        name: "only",
        within: &[AccountSet, On],
        doc: "Keeps of the set what its lines match. Several `only` blocks must all match.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::Required(Only, &[]),
        repeats: true,
        example: r#"only { tag "domain" "payments" }"#,
    },
    Word {
        name: "except",
        within: &[AccountSet, On],
        doc: "Takes out of the set whatever any of its lines matches; here lines of every kind simply add up.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::Required(Except, &[]),
        repeats: true,
        example: r#"except { account "payments-perf"; name "sandbox-*" }"#,
    },
    Word {
        name: "permission-set",
        within: &[File],
        doc: "Declares a permission set that the stack owns whole: assignments of it that the files do not want are \
              revoked. Its name has 1 to 32 letters, digits or `_+=,.@-`. It may have up to 25 policies, managed and \
              customer-managed together.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::Optional(PermissionSet),
        repeats: true,
        example: "permission-set \"Deploy\" {\n    description \"Ship payments services\"\n    session \"1h30m\"\n    \
                  managed-policy \"ReadOnlyAccess\"\n    inline-policy file=\"policies/deploy.json\"\n}",
    },
    Word {
        name: "description",
        within: &[PermissionSet],
        doc: "Describes the set, in 1 to 700 characters.",
        arguments: one(r#""text""#, "a text"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"description "Ship payments services""#,
    },
    Word {
        name: "session",
        within: &[PermissionSet],
        doc: "Says how long a session lasts: 1 to 12 hours, in hours and minutes. One hour by default.",
        arguments: one(r#""duration""#, "a duration"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"session "1h30m""#,
    },
    Word {
        name: "relay-state",
        within: &[PermissionSet],
        doc: "Says where the console opens: an address of up to 240 printable ASCII characters other \
              than the backtick, `<`, `>` and `^`.",
        arguments: one(r#""address""#, "an address"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"relay-state "https://console.aws.amazon.com/ecs""#,
    },
    Word {
        name: "managed-policy",
        within: &[PermissionSet],
        doc: "Attaches AWS managed policies, by name with the path or by ARN.",
        arguments: some(r#""policy"…"#, "a policy"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"managed-policy "ReadOnlyAccess" "job-function/SupportUser""#,
    },
    Word {
        name: "customer-policy",
        within: &[PermissionSet],
        doc: "Attaches customer managed policies, which must exist under this name and path in each account. A name \
              has 1 to 128 letters, digits or `_+=,.@-`.",
        arguments: some(r#""name"…"#, "a policy"),
        properties: &[CUSTOMER_POLICY_PATH],
        block: BlockRule::None,
        repeats: true,
        example: r#"customer-policy "deploy-base" path="/platform/""#,
    },
    Word {
        name: "boundary",
        within: &[PermissionSet],
        doc: "Sets the permissions boundary: one policy, managed or customer-managed.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::Required(Boundary, &[&["managed-policy", "customer-policy"]]),
        repeats: false,
        example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
    },
    Word {
        name: "managed-policy",
        within: &[Boundary],
        doc: "Takes an AWS managed policy as the boundary.",
        arguments: one(r#""policy""#, "a policy"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"boundary { managed-policy "PowerUserAccess" }"#,
    },
    Word {
        name: "customer-policy",
        within: &[Boundary],
        doc: "Takes a customer managed policy of each account as the boundary.",
        arguments: one(r#""name""#, "a policy"),
        properties: &[CUSTOMER_POLICY_PATH],
        block: BlockRule::None,
        repeats: false,
        example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
    },
    Word {
        name: "inline-policy",
        within: &[PermissionSet],
        doc: "Gives the set a policy of its own, from a JSON file or written in the block. AWS takes up to 32,768 \
              bytes and 10,240 characters other than white space, of U+0009, U+000A, U+000D and U+0020 to U+00FF. \
              Nothing is interpolated: `${aws:username}` reaches IAM as it stands.",
        arguments: NO_ARGUMENTS,
        properties: &[PropertyWord {
            name: "file",
            kind: Kind::Text,
            required: false,
            doc: "is the path of a JSON file, relative to the project's directory and within it. It takes the place \
                  of the block.",
        }],
        block: BlockRule::Optional(InlinePolicy),
        repeats: false,
        example: "permission-set \"Deploy\" { inline-policy file=\"policies/deploy.json\" }\npermission-set \"Read\" {\n    \
                  inline-policy {\n        allow \"s3:GetObject\" \"s3:ListBucket\" sid=\"Read\" {\n            \
                  resource \"arn:aws:s3:::deploy-${aws:username}/*\"\n            \
                  when \"StringEquals\" \"aws:PrincipalTag/team\" \"payments\" \"search\"\n        }\n        \
                  deny \"iam:*\" { resource \"*\" }\n    }\n}",
    },
    Word {
        name: "allow",
        within: &[InlinePolicy],
        doc: "A statement that allows actions. `NotAction` and the like are written in a JSON file.",
        arguments: some(r#""action"…"#, "an action"),
        properties: &[STATEMENT_ID],
        block: BlockRule::Required(Statement, &[&["resource"]]),
        repeats: true,
        example: r#"allow "s3:GetObject" sid="Read" { resource "*" }"#,
    },
    Word {
        name: "deny",
        within: &[InlinePolicy],
        doc: "A statement that denies actions.",
        arguments: some(r#""action"…"#, "an action"),
        properties: &[STATEMENT_ID],
        block: BlockRule::Required(Statement, &[&["resource"]]),
        repeats: true,
        example: r#"deny "iam:*" { resource "*" }"#,
    },
    Word {
        name: "resource",
        within: &[Statement],
        doc: "The resources of the statement: ARNs, or `*`.",
        arguments: some(r#""arn"…"#, "a resource"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"resource "arn:aws:s3:::deploy/*""#,
    },
    Word {
        name: "when",
        within: &[Statement],
        doc: "A condition: an operator of IAM, a key and its values. The values are alternatives; several `when` must \
              all hold.",
        arguments: Arguments {
            shown: r#""operator" "key" "value"…"#,
            what: "an operator, a key and a value",
            kind: Kind::AnyText,
            min: 3,
            max: MANY,
            distinct_from: 2,
        },
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"when "StringEquals" "aws:PrincipalTag/team" "payments" "search""#,
    },
    Word {
        name: "tag",
        within: &[PermissionSet],
        doc: "Puts a tag on the set: a key of up to 128 characters and a value of up to 256. Only declared keys are \
              managed; keys that begin with `rolecall:` belong to Rolecall. 49 tags at most.",
        arguments: Arguments {
            shown: r#""key" "value""#,
            what: "a key and a value",
            kind: Kind::AnyText,
            min: 2,
            max: 2,
            distinct_from: MANY,
        },
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"tag "owner" "payments""#,
    },
    Word {
        name: "external-permission-set",
        within: &[File],
        doc: "Declares a permission set that is made elsewhere, by Control Tower for instance. Rolecall never changes \
              the set itself, and owns its assignments to the declared groups and the named users alone. It shares \
              its names with `permission-set`.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"external-permission-set "AWSReadOnlyAccess""#,
    },
    Word {
        name: "assign",
        within: &[File, Template],
        doc: "Assigns each of the permission sets to each of the principals on each of the accounts.",
        arguments: some(r#""permission-set"…"#, "a permission set"),
        properties: &[],
        block: BlockRule::Required(Assign, &[&["to", "to-user"], &["on"]]),
        repeats: true,
        example: "assign \"ReadOnly\" \"Deploy\" {\n    to \"payments-devs\" \"payments-oncall\"\n    \
                  on \"payments-nonprod\"\n    on { account \"111122223333\"; ou \"Workloads/Sandbox\" }\n}",
    },
    Word {
        name: "to",
        within: &[Assign],
        doc: "The groups, by their labels.",
        arguments: some(r#""group"…"#, "a group"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"to "payments-devs" "payments-oncall""#,
    },
    Word {
        name: "to-user",
        within: &[Assign],
        doc: "Single users, by user name. A warning prefers groups.",
        arguments: some(r#""user-name"…"#, "a user"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"to-user "jane@acme.com""#,
    },
    Word {
        name: "on",
        within: &[Assign],
        doc: "The accounts: the names of account sets, or a block of selectors like that of `accounts`.",
        arguments: ACCOUNT_SETS,
        properties: &[],
        block: BlockRule::Optional(On),
        repeats: true,
        example: "on \"payments-nonprod\"\non { account \"111122223333\"; ou \"Workloads/Sandbox\" }",
    },
    Word {
        name: "until",
        within: &[Assign],
        doc: "The last day on which the assignment is wanted, as `YYYY-MM-DD`; it ends at 24:00 UTC, and the next \
              apply revokes it.",
        arguments: one(r#""date""#, "a date"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"until "2027-01-31""#,
    },
    Word {
        name: "reason",
        within: &[Assign],
        doc: "Why the assignment is there; plans show it.",
        arguments: one(r#""text""#, "a text"),
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: r#"reason "INC-4821""#,
    },
];

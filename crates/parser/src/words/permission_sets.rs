//! The words of permission sets, those of their lifecycle among them: taken over, renamed, let go.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, one, properties, some,
};

pub(super) static PERMISSION_SET: WordRule = WordRule {
    name: "permission-set",
    doc: "Declares a permission set that the stack owns whole: assignments of it that the files do not want are \
          revoked. Its name has 1 to 32 letters, digits or `_+=,.@-`. It may have up to 25 policies, managed and \
          customer-managed together.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Optional(Within::PermissionSet),
    repeats: true,
    example: "permission-set \"Deploy\" {\n    description \"Ship payments services\"\n    session \"1h30m\"\n    \
              managed-policy \"ReadOnlyAccess\"\n    inline-policy file=\"policies/deploy.json\"\n}",
};

pub(super) static DESCRIPTION: WordRule = WordRule {
    name: "description",
    doc: "Describes the set, in 1 to 700 characters.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"description "Ship payments services""#,
};

pub(super) static SESSION: WordRule = WordRule {
    name: "session",
    doc: "Says how long a session lasts: 1 to 12 hours, in hours and minutes. One hour by default.",
    arguments: one(r#""duration""#, "a duration"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"session "1h30m""#,
};

pub(super) static RELAY_STATE: WordRule = WordRule {
    name: "relay-state",
    doc: "Says where the console opens: an address of up to 240 printable ASCII characters other \
          than the backtick, `<`, `>` and `^`.",
    arguments: one(r#""address""#, "an address"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"relay-state "https://console.aws.amazon.com/ecs""#,
};

pub(super) static MANAGED_POLICY: WordRule = WordRule {
    name: "managed-policy",
    doc: "Attaches AWS managed policies, by name with the path or by ARN.",
    arguments: some(r#""policy"…"#, "a policy"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"managed-policy "ReadOnlyAccess" "job-function/SupportUser""#,
};

properties! {
    /// The properties of `customer-policy`.
    CustomerPolicyProperties {
        path: PropertyRule {
            name: "path",
            kind: Kind::Text,
            required: false,
            doc: "is the path of the policy in IAM, with a slash at both ends; `/` by default, at most 512 characters.",
        },
    }
}

pub(super) static CUSTOMER_POLICY: WordRule = WordRule {
    name: "customer-policy",
    doc: "Attaches customer managed policies, which must exist under this name and path in each account. A name \
          has 1 to 128 letters, digits or `_+=,.@-`.",
    arguments: some(r#""name"…"#, "a policy"),
    properties: CustomerPolicyProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"customer-policy "deploy-base" path="/platform/""#,
};

pub(super) static BOUNDARY: WordRule = WordRule {
    name: "boundary",
    doc: "Sets the permissions boundary: one policy, managed or customer-managed.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Boundary),
    repeats: false,
    example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
};

pub(super) static BOUNDARY_MANAGED_POLICY: WordRule = WordRule {
    name: "managed-policy",
    doc: "Takes an AWS managed policy as the boundary.",
    arguments: one(r#""policy""#, "a policy"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"boundary { managed-policy "PowerUserAccess" }"#,
};

pub(super) static BOUNDARY_CUSTOMER_POLICY: WordRule = WordRule {
    name: "customer-policy",
    doc: "Takes a customer managed policy of each account as the boundary.",
    arguments: one(r#""name""#, "a policy"),
    properties: CustomerPolicyProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
};

pub(super) static TAG: WordRule = WordRule {
    name: "tag",
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
};

pub(super) static ADOPT: WordRule = WordRule {
    name: "adopt",
    doc: "Takes over a live permission set of this name that no stack owns. While the word stands, assignments of \
          the set that the files do not want are reported, not revoked; taking the word away lets them go.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "permission-set \"Deploy\" {\n    adopt\n    session \"1h30m\"\n}",
};

pub(super) static RENAMED_FROM: WordRule = WordRule {
    name: "renamed-from",
    doc: "Says which name the set had. The set of the new name is made and assigned before the old one, which \
          carries the stack's tag, is revoked and deleted. The old name is not declared, released or renamed \
          anywhere else, and `adopt` does not stand beside it.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "permission-set \"Deployment\" {\n    renamed-from \"Deploy\"\n}",
};

pub(super) static EXTERNAL_PERMISSION_SET: WordRule = WordRule {
    name: "external-permission-set",
    doc: "Declares a permission set that is made elsewhere, by Control Tower for instance. Rolecall never changes \
          the set itself, and owns its assignments to the declared groups and the named users alone. It shares \
          its names with `permission-set`.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"external-permission-set "AWSReadOnlyAccess""#,
};

pub(super) static RELEASE_PERMISSION_SET: WordRule = WordRule {
    name: "release-permission-set",
    doc: "Lets a permission set go that the stack owned: its tag is taken off, and the set and its assignments stay \
          as they are. The name may be declared as an `external-permission-set` beside it, but not as a \
          `permission-set`.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"release-permission-set "NetworkAdmin""#,
};

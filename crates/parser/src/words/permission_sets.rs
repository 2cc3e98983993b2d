//! The words of permission sets, including those of their lifecycle.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, one, properties, some,
};

pub(super) static PERMISSION_SET: WordRule = WordRule {
    name: "permission-set",
    doc: "Declares a permission set that the stack owns entirely: its assignments that the configuration does not \
          contain are revoked. The name has 1 to 32 letters, digits or `_+=,.@-`. A permission set has at most 25 \
          policies, counting AWS managed and customer managed policies.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Optional(Within::PermissionSet),
    repeats: true,
    example: "permission-set \"Deploy\" {\n    description \"Ship payments services\"\n    session \"1h30m\"\n    \
              managed-policy \"ReadOnlyAccess\"\n    inline-policy file=\"policies/deploy.json\"\n}",
};

pub(super) static DESCRIPTION: WordRule = WordRule {
    name: "description",
    doc: "Describes the permission set in 1 to 700 characters.",
    arguments: Arguments { kind: Kind::SpacedText, ..one(r#""text""#, "a text") },
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"description "Ship payments services""#,
};

pub(super) static SESSION: WordRule = WordRule {
    name: "session",
    doc: "Sets the session duration: 1 to 12 hours, in hours, minutes and seconds. The default is one hour.",
    arguments: one(r#""duration""#, "a duration"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"session "1h30m""#,
};

pub(super) static RELAY_STATE: WordRule = WordRule {
    name: "relay-state",
    doc: "Sets the relay state, the page that opens after sign-in: an address of up to 240 printable ASCII characters \
          except the backtick, `<`, `>` and `^`.",
    arguments: Arguments { kind: Kind::SpacedText, ..one(r#""address""#, "an address") },
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"relay-state "https://console.aws.amazon.com/ecs""#,
};

pub(super) static MANAGED_POLICY: WordRule = WordRule {
    name: "managed-policy",
    doc: "Attaches AWS managed policies, given by name with their path, or by ARN.",
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
            doc: "is the path of the policy in IAM, with a slash at both ends. The default is `/`; at most 512 \
                  characters.",
        },
    }
}

pub(super) static CUSTOMER_POLICY: WordRule = WordRule {
    name: "customer-policy",
    doc: "Attaches customer managed policies. They must exist with this name and path in every account. A name has 1 \
          to 128 letters, digits or `_+=,.@-`.",
    arguments: some(r#""name"…"#, "a policy"),
    properties: CustomerPolicyProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"customer-policy "deploy-base" path="/platform/""#,
};

pub(super) static BOUNDARY: WordRule = WordRule {
    name: "boundary",
    doc: "Sets the permissions boundary: a single policy, either AWS managed or customer managed.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Boundary),
    repeats: false,
    example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
};

pub(super) static BOUNDARY_MANAGED_POLICY: WordRule = WordRule {
    name: "managed-policy",
    doc: "Uses an AWS managed policy as the boundary.",
    arguments: one(r#""policy""#, "a policy"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"boundary { managed-policy "PowerUserAccess" }"#,
};

pub(super) static BOUNDARY_CUSTOMER_POLICY: WordRule = WordRule {
    name: "customer-policy",
    doc: "Uses a customer managed policy of each account as the boundary.",
    arguments: one(r#""name""#, "a policy"),
    properties: CustomerPolicyProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"boundary { customer-policy "dev-boundary" path="/platform/" }"#,
};

pub(super) static TAG: WordRule = WordRule {
    name: "tag",
    doc: "Adds a tag to the permission set: a key of up to 128 characters and a value of up to 256. Only declared keys \
          are managed. Keys that begin with `rolecall:` are reserved for Rolecall. A permission set has at most 49 \
          tags.",
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
    doc: "Takes over a live permission set of this name that no stack owns. As long as the word is there, assignments \
          of the permission set that the configuration does not contain are reported and not revoked. Remove the word \
          to have them revoked.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "permission-set \"Deploy\" {\n    adopt\n    session \"1h30m\"\n}",
};

pub(super) static RENAMED_FROM: WordRule = WordRule {
    name: "renamed-from",
    doc: "Gives the previous name of the permission set. The permission set with the new name is created and assigned \
          before the old one, which must have the tag of this stack, is revoked and deleted. The old name must not be \
          declared, released or used by another `renamed-from`, and `adopt` cannot be combined with this word.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: "permission-set \"Deployment\" {\n    renamed-from \"Deploy\"\n}",
};

pub(super) static EXTERNAL_PERMISSION_SET: WordRule = WordRule {
    name: "external-permission-set",
    doc: "Declares a permission set that is externally managed, for example by Control Tower. Rolecall never changes \
          the permission set itself, and owns only its assignments to declared groups and named users. Its name must \
          not be used by a `permission-set`.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"external-permission-set "AWSReadOnlyAccess""#,
};

pub(super) static RELEASE_PERMISSION_SET: WordRule = WordRule {
    name: "release-permission-set",
    doc: "Releases a permission set that the stack owns: its tag is removed, and the permission set and its \
          assignments stay as they are. The name can also be declared as an `external-permission-set`, but not as a \
          `permission-set`.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"release-permission-set "NetworkAdmin""#,
};

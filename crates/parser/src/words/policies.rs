//! The words of inline policies.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, properties, some,
};

properties! {
    /// The properties of `inline-policy`.
    InlinePolicyProperties {
        file: PropertyRule {
            name: "file",
            kind: Kind::Text,
            required: false,
            doc: "is the path of a JSON file, relative to the project directory and within it. It replaces the block.",
        },
    }
}

pub(super) static INLINE_POLICY: WordRule = WordRule {
    name: "inline-policy",
    doc: "Gives the permission set an inline policy, either from a JSON file or written in the block. AWS allows up to \
          32,768 bytes and 10,240 characters other than white space, which must be U+0009, U+000A, U+000D or U+0020 \
          to U+00FF. Nothing is interpolated: `${aws:username}` reaches IAM unchanged.",
    arguments: NO_ARGUMENTS,
    properties: InlinePolicyProperties::RULES,
    block: BlockRule::Optional(Within::InlinePolicy),
    repeats: false,
    example: "permission-set \"Deploy\" { inline-policy file=\"policies/deploy.json\" }\npermission-set \"Read\" {\n    \
              inline-policy {\n        allow \"s3:GetObject\" \"s3:ListBucket\" sid=\"Read\" {\n            \
              resource \"arn:aws:s3:::deploy-${aws:username}/*\"\n            \
              when \"StringEquals\" \"aws:PrincipalTag/team\" \"payments\" \"search\"\n        }\n        \
              deny \"iam:*\" { resource \"*\" }\n    }\n}",
};

properties! {
    /// The properties of `allow`.
    StatementProperties {
        sid: PropertyRule {
            name: "sid",
            kind: Kind::Text,
            required: false,
            doc: "is the ID of the statement: letters and digits, unique within the policy.",
        },
    }
}

pub(super) static ALLOW: WordRule = WordRule {
    name: "allow",
    doc: "Adds a statement that allows actions. For `NotAction` and other elements, use a JSON file.",
    arguments: some(r#""action"…"#, "an action"),
    properties: StatementProperties::RULES,
    block: BlockRule::Required(Within::Statement),
    repeats: true,
    example: r#"allow "s3:GetObject" sid="Read" { resource "*" }"#,
};

pub(super) static DENY: WordRule = WordRule {
    name: "deny",
    doc: "Adds a statement that denies actions.",
    arguments: some(r#""action"…"#, "an action"),
    properties: StatementProperties::RULES,
    block: BlockRule::Required(Within::Statement),
    repeats: true,
    example: r#"deny "iam:*" { resource "*" }"#,
};

pub(super) static RESOURCE: WordRule = WordRule {
    name: "resource",
    doc: "Sets the resources of the statement: ARNs, or `*`.",
    arguments: some(r#""arn"…"#, "a resource"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"resource "arn:aws:s3:::deploy/*""#,
};

pub(super) static WHEN: WordRule = WordRule {
    name: "when",
    doc: "Adds a condition: an IAM condition operator, a key, and its values. One of the values must match. If there \
          are several `when` lines, all of them must match.",
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
};

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
            doc: "is the path of a JSON file, relative to the project's directory and within it. It takes the place \
                  of the block.",
        },
    }
}

pub(super) static INLINE_POLICY: WordRule = WordRule {
    name: "inline-policy",
    doc: "Gives the set a policy of its own, from a JSON file or written in the block. AWS takes up to 32,768 \
          bytes and 10,240 characters other than white space, of U+0009, U+000A, U+000D and U+0020 to U+00FF. \
          Nothing is interpolated: `${aws:username}` reaches IAM as it stands.",
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
            doc: "names the statement, in letters and digits; no two statements of a policy share one.",
        },
    }
}

pub(super) static ALLOW: WordRule = WordRule {
    name: "allow",
    doc: "A statement that allows actions. `NotAction` and the like are written in a JSON file.",
    arguments: some(r#""action"…"#, "an action"),
    properties: StatementProperties::RULES,
    block: BlockRule::Required(Within::Statement),
    repeats: true,
    example: r#"allow "s3:GetObject" sid="Read" { resource "*" }"#,
};

pub(super) static DENY: WordRule = WordRule {
    name: "deny",
    doc: "A statement that denies actions.",
    arguments: some(r#""action"…"#, "an action"),
    properties: StatementProperties::RULES,
    block: BlockRule::Required(Within::Statement),
    repeats: true,
    example: r#"deny "iam:*" { resource "*" }"#,
};

pub(super) static RESOURCE: WordRule = WordRule {
    name: "resource",
    doc: "The resources of the statement: ARNs, or `*`.",
    arguments: some(r#""arn"…"#, "a resource"),
    properties: &[],
    block: BlockRule::None,
    repeats: true,
    example: r#"resource "arn:aws:s3:::deploy/*""#,
};

pub(super) static WHEN: WordRule = WordRule {
    name: "when",
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
};

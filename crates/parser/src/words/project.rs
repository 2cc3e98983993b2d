//! The words that say what the project is: its file, its includes, its groups.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, one, properties, some,
};

properties! {
    /// The properties of `rolecall`.
    RolecallProperties {
        language: PropertyRule {
            name: "language",
            kind: Kind::Number { min: 0, max: u32::MAX },
            required: true,
            doc: "is the version of the language: 1.",
        },
        stack: PropertyRule {
            name: "stack",
            kind: Kind::Text,
            required: true,
            doc: "is the owner's mark: each permission set that Rolecall makes carries it in the tag \
                  `rolecall:stack`, and only sets with this mark are changed or deleted. 1 to 64 letters, digits \
                  or `_.:/=+@-`.",
        },
    }
}

pub(super) static ROLECALL: WordRule = WordRule {
    name: "rolecall",
    doc: "Begins a project. It stands once, in the project file.",
    arguments: NO_ARGUMENTS,
    properties: RolecallProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"rolecall language=1 stack="acme""#,
};

properties! {
    /// The properties of `identity-center`.
    IdentityCenterProperties {
        region: PropertyRule {
            name: "region",
            kind: Kind::Text,
            required: true,
            doc: "is the primary Region of the instance. Its partition (`aws`, `aws-us-gov`, `aws-cn`) is the one \
                  in which managed policies are looked up.",
        },
        instance: PropertyRule {
            name: "instance",
            kind: Kind::Text,
            required: false,
            doc: "is the id of the instance, `ssoins-` and 16 hexadecimal digits, for callers who see several.",
        },
    }
}

pub(super) static IDENTITY_CENTER: WordRule = WordRule {
    name: "identity-center",
    doc: "Says which instance of IAM Identity Center the project is about. It stands once, in the project file.",
    arguments: NO_ARGUMENTS,
    properties: IdentityCenterProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"identity-center region="eu-west-1" instance="ssoins-7223abcd1234ef56""#,
};

pub(super) static INCLUDE: WordRule = WordRule {
    name: "include",
    doc: "Adds the `.kdl` files that match the patterns to the project; only the project file may do so. In a \
          pattern, `*` and `?` stay within one folder and `**` goes through folders. Patterns cannot leave the \
          project's directory: no absolute path, no `..`, no symbolic link that leads out; links to directories \
          and hidden files are not followed. A pattern that matches no file is an error, since a renamed folder \
          must not revoke a team's access. A `.kdl` file that nothing includes is a warning.",
    arguments: some(r#""pattern"…"#, "a pattern"),
    properties: &[],
    block: BlockRule::Optional(Within::Include),
    repeats: true,
    example: "include \"groups.kdl\" \"permission-sets/*.kdl\"\ninclude \"teams/*.kdl\" { may-contain \"group\" \"use\" }",
};

pub(super) static MAY_CONTAIN: WordRule = WordRule {
    name: "may-contain",
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
};

properties! {
    /// The properties of `group`.
    GroupProperties {
        display_name: PropertyRule {
            name: "display-name",
            kind: Kind::Text,
            required: false,
            doc: "is the group's display name, matched exactly.",
        },
        id: PropertyRule {
            name: "id",
            kind: Kind::Text,
            required: false,
            doc: "is the group's object id in Entra. It survives a rename, and no other group can take it.",
        },
    }
}

pub(super) static GROUP: WordRule = WordRule {
    name: "group",
    doc: "Declares a group of Entra ID that comes to the Identity Store by SCIM. The label is how the files name \
          it, and its display name unless `display-name` gives another.",
    arguments: one(r#""label""#, "a label"),
    properties: GroupProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: "group \"platform-admins\"\ngroup \"payments-devs\" display-name=\"AWS Payments Developers\"\n\
              group \"auditors\" id=\"4f6c1d2e-0000-4000-8000-000000000001\"",
};

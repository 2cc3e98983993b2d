//! The words of the project file, and groups.

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
            doc: "identifies the owner of permission sets: Rolecall tags each permission set that it creates with \
                  `rolecall:stack`, and changes or deletes only permission sets with the tag of this stack. 1 to 64 \
                  letters, digits or `_.:/=+@-`.",
        },
    }
}

pub(super) static ROLECALL: WordRule = WordRule {
    name: "rolecall",
    doc: "Begins a project. It is required once, in the project file.",
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
            doc: "is the primary Region of the instance. Its partition (`aws`, `aws-us-gov`, `aws-cn`) determines the \
                  ARNs of AWS managed policies.",
        },
        instance: PropertyRule {
            name: "instance",
            kind: Kind::Text,
            required: false,
            doc: "is the ID of the instance, `ssoins-` and 16 hexadecimal digits. It is needed if the caller can see \
                  several instances.",
        },
    }
}

pub(super) static IDENTITY_CENTER: WordRule = WordRule {
    name: "identity-center",
    doc: "Names the instance of IAM Identity Center that the project manages. It is required once, in the project \
          file.",
    arguments: NO_ARGUMENTS,
    properties: IdentityCenterProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: r#"identity-center region="eu-west-1" instance="ssoins-7223abcd1234ef56""#,
};

pub(super) static INCLUDE: WordRule = WordRule {
    name: "include",
    doc: "Adds the `.kdl` files that match the patterns to the project. Only the project file can include files. In a \
          pattern, `*` and `?` match within one folder, and `**` matches across folders. Patterns cannot lead out of \
          the project directory: absolute paths, `..`, and symbolic links to files outside it are errors; symbolic \
          links to directories and hidden files are ignored. A pattern that matches no file is an error, because \
          renaming a folder must not revoke a team's access. A `.kdl` file that is not included causes a warning.",
    arguments: some(r#""pattern"…"#, "a pattern"),
    properties: &[],
    block: BlockRule::Optional(Within::Include),
    repeats: true,
    example: "include \"groups.kdl\" \"permission-sets/*.kdl\"\ninclude \"teams/*.kdl\" { may-contain \"group\" \"use\" }",
};

pub(super) static MAY_CONTAIN: WordRule = WordRule {
    name: "may-contain",
    doc: "Limits the files of this `include` to these words. If several limits apply to a file, it must satisfy all of \
          them.",
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
            doc: "is the display name of the group, matched exactly.",
        },
        id: PropertyRule {
            name: "id",
            kind: Kind::Text,
            required: false,
            doc: "is the object ID of the group in Entra. It survives renames and cannot be reused by another group.",
        },
    }
}

pub(super) static GROUP: WordRule = WordRule {
    name: "group",
    doc: "Declares a group of Entra ID that SCIM provisions to the Identity Store. The configuration refers to the \
          group by its label. The label is also its display name, unless `display-name` gives another.",
    arguments: one(r#""label""#, "a label"),
    properties: GroupProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: "group \"platform-admins\"\ngroup \"payments-devs\" display-name=\"AWS Payments Developers\"\n\
              group \"auditors\" id=\"4f6c1d2e-0000-4000-8000-000000000001\"",
};

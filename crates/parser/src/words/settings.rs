//! The words with settings of the entire project: attributes for access control, and levels of lints.

use rolecall_model::lint::LINTS;

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, choices, one, properties,
};

/// The names of all lints.
const LINT_NAMES: &[&str] = &{
    let mut names = [""; LINTS.len()];
    let mut at = 0;
    while at < LINTS.len() {
        names[at] = LINTS[at].0;
        at += 1;
    }
    names
};

pub(super) static ATTRIBUTES: WordRule = WordRule {
    name: "attributes",
    doc: "Lists the user attributes that IAM Identity Center passes on for access control. The instance then has \
          exactly these. It is allowed once; without it, the attributes of the instance are left unchanged. At most \
          50 attributes are allowed.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Attributes),
    repeats: false,
    example: "attributes {\n    attribute \"costCenter\" source=\"${path:enterprise.costCenter}\"\n}",
};

properties! {
    /// The properties of `attribute`.
    AttributeProperties {
        source: PropertyRule {
            name: "source",
            kind: Kind::Text,
            required: true,
            doc: "is the source of its value: up to 256 letters, digits, spaces or `_.:/=+-@[]{}$\\\"`.",
        },
    }
}

pub(super) static ATTRIBUTE: WordRule = WordRule {
    name: "attribute",
    doc: "Sets one attribute. Policies refer to its key as `aws:PrincipalTag/key`. The key has 1 to 128 letters, \
          digits, spaces or `_.:/=+-@`.",
    arguments: one(r#""key""#, "a key"),
    properties: AttributeProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"attribute "costCenter" source="${path:enterprise.costCenter}""#,
};

choices! {
    /// The level of a lint.
    LevelChoice {
        Allow = "allow",
        Warn = "warn",
        Deny = "deny",
    }
}

properties! {
    /// The properties of `lint`.
    LintProperties {
        level: PropertyRule {
            name: "level",
            kind: Kind::OneOf(LevelChoice::TEXTS),
            required: true,
            doc: "is the level: `allow` silences the lint and needs a `reason`, `warn` reports a warning, and `deny` \
                  reports an error.",
        },
    }
}

pub(super) static LINT: WordRule = WordRule {
    name: "lint",
    doc: "Sets the level of a lint for the whole project, once for each lint. The lints are `crowded-permission-set` \
          (a permission set assigned to more groups in an account than AWS allows), `direct-user` (a user who is \
          assigned directly), `ends-soon` (an assignment or exception that ends within 14 days), `idle-word` (a \
          lifecycle word that no longer has an effect), `later-expiry-holds` (two ends for the same assignment), \
          `literal-like-parameter` (a text that equals the name of a parameter), `many-policies` (more policies than \
          IAM attaches to a role by default), `unpinned-administrators` (administrators without `id=`), \
          `unused-account-set`, `unused-file`, `unused-group` and `wildcard-statement` (every action of a service on \
          every resource).",
    arguments: Arguments {
        shown: r#""lint""#,
        what: "the name of a lint",
        kind: Kind::OneOf(LINT_NAMES),
        min: 1,
        max: 1,
        distinct_from: MANY,
    },
    properties: LintProperties::RULES,
    block: BlockRule::Optional(Within::Lint),
    repeats: true,
    example: "lint \"direct-user\" level=\"deny\"\n\
              lint \"unused-group\" level=\"allow\" { reason \"groups are declared by another team\" }",
};

pub(super) static LINT_REASON: WordRule = WordRule {
    name: "reason",
    doc: "Gives the reason for the level. It is required to silence a lint.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "groups are declared by another team""#,
};

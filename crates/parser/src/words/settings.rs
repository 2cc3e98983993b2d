//! The words that set something for the project as a whole: attributes for access control, and levels of lints.

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
    doc: "Says which attributes of a user IAM Identity Center passes on for access control: these, and no others. \
          It stands once; without it, the attributes of the instance are left as they are. 50 at most.",
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
            doc: "is where its value comes from: up to 256 letters, digits, spaces or `_.:/=+-@[]{}$\\\"`.",
        },
    }
}

pub(super) static ATTRIBUTE: WordRule = WordRule {
    name: "attribute",
    doc: "One attribute, by the key that policies name as `aws:PrincipalTag/key`: 1 to 128 letters, digits, spaces \
          or `_.:/=+-@`.",
    arguments: one(r#""key""#, "a key"),
    properties: AttributeProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"attribute "costCenter" source="${path:enterprise.costCenter}""#,
};

choices! {
    /// What is done about a lint.
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
            doc: "is what is done: `allow` keeps it silent and needs a `reason`, `warn` tells it, and `deny` makes it an \
                  error.",
        },
    }
}

pub(super) static LINT: WordRule = WordRule {
    name: "lint",
    doc: "Sets the level of a warning for the whole project, once for each. The lints are `crowded-permission-set` \
          (a permission set with more groups on an account than AWS takes), `direct-user` (a user assigned \
          directly), `ends-soon` (an end within 14 days), `idle-word` (a lifecycle word that no longer does \
          anything), `later-expiry-holds` (two ends for one assignment), `literal-like-parameter` (a text that is \
          a parameter's name), `many-policies` (more policies than IAM attaches to a role by default), \
          `unpinned-administrators` (administrators without `id=`), `unused-account-set`, `unused-file`, \
          `unused-group` and `wildcard-statement` (every action of a service on every resource).",
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
    doc: "Why the level is this one. Whoever silences a lint says it.",
    arguments: one(r#""text""#, "a text"),
    properties: &[],
    block: BlockRule::None,
    repeats: false,
    example: r#"reason "groups are declared by another team""#,
};

//! The words that select accounts.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, choices, one, properties,
    some,
};

pub(super) static ACCOUNT_SET: WordRule = WordRule {
    name: "accounts",
    doc: "Declares a set of accounts: the union of its lines, cut down to what each `only` block matches, minus \
          what any `except` block matches. A `tag` or `name` line stands alone, since readers take two lines for \
          \"and\": to have both, put one into an `only` block. A set that ends empty is an error unless all its \
          lines say `empty=\"allowed\"`. Sets may use sets, but not in a circle.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Required(Within::AccountSet),
    repeats: true,
    example: "accounts \"production\" {\n    ou \"Workloads/Prod\"\n    account \"legacy-billing\" \"111122223333\"\n    \
              except { name \"sandbox-*\"; accounts \"pci\" }\n}\naccounts \"payments-nonprod\" {\n    \
              ou \"Workloads/NonProd\"\n    only { tag \"domain\" \"payments\" }\n}",
};

/// What lets something match nothing, or be left out.
pub(super) const ALLOWED: Kind = Kind::OneOf(&["allowed"]);

/// What every selector may say.
const MAY_BE_EMPTY: PropertyRule = PropertyRule {
    name: "empty",
    kind: ALLOWED,
    required: false,
    doc: "lets the line match no account. Without it, a line that matches none is an error.",
};

properties! {
    /// The properties of most selectors.
    SelectorProperties {
        empty: MAY_BE_EMPTY,
    }
}

pub(super) static ACCOUNT: WordRule = WordRule {
    name: "account",
    doc: "Selects accounts by name or by their 12-digit ids. It alone can select the management account.",
    arguments: some(r#""name-or-id"…"#, "an account"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"account "legacy-billing" "111122223333""#,
};

choices! {
    /// What `depth=` can say of a unit.
    UnitDepth {
        Direct = "direct",
    }
}

properties! {
    /// The properties of `ou`.
    UnitProperties {
        depth: PropertyRule {
            name: "depth",
            kind: Kind::OneOf(UnitDepth::TEXTS),
            required: false,
            doc: "leaves out the units below.",
        },
        empty: MAY_BE_EMPTY,
    }
}

pub(super) static UNIT: WordRule = WordRule {
    name: "ou",
    doc: "Selects the accounts of an organizational unit and of the units below it. The unit is given by the path \
          of names from the root, without the root's own, or by its id; a unit with a slash in its name by its \
          id alone.",
    arguments: one(r#""path-or-id""#, "an organizational unit"),
    properties: UnitProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: "ou \"Workloads/Prod\"\nou \"ou-a1b2-34567890\" depth=\"direct\"",
};

pub(super) static ACCOUNT_TAG: WordRule = WordRule {
    name: "tag",
    doc: "Selects the accounts on which the tag has one of the values. Outside `except` it stands alone.",
    arguments: Arguments {
        shown: r#""key" "value"…"#,
        what: "a key and a value",
        kind: Kind::AnyText,
        min: 2,
        max: MANY,
        distinct_from: 1,
    },
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"tag "domain" "payments" "search""#,
};

pub(super) static ACCOUNT_NAME: WordRule = WordRule {
    name: "name",
    doc: "Selects the accounts whose whole name matches the pattern of `*`, `?`, `[…]` and `{a,b}`. Outside \
          `except` it stands alone.",
    arguments: one(r#""pattern""#, "a pattern"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"name "sandbox-*""#,
};

pub(super) static ACCOUNTS: WordRule = WordRule {
    name: "accounts",
    doc: "Selects what declared account sets select.",
    arguments: some(r#""set"…"#, "an account set"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"accounts "production" "pci""#,
};

pub(super) static EVERY_MEMBER_ACCOUNT: WordRule = WordRule {
    name: "every-member-account",
    doc: "Selects every account but the management account.",
    arguments: NO_ARGUMENTS,
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: "accounts \"everywhere\" { every-member-account }",
};

pub(super) static ONLY: WordRule = WordRule {
    name: "only",
    doc: "Keeps of the set what its lines match. Several `only` blocks must all match.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Only),
    repeats: true,
    example: r#"only { tag "domain" "payments" }"#,
};

pub(super) static EXCEPT: WordRule = WordRule {
    name: "except",
    doc: "Takes out of the set whatever any of its lines matches; here lines of every kind simply add up.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Except),
    repeats: true,
    example: r#"except { account "payments-perf"; name "sandbox-*" }"#,
};

//! The words that select accounts.

use super::rule::{
    Arguments, BlockRule, Kind, MANY, NO_ARGUMENTS, PropertyRule, Within, WordRule, choices, one, properties,
    some,
};

pub(super) static ACCOUNT_SET: WordRule = WordRule {
    name: "accounts",
    doc: "Declares a set of accounts: the union of its lines, narrowed to the accounts that every `only` block \
          matches, without those that any `except` block matches. A `tag` or `name` line must be the only line of its \
          block, because readers take two lines for \"and\": to require both, move one to an `only` block. An empty \
          set is an error unless all of its lines have `empty=\"allowed\"`. Account sets can refer to each other, but \
          not in a cycle.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Required(Within::AccountSet),
    repeats: true,
    example: "accounts \"production\" {\n    ou \"Workloads/Prod\"\n    account \"legacy-billing\" \"111122223333\"\n    \
              except { name \"sandbox-*\"; accounts \"pci\" }\n}\naccounts \"payments-nonprod\" {\n    \
              ou \"Workloads/NonProd\"\n    only { tag \"domain\" \"payments\" }\n}",
};

/// Allows something to match nothing, or to be omitted.
pub(super) const ALLOWED: Kind = Kind::OneOf(&["allowed"]);

/// The property of every selector.
const MAY_BE_EMPTY: PropertyRule = PropertyRule {
    name: "empty",
    kind: ALLOWED,
    required: false,
    doc: "allows the line to match no account. Without it, a line that matches none is an error.",
};

properties! {
    /// The properties of most selectors.
    SelectorProperties {
        empty: MAY_BE_EMPTY,
    }
}

pub(super) static ACCOUNT: WordRule = WordRule {
    name: "account",
    doc: "Selects accounts by name or by 12-digit ID. Only this selector can select the management account.",
    arguments: some(r#""name-or-id"…"#, "an account"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"account "legacy-billing" "111122223333""#,
};

choices! {
    /// The values of `depth=` of a unit.
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
            doc: "excludes the units below.",
        },
        empty: MAY_BE_EMPTY,
    }
}

pub(super) static UNIT: WordRule = WordRule {
    name: "ou",
    doc: "Selects the accounts of an organizational unit and of all units below it. The unit is given by the path of \
          names from the root, without the name of the root itself, or by its ID. A unit with a slash in its name can \
          only be given by its ID.",
    arguments: one(r#""path-or-id""#, "an organizational unit"),
    properties: UnitProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: "ou \"Workloads/Prod\"\nou \"ou-a1b2-34567890\" depth=\"direct\"",
};

pub(super) static ACCOUNT_TAG: WordRule = WordRule {
    name: "tag",
    doc: "Selects the accounts whose tag has one of these values. Outside `except`, it must be the only line of its \
          block.",
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
    doc: "Selects the accounts whose entire name matches the pattern. Patterns support `*`, `?`, `[…]` and `{a,b}`. \
          Outside `except`, it must be the only line of its block.",
    arguments: one(r#""pattern""#, "a pattern"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"name "sandbox-*""#,
};

pub(super) static ACCOUNTS: WordRule = WordRule {
    name: "accounts",
    doc: "Selects the accounts of declared account sets.",
    arguments: some(r#""set"…"#, "an account set"),
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: r#"accounts "production" "pci""#,
};

pub(super) static EVERY_MEMBER_ACCOUNT: WordRule = WordRule {
    name: "every-member-account",
    doc: "Selects every account except the management account.",
    arguments: NO_ARGUMENTS,
    properties: SelectorProperties::RULES,
    block: BlockRule::None,
    repeats: false,
    example: "accounts \"everywhere\" { every-member-account }",
};

pub(super) static ONLY: WordRule = WordRule {
    name: "only",
    doc: "Narrows the selection to the accounts that its lines match. If there are several `only` blocks, an account \
          must match all of them.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Only),
    repeats: true,
    example: r#"only { tag "domain" "payments" }"#,
};

pub(super) static EXCEPT: WordRule = WordRule {
    name: "except",
    doc: "Removes the accounts that any of its lines matches. Lines of all kinds can be combined here.",
    arguments: NO_ARGUMENTS,
    properties: &[],
    block: BlockRule::Required(Within::Except),
    repeats: true,
    example: r#"except { account "payments-perf"; name "sandbox-*" }"#,
};

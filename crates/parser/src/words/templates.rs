//! The words of templates.

use super::accounts::ALLOWED;
use super::rule::{BlockRule, Kind, PropertyRule, Within, WordRule, choices, one, properties};

pub(super) static TEMPLATE: WordRule = WordRule {
    name: "template",
    doc: "Declares what several teams have in common, once. It holds parameters, and lines with \
          `(param)\"name\"` in the place of a value; each `use` of the template makes these lines anew, with \
          its own values. `(param)` replaces a whole value, in selectors too, and means nothing outside a \
          template. Where several values may stand, a parameter may have several. Names in what a template \
          makes are resolved as everywhere. A template holds no other template and no `use`.",
    arguments: one(r#""name""#, "a name"),
    properties: &[],
    block: BlockRule::Required(Within::Template),
    repeats: true,
    example: "template \"team\" {\n    parameter \"domain\" kind=\"text\"\n    \
              parameter \"devs\" kind=\"group\"\n    \
              parameter \"oncall\" kind=\"group\" empty=\"allowed\"\n    \
              assign \"Deploy\" {\n        to (param)\"devs\"\n        \
              on { ou \"Workloads/NonProd\"; only { tag \"domain\" (param)\"domain\" } }\n    }\n    \
              assign \"PowerUser\" {\n        to (param)\"oncall\"\n        \
              on { ou \"Workloads/Prod\"; only { tag \"domain\" (param)\"domain\" } }\n    }\n}",
};

choices! {
    /// What the values of a parameter are.
    ParameterKind {
        Accounts = "accounts",
        Group = "group",
        PermissionSet = "permission-set",
        Text = "text",
    }
}

properties! {
    /// The properties of `parameter`.
    ParameterProperties {
        kind: PropertyRule {
            name: "kind",
            kind: Kind::OneOf(ParameterKind::TEXTS),
            required: true,
            doc: "is what its values are: `group`, labels for `to`; `permission-set`, names for `assign` and \
                  `keep`; `accounts`, names of account sets or a block of selectors, for `on` and the selector \
                  `accounts`; `text` for everything else.",
        },
        empty: PropertyRule {
            name: "empty",
            kind: ALLOWED,
            required: false,
            doc: "lets a `use` give no value.",
        },
    }
}

pub(super) static PARAMETER: WordRule = WordRule {
    name: "parameter",
    doc: "Asks each `use` for a value. The name is the word by which a `use` gives it. A parameter that may be \
          left out never widens what the template makes: in `to`, `to-user` and the names of `on`, and among \
          the permission sets of a line, the missing value is left out; where none of these is left (of `to` \
          and `to-user` together), the whole `assign` or `keep` is left out. Anywhere else, as in a selector, \
          in `until` or in `reason`, a missing value leaves out the whole `assign` or `keep`, since what \
          remains without an `only`, an `except` or an end would be more than was meant.",
    arguments: one(r#""name""#, "a name"),
    properties: ParameterProperties::RULES,
    block: BlockRule::None,
    repeats: true,
    example: "template \"audit\" {\n    parameter \"auditors\" kind=\"group\"\n    \
              parameter \"where\" kind=\"accounts\"\n    \
              assign \"ReadOnly\" { to (param)\"auditors\"; on (param)\"where\" }\n}",
};

pub(super) static USE: WordRule = WordRule {
    name: "use",
    doc: "Makes what a template holds. Each line of the block begins with the name of a parameter and gives its \
          values. A parameter of the kind `accounts` may have a block of selectors instead, like that of `on`; \
          for the selector `accounts` such a block must do without `only` and `except`, and without `tag` and \
          `name` lines where those would stand beside others.",
    arguments: one(r#""template""#, "a template"),
    properties: &[],
    block: BlockRule::Declared,
    repeats: true,
    example: "use \"team\" { domain \"payments\"; devs \"payments-devs\" \"payments-sre\" }\n\
              use \"audit\" {\n    auditors \"auditors\"\n    where { ou \"Workloads\"; except { accounts \"pci\" } }\n}",
};

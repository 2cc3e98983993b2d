//! The words of templates.

use super::accounts::ALLOWED;
use super::rule::{BlockRule, Kind, PropertyRule, Within, WordRule, choices, one, properties};

pub(super) static TEMPLATE: WordRule = WordRule {
    name: "template",
    doc: "Declares what several teams have in common. A template has parameters, and lines in which `(param)\"name\"` \
          replaces a value. Each `use` of the template generates these lines with its own values. `(param)` replaces \
          an entire value, also in selectors, and is only allowed in a template. Where a word takes several values, a \
          parameter can have several. Names in the generated lines are resolved as usual. A template cannot contain \
          another template or a `use`.",
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
    /// The kind of a parameter's values.
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
            doc: "is the kind of its values: `group` for labels in `to`; `permission-set` for names in `assign` and \
                  `keep`; `accounts` for names of account sets or a block of selectors, in `on` and in the selector \
                  `accounts`; `text` for everything else.",
        },
        empty: PropertyRule {
            name: "empty",
            kind: ALLOWED,
            required: false,
            doc: "makes the parameter optional.",
        },
    }
}

pub(super) static PARAMETER: WordRule = WordRule {
    name: "parameter",
    doc: "Declares a parameter. Its name is the word with which a `use` gives the value. An optional parameter never \
          widens what the template generates: in `to`, `to-user`, the names of `on` and the permission sets of a \
          line, a missing value is dropped. If no value remains (for `to` and `to-user` together), the entire \
          `assign` or `keep` is dropped. Anywhere else, for example in a selector, in `until` or in `reason`, a \
          missing value drops the entire `assign` or `keep`, because a line without its `only`, `except` or end would \
          match more than intended.",
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
    doc: "Generates the lines of a template. Each line of the block begins with the name of a parameter and gives its \
          values. A parameter of the kind `accounts` can have a block of selectors instead, as in `on`. If the \
          template uses the parameter in the selector `accounts`, the block cannot contain `only` or `except`, and \
          cannot combine `tag` or `name` lines with others.",
    arguments: one(r#""template""#, "a template"),
    properties: &[],
    block: BlockRule::Declared,
    repeats: true,
    example: "use \"team\" { domain \"payments\"; devs \"payments-devs\" \"payments-sre\" }\n\
              use \"audit\" {\n    auditors \"auditors\"\n    where { ou \"Workloads\"; except { accounts \"pci\" } }\n}",
};

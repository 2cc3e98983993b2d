//! The configuration as text with names, because indices of two configurations are not comparable. Order has no meaning
//! in the language, so everything is sorted.

use std::collections::BTreeSet;

use rolecall_model::Config;
use rolecall_model::config::{
    AccountRef, AssignmentRule, Filter, GroupIx, On, PermissionSetRef, Selection, Selector, SelectorLine,
    UnitRef, UserRef,
};

/// Maximum length of a text in a message, in characters: a filter may list thousands of names.
const MOST_CHARACTERS: usize = 160;

/// Truncates a text to fit into a message.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Quotes and sorts names, separated by spaces.
pub(super) fn quote<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let sorted: BTreeSet<&str> = texts.into_iter().collect();
    sorted.into_iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" ")
}

pub(super) fn set_names(config: &Config, sets: &[PermissionSetRef]) -> BTreeSet<String> {
    sets.iter().map(|one| config.permission_set_name(*one).to_string()).collect()
}

/// `to "a" "b"` and `to-user "c"`: groups by their labels, users by their names.
pub(super) fn principals(
    config: &Config,
    groups: &[GroupIx],
    users: &[UserRef],
) -> BTreeSet<(&'static str, String)> {
    let groups = groups.iter().map(|index| ("to", config[*index].label.clone()));
    groups.chain(users.iter().map(|user| ("to-user", user.name.to_string()))).collect()
}

/// Formats an `assign` without its end and reason.
pub(super) fn rule(config: &Config, rule: &AssignmentRule) -> String {
    let AssignmentRule { permission_sets, groups, users, on, until: _, reason: _, origin: _ } = rule;
    let sets = set_names(config, permission_sets);
    let mut text = quote(sets.iter().map(String::as_str));
    for (word, name) in principals(config, groups, users) {
        text.push_str(&format!(" {word} {name:?}"));
    }
    for part in ons(config, on) {
        text.push_str(&format!(" on {part}"));
    }
    text
}

/// Returns the selection as sorted parts. A block without `only` and `except` is a union of its lines, so `on { account
/// "a" "b" }` equals two `on` with one account each.
pub(super) fn ons(config: &Config, on: &[On]) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for part in on {
        match part {
            On::Set(index, _) => {
                parts.insert(format!("{:?}", config[*index].name));
            }
            On::Selection(Selection { lines, only, except }, _) if only.is_empty() && except.is_empty() => {
                parts.extend(lines.iter().flat_map(|line| added_up(config, &line.selector)));
            }
            On::Selection(chosen, _) => {
                parts.insert(selection(config, chosen));
            }
        }
    }
    parts
}

fn added_up(config: &Config, selected: &Selector) -> Vec<String> {
    match selected {
        Selector::Account(references) => {
            let single = |(one, _): &(AccountRef, _)| format!("{{ account {:?} }}", account_name(one));
            references.iter().map(single).collect()
        }
        Selector::Accounts(sets) => sets.iter().map(|index| format!("{:?}", config[*index].name)).collect(),
        Selector::Tag { key, values } => {
            values.iter().map(|value| format!("{{ tag {key:?} {value:?} }}")).collect()
        }
        Selector::Unit { .. } | Selector::Name(_) | Selector::EveryMemberAccount => {
            vec![format!("{{ {} }}", selector(config, selected))]
        }
    }
}

fn account_name(reference: &AccountRef) -> String {
    match reference {
        AccountRef::Id(id) => id.to_string(),
        AccountRef::Name(name) => name.clone(),
    }
}

/// Splits a selection into the parts of its union, and its `only` and `except` as text.
pub(super) fn parts(config: &Config, selection: &Selection) -> (BTreeSet<String>, String) {
    let Selection { lines, only, except } = selection;
    let filters = Selection { lines: Vec::new(), only: only.clone(), except: except.clone() };
    let added = lines.iter().flat_map(|line| added_up(config, &line.selector)).collect();
    (added, self::selection(config, &filters))
}

/// Formats a selection as a block.
pub(super) fn selection(config: &Config, selection: &Selection) -> String {
    let Selection { lines: added, only, except } = selection;
    let mut parts = lines(config, added);
    let block =
        |word: &str, filter: &Filter| format!("{word} {{ {} }}", lines(config, &filter.lines).join("; "));
    parts.extend(only.iter().map(|filter| block("only", filter)));
    parts.extend(except.iter().map(|filter| block("except", filter)));
    format!("{{ {} }}", parts.join("; "))
}

fn lines(config: &Config, lines: &[SelectorLine]) -> Vec<String> {
    let mut spelled: Vec<String> = lines.iter().map(|line| selector(config, &line.selector)).collect();
    spelled.sort();
    spelled
}

fn selector(config: &Config, selector: &Selector) -> String {
    match selector {
        Selector::Account(references) => {
            let names: Vec<String> = references.iter().map(|(one, _)| account_name(one)).collect();
            format!("account {}", quote(names.iter().map(String::as_str)))
        }
        Selector::Unit { unit, direct } => {
            let unit = match unit {
                UnitRef::Id(id) => id.to_string(),
                UnitRef::Path(names) => names.join("/"),
            };
            format!("ou {unit:?}{}", if *direct { " depth=\"direct\"" } else { "" })
        }
        Selector::Tag { key, values } => {
            format!("tag {key:?} {}", quote(values.iter().map(String::as_str)))
        }
        Selector::Name(pattern) => format!("name {:?}", pattern.as_str()),
        Selector::Accounts(sets) => {
            format!("accounts {}", quote(sets.iter().map(|index| config[*index].name.as_str())))
        }
        Selector::EveryMemberAccount => "every-member-account".to_owned(),
    }
}

/// Returns the account sets that an `on` names, directly or in its selectors.
pub(super) fn sets_named_on<'c>(config: &'c Config, on: &On) -> Vec<&'c str> {
    match on {
        On::Set(index, _) => vec![config[*index].name.as_str()],
        On::Selection(chosen, _) => sets_named(config, chosen),
    }
}

/// Returns the account sets that a selection names.
pub(super) fn sets_named<'c>(config: &'c Config, selection: &Selection) -> Vec<&'c str> {
    let Selection { lines, only, except } = selection;
    let filtered = only.iter().chain(except).flat_map(|filter| &filter.lines);
    let mut named = Vec::new();
    for line in lines.iter().chain(filtered) {
        if let Selector::Accounts(sets) = &line.selector {
            named.extend(sets.iter().map(|index| config[*index].name.as_str()));
        }
    }
    named
}

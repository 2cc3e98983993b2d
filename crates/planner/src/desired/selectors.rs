//! Resolves selectors: the accounts of each account set and each inline selection.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use rolecall_model::config::{
    AccountRef, AccountSetIx, Filter, On, Selection, Selector, SelectorLine, UnitRef,
};
use rolecall_model::{Account, AccountId, Code, Config, Diagnostic, OriginId, Origins, Snapshot};

use super::units::Units;
use crate::suggest::nearest;

/// A set of accounts, by their position in the snapshot's list.
pub(crate) type Mask = FixedBitSet;

/// Whether words other than `account` may match the management account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The line adds accounts, or keeps them. Only `account` matches the management account.
    Adds,
    /// The line removes accounts. An exception only narrows, so every word matches the management account: omitting it
    /// would widen access.
    TakesAway,
}

/// Resolves selections, each named set once.
pub(crate) struct AccountResolver<'a> {
    config: &'a Config,
    origins: &'a Origins,
    accounts: &'a [Account],
    /// The position of the management account.
    management: usize,
    management_account: AccountId,
    by_name: BTreeMap<&'a str, Vec<usize>>,
    units: Units,
    /// The unit of each account, looked up once because selections need it often.
    unit_of: Vec<Option<usize>>,
    sets: Vec<Option<Mask>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> AccountResolver<'a> {
    /// Resolves every declared set, so that errors in unused ones are found as well.
    pub(crate) fn new(config: &'a Config, origins: &'a Origins, snapshot: &'a Snapshot) -> Self {
        let accounts = &snapshot.organization.accounts[..];
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, account) in accounts.iter().enumerate() {
            by_name.entry(&account.name).or_default().push(at);
        }
        let management_account = snapshot.organization.management_account;
        let units = Units::new(snapshot);
        let unit_of = accounts.iter().map(|account| units.position_of(account.parent.as_str())).collect();
        let mut resolver = Self {
            config,
            origins,
            accounts,
            // A snapshot whose management account is not listed has none to protect: no position equals this one.
            management: accounts
                .iter()
                .position(|account| account.id == management_account)
                .unwrap_or(usize::MAX),
            management_account,
            by_name,
            units,
            unit_of,
            sets: vec![None; config.account_sets.len()],
            diagnostics: Vec::new(),
        };
        for (index, _) in config.referenced_account_sets() {
            resolver.named_set(index);
        }
        resolver
    }

    /// Returns the diagnostics of all selections resolved so far.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The accounts of all `on` parts together.
    pub(crate) fn all_of(&mut self, parts: &[On]) -> Mask {
        let mut mask = self.empty();
        for part in parts {
            match part {
                On::Set(index, _) => mask.union_with(&self.named_set(*index)),
                On::Selection(selection, origin) => {
                    mask.union_with(&self.selection(selection, *origin, "this selection"));
                }
            }
        }
        mask
    }

    fn empty(&self) -> Mask {
        Mask::with_capacity(self.accounts.len())
    }

    /// The accounts of a named set. Sets do not contain each other in cycles: name resolution rejects those.
    pub(crate) fn named_set(&mut self, index: AccountSetIx) -> Mask {
        if let Some(mask) = &self.sets[index.position()] {
            return mask.clone();
        }
        let config = self.config;
        let set = &config[index];
        let mask = self.selection(&set.selection, set.origin, &format!("account set `{}`", set.name));
        self.sets[index.position()] = Some(mask.clone());
        mask
    }

    fn selection(&mut self, selection: &Selection, origin: OriginId, what: &str) -> Mask {
        let mistakes_before = self.diagnostics.len();
        let Selection { lines, only, except } = selection;
        let mut mask = self.lines(lines, Role::Adds);
        for Filter { lines, origin: _ } in only {
            mask.intersect_with(&self.lines(lines, Role::Adds));
        }
        for Filter { lines, origin: _ } in except {
            mask.difference_with(&self.lines(lines, Role::TakesAway));
        }
        let may_be_empty = !lines.is_empty() && lines.iter().all(|line| line.may_be_empty);
        if mask.is_clear() && !may_be_empty && self.diagnostics.len() == mistakes_before {
            self.diagnostics.push(
                Diagnostic::error(Code::AccountSetEmpty, format!("{what} contains no account"))
                    .at_origin(self.origins, origin, "its `only` and `except` leave no account")
                    .help("loosen `only` or `except`, or write empty=\"allowed\" on each of its lines"),
            );
        }
        mask
    }

    fn lines(&mut self, lines: &[SelectorLine], role: Role) -> Mask {
        let mut mask = self.empty();
        for line in lines {
            mask.union_with(&self.line(line, role));
        }
        mask
    }

    fn line(&mut self, line: &SelectorLine, role: Role) -> Mask {
        let SelectorLine { selector, may_be_empty, origin } = line;
        let mistakes_before = self.diagnostics.len();
        let mut mask = match selector {
            Selector::Account(references) => self.accounts_named(references, *may_be_empty),
            Selector::Unit { unit, direct } => self.unit(unit, *direct, *may_be_empty, *origin),
            Selector::Tag { key, values } => self.matching(|account| {
                account
                    .tags
                    .as_ref()
                    .is_some_and(|tags| tags.get(key).is_some_and(|value| values.contains(value)))
            }),
            Selector::Name(pattern) => self.matching(|account| pattern.matches(&account.name)),
            Selector::Accounts(sets) => {
                let mut mask = self.empty();
                for set in sets {
                    mask.union_with(&self.named_set(*set));
                }
                mask
            }
            Selector::EveryMemberAccount => {
                let mut mask = self.matching(|_| true);
                self.drop_management(&mut mask);
                mask
            }
        };
        let by_word = matches!(selector, Selector::Account(_) | Selector::Accounts(_));
        let held_management = mask.contains(self.management);
        if role == Role::Adds && !by_word {
            self.drop_management(&mut mask);
        }
        if mask.is_clear() && !may_be_empty && self.diagnostics.len() == mistakes_before {
            self.report_empty(selector, *origin, held_management);
        }
        mask
    }

    fn drop_management(&self, mask: &mut Mask) {
        if self.management < mask.len() {
            mask.set(self.management, false);
        }
    }

    fn matching(&self, matches: impl Fn(&Account) -> bool) -> Mask {
        let mut mask = self.empty();
        for (at, account) in self.accounts.iter().enumerate() {
            mask.set(at, matches(account));
        }
        mask
    }

    fn accounts_named(&mut self, references: &[(AccountRef, OriginId)], may_be_empty: bool) -> Mask {
        let mut mask = self.empty();
        for (reference, origin) in references {
            let found: Vec<usize> = match reference {
                AccountRef::Id(id) => {
                    self.accounts.binary_search_by_key(id, |account| account.id).into_iter().collect()
                }
                AccountRef::Name(name) => self.by_name.get(name.as_str()).cloned().unwrap_or_default(),
            };
            match found[..] {
                [only] => mask.insert(only),
                [] if may_be_empty => {}
                [] => self.report_missing_account(reference, *origin),
                _ => self.report_ambiguous_account(reference, &found, *origin),
            }
        }
        mask
    }

    fn unit(&mut self, unit: &UnitRef, direct: bool, may_be_empty: bool, origin: OriginId) -> Mask {
        let Some(position) = self.units.find(unit) else {
            if !may_be_empty {
                self.report_missing_unit(unit, origin);
            }
            return self.empty();
        };
        let mut mask = self.empty();
        for (at, unit) in self.unit_of.iter().enumerate() {
            let held = unit.is_some_and(|unit| {
                if direct { unit == position } else { self.units.is_within(unit, position) }
            });
            mask.set(at, held);
        }
        mask
    }

    fn report_missing_account(&mut self, reference: &AccountRef, origin: OriginId) {
        let (named, help) = match reference {
            AccountRef::Id(id) => (format!("account {id}"), "check the id, or remove the line".to_owned()),
            AccountRef::Name(name) => {
                let help = match nearest(name, self.by_name.keys().copied()) {
                    Some(near) => format!("did you mean `{near}`? Names match exactly"),
                    None => "names match exactly; check the name, or use the 12-digit id".to_owned(),
                };
                (format!("account `{name}`"), help)
            }
        };
        self.diagnostics.push(
            Diagnostic::error(Code::SelectorMatchesNothing, format!("{named} is not in the organization"))
                .at_origin(self.origins, origin, format!("{named} does not exist here"))
                .help(format!("{help}; add empty=\"allowed\" if the account may be absent")),
        );
    }

    fn report_ambiguous_account(&mut self, reference: &AccountRef, found: &[usize], origin: OriginId) {
        let AccountRef::Name(name) = reference else { return };
        let ids: Vec<String> = found.iter().map(|at| self.accounts[*at].id.to_string()).collect();
        self.diagnostics.push(
            Diagnostic::error(
                Code::AmbiguousAccountName,
                format!("{} accounts are named `{name}`: {}", ids.len(), ids.join(", ")),
            )
            .at_origin(self.origins, origin, "the name is ambiguous")
            .help("write the 12-digit id of the intended account"),
        );
    }

    fn report_missing_unit(&mut self, unit: &UnitRef, origin: OriginId) {
        let (named, help) = match unit {
            UnitRef::Id(id) => (format!("organizational unit {id}"), "check the id".to_owned()),
            UnitRef::Path(names) => {
                let path = names.join("/");
                let paths = self.units.paths();
                let help = match nearest(&path, paths.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write the path of names from the root, such as \"Workloads/Prod\"".to_owned(),
                };
                (format!("organizational unit `{path}`"), help)
            }
        };
        self.diagnostics.push(
            Diagnostic::error(Code::SelectorMatchesNothing, format!("{named} is not in the organization"))
                .at_origin(self.origins, origin, format!("{named} does not exist here"))
                .help(help),
        );
    }

    fn report_empty(&mut self, selector: &Selector, origin: OriginId, held_management: bool) {
        if held_management {
            let id = self.management_account;
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ManagementAccountUnmatched,
                    format!(
                        "this matches only the management account {id}, which must be selected by `account`"
                    ),
                )
                .at_origin(self.origins, origin, "only `account` matches the management account")
                .help(format!("write account \"{id}\" if you mean this account")),
            );
            return;
        }
        let what = match selector {
            Selector::Account(_) => "none of these accounts exists".to_owned(),
            Selector::Unit { direct: true, .. } => "no account is directly in this unit".to_owned(),
            Selector::Unit { direct: false, .. } => "no account is in this unit or below it".to_owned(),
            Selector::Tag { key, values } => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                format!("no account has the tag `{key}` with the value `{}`", values.join("` or `"))
            }
            Selector::Name(pattern) => format!("no account's name matches `{}`", pattern.as_str()),
            Selector::Accounts(_) => "these account sets contain no account".to_owned(),
            Selector::EveryMemberAccount => "the organization has no member accounts".to_owned(),
        };
        self.diagnostics.push(
            Diagnostic::error(Code::SelectorMatchesNothing, what.clone())
                .at_origin(self.origins, origin, what)
                .help("correct it, remove it, or add empty=\"allowed\" if it may match nothing"),
        );
    }
}

/// Whether any selection of the configuration uses account tags.
pub(crate) fn uses_tags(config: &Config) -> bool {
    fn in_lines(lines: &[SelectorLine]) -> bool {
        lines.iter().any(|line| matches!(line.selector, Selector::Tag { .. }))
    }
    fn in_selection(selection: &Selection) -> bool {
        let Selection { lines, only, except } = selection;
        in_lines(lines) || only.iter().chain(except).any(|filter| in_lines(&filter.lines))
    }
    let assigned = config.assignments.iter().flat_map(|rule| &rule.on);
    let kept = config.keeps.iter().flat_map(|keep| &keep.on);
    let guarded = config.guard.filters().flat_map(|filter| &filter.on);
    config.account_sets.iter().any(|set| in_selection(&set.selection))
        || assigned.chain(kept).chain(guarded).any(|on| match on {
            On::Set(..) => false,
            On::Selection(selection, _) => in_selection(selection),
        })
}

/// The first account whose tags were not read, if any.
pub(crate) fn account_without_tags(snapshot: &Snapshot) -> Option<AccountId> {
    snapshot.organization.accounts.iter().find(|account| account.tags.is_none()).map(|account| account.id)
}

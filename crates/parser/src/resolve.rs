//! Declared names and references to them. Here, a reference becomes a position in the configuration, or a diagnostic; no
//! later stage can contain an undeclared name.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{AccountSetIx, Declarations, DeclaredNames, GroupIx, PermissionSetRef};
use rolecall_model::{Code, Diagnostic, Place};

use crate::MAX_DIAGNOSTICS;
use crate::nearest::nearest;
use crate::words::{FileWord, GuardWord, Word};

/// Number of unknown names for which the nearest name is searched: each is compared with every declared one.
const MAX_SUGGESTED: usize = 200;
/// Maximum number of reported cycles. Each takes time in proportion to its length, and each use of a set can form one.
const MAX_CYCLES: usize = 50;
/// Number of places at which an unknown name is shown.
const MAX_PLACES: usize = 6;

/// What a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    Group,
    AccountSet,
    PermissionSet,
    /// The name of a `forbid`.
    Forbid,
    Template,
}

impl NameKind {
    /// Every kind.
    pub(crate) const ALL: [Self; 5] =
        [Self::Group, Self::AccountSet, Self::PermissionSet, Self::Template, Self::Forbid];

    /// Returns what a word declares, at the top level or (`forbid`) in a guard.
    pub(crate) fn declared_by(word: Word) -> Option<Self> {
        match word {
            Word::File(word) => match word {
                FileWord::Group => Some(Self::Group),
                FileWord::Accounts => Some(Self::AccountSet),
                FileWord::PermissionSet | FileWord::ExternalPermissionSet => Some(Self::PermissionSet),
                FileWord::Template => Some(Self::Template),
                FileWord::Rolecall
                | FileWord::IdentityCenter
                | FileWord::Include
                | FileWord::Assign
                | FileWord::Keep
                | FileWord::ReleasePermissionSet
                | FileWord::Use
                | FileWord::Guard
                | FileWord::Entra
                | FileWord::Attributes
                | FileWord::Lint => None,
            },
            Word::Guard(word) => match word {
                GuardWord::Forbid => Some(Self::Forbid),
                GuardWord::MaxDeletions
                | GuardWord::MaxGrants
                | GuardWord::Protect
                | GuardWord::RequireUntil
                | GuardWord::Exception => None,
            },
            Word::Include(_)
            | Word::Selection(_)
            | Word::Selector(_)
            | Word::PermissionSet(_)
            | Word::Boundary(_)
            | Word::InlinePolicy(_)
            | Word::Statement(_)
            | Word::Assign(_)
            | Word::Keep(_)
            | Word::Attributes(_)
            | Word::Entra(_)
            | Word::Application(_)
            | Word::RequireMfa(_)
            | Word::GuardFilter(_)
            | Word::Exception(_)
            | Word::Lint(_)
            | Word::Template(_) => None,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::AccountSet => "account set",
            Self::PermissionSet => "permission set",
            Self::Template => "template",
            Self::Forbid => "forbid",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::Group => "a group",
            Self::AccountSet => "an account set",
            Self::PermissionSet => "a permission set",
            Self::Template => "a template",
            Self::Forbid => "a forbid",
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Group => Code::UnknownGroup,
            Self::AccountSet => Code::UnknownAccountSet,
            Self::PermissionSet => Code::UnknownPermissionSet,
            Self::Template => Code::UnknownTemplate,
            Self::Forbid => Code::UnknownForbid,
        }
    }

    fn way_to_declare(self, name: &str) -> String {
        match self {
            Self::Group => format!("declare it with `group \"{name}\"`"),
            Self::AccountSet => format!(
                "declare it with `accounts \"{name}\" {{ … }}`; to select a single account, write `on {{ account \"…\" }}`"
            ),
            Self::PermissionSet => {
                format!(
                    "declare it with `permission-set \"{name}\"`, or with `external-permission-set` if it is externally managed"
                )
            }
            Self::Template => format!("declare it with `template \"{name}\" {{ … }}`"),
            Self::Forbid => {
                format!("remove the exception, or add the `forbid \"{name}\" {{ … }}` that it refers to")
            }
        }
    }
}

/// A declared name.
#[derive(Debug, Clone, Copy)]
struct Declared {
    place: Place,
    external: bool,
    /// Whether anything refers to it.
    used: bool,
}

/// The declared names of a project.
#[derive(Debug, Default)]
pub(crate) struct Names {
    declared: BTreeMap<(NameKind, String), Declared>,
    /// Creates references, once all names are known.
    declarations: Declarations,
    /// Names with unreadable declarations. Using them is not an error.
    lost: BTreeSet<(NameKind, String)>,
    /// Whether some declarations cannot even be guessed. Then only a near miss of a declared name is an error.
    pub(crate) incomplete: bool,
    /// By place. What a template generates is resolved for each use, with the same places.
    unknown: BTreeMap<(NameKind, String), BTreeSet<Place>>,
    /// For names that a `use` gives, the place in the template where they are inserted.
    given: BTreeMap<Place, Place>,
    /// Names within a template that equal the name of a parameter, with the probable intention.
    like_parameters: BTreeMap<Place, String>,
}

impl Names {
    /// Declares a name, or reports a duplicate declaration.
    pub(crate) fn declare(&mut self, word: Word, name: &str, place: Place) -> Option<Diagnostic> {
        let kind = NameKind::declared_by(word)?;
        let key = (kind, name.to_owned());
        if let Some(first) = self.declared.get(&key) {
            let noun = kind.noun();
            return Some(
                Diagnostic::error(
                    Code::DuplicateDeclaration,
                    format!("the {noun} `{name}` is declared more than once"),
                )
                .at(place, format!("duplicate declaration of `{name}`"))
                .and(first.place, format!("`{name}` is first declared here"))
                .help("keep one of the two, or rename one"),
            );
        }
        let external = word == Word::File(FileWord::ExternalPermissionSet);
        self.declared.insert(key, Declared { place, external, used: false });
        None
    }

    /// Remembers a name with an unreadable declaration.
    pub(crate) fn lose(&mut self, kind: NameKind, name: String) {
        self.lost.insert((kind, name));
    }

    /// Completes the declarations, so that references can be created.
    pub(crate) fn seal(&mut self) {
        let names = |wanted: NameKind, external: bool| {
            let is_wanted = move |(kind, declared): (NameKind, &Declared)| {
                kind == wanted && declared.external == external
            };
            let names =
                self.declared.iter().filter(move |((kind, _), declared)| is_wanted((*kind, declared)));
            names.map(|((_, name), _)| name.clone()).collect()
        };
        self.declarations = Declarations::from(DeclaredNames {
            groups: names(NameKind::Group, false),
            account_sets: names(NameKind::AccountSet, false),
            permission_sets: names(NameKind::PermissionSet, false),
            external_permission_sets: names(NameKind::PermissionSet, true),
        });
    }

    /// Resolves a group.
    pub(crate) fn group(&mut self, name: &str, place: Place) -> Option<GroupIx> {
        self.find(NameKind::Group, name, place)?;
        self.declarations.group(name)
    }

    /// Resolves an account set.
    pub(crate) fn account_set(&mut self, name: &str, place: Place) -> Option<AccountSetIx> {
        self.find(NameKind::AccountSet, name, place)?;
        self.declarations.account_set(name)
    }

    /// Resolves a permission set of either kind.
    pub(crate) fn permission_set(&mut self, name: &str, place: Place) -> Option<PermissionSetRef> {
        self.find(NameKind::PermissionSet, name, place)?;
        self.declarations.permission_set(name)
    }

    /// Resolves a `forbid`.
    pub(crate) fn forbid(&mut self, name: &str, place: Place) {
        self.find(NameKind::Forbid, name, place);
    }

    /// Returns the reference to a declared account set for its own declaration, which does not count as a use.
    pub(crate) fn own_account_set(&self, name: &str) -> Option<AccountSetIx> {
        self.declarations.account_set(name)
    }

    /// Returns where a permission set is declared, and whether as externally managed.
    pub(crate) fn declared_permission_set(&self, name: &str) -> Option<(Place, bool)> {
        let declared = self.declared.get(&(NameKind::PermissionSet, name.to_owned()))?;
        Some((declared.place, declared.external))
    }

    /// Returns whether a template is declared and readable; reports an undeclared one.
    pub(crate) fn template(&mut self, name: &str, place: Place) -> bool {
        self.find(NameKind::Template, name, place).is_some()
    }

    /// Returns whether a name is declared, or may be.
    pub(crate) fn knows(&self, kind: NameKind, name: &str) -> bool {
        let key = (kind, name.to_owned());
        self.declared.contains_key(&key) || self.lost.contains(&key)
    }

    /// Remembers the place in the template at which the name at `place`, given by a `use`, is inserted.
    pub(crate) fn stands_at(&mut self, place: Place, in_template: Place) {
        self.given.insert(place, in_template);
    }

    /// Remembers that the name at this place in a template equals the name of a parameter; `meant` is the probable
    /// intention.
    pub(crate) fn like_parameter(&mut self, place: Place, meant: String) {
        self.like_parameters.insert(place, meant);
    }

    fn find(&mut self, kind: NameKind, name: &str, place: Place) -> Option<Declared> {
        let key = (kind, name.to_owned());
        if let Some(found) = self.declared.get_mut(&key) {
            found.used = true;
            return Some(*found);
        }
        if !self.lost.contains(&key) {
            self.unknown.entry(key).or_default().insert(place);
        }
        None
    }

    /// Returns warnings about unused groups and account sets.
    pub(crate) fn unused(&self) -> Vec<Diagnostic> {
        let of = |wanted: NameKind, code: Code, label: &'static str| {
            self.declared
                .iter()
                .filter(move |((kind, _), declared)| *kind == wanted && !declared.used)
                .take(MAX_DIAGNOSTICS)
                .map(move |((kind, name), declared)| {
                    Diagnostic::warning(code, format!("the {} `{name}` is not used", kind.noun()))
                        .at(declared.place, label)
                        .help("remove the declaration, or use it")
                })
        };
        let groups = of(
            NameKind::Group,
            Code::UnusedGroup,
            "no `assign`, `keep`, `guard` or `require-mfa` refers to this group",
        );
        let sets = of(
            NameKind::AccountSet,
            Code::UnusedAccountSet,
            "no `assign`, `keep`, `guard` or other account set refers to this account set",
        );
        groups.chain(sets).collect()
    }

    /// Returns one error for each undeclared name: a misspelled declaration is a single error, however often the name is
    /// used.
    pub(crate) fn unknown_names(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (nth, ((kind, name), places)) in self.unknown.iter().enumerate() {
            if found.len() == MAX_DIAGNOSTICS {
                break;
            }
            let near = if nth < MAX_SUGGESTED { nearest(name, self.names_of(*kind)) } else { None };
            if near.is_none() && self.incomplete {
                continue;
            }
            found.push(self.unknown_name(*kind, name, places, near));
        }
        found
    }

    fn names_of(&self, kind: NameKind) -> impl Iterator<Item = &str> {
        self.declared.keys().filter(move |(of, _)| *of == kind).map(|(_, name)| name.as_str())
    }

    fn unknown_name(
        &self,
        kind: NameKind,
        name: &str,
        places: &BTreeSet<Place>,
        near: Option<&str>,
    ) -> Diagnostic {
        let noun = kind.noun();
        let times =
            if places.len() == 1 { String::new() } else { format!(", but used {} times", places.len()) };
        let mut found = Diagnostic::error(kind.code(), format!("the {noun} `{name}` is not declared{times}"));
        for (nth, place) in places.iter().take(MAX_PLACES).enumerate() {
            let label = format!("there is no declared {noun} `{name}`");
            found = if nth == 0 {
                found.at(*place, label)
            } else {
                found.and(*place, format!("`{name}` is also used here"))
            };
        }
        let first = places.first().copied();
        if let Some(stands) = first.and_then(|place| self.given.get(&place)) {
            found = found.and(*stands, format!("the template inserts `{name}` here"));
        }
        let only = first.filter(|_| places.len() == 1);
        if let Some(meant) = first.and_then(|place| self.like_parameters.get(&place)) {
            let found = found.help(format!("did you mean the parameter, `{meant}`?"));
            return if let Some(place) = only { found.suggest(place, meant.clone()) } else { found };
        }
        if let Some(near) = near {
            let found = found.help(format!("did you mean `{near}`?"));
            return if let Some(place) = only { found.suggest(place, format!("\"{near}\"")) } else { found };
        }
        let other =
            NameKind::ALL.into_iter().find(|other| self.declared.contains_key(&(*other, name.to_owned())));
        match other {
            Some(other) => {
                let (is, wanted) = (other.with_article(), kind.with_article());
                found.help(format!("`{name}` is declared as {is}; {wanted} is expected here"))
            }
            None if kind == NameKind::Group && name.contains('@') => found.help(format!(
                "`{name}` looks like a user name; to name a single user, write `to-user \"{name}\"`"
            )),
            None => found.help(kind.way_to_declare(name)),
        }
    }
}

/// A use of one account set in another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetUse {
    pub(crate) used: AccountSetIx,
    pub(crate) place: Place,
}

/// Reports cycles of account sets, one diagnostic for each back edge that a walk in the order of names finds.
///
/// The walk keeps its own stack, because a chain of sets may be longer than that of the program.
pub(crate) fn cycles(names: &[&str], uses: &BTreeMap<AccountSetIx, Vec<SetUse>>) -> Vec<Diagnostic> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::Not; names.len()];
    let mut found = Vec::new();
    let mut uses_by_position: Vec<&[SetUse]> = vec![&[]; names.len()];
    for (set, uses) in uses {
        if let Some(of_set) = uses_by_position.get_mut(set.position()) {
            *of_set = uses;
        }
    }
    let uses_of = |set: usize| uses_by_position[set];
    for start in 0..names.len() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::OnPath;
        // Each set on the path, with the number of its next use.
        let mut path = vec![(start, 0_usize)];
        while let Some((set, next)) = path.last_mut() {
            let Some(step) = uses_of(*set).get(*next) else {
                seen[*set] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let used = step.used.position();
            match seen.get(used) {
                Some(Seen::Not) => {
                    seen[used] = Seen::OnPath;
                    path.push((used, 0));
                }
                Some(Seen::OnPath) => {
                    let from = path.iter().position(|(set, _)| *set == used).unwrap_or(0);
                    let steps: Vec<SetUse> = path[from..]
                        .iter()
                        .filter_map(|(set, next)| uses_of(*set).get(next - 1).copied())
                        .collect();
                    found.push(cycle(names, &steps));
                    if found.len() == MAX_CYCLES {
                        return found;
                    }
                }
                Some(Seen::Done) | None => {}
            }
        }
    }
    found
}

fn cycle(names: &[&str], steps: &[SetUse]) -> Diagnostic {
    let name = |step: &SetUse| names.get(step.used.position()).copied().unwrap_or_default();
    let mut shown: Vec<&str> = steps.last().into_iter().chain(steps).map(name).collect();
    if shown.len() > 12 {
        shown.splice(6..shown.len() - 5, ["…"]);
    }
    let message = format!("account sets form a cycle: {}", shown.join(" → "));
    let found = Diagnostic::error(Code::AccountSetCycle, message).help("remove one of these references");
    steps.iter().take(MAX_PLACES).enumerate().fold(found, |found, (nth, step)| {
        let label = format!("`{}` is used here", name(step));
        if nth == 0 { found.at(step.place, label) } else { found.and(step.place, label) }
    })
}

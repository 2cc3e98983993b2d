//! The tree of organizational units.

use std::collections::BTreeMap;

use rolecall_model::Snapshot;
use rolecall_model::config::UnitRef;

/// The tree of organizational units; position 0 is the root.
pub(super) struct Units {
    ids: BTreeMap<String, usize>,
    names: Vec<String>,
    parents: Vec<Option<usize>>,
}

impl Units {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let organization = &snapshot.organization;
        let mut ids = BTreeMap::from([(organization.root.to_string(), 0)]);
        for (at, unit) in organization.units.iter().enumerate() {
            ids.insert(unit.id.to_string(), at + 1);
        }
        let names =
            std::iter::once(String::new()).chain(organization.units.iter().map(|unit| unit.name.clone()));
        let parents = organization.units.iter().map(|unit| ids.get(unit.parent.as_str()).copied());
        Self { names: names.collect(), parents: std::iter::once(None).chain(parents).collect(), ids }
    }

    pub(super) fn position_of(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// Whether `unit` is `above`, or somewhere below it. The walk is bounded by the number of units, so that it ends
    /// even if units contain each other.
    pub(super) fn is_within(&self, unit: usize, above: usize) -> bool {
        let mut at = Some(unit);
        for _ in 0..self.parents.len() {
            match at {
                Some(here) if here == above => return true,
                Some(here) => at = self.parents[here],
                None => return false,
            }
        }
        false
    }

    pub(super) fn find(&self, unit: &UnitRef) -> Option<usize> {
        match unit {
            UnitRef::Id(id) => self.position_of(id.as_str()),
            UnitRef::Path(names) => names.iter().try_fold(0, |above, name| {
                (1..self.names.len()).find(|at| self.parents[*at] == Some(above) && self.names[*at] == *name)
            }),
        }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        let path_of = |mut at: usize| {
            let mut names = vec![self.names[at].as_str()];
            for _ in 0..self.parents.len() {
                match self.parents[at] {
                    Some(above) if above != 0 => at = above,
                    _ => break,
                }
                names.push(&self.names[at]);
            }
            names.reverse();
            names.join("/")
        };
        (1..self.names.len()).map(path_of).collect()
    }
}

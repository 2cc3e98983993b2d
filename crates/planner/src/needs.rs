//! The parts of the live state that a configuration needs.

use std::collections::BTreeSet;

use rolecall_model::config::{AssignmentRule, Guard, PermissionSetRef, RowFilter};
use rolecall_model::lint::Level;
use rolecall_model::{Code, Config, PermissionSetName};

use crate::desired::selectors;

/// Whether a selector of the configuration needs account tags, which cost one API call per account.
pub fn needs_account_tags(config: &Config) -> bool {
    selectors::uses_tags(config)
}

/// Returns the external permission sets whose contents must be read, although only their assignments are compared:
/// `grants-policy` in guards needs their policies, and a lint needs to know whether they make a group without `id=` an
/// administrator. `guard` is the guard that will evaluate the plan: the configuration's own, or that of another
/// checkout.
pub fn needs_details(config: &Config, guard: &Guard) -> BTreeSet<PermissionSetName> {
    if guard.filters().any(RowFilter::depends_on_contents) {
        return config.external_permission_sets.iter().map(|set| set.name.clone()).collect();
    }
    if config.lints.level(Code::UnpinnedAdministrators) == Some(Level::Allow) {
        return BTreeSet::new();
    }
    let names_groups =
        |rule: &&AssignmentRule| rule.groups.iter().any(|group| config[*group].object_id.is_none());
    let sets = config.assignments.iter().filter(names_groups).flat_map(|rule| &rule.permission_sets);
    let external = sets.filter(|set| matches!(set, PermissionSetRef::External(_)));
    external.map(|set| config.permission_set_name(*set).clone()).collect()
}

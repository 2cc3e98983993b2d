//! What must be read of the live state for a configuration.

use std::collections::BTreeSet;

use rolecall_model::config::{AssignmentRule, Guard, PermissionSetRef};
use rolecall_model::lint::Level;
use rolecall_model::{Code, Config, PermissionSetName};

use crate::desired::selectors;

/// Whether a selector of the configuration needs the tags of accounts, which cost a call an account.
pub fn needs_account_tags(config: &Config) -> bool {
    selectors::uses_tags(config)
}

/// The external permission sets whose content must be read, though only their assignments are compared. Guards
/// ask with `grants-policy` what they grant, and a lint whether they make an administrator of a group that is found by
/// name alone. `guard` is what will judge the plan: the configuration's own, or that of another checkout.
pub fn needs_details(config: &Config, guard: &Guard) -> BTreeSet<PermissionSetName> {
    if guard.filters().any(|filter| !filter.grants_policies.is_empty()) {
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

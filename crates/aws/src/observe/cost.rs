//! The cost of an observation in sso-admin calls, of which AWS allows 20 per second in total. The formula is defined
//! only here: estimates use it, and tests compare it with the counted calls.

/// The sizes that determine the number of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Permission sets in the instance.
    pub permission_sets: u64,
    /// Permission sets to compare.
    pub compared: u64,
    /// Permission sets that are not compared and whose attributes are read.
    pub detailed: u64,
    /// 1 if attributes for access control are read.
    pub access_control: u64,
    /// Pages of accounts in which permission sets with needed assignments are provisioned: 100 accounts per page, at
    /// least one page per permission set.
    pub provisioned_pages: u64,
    /// Pairs of such a permission set and an account in which it is provisioned.
    pub pairs: u64,
    /// Groups in the Identity Store, and users named in the configuration.
    pub principals: u64,
}

/// The way to read account assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Thorough if that takes at most two minutes at AWS's limits; otherwise fast, if that is cheaper.
    #[default]
    Auto,
    /// By provisioned pair: shows everything.
    Thorough,
    /// By principal: misses a user or a deleted group in a pair that another group has too.
    Fast,
}

/// Maximum number of calls by pair in a thorough read: two minutes at 20 calls per second.
const THOROUGH_UP_TO: u64 = 2_400;
/// Permission sets per page of `ListPermissionSets`.
const SETS_A_PAGE: u64 = 100;
/// Maximum rate of sso-admin calls per second, as in `limits.rs`.
const CALLS_PER_SECOND: u64 = 18;

impl Size {
    /// Returns the calls of every strategy: the instance (2), the list of permission sets, name and tags of each,
    /// four details and the outdated accounts of each compared one, four details of others, where they are
    /// provisioned, and attributes for access control.
    pub fn base_calls(self) -> u64 {
        let Self {
            permission_sets,
            compared,
            detailed,
            access_control,
            provisioned_pages,
            pairs: _,
            principals: _,
        } = self;
        2 + permission_sets.div_ceil(SETS_A_PAGE).max(1)
            + 2 * permission_sets
            + 5 * compared
            + 4 * detailed
            + access_control
            + provisioned_pages
    }

    /// Returns the calls of a thorough read: one listing per pair.
    pub fn thorough_calls(self) -> u64 {
        self.base_calls() + self.pairs
    }

    /// Returns the calls of a fast read in which a group explains every pair: one listing per principal.
    pub fn fast_calls(self) -> u64 {
        self.base_calls() + self.principals
    }

    /// Returns whether assignments are read by principal.
    pub fn is_read_by_principal(self, strategy: Strategy) -> bool {
        match strategy {
            Strategy::Thorough => false,
            Strategy::Fast => true,
            Strategy::Auto => self.pairs > THOROUGH_UP_TO && self.principals < self.pairs,
        }
    }
}

/// Returns the duration of this number of sso-admin calls, in seconds.
pub(super) fn seconds(calls: u64) -> u64 {
    calls.div_ceil(CALLS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(permission_sets: u64, provisioned_pages: u64, principals: u64, pairs: u64) -> Size {
        let compared = permission_sets;
        Size { permission_sets, compared, provisioned_pages, pairs, principals, ..Size::default() }
    }

    /// The table in the facts: base 363 + 60, by pair 8,120, by principal 420, where 120 of both are the pages of
    /// provisioned accounts.
    #[test]
    fn the_formula_gives_the_figures_of_the_table() {
        let company = size(60, 120, 300, 8_000);
        assert_eq!(company.base_calls(), 363 + 60 + 120);
        assert_eq!(company.thorough_calls(), 363 + 60 + 8_120);
        assert_eq!(company.fast_calls(), 363 + 60 + 420);
        let group = size(300, 1_200, 2_000, 100_000);
        assert_eq!(group.fast_calls(), 1_805 + 300 + 3_200);
    }

    #[test]
    fn auto_is_thorough_for_two_minutes_and_never_the_dearer() {
        assert!(!size(60, 60, 300, 2_400).is_read_by_principal(Strategy::Auto));
        assert!(size(60, 60, 300, 2_401).is_read_by_principal(Strategy::Auto));
        assert!(!size(60, 60, 100_000, 8_000).is_read_by_principal(Strategy::Auto));
    }
}

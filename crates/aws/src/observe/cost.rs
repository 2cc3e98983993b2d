//! What a reading costs in calls of sso-admin, which allows 20 a second for everything together. The formula stands
//! here once: estimates are made from it, and tests hold the counted calls against it.

/// What decides how many calls a reading takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Permission sets of the instance.
    pub permission_sets: u64,
    /// Those that are compared.
    pub compared: u64,
    /// Those of which is read what they are, and that are not compared.
    pub detailed: u64,
    /// 1 where attributes for access control are read.
    pub access_control: u64,
    /// Pages of accounts where the sets are provisioned whose rows are wanted: 100 accounts a page, at least one page
    /// a set.
    pub provisioned_pages: u64,
    /// Pairs of such a set and an account where it is provisioned.
    pub pairs: u64,
    /// Groups of the Identity Store, and users that the files name.
    pub principals: u64,
}

/// How account assignments are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Thorough while that takes up to two minutes at AWS's limits, fast beyond, where fast is the cheaper.
    #[default]
    Auto,
    /// By provisioned pair: sees everything.
    Thorough,
    /// By principal: blind to a user, or a group that is gone, in a pair that another group has too.
    Fast,
}

/// Up to so many calls by pair, reading is thorough: two minutes at 20 calls a second.
const THOROUGH_UP_TO: u64 = 2_400;
/// Names a page of `ListPermissionSets`.
const SETS_A_PAGE: u64 = 100;
/// How fast sso-admin is asked, at the most: see `limits.rs`.
const CALLS_PER_SECOND: u64 = 18;

impl Size {
    /// What is read whatever the strategy: the instance (2), the list of sets, name and tags of each, four details of
    /// each that is compared and its outdated accounts, four details of others, where the sets are provisioned, and
    /// attributes for access control.
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

    /// All of it, thorough: one listing for each pair.
    pub fn thorough_calls(self) -> u64 {
        self.base_calls() + self.pairs
    }

    /// All of it, fast, where every pair is explained by a group: one listing for each principal.
    pub fn fast_calls(self) -> u64 {
        self.base_calls() + self.principals
    }

    /// Whether rows are read by principal.
    pub fn is_read_by_principal(self, strategy: Strategy) -> bool {
        match strategy {
            Strategy::Thorough => false,
            Strategy::Fast => true,
            Strategy::Auto => self.pairs > THOROUGH_UP_TO && self.principals < self.pairs,
        }
    }
}

/// How long so many calls of sso-admin take, in seconds.
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

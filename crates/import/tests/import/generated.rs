//! Companies that the sandbox generates, of every size.

use proptest::prelude::{Just, Strategy, prop_assert_eq, proptest};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_sandbox::generate::{GenerateSpec, generate};

use crate::roundtrip::{Found, cases, found, imported};

fn any_spec() -> impl Strategy<Value = GenerateSpec> {
    (1..60_usize, 0..12_usize, 0..130_usize)
        .prop_flat_map(|(accounts, sets, groups)| {
            let most = (accounts - 1) * sets * groups.min(100);
            let numbers = (Just(accounts), Just(sets), Just(groups), 0..=most);
            (numbers, 0..1_000_u64, 0..=(sets + most))
        })
        .prop_map(|((accounts, permission_sets, groups, assignments), seed, drift)| {
            let drift = drift.min(permission_sets + assignments);
            GenerateSpec { accounts, permission_sets, groups, assignments, seed, drift }
        })
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_is_live_plans_to_nothing(spec in any_spec()) {
        let world = generate(&spec).unwrap().snapshot;
        let written = imported(&world, None);
        prop_assert_eq!(&written.diagnostics, &[]);
        prop_assert_eq!(written.summary.rows, world.assignments.len());
        prop_assert_eq!(found(&written.files, &world), Found::default());
    }

    #[test]
    fn what_no_stack_owns_is_adopted_and_nothing_else(spec in any_spec()) {
        let mut world = generate(&spec).unwrap().snapshot;
        world.permission_sets.iter_mut().for_each(|set| { set.tags.remove(STACK_TAG); });
        let written = imported(&world, None);
        let adopted = world.permission_sets.iter().map(|set| set.name.clone()).collect();
        prop_assert_eq!(found(&written.files, &world), Found { adopted, ..Found::default() });
    }
}

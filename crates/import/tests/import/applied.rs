//! What import writes is planned and applied in the sandbox, through the SDK: the live state is what it was, with tags.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rolecall_applier::{Bound, CancellationToken, Limits, NoDirectory, run};
use rolecall_aws::{AwsTarget, Connection, Scope, connect, observe};
use rolecall_model::Snapshot;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_sandbox::generate::GenerateSpec;
use rolecall_sandbox::{Sandbox, Settings};

use crate::legal_worlds::legal_world;
use crate::odd_worlds::is_control_tower;
use crate::roundtrip::{imported, planned};

/// How many worlds are applied. An apply takes longer than a plan.
const WORLDS: u64 = 12;

/// The attributes of every permission set, each as its bytes, and all assignments.
fn bytes(world: &Snapshot) -> Vec<String> {
    let sets = world.permission_sets.iter().map(|set| {
        let details = set.details.as_ref().unwrap();
        let inline = details.inline_policy.as_ref().map(|policy| policy.as_json().to_owned());
        format!("{details:?} {inline:?} {:?}", set.provisioned)
    });
    let rows = world.assignments.iter().map(|row| format!("{row:?}"));
    sets.chain(rows).collect()
}

#[tokio::test(start_paused = true)]
async fn an_apply_leaves_every_attribute_as_it_was() {
    for seed in 0..WORLDS {
        let spec =
            GenerateSpec { accounts: 12, permission_sets: 6, groups: 12, assignments: 60, seed, drift: 0 };
        let world = legal_world(&spec, &mut ChaCha8Rng::seed_from_u64(seed));
        let sandbox = Sandbox::new(world, Settings::default());
        let region = sandbox.snapshot().instance.region;
        let clients = connect(Connection::embedded(region, sandbox.http_client())).await;
        let scope = Scope { everything: true, ..Scope::default() };
        let before = observe(&clients, &scope, &|_| {}).await.unwrap();
        // What is read is what is there, whatever it contains.
        assert_eq!(bytes(&before), bytes(&sandbox.snapshot()), "{seed}");

        let written = imported(&before, None);
        let graph = rolecall_planner::order(&planned(&written.files, &before));
        let target = AwsTarget::new(clients, &before);
        let bound = Bound::new(&graph, &target, None::<&NoDirectory>).unwrap();
        let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
        assert!(report.is_complete(), "{seed}: {report:#?}");

        sandbox.settle();
        let after = sandbox.snapshot();
        assert_eq!(bytes(&before), bytes(&after), "{seed}");
        for (before, after) in before.permission_sets.iter().zip(&after.permission_sets) {
            let mut tags = before.tags.clone();
            if !is_control_tower(&before.name) {
                tags.entry(STACK_TAG.to_owned()).or_insert_with(|| "acme".to_owned());
            }
            assert_eq!(tags, after.tags, "{seed}");
        }
    }
}

//! What comes after reading the files, stage by stage: `cargo bench -p rolecall-planner`.

use std::collections::BTreeSet;

use criterion::{Criterion, criterion_group, criterion_main};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{Config, Date, Origins, Snapshot, Sources};
use rolecall_parser::{MemoryFiles, load};
use rolecall_planner::plan::Provenance;
use rolecall_planner::render::{Detail, json, text};
use rolecall_planner::{Checkout, Inputs, Plan, Settings, order, plan};
use rolecall_sandbox::generate::{GenerateSpec, generate};

/// The first two sizes of `docs/performance.md`, with a twentieth of the assignments to be changed.
fn sizes() -> [(&'static str, GenerateSpec); 2] {
    let seed = 5;
    [
        (
            "500 accounts",
            GenerateSpec {
                accounts: 500,
                permission_sets: 60,
                groups: 300,
                assignments: 8_000,
                seed,
                drift: 400,
            },
        ),
        (
            "5000 accounts",
            GenerateSpec {
                accounts: 5_000,
                permission_sets: 300,
                groups: 2_000,
                assignments: 100_000,
                seed,
                drift: 5_000,
            },
        ),
    ]
}

/// A company, as far as the planner needs it.
struct Company {
    config: Config,
    sources: Sources,
    origins: Origins,
    snapshot: Snapshot,
}

impl Company {
    fn generate(spec: &GenerateSpec) -> Self {
        let made = generate(spec).expect("the sizes are within AWS's quotas");
        let files: MemoryFiles = made.files.into_iter().collect();
        let project = load(&files, "rolecall.kdl");
        Self {
            config: project.config.expect("what is generated has no mistake"),
            sources: project.sources,
            origins: project.origins,
            snapshot: made.snapshot,
        }
    }

    fn plan(&self) -> Plan {
        let Self { config, sources, origins, snapshot } = self;
        let settings = Settings {
            today: Date::constant(2026, 11, 24),
            as_of_given: true,
            provenance: Provenance::Snapshot,
            accepted_rebinds: BTreeSet::new(),
            defer_missing_groups: false,
            renew_scim_token: false,
        };
        let files = Checkout { config, sources, origins };
        plan(&Inputs { files, snapshot, guards: None }, &settings).expect("what is generated can be planned")
    }
}

fn stages(criterion: &mut Criterion) {
    for (size, spec) in sizes() {
        let company = Company::generate(&spec);
        let mut group = criterion.benchmark_group(size);
        group.sample_size(10);
        let file = SnapshotFile::from_snapshot(&company.snapshot).to_json();
        group.bench_function("decode the snapshot", |bencher| {
            bencher.iter(|| SnapshotFile::from_json(file.as_bytes()).and_then(SnapshotFile::into_snapshot));
        });
        group.bench_function("expand and compare", |bencher| bencher.iter(|| company.plan()));
        let plan = company.plan();
        assert!(!plan.is_empty(), "the drift is to be planned");
        let style = text::Style { detail: Detail::Full, color: false };
        group.bench_function("render as text", |bencher| bencher.iter(|| text::render(&plan, None, style)));
        group.bench_function("render as JSON", |bencher| {
            bencher.iter(|| json::render(&plan, None, &company.sources));
        });
        group.bench_function("order the operations", |bencher| {
            bencher.iter(|| order(&plan));
        });
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);

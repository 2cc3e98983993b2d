//! Reading a project: `cargo bench -p rolecall-parser`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rolecall_parser::{MemoryFiles, load};
use rolecall_sandbox::generate::{GenerateSpec, generate};

/// The first two sizes of `docs/performance.md`.
fn sizes() -> [(&'static str, GenerateSpec); 2] {
    let (seed, drift) = (5, 20);
    [
        (
            "500 accounts",
            GenerateSpec { accounts: 500, permission_sets: 60, groups: 300, assignments: 8_000, seed, drift },
        ),
        (
            "5000 accounts",
            GenerateSpec {
                accounts: 5_000,
                permission_sets: 300,
                groups: 2_000,
                assignments: 100_000,
                seed,
                drift,
            },
        ),
    ]
}

/// From texts in memory to the resolved configuration, on all cores.
fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for (name, spec) in sizes() {
        let made = generate(&spec).expect("the sizes are within AWS's quotas");
        let bytes: usize = made.files.values().map(String::len).sum();
        let files: MemoryFiles = made.files.into_iter().collect();
        assert!(load(&files, "rolecall.kdl").config.is_some(), "what is generated has no mistake");
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &files, |bencher, files| {
            bencher.iter(|| load(files, "rolecall.kdl"));
        });
    }
    group.finish();
}

criterion_group!(benches, loading);
criterion_main!(benches);

//! Times the engines in images per second on one thread: `cargo bench -p lenet-infer --features host`.
//!
//! `engine` is `Engine::classify`, `prepared_engine` is `PreparedEngine::classify`, and `prepare` is what it takes to make
//! one. Add `RUSTFLAGS='--cfg lenet_backend="portable"'` to time the portable kernels instead of the host's.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_infer::host::PreparedEngine;
use lenet_infer::{Engine, SHIPPED};
use std::hint::black_box;

fn classify(criterion: &mut Criterion) {
    let (mut engine, mut prepared) = (Engine::new(&SHIPPED.model), PreparedEngine::new(&SHIPPED.model));
    let image = std::array::from_fn(|pixel| (pixel * 37 % 256) as u8);
    let mut group = criterion.benchmark_group("classify");
    group.throughput(Throughput::Elements(1));
    group.bench_function("engine", |bencher| bencher.iter(|| engine.classify(black_box(&image)).class));
    group.bench_function("prepared_engine", |bencher| {
        bencher.iter(|| prepared.classify(black_box(&image)).class)
    });
    group.finish();
    criterion.bench_function("prepare", |bencher| {
        bencher.iter(|| PreparedEngine::new(black_box(&SHIPPED.model)));
    });
}

criterion_group!(benches, classify);
criterion_main!(benches);

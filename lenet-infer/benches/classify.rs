//! Times `Engine::classify` in images per second on one thread: `cargo bench -p lenet-infer --features host`.
//!
//! Add `RUSTFLAGS='--cfg lenet_backend="portable"'` to time the portable kernels instead of the host's.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_infer::{Engine, SHIPPED};
use std::hint::black_box;

fn classify(criterion: &mut Criterion) {
    let mut engine = Engine::new(&SHIPPED.model);
    let image = std::array::from_fn(|pixel| (pixel * 37 % 256) as u8);
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1));
    group.bench_function("classify", |bencher| bencher.iter(|| engine.classify(black_box(&image)).class));
    group.finish();
}

criterion_group!(benches, classify);
criterion_main!(benches);

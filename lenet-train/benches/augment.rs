//! Images per second that one thread augments: `cargo bench -p lenet-train --bench augment`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lenet_train::augment::Augment;
use std::hint::black_box;

/// Every change turned on. The time does not depend on the limits.
const ALL: Augment =
    Augment { rotation: 12.0, shift: 2.0, scale: 0.12, shear: 0.15, elastic: 2.0, stroke: 0.3 };

fn augment(criterion: &mut Criterion) {
    let image = std::array::from_fn(|pixel| (pixel * 37 % 256) as u8);
    let mut group = criterion.benchmark_group("augment");
    group.throughput(Throughput::Elements(1));
    let mut index = 0;
    group.bench_function("all changes", |bencher| {
        bencher.iter(|| {
            index += 1;
            ALL.apply(black_box(&image), 0, 1, index)
        });
    });
    group.finish();
}

criterion_group!(benches, augment);
criterion_main!(benches);

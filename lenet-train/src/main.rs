//! trial
use dfdx::prelude::Cpu;
use lenet_train::{dataset::*, recipe::*, training::*};
fn main() {
    let data = Dataset::load(DatasetName::Mnist, None, true).unwrap();
    let (train, _) = data.split();
    let threads = std::env::args().nth(1).map_or(2, |s| s.parse().unwrap());
    let settings = Settings { epochs: 2, ..Recipe::Default.settings() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut t = Trainer::new(Cpu::seed_from_u64(0), &settings, train, (&data.test).into()).unwrap();
        for _ in 0..2 {
            println!("{:?}", t.epoch(|_| ()).unwrap());
        }
    });
}

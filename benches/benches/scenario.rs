//! From a scenario file to an analytic plan.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tonnage_benches::shipped;
use tonnage_model::demand::{DemandModel, ShapeCache};
use tonnage_model::input::Draw;
use tonnage_model::plan::{PlanOptions, Silent, plan};

/// Everything before the first formula: the file, what it extends and refers to, all readings.
fn resolve(criterion: &mut Criterion) {
    criterion.bench_function("resolve us-knowledge-workers", |bencher| {
        bencher.iter(|| shipped(black_box("us-knowledge-workers.toml")));
    });
}

/// Open sessions of the week of every tier at the central inputs, session lengths worked out anew
/// as at every draw of a Monte Carlo.
fn demand(criterion: &mut Criterion) {
    let loaded = shipped("world.toml");
    let model = DemandModel::new(&loaded.scenario).expect("finite curves");
    let central = Draw::central(&loaded.scenario.inputs);
    criterion.bench_function("demand of world", |bencher| {
        bencher.iter(|| model.at(black_box(&central), &mut ShapeCache::default()));
    });
}

/// All plans, readings, the matrix and the tornado, on as many threads as there are CPUs.
fn analytic_plan(criterion: &mut Criterion) {
    let loaded = shipped("us-knowledge-workers.toml");
    let options = PlanOptions {
        simulate: false,
        draws: Some(100),
    };
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    group.bench_function("us-knowledge-workers, 100 draws", |bencher| {
        bencher.iter(|| plan(black_box(&loaded), &options, &Silent));
    });
    group.finish();
}

criterion_group!(benches, resolve, demand, analytic_plan);
criterion_main!(benches);

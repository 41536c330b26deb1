//! The metrics of the jobs: what is recorded, and that all of it is in the table of names.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use desk::{
    db::Engine,
    jobs::{Registry, When},
    metric_names,
};
use metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use testkit::{
    TestDesk,
    jobs::{Behaviour, RowJob, create_effects, enqueue_now},
};

/// One series: a gauge's value, a counter's count, or how often a histogram was recorded to.
#[derive(Debug, Default)]
struct Series(AtomicU64);

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }
    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl GaugeFn for Series {
    fn increment(&self, _: f64) {
        unreachable!("the jobs set their gauges");
    }
    fn decrement(&self, _: f64) {
        unreachable!("the jobs set their gauges");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers in this test")]
    fn set(&self, value: f64) {
        self.0.store(value as u64, Ordering::SeqCst);
    }
}

impl HistogramFn for Series {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Recorded(Mutex<BTreeMap<String, Arc<Series>>>);

impl Recorded {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        self.0.lock().expect("not poisoned").entry(name).or_default().clone()
    }

    fn values(&self) -> Vec<(String, u64)> {
        let series = self.0.lock().expect("not poisoned");
        series.iter().map(|(name, series)| (name.clone(), series.0.load(Ordering::SeqCst))).collect()
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

// One thread, so that the recorder of this thread sees everything.
#[tokio::test(flavor = "current_thread")]
async fn what_waits_runs_and_died_is_measured_under_names_of_the_table() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let test = TestDesk::on(Engine::Sqlite).await;
    create_effects(test.desk.db()).await;
    for behaviour in [Behaviour::Succeed, Behaviour::Succeed, Behaviour::GiveUp, Behaviour::FailFor(3_600_000)] {
        enqueue_now::<RowJob>(&test.desk, &behaviour, When::default()).await;
    }
    test.clock.advance_ms(7_000);
    let rows = Registry::new().with(RowJob);
    test.run_jobs(&rows).await;
    let waited = recorded.values().into_iter().find(|(name, _)| name == "gatepost_jobs_oldest_wait_seconds{kind=test.row}");
    assert_eq!(waited.map(|(_, seconds)| seconds), Some(7), "counted before the jobs were begun");
    // A worker counts at its first look: this one sees what the other left.
    test.run_jobs(&rows).await;
    let expected = [
        ("gatepost_jobs_attempts_total{kind=test.row,outcome=dead}", 1),
        ("gatepost_jobs_attempts_total{kind=test.row,outcome=done}", 2),
        ("gatepost_jobs_attempts_total{kind=test.row,outcome=retry}", 1),
        ("gatepost_jobs_dead{kind=test.row}", 1),
        ("gatepost_jobs_duration_seconds{kind=test.row,outcome=dead}", 1),
        ("gatepost_jobs_duration_seconds{kind=test.row,outcome=done}", 2),
        ("gatepost_jobs_duration_seconds{kind=test.row,outcome=retry}", 1),
        ("gatepost_jobs_oldest_wait_seconds{kind=test.row}", 0),
        ("gatepost_jobs_queued{kind=test.row}", 1),
        ("gatepost_jobs_running{kind=test.row}", 0),
    ];
    let values = recorded.values();
    assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)));
    for (name, _) in values {
        let (name, labels) = name.split_once('{').expect("a series has labels");
        let metric = metric_names::ALL.iter().find(|metric| metric.name == name).expect("in the table");
        let labels: Vec<_> = labels.trim_end_matches('}').split(',').filter_map(|label| Some(label.split_once('=')?.0)).collect();
        assert_eq!(labels, metric.labels, "{name}");
    }
}

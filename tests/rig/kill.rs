//! Runs with chance in them: several at one time, each with a seed that replays it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many there are if `KILL_RUNS` does not say.
const RUNS: u64 = 10;

/// Runs the seeds from 0 to `KILL_RUNS`, then those on top; none at all if that is 0. `KILL_SEED=n` runs that one alone. Most of a
/// run is waiting, so many go `at_once`. Fails with the seeds that failed; says how many there were.
pub fn runs(at_once: usize, on_top: Vec<u64>, run: impl Fn(u64) + Sync) -> usize {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match (number("KILL_SEED"), number("KILL_RUNS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(0)) => Vec::new(),
        (None, runs) => (0..runs.unwrap_or(RUNS)).chain(on_top).collect(),
    };
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if catch_unwind(AssertUnwindSafe(|| run(*seed))).is_err() {
                        lock(&failed).push(*seed);
                    }
                }
            });
        }
    });
    let failed = lock(&failed);
    assert!(failed.is_empty(), "replay each with KILL_SEED=seed: {failed:?}");
    seeds.len()
}

/// The lock, whoever panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

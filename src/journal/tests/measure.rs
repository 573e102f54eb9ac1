//! Figures, not promises: `cargo test --lib journal::tests::measure -- --ignored --nocapture`.

use std::os::unix::fs::FileExt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;

const ROUNDS: usize = 4000;

fn record() -> String {
    format!("\"{}\"", "x".repeat(254))
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 1000].as_nanos() as u64 / 100;
    let [p50, p99, max] = [500, 990, 1000].map(at).map(|tenths| format!("{}.{} us", tenths / 10, tenths % 10));
    println!("{name:<58} p50 {p50:>10}  p99 {p99:>10}  max {max:>10}");
}

fn time(name: &str, mut step: impl FnMut(u64)) {
    let times = (0..ROUNDS as u64).map(|n| {
        let start = Instant::now();
        step(n);
        start.elapsed()
    });
    print(name, times.collect());
}

#[test]
#[ignore = "measures the disk"]
fn append_and_flush() {
    let dir = TempDir::new();
    let create = |name: &str| fs::File::create(dir.path().join(name)).unwrap();
    let lines: Vec<Vec<u8>> =
        (0..ROUNDS as u64).map(|n| line::line_bytes(line::Line { n, at: 1, kept: n.saturating_sub(1), record: &record() })).collect();
    let len = lines.iter().map(Vec::len).max().unwrap() as u64;
    for _ in 0..2 {
        let file = create("appended");
        time("bare append + fdatasync", |n| {
            file.write_all_at(&lines[n as usize], n * len).unwrap();
            file.sync_data().unwrap();
        });
        let file = create("prepared");
        file.write_all_at(&vec![0; ROUNDS * len as usize], 0).unwrap();
        file.sync_data().unwrap();
        time("bare write + fdatasync into written space", |n| {
            file.write_all_at(&lines[n as usize], n * len).unwrap();
            file.sync_data().unwrap();
        });
        let state = dir.path().join("state");
        let (_, opened) = replay(&state).unwrap();
        let (sender, told) = mpsc::channel();
        let mut writer = opened.start(1, "{}".into(), Box::new(move |one| sender.send(one).unwrap_or(()))).unwrap();
        told.recv().unwrap();
        time("Writer::append until Told::Flushed, thread hops included", |n| {
            let n = writer.append(n, &record());
            while told.recv().unwrap() != Told::Flushed(n) {}
        });
        assert!(writer.close());
    }
}

//! The scribe, step by step, on a disk that fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::faulty::FaultyDisk;
use super::*;
use crate::journal::scribe::{Job, Scribe};

/// A scribe with its disk and what it told, and a caller whose state is the list of its records.
struct Rig {
    dir: TempDir,
    disk: FaultyDisk,
    told: Arc<Mutex<Vec<Told>>>,
    scribe: Option<Scribe>,
    last: Seq,
}

impl Rig {
    fn new() -> Rig {
        let dir = TempDir::new();
        let disk = FaultyDisk::new(dir.path());
        let mut rig = Rig { dir, disk, told: Arc::default(), scribe: None, last: 0 };
        rig.open();
        rig
    }

    fn open(&mut self) {
        let (_, opened) = replay(self.dir.path()).unwrap();
        let told = Arc::clone(&self.told);
        let tell = Box::new(move |one| told.lock().unwrap().push(one));
        let disk = Box::new(self.disk.clone());
        let scribe = Scribe::new(opened.home, disk, opened.installation, opened.last, opened.next_segment, tell);
        self.scribe = Some(scribe.retry_every(Duration::ZERO));
        self.last = opened.last;
    }

    fn go(&mut self, jobs: Vec<Job>) -> Vec<Told> {
        self.scribe.as_mut().unwrap().carry_out(jobs);
        std::mem::take(&mut self.told.lock().unwrap())
    }

    fn record(&mut self) -> Job {
        self.last += 1;
        Job::Append { n: self.last, at: 5, record: self.last.to_string() }
    }

    fn append(&mut self, count: usize) -> Vec<Told> {
        let jobs = (0..count).map(|_| self.record()).collect();
        self.go(jobs)
    }

    /// A snapshot: the number of the last record there was.
    fn begin(&mut self) -> Vec<Told> {
        let snapshot = Ok(self.last.to_string().as_str().into());
        self.go(vec![Job::Begin { covers: self.last, at: 5, snapshot }])
    }

    /// The state a restart finds: what the snapshot covers and every record after it.
    fn restart(&mut self) -> Seq {
        self.scribe = None;
        let (seen, opened) = replay(self.dir.path()).unwrap();
        let mut state = 0;
        for text in &seen {
            match text.strip_prefix('S') {
                Some(covers) => state = covers.parse().unwrap(),
                None => {
                    assert_eq!(*text, (state + 1).to_string(), "records without a gap");
                    state += 1;
                }
            }
        }
        assert_eq!(opened.last, state);
        state
    }

    fn fill_disk(&self, free: u64) {
        let used = self.disk.used();
        self.disk.faults(|faults| faults.quota = Some(used + free));
    }
}

fn broken_from(told: &[Told]) -> Seq {
    match told {
        [Told::Broken { from, .. }] => *from,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_is_flushed_once_and_found_again() {
    let mut rig = Rig::new();
    assert_eq!(rig.begin(), [Told::Flushed(0)]);
    let syncs = rig.disk.faults(|faults| faults.syncs);
    assert_eq!(rig.append(100), [Told::Flushed(100)]);
    assert_eq!(rig.append(1), [Told::Flushed(101)]);
    assert_eq!(rig.disk.faults(|faults| faults.syncs) - syncs, 2);
    assert_eq!(rig.restart(), 101);
    rig.open();
    assert_eq!(rig.begin(), [Told::Flushed(101)]);
    assert_eq!(rig.append(1), [Told::Flushed(102)]);
    assert_eq!(rig.restart(), 102);
    assert_eq!(history(rig.dir.path()).0.len(), 102);
}

#[test]
fn records_go_into_prepared_space_and_a_finished_segment_has_none() {
    let mut rig = Rig::new();
    rig.begin();
    let path = rig.dir.segments().remove(0);
    let prepared = fs::metadata(&path).unwrap().len();
    rig.append(10);
    assert_eq!(fs::metadata(&path).unwrap().len(), prepared);
    while fs::metadata(&path).unwrap().len() == prepared {
        assert!(rig.last < 10_000);
        rig.append(10);
    }
    let last = rig.last;
    rig.scribe.take().unwrap().finish();
    assert!(!fs::read(&path).unwrap().contains(&0));
    assert_eq!(rig.restart(), last);
}

#[test]
fn a_segment_asks_for_its_successor_and_old_ones_stay_as_history() {
    let mut rig = Rig::new();
    rig.begin();
    let big = |rig: &mut Rig| {
        rig.last += 1;
        let record = format!("\"{}\"", "x".repeat(RECORD_BYTES_MAX - 2));
        rig.go(vec![Job::Append { n: rig.last, at: 5, record }])
    };
    let fits = SEGMENT_BYTES_MAX / RECORD_BYTES_MAX as u64;
    for n in 1..fits {
        assert_eq!(big(&mut rig), [Told::Flushed(n)]);
    }
    assert_eq!(big(&mut rig), [Told::Flushed(fits), Told::WantSnapshot]);
    assert_eq!(rig.begin(), [Told::Flushed(fits)]);
    assert_eq!(rig.append(1), [Told::Flushed(fits + 1)]);
    assert_eq!(rig.dir.segments().len(), 2);
    assert_eq!(rig.restart(), fits + 1);
    assert_eq!(history(rig.dir.path()).0.len() as u64, fits + 1);
}

#[test]
fn a_full_disk_is_told_and_the_reserve_carries_the_records() {
    let mut rig = Rig::new();
    rig.begin();
    rig.fill_disk(0);
    // Prepared space is used up first.
    let mut told = rig.append(50);
    while told == [Told::Flushed(rig.last)] {
        assert!(rig.last < 20_000);
        told = rig.append(50);
    }
    assert!(matches!(&told[..], [Told::Flushed(n), Told::Low { .. }] if *n == rig.last), "{told:?}");
    assert!(!rig.dir.path().join("reserve").exists());
    assert_eq!(rig.append(50), [Told::Flushed(rig.last)]);
    let used = rig.disk.used();
    rig.disk.faults(|faults| faults.quota = Some(used + RESERVE_BYTES));
    assert_eq!(rig.go(vec![]), [], "room for the reserve alone is not enough");
    rig.disk.faults(|faults| faults.quota = None);
    assert_eq!(rig.go(vec![]), [Told::Healed]);
    assert_eq!(fs::metadata(rig.dir.path().join("reserve")).unwrap().len(), RESERVE_BYTES);
    rig.append(1);
    assert_eq!(rig.restart(), rig.last);
}

#[test]
fn a_disk_full_beyond_the_reserve_breaks_and_heals_by_a_snapshot() {
    let mut rig = Rig::new();
    rig.begin();
    rig.fill_disk(0);
    let mut told = rig.append(1000);
    while !matches!(told.last(), Some(Told::Broken { .. })) {
        assert!(rig.last < 100_000);
        told = rig.append(1000);
    }
    let from = broken_from(&told[told.len() - 1..]);
    assert_eq!(from, rig.last - 999, "the group that failed is not on disk, the ones before it are");
    assert_eq!(rig.append(10), [], "dropped without a further word");
    rig.fill_disk(0);
    assert_eq!(rig.begin(), [], "still full");
    rig.fill_disk(RESERVE_BYTES);
    assert!(matches!(&rig.begin()[..], [Told::Low { .. }, Told::Flushed(n)] if *n == rig.last), "kept again, but no reserve");
    assert_eq!(rig.append(1), [Told::Flushed(rig.last)]);
    rig.disk.faults(|faults| faults.quota = None);
    assert_eq!(rig.append(1), [Told::Flushed(rig.last), Told::Healed]);
    assert_eq!(rig.restart(), rig.last);
}

#[test]
fn what_was_flushed_before_a_failure_is_found_without_healing() {
    for fault in [|f: &mut super::faulty::Faults| f.read_only = true, |f: &mut super::faulty::Faults| f.sync_fails = true] {
        let mut rig = Rig::new();
        rig.begin();
        rig.append(3);
        rig.disk.faults(fault);
        assert_eq!(broken_from(&rig.append(2)), 4);
        assert_eq!(rig.begin(), []);
        rig.disk.faults(|faults| (faults.read_only, faults.sync_fails) = (false, false));
        assert_eq!(rig.append(1), [], "the old file is never trusted again");
        assert_eq!(rig.restart(), 3);
    }
}

#[test]
fn a_failed_disk_heals_by_a_snapshot_in_a_new_segment() {
    let mut rig = Rig::new();
    rig.begin();
    rig.append(3);
    rig.disk.faults(|faults| faults.sync_fails = true);
    assert_eq!(broken_from(&rig.append(2)), 4);
    rig.disk.faults(|faults| faults.sync_fails = false);
    assert_eq!(rig.begin(), [Told::Healed, Told::Flushed(5)]);
    assert_eq!(rig.append(1), [Told::Flushed(6)]);
    assert_eq!(rig.dir.segments().len(), 2);
    assert_eq!(rig.restart(), 6);
    assert_eq!(history(rig.dir.path()).0, ["1", "2", "3", "6"]);
}

#[test]
fn a_segment_whose_name_may_be_lost_ends_the_old_one_too() {
    let mut rig = Rig::new();
    rig.begin();
    rig.append(3);
    rig.disk.faults(|faults| faults.dir_sync_fails = true);
    assert_eq!(broken_from(&rig.begin()), 4);
    assert_eq!(rig.append(1), [], "a record in the old segment would be lost if the new one is there after a crash");
    assert_eq!(rig.begin(), []);
    rig.disk.faults(|faults| faults.dir_sync_fails = false);
    assert_eq!(rig.begin(), [Told::Healed, Told::Flushed(4)]);
    assert_eq!(rig.append(1), [Told::Flushed(5)]);
    assert_eq!(rig.restart(), 5);
}

#[test]
fn a_journal_that_cannot_be_begun_says_so_and_heals() {
    let mut rig = Rig::new();
    rig.disk.faults(|faults| faults.read_only = true);
    assert_eq!(broken_from(&rig.begin()), 1);
    assert_eq!(rig.append(1), []);
    rig.disk.faults(|faults| faults.read_only = false);
    assert_eq!(rig.begin(), [Told::Healed, Told::Flushed(1)]);
}

#[test]
fn a_text_that_was_lost_is_a_gap_that_is_told() {
    let mut rig = Rig::new();
    rig.begin();
    let first = rig.record();
    rig.last += 1;
    let after = rig.record();
    let told = rig.go(vec![first, Job::Lost { reason: "too long".to_owned() }, after]);
    assert_eq!(told, [Told::Flushed(1), Told::Broken { reason: "too long".to_owned(), from: 2 }]);
    assert_eq!(rig.begin(), [Told::Healed, Told::Flushed(3)]);
    assert_eq!(rig.restart(), 3);
}

#[test]
fn a_useless_snapshot_leaves_a_good_segment_alone() {
    let mut rig = Rig::new();
    rig.begin();
    rig.append(1);
    assert_eq!(rig.go(vec![Job::Begin { covers: 1, at: 5, snapshot: Err("too long".to_owned()) }]), []);
    assert_eq!(rig.append(1), [Told::Flushed(2)]);
    assert_eq!(rig.restart(), 2);
}

#[test]
fn power_lost_at_any_step_keeps_everything_told() {
    let mut crashed = 0;
    for steps in 0.. {
        let mut rig = Rig::new();
        rig.disk.faults(|faults| faults.steps_left = Some(steps));
        let mut flushed = 0;
        let mut see = |told: Vec<Told>| {
            for one in told {
                if let Told::Flushed(n) = one {
                    flushed = n;
                }
            }
        };
        see(rig.begin());
        see(rig.append(2));
        see(rig.begin());
        see(rig.append(2));
        see(rig.begin());
        see(rig.append(1));
        let survived = rig.disk.faults(|faults| faults.steps_left.take()) != Some(0);
        // Nothing reached the disk after the power was lost, so dropping the scribe is the crash.
        let state = rig.restart();
        assert!((flushed..=rig.last).contains(&state), "{steps} steps: {flushed} told, {state} found");
        if survived {
            break;
        }
        crashed += 1;
    }
    assert!(crashed > 20, "{crashed}");
}

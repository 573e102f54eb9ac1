//! The writer with its thread.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::faulty::FaultyDisk;
use super::*;
use crate::journal::scribe::Scribe;

const PATIENCE: Duration = Duration::from_secs(20);

/// A writer on a faulty disk, as `Opened::start` makes it on the real one.
fn start(dir: &TempDir) -> (Writer, FaultyDisk, Receiver<Told>) {
    let (_, opened) = replay(dir.path()).unwrap();
    let disk = FaultyDisk::new(dir.path());
    let (sender, told) = mpsc::channel();
    let tell = Box::new(move |one| sender.send(one).unwrap_or(()));
    let scribe = Scribe::new(opened.home, Box::new(disk.clone()), opened.installation, opened.last, opened.next_segment, tell);
    let mut writer = Writer::start(scribe.retry_every(Duration::from_millis(5)), opened.last).unwrap();
    writer.begin(1, "{}".into());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Flushed(opened.last)));
    (writer, disk, told)
}

fn hear(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn the_real_disk_through_the_front_door() {
    let dir = TempDir::new();
    let mut name = None;
    for round in 0..3 {
        let (seen, opened) = replay(dir.path()).unwrap();
        assert_eq!(opened.fresh, round == 0);
        assert_eq!(seen.len(), if round == 0 { 0 } else { 3 });
        assert_eq!(*name.get_or_insert(opened.installation.clone()), opened.installation);
        let (sender, told) = mpsc::channel();
        let mut writer = opened.start(1, "{}".into(), Box::new(move |one| sender.send(one).unwrap_or(()))).unwrap();
        let first = writer.append(2, "\"a\"");
        assert_eq!((first, writer.append(3, "\"b\"")), (2 * round + 1, 2 * round + 2));
        while hear(&told) != Told::Flushed(2 * round + 2) {}
        assert_eq!(history(dir.path()).0.len() as u64, 2 * round + 2, "history is read while the daemon runs");
        assert!(writer.close());
    }
}

#[test]
fn a_second_opener_learns_who_holds_the_directory() {
    let dir = TempDir::new();
    let (_, opened) = replay(dir.path()).unwrap();
    match replay(dir.path()) {
        Err(JournalError::Locked { holder }) => assert_eq!(holder, format!("process {}", std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(opened);
    assert!(replay(dir.path()).is_ok());
}

#[test]
fn the_lock_is_held_until_the_thread_has_ended() {
    let dir = TempDir::new();
    let (writer, _, _told) = start(&dir);
    assert!(matches!(replay(dir.path()), Err(JournalError::Locked { .. })));
    assert!(writer.close());
    assert!(replay(dir.path()).is_ok());
}

#[test]
fn what_waits_is_flushed_together_and_in_order() {
    let dir = TempDir::new();
    let (mut writer, disk, told) = start(&dir);
    disk.faults(|faults| faults.blocked = true);
    let syncs = disk.faults(|faults| faults.syncs);
    for n in 1..=1000 {
        assert_eq!(writer.append(n, &n.to_string()), n);
    }
    disk.faults(|faults| faults.blocked = false);
    let mut flushed = 0;
    while flushed < 1000 {
        match hear(&told) {
            Told::Flushed(n) if n > flushed => flushed = n,
            other => panic!("{other:?}"),
        }
    }
    assert!(writer.close());
    // The group that was blocked, the one of all that waited behind it, and zeros prepared after either.
    let syncs = disk.faults(|faults| faults.syncs) - syncs;
    assert!(syncs <= 5, "{syncs}");
    let expected: Vec<String> = (1..=1000).map(|n| n.to_string()).collect();
    assert_eq!(history(dir.path()).0, expected);
}

#[test]
fn a_disk_that_hangs_loses_the_overflow_and_says_so() {
    let dir = TempDir::new();
    let (mut writer, disk, told) = start(&dir);
    disk.faults(|faults| faults.blocked = true);
    let record = format!("\"{}\"", "x".repeat(RECORD_BYTES_MAX - 2));
    let count = 3 * WAITING_BYTES_MAX / RECORD_BYTES_MAX;
    for _ in 0..count {
        writer.append(1, &record);
    }
    disk.faults(|faults| faults.blocked = false);
    let mut flushed = 0;
    let from = loop {
        match hear(&told) {
            Told::Flushed(n) => flushed = n,
            Told::Broken { from, reason } => {
                assert!(reason.contains("slow"), "{reason}");
                break from;
            }
            other => assert_eq!(other, Told::WantSnapshot),
        }
    };
    assert_eq!(from, flushed + 1);
    writer.begin(1, "\"all\"".into());
    while hear(&told) != Told::Healed {}
    assert!(writer.close());
    assert_eq!(replay(dir.path()).unwrap().1.last, count as u64);
}

#[test]
fn texts_that_cannot_be_a_line_are_lost_and_told() {
    for bad in ["{\n}".to_owned(), "\0".to_owned(), "x".repeat(RECORD_BYTES_MAX + 1)] {
        let dir = TempDir::new();
        let (mut writer, _, told) = start(&dir);
        writer.append(1, "1");
        let bad = writer.append(1, &bad);
        while !matches!(hear(&told), Told::Broken { from, .. } if from == bad) {}
        writer.begin(1, "2".into());
        assert_eq!(hear(&told), Told::Healed);
        assert!(writer.close());
        assert_eq!(replay(dir.path()).unwrap().0, ["S2"]);
    }
}

#[test]
fn the_thread_heals_the_reserve_by_itself() {
    let dir = TempDir::new();
    let (mut writer, disk, told) = start(&dir);
    let used = disk.used();
    disk.faults(|faults| faults.quota = Some(used));
    let record = format!("\"{}\"", "x".repeat(RECORD_BYTES_MAX - 2));
    writer.append(1, &record);
    assert_eq!(hear(&told), Told::Flushed(1));
    assert!(matches!(hear(&told), Told::Low { .. }));
    disk.faults(|faults| faults.quota = None);
    assert_eq!(hear(&told), Told::Healed);
    assert!(writer.close());
}

#[test]
fn closing_flushes_what_waits_and_gives_up_on_a_disk_that_hangs() {
    let dir = TempDir::new();
    let (mut writer, disk, _told) = start(&dir);
    for n in 1..=100 {
        writer.append(n, "1");
    }
    assert!(writer.close());
    assert_eq!(history(dir.path()).0.len(), 100);

    let (mut writer, hung, _told) = start(&dir);
    drop(disk);
    hung.faults(|faults| faults.blocked = true);
    writer.append(1, "1");
    assert!(!writer.close());
    hung.faults(|faults| faults.blocked = false);
}

//! Tests of the journal as a whole: real files in a directory of their own, and a disk that can be made to fail.

mod faulty;
mod measure;
mod reading;
mod threading;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A directory that goes with the test.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("perphook-journal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        TempDir(dir)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// The segments' paths, oldest first.
    fn segments(&self) -> Vec<PathBuf> {
        segment::list(&self.0).unwrap().into_iter().map(|found| found.path).collect()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Opens, replays and lets go again.
fn replay(dir: &Path) -> Result<(Vec<String>, Opened), JournalError> {
    let mut seen = Vec::new();
    let opened = open(dir, &mut |_, replayed| {
        seen.push(match replayed {
            Replayed::Snapshot(text) => format!("S{text}"),
            Replayed::Record(text) => text.to_owned(),
        });
        Ok(())
    })?;
    Ok((seen, opened))
}

/// Every record that history shows, and its warnings.
fn history(dir: &Path) -> (Vec<String>, Vec<String>) {
    let mut seen = Vec::new();
    let warnings = read_history(dir, &mut |_, replayed| {
        if let Replayed::Record(text) = replayed {
            seen.push(text.to_owned());
        }
    })
    .unwrap();
    (seen, warnings)
}

fn installation() -> crate::market::Installation {
    crate::market::Installation::from_random([7; 8])
}

/// The bytes of a segment: a header that covers `covers`, then groups of records flushed one after the other.
fn segment_bytes(covers: Seq, groups: &[&[&str]]) -> Vec<u8> {
    let header = segment::header_line(1, covers, &installation(), r#"{"s":0}"#.into());
    let mut bytes: Vec<u8> = header.iter().flatten().copied().collect();
    let mut n = covers;
    for group in groups {
        let kept = n;
        for record in *group {
            n += 1;
            line::encode(&mut bytes, line::Line { n, at: 2, kept, record });
        }
    }
    bytes
}

fn write_segment(dir: &TempDir, number: u64, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(format!("journal-{number:08}.jsonl"));
    fs::write(&path, bytes).unwrap();
    path
}

/// Where each line begins, and where the last one ends.
fn line_starts(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}

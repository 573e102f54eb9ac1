//! Segments: their names, their header, how one is begun and how old ones go.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::line;
use super::pieces::Pieces;
use super::{FORMAT, JournalError, Seq};
use crate::market::{Installation, Millis};

const PREFIX: &str = "journal-";
const SUFFIX: &str = ".jsonl";
const DRAFT_SUFFIX: &str = ".tmp";
const TORN_EXTENSION: &str = "torn";
/// How many segments stay whatever their size: the newest, and the one before it to fall back on.
const SEGMENTS_MIN: usize = 2;

/// A segment found in a state directory.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The segments of a state directory, oldest first.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Some(number) = entry.file_name().to_str().and_then(|name| number_of(name, SUFFIX)) else { continue };
        match entry.metadata() {
            Ok(metadata) => found.push(Found { number, path: entry.path(), bytes: metadata.len() }),
            // The daemon deleted it while `perphook trades` was listing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_by_key(|segment| segment.number);
    Ok(found)
}

fn number_of(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(suffix)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn path(dir: &Path, number: u64, suffix: &str) -> PathBuf {
    dir.join(format!("{PREFIX}{number:08}{suffix}"))
}

/// Deletes what a crash left of segments that were never begun.
pub(super) fn remove_drafts(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(|name| number_of(name, DRAFT_SUFFIX)).is_some() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Takes a segment without a whole header out of the way, and gives its new path.
pub(super) fn set_aside(segment: &Found) -> io::Result<PathBuf> {
    let aside = segment.path.with_extension(TORN_EXTENSION);
    fs::rename(&segment.path, &aside)?;
    Ok(aside)
}

/// What a segment's first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) installation: Installation,
    pub(super) snapshot: &'a str,
}

/// The first line of a segment. `covers` is the last record the snapshot contains; records go on from there.
pub(super) fn header_line(at: Millis, covers: Seq, installation: &Installation, snapshot: Pieces) -> Pieces {
    let begin = format!(r#"{{"format":{FORMAT},"installation":"{}","snapshot":"#, installation.as_str());
    let mut record = Pieces::from(begin.as_str());
    record.append(snapshot);
    record.push(b"}");
    line::long_line(covers, at, covers, record)
}

/// Why a whole first line is no header of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    NewerFormat(u32),
    NoHeader,
}

/// Reads the record of a first line. Its beginning up to the format keeps its shape in every format to come.
pub(super) fn parse_header(record: &str) -> Result<Header<'_>, HeaderFault> {
    let (format, rest) = record.strip_prefix(r#"{"format":"#).and_then(|rest| rest.split_once(',')).ok_or(HeaderFault::NoHeader)?;
    match format.parse::<u32>() {
        Ok(FORMAT) => {}
        Ok(newer) if newer > FORMAT => return Err(HeaderFault::NewerFormat(newer)),
        _ => return Err(HeaderFault::NoHeader),
    }
    let parts = rest.strip_prefix(r#""installation":""#).and_then(|rest| rest.split_once(r#"","snapshot":"#));
    let (installation, rest) = parts.ok_or(HeaderFault::NoHeader)?;
    let installation = Installation::parse(installation).ok_or(HeaderFault::NoHeader)?;
    let snapshot = rest.strip_suffix('}').ok_or(HeaderFault::NoHeader)?;
    Ok(Header { installation, snapshot })
}

impl HeaderFault {
    /// The error to give for it.
    pub(super) fn error(self, place: super::Place) -> JournalError {
        match self {
            HeaderFault::NewerFormat(found) => JournalError::NewerFormat { file: place.file, found },
            HeaderFault::NoHeader => JournalError::Damaged { place, reason: "a segment's first line must be its header".to_owned() },
        }
    }
}

/// Writes a segment under a name that recovery ignores. Until [`publish`] nothing has changed.
pub(super) fn draft(disk: &dyn Disk, dir: &Path, number: u64, header: &Pieces) -> io::Result<File> {
    let path = path(dir, number, DRAFT_SUFFIX);
    let written = disk.create(&path).and_then(|file| {
        let mut end = 0;
        for piece in header.iter() {
            disk.write_at(&file, piece, end)?;
            end += piece.len() as u64;
        }
        disk.sync(&file)?;
        Ok(file)
    });
    if written.is_err() {
        let _ = disk.remove(&path);
    }
    written
}

/// Makes a drafted segment the newest one. After an error it may or may not be: the older one must not be written to any more.
pub(super) fn publish(disk: &dyn Disk, dir: &Path, number: u64) -> io::Result<()> {
    disk.rename(&path(dir, number, DRAFT_SUFFIX), &path(dir, number, SUFFIX))?;
    disk.sync_dir(dir)
}

/// Deletes the oldest segments while all together are above `bytes_max`. What cannot be deleted now is tried again next time.
pub(super) fn prune(disk: &dyn Disk, dir: &Path, bytes_max: u64) -> io::Result<()> {
    let segments = list(dir)?;
    let mut total: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let spare = segments.len().saturating_sub(SEGMENTS_MIN);
    for segment in segments.iter().take(spare) {
        if total <= bytes_max {
            break;
        }
        disk.remove(&segment.path)?;
        total -= segment.bytes;
    }
    Ok(())
}

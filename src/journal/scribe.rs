//! What the journal's thread does with its jobs: groups, flushes, rotation, the reserve, failing and healing. It has no
//! thread itself, so tests drive it step by step.
//!
//! After a failed fdatasync the system may have dropped the unwritten pages and call the next fdatasync a success.
//! Therefore a file that failed once is never written to again: a new segment is the only way back.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use super::disk::{Disk, is_full};
use super::home::Home;
use super::line::{self, Line};
use super::pieces::Pieces;
use super::segment;
use super::{HISTORY_BYTES_MAX, RESERVE_BYTES, SEGMENT_BYTES_MAX, Seq, Told};
use crate::market::{Installation, Millis};

const RESERVE_NAME: &str = "reserve";
/// Free space that must be left beside a rebuilt reserve; without it the reserve would come and go with every record.
const HEADROOM_BYTES: u64 = RESERVE_BYTES;
/// Zeros written ahead of the records: an fdatasync into written space has no file size and no block map to flush.
const PREPARED_BYTES: u64 = 256 * 1024;
/// How often the reserve is rebuilt and a snapshot asked for again.
const RETRY: Duration = Duration::from_secs(1);
/// What the buffer for a group may keep between groups.
const GROUP_BYTES_KEPT: usize = 64 * 1024;

/// Something to be done, in the order in which it was asked for.
#[derive(Debug)]
pub(super) enum Job {
    /// Record a text.
    Append { n: Seq, at: Millis, record: String },
    /// Begin a segment with a snapshot of everything up to record `covers`; or why the snapshot cannot be used.
    Begin { covers: Seq, at: Millis, snapshot: Result<Pieces, String> },
    /// A text was not taken, and why: the record after those before is missing.
    Lost { reason: String },
}

/// The segment being written.
struct Segment {
    file: File,
    /// Where the flushed lines end.
    end: u64,
    /// Where the header ends.
    begin: u64,
    /// How far the file was written, zeros included.
    prepared: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Well,
    Low,
    Broken,
}

/// The journal's writing side.
pub(super) struct Scribe {
    home: Home,
    disk: Box<dyn Disk>,
    installation: Installation,
    tell: Box<dyn Fn(Told) + Send>,
    segment: Option<Segment>,
    next_segment: u64,
    flushed: Seq,
    group: Vec<u8>,
    group_last: Seq,
    has_reserve: bool,
    full: String,
    health: Health,
    reserve_tried: Option<Instant>,
    snapshot_wanted: Option<Instant>,
    retry: Duration,
}

impl Scribe {
    pub(super) fn new(
        home: Home,
        disk: Box<dyn Disk>,
        installation: Installation,
        flushed: Seq,
        next_segment: u64,
        tell: Box<dyn Fn(Told) + Send>,
    ) -> Scribe {
        // A reserve of another size is rebuilt.
        let has_reserve = home.dir.join(RESERVE_NAME).metadata().is_ok_and(|found| found.len() == RESERVE_BYTES);
        Scribe {
            home,
            disk,
            installation,
            tell,
            segment: None,
            next_segment,
            flushed,
            group: Vec::new(),
            group_last: flushed,
            has_reserve,
            full: String::new(),
            health: Health::Well,
            reserve_tried: None,
            snapshot_wanted: None,
            retry: RETRY,
        }
    }

    /// Shortens the waits, for tests.
    #[cfg(test)]
    pub(super) fn retry_every(mut self, retry: Duration) -> Scribe {
        self.retry = retry;
        self
    }

    /// Carries out what waited, with one flush for all records between two other jobs.
    pub(super) fn carry_out(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            match job {
                Job::Append { n, at, record } => self.add(n, at, &record),
                Job::Begin { covers, at, snapshot } => {
                    self.flush();
                    let drafted = snapshot.and_then(|snapshot| self.draft(covers, at, snapshot));
                    self.begin(covers, drafted);
                }
                Job::Lost { reason } => {
                    self.flush();
                    self.fail(&reason);
                }
            }
        }
        self.flush();
        self.prepare();
        self.keep_house();
    }

    /// How long the thread may sleep without a job; `None` is as long as it likes.
    pub(super) fn patience(&self) -> Option<Duration> {
        (!self.has_reserve).then_some(self.retry)
    }

    /// Leaves the segment without prepared space. What waited has been carried out before.
    pub(super) fn finish(mut self) {
        if let Some(segment) = self.segment.take() {
            self.trim(&segment);
        }
    }

    fn add(&mut self, n: Seq, at: Millis, record: &str) {
        if self.segment.is_some() {
            line::encode(&mut self.group, Line { n, at, kept: self.flushed, record });
            self.group_last = n;
        }
    }

    fn flush(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let mut group = std::mem::take(&mut self.group);
        let flushed = self.with_reserve(|scribe| scribe.write(&group)).and_then(|()| self.sync());
        match (flushed, &mut self.segment) {
            (Ok(()), Some(segment)) => {
                segment.end += group.len() as u64;
                segment.prepared = segment.prepared.max(segment.end);
                self.flushed = self.group_last;
                (self.tell)(Told::Flushed(self.flushed));
                self.settle();
            }
            (Err(error), _) => self.fail(&error.to_string()),
            (Ok(()), None) => {}
        }
        group.clear();
        group.shrink_to(GROUP_BYTES_KEPT);
        self.group = group;
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.segment.as_ref().map_or(Ok(()), |segment| self.disk.write_at(&segment.file, bytes, segment.end))
    }

    fn sync(&self) -> io::Result<()> {
        self.segment.as_ref().map_or(Ok(()), |segment| self.disk.sync(&segment.file))
    }

    /// Tries once more without the reserve if the disk is full.
    fn with_reserve<T>(&mut self, attempt: impl Fn(&Scribe) -> io::Result<T>) -> io::Result<T> {
        match attempt(self) {
            Err(error) if is_full(&error) && self.has_reserve => {
                self.give_up_reserve(&error);
                attempt(self)
            }
            other => other,
        }
    }

    fn give_up_reserve(&mut self, error: &io::Error) {
        self.has_reserve = false;
        self.reserve_tried = Some(Instant::now());
        self.full = error.to_string();
        let _ = self.disk.remove(&self.home.dir.join(RESERVE_NAME));
        // Some file systems hand the space out again only after this.
        let _ = self.disk.sync_dir(&self.home.dir);
    }

    fn draft(&mut self, covers: Seq, at: Millis, snapshot: Pieces) -> Result<Segment, String> {
        let header = segment::header_line(at, covers, &self.installation, snapshot);
        let end = header.len() as u64;
        let drafted = self.with_reserve(|scribe| segment::draft(&*scribe.disk, &scribe.home.dir, scribe.next_segment, &header));
        drafted.map(|file| Segment { file, end, begin: end, prepared: end }).map_err(|error| error.to_string())
    }

    /// Goes over to a drafted segment. If the draft failed nothing has changed, and a good old segment goes on.
    fn begin(&mut self, covers: Seq, drafted: Result<Segment, String>) {
        let segment = match drafted {
            Ok(segment) => segment,
            Err(reason) if self.segment.is_none() => return self.fail(&reason),
            Err(_) => return self.settle(),
        };
        let number = self.next_segment;
        self.next_segment += 1;
        if let Err(error) = segment::publish(&*self.disk, &self.home.dir, number) {
            // After a crash either segment may be the newest, so nothing may be added to the old one.
            return self.fail(&error.to_string());
        }
        if let Some(old) = self.segment.replace(segment) {
            self.trim(&old);
        }
        self.flushed = covers;
        self.snapshot_wanted = None;
        let _ = segment::prune(&*self.disk, &self.home.dir, HISTORY_BYTES_MAX);
        if !self.has_reserve {
            self.build_reserve();
        }
        self.settle();
        (self.tell)(Told::Flushed(covers));
    }

    /// Gives the segment up. Its flushed part stays good.
    fn fail(&mut self, reason: &str) {
        self.group.clear();
        if let Some(segment) = self.segment.take() {
            self.trim(&segment);
        }
        if self.health != Health::Broken {
            self.health = Health::Broken;
            (self.tell)(Told::Broken { reason: reason.to_owned(), from: self.flushed + 1 });
        }
    }

    /// Tells how things are now that records are kept, if that has changed.
    fn settle(&mut self) {
        let health = if self.has_reserve { Health::Well } else { Health::Low };
        if health != self.health {
            self.health = health;
            (self.tell)(if self.has_reserve { Told::Healed } else { Told::Low { reason: self.full.clone() } });
        }
    }

    /// Writes zeros ahead when they run short. On a disk that is short itself the space is left to the records.
    fn prepare(&mut self) {
        let Some(segment) = &mut self.segment else { return };
        if !self.has_reserve || segment.prepared >= segment.end + PREPARED_BYTES / 2 {
            return;
        }
        let zeros = vec![0; PREPARED_BYTES as usize];
        if self.disk.write_at(&segment.file, &zeros, segment.prepared).is_err() {
            return;
        }
        segment.prepared += PREPARED_BYTES;
        if let Err(error) = self.disk.sync(&segment.file) {
            self.fail(&error.to_string());
        }
    }

    /// What is due from time to time: the reserve, and a segment that has grown enough.
    fn keep_house(&mut self) {
        if !self.has_reserve && self.is_due(self.reserve_tried) {
            self.build_reserve();
            if self.segment.is_some() {
                self.settle();
            }
        }
        let grown = self.segment.as_ref().is_some_and(|segment| segment.end - segment.begin > SEGMENT_BYTES_MAX);
        if grown && self.is_due(self.snapshot_wanted) {
            self.snapshot_wanted = Some(Instant::now());
            (self.tell)(Told::WantSnapshot);
        }
    }

    fn is_due(&self, last: Option<Instant>) -> bool {
        last.is_none_or(|last| last.elapsed() >= self.retry)
    }

    fn build_reserve(&mut self) {
        self.reserve_tried = Some(Instant::now());
        let path = self.home.dir.join(RESERVE_NAME);
        let zeros = vec![0; (RESERVE_BYTES + HEADROOM_BYTES) as usize];
        let built = self.disk.create(&path).and_then(|file| {
            self.disk.write_at(&file, &zeros, 0)?;
            self.disk.sync(&file)?;
            self.disk.cut(&file, RESERVE_BYTES)
        });
        match built {
            Ok(()) => self.has_reserve = true,
            Err(error) => {
                self.full = error.to_string();
                let _ = self.disk.remove(&path);
            }
        }
    }

    /// Cuts off whatever lies behind the flushed lines. If that fails, readers know how to tell it.
    fn trim(&self, segment: &Segment) {
        let _ = self.disk.cut(&segment.file, segment.end);
    }
}

//! Crash-safe record of alerts, intents and outcomes. It keeps JSON texts and knows nothing of what they mean.
//!
//! A state directory holds `journal-00000001.jsonl`, `journal-00000002.jsonl`, …: segments of one checksummed JSON line
//! per record. Each begins with a header line that carries a snapshot of everything still needed, so the newest segment
//! alone is enough to start from; the older ones are kept as history, within [`HISTORY_BYTES_MAX`].
//!
//! What it promises:
//! * A record told as [`Told::Flushed`] is found again after a crash or a power cut.
//! * A tail that a crash tore is cut, with a warning. Any other damage refuses the start and names the place: a record
//!   that was flushed is never dropped by a guess.
//! * The caller never waits for the disk: records are handed to a thread, which flushes all that wait with one fdatasync.
//! * A full or failing disk is told, never hidden, and heals without a restart ([`Told`] has the states).

mod disk;
mod error;
mod history;
mod home;
mod line;
mod pieces;
mod recover;
mod scribe;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::Path;

pub use error::{JournalError, Place};
pub use history::read_history;
pub use pieces::Pieces;
pub use writer::Writer;

use crate::market::{Installation, Millis};

/// The format of the segments this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;
/// Longest record text, in bytes.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Longest snapshot text, in bytes.
pub const SNAPSHOT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of records after which a segment asks for its successor.
pub const SEGMENT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of all segments together, above which the oldest are deleted. The newest two always stay.
pub const HISTORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes set aside on disk, so that open trades can still be recorded when the disk is full.
pub const RESERVE_BYTES: u64 = 1024 * 1024;
/// Bytes that may wait for the disk; what is appended beyond them is lost and told as [`Told::Broken`].
pub const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The number of a record. It rises by one with each record appended, for as long as the state directory lives.
pub type Seq = u64;

/// What recovery hands back, in the order in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed<'a> {
    /// The snapshot the newest segment begins with. Always first, exactly once.
    Snapshot(&'a str),
    /// A record appended after it.
    Record(&'a str),
}

/// What the journal's thread reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Everything up to this record is on disk, as a record or inside a snapshot.
    Flushed(Seq),
    /// The segment has grown enough: call [`Writer::begin`].
    WantSnapshot,
    /// The disk is full and the reserve is given up: records are still kept, so open trades go on, but nothing new should begin.
    Low {
        /// What the disk said.
        reason: String,
    },
    /// Records from `from` on are not on disk, and what is appended now is dropped. Call [`Writer::begin`] about every second, with a
    /// snapshot that contains what was lost; when it is on disk, [`Told::Healed`] or [`Told::Low`] follows.
    Broken {
        /// What the disk said.
        reason: String,
        /// The first record that is not on disk.
        from: Seq,
    },
    /// All is well again: records are kept and the reserve is there.
    Healed,
}

/// An open state directory: locked, read back, and ready to be written to.
#[derive(Debug)]
pub struct Opened {
    /// The random name of this state directory, made when it was first used.
    pub installation: Installation,
    /// Whether there was nothing to replay.
    pub fresh: bool,
    /// What recovery had to put right, in words for the log.
    pub warnings: Vec<String>,
    home: home::Home,
    last: Seq,
    next_segment: u64,
}

/// Locks the state directory, making it if need be, and replays its newest segment, one line in memory at a time.
///
/// `replay` may refuse a text it cannot use; its words come back in [`JournalError::Refused`]. After any error what was
/// replayed so far must be thrown away.
pub fn open(dir: &Path, replay: &mut dyn FnMut(Millis, Replayed<'_>) -> Result<(), String>) -> Result<Opened, JournalError> {
    let home = home::Home::lock(dir)?;
    let recovered = recover::recover(dir, replay)?;
    let fresh = recovered.installation.is_none();
    let installation = match recovered.installation {
        Some(installation) => installation,
        None => home::new_installation()?,
    };
    Ok(Opened { installation, fresh, warnings: recovered.warnings, home, last: recovered.last, next_segment: recovered.next_segment })
}

impl Opened {
    /// Starts the writing thread. Its first act is a new segment with this snapshot of what was replayed (or of an empty
    /// state), so the part to be replayed never grows over restarts. A disk that fails at that is told as
    /// [`Told::Broken`] and heals like any other failure. `tell` is called on the journal's thread and must not block.
    ///
    /// # Errors
    /// Only if the thread cannot be started.
    pub fn start(self, at: Millis, snapshot_json: Pieces, tell: Box<dyn Fn(Told) + Send>) -> io::Result<Writer> {
        let last = self.last;
        let scribe = scribe::Scribe::new(self.home, Box::new(disk::RealDisk), self.installation, last, self.next_segment, tell);
        let mut writer = Writer::start(scribe, last)?;
        writer.begin(at, snapshot_json);
        Ok(writer)
    }
}

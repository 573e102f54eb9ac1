//! The caller's end of the journal: a bounded queue and the thread behind it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, mem, thread};

use super::scribe::{Job, Scribe};
use super::{Pieces, RECORD_BYTES_MAX, SNAPSHOT_BYTES_MAX, Seq, WAITING_BYTES_MAX};
use crate::market::Millis;

/// How long [`Writer::close`] waits for the disk.
const CLOSE_WAIT: Duration = Duration::from_secs(3);
/// What a waiting job takes beside its text.
const JOB_BYTES: usize = 64;

/// Hands records to the journal's thread. No method but [`Writer::close`] waits for the disk.
#[derive(Debug)]
pub struct Writer {
    queue: Arc<Queue>,
    last: Seq,
}

impl Writer {
    pub(super) fn start(mut scribe: Scribe, last: Seq) -> io::Result<Writer> {
        let queue = Arc::new(Queue::default());
        let shared = Arc::clone(&queue);
        thread::Builder::new().name("journal".to_owned()).spawn(move || {
            loop {
                let (jobs, closing) = shared.take(scribe.patience());
                scribe.carry_out(jobs);
                if closing {
                    break;
                }
            }
            scribe.finish();
            shared.end();
        })?;
        Ok(Writer { queue, last })
    }

    /// Hands a record over and gives its number. [`super::Told::Flushed`] with this number or a higher one says that it is on disk.
    ///
    /// The text must be one JSON value in one line of at most [`RECORD_BYTES_MAX`] bytes. One that is not, or that finds too much
    /// waiting already, is lost, which is told as [`super::Told::Broken`] like a failure of the disk.
    pub fn append(&mut self, at: Millis, record_json: &str) -> Seq {
        self.last += 1;
        let n = self.last;
        self.queue.append(match flaw(record_json, RECORD_BYTES_MAX) {
            None => Job::Append { n, at, record: record_json.to_owned() },
            Some(flaw) => Job::Lost { reason: format!("record {n} {flaw}") },
        });
        n
    }

    /// Asks for a new segment that begins with a snapshot of everything appended so far.
    ///
    /// If it cannot be begun a good old segment goes on, and [`super::Told::WantSnapshot`] is told again after a while.
    pub fn begin(&mut self, at: Millis, snapshot_json: Pieces) {
        let snapshot = match flaw_of(snapshot_json.len(), snapshot_json.iter(), SNAPSHOT_BYTES_MAX) {
            None => Ok(snapshot_json),
            Some(flaw) => Err(format!("the snapshot {flaw}")),
        };
        self.queue.begin(Job::Begin { covers: self.last, at, snapshot });
    }

    /// Writes what waits and ends the thread. `false` if the disk did not answer within three seconds.
    pub fn close(self) -> bool {
        self.queue.close(CLOSE_WAIT)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close(Duration::ZERO);
    }
}

/// Why a text cannot be a part of a line.
fn flaw(text: &str, bytes_max: usize) -> Option<String> {
    flaw_of(text.len(), std::iter::once(text.as_bytes()), bytes_max)
}

fn flaw_of<'a>(len: usize, mut pieces: impl Iterator<Item = &'a [u8]>, bytes_max: usize) -> Option<String> {
    if len > bytes_max {
        return Some(format!("has {len} bytes, more than {bytes_max}"));
    }
    pieces.any(|piece| piece.iter().any(|byte| matches!(byte, b'\n' | 0))).then(|| "has a newline or a NUL in it".to_owned())
}

/// Jobs on their way to the thread. Its mutex is held for a push or a swap only.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<Job>,
    bytes: usize,
    closing: bool,
    ended: bool,
}

impl Queue {
    fn append(&self, job: Job) {
        let mut waiting = self.lock();
        let bytes = job.bytes();
        if waiting.bytes + bytes <= WAITING_BYTES_MAX {
            waiting.bytes += bytes;
            waiting.jobs.push(job);
        } else if !matches!(waiting.jobs.last(), Some(Job::Lost { .. })) {
            // One stands for all that follow: what waits is taken as a whole, so nothing gets in between.
            let reason = format!("the disk is too slow: {} bytes wait for it", waiting.bytes);
            waiting.jobs.push(Job::Lost { reason });
        }
        self.changed.notify_all();
    }

    /// A snapshot that finds too much waiting is left out: the caller tries again as after any snapshot that failed.
    fn begin(&self, job: Job) {
        let mut waiting = self.lock();
        let bytes = job.bytes();
        if waiting.bytes + bytes <= WAITING_BYTES_MAX {
            waiting.bytes += bytes;
            waiting.jobs.push(job);
        }
        self.changed.notify_all();
    }

    /// Waits for jobs, the end, or until patience runs out; takes all there is.
    fn take(&self, patience: Option<Duration>) -> (Vec<Job>, bool) {
        let mut waiting = self.lock();
        let idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closing;
        waiting = match patience {
            None => self.changed.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => self.changed.wait_timeout_while(waiting, patience, idle).unwrap_or_else(PoisonError::into_inner).0,
        };
        waiting.bytes = 0;
        (mem::take(&mut waiting.jobs), waiting.closing)
    }

    fn close(&self, patience: Duration) -> bool {
        let mut waiting = self.lock();
        waiting.closing = true;
        self.changed.notify_all();
        let running = |waiting: &mut Waiting| !waiting.ended;
        waiting = self.changed.wait_timeout_while(waiting, patience, running).unwrap_or_else(PoisonError::into_inner).0;
        waiting.ended
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn bytes(&self) -> usize {
        JOB_BYTES
            + match self {
                Job::Append { record, .. } => record.len(),
                Job::Begin { snapshot: Ok(text), .. } => text.len(),
                Job::Begin { snapshot: Err(reason), .. } => reason.len(),
                Job::Lost { reason } => reason.len(),
            }
    }
}

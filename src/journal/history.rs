//! Reading all kept records without the lock, while the daemon may be writing.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::line::Lines;
use super::segment::{self, Found, HeaderFault};
use super::{JournalError, RECORD_BYTES_MAX, Replayed, SNAPSHOT_BYTES_MAX};
use crate::market::Millis;

/// Streams every kept record, oldest first, with the time it was written; the snapshot each segment begins with, too: it
/// holds what a disk that failed kept from being recorded.
///
/// Nothing is acted on by history, so it shows what can be read: lines that are not whole are left out and come back as
/// warnings, one per segment; at the very end they are lines being written, and no warning.
///
/// # Errors
/// The directory cannot be read, or a newer program wrote a segment.
pub fn read_history(dir: &Path, each: &mut dyn FnMut(Millis, Replayed<'_>)) -> Result<Vec<String>, JournalError> {
    let segments = segment::list(dir).map_err(JournalError::io("list", dir))?;
    let mut warnings = Vec::new();
    for segment in &segments {
        match File::open(&segment.path) {
            Ok(file) => {
                let bad = read_segment(segment, file, each)?;
                warnings.extend(bad.map(|bad| bad.describe(segment)));
            }
            // Deleted since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(JournalError::io("open", &segment.path)(error)),
        }
    }
    Ok(warnings)
}

/// Lines that could not be read, with whole ones after them.
struct Bad {
    first_line: u64,
    count: u64,
}

impl Bad {
    fn describe(&self, segment: &Found) -> String {
        format!("{}: {} lines cannot be read, the first of them line {}", segment.path.display(), self.count, self.first_line)
    }
}

fn read_segment(segment: &Found, file: File, each: &mut dyn FnMut(Millis, Replayed<'_>)) -> Result<Option<Bad>, JournalError> {
    let mut lines = Lines::new(BufReader::new(file));
    // `pending` are bad lines at the end so far; they count only once a whole line follows.
    let (mut bad, mut pending): (Option<Bad>, Option<Bad>) = (None, None);
    let mut limit = SNAPSHOT_BYTES_MAX;
    while let Some(raw) = lines.next(limit).map_err(JournalError::io("read", &segment.path))? {
        let is_first = raw.number == 1;
        limit = RECORD_BYTES_MAX;
        match raw.decode() {
            Ok(line) => {
                let newly = pending.take();
                bad = match (bad, newly) {
                    (Some(old), Some(new)) => Some(Bad { first_line: old.first_line, count: old.count + new.count }),
                    (old, new) => old.or(new),
                };
                if !is_first {
                    each(line.at, Replayed::Record(line.record));
                    continue;
                }
                match segment::parse_header(line.record) {
                    Ok(header) => each(line.at, Replayed::Snapshot(header.snapshot)),
                    Err(HeaderFault::NewerFormat(found)) => return Err(JournalError::NewerFormat { file: segment.path.clone(), found }),
                    Err(HeaderFault::NoHeader) => {}
                }
            }
            Err(_) => {
                let pending = pending.get_or_insert(Bad { first_line: raw.number, count: 0 });
                pending.count += 1;
            }
        }
    }
    Ok(bad)
}

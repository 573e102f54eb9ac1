//! Reading the newest segment back, and telling a torn tail from damage.
//!
//! Every flush ends on a whole line, so a crash can only harm lines after the last flush. Hence:
//! * a bad line with no whole line after it is a torn tail: cut;
//! * a bad line with a part that was never written, followed only by lines of the same group (`kept` before the bad
//!   line), is a group of which a power cut left later parts and not earlier ones: cut, none of it was told as flushed;
//! * everything else is damage: refused.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::line::{Lines, RawLine};
use super::segment::{self, Found};
use super::{JournalError, Place, RECORD_BYTES_MAX, Replayed, SNAPSHOT_BYTES_MAX, Seq};
use crate::market::{Installation, Millis};

/// What recovery found out.
#[derive(Debug)]
pub(super) struct Recovered {
    /// `None` if there was nothing.
    pub(super) installation: Option<Installation>,
    pub(super) last: Seq,
    pub(super) next_segment: u64,
    pub(super) warnings: Vec<String>,
}

type Replay<'a> = dyn FnMut(Millis, Replayed<'_>) -> Result<(), String> + 'a;

/// Replays the newest segment and leaves it clean: cut after its last whole line.
pub(super) fn recover(dir: &Path, replay: &mut Replay<'_>) -> Result<Recovered, JournalError> {
    segment::remove_drafts(dir).map_err(JournalError::io("clean", dir))?;
    let segments = segment::list(dir).map_err(JournalError::io("list", dir))?;
    let next_segment = segments.last().map_or(1, |newest| newest.number + 1);
    let mut recovered = Recovered { installation: None, last: 0, next_segment, warnings: Vec::new() };
    for (age, segment) in segments.iter().rev().enumerate() {
        match replay_segment(segment, replay)? {
            Outcome::Replayed { installation, last, end, torn } => {
                cut(segment, end)?;
                if let Some(place) = torn {
                    let lost = segment.bytes - end;
                    recovered.warnings.push(format!("the journal's end was torn and is cut at {place} ({lost} bytes dropped)"));
                }
                recovered.installation = Some(installation);
                recovered.last = last;
                return Ok(recovered);
            }
            // Segments appear whole under their name, so only the newest can lack a header by a crash.
            Outcome::NoHeader(place) if age > 0 => {
                return Err(JournalError::Damaged { place, reason: "it has no whole header, and neither has the next segment".to_owned() });
            }
            Outcome::NoHeader(place) => {
                let aside = segment::set_aside(segment).map_err(JournalError::io("set aside", &segment.path))?;
                let aside = aside.display();
                recovered
                    .warnings
                    .push(format!("a segment's header was torn at {place}; it is set aside as {aside} and the one before it used"));
            }
        }
    }
    Ok(recovered)
}

enum Outcome {
    Replayed { installation: Installation, last: Seq, end: u64, torn: Option<Place> },
    NoHeader(Place),
}

fn replay_segment(segment: &Found, replay: &mut Replay<'_>) -> Result<Outcome, JournalError> {
    let file = File::open(&segment.path).map_err(JournalError::io("open", &segment.path))?;
    let mut reader = Reader { path: &segment.path, lines: Lines::new(BufReader::new(file)) };
    let Some((installation, covers)) = reader.header(replay)? else {
        return Ok(Outcome::NoHeader(Place { file: segment.path.clone(), line: 1, byte: 0 }));
    };
    let (last, end, torn) = reader.records(covers, replay)?;
    Ok(Outcome::Replayed { installation, last, end, torn })
}

struct Reader<'a, R> {
    path: &'a Path,
    lines: Lines<R>,
}

impl<R: BufRead> Reader<'_, R> {
    fn header(&mut self, replay: &mut Replay<'_>) -> Result<Option<(Installation, Seq)>, JournalError> {
        let place = Place { file: self.path.to_owned(), line: 1, byte: 0 };
        let Some(raw) = self.lines.next(SNAPSHOT_BYTES_MAX).map_err(JournalError::io("read", self.path))? else { return Ok(None) };
        match raw.decode() {
            Ok(line) => {
                let header = match segment::parse_header(line.record) {
                    Ok(header) => header,
                    Err(fault) => return Err(fault.error(place)),
                };
                replay(line.at, Replayed::Snapshot(header.snapshot)).map_err(|reason| JournalError::Refused { place, reason })?;
                Ok(Some((header.installation, line.n)))
            }
            Err(fault) => {
                let flushed = proves_flushed(&raw, 0, false) || self.rest_proves_flushed(0, false)?;
                if !flushed { Ok(None) } else { Err(JournalError::Damaged { place, reason: fault.to_owned() }) }
            }
        }
    }

    /// Replays the records after number `covers`. Gives the last one's number, where the whole lines end, and the tear if there is one.
    fn records(&mut self, covers: Seq, replay: &mut Replay<'_>) -> Result<(Seq, u64, Option<Place>), JournalError> {
        let mut last = covers;
        loop {
            let end = self.lines.position();
            let Some(raw) = self.lines.next(RECORD_BYTES_MAX).map_err(JournalError::io("read", self.path))? else {
                return Ok((last, end, None));
            };
            if raw.unwritten {
                return Ok((last, end, None));
            }
            let place = Place { file: self.path.to_owned(), line: raw.number, byte: raw.start };
            match raw.decode() {
                Ok(line) if line.n == last + 1 => {
                    replay(line.at, Replayed::Record(line.record)).map_err(|reason| JournalError::Refused { place, reason })?;
                    last = line.n;
                }
                Ok(line) => {
                    let reason = format!("record {} was expected, but record {} is there", last + 1, line.n);
                    return Err(JournalError::Damaged { place, reason });
                }
                Err(fault) => {
                    let (bad, holed) = (last + 1, raw.holed);
                    if proves_flushed(&raw, bad, holed) || self.rest_proves_flushed(bad, holed)? {
                        let reason = format!("{fault}, and whole lines follow it");
                        return Err(JournalError::Damaged { place, reason });
                    }
                    return Ok((last, end, Some(place)));
                }
            }
        }
    }

    fn rest_proves_flushed(&mut self, bad: Seq, holed: bool) -> Result<bool, JournalError> {
        while let Some(raw) = self.lines.next(RECORD_BYTES_MAX).map_err(JournalError::io("read", self.path))? {
            if proves_flushed(&raw, bad, holed) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a line at or after the bad one, which should have been record `bad`, proves that the bad one was flushed. Without a hole
/// every whole line does, because lines of one group are written from first to last.
fn proves_flushed(raw: &RawLine<'_>, bad: Seq, holed: bool) -> bool {
    let whole = raw.decode().ok().or_else(|| raw.swallowed());
    whole.is_some_and(|line| !holed || line.kept >= bad)
}

/// Cuts torn lines and prepared space off, so that an old segment is nothing but whole lines.
fn cut(segment: &Found, end: u64) -> Result<(), JournalError> {
    if segment.bytes == end {
        return Ok(());
    }
    let file = OpenOptions::new().write(true).open(&segment.path);
    file.and_then(|file| file.set_len(end).and_then(|()| file.sync_all())).map_err(JournalError::io("cut", &segment.path))
}

//! One line: `{"n":17,"at":1700000000000,"kept":16,"r":<record>,"sum":"<16 hex digits>"}`.
//!
//! `kept` is the last record that was flushed when the line was written. It tells a gap that a power cut left inside the
//! last group of lines, none of which was ever reported as flushed, from a gap in lines that were.

use std::io::{self, BufRead};

use sha2::{Digest, Sha256};

use super::Seq;
use super::pieces::Pieces;
use crate::market::Millis;

const HEAD: &str = r#"{"n":"#;
/// How many places in a bad line are tried for the beginning of a swallowed one: a record may look like one.
const SWALLOWED_TRIES: usize = 64;
const SUM_DIGITS: usize = 16;
/// `,"sum":"` + digits + `"}`
const TAIL_LEN: usize = 8 + SUM_DIGITS + 2;
/// Upper bound of what a line holds beside its record.
pub(super) const OVERHEAD_BYTES_MAX: usize = 256;

/// The parts of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) n: Seq,
    pub(super) at: Millis,
    pub(super) kept: Seq,
    pub(super) record: &'a str,
}

/// Appends the line and its newline to `out`.
pub(super) fn encode(out: &mut Vec<u8>, line: Line<'_>) {
    let Line { n, at, kept, record } = line;
    let body = format!(r#"{{"n":{n},"at":{at},"kept":{kept},"r":{record}"#);
    out.extend_from_slice(body.as_bytes());
    out.extend_from_slice(tail(body.as_bytes()).as_bytes());
    out.push(b'\n');
}

/// The line of a record that is too long to be handled as a whole.
pub(super) fn long_line(n: Seq, at: Millis, kept: Seq, record: Pieces) -> Pieces {
    let mut line = Pieces::from(format!(r#"{{"n":{n},"at":{at},"kept":{kept},"r":"#).as_str());
    line.append(record);
    let mut sum = Sha256::new();
    line.iter().for_each(|piece| sum.update(piece));
    line.push(tail_of(sum).as_bytes());
    line.push(b"\n");
    line
}

/// Reads a line back (without its newline), or says what is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<Line<'_>, &'static str> {
    let (body, found) = bytes.split_at_checked(bytes.len().saturating_sub(TAIL_LEN)).ok_or("it is too short")?;
    if tail(body).as_bytes() != found {
        return Err("its sum does not match");
    }
    let body = std::str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
    parts(body).ok_or("it is not a journal line")
}

fn parts(body: &str) -> Option<Line<'_>> {
    let (n, rest) = body.strip_prefix(HEAD)?.split_once(r#","at":"#)?;
    let (at, rest) = rest.split_once(r#","kept":"#)?;
    let (kept, record) = rest.split_once(r#","r":"#)?;
    Some(Line { n: n.parse().ok()?, at: at.parse().ok()?, kept: kept.parse().ok()?, record })
}

/// What follows the summed part of a line.
fn tail(body: &[u8]) -> String {
    tail_of(Sha256::new_with_prefix(body))
}

fn tail_of(sum: Sha256) -> String {
    let sum: String = sum.finalize().iter().take(SUM_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    format!(r#","sum":"{sum}"}}"#)
}

/// A line as it lies in the file, whole or not.
pub(super) struct RawLine<'a> {
    bytes: &'a [u8],
    /// Where it begins.
    pub(super) start: u64,
    /// Counted from 1.
    pub(super) number: u64,
    ended: bool,
    overlong: bool,
    /// Whether a part of it was never written: no record has a NUL byte.
    pub(super) holed: bool,
    /// Whether it is the space prepared for lines to come: zeros up to the end of the file.
    pub(super) unwritten: bool,
}

impl<'a> RawLine<'a> {
    /// The line, if it is whole.
    pub(super) fn decode(&self) -> Result<Line<'a>, &'static str> {
        match self {
            RawLine { overlong: true, .. } => Err("it is longer than any line may be"),
            RawLine { ended: false, .. } => Err("it is cut off"),
            _ => decode(self.bytes),
        }
    }

    /// A whole line at the end of a bad one: what ended the line before it was harmed.
    pub(super) fn swallowed(&self) -> Option<Line<'a>> {
        if self.overlong || !self.ended {
            return None;
        }
        let begins = |at: &usize| self.bytes.get(*at..).is_some_and(|rest| rest.starts_with(HEAD.as_bytes()));
        let candidates = (1..self.bytes.len()).rev().filter(begins).take(SWALLOWED_TRIES);
        candidates.filter_map(|at| self.bytes.get(at..)).find_map(|rest| decode(rest).ok())
    }
}

/// Reads a segment line by line with bounded memory, whatever the bytes are.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    position: u64,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Lines<R> {
        Lines { input, buffer: Vec::new(), position: 0, number: 0 }
    }

    /// The next line; of one longer than `record_max` and its frame only the beginning is kept.
    pub(super) fn next(&mut self, record_max: usize) -> io::Result<Option<RawLine<'_>>> {
        let limit = record_max + OVERHEAD_BYTES_MAX;
        let start = self.position;
        let (mut ended, mut holed, mut zeros) = (false, false, true);
        self.buffer.clear();
        self.buffer.shrink_to(limit);
        while !ended {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                break;
            }
            let newline = available.iter().position(|&byte| byte == b'\n');
            let part = available.get(..newline.unwrap_or(available.len())).unwrap_or_default();
            holed |= part.contains(&0);
            zeros &= part.iter().all(|&byte| byte == 0);
            // One byte beyond the limit is kept, which marks the line as overlong.
            let room = (limit + 1).saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(part.get(..room).unwrap_or(part));
            ended = newline.is_some();
            let taken = part.len() + usize::from(ended);
            self.input.consume(taken);
            self.position += taken as u64;
        }
        if self.position == start {
            return Ok(None);
        }
        self.number += 1;
        let overlong = self.buffer.len() > limit;
        Ok(Some(RawLine { bytes: &self.buffer, start, number: self.number, ended, overlong, holed, unwritten: zeros && !ended }))
    }

    /// Where the next line begins.
    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

/// A line as it would be appended.
#[cfg(test)]
pub(super) fn line_bytes(line: Line<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.record.len() + OVERHEAD_BYTES_MAX);
    encode(&mut out, line);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<u8> {
        line_bytes(Line { n: 17, at: 1_700_000_000_000, kept: 16, record: r#"{"a":[1,"ü"]}"# })
    }

    #[test]
    fn a_line_is_json_and_reads_back() {
        let bytes = sample();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["n"], 17);
        assert_eq!(value["r"]["a"][1], "ü");
        let line = decode(bytes.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(line, Line { n: 17, at: 1_700_000_000_000, kept: 16, record: r#"{"a":[1,"ü"]}"# });
    }

    #[test]
    fn the_sum_is_the_beginning_of_sha_256_over_what_precedes_it() {
        // printf '{"n":1,"at":2,"kept":0,"r":{}' | sha256sum
        let line = line_bytes(Line { n: 1, at: 2, kept: 0, record: "{}" });
        assert_eq!(String::from_utf8(line).unwrap(), "{\"n\":1,\"at\":2,\"kept\":0,\"r\":{},\"sum\":\"7b212871a802dd61\"}\n");
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_seen() {
        let bytes = sample();
        let whole = bytes.strip_suffix(b"\n").unwrap();
        for at in 0..whole.len() {
            assert!(decode(&whole[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = whole.to_vec();
                changed[at] ^= 1 << bit;
                assert!(decode(&changed).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn an_endless_line_takes_bounded_memory_and_the_next_one_is_found() {
        let mut bytes = vec![b'x'; 10 * OVERHEAD_BYTES_MAX];
        bytes.push(b'\n');
        bytes.extend(sample());
        let mut lines = Lines::new(&bytes[..]);
        let raw = lines.next(10).unwrap().unwrap();
        assert!(raw.decode().is_err() && raw.bytes.len() == 10 + OVERHEAD_BYTES_MAX + 1);
        let raw = lines.next(100).unwrap().unwrap();
        assert_eq!((raw.number, raw.start, raw.decode().unwrap().n), (2, 10 * OVERHEAD_BYTES_MAX as u64 + 1, 17));
        assert!(lines.next(100).unwrap().is_none());
    }

    #[test]
    fn a_long_line_is_a_line() {
        let record = format!("[{}0]", "12345,".repeat(50_000));
        let long = long_line(17, 2, 16, Pieces::from(record.as_str()));
        let bytes: Vec<u8> = long.iter().flatten().copied().collect();
        assert_eq!(bytes, line_bytes(Line { n: 17, at: 2, kept: 16, record: &record }));
    }

    proptest! {
        #[test]
        fn any_record_comes_back(n: u64, at: u64, kept: u64, text in "[^\\x00\\n]{0,200}") {
            let bytes = line_bytes(Line { n, at, kept, record: &text });
            let mut lines = Lines::new(&bytes[..]);
            let raw = lines.next(1000).unwrap().unwrap();
            prop_assert_eq!(raw.decode(), Ok(Line { n, at, kept, record: &text }));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
            let mut lines = Lines::new(&bytes[..]);
            while let Ok(Some(raw)) = lines.next(8) {
                let _ = (raw.decode(), raw.swallowed());
            }
            prop_assert_eq!(lines.position(), bytes.len() as u64);
        }
    }
}

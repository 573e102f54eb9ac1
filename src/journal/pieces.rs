//! A long text in short pieces.
//!
//! A snapshot has hundreds of kilobytes. As one block it would teach the allocator to keep blocks of that size for ever,
//! and to hand the system back less of everything else; pieces below its limit (128 KiB) are reused like any small thing.

use std::io::{self, Write};

const PIECE_BYTES: usize = 64 * 1024;

/// A text that is written from front to back; serialisers take it as a writer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    pieces: Vec<Vec<u8>>,
    len: usize,
}

impl Pieces {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text, piece by piece.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(Vec::as_slice)
    }

    /// Adds a few bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            let room = self.pieces.last().map_or(0, |piece| PIECE_BYTES - piece.len());
            if room == 0 {
                self.pieces.push(Vec::with_capacity(PIECE_BYTES));
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(piece) = self.pieces.last_mut() {
                piece.extend_from_slice(now);
            }
            bytes = later;
        }
    }

    /// Adds another text; each of its pieces goes when it is copied.
    pub(super) fn append(&mut self, other: Pieces) {
        for piece in other.pieces {
            self.push(&piece);
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<&str> for Pieces {
    fn from(text: &str) -> Pieces {
        let mut pieces = Pieces::default();
        pieces.push(text.as_bytes());
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_comes_back_in_order_and_in_short_pieces() {
        let text: String = (0..60_000).map(|n| format!("{n},")).collect();
        let mut pieces = Pieces::from("begin:");
        pieces.append(Pieces::from(text.as_str()));
        assert_eq!(pieces.len(), text.len() + 6);
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES && !piece.is_empty()));
        let whole: Vec<u8> = pieces.iter().flatten().copied().collect();
        assert_eq!(whole, format!("begin:{text}").into_bytes());
        assert!(Pieces::from("").is_empty());
    }
}

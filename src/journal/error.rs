//! Why a journal cannot be opened or read, in words that name the place.

use std::path::{Path, PathBuf};
use std::{error, fmt, io};

use super::FORMAT;

/// A place in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The segment's path.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// The byte at which that line begins, counted from 0.
    pub byte: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, byte {}", self.file.display(), self.line, self.byte)
    }
}

/// Why a journal cannot be opened or read.
#[derive(Debug)]
pub enum JournalError {
    /// Another process has the state directory.
    Locked {
        /// Who, as far as it can be told.
        holder: String,
    },
    /// The file system refused.
    Io {
        /// What was tried, with the path.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A newer program wrote it.
    NewerFormat {
        /// The segment's path.
        file: PathBuf,
        /// The format it names.
        found: u32,
    },
    /// A line that was whole once is not any more.
    Damaged {
        /// Where.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// A whole line that the caller could not use.
    Refused {
        /// Where.
        place: Place,
        /// The caller's words.
        reason: String,
    },
}

impl JournalError {
    /// Makes the error of a failed step from what was tried.
    pub(super) fn io(what: &str, path: &Path) -> impl FnOnce(io::Error) -> JournalError + use<> {
        let what = format!("{what} {}", path.display());
        move |error| JournalError::Io { what, error }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Locked { holder } => write!(f, "the state directory is in use by {holder}"),
            JournalError::Io { what, error } => write!(f, "cannot {what}: {error}"),
            JournalError::NewerFormat { file, found } => {
                write!(f, "{} has format {found}, written by a newer perphook; this one reads up to format {FORMAT}", file.display())
            }
            JournalError::Damaged { place, reason } => write!(f, "the journal is damaged at {place}: {reason}"),
            JournalError::Refused { place, reason } => write!(f, "the journal cannot be used from {place} on: {reason}"),
        }
    }
}

impl error::Error for JournalError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            JournalError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

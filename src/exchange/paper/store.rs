//! The book on disk: written whole to a second file, flushed, then put in the place of the first.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::PaperError;
use super::book::Book;

/// Format of the file; a higher one was written by a later release.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    book: &'a Book,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Deserialize)]
struct Loaded {
    book: Book,
}

/// Where the book is kept, and what of it is there already.
#[derive(Debug)]
pub(super) struct Store {
    path: Option<PathBuf>,
    saved_changes: u64,
}

impl Store {
    /// `None` keeps nothing.
    pub(super) fn new(path: Option<PathBuf>) -> Store {
        Store { path, saved_changes: 0 }
    }

    /// Reads the book; `None` when there is no file yet.
    pub(super) fn load(&self) -> Result<Option<Book>, PaperError> {
        let Some(path) = &self.path else { return Ok(None) };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(damaged(path, &error.to_string())),
            Err(error) => return Err(PaperError::Disk { path: path.clone(), detail: error.to_string() }),
        };
        let head: Head = serde_json::from_str(&text).map_err(|error| damaged(path, &error.to_string()))?;
        if head.version > VERSION {
            return Err(PaperError::Newer { path: path.clone(), version: head.version });
        }
        let loaded: Loaded = serde_json::from_str(&text).map_err(|error| damaged(path, &error.to_string()))?;
        Ok(Some(loaded.book))
    }

    /// Writes the book if something changed since the last time. What could not be written is tried again next time.
    pub(super) fn save(&mut self, book: &Book) -> Result<(), PaperError> {
        let Some(path) = &self.path else { return Ok(()) };
        if book.changes() == self.saved_changes {
            return Ok(());
        }
        write(path, book).map_err(|error| PaperError::Disk { path: path.clone(), detail: error.to_string() })?;
        self.saved_changes = book.changes();
        Ok(())
    }
}

fn write(path: &Path, book: &Book) -> io::Result<()> {
    let second = path.with_extension("tmp");
    let mut file = File::create(&second)?;
    file.write_all(&serde_json::to_vec(&Saved { version: VERSION, book })?)?;
    file.sync_all()?;
    fs::rename(&second, path)?;
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

fn damaged(path: &Path, detail: &str) -> PaperError {
    PaperError::Damaged { path: path.to_owned(), detail: detail.to_owned() }
}

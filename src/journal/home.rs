//! The state directory: made, locked, named.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::JournalError;
use crate::market::Installation;

const LOCK_NAME: &str = "lock";
/// Enough for any process id.
const HOLDER_BYTES_MAX: u64 = 32;

/// A state directory that is ours as long as this lives; the lock goes with the process, however it ends.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
    _lock: File,
}

impl Home {
    /// Makes the directory if need be and takes its lock.
    pub(super) fn lock(dir: &Path) -> Result<Home, JournalError> {
        if !dir.is_dir() {
            make(dir).map_err(JournalError::io("make the state directory", dir))?;
        }
        let path = dir.join(LOCK_NAME);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = opened.map_err(JournalError::io("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { holder: holder(&lock) }),
            Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", &path)(error)),
        }
        // Of fixed width and written in place, so that it needs no space on a full disk. Only a courtesy: no reason to refuse.
        let _ = lock.write_all_at(format!("{:<10}\n", std::process::id()).as_bytes(), 0);
        Ok(Home { dir: dir.to_owned(), _lock: lock })
    }
}

fn make(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    match fs::canonicalize(dir)?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn holder(lock: &File) -> String {
    let mut text = String::new();
    match lock.take(HOLDER_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}

/// Draws the name of a state directory used for the first time.
pub(super) fn new_installation() -> Result<Installation, JournalError> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 8];
    let drawn = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    drawn.map_err(JournalError::io("read", path))?;
    Ok(Installation::from_random(bytes))
}

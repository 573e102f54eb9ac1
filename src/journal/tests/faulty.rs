//! A disk that can be made to fail, over real files.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use crate::journal::disk::{Disk, RealDisk};

#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Bytes the directory may hold; beyond them the disk is full.
    pub(super) quota: Option<u64>,
    pub(super) read_only: bool,
    /// Every fdatasync of a file fails.
    pub(super) sync_fails: bool,
    /// A directory's names are not put on the medium.
    pub(super) dir_sync_fails: bool,
    /// Steps until power is lost; a write at that moment is done by half, and nothing after it is.
    pub(super) steps_left: Option<u32>,
    /// An fdatasync waits until this is false again.
    pub(super) blocked: bool,
    /// How many fdatasyncs were asked for.
    pub(super) syncs: u32,
}

/// A handle to the faults of one disk, shared with the test.
#[derive(Clone, Default)]
pub(super) struct FaultyDisk {
    dir: PathBuf,
    shared: Arc<(Mutex<Faults>, Condvar)>,
}

impl FaultyDisk {
    pub(super) fn new(dir: &Path) -> FaultyDisk {
        FaultyDisk { dir: dir.to_owned(), ..FaultyDisk::default() }
    }

    /// Looks at the faults or changes them.
    pub(super) fn faults<T>(&self, with: impl FnOnce(&mut Faults) -> T) -> T {
        let result = with(&mut self.shared.0.lock().unwrap());
        self.shared.1.notify_all();
        result
    }

    /// Bytes in all files of the directory.
    pub(super) fn used(&self) -> u64 {
        fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }

    fn step(&self) -> io::Result<()> {
        self.faults(|faults| match &mut faults.steps_left {
            Some(0) => Err(io::Error::other("power is lost")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None if faults.read_only => Err(ErrorKind::ReadOnlyFilesystem.into()),
            None => Ok(()),
        })
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.step()?;
        RealDisk.create(path)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.faults(|faults| faults.steps_left == Some(1)) {
            RealDisk.write_at(file, &bytes[..bytes.len() / 2], offset)?;
            self.step()?;
            return Err(io::Error::other("power is lost"));
        }
        self.step()?;
        let len = file.metadata()?.len();
        let growth = (offset + bytes.len() as u64).saturating_sub(len);
        let free = self.faults(|faults| faults.quota).map_or(u64::MAX, |quota| quota.saturating_sub(self.used()));
        if growth > free {
            let fits = bytes.len() as u64 - (growth - free).min(bytes.len() as u64);
            RealDisk.write_at(file, &bytes[..fits as usize], offset)?;
            return Err(ErrorKind::StorageFull.into());
        }
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.step()?;
        let (faults, changed) = &*self.shared;
        let mut faults = changed.wait_while(faults.lock().unwrap(), |faults| faults.blocked).unwrap();
        faults.syncs += 1;
        if faults.sync_fails {
            return Err(io::Error::other("the medium failed"));
        }
        drop(faults);
        RealDisk.sync(file)
    }

    fn cut(&self, file: &File, len: u64) -> io::Result<()> {
        self.step()?;
        RealDisk.cut(file, len)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        if self.faults(|faults| faults.dir_sync_fails) {
            return Err(io::Error::other("the medium failed"));
        }
        RealDisk.sync_dir(dir)
    }
}

//! Where settings come from, highest first: environment, `.env`, credentials directory.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Mistake;
use super::dotenv;

/// Largest `.env`, credential or accounts file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A file with settings in it. No `Debug`: it holds secrets.
pub struct TextFile {
    /// As it is named in messages.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Whether other users of the machine may read it.
    pub open_to_others: bool,
}

/// A file as far as it could be read; `None` when there is none.
pub type MaybeFile = Result<Option<TextFile>, Mistake>;

/// Looks a name up in the environment.
pub type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// Begins a file that is not there with a text.
pub type WriteTemplate = Box<dyn Fn(&Path, &str) -> io::Result<()>>;

/// The places settings come from, injected so that tests need no process environment.
pub struct Sources {
    /// The process environment.
    pub environment: Environment,
    /// `.env` in the working directory.
    pub env_file: MaybeFile,
    /// `$CREDENTIALS_DIRECTORY/NAME` for a name.
    pub credential: Box<dyn Fn(&str) -> MaybeFile>,
    /// A file by its path, which begins in the working directory if it is relative: the one that `ACCOUNTS_FILE` names.
    pub file: Box<dyn Fn(&Path) -> MaybeFile>,
    /// Begins such a file when it is not there.
    pub write_template: WriteTemplate,
}

impl Sources {
    /// The real ones.
    pub fn of_process() -> Sources {
        let credentials = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Sources {
            environment: Box::new(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned())),
            env_file: read_file(Path::new(".env")),
            credential: Box::new(move |name| credentials.as_ref().map_or(Ok(None), |directory| read_file(&directory.join(name)))),
            file: Box::new(read_file),
            write_template: Box::new(write_private),
        }
    }
}

fn read_file(path: &Path) -> MaybeFile {
    let wrong = |reason: String| Mistake::at(&path.to_string_lossy(), 0, "", reason);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(format!("cannot be opened: {error}"))),
    };
    let mode = file.metadata().map_err(|error| wrong(error.to_string()))?.permissions().mode();
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(wrong(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok(Some(TextFile { path: path.to_string_lossy().into_owned(), text, open_to_others: mode & 0o004 != 0 }))
}

/// For keys to come: only the owner may read it, and what is there is left alone.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// A value and the place it came from. No `Debug`: the value may be a secret.
pub(super) struct Found {
    pub(super) value: String,
    pub(super) place: Place,
}

/// A place, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) open_to_others: bool,
}

/// All sources, read once.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    entries: Vec<dotenv::Entry>,
}

impl<'a> Reader<'a> {
    /// Reads the `.env` file; its mistakes are added to the list.
    pub(super) fn new(sources: &'a Sources, mistakes: &mut Vec<Mistake>) -> Reader<'a> {
        let entries = match &sources.env_file {
            Ok(None) => Vec::new(),
            Ok(Some(file)) => {
                let (entries, wrong) = dotenv::read(&file.path, &file.text);
                mistakes.extend(wrong);
                entries
            }
            Err(mistake) => {
                mistakes.push(mistake.clone());
                Vec::new()
            }
        };
        Reader { sources, entries }
    }

    /// The value of highest precedence. An empty one counts as not given.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>, Mistake> {
        if let Some(value) = (self.sources.environment)(name).filter(|value| !value.trim().is_empty()) {
            let place = Place { file: "environment".to_owned(), line: 0, open_to_others: false };
            return Ok(Some(Found { value, place }));
        }
        if let Some(entry) = self.entries.iter().find(|entry| entry.name == name && !entry.value.trim().is_empty()) {
            return Ok(Some(Found { value: entry.value.clone(), place: self.place(entry) }));
        }
        let credential = (self.sources.credential)(name)?.filter(|file| !file.text.trim().is_empty());
        Ok(credential
            .map(|file| Found { value: file.text, place: Place { file: file.path, line: 0, open_to_others: file.open_to_others } }))
    }

    /// Every name in the `.env` file with its place.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Place)> {
        self.entries.iter().map(|entry| (entry.name.as_str(), self.place(entry)))
    }

    fn place(&self, entry: &dotenv::Entry) -> Place {
        let file = self.sources.env_file.as_ref().ok().and_then(Option::as_ref);
        Place {
            file: file.map_or_else(|| ".env".to_owned(), |file| file.path.clone()),
            line: entry.line,
            open_to_others: file.is_some_and(|file| file.open_to_others),
        }
    }
}

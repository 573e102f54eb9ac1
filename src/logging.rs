//! The log: one line per event, `key=value`, UTC, to stderr and to a file of bounded size.
//!
//! Whatever a message contains, it stays one line of bounded length: control characters are escaped, so that nobody's
//! input can forge a line. simplelog keeps the locks and the levels; the line is made here.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, LineWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use log::{Level, LevelFilter, Log, Metadata, Record};
use simplelog::{CombinedLogger, Config, ConfigBuilder, SharedLogger, WriteLogger};

use crate::time;

/// Longest message of a line, in bytes; the rest is cut off.
const MESSAGE_BYTES_MAX: usize = 2000;
/// Holds a whole line, so that each leaves in one write.
const LINE_BUFFER_BYTES: usize = 4096;
/// The file is moved to `.1` when it would grow beyond this, in bytes.
const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Libraries that tell more than anybody wants, headers included, below the level of info.
const CHATTY: [&str; 2] = ["ureq", "rustls"];
const OUR_TARGET: &str = "perphook";

/// Sets the log up for the whole process, once.
///
/// # Errors
/// The file cannot be opened, or the log was set up before.
pub fn init(level: LevelFilter, file: Option<&Path>) -> io::Result<()> {
    let journald = std::env::var_os("JOURNAL_STREAM").is_some() && !io::stderr().is_terminal();
    let mut sinks = vec![sink(level, journald, io::stderr())];
    if let Some(path) = file {
        sinks.push(sink(level, false, BoundedFile::open(path, FILE_BYTES_MAX)?));
    }
    CombinedLogger::init(sinks).map_err(io::Error::other)
}

fn sink(level: LevelFilter, journald: bool, to: impl Write + Send + 'static) -> Box<dyn SharedLogger> {
    let off = LevelFilter::Off;
    let bare = ConfigBuilder::new()
        .set_max_level(off)
        .set_time_level(off)
        .set_thread_level(off)
        .set_target_level(off)
        .set_location_level(off)
        .build();
    let inner = WriteLogger::new(level, bare, LineWriter::with_capacity(LINE_BUFFER_BYTES, to));
    Box::new(Sink { inner, level, journald })
}

/// Makes the line, then hands it to simplelog's logger, which adds nothing.
struct Sink {
    inner: Box<dyn Log>,
    level: LevelFilter,
    /// Each line begins with its priority, as journald reads it.
    journald: bool,
}

impl Log for Sink {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let chatty = CHATTY.iter().any(|library| metadata.target().starts_with(library));
        metadata.level() <= if chatty { self.level.min(LevelFilter::Info) } else { self.level }
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = line(record, time::now_ms(), self.journald);
            self.inner.log(&Record::builder().args(format_args!("{line}")).level(record.level()).target(record.target()).build());
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

impl SharedLogger for Sink {
    fn level(&self) -> LevelFilter {
        self.level
    }

    fn config(&self) -> Option<&Config> {
        None
    }

    fn as_log(self: Box<Self>) -> Box<dyn Log> {
        self
    }
}

fn line(record: &Record<'_>, at: crate::market::Millis, journald: bool) -> String {
    let mut line = OneLine { text: String::new(), room: usize::MAX };
    let (name, priority) = match record.level() {
        Level::Error => ("error", 3),
        Level::Warn => ("warn", 4),
        Level::Info => ("info", 6),
        Level::Debug => ("debug", 7),
        Level::Trace => ("trace", 7),
    };
    if journald {
        let _ = write!(line, "<{priority}>");
    }
    let _ = write!(line, "time={}Z level={name} ", time::utc_text(at));
    if !record.target().starts_with(OUR_TARGET) {
        let _ = write!(line, "from={} ", record.target());
    }
    line.room = MESSAGE_BYTES_MAX;
    if line.write_fmt(*record.args()).is_err() {
        line.text.push('…');
    }
    line.text
}

/// A text that stays one line, of bounded length.
struct OneLine {
    text: String,
    room: usize,
}

impl fmt::Write for OneLine {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for c in piece.chars() {
            let before = self.text.len();
            if breaks_a_line(c) {
                self.text.extend(c.escape_default());
            } else {
                self.text.push(c);
            }
            let added = self.text.len() - before;
            if added > self.room {
                self.text.truncate(before);
                return Err(fmt::Error);
            }
            self.room -= added;
        }
        Ok(())
    }
}

/// Control characters, Unicode's line ends, and the marks that turn the direction of writing.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A file that is moved aside when it is full; one older file is kept.
struct BoundedFile {
    path: PathBuf,
    file: File,
    written: u64,
    bytes_max: u64,
}

impl BoundedFile {
    fn open(path: &Path, bytes_max: u64) -> io::Result<BoundedFile> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = append_to(path)?;
        let written = file.metadata()?.len();
        Ok(BoundedFile { path: path.to_owned(), file, written, bytes_max })
    }

    fn move_aside(&mut self) -> io::Result<()> {
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        fs::rename(&self.path, older)?;
        self.file = append_to(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

impl Write for BoundedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written.saturating_add(bytes.len() as u64) > self.bytes_max {
            self.move_aside()?;
        }
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What one event leaves behind, one text per write.
    fn written(level: Level, target: &str, journald: bool, message: &str) -> Vec<String> {
        let shared = Shared::default();
        let sink = sink(LevelFilter::Debug, journald, shared.clone());
        sink.log(&Record::builder().args(format_args!("{message}")).level(level).target(target).build());
        let writes = shared.0.lock().unwrap();
        writes.iter().map(|bytes| String::from_utf8(bytes.clone()).unwrap()).collect()
    }

    #[test]
    fn an_event_is_one_line_in_one_write() {
        let lines = written(Level::Info, "perphook::desk", false, "alert=17 symbol=ETHUSDT");
        assert_eq!(lines.len(), 1);
        let (stamp, rest) = lines[0].split_once("Z ").unwrap();
        assert_eq!((stamp.len(), rest), ("time=2026-11-21T00:55:54.728".len(), "level=info alert=17 symbol=ETHUSDT\n"));
    }

    #[test]
    fn journald_gets_priorities() {
        for (level, prefix) in
            [(Level::Error, "<3>time="), (Level::Warn, "<4>time="), (Level::Info, "<6>time="), (Level::Debug, "<7>time=")]
        {
            assert!(written(level, "perphook", true, "x")[0].starts_with(prefix));
        }
    }

    #[test]
    fn input_cannot_forge_a_line() {
        let line = &written(Level::Info, "perphook", false, "symbol=A\n<3>time=forged\r\u{1b}[31m\u{85}\u{2028}\u{202e}é")[0];
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with("symbol=A\\n<3>time=forged\\r\\u{1b}[31m\\u{85}\\u{2028}\\u{202e}é\n"), "{line}");
    }

    #[test]
    fn a_line_is_bounded() {
        let lines = written(Level::Info, "perphook", false, &"é\0".repeat(5000));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("…\n") && lines[0].len() < MESSAGE_BYTES_MAX + 100, "{}", lines[0].len());
    }

    #[test]
    fn libraries_are_kept_quiet() {
        assert!(written(Level::Debug, "ureq::pool", false, "x").is_empty());
        assert!(written(Level::Debug, "rustls::client", false, "x").is_empty());
        assert!(written(Level::Trace, "perphook", false, "x").is_empty());
        assert!(written(Level::Warn, "ureq::pool", false, "x")[0].ends_with("level=warn from=ureq::pool x\n"));
    }

    #[test]
    fn a_full_file_is_moved_aside() {
        let directory = std::env::temp_dir().join(format!("perphook-log-{}", std::process::id()));
        let path = directory.join("logs/perphook.log");
        let mut file = BoundedFile::open(&path, 10).unwrap();
        for piece in ["12345", "6789\n", "abc\n"] {
            file.write_all(piece.as_bytes()).unwrap();
        }
        drop(file);
        BoundedFile::open(&path, 10).unwrap().write_all(b"defgh\n").unwrap();
        let older = fs::read_to_string(directory.join("logs/perphook.log.1")).unwrap();
        assert_eq!((older.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("123456789\n", "abc\ndefgh\n"));
        BoundedFile::open(&path, 10).unwrap().write_all(b"x\n").unwrap();
        assert_eq!(fs::read_to_string(directory.join("logs/perphook.log.1")).unwrap(), "abc\ndefgh\n");
        let other = directory.join("one.log");
        BoundedFile::open(&other, 3).unwrap().write_all(b"longer than the bound\n").unwrap();
        assert!(!directory.join("one.log.1").exists(), "an empty file is not moved aside");
        fs::remove_dir_all(directory).unwrap();
    }
}

//! The house style, as far as a machine can judge it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "helpers of tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LINES_MAX: usize = 500;

/// Rust files below these directories, with their text; paths are relative to the project.
fn rust_files(directories: &[&str]) -> Vec<(PathBuf, String)> {
    let mut left: Vec<PathBuf> = directories.iter().map(|directory| Path::new(ROOT).join(directory)).collect();
    let mut files = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path.strip_prefix(ROOT).unwrap().to_owned(), text));
        }
    }
    assert!(files.len() >= 10, "only {} files below {directories:?}", files.len());
    files
}

fn is_test_code(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// What the compiler sees: no comments, and nothing from the test module of a file on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()));
    lines.take_while(|(_, line)| line.trim() != "#[cfg(test)]")
}

/// Whether `word` stands in `line` as a word of its own, or as the beginning of a path.
fn names(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Lines of the pure rooms (or others) that name something they must never know.
fn lines_that_name(directories: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in rust_files(directories).iter().filter(|(path, _)| !is_test_code(path)) {
        for (number, line) in code(text) {
            if words.iter().any(|word| names(line, word)) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    found
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_likes() {
    let long = rust_files(&["src", "tests"]).into_iter().map(|(path, text)| (path, text.lines().count()));
    let long: Vec<String> =
        long.filter(|(_, lines)| *lines > LINES_MAX).map(|(path, lines)| format!("{}: {lines}", path.display())).collect();
    none(&long);
}

#[test]
fn every_module_says_what_it_owns() {
    let files = rust_files(&["src"]);
    // A file of tests beside the code speaks for the module it tests.
    let files = files.iter().filter(|(path, text)| !is_test_code(path) && !text.starts_with("//! "));
    none(&files.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_undone() {
    // Put together here, so that this file does not find itself.
    let words = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("db", "g!("), concat!("FIX", "ME"), concat!("TO", "DO")];
    let mut found = Vec::new();
    for (path, text) in rust_files(&["src"]) {
        for (at, line) in text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word))) {
            found.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
        }
    }
    none(&found);
}

#[test]
fn money_is_never_a_float() {
    none(&lines_that_name(&["src/market", "src/desk", "src/alert", "src/exchange"], &["f32", "f64"]));
}

#[test]
fn the_pure_rooms_read_no_clock_and_touch_nothing_outside() {
    let outside = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "std::process",
        "Instant",
        "SystemTime",
        "sleep",
        "Timer",
        "smol",
        "ureq",
        "TcpStream",
        "File",
        "crate::web",
        "crate::daemon",
        "crate::journal",
        "crate::config",
        "crate::cli",
        "crate::time",
    ];
    none(&lines_that_name(&["src/desk", "src/market", "src/alert"], &outside));
}

#[test]
fn ureq_is_named_in_one_file() {
    let mut lines = lines_that_name(&["src"], &["ureq"]);
    // The log knows its name too, to keep it quiet.
    lines.retain(|line| line.contains("ureq::") && !line.starts_with("src/exchange/transport"));
    none(&lines);
}

#[test]
fn no_path_of_somebodys_machine() {
    let roots = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
    let mut found = Vec::new();
    for (path, text) in rust_files(&["src", "tests"]) {
        for (at, line) in text.lines().enumerate().filter(|(_, line)| roots.iter().any(|root| line.contains(root))) {
            found.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
        }
    }
    none(&found);
}

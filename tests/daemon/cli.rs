//! The built program: help, version, exit codes, and that no secret is shown.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const TOKEN: &str = "hunter2-hunter2-hunter2";

/// An empty working directory, removed at the end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Home {
        let path = std::env::temp_dir().join(format!("perphook-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Home(path)
    }

    fn with_env_file(name: &str, text: &str) -> Home {
        let home = Home::new(name);
        std::fs::write(home.0.join(".env"), text).unwrap();
        home
    }

    /// Runs the program here, with nothing in its environment.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().unwrap();
        let Output { status, stdout, stderr } = output;
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perphook"));
        command.args(arguments).current_dir(&self.0).env_clear().stdin(Stdio::null());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn help_lists_every_setting_with_its_default() {
    let (code, out, err) = Home::new("help").run(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for setting in perphook::config::SETTINGS {
        let line = out.lines().find(|line| line.split_whitespace().next() == Some(setting.name)).expect(setting.name);
        assert!(line.contains(setting.default) && line.ends_with(setting.meaning), "{line}");
    }
}

#[test]
fn version_is_that_of_the_package() {
    let (code, out, _) = Home::new("version").run(&["--version"]);
    assert_eq!((code, out), (Some(0), format!("perphook {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    let home = Home::new("usage");
    for arguments in [&["dance"][..], &["run", "--fast"], &["explain"], &["trades", "--xml"]] {
        let (code, out, err) = home.run(arguments);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(err.contains("--help"), "{err}");
    }
}

#[test]
fn wrong_settings_end_with_78_and_are_all_named() {
    let home = Home::with_env_file("mistakes", &format!("LEVERAGE=lots\nBINANCE_API_SECRET={TOKEN}\nTYPO=1\n"));
    for command in ["run", "check", "trades", "status"] {
        let (code, out, err) = home.run(&[command]);
        assert_eq!((code, out.as_str()), (Some(78), ""), "{command}: {err}");
        for expected in [".env:1: LEVERAGE: ", ".env:3: TYPO: ", "BINANCE_API_KEY: missing"] {
            assert!(err.contains(expected), "{expected}\n{err}");
        }
        assert!(!err.contains(TOKEN), "{err}");
    }
}

#[test]
fn live_without_keys_ends_with_78() {
    let (code, _, err) = Home::new("live").run(&["run", "--live"]);
    assert_eq!((code, err.as_str()), (Some(78), "BINANCE_API_KEY: missing: --live runs on no paper\n"));
}

#[test]
fn check_sums_up_and_shows_no_secret() {
    let home = Home::with_env_file("check", &format!("BINANCE_API_KEY={TOKEN}k\nBINANCE_API_SECRET={TOKEN}s\nWEBHOOK_TOKEN={TOKEN}\n"));
    let (code, out, err) = home.run(&["check"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("mode       live") && out.ends_with("settings   ok\n") && !out.contains(TOKEN), "{out}");
}

#[test]
fn a_log_file_that_cannot_be_written_ends_with_78() {
    let home = Home::with_env_file("logfile", "LOG_FILE=.env/perphook.log\n");
    let (code, _, err) = home.run(&["run"]);
    assert_eq!(code, Some(78), "{err}");
    assert!(err.starts_with("LOG_FILE: cannot be written: "), "{err}");
}

#[test]
fn an_alert_that_is_refused_is_explained_without_an_exchange() {
    let home = Home::with_env_file("explain", &format!("WEBHOOK_TOKEN={TOKEN}\n"));
    let (code, out, _) = home.run(&["explain", &format!("{{\"token\":\"{TOKEN}\",\"event\":\"EXIT\",\"symbol\":\"ETH\"}}")]);
    assert_eq!((code, out.as_str()), (Some(64), "token     right\nrefused   signal_side: missing; LONG or SHORT is needed\n"));
}

#[test]
fn a_text_alert_is_explained_against_the_paper_account() {
    let home = Home::with_env_file("explain-text", &format!("WEBHOOK_TOKEN={TOKEN}\n"));
    let (code, out, err) = home.run(&["explain", &format!("ETHUSDT buy 300$ x3 sl:2400 token:{TOKEN}")]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    for line in ["token     right\n", "position  none; one-way mode\n", "order     open LONG: buy 0.", "price reaches 2400\n"] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let (code, out, _) = home.run(&["explain", &format!("ETHUSDT buy 300$ x3 stop:2400 token:{TOKEN}")]);
    assert!(code == Some(64) && out.contains("\n                              ^^^^^^^^^\n"), "{out}");
    assert!(!out.contains(TOKEN) && !home.0.join("state").exists(), "nothing is written: {out}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new("pipe");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = home.command(&["--help"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

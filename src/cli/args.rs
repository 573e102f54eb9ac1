//! The arguments, read.

use std::ffi::OsString;

use lexopt::Arg;

use super::trades::Format;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    Version,
    Run { live: bool },
    Check { online: bool },
    Explain { alert: String },
    Trades { format: Format },
    Status,
}

/// Reads the arguments, without the program's name. The error says what is not understood.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut command = None;
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        command = Some(match (argument, command) {
            (Arg::Short('h') | Arg::Long("help"), _) => return Ok(Command::Help),
            (Arg::Short('V') | Arg::Long("version"), _) => return Ok(Command::Version),
            (Arg::Value(name), None) => named(&name)?,
            (Arg::Value(alert), Some(Command::Explain { alert: none })) if none.is_empty() => {
                Command::Explain { alert: alert.into_string().map_err(|_| "the alert is not UTF-8 text")? }
            }
            (Arg::Long("live"), None | Some(Command::Run { .. })) => Command::Run { live: true },
            (Arg::Long("online"), Some(Command::Check { .. })) => Command::Check { online: true },
            (Arg::Long("csv"), Some(Command::Trades { format: Format::Table | Format::Csv })) => Command::Trades { format: Format::Csv },
            (Arg::Long("json"), Some(Command::Trades { format: Format::Table | Format::Json })) => Command::Trades { format: Format::Json },
            (argument, _) => return Err(argument.unexpected().to_string()),
        });
    }
    match command.unwrap_or(Command::Run { live: false }) {
        Command::Explain { alert } if alert.trim().is_empty() => Err("explain what? The alert is missing".to_owned()),
        command => Ok(command),
    }
}

fn named(name: &OsString) -> Result<Command, String> {
    Ok(match name.to_str() {
        Some("run") => Command::Run { live: false },
        Some("check") => Command::Check { online: false },
        Some("explain") => Command::Explain { alert: String::new() },
        Some("trades") => Command::Trades { format: Format::Table },
        Some("status") => Command::Status,
        Some("help") => Command::Help,
        _ => return Err(format!("{name:?} is no command; there are run, check, explain, trades and status")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Command, String> {
        parse(line.iter().map(OsString::from))
    }

    #[test]
    fn every_command_is_understood() {
        for (line, command) in [
            (&[][..], Command::Run { live: false }),
            (&["run"], Command::Run { live: false }),
            (&["run", "--live"], Command::Run { live: true }),
            (&["--live"], Command::Run { live: true }),
            (&["check"], Command::Check { online: false }),
            (&["check", "--online"], Command::Check { online: true }),
            (&["explain", "{\"event\":1}"], Command::Explain { alert: "{\"event\":1}".to_owned() }),
            (&["explain", "--", "-{}"], Command::Explain { alert: "-{}".to_owned() }),
            (&["trades"], Command::Trades { format: Format::Table }),
            (&["trades", "--csv"], Command::Trades { format: Format::Csv }),
            (&["trades", "--json"], Command::Trades { format: Format::Json }),
            (&["status"], Command::Status),
            (&["--help"], Command::Help),
            (&["run", "-h"], Command::Help),
            (&["-V"], Command::Version),
        ] {
            assert_eq!(parsed(line), Ok(command), "{line:?}");
        }
    }

    #[test]
    fn anything_else_is_a_usage_error() {
        for line in [
            &["walk"][..],
            &["run", "now"],
            &["run", "--online"],
            &["check", "--live"],
            &["--live=yes"],
            &["explain"],
            &["explain", " "],
            &["explain", "a", "b"],
            &["trades", "--csv", "--json"],
            &["status", "--json"],
            &["-x"],
        ] {
            assert!(parsed(line).is_err(), "{line:?}");
        }
    }
}

//! `--help`, made from the table of settings.

use std::io::{self, Write};

use super::table::{Align, table};
use crate::config::SETTINGS;

const USAGE: &str = "\
perphook turns TradingView alerts into looked-after perpetual-futures trades.

  perphook [run] [--live]          run the daemon; without keys on paper, which --live refuses
  perphook check [--online]        check settings and accounts; also keys, clock and position mode at each exchange
  perphook explain 'ALERT'         how an alert is read and what would be sent; nothing is sent
  perphook trades [--csv|--json]   closed trades with profit, fees and time without a stop
  perphook status                  open trades, guards and text orders at work
  perphook --help | --version

Exit codes: 0 done, 64 usage, 69 unavailable, 78 configuration.

Settings, highest precedence first: environment; .env in the working directory; a file of that name in $CREDENTIALS_DIRECTORY.
Several accounts: ACCOUNTS_FILE=accounts.json, then any command writes a template of it if it is not there.
";

pub(super) fn print(out: &mut dyn Write) -> io::Result<()> {
    let columns = [("setting", Align::Left), ("default", Align::Left), ("meaning", Align::Left)];
    let row = |setting: &crate::config::Setting| {
        let default = if setting.default.is_empty() { "-" } else { setting.default };
        vec![setting.name.to_owned(), default.to_owned(), setting.meaning.to_owned()]
    };
    let rows: Vec<_> = SETTINGS.iter().map(row).collect();
    write!(out, "{USAGE}\n{}", table(&columns, &rows))
}

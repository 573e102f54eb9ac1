//! What further accounts cost: the daemon's memory with few and with many of them on one host.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::client::Client;
use crate::figures::say;
use crate::process::{Helper, Process};
use crate::{Result, day};

/// How many accounts a daemon has.
const ACCOUNTS: [usize; 4] = [1, 2, 11, 32];
/// For the orders of all accounts.
const SETTLE: Duration = Duration::from_secs(2);

/// Prints the memory for each number of accounts, each of which has placed an order.
pub(crate) fn memory(home: &Path) -> Result<()> {
    say("\nmemory in kB with several accounts on one host, each with one order behind it");
    let mut first = None;
    for accounts in ACCOUNTS {
        let host = Helper::start(&["host", &accounts.to_string()])?;
        let (file, lines) = (home.join(format!("accounts-{accounts}.json")), orders(accounts)?);
        fs::write(&file, listed(accounts, host.address())?)?;
        let daemon = Process::daemon_of(home, host.address(), &[("ACCOUNTS_FILE", &file.to_string_lossy())])?;
        let (status, answer) = Client::connect(daemon.address())?.request("POST", "/whook", &lines)?;
        if status != 200 {
            return Err(format!("the orders were answered {status}: {answer}").into());
        }
        std::thread::sleep(SETTLE);
        let memory = daemon.memory()?;
        let (least, few) = *first.get_or_insert((memory.rss(), accounts));
        let each = (memory.rss().saturating_sub(least)).checked_div((accounts - few) as u64);
        let each = each.map_or_else(String::new, |each| format!("; {each} for each account more than {few}"));
        say(&format!("    {accounts:>2} accounts: {memory}{each}"));
    }
    Ok(())
}

fn listed(accounts: usize, host: &str) -> Result<String> {
    let mut text = "[".to_owned();
    for number in 1..=accounts {
        let comma = if number > 1 { "," } else { "" };
        write!(
            text,
            r#"{comma}{{"ACCOUNT_ID":"a{number}","EXCHANGE":"binance","API_KEY":"k{number}","SECRET_KEY":"s{number}","BASE_URL":"{host}"}}"#
        )?;
    }
    Ok(text + "]")
}

fn orders(accounts: usize) -> Result<String> {
    let mut text = String::new();
    for number in 1..=accounts {
        writeln!(text, "a{number} BTCUSDT buy 0.01 x5 token:{}", day::TOKEN)?;
    }
    Ok(text)
}

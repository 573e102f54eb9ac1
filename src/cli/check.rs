//! `perphook check`: what the settings come to, and whether the exchange agrees. Secrets are only told by their length.

use std::io::{self, Write};

use super::{Connect, Exit};
use crate::config::{Account, Config};
use crate::exchange::{Exchange, ExchangeError, Reason};
use crate::market::{Decimal, MarginMode, Millis, TriggerBy};

/// A clock that is off by more is worth a line of warning: signed requests live 5 seconds.
const CLOCK_OFFSET_MAX_MS: u64 = 1000;

/// Prints what the settings come to.
pub fn offline(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let rules = &config.rules;
    writeln!(out, "mode       {}", config.mode.as_str())?;
    writeln!(out, "listening  {}:{}", config.host, config.port)?;
    match &config.token {
        Some(token) => writeln!(out, "token      set ({} bytes)", token.len())?,
        None => writeln!(out, "token      none; fine on paper only")?,
    }
    writeln!(out, "state      {}", config.state_directory.display())?;
    for account in &config.accounts {
        describe(account, out)?;
    }
    if config.accounts.len() > 1 {
        match config.default_account().and_then(|at| config.accounts.get(at)) {
            Some(account) => writeln!(out, "default    {}: alerts that name no account", account.name)?,
            None => writeln!(out, "default    none: every alert must name its account (or set DEFAULT_ACCOUNT)")?,
        }
    }
    let trigger = if rules.trigger_by == TriggerBy::Mark { "mark" } else { "last" };
    let close = if rules.close_if_unprotected { "then close at market" } else { "then only say so" };
    writeln!(out, "stops      fired by the {trigger} price; refusals are borne for {} s, {close}", rules.protect_timeout_ms / 1000)?;
    for warning in &config.warnings {
        writeln!(out, "warning    {warning}")?;
    }
    writeln!(out, "settings   ok")
}

fn describe(account: &Account, out: &mut dyn Write) -> io::Result<()> {
    let (name, venue, rules) = (&account.name, account.venue.as_str(), &account.rules);
    let keys = if account.key.is_empty() { "no keys" } else { "key and secret set" };
    let margin = match rules.margin_mode {
        None => "margin mode left as it is",
        Some(MarginMode::Isolated) => "isolated margin",
        Some(MarginMode::Cross) => "cross margin",
    };
    let entries = if rules.total_entries == 1 { "one entry" } else { "up to two entries" };
    let (size, coin, leverage) = (rules.entry_size_usd, &rules.settle_coin, rules.leverage);
    writeln!(out, "account    {name} ({venue}): {keys}; {size} {coin} × {leverage} an entry, {entries}, {margin}")?;
    let (alert, order) = (seconds(rules.alert_timeout_ms), seconds(rules.order_timeout_ms));
    writeln!(out, "           alerts wait up to {alert} s, text orders that open are tried for {order} s")?;
    if let Some(deadline) = account.venue.deadline() {
        writeln!(out, "           known deadline: {deadline}")?;
    }
    match &account.base_url {
        Some(url) => writeln!(out, "           host {url}"),
        None => Ok(()),
    }
}

fn seconds(millis: Millis) -> Decimal {
    (Decimal::from(millis) / Decimal::ONE_THOUSAND).normalize()
}

/// Asks each account's exchange and prints its answers: keys, permissions, clock, position mode, balance, contracts.
pub fn online(config: &Config, connect: Connect, now: fn() -> Millis, out: &mut dyn Write) -> io::Result<Exit> {
    let mut exit = Exit::Done;
    for account in &config.accounts {
        let mut exchange = match connect(config, account) {
            Ok(exchange) => exchange,
            Err(reason) => {
                writeln!(out, "{}: {reason}", account.name)?;
                exit = exit.worse(Exit::Unavailable);
                continue;
            }
        };
        exit = exit.worse(ask(&account.name, exchange.as_mut(), now, out)?);
    }
    Ok(exit)
}

fn ask(name: &str, exchange: &mut dyn Exchange, now: fn() -> Millis, out: &mut dyn Write) -> io::Result<Exit> {
    let mut exit = Exit::Done;
    let before = now();
    match exchange.server_time() {
        Ok(theirs) => {
            let ours = before.midpoint(now());
            let verdict =
                if theirs.abs_diff(ours) > CLOCK_OFFSET_MAX_MS { "far off; it is corrected, but set this machine's clock" } else { "ok" };
            writeln!(out, "{name}: clock {} ms {}: {verdict}", theirs.abs_diff(ours), if theirs > ours { "behind" } else { "ahead" })?;
        }
        Err(error) => return failed(name, "clock", &error, out),
    }
    match exchange.open() {
        Ok(mode) => {
            writeln!(out, "{name}: keys ok, {} mode", if mode.hedge { "hedge" } else { "one-way" })?;
            if let Some(reason) = mode.restricted {
                writeln!(out, "{name}: may not trade: {reason}")?;
                exit = Exit::Config;
            }
        }
        Err(error) => return failed(name, "keys", &error, out),
    }
    match exchange.balance() {
        Ok(balance) => {
            writeln!(out, "{name}: {} {} in all, {} available", balance.total.normalize(), balance.coin, balance.available.normalize())?
        }
        Err(error) => exit = exit.worse(failed(name, "balance", &error, out)?),
    }
    match exchange.instruments() {
        Ok(list) => writeln!(out, "{name}: {} contracts", list.len())?,
        Err(error) => exit = exit.worse(failed(name, "contracts", &error, out)?),
    }
    Ok(exit)
}

/// Keys that are refused are a mistake of configuration; everything else may pass.
fn failed(name: &str, what: &str, error: &ExchangeError, out: &mut dyn Write) -> io::Result<Exit> {
    writeln!(out, "{name}: {what}: {error}")?;
    let keys = matches!(error.reason(), Some(Reason::Credentials | Reason::IpNotAllowed | Reason::AccountRestricted));
    Ok(if keys { Exit::Config } else { Exit::Unavailable })
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, config, config_with_accounts};
    use super::*;

    fn shown(print: impl FnOnce(&mut dyn Write) -> io::Result<Exit>) -> (Exit, String) {
        let mut out = Vec::new();
        let exit = print(&mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    #[test]
    fn settings_are_summed_up_without_secrets() {
        let config = config(
            "BINANCE_API_KEY=hunter2key\nBINANCE_API_SECRET=hunter2secret\nWEBHOOK_TOKEN=hunter2-hunter2-hunter2\nSERVICE_HOST=0.0.0.0",
        );
        let (_, text) = shown(|out| offline(&config, out).map(|()| Exit::Done));
        assert!(!text.contains("hunter2"), "{text}");
        for part in [
            "mode       live",
            "0.0.0.0:5000",
            "token      set (23 bytes)",
            "10 USDT × 20 an entry",
            "warning    .env:4: SERVICE_HOST",
            "settings   ok",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    const TWO: &str = r#"[
        {"ACCOUNT_ID": "Main", "EXCHANGE": "binance", "API_KEY": "hunter2key", "SECRET_KEY": "hunter2secret", "MARGIN_MODE": "cross",
         "LEVERAGE": 5, "ALERT_TIMEOUT": 2.5, "BASE_URL": "http://127.0.0.1:9"},
        {"ACCOUNT_ID": "play", "EXCHANGE": "paper", "ENTRY_SIZE_USD": "12.5", "ORDER_TIMEOUT": 90}]"#;

    #[test]
    fn every_account_has_its_block() {
        let of = |more: &str| {
            let config = config_with_accounts(&format!("ACCOUNTS_FILE=a.json\nWEBHOOK_TOKEN=hunter2-hunter2-hunter2\n{more}"), TWO);
            shown(|out| offline(&config, out).map(|()| Exit::Done)).1
        };
        let text = of("DEFAULT_ACCOUNT=main");
        let blocks = "\
account    Main (binance): key and secret set; 10 USDT × 5 an entry, up to two entries, cross margin
           alerts wait up to 2.5 s, text orders that open are tried for 40 s
           host http://127.0.0.1:9
account    play (paper): no keys; 12.5 USDT × 20 an entry, up to two entries, isolated margin
           alerts wait up to 180 s, text orders that open are tried for 90 s
default    Main: alerts that name no account
";
        assert!(text.contains(blocks) && text.contains("mode       live") && !text.contains("hunter2"), "{text}");
        assert!(of("").contains("default    none: every alert must name its account"));
    }

    #[test]
    fn trouble_of_one_account_does_not_hide_the_others() {
        let config = config_with_accounts("ACCOUNTS_FILE=a.json\nWEBHOOK_TOKEN=hunter2-hunter2-hunter2", TWO);
        let connect: Connect = |config, account| match account.name.as_str() {
            "Main" => fake::connect_with_bad_keys(config, account),
            _ => fake::connect(config, account),
        };
        let (exit, text) = shown(|out| online(&config, connect, || 1_000_000, out));
        assert_eq!(exit, Exit::Config);
        assert!(text.contains("Main: keys: refused") && text.ends_with("play: 4 contracts\n"), "{text}");
        let connect: Connect = |config, account| match account.name.as_str() {
            "Main" => fake::connect_with_bad_keys(config, account),
            _ => Err("no such exchange".to_owned()),
        };
        assert_eq!(shown(|out| online(&config, connect, || 1_000_000, out)).0, Exit::Config, "the worst counts");
    }

    #[test]
    fn the_exchange_is_asked() {
        let (exit, text) = shown(|out| online(&config(""), fake::connect, || 1_000_500, out));
        assert_eq!(exit, Exit::Done);
        assert_eq!(
            text,
            "paper: clock 500 ms ahead: ok\npaper: keys ok, hedge mode\npaper: 10000 USDT in all, 9990.5 available\npaper: 4 contracts\n"
        );
        let (exit, text) = shown(|out| online(&config(""), fake::connect, || 0, out));
        assert!(exit == Exit::Done && text.contains("1000000 ms behind: far off"), "{text}");
    }

    #[test]
    fn refused_keys_are_configuration_and_no_answer_is_not() {
        let (exit, text) = shown(|out| online(&config(""), fake::connect_with_bad_keys, || 1_000_000, out));
        assert_eq!(
            (exit, text.lines().last()),
            (Exit::Config, Some("paper: keys: refused: key, secret or permission refused: no such key"))
        );
        let (exit, text) = shown(|out| online(&config(""), fake::connect_to_nothing, || 0, out));
        assert_eq!((exit, text.as_str()), (Exit::Unavailable, "paper: clock: never sent: connection refused\n"));
        let (exit, text) = shown(|out| online(&config(""), |_, _| Err("no such exchange".to_owned()), || 0, out));
        assert_eq!((exit, text.as_str()), (Exit::Unavailable, "paper: no such exchange\n"));
    }
}

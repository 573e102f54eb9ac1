//! ENTRY and EXIT, explained.

use std::io::{self, Write};

use super::facts::Link;
use super::{account_names, account_words, margin_words, note_paper, refused, refused_at, rules_of, say, token_verdict};
use crate::alert::{Command, Enter, Signal, json};
use crate::cli::{Connect, Exit};
use crate::config::{Account, Config};
use crate::desk::{AccountRules, Plan, Wanted, plan};
use crate::market::{Decimal, Instrument, Side, TriggerBy};

pub(super) fn explain(config: &Config, connect: Connect, body: &str, out: &mut dyn Write) -> io::Result<Exit> {
    let parsed = match json::parse(body.as_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => return refused_at(out, &error, body),
    };
    say(out, "token", token_verdict(config.token.as_ref(), parsed.token.as_slice()))?;
    let signal = match parsed.signal {
        Ok(signal) => signal,
        Err(error) => return refused_at(out, &error, body),
    };
    say(out, "alert", heading(&signal))?;
    let Some(account) = account_of(config, signal.account.as_deref()) else {
        let names = account_names(config);
        return match signal.account {
            Some(_) => refused(out, format!("account: no such account is configured (there are: {names})")),
            None => refused(out, format!("account: name one of the accounts ({names}), or set DEFAULT_ACCOUNT")),
        };
    };
    say(out, "account", account_words(config, account, signal.account.is_some()))?;
    let link = match Link::open(connect, config, account) {
        Ok(link) => link,
        Err(reason) => {
            say(out, "contract", format!("cannot be told, the exchange gives no list: {reason}"))?;
            return Ok(Exit::Unavailable);
        }
    };
    say(out, "position", link.mode_words())?;
    let settle = &account.rules.settle_coin;
    let found = match signal.command.only_closes() {
        true => signal.symbol.contract(&link.list, settle),
        false => signal.symbol.resolve(&link.list, settle),
    };
    let instrument = match found {
        Ok(instrument) => instrument,
        Err(error) => return refused(out, format!("symbol: {error}")),
    };
    say(out, "contract", rules_of(instrument))?;
    match &signal.command {
        Command::Enter(enter) => show_entry(enter, instrument, account, config, out),
        Command::Exit { side } => show_exit(*side, instrument, account, out),
        _ => refused(out, "not of the JSON language"),
    }
}

fn heading(signal: &Signal) -> String {
    let key = signal.key.as_ref().map(|key| format!(", alert_id {key}")).unwrap_or_default();
    match &signal.command {
        Command::Enter(enter) => {
            let subtype = if enter.second_only { "second entry" } else { "primary_entry" };
            format!("ENTRY {} {} ({subtype}){key}", enter.side, signal.symbol)
        }
        command => format!("{command} {}{key}", signal.symbol),
    }
}

fn account_of<'a>(config: &'a Config, name: Option<&str>) -> Option<&'a Account> {
    match name {
        None => config.accounts.get(config.default_account()?),
        Some(name) => config.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name)),
    }
}

fn show_entry(enter: &Enter, instrument: &Instrument, account: &Account, config: &Config, out: &mut dyn Write) -> io::Result<Exit> {
    let plan = match plan(instrument, &account.rules, enter) {
        Ok(plan) => plan,
        Err(error) => return refused(out, error),
    };
    if enter.second_only && account.rules.total_entries < 2 {
        say(out, "nothing", "TOTAL_ENTRIES=1: the second entry is never placed")?;
        return note_paper(account, out).map(|()| Exit::Done);
    }
    say(out, "leverage", format!("{}x, {}", plan.leverage, margin_words(account.rules.margin_mode)))?;
    if enter.second_only {
        say(out, "only if", "no trade with these prices is known and there is no position")?;
    }
    for (name, wanted) in [("entry 1", plan.entry), ("entry 2", plan.second)] {
        if let Some(wanted) = wanted {
            say(out, "order", format!("{name}: {}", limit_order(wanted, enter.side, plan.leverage, instrument)))?;
        }
    }
    for (name, price) in [("stop loss", plan.stop), ("take profit", plan.target)] {
        if let Some(price) = price {
            say(out, "order", protection(name, price, config.rules.trigger_by))?;
        }
    }
    for warning in warnings(&plan, enter, &account.rules) {
        say(out, "warning", warning)?;
    }
    note_paper(account, out).map(|()| Exit::Done)
}

/// A stop or target of either language.
pub(super) fn protection(name: &str, price: Decimal, by: TriggerBy) -> String {
    let by = if by == TriggerBy::Mark { "mark" } else { "last" };
    format!("{name}: close the whole position at market when the {by} price reaches {price}")
}

fn limit_order(Wanted { price, qty }: Wanted, side: Side, leverage: u32, instrument: &Instrument) -> String {
    let direction = if side == Side::Long { "buy" } else { "sell" };
    let worth = worth(qty, price, Some(leverage), instrument);
    format!("{direction} {qty} {} limit at {price} GTC = {worth}", instrument.base)
}

/// Value of an order, and the margin it binds if the leverage is known.
pub(super) fn worth(qty: Decimal, price: Decimal, leverage: Option<u32>, instrument: &Instrument) -> String {
    let value = qty.saturating_mul(price);
    let margin = leverage.and_then(|leverage| value.checked_div(Decimal::from(leverage)));
    let margin = margin.map(|margin| format!(", margin {}", margin.round_dp(2).normalize())).unwrap_or_default();
    format!("{} {}{margin}", value.round_dp(2).normalize(), instrument.settle)
}

/// What may surprise.
fn warnings(plan: &Plan, enter: &Enter, rules: &AccountRules) -> Vec<String> {
    let mut warnings = plan.warnings.clone();
    if enter.second.is_some() && rules.total_entries < 2 {
        warnings.push("TOTAL_ENTRIES=1: the second entry is never placed".to_owned());
    }
    if plan.stop.is_none() {
        warnings.push("no stop_loss: the position would have no stop".to_owned());
    }
    warnings.extend(plan.if_isolated.iter().map(|warning| format!("if this contract is set to isolated margin: {warning}")));
    warnings
}

fn show_exit(side: Side, instrument: &Instrument, account: &Account, out: &mut dyn Write) -> io::Result<Exit> {
    let symbol = &instrument.symbol;
    say(out, "order", format!("close the whole {side} position of {symbol} at market, reduce-only; none: nothing"))?;
    say(out, "then", "cancel our resting entries, prove that it is flat, cancel stop and target")?;
    note_paper(account, out).map(|()| Exit::Done)
}

//! `perphook explain`: how an alert is read, and what would be sent for it, without sending anything.

use std::io::{self, Write};

use super::{Connect, Exit};
use crate::alert::{Command, Enter, Signal, json};
use crate::config::{Account, Config, Mode};
use crate::desk::{AccountRules, Plan, Wanted, plan};
use crate::market::{Decimal, Instrument, MarginMode, Side, TriggerBy};
use crate::secret::Secret;

/// Explains one alert. [`Exit::Usage`]: it would be refused; [`Exit::Unavailable`]: the contracts cannot be asked for.
pub fn explain(config: &Config, connect: Connect, alert: &str, out: &mut dyn Write) -> io::Result<Exit> {
    let parsed = match json::parse(alert.as_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => return refused(out, error),
    };
    writeln!(out, "token     {}", token_verdict(config.token.as_ref(), parsed.token.as_ref()))?;
    let signal = match parsed.signal {
        Ok(signal) => signal,
        Err(error) => return refused(out, error),
    };
    writeln!(out, "alert     {}", heading(&signal))?;
    let Some(account) = account_of(config, signal.account.as_deref()) else {
        let named = "account: there is no account of that name";
        return refused(out, if signal.account.is_some() { named } else { "account: name one, or set DEFAULT_ACCOUNT" });
    };
    writeln!(out, "account   {} ({})", account.name, config.mode.as_str())?;
    let list = match connect(config, account).and_then(|mut exchange| {
        // A refused key does not hide the contracts: they are public.
        let opened = exchange.open();
        let list = exchange.instruments().map_err(|error| error.to_string())?;
        Ok((opened, list))
    }) {
        Ok((Ok(mode), list)) => {
            writeln!(out, "position  {} mode", if mode.hedge { "hedge" } else { "one-way" })?;
            list
        }
        Ok((Err(error), list)) => {
            writeln!(out, "position  mode not known: {error}")?;
            list
        }
        Err(reason) => {
            writeln!(out, "contract  cannot be told, the exchange gives no list: {reason}")?;
            return Ok(Exit::Unavailable);
        }
    };
    let instrument = match signal.symbol.resolve(&list, &account.rules.settle_coin) {
        Ok(instrument) => instrument,
        Err(error) => return refused(out, format!("symbol: {error}")),
    };
    writeln!(out, "contract  {}", rules_of(instrument))?;
    match &signal.command {
        Command::Enter(enter) => show_entry(enter, instrument, account, config, out),
        Command::Exit { side } => show_exit(*side, instrument, config.mode, out),
        _ => refused(out, "text alerts are not explained yet"),
    }
}

fn refused(out: &mut dyn Write, reason: impl std::fmt::Display) -> io::Result<Exit> {
    writeln!(out, "refused   {reason}")?;
    Ok(Exit::Usage)
}

fn token_verdict(wanted: Option<&Secret>, given: Option<&Secret>) -> &'static str {
    match (wanted, given) {
        (None, _) => "none is needed on paper",
        (Some(_), None) => "missing: answered with 401",
        (Some(wanted), Some(given)) if wanted.matches(given.expose()) => "right",
        (Some(_), Some(_)) => "wrong: answered with 401",
    }
}

fn heading(signal: &Signal) -> String {
    let key = signal.key.as_ref().map(|key| format!(", alert_id {key}")).unwrap_or_default();
    match &signal.command {
        Command::Enter(enter) => {
            let subtype = if enter.second_only { "second entry" } else { "primary_entry" };
            format!("ENTRY {} {} ({subtype}){key}", enter.side, signal.symbol)
        }
        Command::Exit { side } => format!("EXIT {side} {}{key}", signal.symbol),
        _ => format!("text {}{key}", signal.symbol),
    }
}

fn account_of<'a>(config: &'a Config, name: Option<&str>) -> Option<&'a Account> {
    match name {
        None => config.accounts.get(config.default_account()?),
        Some(name) => config.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name)),
    }
}

fn rules_of(instrument: &Instrument) -> String {
    let Instrument { symbol, tick, lot_step, min_qty, min_notional, base, settle, .. } = instrument;
    let plain = |number: &Decimal| number.normalize();
    format!(
        "{symbol}: tick {}, step {}, at least {} {base} and {} {settle}",
        plain(tick),
        plain(lot_step),
        plain(min_qty),
        plain(min_notional)
    )
}

fn show_entry(enter: &Enter, instrument: &Instrument, account: &Account, config: &Config, out: &mut dyn Write) -> io::Result<Exit> {
    let plan = match plan(instrument, &account.rules, enter) {
        Ok(plan) => plan,
        Err(error) => return refused(out, error),
    };
    if enter.second_only && account.rules.total_entries < 2 {
        writeln!(out, "nothing   TOTAL_ENTRIES=1: the second entry is never placed")?;
        return note_paper(config.mode, out);
    }
    let margin = match account.rules.margin_mode {
        None => "margin mode as it is",
        Some(MarginMode::Isolated) => "isolated margin",
        Some(MarginMode::Cross) => "cross margin",
    };
    writeln!(out, "leverage  {}x, {margin}", plan.leverage)?;
    if enter.second_only {
        writeln!(out, "only if   no trade with these prices is known and there is no position")?;
    }
    for (name, wanted) in [("entry 1", plan.entry), ("entry 2", plan.second)] {
        if let Some(wanted) = wanted {
            writeln!(out, "order     {name}: {}", limit_order(wanted, enter.side, plan.leverage, instrument))?;
        }
    }
    let by = if config.rules.trigger_by == TriggerBy::Mark { "mark" } else { "last" };
    for (name, price) in [("stop loss", plan.stop), ("take profit", plan.target)] {
        if let Some(price) = price {
            writeln!(out, "order     {name}: close the whole position at market when the {by} price reaches {price}")?;
        }
    }
    for warning in warnings(&plan, enter, &account.rules) {
        writeln!(out, "warning   {warning}")?;
    }
    note_paper(config.mode, out)
}

fn limit_order(Wanted { price, qty }: Wanted, side: Side, leverage: u32, instrument: &Instrument) -> String {
    let (direction, settle) = (if side == Side::Long { "buy" } else { "sell" }, &instrument.settle);
    let value = qty.saturating_mul(price);
    let used = value.checked_div(Decimal::from(leverage)).unwrap_or(value);
    let (value, used) = (value.round_dp(2).normalize(), used.round_dp(2).normalize());
    format!("{direction} {qty} {} limit at {price} GTC = {value} {settle}, margin {used}", instrument.base)
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

fn show_exit(side: Side, instrument: &Instrument, mode: Mode, out: &mut dyn Write) -> io::Result<Exit> {
    writeln!(out, "order     close the whole {side} position of {} at market, reduce-only; none: nothing", instrument.symbol)?;
    writeln!(out, "then      cancel our resting entries, prove that it is flat, cancel stop and target")?;
    note_paper(mode, out)
}

fn note_paper(mode: Mode, out: &mut dyn Write) -> io::Result<Exit> {
    if mode == Mode::Paper {
        writeln!(out, "paper     no order leaves this machine")?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests;

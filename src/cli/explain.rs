//! `perphook explain`: how an alert is read, and what would be sent for it, without sending anything.

use std::io::{self, Write};

use super::{Connect, Exit};
use crate::alert::{Command, Enter, Signal, json};
use crate::config::{Account, Config, Mode};
use crate::market::{Decimal, Instrument, MarginMode, Side, TriggerBy, sizing};
use crate::secret::Secret;

/// Rounding down may take this share before it is worth a warning.
const LOSS_MAX: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

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
        return refused(out, "account: there is no account of that name");
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
    }
}

fn account_of<'a>(config: &'a Config, name: Option<&str>) -> Option<&'a Account> {
    match name {
        None => config.accounts.first(),
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

/// What an ENTRY comes to.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    leverage: u32,
    /// `entry 1` or `entry 2`, price, quantity.
    entries: Vec<(&'static str, Decimal, Decimal)>,
    stop: Option<Decimal>,
    target: Option<Decimal>,
    warnings: Vec<String>,
}

/// Rounds prices and sizes as they would be sent. The error says why all of it would be refused.
fn plan(enter: &Enter, instrument: &Instrument, account: &Account) -> Result<Plan, String> {
    let rules = &account.rules;
    let mut warnings = Vec::new();
    let leverage = match instrument.max_leverage {
        most if most > 0 && rules.leverage > most => {
            warnings.push(format!("LEVERAGE {} is above this contract's maximum: {most} is used, for the size too", rules.leverage));
            most
        }
        _ => rules.leverage,
    };
    let second = enter.second.filter(|_| rules.total_entries > 1);
    if second != enter.second {
        warnings.push("TOTAL_ENTRIES=1: the second entry is never placed".to_owned());
    }
    let wanted = match (enter.second_only, second) {
        (false, None) => vec![("entry 1", enter.entry)],
        (false, Some(second)) => vec![("entry 1", enter.entry), ("entry 2", second)],
        (true, second) if rules.total_entries > 1 => vec![("entry 2", second.unwrap_or(enter.entry))],
        (true, _) => vec![],
    };
    let mut entries = Vec::new();
    for (name, price) in wanted {
        let price = sizing::limit_price(instrument, price).ok_or_else(|| format!("{name}: the price rounds to nothing"))?;
        let sized = sizing::entry_qty(instrument, rules.entry_size_usd, leverage, price).map_err(|error| format!("{name}: {error}"))?;
        if sized.lost > LOSS_MAX {
            let percent = sized.lost.saturating_mul(Decimal::ONE_HUNDRED).round_dp(1).normalize();
            warnings.push(format!("{name}: rounding down to the step takes {percent} % of the size"));
        }
        entries.push((name, price, sized.qty));
    }
    let trigger = |is_stop, price: Option<Decimal>| price.and_then(|price| sizing::trigger_price(instrument, enter.side, is_stop, price));
    let plan = Plan { leverage, entries, stop: trigger(true, enter.stop), target: trigger(false, enter.target), warnings };
    Ok(with_risks(plan, enter.side, rules.margin_mode))
}

/// Adds what may surprise: no stop, or prices that lie beyond the liquidation of an isolated position.
fn with_risks(mut plan: Plan, side: Side, margin_mode: Option<MarginMode>) -> Plan {
    if plan.stop.is_none() {
        plan.warnings.push("no stop_loss: the position would have no stop".to_owned());
    }
    if margin_mode == Some(MarginMode::Cross) {
        return plan;
    }
    let condition = if margin_mode.is_none() { "if this contract is set to isolated margin: " } else { "" };
    let beyond = |price: Decimal, from: Option<Decimal>| {
        from.and_then(|from| liquidation(side, from, plan.leverage)).filter(|level| !side.is_worse(*level, price))
    };
    let mut warnings = Vec::new();
    if let [(_, first, _), (_, second, _)] = plan.entries.as_slice()
        && let Some(level) = beyond(*second, Some(*first))
    {
        warnings.push(format!("{condition}entry 2 lies beyond the estimated liquidation of entry 1 at {level}"));
    }
    if let Some(stop) = plan.stop
        && let Some(level) = beyond(stop, average(&plan.entries))
    {
        warnings.push(format!("{condition}the stop lies beyond the estimated liquidation at {level}: it would not be reached"));
    }
    plan.warnings.extend(warnings);
    plan
}

fn average(entries: &[(&str, Decimal, Decimal)]) -> Option<Decimal> {
    let mut value = Decimal::ZERO;
    let mut qty = Decimal::ZERO;
    for (_, price, count) in entries {
        value = value.checked_add(price.checked_mul(*count)?)?;
        qty = qty.checked_add(*count)?;
    }
    value.checked_div(qty)
}

/// Where the margin of an isolated position is used up, roughly: maintenance margin and fees bring it nearer.
fn liquidation(side: Side, entry: Decimal, leverage: u32) -> Option<Decimal> {
    let distance = entry.checked_div(Decimal::from(leverage))?;
    let level = match side {
        Side::Long => entry.checked_sub(distance)?,
        Side::Short => entry.checked_add(distance)?,
    };
    level.round_sf(6).map(|level| level.normalize())
}

fn show_entry(enter: &Enter, instrument: &Instrument, account: &Account, config: &Config, out: &mut dyn Write) -> io::Result<Exit> {
    let plan = match plan(enter, instrument, account) {
        Ok(plan) => plan,
        Err(reason) => return refused(out, reason),
    };
    let margin = match account.rules.margin_mode {
        None => "margin mode as it is",
        Some(MarginMode::Isolated) => "isolated margin",
        Some(MarginMode::Cross) => "cross margin",
    };
    writeln!(out, "leverage  {}x, {margin}", plan.leverage)?;
    if enter.second_only {
        writeln!(out, "only if   no trade with these prices is known and there is no position")?;
    }
    let (direction, settle) = (if enter.side == Side::Long { "buy" } else { "sell" }, &instrument.settle);
    for (name, price, qty) in &plan.entries {
        let value = qty.saturating_mul(*price);
        let used = value.checked_div(Decimal::from(plan.leverage)).unwrap_or(value);
        let (value, used) = (value.round_dp(2).normalize(), used.round_dp(2).normalize());
        writeln!(out, "order     {name}: {direction} {qty} {} limit at {price} GTC = {value} {settle}, margin {used}", instrument.base)?;
    }
    let by = if config.rules.trigger_by == TriggerBy::Mark { "mark" } else { "last" };
    for (name, price) in [("stop loss", plan.stop), ("take profit", plan.target)] {
        if let Some(price) = price {
            writeln!(out, "order     {name}: close the whole position at market when the {by} price reaches {price}")?;
        }
    }
    for warning in &plan.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    note_paper(config.mode, out)
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

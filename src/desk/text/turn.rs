//! A text order's turn: whether it may begin, given what is open on its contract.

use super::TextOrder;
use crate::alert::Command;
use crate::alert::symbol::SymbolError;
use crate::desk::account::Account;
use crate::desk::decide::{self, Fate, Found};
use crate::desk::memory::{Accepted, Outcome};
use crate::desk::step::{Ctx, Outbox};
use crate::desk::trade::{Kind, Trade};
use crate::exchange::Capabilities;
use crate::market::{Instrument, Instruments, Side, Symbol};

/// The contract a text order means, if it may be traded for what is asked.
pub(in crate::desk) fn contract<'a>(
    account: &Account,
    alert: &crate::alert::Signal,
    list: &'a Instruments,
) -> Result<&'a Instrument, SymbolError> {
    let settle = &account.setup.rules.settle_coin;
    match alert.command.only_closes() {
        true => alert.symbol.contract(list, settle),
        false => alert.symbol.resolve(list, settle),
    }
}

/// What can be said against it without asking the exchange.
pub fn objection(command: &Command, caps: Option<&Capabilities>) -> Option<String> {
    let caps = caps?;
    let id = match command {
        Command::Order(order) => &order.limit.as_ref()?.id,
        Command::Cancel(crate::alert::Cancel::One(id)) => id,
        _ => return None,
    };
    match &caps.custom_ids {
        None => Some(format!("{} takes no names for limit orders", caps.name)),
        Some(rule) if !rule.take(id) => {
            let letters = rule.letters.words();
            Some(format!("{} does not take the name {id}: up to {} {letters} {}", caps.name, rule.chars_max, rule.signs))
        }
        Some(_) => None,
    }
}

/// Decides about an alert whose turn has come: nothing else of the contract waits or is at work.
pub(in crate::desk) fn consider(account: &mut Account, alert: &Accepted, symbol: &Symbol, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> Fate {
    let list = account.instruments.clone();
    if let Some(Err(error)) = list.as_deref().map(|list| contract(account, &alert.signal, list)) {
        return Fate::Ended(Outcome::Refused(format!("symbol: {error}")));
    }
    if let Some(why) = objection(&alert.signal.command, account.caps.as_ref()) {
        return Fate::Ended(Outcome::Refused(why));
    }
    let is_close = alert.signal.command.closes_all();
    let cancels = matches!(alert.signal.command, Command::Cancel(_));
    let here = |trade: &&Trade| trade.symbol == *symbol;
    if let Some(trade) = account.trades.iter().filter(here).find(|trade| trade.is_closing() && !trade.is_leaving()).filter(|_| !cancels) {
        // In hedge mode there may be the other side to close, too.
        return match is_close && trade.kind == Kind::Bracket && !account.is_hedge(symbol) {
            true => Fate::Ended(Outcome::Nothing(format!("trade {} is being closed already", trade.id))),
            false => Fate::Waits,
        };
    }
    let brackets: Vec<(u64, Side)> =
        account.trades.iter().filter(here).filter(|trade| trade.kind == Kind::Bracket).map(|trade| (trade.id, trade.side)).collect();
    match brackets.as_slice() {
        [(id, _), ..] if !is_close && !cancels => {
            let why = format!("trade {id} of a JSON alert is open on this contract; only close, pos 0 and cancel act on it");
            return Fate::Ended(Outcome::Refused(why));
        }
        [_, ..] if is_close => {
            let leave = |(_, side): &(u64, Side)| matches!(decide::leave(account, alert.number, symbol, *side, ctx, outbox), Found::Begun);
            // What had not begun is withdrawn; then whatever else is there is closed like any position.
            if brackets.iter().map(leave).fold(false, |begun, one| begun | one) {
                return Fate::Carried;
            }
        }
        _ => {}
    }
    let order = TextOrder::new(account, alert, symbol, ctx.now);
    account.orders.push(order);
    Fate::Carried
}

//! What a line of a text alert comes to: leverage, orders in their order, protection, and what may surprise.

use std::io::{self, Write};

use super::facts::Known;
use super::json::{protection, worth};
use super::{margin_words, refused, say};
use crate::alert::{Cancel, Command, Leverage, Order};
use crate::cli::Exit;
use crate::config::Account;
use crate::desk::sizes::{Leg, Plan};
use crate::desk::{AccountRules, liquidation};
use crate::market::{Decimal, Instrument, MarginMode, Side, TriggerBy, sizing};

/// Everything that is known of one line.
pub(super) struct Sheet<'a> {
    pub(super) command: &'a Command,
    pub(super) instrument: &'a Instrument,
    pub(super) plan: &'a Plan,
    pub(super) known: &'a Known,
    pub(super) rules: &'a AccountRules,
    pub(super) by: TriggerBy,
}

/// What can be said of an order whose size cannot be worked out.
pub(super) fn unplanned(command: &Command, account: &Account, out: &mut dyn Write) -> io::Result<()> {
    let Command::Order(order) = command else { return Ok(()) };
    let leverage = match order.leverage {
        Some(Leverage::Factor(factor)) => format!("{factor}x"),
        Some(Leverage::Max) => "the most that the contract allows".to_owned(),
        None => "what the exchange has for the contract".to_owned(),
    };
    say(out, "leverage", format!("{leverage}, {}", margin_words(account.rules.margin_mode)))
}

impl Sheet<'_> {
    pub(super) fn show(&self, out: &mut dyn Write) -> io::Result<Exit> {
        let limit = match self.order().and_then(|order| order.limit.as_ref()) {
            None => None,
            Some(limit) => match sizing::limit_price(self.instrument, limit.price) {
                Some(price) => Some((limit.id.as_str(), price)),
                None => return refused(out, format!("limit: {} is below one tick", limit.price)),
            },
        };
        if let Some(leverage) = self.leverage() {
            say(out, "leverage", leverage)?;
        }
        self.show_other_commands(out)?;
        for (at, leg) in self.plan.legs.iter().enumerate() {
            let place = if self.plan.legs.len() > 1 { format!("{}. ", at + 1) } else { String::new() };
            say(out, "order", format!("{place}{}", self.leg(leg, limit)))?;
        }
        if let Some(idle) = &self.plan.idle {
            say(out, "nothing", idle)?;
        }
        self.show_protection(out)?;
        for warning in self.plan.warnings.iter().cloned().chain(self.too_small()).chain(self.beyond_liquidation()) {
            say(out, "warning", warning)?;
        }
        Ok(Exit::Done)
    }

    fn order(&self) -> Option<&Order> {
        match self.command {
            Command::Order(order) => Some(order),
            _ => None,
        }
    }

    fn opens(&self) -> bool {
        self.plan.legs.iter().any(Leg::opens)
    }

    /// The leverage that the contract has, or will have.
    fn factor(&self) -> Option<u32> {
        self.plan.leverage.or(self.known.terms.and_then(|terms| terms.leverage))
    }

    fn leverage(&self) -> Option<String> {
        let named = self.order()?.leverage;
        if !self.opens() {
            return match (self.plan.leverage, named) {
                (Some(factor), _) => Some(format!("{factor}x")),
                (None, Some(named)) => Some(format!("{named} is not used: nothing is opened")),
                (None, None) => None,
            };
        }
        let factor = match (self.plan.leverage, self.factor()) {
            (Some(factor), _) if named == Some(Leverage::Max) => format!("{factor}x, the most that the contract allows"),
            (Some(factor), _) => format!("{factor}x"),
            (None, Some(factor)) => format!("{factor}x, which is what the exchange has"),
            (None, None) => "what the exchange has".to_owned(),
        };
        Some(format!("{factor}, {}", margin_words(self.rules.margin_mode)))
    }

    fn show_other_commands(&self, out: &mut dyn Write) -> io::Result<()> {
        let symbol = &self.instrument.symbol;
        match (self.command, self.plan.leverage) {
            (Command::ChangeLeverage(_), Some(factor)) => say(out, "order", format!("set the leverage of {symbol} to {factor}x")),
            (Command::Cancel(Cancel::One(id)), _) => say(out, "order", format!("cancel {id} on {symbol}; not there: nothing")),
            (Command::Cancel(Cancel::All), _) => {
                say(out, "order", format!("cancel every resting limit order of {symbol}, whoever sent it"))?;
                let held = self.known.facts.positions.iter().flatten().any(|row| !row.qty.is_zero());
                match held {
                    true => say(out, "stays", "stop and target of the position"),
                    false => say(out, "order", format!("cancel stops and targets of {symbol} too, unless a trade of ours is open there")),
                }
            }
            _ => Ok(()),
        }
    }

    /// One order: what it does to the position, what is bought or sold, and how.
    fn leg(&self, leg: &Leg, limit: Option<(&str, Decimal)>) -> String {
        let direction = if (leg.side == Side::Long) == leg.opens() { "buy" } else { "sell" };
        let (effect, only) = if leg.opens() { ("open", "") } else { ("close", ", reduce-only") };
        let (qty, base, most) = (leg.qty.normalize(), &self.instrument.base, self.instrument.market_max_qty);
        let (how, price, about) = match limit {
            Some((id, price)) => (format!("limit at {price} GTC, named {id}"), Some(price), ""),
            None if !most.is_zero() && qty > most => {
                (format!("at market, {} at most in an order", most.normalize()), self.known.price, "about ")
            }
            None => ("at market".to_owned(), self.known.price, "about "),
        };
        let leverage = self.factor().filter(|_| leg.opens());
        let worth = price.map(|price| format!(" = {about}{}", worth(qty, price, leverage, self.instrument))).unwrap_or_default();
        format!("{effect} {}: {direction} {qty} {base} {how}{only}{worth}", leg.side)
    }

    fn show_protection(&self, out: &mut dyn Write) -> io::Result<()> {
        let (Some(side), Some(order)) = (self.plan.guards, self.order()) else { return Ok(()) };
        for (name, is_stop, price) in [("stop loss", true, order.stop), ("take profit", false, order.target)] {
            if let Some(price) = price.and_then(|price| sizing::trigger_price(self.instrument, side, is_stop, price)) {
                say(out, "order", protection(name, price, self.by))?;
            }
        }
        Ok(())
    }

    /// The desk leaves it to the exchange when it has no price; here one was read anyway.
    fn too_small(&self) -> Option<String> {
        let least = self.instrument.min_notional;
        let qty = self.plan.legs.iter().find(|leg| leg.opens())?.qty;
        let is_market = self.order().is_some_and(|order| order.limit.is_none());
        let value = self.known.price.filter(|_| is_market)?.checked_mul(qty)?;
        let value_words = value.round_dp(2).normalize();
        (value < least)
            .then(|| format!("about {value_words} is below the contract's minimum of {}: the exchange may refuse it", least.normalize()))
    }

    /// A stop that an isolated position does not live to see.
    fn beyond_liquidation(&self) -> Option<String> {
        let order = self.order()?;
        let (side, stop, leverage) = (self.plan.guards?, order.stop?, self.factor()?);
        let mode = self.rules.margin_mode.or(self.known.terms.and_then(|terms| terms.margin_mode));
        let price = order.limit.as_ref().map(|limit| limit.price).or(self.known.price);
        let level = liquidation(side, self.average(side, price)?, leverage)?;
        let wrong = side.is_worse(stop, level) && mode != Some(MarginMode::Cross);
        let unless = if mode.is_none() { "if this contract is set to isolated margin: " } else { "" };
        wrong.then(|| {
            format!("{unless}the stop lies beyond the estimated liquidation price {level} at {leverage}x: it may never be reached")
        })
    }

    /// Entry price of the position that this order leaves.
    fn average(&self, side: Side, price: Option<Decimal>) -> Option<Decimal> {
        let (mut value, mut qty) = (Decimal::ZERO, Decimal::ZERO);
        let rows = self.known.facts.positions.iter().flatten();
        let held = rows.filter(|row| row.symbol == self.instrument.symbol && row.side == side).map(|row| (row.qty, row.entry_price));
        let new = self.plan.legs.iter().filter(|leg| leg.opens() && leg.side == side).filter_map(|leg| Some((leg.qty, price?)));
        for (part, at) in held.chain(new) {
            value = value.checked_add(part.checked_mul(at)?)?;
            qty = qty.checked_add(part)?;
        }
        value.checked_div(qty)
    }
}

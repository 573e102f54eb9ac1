//! Text orders against the books: each executed what its alert asked, once, in its own account, and nothing else moved anything.

use std::collections::BTreeMap;

use perphook::alert::{Command, Order, Size, Unit, Verb};
use perphook::desk::{Accepted, Outcome, Record};
use perphook::exchange::paper::Trade;
use perphook::market::{Decimal, Leg};

use super::exchange::ours;
use super::{Exchange, Rig};

type Verdict = Result<(), String>;

impl Rig {
    /// Every alert of coins is executed as asked or not at all, and every execution has its alert. `names` are the names
    /// senders gave their limit orders.
    pub fn as_asked(&self, names: &[String]) -> Verdict {
        let journal = self.journal();
        let mut outcomes: BTreeMap<u64, &Outcome> = BTreeMap::new();
        let mut alerts: BTreeMap<u64, &Accepted> = BTreeMap::new();
        for record in &journal {
            match record {
                Record::Alert(alert) => drop(alerts.insert(alert.number, alert)),
                Record::Verdict { alert, outcome } => drop(outcomes.insert(*alert, outcome)),
                _ => {}
            }
        }
        for (at, account) in self.accounts.iter().enumerate() {
            belongs(account, &format!("a{}", at + 1), &alerts, names)?;
        }
        for alert in alerts.values() {
            let Some(asked) = coins(&alert.signal.command) else { continue };
            let executed: Decimal = self.accounts.iter().map(|account| account.executed_by(alert.number)).sum();
            let wanted = if outcomes.get(&alert.number) == Some(&&Outcome::Done) { asked } else { Decimal::ZERO };
            if executed != wanted {
                let outcome = outcomes.get(&alert.number);
                return Err(format!("alert {} asked for {asked}, ended {outcome:?} and executed {executed}", alert.number));
            }
        }
        Ok(())
    }
}

/// Every execution is of an order of an alert of this account, or of a limit order that a sender named; and all of them
/// make up what is held.
fn belongs(account: &Exchange, name: &str, alerts: &BTreeMap<u64, &Accepted>, names: &[String]) -> Verdict {
    account.with(|sim, _| {
        let known = |trade: &Trade| match ours(&trade.client_id) {
            Some((number, _)) => alerts.get(&number).is_some_and(|alert| alert.account == name),
            None => names.contains(&trade.client_id),
        };
        if let Some(stranger) = sim.book.trades().iter().find(|trade| !known(trade)) {
            return Err(format!("{name}: {} of {} was asked for by nobody", stranger.client_id, stranger.symbol));
        }
        for (symbol, market) in sim.book.markets() {
            let fills = sim.book.trades().iter().filter(|trade| trade.symbol == *symbol);
            let moved: Decimal = fills.map(|trade| if trade.buy { trade.qty } else { -trade.qty }).sum();
            let held = market.held(perphook::market::Side::Long).qty - market.held(perphook::market::Side::Short).qty;
            if moved != held {
                return Err(format!("{name}: {symbol}: {held} is held, but {moved} was traded"));
            }
        }
        Ok(())
    })
}

/// What a plain order of coins at market must execute: bought above zero, sold below.
fn coins(command: &Command) -> Option<Decimal> {
    let Command::Order(Order { verb, size: Size { amount, unit: Unit::Coins, nominal: true }, reduce: false, limit: None, .. }) = command
    else {
        return None;
    };
    match verb {
        Verb::Buy => Some(*amount),
        Verb::Sell => Some(-*amount),
        Verb::Position => None,
    }
}

/// Text orders at the exchange in the order in which it took them, by alert number; an alert with two orders is there twice.
pub fn in_their_order(account: &Exchange, symbol: &str) -> Vec<u64> {
    account.with(|sim, _| {
        let mut orders: Vec<_> = sim.book.all_orders().filter(|order| order.symbol.as_str() == symbol).collect();
        orders.sort_by_key(|order| order.number);
        orders.iter().filter_map(|order| ours(&order.client_id)).filter(|(_, leg)| *leg == Leg::Order).map(|(number, _)| number).collect()
    })
}

//! Text orders against the books: each executed what its alert asked, once, in its own account, and nothing else moved anything.

use std::collections::{BTreeMap, BTreeSet};

use perphook::alert::{Command, Order, Size, Unit, Verb};
use perphook::desk::{Accepted, Outcome, Record};
use perphook::market::{Decimal, Leg, Side};

use super::exchange::ours;
use super::{Exchange, Rig};

type Verdict = Result<(), String>;

impl Rig {
    /// Every alert of coins is executed as asked, or not at all, or as far as its sender is told; and every execution has its alert. `names` are the names
    /// senders gave their limit orders.
    pub fn as_asked(&self, names: &[String]) -> Verdict {
        let journal = self.journal();
        let mut outcomes: BTreeMap<u64, &Outcome> = BTreeMap::new();
        let mut alerts: BTreeMap<u64, &Accepted> = BTreeMap::new();
        let mut parts: BTreeMap<u64, Decimal> = BTreeMap::new();
        for record in &journal {
            match record {
                Record::Alert(alert) => drop(alerts.insert(alert.number, alert)),
                Record::Verdict { alert, outcome } => drop(outcomes.insert(*alert, outcome)),
                Record::Notice(notice) => drop(part(&notice.text).map(|part| parts.insert(notice.alert, part))),
                _ => {}
            }
        }
        let mut owners = BTreeSet::new();
        for account in &self.accounts {
            let owner = owner(account, &alerts, names)?;
            if owner.is_some() && !owners.insert(owner) {
                return Err(format!("two books are {owner:?}'s"));
            }
        }
        for alert in alerts.values() {
            let Some(asked) = coins(&alert.signal.command) else { continue };
            let executed: Decimal = self.accounts.iter().map(|account| account.executed_by(alert.number)).sum();
            let wanted = match (outcomes.get(&alert.number), parts.get(&alert.number)) {
                (Some(Outcome::Done), None) => asked,
                (Some(Outcome::Done), Some(part)) if *part < asked.abs() => {
                    if asked.is_sign_negative() {
                        -*part
                    } else {
                        *part
                    }
                }
                _ => Decimal::ZERO,
            };
            if executed != wanted {
                let outcome = outcomes.get(&alert.number);
                return Err(format!("alert {} asked for {asked}, ended {outcome:?} and executed {executed}", alert.number));
            }
        }
        Ok(())
    }
}

/// Every execution is of an order of an alert, or of a limit order that a sender named; all alerts are of one account, whose
/// name this is; and all executions make up what is held.
fn owner<'a>(account: &Exchange, alerts: &BTreeMap<u64, &'a Accepted>, names: &[String]) -> Result<Option<&'a str>, String> {
    account.with(|sim, _| {
        let mut owner = None;
        for trade in sim.book.trades() {
            let alert = ours(&trade.client_id).and_then(|(number, _)| alerts.get(&number));
            match alert.map(|alert| alert.account.as_str()) {
                Some(name) if *owner.get_or_insert(name) != name => return Err(format!("{name} traded in the book of {owner:?}")),
                None if !names.contains(&trade.client_id) => {
                    return Err(format!("{} of {} was asked for by nobody", trade.client_id, trade.symbol));
                }
                _ => {}
            }
        }
        for (symbol, market) in sim.book.markets() {
            let fills = sim.book.trades().iter().filter(|trade| trade.symbol == *symbol);
            let moved: Decimal = fills.map(|trade| if trade.buy { trade.qty } else { -trade.qty }).sum();
            let held = market.held(Side::Long).qty - market.held(Side::Short).qty;
            if moved != held {
                return Err(format!("{held} of {symbol} is held, but {moved} was traded"));
            }
        }
        Ok(owner)
    })
}

/// How much the user was told was executed of an order that was not carried out to its end.
fn part(notice: &str) -> Option<Decimal> {
    notice.strip_prefix("only ")?.split_once(" of ")?.0.parse().ok()
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

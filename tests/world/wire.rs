//! What went to the exchange and what is there now, in words: one line for each request and each thing.

use std::collections::BTreeMap;

use perphook::exchange::Request;
use perphook::exchange::paper::Knobs;
use perphook::market::{ClientId, Decimal, Leg, ProtectionKind, Side, Terms};

use super::World;
use crate::sim::Entry;

/// A request of the exchange's own protocol, in words; `None` for what says nothing about an order (time, lists).
/// `named` finds a parameter.
pub fn words<'a>(method: &str, path: &str, named: impl Fn(&str) -> Option<&'a str>, status: u64) -> Option<String> {
    let symbol = named("symbol").unwrap_or("*");
    let guard = || named("clientAlgoId").and_then(ClientId::parse).and_then(|id| id.leg()).map_or("guard", guard_name);
    let text = match (method, path.rsplit('/').next().unwrap_or_default()) {
        ("POST", "order") => format!("{symbol} {}", order(&named)),
        ("POST", "marginType") => format!("{symbol} margin {}", named("marginType")?),
        ("POST", "leverage") => format!("{symbol} leverage {}", named("leverage")?),
        ("POST", "algoOrder") => format!("{symbol} {} {}", guard(), named("triggerPrice")?),
        ("DELETE", "order") => format!("{symbol} cancel {}", named("origClientOrderId")?),
        ("DELETE", "allOpenOrders") => format!("{symbol} cancel all"),
        ("DELETE", "algoOpenOrders") => format!("{symbol} cancel guards"),
        ("DELETE", "algoOrder") => format!("cancel {}", guard()),
        ("GET", "positionRisk") => "positions".to_owned(),
        ("GET", "bookTicker") => "quote".to_owned(),
        ("GET", "account") => "balance".to_owned(),
        ("GET", "symbolConfig") => "terms".to_owned(),
        ("GET", "order" | "algoOrder") => "ask".to_owned(),
        ("GET", "openOrders" | "openAlgoOrders") => "orders".to_owned(),
        ("GET", "userTrades") => "fills".to_owned(),
        _ => return None,
    };
    Some(match status {
        200 => text,
        0 => format!("{text} lost"),
        _ => format!("{text} refused"),
    })
}

fn guard_name(leg: Leg) -> &'static str {
    if leg == Leg::Stop { "stop" } else { "target" }
}

fn order<'a>(named: &impl Fn(&str) -> Option<&'a str>) -> String {
    let part = |name: &str| named(name).map(|side| format!("/{side}")).unwrap_or_default();
    let plain = |name: &str| named(name).map_or("?".to_owned(), |text| number(text).to_string());
    let price = named("price").map(|price| format!(" @{}", number(price))).unwrap_or_default();
    // Only names that were given by the sender say anything.
    let own = |id: &&str| *id != "(generated)" && ClientId::parse(id).is_none();
    let id = named("newClientOrderId").filter(own).map(|id| format!(" {id}")).unwrap_or_default();
    let reduce = if named("reduceOnly") == Some("true") { " reduce" } else { "" };
    format!("{}{} {}{price}{id}{reduce}", named("side").unwrap_or("?"), part("positionSide"), plain("quantity"))
}

/// A number as it is meant.
pub fn number(text: &str) -> Decimal {
    text.parse::<Decimal>().unwrap_or_else(|_| panic!("{text} is a number")).round_dp(8).normalize()
}

impl World {
    /// How many requests the account has made so far; a mark for [`World::calls`].
    pub fn calls_made(&self, account: usize) -> usize {
        self.book(account, |sim, _| sim.log.entries.len())
    }

    /// All requests of an account since a mark, in words.
    pub fn calls(&self, account: usize, mark: usize) -> Vec<String> {
        let said = |entry: &Entry| {
            let named = |name: &str| entry.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            words(entry.method, &entry.path, named, u64::from(entry.status))
        };
        self.book(account, |sim, _| sim.log.entries.iter().skip(mark).filter_map(said).collect())
    }

    /// How many requests there were since a mark until the last one that changes something.
    pub fn calls_until_settled(&self, account: usize, mark: usize) -> usize {
        // One exchange asks for orders with a body.
        let changes = |entry: &Entry| entry.method != "GET" && !entry.path.ends_with("/orders/status");
        self.book(account, |sim, _| {
            let since: Vec<&Entry> = sim.log.entries.iter().skip(mark).collect();
            since.iter().rposition(|entry| changes(entry)).map_or(0, |last| last + 1)
        })
    }

    /// The same without what only reads.
    pub fn sent(&self, account: usize, mark: usize) -> Vec<String> {
        let reads = ["positions", "quote", "balance", "terms", "ask", "orders", "fills"];
        let mut calls = self.calls(account, mark);
        calls.retain(|call| !reads.contains(&call.split(' ').next().unwrap_or_default()));
        calls
    }

    /// What an account has on a contract: positions, resting orders, protection.
    pub fn state(&self, account: usize, pair: &str) -> Vec<String> {
        let name = self.native(pair);
        self.book(account, |sim, _| {
            let held = |side: Side| (side, sim.book.position(&name, side).normalize());
            let positions = [held(Side::Long), held(Side::Short)].into_iter().filter(|(_, qty)| !qty.is_zero());
            let mut state: Vec<String> = positions.map(|(side, qty)| format!("{side} {qty}")).collect();
            for order in sim.book.open_orders().iter().filter(|order| order.symbol == name) {
                let reduce = if order.effect().opens.is_none() { " reduce" } else { "" };
                let (side, price) = (if order.buy { "BUY" } else { "SELL" }, order.price.unwrap_or_default().normalize());
                state.push(format!("rests {side} {} @{price} {}{reduce}", order.rest().normalize(), order.client_id));
            }
            for guard in sim.book.open_conditionals().iter().filter(|order| order.symbol == name && order.is_waiting()) {
                let kind = if guard.kind == ProtectionKind::StopLoss { "stop" } else { "target" };
                let side = guard.effect().closes.map_or("?".to_owned(), |side| side.to_string());
                state.push(format!("{kind} {} of {side}", guard.trigger_price.normalize()));
            }
            state.sort();
            state
        })
    }

    /// What the orders of each text alert executed on a contract, oldest first: number, bought (or, negative, sold).
    pub fn executed(&self, account: usize, pair: &str) -> Vec<(u64, Decimal)> {
        let symbol = self.native(pair);
        self.book(account, |sim, _| {
            let trades = sim.book.trades().iter().filter(|trade| trade.symbol == symbol);
            let of = |id: &str| ClientId::parse(id).and_then(|id| id.number());
            let signed = |buy: bool, qty: Decimal| if buy { qty } else { -qty };
            trades.filter_map(|trade| Some((of(&trade.client_id)?, signed(trade.buy, trade.qty).normalize()))).collect()
        })
    }

    /// Whether a request sets what is set already: then the adapter has nothing to ask for.
    pub(super) fn changes_nothing(&self, account: usize, request: &Request) -> bool {
        let (symbol, want) = match request {
            Request::Prepare(symbol, want) => (symbol, *want),
            Request::ChangeLeverage(symbol, leverage) => (symbol, Terms { leverage: Some(*leverage), margin_mode: None }),
            _ => return false,
        };
        self.book(account, |sim, _| {
            let market = sim.book.market(symbol);
            market.is_some_and(|market| {
                want.leverage.is_none_or(|leverage| leverage == market.leverage)
                    && want.margin_mode.is_none_or(|mode| mode == market.margin_mode)
            })
        })
    }

    /// Sets a contract's margin mode and leverage before anything happens, the way the adapter does.
    pub fn prepare(&mut self, account: usize, pair: &str, terms: Terms) {
        let symbol = self.native(pair);
        self.lines[account].exchange.prepare(&symbol, &terms).expect("nothing is open yet");
    }

    /// Gives an account exactly so much, and an exchange that takes no fees.
    pub fn wallet(&mut self, account: usize, balance: Decimal) {
        self.book(account, |sim, _| {
            let (instruments, knobs) = (sim.book.instruments().clone(), sim.book.knobs().clone());
            let mut saved = serde_json::to_value(&sim.book).expect("a book is JSON");
            saved["balance"] = serde_json::Value::String(balance.to_string());
            sim.book = serde_json::from_value(saved).expect("a book reads back");
            sim.book.equip(instruments, Knobs { taker_fee: Decimal::ZERO, maker_fee: Decimal::ZERO, ..knobs });
        });
    }

    /// Leverage of every contract that is not set to what contracts are set to at first.
    pub fn leverages(&self, account: usize) -> BTreeMap<String, u32> {
        self.book(account, |sim, _| {
            let markets = sim.book.markets().filter(|(_, market)| market.leverage != 20);
            markets.map(|(symbol, market)| (symbol.to_string(), market.leverage)).collect()
        })
    }
}

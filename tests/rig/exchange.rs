//! The simulated exchange on a port, and what the tests read in its books and its request log.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use perphook::exchange::paper::{Conditional, NakedSpan, Order};
use perphook::market::{ClientId, Decimal, Leg, Millis, ProtectionKind, Side, Symbol};

use crate::sim::faults::{Conditions, Faults, Rule};
use crate::sim::log::Entry;
use crate::sim::{SharedSim, Sim, SimConfig, Venue, control, server};

/// An exchange that serves until the process ends: one account's book, and where its host is.
#[derive(Clone)]
pub struct Exchange {
    pub sim: SharedSim,
    pub url: String,
}

/// What is in the books of one contract, as far as it is ours; the position whoever built it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resting {
    pub entries: usize,
    pub stops: usize,
    pub targets: usize,
    pub position: Decimal,
}

impl Exchange {
    pub fn start(config: SimConfig, latency_ms: u64) -> Exchange {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sim: SharedSim = Arc::new(Mutex::new(Sim::new(config, server::now())));
        let served = Arc::clone(&sim);
        std::thread::spawn(move || server::serve(&listener, &served, Duration::from_millis(latency_ms)));
        Exchange { sim, url }
    }

    /// One host with so many accounts, whose keys are `k1`, `k2`, … and whose secrets are `s1`, `s2`, ….
    pub fn host(config: &SimConfig, accounts: usize, latency_ms: u64) -> Vec<Exchange> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let venue = Venue::new(config, accounts, server::now());
        let served = venue.clone();
        std::thread::spawn(move || server::serve_venue(&listener, &served, Duration::from_millis(latency_ms)));
        venue.accounts().map(|sim| Exchange { sim: Arc::clone(sim), url: url.clone() }).collect()
    }

    /// Looks into, or reaches into, the exchange; it stands still meanwhile.
    pub fn with<T>(&self, act: impl FnOnce(&mut Sim, Millis) -> T) -> T {
        let mut sim = self.sim.lock().unwrap_or_else(PoisonError::into_inner);
        let now = server::now();
        sim.pass(now);
        act(&mut sim, now)
    }

    /// Moves the market.
    pub fn price(&self, symbol: &str, price: &str) {
        self.with(|sim, now| sim.set_price(symbol, dec(price), now).expect("a price"));
    }

    pub fn faults(&self, rules: Vec<Rule>, conditions: Conditions) {
        self.with(|sim, now| sim.set_faults(Faults::new(1, rules, conditions), now));
    }

    /// What a user does on the exchange's own page; see the control path.
    pub fn by_hand(&self, path: &str, wish: &str) {
        let reply = self.with(|sim, now| control::answer(sim, "POST", path, wish, now));
        assert_eq!(reply.status, 200, "{path} {wish}: {}", String::from_utf8_lossy(&reply.body));
    }

    /// What the exchange calls a coin's contract.
    pub fn native(&self, base: &str) -> Symbol {
        self.with(|sim, _| sim.symbol(base))
    }

    pub fn position(&self, symbol: &str, side: Side) -> Decimal {
        self.with(|sim, _| sim.book.position(&Symbol::new(symbol), side))
    }

    /// Longs above zero, shorts below.
    pub fn net(&self, symbol: &str) -> Decimal {
        self.position(symbol, Side::Long) - self.position(symbol, Side::Short)
    }

    /// Client ids of everything that rests in a contract, whoever placed it.
    pub fn open_names(&self, symbol: &str) -> Vec<String> {
        self.with(|sim, _| {
            let name = Symbol::new(symbol);
            let plain = sim.book.open_orders().iter().filter(|order| order.symbol == name).map(|order| &order.client_id);
            let waiting = sim.book.open_conditionals().iter().filter(|order| order.symbol == name && order.is_waiting());
            plain.chain(waiting.map(|order| &order.client_id)).cloned().collect()
        })
    }

    /// What the orders of an alert executed: bought above zero, sold below.
    pub fn executed_by(&self, alert: u64) -> Decimal {
        self.with(|sim, _| {
            let of_alert = sim.book.trades().iter().filter(|trade| ours(&trade.client_id) == Some((alert, Leg::Order)));
            of_alert.map(|trade| if trade.buy { trade.qty } else { -trade.qty }).sum()
        })
    }

    /// What rests of ours, and the position.
    pub fn resting(&self, symbol: &str) -> Resting {
        self.with(|sim, _| {
            let name = Symbol::new(symbol);
            let is_entry = |order: &&Order| order.symbol == name && is_entry(&order.client_id);
            let guards = |kind: ProtectionKind| {
                let waits = |order: &&Conditional| order.symbol == name && order.is_waiting() && order.kind == kind;
                sim.book.open_conditionals().iter().filter(waits).filter(|order| ours(&order.client_id).is_some()).count()
            };
            Resting {
                entries: sim.book.open_orders().iter().filter(is_entry).count(),
                stops: guards(ProtectionKind::StopLoss),
                targets: guards(ProtectionKind::TakeProfit),
                position: sim.book.position(&name, Side::Long) + sim.book.position(&name, Side::Short),
            }
        })
    }

    /// How many entries, stops and targets of ours the exchange ever took for a contract, and how much they opened.
    pub fn ever(&self, symbol: &str) -> Resting {
        self.with(|sim, _| {
            let name = Symbol::new(symbol);
            let entries: Vec<&Order> = sim.book.all_orders().filter(|order| order.symbol == name && is_entry(&order.client_id)).collect();
            let guards = |kind: ProtectionKind| {
                let of_kind = |order: &&Conditional| order.symbol == name && order.kind == kind && ours(&order.client_id).is_some();
                sim.book.all_conditionals().filter(of_kind).count()
            };
            Resting {
                entries: entries.len(),
                stops: guards(ProtectionKind::StopLoss),
                targets: guards(ProtectionKind::TakeProfit),
                position: entries.iter().map(|order| order.opened).sum(),
            }
        })
    }

    /// Open orders of ours of a leg, by client id.
    pub fn open_ids(&self, leg: Leg) -> Vec<String> {
        self.with(|sim, _| {
            let plain = sim.book.open_orders().iter().map(|order| &order.client_id);
            let conditional = sim.book.open_conditionals().iter().map(|order| &order.client_id);
            plain.chain(conditional).filter(|id| ours(id).is_some_and(|(_, of)| of == leg)).cloned().collect()
        })
    }

    pub fn naked_spans(&self) -> Vec<NakedSpan> {
        self.with(|sim, _| sim.book.naked_spans())
    }

    /// Requests so far, oldest first.
    pub fn requests(&self) -> Vec<Entry> {
        self.with(|sim, _| sim.log.entries.iter().cloned().collect())
    }

    pub fn forget_requests(&self) {
        self.with(|sim, _| sim.log.clear());
    }

    /// Requests that send something for a contract: orders, cancels, settings.
    pub fn writes(&self) -> Vec<Entry> {
        self.requests().into_iter().filter(|entry| entry.method != "GET").collect()
    }

    /// The last requests, for a failing test.
    pub fn story(&self, count: usize) -> String {
        let entries = self.requests();
        let from = entries.len().saturating_sub(count);
        entries[from..].iter().map(describe).collect::<Vec<_>>().join("\n")
    }
}

fn describe(entry: &Entry) -> String {
    let names =
        ["symbol", "newClientOrderId", "origClientOrderId", "clientAlgoId", "batchOrders", "type", "price", "quantity", "triggerPrice"];
    let mut text = format!("{} {} {}", perphook::time::utc_text(entry.at), entry.method, entry.path);
    for (name, value) in entry.params.iter().filter(|(name, _)| names.contains(&name.as_str())) {
        text += &format!(" {name}={value}");
    }
    format!("{text} -> {} {:?} {:?} executed={}", entry.status, entry.code, entry.fault, entry.executed)
}

/// What an order of ours is for.
pub fn ours(client_id: &str) -> Option<(u64, Leg)> {
    let id = ClientId::parse(client_id)?;
    Some((id.number()?, id.leg()?))
}

fn is_entry(client_id: &str) -> bool {
    ours(client_id).is_some_and(|(_, leg)| matches!(leg, Leg::Entry | Leg::Second))
}

/// A parameter of a logged request.
pub fn param<'a>(entry: &'a Entry, name: &str) -> &'a str {
    entry.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

pub fn dec(text: &str) -> Decimal {
    text.parse().expect("a number")
}

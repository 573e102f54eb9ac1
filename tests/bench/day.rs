//! What is sent, and what is read out of the exchange's log about it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::client::Client;
use crate::figures::Samples;
use crate::process::Process;
use crate::{CONTRACTS, Result};

pub(crate) const TOKEN: &str = "bench-token-0123456789";
/// The first contracts are the well-known ones with prices of their own; the made-up ones after them all cost 10.
const NAMED_CONTRACTS: usize = 20;
/// Trades that are open together in a long row.
const ROUND: usize = 100;
/// Alerts of one trade in a long row.
const ALERTS_PER_TRADE: usize = 4;
/// Longest wait until all trades are over.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// What a row of trades showed.
pub(crate) struct Life {
    pub(crate) acknowledged: Samples,
    pub(crate) first_order: Samples,
    pub(crate) last_order: Samples,
    /// Processor time per ENTRY.
    pub(crate) cpu_us: u64,
    /// Exchange calls about a symbol until its last of four orders, median.
    pub(crate) calls: u64,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    arrived_us: u64,
    method: String,
    path: String,
    params: Vec<(String, String)>,
}

/// The contract with this number.
pub(crate) fn symbol(number: usize) -> String {
    format!("COIN{}USDT", NAMED_CONTRACTS + number % (CONTRACTS - NAMED_CONTRACTS))
}

/// An ENTRY whose first order fills at once, because its price is above the market's.
pub(crate) fn entry(number: usize, bar: usize) -> String {
    bracket(number, bar, "primary_entry")
}

fn bracket(number: usize, bar: usize, subtype: &str) -> String {
    format!(
        r#"{{"token":"{TOKEN}","event":"ENTRY","order_subtype":"{subtype}","signal_side":"LONG","symbol":"{}.P","timeframe":"15","entry_price":10.05,"second_entry_price":9.8,"stop_loss":9.2,"take_profit":11.5,"leverage":null,"timestamp":"2026-11-20T12:00:00Z","bar_index":{bar}}}"#,
        symbol(number)
    )
}

fn exit(number: usize, bar: usize) -> String {
    format!(
        r#"{{"token":"{TOKEN}","event":"EXIT","order_subtype":"reduce_only","signal_side":"LONG","symbol":"{}.P","bar_index":{bar}}}"#,
        symbol(number)
    )
}

/// Opens trades one after the other and says how long it took.
pub(crate) fn entries(server: &Process, exchange: &Process, trades: usize, pause: Duration) -> Result<Life> {
    let mut control = Client::connect(exchange.address())?;
    let mut client = Client::connect(server.address())?;
    // The first one finds cold caches and an unprepared journal.
    client.timed_alert(&entry(trades, 0))?;
    std::thread::sleep(Duration::from_secs(1));
    control.request("POST", "/sim/log/clear", "")?;
    let mut acknowledged = Samples::default();
    let mut sent = HashMap::new();
    let cpu_us = server.cpu_us()?;
    for number in 0..trades {
        let (sent_us, took) = client.timed_alert(&entry(number, 0))?;
        acknowledged.add(took);
        sent.insert(symbol(number), sent_us);
        std::thread::sleep(pause);
    }
    let cpu_us = (server.cpu_us()? - cpu_us) / trades as u64;
    let log: Log = serde_json::from_str(&control.request("GET", "/sim/log", "")?.1)?;
    let (first_order, last_order, calls) = orders(&log, &sent)?;
    Ok(Life { acknowledged, first_order, last_order, cpu_us, calls })
}

/// The same, and closes them again.
pub(crate) fn trades(daemon: &Process, exchange: &Process, trades: usize, pause: Duration) -> Result<Life> {
    let life = entries(daemon, exchange, trades, pause)?;
    let mut client = Client::connect(daemon.address())?;
    for number in 0..=trades {
        client.patient_alert(&exit(number, 0))?;
    }
    wait_until_flat(&mut client)?;
    Ok(life)
}

/// Alerts as fast as they are taken: whole trades, each with a late second entry and a duplicate on the way. How many trades it was.
pub(crate) fn long_row(daemon: &Process, row: usize, alerts: usize) -> Result<usize> {
    let mut client = Client::connect(daemon.address())?;
    let rounds = alerts / (ROUND * ALERTS_PER_TRADE);
    for round in 0..rounds {
        let bar = row * rounds + round;
        let numbers = || (0..ROUND).map(|number| number + round * ROUND);
        for number in numbers() {
            client.patient_alert(&entry(number, bar))?;
        }
        for number in numbers() {
            client.patient_alert(&bracket(number, bar, "dca_fill"))?;
        }
        for number in numbers() {
            client.patient_alert(&entry(number, usize::MAX - bar))?;
        }
        for number in numbers() {
            client.patient_alert(&exit(number, bar))?;
        }
        wait_until_flat(&mut client)?;
    }
    Ok(rounds * ROUND)
}

fn wait_until_flat(client: &mut Client) -> Result<()> {
    let begin = Instant::now();
    let mut health = String::new();
    while begin.elapsed() < CLOSE_MAX {
        health = client.request("GET", "/health", "")?.1;
        if health.contains(r#""open_trades":0"#) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("the trades do not end: {health}").into())
}

/// Times from each alert to its first and last order at the exchange.
fn orders(log: &Log, sent: &HashMap<String, u64>) -> Result<(Samples, Samples, u64)> {
    let (mut first, mut last, mut calls) = (Samples::default(), Samples::default(), Samples::default());
    for (symbol, sent_us) in sent {
        let about: Vec<&Call> = log.entries.iter().filter(|call| call.names(symbol)).collect();
        let orders: Vec<usize> =
            about.iter().enumerate().filter(|(_, call)| call.method == "POST" && call.places()).map(|(at, _)| at).collect();
        // Both entries leave in one request.
        let [batch, _, end, ..] = orders.as_slice() else { return Err(format!("{symbol}: its four orders did not arrive").into()) };
        let after = |at: usize| about.get(at).map_or(0, |call| call.arrived_us.saturating_sub(*sent_us));
        first.add_us(after(*batch));
        last.add_us(after(*end));
        calls.add_us(*end as u64 + 1);
    }
    Ok((first, last, calls.p50()))
}

impl Call {
    fn names(&self, symbol: &str) -> bool {
        self.params.iter().any(|(name, value)| match name.as_str() {
            "symbol" => value == symbol,
            "batchOrders" => value.contains(&format!("\"{symbol}\"")),
            _ => false,
        })
    }

    fn places(&self) -> bool {
        matches!(self.path.as_str(), "/fapi/v1/batchOrders" | "/fapi/v1/order" | "/fapi/v1/algoOrder")
    }
}

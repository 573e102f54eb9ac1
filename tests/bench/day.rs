//! What is sent, and what is read out of the exchange's log about it.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::bare::Disk;
use crate::client::Client;
use crate::figures::Samples;
use crate::process::Process;
use crate::{CONTRACTS, PORTION, Result};

pub(crate) const TOKEN: &str = "bench-token-0123456789";
/// The first contracts are the well-known ones with prices of their own; the made-up ones after them all cost 10.
const NAMED_CONTRACTS: usize = 20;
/// Trades that are open together in a long row.
const ROUND: usize = 80;
/// Alerts of one trade in a long row.
const ALERTS_PER_TRADE: usize = 5;
/// For what is still on its way before and after a row.
const SETTLE: Duration = Duration::from_secs(1);
/// Longest wait until all trades are over.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// What a row of trades showed.
pub(crate) struct Life {
    pub(crate) acknowledged: Samples,
    pub(crate) first_order: Samples,
    pub(crate) last_order: Samples,
    /// Exchange calls from an alert to its last of four orders, that one included.
    pub(crate) calls: Samples,
    /// A bare fdatasync on the same disk, between two alerts each: how fast a disk is changes from one second to the next.
    pub(crate) disk: Samples,
    /// Processor time of all of it.
    cpu_sum_us: u64,
    beside: Disk,
}

impl Life {
    /// Nothing yet; the bare flushes go to this file.
    pub(crate) fn beside(path: &Path) -> Result<Life> {
        Ok(Life {
            acknowledged: Samples::default(),
            first_order: Samples::default(),
            last_order: Samples::default(),
            calls: Samples::default(),
            disk: Samples::default(),
            cpu_sum_us: 0,
            beside: Disk::create(path)?,
        })
    }

    /// Processor time per ENTRY.
    pub(crate) fn cpu_us(&self) -> u64 {
        self.cpu_sum_us.checked_div(self.acknowledged.len() as u64).unwrap_or(0)
    }
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

/// Opens trades one after the other and notes how long it took.
pub(crate) fn entries(server: &Process, exchange: &Process, portion: usize, pause: Duration, life: &mut Life) -> Result<()> {
    let mut control = Client::connect(exchange.address())?;
    let mut client = Client::connect(server.address())?;
    // The first one finds cold caches and an unprepared journal.
    client.timed_alert(&entry(warm_up(portion), portion))?;
    std::thread::sleep(SETTLE);
    control.request("POST", "/sim/log/clear", "")?;
    let mut sent = HashMap::new();
    let cpu_us = server.cpu_us()?;
    for number in numbers(portion) {
        let (sent_us, took) = client.timed_alert(&entry(number, portion))?;
        life.acknowledged.add(took);
        sent.insert(symbol(number), sent_us);
        std::thread::sleep(pause / 2);
        life.disk.add(life.beside.timed()?);
        std::thread::sleep(pause / 2);
    }
    life.cpu_sum_us += server.cpu_us()? - cpu_us;
    std::thread::sleep(SETTLE);
    let log: Log = serde_json::from_str(&control.request("GET", "/sim/log", "")?.1)?;
    life.note_orders(&log, &sent)
}

fn numbers(portion: usize) -> std::ops::Range<usize> {
    portion * PORTION..(portion + 1) * PORTION
}

fn warm_up(portion: usize) -> usize {
    CONTRACTS - NAMED_CONTRACTS - 1 - portion
}

/// The same, and closes them again.
pub(crate) fn trades(daemon: &Process, exchange: &Process, portion: usize, pause: Duration, life: &mut Life) -> Result<()> {
    entries(daemon, exchange, portion, pause, life)?;
    let mut client = Client::connect(daemon.address())?;
    for number in numbers(portion).chain([warm_up(portion)]) {
        client.patient_alert(&exit(number, portion))?;
    }
    wait_until_flat(&mut client)
}

/// Alerts as fast as they are taken: whole trades, each with a late second entry and two more signals on the way. How many trades it was.
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
        for again in 1..=2 {
            for number in numbers() {
                client.patient_alert(&entry(number, usize::MAX / again - bar))?;
            }
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

impl Life {
    /// Times from each alert to its first and last order at the exchange.
    fn note_orders(&mut self, log: &Log, sent: &HashMap<String, u64>) -> Result<()> {
        for (symbol, &sent_us) in sent {
            let orders: Vec<u64> =
                log.entries.iter().filter(|call| call.places() && call.names(symbol)).map(|call| call.arrived_us).collect();
            // Both entries leave in one request.
            let [entries, _, last, ..] = *orders.as_slice() else { return Err(format!("{symbol}: its four orders did not arrive").into()) };
            self.first_order.add_us(entries.saturating_sub(sent_us));
            self.last_order.add_us(last.saturating_sub(sent_us));
            self.calls.add_us(log.entries.iter().filter(|call| (sent_us..=last).contains(&call.arrived_us)).count() as u64);
        }
        Ok(())
    }
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
        self.method == "POST" && matches!(self.path.as_str(), "/fapi/v1/batchOrders" | "/fapi/v1/order" | "/fapi/v1/algoOrder")
    }
}

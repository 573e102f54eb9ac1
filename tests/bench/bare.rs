//! The other processes: the simulated exchange, and the least that could answer an alert or turn one into orders.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::http::{Http, HttpRequest};
use perphook::exchange::transport::{TimeOuts, UreqHttp};
use perphook::web::{self, Health, Limits, Routes, Verdict};
use perphook::{alert, config};
use serde::Deserialize;
use sha2::Sha256;

use crate::figures::say;
use crate::sim::{Sim, SimConfig, Venue, server};
use crate::{CONTRACTS, Result};

/// About the length of an alert's record.
const LINE_BYTES: usize = 500;
/// Written ahead, as the journal does it: a flush then has no new file size to write.
const PREPARED_BYTES: usize = 256 * 1024;

/// Serves the simulated Binance.
pub(crate) fn exchange(latency_ms: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let sim = Sim::new(SimConfig { symbols: CONTRACTS, ..SimConfig::default() }, server::now());
    say(&format!("http://{}", listener.local_addr()?));
    server::serve(&listener, &Arc::new(Mutex::new(sim)), Duration::from_millis(latency_ms.parse()?));
    Ok(())
}

/// Serves the simulated Binance with so many accounts.
pub(crate) fn host(accounts: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let config = SimConfig { symbols: CONTRACTS, ..SimConfig::default() };
    let venue = Venue::new(&config, accounts.parse()?, server::now());
    say(&format!("http://{}", listener.local_addr()?));
    server::serve_venue(&listener, &venue, Duration::ZERO);
    Ok(())
}

/// Our web room alone: every alert is accepted at once, nothing is kept and nothing done.
pub(crate) fn web() -> Result<()> {
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        say(&listener.local_addr()?.to_string());
        let (inbox, inbound) = smol::channel::bounded(16);
        let health = Rc::new(Health::default);
        let (parse, parse_text, roster) = (alert::json::parse, alert::text::parse, alert::text::Roster::default());
        let routes = Routes { token: None, mode: config::Mode::Paper, parse, parse_text, roster, inbox, health };
        executor.spawn(web::serve(listener, routes, Limits::default())).detach();
        while let Ok(alert) = inbound.recv().await {
            // The sender may be gone.
            let _ = alert.respond.try_send(Verdict::Accepted { number: 1, warnings: Vec::new() });
        }
        Ok(())
    }))
}

/// A file with space written ahead, and its flush.
pub(crate) struct Disk {
    file: File,
    end: usize,
}

impl Disk {
    pub(crate) fn create(path: &Path) -> Result<Disk> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; PREPARED_BYTES], 0)?;
        file.sync_all()?;
        Ok(Disk { file, end: 0 })
    }

    fn keep(&mut self, line: &[u8]) -> Result<()> {
        self.file.write_all_at(line, self.end as u64)?;
        self.end = (self.end + line.len()) % (PREPARED_BYTES - LINE_BYTES * 2);
        Ok(self.file.sync_data()?)
    }

    /// How long one line and one fdatasync take now.
    pub(crate) fn timed(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        self.keep(&[b'x'; LINE_BYTES])?;
        Ok(begin.elapsed())
    }
}

/// What the bare loop reads of an alert.
#[derive(Deserialize)]
struct Wish {
    symbol: String,
}

/// Reads an alert, flushes it, answers, and makes the daemon's exchange calls one after the other. One connection, no doubts.
pub(crate) fn one_loop(exchange: &str, file: &Path) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&listener.local_addr()?.to_string());
    let mut disk = Disk::create(file)?;
    let mut caller = Caller::new(exchange)?;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    for number in 0_u64.. {
        let Some(body) = read_request(&mut reader)? else { break };
        disk.keep(&body)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")?;
        let wish: Wish = serde_json::from_slice(&body)?;
        caller.bracket(wish.symbol.trim_end_matches(".P"), number)?;
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse()?,
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

/// Signs and sends, and looks at nothing but the status.
struct Caller {
    http: UreqHttp,
    key: String,
    mac: Hmac<Sha256>,
}

impl Caller {
    fn new(exchange: &str) -> Result<Caller> {
        let SimConfig { key, secret, .. } = SimConfig::default();
        Ok(Caller { http: UreqHttp::new(exchange, TimeOuts::default()), key, mac: Hmac::new_from_slice(secret.as_bytes())? })
    }

    fn bracket(&mut self, symbol: &str, number: u64) -> Result<()> {
        let entry = |leg: &str, price: &str, qty: &str| {
            format!(
                "%7B%22symbol%22%3A%22{symbol}%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22%2C%22timeInForce%22%3A%22GTC%22%2C%22price%22%3A%22{price}%22%2C%22quantity%22%3A%22{qty}%22%2C%22newClientOrderId%22%3A%22{leg}-{number}%22%2C%22newOrderRespType%22%3A%22RESULT%22%7D"
            )
        };
        let guard = |kind: &str, price: &str| {
            format!(
                "algoType=CONDITIONAL&symbol={symbol}&side=SELL&type={kind}&triggerPrice={price}&closePosition=true&workingType=MARK_PRICE&clientAlgoId={kind}-{number}"
            )
        };
        self.call("GET", "/fapi/v3/positionRisk", &format!("symbol={symbol}"))?;
        let both = format!("batchOrders=%5B{}%2C{}%5D", entry("first", "10.05", "19.9"), entry("second", "9.8", "20.4"));
        self.call("POST", "/fapi/v1/batchOrders", &both)?;
        // A batch is answered before anything fills: whether there is something to protect, only a look can tell.
        self.call("GET", "/fapi/v3/positionRisk", "")?;
        self.call("POST", "/fapi/v1/algoOrder", &guard("STOP_MARKET", "9.2"))?;
        self.call("POST", "/fapi/v1/algoOrder", &guard("TAKE_PROFIT_MARKET", "11.5"))
    }

    fn call(&mut self, method: &'static str, path: &str, params: &str) -> Result<()> {
        let and = if params.is_empty() { "" } else { "&" };
        let query = format!("{params}{and}recvWindow=5000&timestamp={}", server::now());
        let mut mac = self.mac.clone();
        mac.update(query.as_bytes());
        let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let target = format!("{path}?{query}&signature={signature}");
        let request = HttpRequest { method, target, headers: vec![("X-MBX-APIKEY", self.key.clone())], body: Vec::new() };
        let mut response = self.http.send(&request)?;
        let mut body = Vec::new();
        response.body.read_to_end(&mut body)?;
        match response.status {
            200 => Ok(()),
            status => Err(format!("{method} {path} was answered {status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

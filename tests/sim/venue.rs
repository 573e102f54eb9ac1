//! Several accounts on one simulated host: a book and a request log for each, one market and one request budget for all.
//!
//! Which account a request means is told by its key; what comes without a known key goes to the first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perphook::exchange::http::HttpRequest;
use perphook::exchange::paper::Denial;
use perphook::market::{Decimal, Millis};

use super::floor::SimConfig;
use super::frame::Sim;
use super::reply::{Answer, Reply};
use super::transport::SharedSim;
use super::{control, wire::header};

/// The accounts. Clones share them; each is locked on its own, so accounts do not wait for each other.
#[derive(Clone)]
pub struct Venue {
    accounts: Vec<(String, SharedSim)>,
    headers: &'static [&'static str],
}

impl Venue {
    /// Accounts with the keys `k1`, `k2`, … and the secrets `s1`, `s2`, …; at least one.
    pub fn new(config: &SimConfig, accounts: usize, now: Millis) -> Venue {
        let mut sims: Vec<Sim> = Vec::new();
        for number in 1..=accounts.max(1) {
            let mut sim = Sim::new(SimConfig { key: format!("k{number}"), secret: format!("s{number}"), ..config.clone() }, now);
            if let Some(first) = sims.first() {
                sim.call_from_where(first);
            }
            sims.push(sim);
        }
        let headers = sims.first().map(Sim::headers).unwrap_or_default();
        Venue { headers, accounts: sims.into_iter().map(|sim| (sim.key().to_owned(), Arc::new(Mutex::new(sim)))).collect() }
    }

    /// A host with one account, which somebody else holds too.
    pub fn of(sim: &SharedSim) -> Venue {
        let known = lock(sim);
        Venue { headers: known.headers(), accounts: vec![(known.key().to_owned(), Arc::clone(sim))] }
    }

    /// Headers the exchange reads; the first one carries the key.
    pub fn headers(&self) -> &'static [&'static str] {
        self.headers
    }

    /// An account by its key or by its number, counted from 1.
    pub fn account(&self, name: &str) -> Option<&SharedSim> {
        let by_key = self.accounts.iter().find(|(key, _)| key == name);
        let by_number = || self.accounts.get(name.parse::<usize>().ok()?.checked_sub(1)?);
        by_key.or_else(by_number).map(|(_, sim)| sim)
    }

    /// All accounts, in the order of their numbers.
    pub fn accounts(&self) -> impl Iterator<Item = &SharedSim> {
        self.accounts.iter().map(|(_, sim)| sim)
    }

    /// Whom a request means.
    pub fn route(&self, request: &HttpRequest) -> Option<&SharedSim> {
        let key = self.headers.first().and_then(|name| header(&request.headers, name));
        let known = self.accounts.iter().find(|(known, _)| Some(known.as_str()) == key);
        known.or(self.accounts.first()).map(|(_, sim)| sim)
    }

    /// Answers one request.
    pub fn answer(&self, request: &HttpRequest, now: Millis) -> Option<Answer> {
        self.route(request).map(|sim| lock(sim).answer(request, now))
    }

    /// Moves the market, for every account.
    pub fn set_price(&self, symbol: &str, price: Decimal, now: Millis) -> Result<(), Denial> {
        self.accounts().try_for_each(|sim| lock(sim).set_price(symbol, price, now))
    }

    /// Answers one control request. `?account=` names whom it means by key or number, or `all`; the first if it is not
    /// said. Prices are everybody's. What all accounts answer comes as a list.
    pub fn control(&self, method: &str, target: &str, body: &str, now: Millis) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let name = query.split('&').find_map(|pair| pair.strip_prefix("account="));
        let answers = |sim: &SharedSim| control::answer(&mut lock(sim), method, path, body, now);
        match name {
            _ if path == "/sim/price" => {
                let replies: Vec<Reply> = self.accounts().map(answers).collect();
                let failed = replies.iter().position(|reply| reply.status != 200).unwrap_or(0);
                replies.into_iter().nth(failed).unwrap_or_default()
            }
            Some("all") => list(&self.accounts().map(answers).collect::<Vec<Reply>>()),
            name => match self.account(name.unwrap_or("1")) {
                Some(sim) => answers(sim),
                None => Reply { status: 404, body: b"{\"error\":\"no such account\"}".to_vec(), ..Reply::default() },
            },
        }
    }
}

/// All bodies in one; the status is that of the worst.
fn list(replies: &[Reply]) -> Reply {
    let bodies: Vec<&[u8]> = replies.iter().map(|reply| reply.body.as_slice()).collect();
    let body = [b"[".as_slice(), &bodies.join(b",".as_slice()), b"]"].concat();
    Reply { status: replies.iter().map(|reply| reply.status).max().unwrap_or(200), body, ..Reply::default() }
}

/// The account, whoever panicked with it.
pub fn lock(sim: &SharedSim) -> MutexGuard<'_, Sim> {
    sim.lock().unwrap_or_else(PoisonError::into_inner)
}

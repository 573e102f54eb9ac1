//! How a world begins: accounts on a simulated exchange, each behind its adapter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use perphook::desk::{AccountRules, AccountSetup, Desk, Memory, Rules};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::{self, Exchange, Keys, Venue};
use perphook::market::Installation;
use perphook::secret::Secret;

use super::{Line, START, Setting};
use crate::sim::{Kind, SharedSim, Sim, SimConfig, SimHttp};

/// The adapter that speaks with a simulated exchange.
fn venue_of(exchange: Kind) -> Venue {
    Venue::ALL.into_iter().find(|venue| venue.as_str() == exchange.adapter()).expect("an adapter")
}

pub(super) fn connect(sim: &SharedSim, clock: &Arc<AtomicU64>) -> (Box<dyn Exchange>, Arc<AtomicU64>) {
    let ticking = Arc::clone(clock);
    let clock: exchange::Clock = Arc::new(move || ticking.load(Ordering::Relaxed));
    let http = SimHttp::new(Arc::clone(sim), clock.clone());
    let latency = http.latency();
    let config = sim.lock().expect("nobody panicked").config.clone();
    let secret = Secret::new(config.exchange.secret(&config.secret));
    let keys = Keys { key: Secret::new(config.key), secret, password: Secret::new(config.password), demo: false };
    let settle = config.exchange.settle().to_owned();
    let line = exchange::Line { http: Box::new(http), keys, clock, settle, catalogue: Catalogue::default() };
    (venue_of(config.exchange).connect(line).expect("an exchange behind a line"), latency)
}

/// One account with a book of its own.
pub(super) fn line(setting: &Setting, clock: &Arc<AtomicU64>) -> Line {
    let sim = Sim::new(
        SimConfig { exchange: setting.exchange, hedge: setting.hedge && setting.exchange.has_hedge(), ..SimConfig::default() },
        START,
    );
    let sim: SharedSim = Arc::new(Mutex::new(sim));
    let (exchange, latency) = connect(&sim, clock);
    Line { sim, exchange, latency, flight: None, late_ms: 0 }
}

/// What alerts call the accounts: `a0`, `a1`, ...
pub fn account_name(at: usize) -> String {
    format!("a{at}")
}

pub(super) fn new_desk(home: &Installation, setting: &Setting, one_key: bool, memory: Memory) -> Desk {
    let setup = |at: usize| AccountSetup {
        name: account_name(at),
        venue: venue_of(setting.exchange).as_str().to_owned(),
        identity: format!("{}:test{}", venue_of(setting.exchange).as_str(), if one_key { 0 } else { at }),
        host: "sim".to_owned(),
        rules: AccountRules {
            margin_mode: setting.account.margin_mode.or(setting.exchange.margin_mode()),
            settle_coin: setting.exchange.settle().to_owned(),
            ..setting.account.clone()
        },
    };
    let rules = Rules { default_account: Some(account_name(0)), ..setting.rules.clone() };
    Desk::new(home.clone(), rules, (0..setting.accounts).map(setup).collect(), memory)
}

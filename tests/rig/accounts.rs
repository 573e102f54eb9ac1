//! A rig with several accounts: one host, an `accounts.json` that names them `a1`, `a2`, …, and text alerts for them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::exchange::dec;
use super::{Answer, Exchange, Rig, TOKEN, http};
use crate::sim::server::now;
use crate::sim::venue::lock;
use crate::sim::{SimConfig, control};

/// The file the daemon reads its accounts from.
const FILE: &str = "accounts.json";

impl Rig {
    /// A connected daemon with so many accounts on one host.
    pub fn with_accounts(config: &SimConfig, accounts: usize, latency_ms: u64, settings: &[(&str, &str)]) -> Rig {
        let mut rig = Rig::idle_accounts(config, accounts, latency_ms, settings);
        rig.run();
        rig.connected();
        rig
    }

    /// A connected daemon with accounts on several hosts: so many on each.
    pub fn with_hosts(hosts: &[(SimConfig, usize)], latency_ms: u64, settings: &[(&str, &str)]) -> Rig {
        let hosts = hosts.iter().flat_map(|(config, accounts)| Exchange::host(config, *accounts, latency_ms));
        let mut rig = Rig::listing(hosts.collect(), settings);
        rig.run();
        rig.connected();
        rig
    }

    /// Nothing runs yet but the host; the accounts are written down.
    pub fn idle_accounts(config: &SimConfig, accounts: usize, latency_ms: u64, settings: &[(&str, &str)]) -> Rig {
        Rig::listing(Exchange::host(config, accounts, latency_ms), settings)
    }

    /// The same, wherever the accounts are.
    fn listing(exchanges: Vec<Exchange>, settings: &[(&str, &str)]) -> Rig {
        let accounts = exchanges.len();
        let mut rig = Rig::around(exchanges);
        let usual = [("ACCOUNTS_FILE", FILE), ("WEBHOOK_TOKEN", TOKEN), ("SERVICE_PORT", "0")];
        usual.iter().chain(settings).for_each(|(name, value)| rig.set(name, value));
        rig.list(&(1..=accounts).map(|number| rig.listed(number)).collect::<Vec<Value>>());
        rig
    }

    /// An account as it is listed, counted from 1.
    pub fn listed(&self, number: usize) -> Value {
        let Exchange { sim, url } = &self.accounts[number - 1];
        let SimConfig { exchange, key, secret, password, .. } = lock(sim).config.clone();
        let (name, secret) = (exchange.adapter(), exchange.secret(&secret));
        let mut account =
            json!({"ACCOUNT_ID": format!("a{number}"), "EXCHANGE": name, "API_KEY": key, "SECRET_KEY": secret, "BASE_URL": url});
        if exchange.has_password() {
            account["PASSWORD"] = password.into();
        }
        account
    }

    /// Writes down these accounts.
    pub fn list(&self, accounts: &[Value]) {
        let file = self.home.path().join(FILE);
        std::fs::write(&file, Value::from(accounts).to_string()).expect("a file");
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a file of our own");
    }

    /// An account's book, counted from 1.
    pub fn account(&self, number: usize) -> &Exchange {
        &self.accounts[number - 1]
    }

    /// Moves the market, for every account.
    pub fn price(&self, symbol: &str, price: &str) {
        for account in &self.accounts {
            lock(&account.sim).set_price(symbol, dec(price), now()).expect("a price");
        }
    }

    /// Sends a text alert and reads its answer.
    pub fn text(&self, body: &str) -> Answer {
        http::text(self.daemon().port, &format!("/whook/{TOKEN}"), "", body).expect("an answer")
    }

    /// Sends a text alert of one line that must be taken, and returns its number.
    pub fn ordered(&self, body: &str) -> u64 {
        let answer = self.text(body);
        assert_eq!((answer.status, answer.is_duplicate()), (200, false), "{answer:?} to {body}\n{}", self.story());
        answer.number().expect("a number")
    }

    /// Sends a text alert of several lines that must all be taken, and returns their numbers.
    pub fn ordered_lines(&self, body: &str) -> Vec<u64> {
        let answer = self.text(body);
        let numbers = answer.line_numbers();
        assert!(answer.status == 200 && numbers.iter().all(Option::is_some), "{answer:?} to {body}\n{}", self.story());
        numbers.into_iter().flatten().collect()
    }

    /// Requests and log of every account, for a failing test.
    pub fn stories(&self) -> String {
        let mut text = self.story();
        for (at, account) in self.accounts.iter().enumerate().skip(1) {
            text += &format!("\naccount {}:\n{}", at + 1, account.story(60));
        }
        text
    }
}

impl Answer {
    /// The number of each line of several; `None` where it was refused.
    pub fn line_numbers(&self) -> Vec<Option<u64>> {
        self.json()["lines"].as_array().into_iter().flatten().map(|line| line["alert"].as_u64()).collect()
    }
}

impl Exchange {
    /// Sets a fault plan over the control path.
    pub fn plan_faults(&self, plan: &str) {
        let reply = control::answer(&mut lock(&self.sim), "POST", "/sim/faults", plan, now());
        assert_eq!(reply.status, 200, "{plan}: {}", String::from_utf8_lossy(&reply.body));
    }
}

//! The real program on every exchange: four ends of a bracket, four commands, three kinds of trouble.
#![allow(clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use perphook::desk::Outcome;
use perphook::market::{Leg, Side, Symbol};
use serde_json::Value;

use crate::rig::exchange::dec;
use crate::rig::{Rig, entry, exit};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig};

/// Entry, second entry, stop, target; the market is at 50000.
const LONG: [&str; 4] = ["49900", "49500", "49000", "50500"];

/// A daemon with one account on an exchange, and what the exchange calls a coin's contract.
struct Desk {
    rig: Rig,
    kind: Kind,
    btc: Symbol,
    bar: u64,
}

impl Desk {
    fn on(kind: Kind) -> Desk {
        let rig = Rig::with_accounts(&SimConfig { exchange: kind, ..SimConfig::default() }, 1, 5, &[]);
        let btc = rig.exchange.with(|sim, _| sim.symbol("BTC"));
        Desk { rig, kind, btc, bar: 0 }
    }

    /// A contract as alerts name it.
    fn pair(&self, base: &str) -> String {
        format!("{base}{}", self.kind.settle())
    }

    fn price(&self, price: &str) {
        self.rig.price(self.btc.as_str(), price);
    }

    fn held(&self) -> perphook::market::Decimal {
        self.rig.exchange.net(self.btc.as_str())
    }

    fn until(&self, what: &str, so: impl FnMut() -> bool) {
        self.rig.until(&format!("{:?}: {what}", self.kind), so);
    }

    /// An ENTRY whose first order fills, protected.
    fn enter(&mut self) -> u64 {
        self.bar += 1;
        self.price("50000");
        let number = self.rig.accepted(&entry(&self.pair("BTC"), "LONG", "primary_entry", LONG, self.bar));
        self.until("both entries rest", || {
            self.rig.exchange.open_ids(Leg::Entry).len() + self.rig.exchange.open_ids(Leg::Second).len() == 2
        });
        self.price(LONG[0]);
        // Entry 2, the stop and the target.
        self.until("it is protected", || self.rig.exchange.open_names(self.btc.as_str()).len() == 3);
        number
    }

    /// Everything is closed and nothing is left; how the trade with that number in the row ended.
    fn ended(&self, count: usize) -> Value {
        let trades = self.rig.closed(count);
        self.until("nothing rests", || self.rig.exchange.open_names(self.btc.as_str()).is_empty());
        assert!(self.held().is_zero(), "{:?}\n{}", self.kind, self.rig.story());
        trades.last().map(|trade| trade["ending"].clone()).unwrap_or_default()
    }
}

/// Does the same on every exchange, on all at the same time: most of it is waiting.
fn everywhere(act: fn(Kind)) {
    std::thread::scope(|scope| {
        for kind in Kind::ALL {
            scope.spawn(move || act(*kind));
        }
    });
}

#[test]
fn a_bracket_ends_in_four_ways() {
    everywhere(|kind| {
        let mut desk = Desk::on(kind);
        desk.enter();
        desk.price(LONG[1]);
        let both = dec("0.008");
        desk.until("entry 2 has filled", || desk.held() >= both);
        desk.rig.until_said("entry 2");
        desk.price(LONG[3]);
        assert_eq!(desk.ended(1), "take profit", "{kind:?}\n{}", desk.rig.story());
        desk.enter();
        desk.price("48990");
        assert_eq!(desk.ended(2), "stop loss", "{kind:?}\n{}", desk.rig.story());
        desk.enter();
        desk.bar += 1;
        desk.rig.accepted(&exit(&desk.pair("BTC"), "LONG", desk.bar));
        assert_eq!(desk.ended(3), "exit", "{kind:?}\n{}", desk.rig.story());
        desk.enter();
        let (symbol, held) = (desk.btc.clone(), desk.rig.exchange.position(desk.btc.as_str(), Side::Long));
        desk.rig.exchange.by_hand("/sim/position", &format!(r#"{{"symbol":"{symbol}","side":"LONG","qty":"{held}","close":true}}"#));
        assert_eq!(desk.ended(4), "closed by hand", "{kind:?}\n{}", desk.rig.story());
    });
}

#[test]
fn four_commands_and_three_troubles_do_what_they_say() {
    everywhere(|kind| {
        let desk = Desk::on(kind);
        let eth = desk.rig.exchange.with(|sim, _| sim.symbol("ETH"));
        let leads_to = |line: &str, held: &str| {
            let number = desk.rig.ordered(&line.replace("ETHUSDT", &desk.pair("ETH")));
            assert_eq!(desk.rig.verdict(number), Outcome::Done, "{kind:?} {line}\n{}", desk.rig.story());
            assert_eq!(desk.rig.exchange.net(eth.as_str()), dec(held), "{kind:?} {line}\n{}", desk.rig.story());
        };
        leads_to("a1 ETHUSDT buy 0.2 x5", "0.2");
        leads_to("a1 ETHUSDT sell 0.1 limit:out1:3100", "0.2");
        leads_to("a1 ETHUSDT cancel:out1", "0.2");
        leads_to("a1 ETHUSDT pos -0.1 x5 sl:3300", "-0.1");
        let troubles = [
            Rule::new(Class::Place, Fault::CutAfter).nth(1),
            Rule::new(Class::Place, Fault::Unsure { executed: true }).nth(1),
            Rule::new(Class::Read, Fault::RateLimit { retry_after_s: 1, ban_s: 1 }).nth(1),
        ];
        for (trouble, held) in troubles.into_iter().zip(["-0.2", "-0.3", "-0.4"]) {
            desk.rig.exchange.faults(vec![trouble], Conditions::default());
            leads_to("a1 ETHUSDT sell 0.1 x5", held);
        }
        leads_to("a1 ETHUSDT close", "0");
        desk.rig.until("nothing rests", || desk.rig.exchange.open_names(eth.as_str()).is_empty());
    });
}

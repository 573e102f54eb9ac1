//! A world with one account on ETHUSDT at 3000, leverage 5, and what a test wants to say about it.

use perphook::desk::{Admission, Outcome, Record};
use perphook::market::{Decimal, MarginMode, Millis, Side, Terms};

use crate::sim::Kind;
use crate::sim::faults::{Conditions, Faults, Rule};
use crate::world::{Setting, World};

pub const ETH: &str = "ETHUSDT";
pub const RTT_MS: Millis = 40;

pub struct Scene {
    pub world: World,
    mark: usize,
    pub since: Millis,
}

pub fn one_way() -> Scene {
    Scene::new(Setting { rtt_ms: RTT_MS, ..Setting::default() })
}

pub fn hedge() -> Scene {
    Scene::new(Setting { rtt_ms: RTT_MS, hedge: true, ..Setting::default() })
}

/// At an exchange, in the mode that is asked for, with these lines carried out.
pub fn after(exchange: Kind, hedge: bool, before: &[&str]) -> Scene {
    let mut scene = Scene::new(Setting { exchange, hedge, rtt_ms: RTT_MS, ..Setting::default() });
    for line in before {
        assert_eq!(scene.carry_out(line), Outcome::Done, "{line}\n{}", scene.world.story());
    }
    scene.mark();
    scene
}

impl Scene {
    pub fn new(setting: Setting) -> Scene {
        Scene::of(World::new(setting))
    }

    pub fn of(mut world: World) -> Scene {
        world.exact = true;
        for account in 0..world.lines.len() {
            for symbol in [ETH, "SOLUSDT"] {
                let native = world.native(symbol);
                world.book(account, |sim, _| sim.book.set_leverage(&native, 5)).expect("5 is allowed");
            }
        }
        world.run_for(2_000);
        // Where a contract has no leverage until it is on isolated margin, and where it cannot be read without a position.
        let first = match world.setting().exchange {
            Kind::Kraken => Some(MarginMode::Isolated),
            Kind::CoinEx | Kind::Phemex => Some(MarginMode::Cross),
            _ => None,
        };
        if first.is_some() {
            let terms = Terms { leverage: Some(5), margin_mode: first };
            (0..world.lines.len()).for_each(|account| [ETH, "SOLUSDT"].into_iter().for_each(|pair| world.prepare(account, pair, terms)));
            world.run_for(1_000);
        }
        let mut scene = Scene { world, mark: 0, since: 0 };
        scene.mark();
        scene
    }

    /// From here on requests and time are counted.
    pub fn mark(&mut self) {
        self.mark = self.world.calls_made(0);
        self.since = self.world.now;
    }

    pub fn took_ms(&self) -> Millis {
        self.world.now - self.since
    }

    /// Sends a line; it must be accepted.
    pub fn give(&mut self, line: &str) -> u64 {
        match self.world.text(line) {
            Admission::Accept { number, .. } => number,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// Sends a JSON alert; it must be accepted.
    pub fn give_json(&mut self, body: &str) -> u64 {
        match self.world.alert(body) {
            Admission::Accept { number, .. } => number,
            other => panic!("{body}: {other:?}"),
        }
    }

    /// How an alert ended, if it has.
    pub fn outcome(&self, number: u64) -> Option<Outcome> {
        let verdict = |record: &Record| match record {
            Record::Verdict { alert, outcome } if *alert == number => Some(outcome.clone()),
            _ => None,
        };
        self.world.records().find_map(verdict)
    }

    /// Lets time pass until the alert has its verdict.
    pub fn wait_for(&mut self, number: u64) -> Outcome {
        let open = |world: &World| world.desk.memory().alerts.contains_key(&number);
        assert!(self.world.run_until_so(400_000, |world| !open(world)), "alert {number} has no end\n{}", self.world.story());
        self.outcome(number).unwrap_or_else(|| panic!("no verdict of {number}\n{}", self.world.story()))
    }

    pub fn carry_out(&mut self, line: &str) -> Outcome {
        let number = self.give(line);
        self.wait_for(number)
    }

    /// Carries a line out that must end well.
    pub fn do_it(&mut self, line: &str) {
        let outcome = self.carry_out(line);
        assert_eq!(outcome, Outcome::Done, "{line}\n{}", self.world.story());
    }

    /// Carries a line out that must be refused with these words.
    pub fn refuse(&mut self, line: &str, words: &str) {
        let outcome = self.carry_out(line);
        assert!(matches!(&outcome, Outcome::Refused(why) if why.contains(words)), "{line}: {outcome:?}\n{}", self.world.story());
    }

    pub fn rest(&mut self, ms: Millis) {
        self.world.run_for(ms);
    }

    pub fn price(&mut self, price: &str) {
        self.world.price(ETH, d(price));
    }

    pub fn faults(&mut self, rules: Vec<Rule>) {
        self.world.faults(0, Faults::new(0, rules, Conditions::default()));
    }

    pub fn state(&self) -> Vec<String> {
        self.world.state(0, ETH)
    }

    #[track_caller]
    pub fn assert_state(&self, expected: &[&str]) {
        assert_eq!(self.state(), expected, "{}", self.world.story());
    }

    /// Requests since the mark that change something.
    pub fn sent(&self) -> Vec<String> {
        self.world.sent(0, self.mark)
    }

    /// How many requests there were since the mark until the last one that changes something.
    pub fn calls_until_settled(&self) -> u64 {
        self.world.calls_until_settled(0, self.mark) as u64
    }

    /// All requests since the mark.
    pub fn calls(&self) -> Vec<String> {
        self.world.calls(0, self.mark)
    }

    /// Whether a warning with these words was given.
    pub fn was_told(&self, words: &str) -> bool {
        self.world.said.iter().any(|line| line.contains(words))
    }

    /// How long a side was without a stop, each time, since the mark.
    pub fn naked_ms(&self, side: Side) -> Vec<Millis> {
        let spans = self.world.book(0, |sim, _| sim.book.naked_spans());
        let eth = self.world.native(ETH);
        let mine = spans.into_iter().filter(|span| span.symbol == eth && span.side == side);
        let mine = mine.filter(|span| span.end.is_none_or(|end| end > self.since));
        mine.map(|span| span.end.unwrap_or(self.world.now) - span.start.max(self.since)).collect()
    }

    /// A user closes, or opens, by hand.
    pub fn by_hand(&mut self, side: Side, qty: &str, close: bool) {
        let eth = self.world.native(ETH);
        let wish = format!(r#"{{"symbol":"{eth}","side":"{side}","qty":"{qty}","close":{close}}}"#);
        let reply = self.world.book(0, |sim, now| crate::sim::control::answer(sim, "POST", "/sim/position", &wish, now));
        assert_eq!(reply.status, 200, "{wish}");
        self.world.disturbed = true;
    }
}

pub fn d(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("{text} is a number"))
}

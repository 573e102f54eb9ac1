//! What goes wrong, and when.
//!
//! A plan is a seed, rules that strike single requests, and conditions that hold all the time. As a JSON file:
//!
//! ```json
//! {
//!   "seed": 7,
//!   "rules": [
//!     {"method": "POST", "path": "/fapi/v1/order", "nth": 1, "fault": {"kind": "refuse", "status": 400, "code": "-2019", "msg": "Margin is insufficient."}},
//!     {"class": "place", "every": 5, "times": 3, "fault": {"kind": "cut_after"}},
//!     {"class": "read", "per_mille": 50, "fault": {"kind": "delay", "ms": 1500}}
//!   ],
//!   "conditions": {"late_orders_ms": 400, "late_positions_ms": 300, "unseen_position_ms": 700, "late_history_ms": 900, "liquidity": "0.01", "clock_skew_ms": -3000, "trigger_ms": 50}
//! }
//! ```
//!
//! A rule fits by `method`, `path` (prefix) and `class` (`place`, `cancel`, `read`, `setting`, `any`), each optional.
//! Of the requests that fit it strikes the `nth` (from 1), or every `every`th, or each with probability `per_mille`,
//! or all when none is given; at most `times` in total. The first rule that strikes wins.
//!
//! Kinds: `refuse {status, code, msg}` (the code may be a number); `busy` (refused for now, in the exchange's words);
//! `refuse_element {index, code, msg}` (one order of a batch, the others are executed; without code and msg: too little
//! margin, in the exchange's words); `delay {ms}` (executed at once, answered late); `unreachable` (no connection); `cut_before` (cut, not executed);
//! `cut_after` (executed, then cut); `cut_then_execute {ms}` (cut now, executed later, unless its receive window
//! is over by then); `half_answer` (executed, cut in the body); `unsure {executed}` and `timeout {executed}` (an internal
//! error, an engine that does not answer: in the exchange's words); `html_502 {executed}`; `rate_limit {retry_after_s, ban_s}`
//! (too many requests; one before that time earns a ban of `ban_s`).

use perphook::market::{Decimal, Millis};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::params::text_of;

/// One thing that can happen to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answered with an error, not executed.
    Refuse {
        status: u16,
        #[serde(deserialize_with = "code")]
        code: String,
        msg: String,
    },
    /// Answered with "try again later", not executed.
    Busy,
    /// One order of a batch is answered with an error and not executed. Without a code it is too little margin.
    RefuseElement {
        index: usize,
        #[serde(default, deserialize_with = "code")]
        code: String,
        #[serde(default)]
        msg: String,
    },
    /// Executed at once, answered late.
    Delay { ms: Millis },
    /// No connection.
    Unreachable,
    /// Cut, not executed.
    CutBefore,
    /// Executed, then cut.
    CutAfter,
    /// Cut now, executed later if its receive window allows.
    CutThenExecute { ms: Millis },
    /// Executed, cut in the middle of the answer's body.
    HalfAnswer,
    /// An internal error that leaves open what happened.
    Unsure { executed: bool },
    /// The exchange's engine did not answer it in time.
    Timeout { executed: bool },
    /// 502 with a page for humans.
    Html502 { executed: bool },
    /// Too many requests, then a ban.
    RateLimit { retry_after_s: u64, ban_s: u64 },
}

impl Fault {
    /// Its name in plans and in the request log.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Refuse { .. } => "refuse",
            Fault::Busy => "busy",
            Fault::RefuseElement { .. } => "refuse_element",
            Fault::Delay { .. } => "delay",
            Fault::Unreachable => "unreachable",
            Fault::CutBefore => "cut_before",
            Fault::CutAfter => "cut_after",
            Fault::CutThenExecute { .. } => "cut_then_execute",
            Fault::HalfAnswer => "half_answer",
            Fault::Unsure { .. } => "unsure",
            Fault::Timeout { .. } => "timeout",
            Fault::Html502 { .. } => "html_502",
            Fault::RateLimit { .. } => "rate_limit",
        }
    }

    /// Whether the request reaches the engine now.
    pub fn executes(&self) -> bool {
        match self {
            Fault::Refuse { .. } | Fault::Busy | Fault::RateLimit { .. } => false,
            Fault::Unreachable | Fault::CutBefore | Fault::CutThenExecute { .. } => false,
            Fault::Unsure { executed } | Fault::Timeout { executed } | Fault::Html502 { executed } => *executed,
            Fault::RefuseElement { .. } | Fault::Delay { .. } | Fault::CutAfter | Fault::HalfAnswer => true,
        }
    }
}

/// A code, written as text or as a number.
fn code<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Value::deserialize(input).map(|code| text_of(&code))
}

/// What kind of request a rule means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Places an order.
    Place,
    /// Cancels orders.
    Cancel,
    /// Changes leverage or a mode.
    Setting,
    /// Reads.
    Read,
    /// All of them.
    #[default]
    Any,
}

/// When a fault strikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths that begin so.
    #[serde(default)]
    pub path: Option<String>,
    /// Only this class.
    #[serde(default)]
    pub class: Class,
    /// Only the nth request that fits, counted from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Every nth request that fits.
    #[serde(default)]
    pub every: Option<u64>,
    /// Each request that fits, with this probability.
    #[serde(default)]
    pub per_mille: Option<u64>,
    /// At most so often.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub fault: Fault,
    #[serde(skip)]
    seen: u64,
    #[serde(skip)]
    struck: u64,
}

impl Rule {
    /// A rule that strikes every request of a class; narrow it with the fields and [`Rule::on`].
    pub fn new(class: Class, fault: Fault) -> Rule {
        Rule { method: None, path: None, class, nth: None, every: None, per_mille: None, times: None, fault, seen: 0, struck: 0 }
    }

    /// Only this method and paths that begin so.
    pub fn on(mut self, method: &str, path: &str) -> Rule {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Only the nth request that fits.
    pub fn nth(mut self, nth: u64) -> Rule {
        self.nth = Some(nth);
        self
    }

    /// Each request that fits, with this probability.
    pub fn per_mille(mut self, chance: u64) -> Rule {
        self.per_mille = Some(chance);
        self
    }

    /// At most so often.
    pub fn times(mut self, times: u64) -> Rule {
        self.times = Some(times);
        self
    }

    fn fits(&self, method: &str, path: &str, class: Class) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|prefix| path.starts_with(prefix))
            && (self.class == Class::Any || self.class == class)
    }
}

/// What holds all the time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Orders cannot be found or listed so long after they were placed.
    pub late_orders_ms: Millis,
    /// Position reads show the state of so long ago.
    pub late_positions_ms: Millis,
    /// Orders that protect a position are refused so long after it was opened: it is not seen yet.
    pub unseen_position_ms: Millis,
    /// What is only in the account's history can be found there so long after it happened.
    pub late_history_ms: Millis,
    /// What can be traded in a contract until its price moves; `None` for no limit.
    pub liquidity: Option<Decimal>,
    /// The exchange's clock minus the true one.
    pub clock_skew_ms: i64,
    /// How long a conditional order is on its way once it is set off.
    pub trigger_ms: Millis,
}

impl Fault {
    /// Every way a request can go wrong, short of a plain refusal; what is late is late by this much.
    pub fn every_trouble(late_ms: Millis) -> Vec<Fault> {
        vec![
            Fault::Unreachable,
            Fault::CutBefore,
            Fault::CutAfter,
            Fault::CutThenExecute { ms: late_ms },
            Fault::HalfAnswer,
            Fault::Unsure { executed: true },
            Fault::Unsure { executed: false },
            Fault::Timeout { executed: true },
            Fault::Timeout { executed: false },
            Fault::Html502 { executed: true },
            Fault::Html502 { executed: false },
            Fault::Delay { ms: late_ms },
            Fault::RateLimit { retry_after_s: 1, ban_s: 2 },
            Fault::RefuseElement { index: 1, code: String::new(), msg: String::new() },
            Fault::Busy,
        ]
    }

    /// A plain refusal; codes may be numbers or words.
    pub fn refuse(status: u16, code: impl ToString, msg: &str) -> Fault {
        Fault::Refuse { status, code: code.to_string(), msg: msg.to_owned() }
    }
}

/// The plan, with its counters and its own stream of random numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Where the random numbers begin.
    pub seed: u64,
    /// In order; the first that strikes wins.
    pub rules: Vec<Rule>,
    /// What holds all the time.
    pub conditions: Conditions,
    #[serde(skip)]
    draws: u64,
}

impl Faults {
    /// A plan of rules.
    pub fn new(seed: u64, rules: Vec<Rule>, conditions: Conditions) -> Faults {
        Faults { seed, rules, conditions, draws: 0 }
    }

    /// Reads a plan.
    pub fn from_json(text: &str) -> Result<Faults, String> {
        serde_json::from_str(text).map_err(|error| format!("fault plan: {error}"))
    }

    /// Counts the request against every rule and returns the fault that strikes it.
    pub fn strike(&mut self, method: &str, path: &str, class: Class) -> Option<Fault> {
        let mut strikes = None;
        for rule in &mut self.rules {
            if !rule.fits(method, path, class) || rule.times.is_some_and(|times| rule.struck >= times) {
                continue;
            }
            rule.seen += 1;
            let is_due = match (rule.nth, rule.every, rule.per_mille) {
                (Some(nth), _, _) => rule.seen == nth,
                (_, Some(every), _) => every != 0 && rule.seen % every == 0,
                (_, _, Some(chance)) => {
                    self.draws += 1;
                    mix(self.seed, self.draws) % 1000 < chance
                }
                _ => true,
            };
            if is_due && strikes.is_none() {
                rule.struck += 1;
                strikes = Some(rule.fault.clone());
            }
        }
        strikes
    }
}

/// A well mixed number from a seed and a counter (splitmix64).
pub fn mix(seed: u64, draw: u64) -> u64 {
    let mut x = seed.wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

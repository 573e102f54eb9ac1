//! A request that may be executed: what it says, read the way Phemex reads it.

use perphook::market::{Decimal, Millis, Side, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::params::Params;
use super::desk::Desk;
use super::fail::{self, Fail};

/// Fields of an order's JSON that must be text, and truth values.
const TEXTS: &[&str] = &[
    "symbol",
    "clOrdID",
    "side",
    "posSide",
    "ordType",
    "orderQtyRq",
    "priceRp",
    "timeInForce",
    "stopPxRp",
    "triggerType",
    "takeProfitRp",
    "stopLossRp",
];
const FLAGS: &[&str] = &["reduceOnly", "closeOnTrigger"];

/// One request, and what it may act on.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub desk: &'a mut Desk,
    /// What it says: the query's fields, or the body's.
    pub params: Params,
    /// The body, when it is JSON.
    pub body: Option<&'a Value>,
    pub now: Millis,
}

/// A good answer of the engine.
pub fn done(data: &Value) -> Value {
    json!({"code": 0, "msg": "", "data": data})
}

/// A good answer of the database.
pub fn found(data: &Value) -> Value {
    json!({"code": 0, "msg": "OK", "data": data})
}

impl Ask<'_> {
    /// Refuses a body whose fields have the wrong kinds of value.
    pub fn check_kinds(&self) -> Result<(), Fail> {
        let Some(body) = self.body else { return Ok(()) };
        let fits = |names: &[&str], is: fn(&Value) -> bool| names.iter().all(|name| body.get(name).is_none_or(is));
        if fits(TEXTS, Value::is_string) && fits(FLAGS, Value::is_boolean) { Ok(()) } else { Err(fail::arguments()) }
    }

    /// A field that is there and not empty. The case of letters matters: a name spelled otherwise is one nobody knows.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.params.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A field that must be there.
    pub fn needed(&self, name: &str) -> Result<&str, Fail> {
        self.text(name).ok_or_else(|| fail::missing(name))
    }

    /// A truth value; what is not said is not so.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A decimal without an exponent; `None` if it is not said.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fail> {
        self.text(name).map(|text| Decimal::from_str_exact(text).map_err(|_| fail::arguments())).transpose()
    }

    /// A number; the default if it is not said or unreadable.
    pub fn number(&self, name: &str, default: u64) -> u64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// The contract it names.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        let name = self.needed("symbol")?;
        self.floor.contract(name).map_err(fail::order)
    }

    /// The contract it names, if it names one.
    pub fn any_symbol(&self) -> Result<Option<Symbol>, Fail> {
        if self.text("symbol").is_some() { self.symbol().map(Some) } else { Ok(None) }
    }

    /// The settle coin must be said.
    pub fn check_currency(&self) -> Result<(), Fail> {
        if self.needed("currency")? == "USDT" { Ok(()) } else { Err(fail::arguments()) }
    }

    /// `Buy` is true.
    pub fn is_buy(&self) -> Result<bool, Fail> {
        match self.needed("side")? {
            "Buy" => Ok(true),
            "Sell" => Ok(false),
            _ => Err(fail::arguments()),
        }
    }

    /// Which position it means: `None` on a contract in one-way mode. It must be said, and fit the contract's mode.
    pub fn position_side(&self, symbol: &Symbol) -> Result<Option<Side>, Fail> {
        match (self.floor.book.is_hedge_on(symbol), self.needed("posSide")?) {
            (false, "Merged") => Ok(None),
            (true, "Long") => Ok(Some(Side::Long)),
            (true, "Short") => Ok(Some(Side::Short)),
            (_, "Merged" | "Long" | "Short") => Err(fail::wrong_mode()),
            _ => Err(fail::arguments()),
        }
    }
}

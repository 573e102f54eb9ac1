//! A request that may be executed: what it says, read the way Bybit reads it.

use perphook::market::{Decimal, Millis, Side, Symbol, TriggerBy};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};
use super::ids::Notes;

/// Fields of a JSON body that must be text, numbers and truth values. The real exchange is strict about them.
const TEXTS: &[&str] = &[
    "symbol",
    "side",
    "orderType",
    "qty",
    "price",
    "timeInForce",
    "orderId",
    "orderLinkId",
    "triggerPrice",
    "triggerBy",
    "takeProfit",
    "stopLoss",
    "tpTriggerBy",
    "slTriggerBy",
    "tpslMode",
    "buyLeverage",
    "sellLeverage",
    "setMarginMode",
];
const NUMBERS: &[&str] = &["positionIdx", "triggerDirection", "mode"];
const FLAGS: &[&str] = &["reduceOnly", "closeOnTrigger"];

/// One request, and what it may act on.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub notes: &'a mut Notes,
    /// What it says: the query's fields, or the body's.
    pub params: &'a Params,
    /// The body, when it is JSON.
    pub body: Option<&'a Value>,
    pub now: Millis,
}

/// A good answer's `result` and `retExtInfo`.
#[derive(Clone, Debug)]
pub struct Said {
    pub result: Value,
    pub ext: Value,
}

impl From<Value> for Said {
    fn from(result: Value) -> Said {
        Said { result, ext: json!({}) }
    }
}

impl Ask<'_> {
    /// Refuses a body whose fields have the wrong kinds of value.
    pub fn check_kinds(&self) -> Result<(), Fail> {
        let Some(body) = self.body else { return Ok(()) };
        let fits = |names: &[&str], is: fn(&Value) -> bool| names.iter().all(|name| body.get(name).is_none_or(is));
        if fits(TEXTS, Value::is_string) && fits(NUMBERS, Value::is_i64) && fits(FLAGS, Value::is_boolean) {
            Ok(())
        } else {
            Err(Fail::new(10001, "Request parameter error."))
        }
    }

    /// The contract it names.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        let name = self.params.some("symbol").ok_or_else(fail::symbol_invalid)?;
        self.floor.contract(name).map_err(fail::order)
    }

    /// The contract it names, if it names one.
    pub fn any_symbol(&self) -> Result<Option<Symbol>, Fail> {
        if self.params.some("symbol").is_some() { self.symbol().map(Some) } else { Ok(None) }
    }

    /// The contract it names, or all that settle in USDT.
    pub fn scope(&self) -> Result<Option<Symbol>, Fail> {
        match (self.params.some("symbol"), self.params.some("settleCoin"), self.params.some("baseCoin")) {
            (Some(_), _, _) => self.symbol().map(Some),
            (None, Some("USDT"), _) => Ok(None),
            (None, Some(_), _) => Err(Fail::param("settleCoin invalid")),
            (None, None, Some(base)) => self.floor.contract(self.floor.symbol(base).as_str()).map(Some).map_err(fail::order),
            (None, None, None) => Err(Fail::param("Missing some parameters that must be filled in, symbol or settleCoin or baseCoin")),
        }
    }

    /// A decimal; `None` if it is not said.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fail> {
        match self.params.some(name) {
            None => Ok(None),
            Some(_) => self.params.decimal(name).map(Some).ok_or_else(|| Fail::param(&format!("{name} invalid"))),
        }
    }

    /// `Buy` is true.
    pub fn is_buy(&self) -> Result<bool, Fail> {
        match self.params.some("side") {
            Some("Buy") => Ok(true),
            Some("Sell") => Ok(false),
            _ => Err(Fail::param("Side invalid")),
        }
    }

    /// Which position it means: `None` in one-way mode.
    pub fn position_side(&self) -> Result<Option<Side>, Fail> {
        match (self.floor.book.is_hedge(), self.params.some("positionIdx").unwrap_or("0")) {
            (false, "0") => Ok(None),
            (true, "1") => Ok(Some(Side::Long)),
            (true, "2") => Ok(Some(Side::Short)),
            _ => Err(fail::wrong_mode()),
        }
    }

    /// Which price a trigger watches; the last one if nothing is said.
    pub fn trigger_by(&self, name: &str) -> Result<TriggerBy, Fail> {
        match self.params.some(name) {
            None | Some("LastPrice") => Ok(TriggerBy::Last),
            Some("MarkPrice") => Ok(TriggerBy::Mark),
            Some("IndexPrice") => Err(Fail::not_simulated("IndexPrice")),
            Some(_) => Err(Fail::param(&format!("{name} invalid"))),
        }
    }

    /// The name it gives an order, if it gives one: never used before, by any kind of order.
    pub fn new_link(&self) -> Result<Option<String>, Fail> {
        let Some(link) = self.params.some("orderLinkId") else { return Ok(None) };
        if link.len() > 36 || !link.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(Fail::param("OrderLinkedID invalid"));
        }
        let book = &self.floor.book;
        if book.order_by_id(link).is_some() || book.conditional_by_id(link).is_some() {
            return Err(fail::order(perphook::exchange::paper::Denial::DuplicateClientId));
        }
        Ok(Some(link.to_owned()))
    }
}

//! A request that may be executed: what it says, read the way KuCoin reads it.

use perphook::exchange::paper::Denial;
use perphook::market::{Decimal, MarginMode, Millis, Side, Symbol};
use serde_json::Value;

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};
use super::info;
use super::line;
use super::notes::{BOOK_NAME_MAX, Notes};

/// Longest name of an order.
const NAME_MAX: usize = 40;
/// Fields of a JSON body that must be text, whole numbers and truth values. How strict the real exchange is no source
/// says; this one takes what is documented, and nothing else.
const TEXTS: &[&str] = &[
    "clientOid",
    "symbol",
    "side",
    "type",
    "price",
    "qty",
    "valueQty",
    "stop",
    "stopPrice",
    "stopPriceType",
    "timeInForce",
    "marginMode",
    "positionSide",
    "remark",
];
const NUMBERS: &[&str] = &["size", "visibleSize"];
const FLAGS: &[&str] = &["reduceOnly", "closeOrder", "postOnly", "hidden", "iceberg", "forceHold"];

/// One request, and what it may act on.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub notes: &'a mut Notes,
    /// What it says: the query's fields, then the body's.
    pub params: &'a Params,
    /// The body, when it is JSON.
    pub body: Option<&'a Value>,
    /// What the path ends with, where that is an id or a name.
    pub tail: &'a str,
    pub now: Millis,
}

/// Refuses an order whose fields have the wrong kinds of value.
pub fn check_kinds(order: &Value) -> Result<(), Fail> {
    let wrong = |names: &[&'static str], is: fn(&Value) -> bool| names.iter().copied().find(|name| !order.get(name).is_none_or(is));
    let leverage = |value: &Value| value.is_u64() || value.as_str().is_some_and(|text| text.parse::<u32>().is_ok());
    let wrong = wrong(TEXTS, Value::is_string).or(wrong(NUMBERS, Value::is_i64)).or(wrong(FLAGS, Value::is_boolean));
    let wrong = wrong.or_else(|| (!order.get("leverage").is_none_or(leverage)).then_some("leverage"));
    wrong.map_or(Ok(()), |name| Err(Fail::parameter(format!("{name} parameter invalid"))))
}

/// The contract that is named.
pub fn symbol_in(floor: &Floor, params: &Params) -> Result<Symbol, Fail> {
    let name = params.some("symbol").ok_or_else(|| Fail::parameter("Symbol parameter cannot be empty"))?;
    symbol_named(floor, name)
}

/// The contract of a name.
pub fn symbol_named(floor: &Floor, name: &str) -> Result<Symbol, Fail> {
    if info::is_closed(name) {
        return Err(fail::engine(Denial::NotTrading));
    }
    floor.contract(name).map_err(fail::engine)
}

/// `CROSS` or `ISOLATED`.
pub fn margin_mode(text: Option<&str>) -> Result<MarginMode, Fail> {
    match text {
        Some("CROSS") => Ok(MarginMode::Cross),
        Some("ISOLATED") => Ok(MarginMode::Isolated),
        _ => Err(Fail::parameter("marginMode parameter invalid")),
    }
}

/// Which position an order means: `None` in one-way mode.
pub fn position_side(floor: &Floor, params: &Params) -> Result<Option<Side>, Fail> {
    let side = match params.some("positionSide") {
        None | Some("BOTH") => None,
        Some("LONG") => Some(Side::Long),
        Some("SHORT") => Some(Side::Short),
        Some(_) => return Err(Fail::parameter("positionSide parameter invalid")),
    };
    match (side.is_some(), floor.book.is_hedge()) {
        (false, true) => Err(Fail::new(
            330_012,
            "Your order is in One-Way Mode, while your account is set to Hedge Mode. Update your settings so they match and try again.",
        )),
        (true, false) => Err(fail::engine(Denial::PositionMode)),
        _ => Ok(side),
    }
}

/// A decimal that must be there, without an exponent.
pub fn decimal(params: &Params, name: &str) -> Result<Decimal, Fail> {
    params.decimal(name).ok_or_else(|| Fail::parameter(format!("{name} parameter invalid")))
}

impl Ask<'_> {
    /// The contract it names.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        symbol_in(self.floor, self.params)
    }

    /// The contract it names, if it names one.
    pub fn symbol_if_any(&self) -> Result<Option<Symbol>, Fail> {
        if self.params.some("symbol").is_some() { self.symbol().map(Some) } else { Ok(None) }
    }

    /// The name it gives an order: never used before, by any kind of order.
    pub fn new_name(&self, params: &Params) -> Result<String, Fail> {
        let name = params.some("clientOid").ok_or_else(|| Fail::with_status(400, 400_100, "validation.createOrder.clientOidIsRequired"))?;
        if name.len() > NAME_MAX || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Err(fail::engine(Denial::BadClientId));
        }
        if line::named(&self.floor.book, self.notes, name).is_some() {
            return Err(fail::engine(Denial::DuplicateClientId));
        }
        Ok(name.to_owned())
    }

    /// How an order of this name is called in the book.
    pub fn book_name(&mut self, name: &str) -> String {
        if name.len() <= BOOK_NAME_MAX {
            return name.to_owned();
        }
        let other = self.floor.made_up_id();
        self.notes.keep_name(name, other.clone());
        other
    }
}

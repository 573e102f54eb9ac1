//! A request under way: what it may act on, and how its parameters are read. Types of JSON are looked at: texts are texts
//! and ids are numbers.

use perphook::market::{Decimal, Millis, Symbol, TriggerBy};
use serde_json::Value;

use super::super::floor::Floor;
use super::super::params::Params;
use super::desk::Desk;
use super::fail::{self, Fail};
use super::info;

const NAME_MAX: usize = 32;

/// Where parameters stand: in the query of a GET, in the object of a POST.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Query(&'a Params),
    Body(&'a Value),
}

/// A request, or one element of a batch.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub desk: &'a mut Desk,
    pub input: Input<'a>,
    pub now: Millis,
}

impl<'a> Ask<'a> {
    /// A text that is there and not empty.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Fail> {
        match self.input {
            Input::Query(params) => {
                let mut all = params.0.iter().filter(|(known, _)| known == name);
                Ok(all.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()))
            }
            Input::Body(body) => match body.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
                // Whether a number is taken for a text is unconfirmed.
                Some(_) => Err(Fail::parameter(name)),
            },
        }
    }

    /// A text that must be there.
    pub fn required(&self, name: &str) -> Result<&'a str, Fail> {
        self.text(name)?.ok_or_else(|| Fail::parameter(name))
    }

    /// A decimal; not with an exponent.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fail> {
        self.text(name)?.map(|text| Decimal::from_str_exact(text).map_err(|_| Fail::parameter(name))).transpose()
    }

    /// A decimal that must be there.
    pub fn required_decimal(&self, name: &str) -> Result<Decimal, Fail> {
        self.decimal(name)?.ok_or_else(|| Fail::parameter(name))
    }

    /// A whole number. In JSON one in quotes is refused (unconfirmed).
    pub fn integer(&self, name: &str) -> Result<Option<u64>, Fail> {
        let read = match self.input {
            Input::Query(_) => self.text(name)?.map(|text| text.parse().ok()),
            Input::Body(body) => body.get(name).filter(|value| !value.is_null()).map(Value::as_u64),
        };
        read.map(|number| number.ok_or_else(|| Fail::parameter(name))).transpose()
    }

    /// A whole number that must be there.
    pub fn required_integer(&self, name: &str) -> Result<u64, Fail> {
        self.integer(name)?.ok_or_else(|| Fail::parameter(name))
    }

    /// Every request of an account says which of its markets it means.
    pub fn is_futures(&self) -> Result<(), Fail> {
        match self.required("market_type")? {
            "FUTURES" => Ok(()),
            other => Err(Fail::not_simulated(&format!("market_type {other}"))),
        }
    }

    /// The contract that a request must name: only upper case is known.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        self.contract(self.required("market")?)
    }

    /// The contract a request names, if it names one.
    pub fn scope(&self) -> Result<Option<Symbol>, Fail> {
        self.text("market")?.map(|name| self.contract(name)).transpose()
    }

    fn contract(&self, name: &str) -> Result<Symbol, Fail> {
        if info::is_other(name) {
            return Err(Fail::new(4117, "Trading prohibited in this market, please try again later."));
        }
        self.floor.contract(name).map_err(|_| fail::no_market(name))
    }

    /// Whether it buys.
    pub fn is_buy(&self) -> Result<bool, Fail> {
        side(self.required("side")?)
    }

    /// Which direction a request is about, if it says one.
    pub fn only_side(&self) -> Result<Option<bool>, Fail> {
        self.text("side")?.map(side).transpose()
    }

    /// Which price sets something off.
    pub fn trigger_by(&self, name: &str) -> Result<TriggerBy, Fail> {
        match self.required(name)? {
            "latest_price" => Ok(TriggerBy::Last),
            "mark_price" => Ok(TriggerBy::Mark),
            "index_price" => Err(Fail::not_simulated("index_price")),
            _ => Err(Fail::parameter(name)),
        }
    }

    /// The name of a new order. Nobody looks whether another has it.
    pub fn new_name(&self) -> Result<String, Fail> {
        let Some(name) = self.text("client_id")? else { return Ok(self.floor.made_up_id()) };
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.len() > NAME_MAX || !name.bytes().all(is_allowed) || Floor::is_made_up(name) {
            return Err(Fail::parameter("client_id"));
        }
        Ok(name.to_owned())
    }
}

fn side(word: &str) -> Result<bool, Fail> {
    match word {
        "buy" => Ok(true),
        "sell" => Ok(false),
        _ => Err(Fail::parameter("side")),
    }
}

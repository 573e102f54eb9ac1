//! A request under way: what it may act on, and how its parameters are read.

use perphook::market::{Decimal, Millis, Symbol};
use serde_json::Value;

use super::super::clock;
use super::super::floor::Floor;
use super::super::params::Params;
use super::desk::Desk;
use super::fail::{self, Fail};
use super::info;
use super::line::{self, Stage, stage};
use super::rows::Rows;

const NAME_MAX: usize = 100;

/// A request, or one element of a batch.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub desk: &'a mut Desk,
    pub params: &'a Params,
    /// The last part of the path, where that is a contract's name.
    pub last: &'a str,
    pub now: Millis,
}

impl Ask<'_> {
    /// Writes rows.
    pub fn rows(&self) -> Rows<'_> {
        Rows { floor: self.floor, desk: self.desk }
    }

    /// Now, as answers write it.
    pub fn time(&self) -> Value {
        clock::text(self.floor.shown(self.now)).into()
    }

    /// A text that must be there.
    pub fn text(&self, name: &str) -> Result<&str, Fail> {
        self.params.some(name).ok_or_else(|| Fail::missing(name))
    }

    /// A decimal that must be there; not with an exponent.
    pub fn decimal(&self, name: &str) -> Result<Decimal, Fail> {
        self.text(name)?;
        self.params.decimal(name).ok_or_else(|| Fail::argument(name))
    }

    /// `true` or `false`; the latter if nothing is said.
    pub fn flag(&self, name: &str) -> Result<bool, Fail> {
        match self.params.some(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Fail::argument(name)),
        }
    }

    /// Whether it buys.
    pub fn is_buy(&self) -> Result<bool, Fail> {
        match self.text("side")? {
            "buy" => Ok(true),
            "sell" => Ok(false),
            _ => Err(Fail::status("invalidSide")),
        }
    }

    /// The contract of a name: only upper case is known.
    pub fn contract(&self, name: &str) -> Result<Symbol, Fail> {
        if info::is_other(name) {
            return Err(Fail::status("marketSuspended"));
        }
        self.floor.contract(name).map_err(fail::order)
    }

    /// The contract a request must name.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        self.contract(self.text("symbol")?)
    }

    /// The contract a request names, if it names one.
    pub fn scope(&self) -> Result<Option<Symbol>, Fail> {
        self.params.some("symbol").map(|name| self.contract(name)).transpose()
    }

    /// Refuses what came later than it may.
    pub fn check_time(&self) -> Result<(), Fail> {
        let Some(text) = self.params.some("processBefore") else { return Ok(()) };
        let until = clock::read(text).ok_or_else(|| Fail::argument("processBefore"))?;
        if self.floor.shown(self.now) > until { Err(Fail::status("wouldProcessAfterSpecifiedTime")) } else { Ok(()) }
    }

    /// The name of a new order. It must not be that of an order which the engine knows: of one that is open or has ended a
    /// few seconds ago. For how long names are really kept no source says; that they come back so soon is the harder
    /// case for a client which sends again what it has sent.
    pub fn new_name(&self) -> Result<String, Fail> {
        let Some(name) = self.params.some("cliOrdId") else { return Ok(self.floor.made_up_id()) };
        if name.len() > NAME_MAX {
            return Err(Fail::status("clientOrderIdTooLong"));
        }
        if Floor::is_made_up(name) {
            return Err(Fail::status("clientOrderIdInvalid"));
        }
        let twin = line::named(&self.floor.book, name).filter(|line| stage(line) != Stage::Rejected);
        if twin.is_some_and(|line| line::is_remembered(&line, self.now)) {
            return Err(Fail::status("clientOrderIdAlreadyExist"));
        }
        Ok(name.to_owned())
    }
}

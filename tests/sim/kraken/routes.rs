//! Which path leads where, who may go there, and what it costs.

use serde_json::Value;

use super::super::faults::Class;
use super::super::wire::Call;
use super::ask::Ask;
use super::fail::Fail;
use super::{account, batch, history, lists, plain, public};

pub const TRADE: &str = "/derivatives/api/v3/";
/// The older version is another name of the newer.
const HISTORY: [&str; 2] = ["/api/history/v3/", "/api/history/v2/"];

/// Executes a request; what it returns goes into the envelope.
pub type Handler = fn(&mut Ask<'_>) -> Result<Value, Fail>;

/// Where a refusal of an order stands in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the whole request is refused.
    #[default]
    Whole,
    /// In the status of the order that is sent.
    Send,
    /// In that of the order that is cancelled.
    Cancel,
    /// In that of an element.
    Batch,
}

/// One path.
pub struct Route {
    pub class: Class,
    pub signed: bool,
    /// Whether it belongs to the history, with its own budget and its own way to say no.
    pub is_history: bool,
    pub cost: u32,
    pub place: Place,
    pub run: Handler,
}

/// The last part of a path that names a contract.
pub fn last<'a>(call: &Call<'a>) -> &'a str {
    call.path.rsplit('/').next().unwrap_or_default()
}

/// Finds a path; `None` for one that is not served.
pub fn find(call: &Call<'_>) -> Option<Route> {
    if let Some(path) = call.path.strip_prefix(TRADE) {
        return market_data(call.method, path).or_else(|| orders(call, path)).or_else(|| account_data(call, path));
    }
    let path = HISTORY.iter().find_map(|prefix| call.path.strip_prefix(prefix))?;
    let run: Handler = match (call.method, path) {
        ("GET", "orders") => history::orders,
        ("GET", "executions") => history::executions,
        ("GET", "triggers") => history::triggers,
        ("GET", "positions") => history::positions,
        _ => return None,
    };
    Some(Route { class: Class::Read, signed: true, is_history: true, cost: 1, place: Place::Whole, run })
}

fn market_data(method: &str, path: &str) -> Option<Route> {
    let run: Handler = match (method, path) {
        ("GET", "instruments") => public::instruments,
        ("GET", "tickers") => public::tickers,
        ("GET", path) if path.strip_prefix("tickers/").is_some_and(|name| !name.contains('/')) => public::ticker,
        _ => return None,
    };
    Some(Route { class: Class::Read, signed: false, is_history: false, cost: 0, place: Place::Whole, run })
}

fn signed(class: Class, cost: u32, place: Place, run: Handler) -> Option<Route> {
    Some(Route { class, signed: true, is_history: false, cost, place, run })
}

fn orders(call: &Call<'_>, path: &str) -> Option<Route> {
    match (call.method, path) {
        ("POST", "sendorder") => signed(Class::Place, 10, Place::Send, plain::send_order),
        ("POST", "cancelorder") => signed(Class::Cancel, 10, Place::Cancel, plain::cancel_order),
        ("POST", "cancelallorders") => signed(Class::Cancel, 25, Place::Whole, plain::cancel_all),
        ("POST", "cancelallordersafter") => signed(Class::Cancel, 25, Place::Whole, plain::cancel_all_after),
        ("POST", "batchorder") => {
            let class = if batch::only_cancels(&call.params) { Class::Cancel } else { Class::Place };
            signed(class, 9 + batch::count(&call.params), Place::Batch, batch::orders)
        }
        ("POST", "editorder") => signed(Class::Place, 10, Place::Whole, |_| Err(Fail::not_simulated("editorder"))),
        ("GET", "openorders") => signed(Class::Read, 2, Place::Whole, lists::open_orders),
        ("GET" | "POST", "orders/status") => signed(Class::Read, 1, Place::Whole, lists::status),
        ("GET", "fills") => {
            let cost = if call.params.some("lastFillTime").is_some() { 25 } else { 2 };
            signed(Class::Read, cost, Place::Whole, lists::fills)
        }
        _ => None,
    }
}

fn account_data(call: &Call<'_>, path: &str) -> Option<Route> {
    match (call.method, path) {
        ("GET", "accounts") => signed(Class::Read, 2, Place::Whole, account::accounts),
        ("GET", "openpositions") => signed(Class::Read, 2, Place::Whole, account::positions),
        ("GET", "leveragepreferences") => signed(Class::Read, 2, Place::Whole, account::preferences),
        ("PUT", "leveragepreferences") => signed(Class::Setting, 10, Place::Whole, account::set_preference),
        _ => None,
    }
}

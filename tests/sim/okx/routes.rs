//! Which path leads where, who may go there, and how often.

use perphook::market::Millis;

use super::super::faults::Class;
use super::super::floor::Floor;
use super::super::wire::Call;
use super::desk::Desk;
use super::fail::Fail;
use super::{account, guards, plain, public};

/// Turns a request into a body.
pub type Handler = fn(&mut Desk, &mut Floor, &Call<'_>, Millis) -> Result<String, Fail>;

/// Who shares a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// All who call from one address.
    Address,
    /// An account.
    Account,
    /// An account's requests for one contract.
    Contract,
}

/// One path.
pub struct Route {
    pub class: Class,
    pub is_signed: bool,
    /// Whether refusals are told per order, within an answer of status 200.
    pub has_elements: bool,
    /// Whether `expTime` is heeded.
    pub may_expire: bool,
    /// Requests, or orders where a request has many, in two seconds.
    pub limit: u32,
    /// Name of the budget.
    pub budget: &'static str,
    pub per: Per,
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find(method: &str, path: &str) -> Option<Route> {
    let path = path.strip_prefix("/api/v5/")?;
    match method {
        "GET" => public_data(path).or_else(|| orders_data(path)).or_else(|| account_data(path)),
        "POST" => orders(path).or_else(|| settings(path)),
        _ => None,
    }
}

fn read(budget: &'static str, limit: u32, run: Handler) -> Option<Route> {
    let (class, per) = (Class::Read, Per::Account);
    Some(Route { class, is_signed: true, has_elements: false, may_expire: false, limit, budget, per, run })
}

fn public_data(path: &str) -> Option<Route> {
    let (budget, limit, run): (&'static str, u32, Handler) = match path {
        "public/time" => ("time", 10, public::time),
        "public/instruments" => ("instruments", 20, public::instruments),
        "public/mark-price" => ("mark", 10, public::mark_price),
        "public/price-limit" => ("price limit", 20, public::price_limit),
        "market/ticker" => ("ticker", 20, public::ticker),
        "market/tickers" => ("tickers", 20, public::tickers),
        "system/status" => ("status", 1, public::status),
        _ => return None,
    };
    read(budget, limit, run).map(|route| Route { is_signed: false, per: Per::Address, ..route })
}

fn account_data(path: &str) -> Option<Route> {
    match path {
        "account/config" => read("config", 5, account::config),
        "account/balance" => read("balance", 10, account::balance),
        "account/positions" => read("positions", 10, account::positions),
        "account/leverage-info" => read("leverage", 20, account::leverage),
        "account/instruments" => read("own instruments", 20, public::instruments),
        _ => None,
    }
}

fn orders_data(path: &str) -> Option<Route> {
    match path {
        "trade/order" => read("order", 60, plain::query).map(|route| Route { per: Per::Contract, ..route }),
        "trade/orders-pending" => read("pending", 60, plain::list_open),
        "trade/orders-history" => read("history", 40, plain::list_ended),
        "trade/fills" => read("fills", 60, plain::fills),
        "trade/fills-history" => read("old fills", 10, plain::fills_of_months),
        "trade/order-algo" => read("algo", 20, guards::query),
        "trade/orders-algo-pending" => read("algos pending", 20, guards::list_open),
        "trade/orders-algo-history" => read("algo history", 20, guards::list_ended),
        _ => None,
    }
}

fn settings(path: &str) -> Option<Route> {
    let (budget, limit, run): (&'static str, u32, Handler) = match path {
        "account/set-leverage" => ("set leverage", 20, account::set_leverage),
        "account/set-position-mode" => ("set mode", 5, account::set_position_mode),
        "account/set-account-level" => ("set level", 5, account::set_level),
        _ => return None,
    };
    read(budget, limit, run).map(|route| Route { class: Class::Setting, ..route })
}

fn orders(path: &str) -> Option<Route> {
    let route = |class: Class, budget: &'static str, limit: u32, run: Handler| {
        let may_expire = matches!(path, "trade/order" | "trade/batch-orders");
        Some(Route { class, is_signed: true, has_elements: true, may_expire, limit, budget, per: Per::Contract, run })
    };
    match path {
        "trade/order" => route(Class::Place, "place", 60, plain::place),
        "trade/batch-orders" => route(Class::Place, "place many", 300, plain::place_batch),
        "trade/order-algo" => route(Class::Place, "place algo", 20, guards::place),
        "trade/cancel-order" => route(Class::Cancel, "cancel", 60, plain::cancel),
        "trade/cancel-batch-orders" => route(Class::Cancel, "cancel many", 300, plain::cancel_batch),
        "trade/cancel-algos" => route(Class::Cancel, "cancel algos", 20, guards::cancel),
        "trade/close-position" => {
            route(Class::Place, "close", 20, plain::close_position).map(|route| Route { has_elements: false, ..route })
        }
        "trade/cancel-all-after" => {
            route(Class::Cancel, "cancel after", 2, plain::cancel_after).map(|route| Route { has_elements: false, ..route })
        }
        _ => None,
    }
}

//! Which path leads where, who may go there, and what it weighs.

use super::super::faults::Class;
use super::super::wire::Call;
use super::ask::Ask;
use super::fail::Fail;
use super::{account, cancel, info, lists, plain, public, settings};

/// Turns a request into an answer's data.
pub type Handler = fn(&mut Ask<'_>) -> Result<String, Fail>;

/// One path.
pub struct Route<'a> {
    pub class: Class,
    pub is_signed: bool,
    /// What it takes of a budget: the account's, or the address's if it is not signed.
    pub weight: u32,
    /// What the path ends with, where that is an id or a name.
    pub tail: &'a str,
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find<'a>(call: &Call<'a>) -> Option<Route<'a>> {
    let path = call.path.strip_prefix("/api/")?;
    match call.method {
        "GET" => market_data(path).or_else(|| account_data(path)).or_else(|| orders_data(path)),
        "POST" => orders(path).or_else(|| changes(path)),
        "DELETE" => cancels(path),
        _ => None,
    }
}

fn market_data(path: &str) -> Option<Route<'_>> {
    let (weight, run): (u32, Handler) = match path {
        "v1/timestamp" => (2, public::time),
        "v1/status" => (4, public::status),
        "v1/contracts/active" => (3, info::active),
        "v1/ticker" => (2, public::ticker),
        "v1/allTickers" => (5, public::tickers),
        _ => return one_contract(path),
    };
    Some(Route { class: Class::Read, is_signed: false, weight, tail: "", run })
}

fn one_contract(path: &str) -> Option<Route<'_>> {
    let mark = path.strip_prefix("v1/mark-price/").and_then(|rest| rest.strip_suffix("/current"));
    let (tail, run): (&str, Handler) = match (mark, path.strip_prefix("v1/contracts/")) {
        (Some(symbol), _) => (symbol, public::mark_price),
        (None, Some(symbol)) => (symbol, info::one),
        (None, None) => return None,
    };
    Some(Route { class: Class::Read, is_signed: false, weight: 3, tail, run }).filter(|route| !route.tail.contains('/'))
}

fn signed(class: Class, weight: u32, run: Handler) -> Route<'static> {
    Route { class, is_signed: true, weight, tail: "", run }
}

fn account_data(path: &str) -> Option<Route<'_>> {
    let (weight, run): (u32, Handler) = match path {
        "ua/v1/account/mode" => (60, account::mode),
        "v1/account-overview" => (5, account::overview),
        "v1/positions" => (2, account::positions),
        "v1/position" => (2, account::old_position),
        "v2/position" => (2, account::position),
        "v2/position/getMarginMode" => (2, settings::margin_mode),
        "v2/position/getPositionMode" => (2, settings::position_mode),
        "v2/getCrossUserLeverage" => (2, settings::leverage),
        _ => return None,
    };
    Some(signed(Class::Read, weight, run))
}

fn orders_data(path: &str) -> Option<Route<'_>> {
    let (weight, run): (u32, Handler) = match path {
        "v1/orders" => (2, lists::orders),
        "v1/stopOrders" => (6, lists::stop_orders),
        "v1/recentDoneOrders" => (5, lists::recent_orders),
        "v1/orders/byClientOid" => (5, lists::by_name),
        "v1/fills" => (5, lists::fills),
        "v1/recentFills" => (3, lists::recent_fills),
        _ => {
            let tail = path.strip_prefix("v1/orders/").filter(|tail| !tail.is_empty() && !tail.contains('/'))?;
            return Some(Route { tail, ..signed(Class::Read, 5, lists::by_id) });
        }
    };
    Some(signed(Class::Read, weight, run))
}

fn orders(path: &str) -> Option<Route<'_>> {
    let (weight, run): (u32, Handler) = match path {
        "v1/orders" => (2, plain::create),
        "v1/orders/multi" => (20, plain::create_many),
        "v1/orders/test" => (2, plain::test),
        "v1/st-orders" => (2, |_| Err(Fail::not_simulated("st-orders"))),
        _ => return None,
    };
    Some(signed(Class::Place, weight, run))
}

fn changes(path: &str) -> Option<Route<'_>> {
    let run: Handler = match path {
        "v2/position/changeMarginMode" => settings::set_margin_mode,
        "v2/position/batchChangeMarginMode" => settings::set_margin_modes,
        "v2/position/switchPositionMode" => settings::set_position_mode,
        "v2/changeCrossUserLeverage" => settings::set_leverage,
        _ => return None,
    };
    Some(signed(Class::Setting, 2, run))
}

fn cancels(path: &str) -> Option<Route<'_>> {
    let (weight, run): (u32, Handler) = match path {
        "v1/orders" => (10, cancel::plain),
        "v3/orders" => (10, cancel::plain_of_one),
        "v1/stopOrders" => (15, cancel::stops),
        "v1/orders/multi-cancel" => (20, cancel::several),
        _ => {
            let tail = path.strip_prefix("v1/orders/").filter(|tail| !tail.is_empty())?;
            let (tail, run): (&str, Handler) = match tail.strip_prefix("client-order/") {
                Some(name) => (name, cancel::by_name),
                None => (tail, cancel::by_id),
            };
            return Some(Route { tail, ..signed(Class::Cancel, 1, run) }).filter(|route| !route.tail.contains('/'));
        }
    };
    Some(signed(Class::Cancel, weight, run))
}

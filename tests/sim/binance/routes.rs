//! Which path leads where, who may go there, and what it costs.

use perphook::market::Millis;

use super::super::faults::Class;
use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::Fail;
use super::{account, guards, plain, public};

/// What a path asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    None,
    /// The key.
    Key,
    /// Key, timestamp and signature.
    Signed,
}

/// Turns parameters into a body.
pub type Handler = fn(&mut Floor, &Params, Millis) -> Result<String, Fail>;

/// One path.
pub struct Route {
    pub class: Class,
    pub auth: Auth,
    /// Weight with and without `symbol`.
    pub weight: (u32, u32),
    /// What it adds to the order counters of 10 seconds and of a minute.
    pub orders: (u32, u32),
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find(method: &str, path: &str) -> Option<Route> {
    market_data(method, path).or_else(|| orders(method, path)).or_else(|| account_data(method, path))
}

fn market_data(method: &str, path: &str) -> Option<Route> {
    let (weight, run): ((u32, u32), Handler) = match (method, path) {
        ("GET", "/fapi/v1/ping") => ((1, 1), public::ping),
        ("GET", "/fapi/v1/time") => ((1, 1), public::time),
        ("GET", "/fapi/v1/exchangeInfo") => ((1, 1), public::exchange_info),
        ("GET", "/fapi/v1/ticker/price" | "/fapi/v2/ticker/price") => ((1, 2), public::ticker_price),
        ("GET", "/fapi/v1/ticker/24hr") => ((1, 40), public::ticker_24hr),
        ("GET", "/fapi/v1/premiumIndex") => ((1, 10), public::premium_index),
        ("GET", "/fapi/v1/ticker/bookTicker") => ((2, 5), public::book_ticker),
        _ => return None,
    };
    Some(Route { class: Class::Read, auth: Auth::None, weight, orders: (0, 0), run })
}

fn orders(method: &str, path: &str) -> Option<Route> {
    let (class, weight, orders, run): (Class, (u32, u32), (u32, u32), Handler) = match (method, path) {
        ("POST", "/fapi/v1/order") => (Class::Place, (0, 0), (1, 1), plain::place),
        ("POST", "/fapi/v1/order/test") => (Class::Read, (1, 1), (0, 0), plain::test),
        ("POST", "/fapi/v1/batchOrders") => (Class::Place, (5, 5), (5, 1), plain::place_batch),
        ("POST", "/fapi/v1/algoOrder") => (Class::Place, (0, 0), (1, 1), guards::place),
        ("DELETE", "/fapi/v1/order") => (Class::Cancel, (1, 1), (0, 0), plain::cancel),
        ("DELETE", "/fapi/v1/batchOrders") => (Class::Cancel, (1, 1), (0, 0), plain::cancel_batch),
        ("DELETE", "/fapi/v1/allOpenOrders") => (Class::Cancel, (1, 1), (0, 0), plain::cancel_all),
        ("DELETE", "/fapi/v1/algoOrder") => (Class::Cancel, (1, 1), (0, 0), guards::cancel),
        ("DELETE", "/fapi/v1/algoOpenOrders") => (Class::Cancel, (1, 1), (0, 0), guards::cancel_all),
        ("POST", "/fapi/v1/countdownCancelAll") => (Class::Cancel, (10, 10), (0, 0), plain::countdown),
        ("GET", "/fapi/v1/order") => (Class::Read, (1, 1), (0, 0), plain::query),
        ("GET", "/fapi/v1/openOrder") => (Class::Read, (1, 1), (0, 0), plain::query_open),
        ("GET", "/fapi/v1/openOrders") => (Class::Read, (1, 40), (0, 0), plain::list_open),
        ("GET", "/fapi/v1/allOrders") => (Class::Read, (5, 5), (0, 0), plain::list_all),
        ("GET", "/fapi/v1/userTrades") => (Class::Read, (5, 5), (0, 0), plain::trades),
        ("GET", "/fapi/v1/algoOrder") => (Class::Read, (1, 1), (0, 0), guards::query),
        ("GET", "/fapi/v1/openAlgoOrders") => (Class::Read, (1, 40), (0, 0), guards::list_open),
        ("GET", "/fapi/v1/allAlgoOrders") => (Class::Read, (5, 5), (0, 0), guards::list_all),
        _ => return None,
    };
    Some(Route { class, auth: Auth::Signed, weight, orders, run })
}

fn account_data(method: &str, path: &str) -> Option<Route> {
    let (class, auth, weight, run): (Class, Auth, u32, Handler) = match (method, path) {
        ("GET", "/fapi/v3/balance" | "/fapi/v2/balance") => (Class::Read, Auth::Signed, 5, account::balance),
        ("GET", "/fapi/v3/account" | "/fapi/v2/account") => (Class::Read, Auth::Signed, 5, account::account),
        ("GET", "/fapi/v3/positionRisk") => (Class::Read, Auth::Signed, 5, account::positions_v3),
        ("GET", "/fapi/v2/positionRisk") => (Class::Read, Auth::Signed, 5, account::positions_v2),
        ("GET", "/fapi/v1/symbolConfig") => (Class::Read, Auth::Signed, 5, account::symbol_config),
        ("GET", "/fapi/v1/accountConfig") => (Class::Read, Auth::Signed, 5, account::account_config),
        ("GET", "/fapi/v1/positionSide/dual") => (Class::Read, Auth::Signed, 30, account::position_mode),
        ("POST", "/fapi/v1/positionSide/dual") => (Class::Setting, Auth::Signed, 1, account::set_position_mode),
        ("GET", "/fapi/v1/multiAssetsMargin") => (Class::Read, Auth::Signed, 30, account::multi_assets),
        ("GET", "/fapi/v1/leverageBracket") => (Class::Read, Auth::Signed, 1, account::leverage_bracket),
        ("POST", "/fapi/v1/leverage") => (Class::Setting, Auth::Signed, 1, account::set_leverage),
        ("POST", "/fapi/v1/marginType") => (Class::Setting, Auth::Signed, 1, account::set_margin_type),
        ("GET", "/fapi/v1/rateLimit/order") => (Class::Read, Auth::Signed, 1, account::order_limits),
        ("POST" | "PUT", "/fapi/v1/listenKey") => (Class::Read, Auth::Key, 1, account::listen_key),
        ("DELETE", "/fapi/v1/listenKey") => (Class::Read, Auth::Key, 1, account::close_listen_key),
        _ => return None,
    };
    Some(Route { class, auth, weight: (weight, weight), orders: (0, 0), run })
}

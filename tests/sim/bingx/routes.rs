//! Which path leads where, who may go there, and how often.

use serde_json::Value;

use super::super::faults::Class;
use super::fail::Fail;
use super::{Ask, account, lists, plain, public};

/// What a request is answered with: the `data` of the envelope, or none.
pub type Handler = fn(&mut Ask<'_>) -> Result<Option<Value>, Fail>;

/// One path.
pub struct Route {
    pub class: Class,
    pub is_signed: bool,
    /// Requests a second, on a budget of this name.
    pub budget: (&'static str, u32),
    pub run: Handler,
}

/// Orders that are placed and cancelled from one address, a second. Only one place of the documentation names this.
pub const ORDERS_PER_ADDRESS: u32 = 3;
/// Market data that one address reads, a second.
const PUBLIC: (&str, u32) = ("public", 10);
const PLACE: (&str, u32) = ("place", 5);
const CANCEL: (&str, u32) = ("cancel", 10);
const ONE_ORDER: (&str, u32) = ("order", 30);
const LISTS: (&str, u32) = ("lists", 5);
const MODES: (&str, u32) = ("modes", 2);

/// Finds a path; `None` for one that is not served.
pub fn find(method: &str, path: &str) -> Option<Route> {
    market_data(method, path).or_else(|| signed(method, path))
}

fn market_data(method: &str, path: &str) -> Option<Route> {
    let run: Handler = match (method, path) {
        ("GET", "/openApi/swap/v2/server/time") => public::time,
        ("GET", "/openApi/swap/v2/quote/contracts") => public::contracts,
        ("GET", "/openApi/swap/v1/ticker/price") => public::price,
        ("GET", "/openApi/swap/v2/quote/ticker") => public::ticker,
        ("GET", "/openApi/swap/v2/quote/premiumIndex") => public::premium_index,
        // Other markets, of which there are none here.
        ("GET", "/openApi/cswap/v1/market/contracts") => public::no_contracts,
        ("GET", "/openApi/spot/v1/common/symbols") => public::no_symbols,
        _ => return None,
    };
    Some(Route { class: Class::Read, is_signed: false, budget: PUBLIC, run })
}

fn signed(method: &str, path: &str) -> Option<Route> {
    let (class, budget, run): (Class, (&'static str, u32), Handler) = match (method, path) {
        ("POST", "/openApi/swap/v2/trade/order") => (Class::Place, PLACE, plain::place),
        ("POST", "/openApi/swap/v2/trade/order/test") => (Class::Read, LISTS, plain::test),
        ("POST", "/openApi/swap/v2/trade/batchOrders") => (Class::Place, ("batch", 5), plain::place_batch),
        ("POST", "/openApi/swap/v2/trade/closeAllPositions") => (Class::Place, PLACE, plain::close_all),
        ("POST", "/openApi/swap/v1/trade/closePosition") => (Class::Place, PLACE, plain::close_one),
        ("DELETE", "/openApi/swap/v2/trade/order") => (Class::Cancel, CANCEL, plain::cancel),
        ("DELETE", "/openApi/swap/v2/trade/batchOrders") => (Class::Cancel, CANCEL, plain::cancel_batch),
        ("DELETE", "/openApi/swap/v2/trade/allOpenOrders") => (Class::Cancel, CANCEL, plain::cancel_all),
        ("GET", "/openApi/swap/v2/trade/order") => (Class::Read, ONE_ORDER, lists::one),
        ("GET", "/openApi/swap/v2/trade/openOrders") => (Class::Read, LISTS, lists::open),
        ("GET", "/openApi/swap/v2/trade/allOrders") => (Class::Read, LISTS, lists::all),
        ("GET", "/openApi/swap/v2/trade/allFillOrders") => (Class::Read, LISTS, lists::fills),
        ("GET", "/openApi/swap/v3/user/balance") => (Class::Read, ("balance", 5), account::balance),
        ("GET", "/openApi/swap/v2/user/positions") => (Class::Read, ("positions", 10), account::positions),
        ("GET", "/openApi/swap/v2/trade/leverage") => (Class::Read, ("leverage", 5), account::leverage),
        ("POST", "/openApi/swap/v2/trade/leverage") => (Class::Setting, ("leverage", 5), account::set_leverage),
        ("GET", "/openApi/swap/v2/trade/marginType") => (Class::Read, MODES, account::margin_type),
        ("POST", "/openApi/swap/v2/trade/marginType") => (Class::Setting, MODES, account::set_margin_type),
        ("GET", "/openApi/swap/v1/positionSide/dual") => (Class::Read, MODES, account::position_mode),
        ("POST", "/openApi/swap/v1/positionSide/dual") => (Class::Setting, MODES, account::set_position_mode),
        _ => return None,
    };
    Some(Route { class, is_signed: true, budget, run })
}

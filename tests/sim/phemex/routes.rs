//! Which path leads where, who may go there, and what it costs.

use serde_json::Value;

use super::super::faults::Class;
use super::super::wire::Call;
use super::ask::Ask;
use super::fail::Fail;
use super::{account, info, lists, plain, public};

/// Executes a request; what it returns is the whole body.
pub type Handler = fn(&mut Ask<'_>) -> Result<Value, Fail>;

/// A budget of requests that one user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Everything that begins with `g-`.
    Contract,
    /// All else.
    Others,
}

impl Group {
    /// Weight that a minute may bear.
    pub fn per_minute(self) -> u32 {
        match self {
            Group::Contract => 500,
            Group::Others => 100,
        }
    }

    /// Headers that tell what is left, what there is, and how long to wait.
    pub fn headers(self) -> [&'static str; 3] {
        match self {
            Group::Contract => ["x-ratelimit-remaining-contract", "x-ratelimit-capacity-contract", "x-ratelimit-retry-after-contract"],
            Group::Others => ["x-ratelimit-remaining", "x-ratelimit-capacity", "x-ratelimit-retry-after"],
        }
    }
}

/// One path.
pub struct Route {
    pub class: Class,
    /// Whether it is signed.
    pub signed: bool,
    pub group: Group,
    /// What it takes from its group's budget.
    pub weight: u32,
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find(call: &Call<'_>) -> Option<Route> {
    open_to_all(call).or_else(|| contract(call)).or_else(|| history(call))
}

fn open_to_all(call: &Call<'_>) -> Option<Route> {
    let run: Handler = match (call.method, call.path) {
        ("GET", "/public/time") => public::time,
        ("GET", "/public/products" | "/public/products-plus") => info::products,
        ("GET", "/v1/exchange/public/products") => info::nothing,
        ("GET", "/md/v2/ticker/24hr") => public::ticker_v2,
        ("GET", "/md/v3/ticker/24hr") => public::ticker,
        ("GET", "/md/v3/ticker/24hr/all") => public::tickers,
        _ => return None,
    };
    Some(Route { class: Class::Read, signed: false, group: Group::Others, weight: 1, run })
}

fn contract(call: &Call<'_>) -> Option<Route> {
    let (class, weight, run): (Class, u32, Handler) = match (call.method, call.path) {
        ("GET", "/g-accounts/accountPositions") => (Class::Read, 1, account::positions),
        ("GET", "/g-accounts/positions") => (Class::Read, 25, account::positions_with_profit),
        ("PUT", "/g-positions/leverage") => (Class::Setting, 1, account::set_leverage),
        ("PUT", "/g-positions/switch-pos-mode-sync") => (Class::Setting, 1, account::switch_mode),
        ("POST", "/g-orders") | ("PUT", "/g-orders/create") => (Class::Place, 1, plain::create),
        ("PUT", "/g-orders/replace") => (Class::Place, 1, plain::replace),
        ("DELETE", "/g-orders/cancel") => (Class::Cancel, 1, plain::cancel),
        ("DELETE", "/g-orders") => (Class::Cancel, 1, plain::cancel_several),
        ("DELETE", "/g-orders/all") => (Class::Cancel, 3, plain::cancel_all),
        ("GET", "/g-orders/activeList") => (Class::Read, 1, lists::active),
        _ => return None,
    };
    Some(Route { class, signed: true, group: Group::Contract, weight, run })
}

fn history(call: &Call<'_>) -> Option<Route> {
    let run: Handler = match (call.method, call.path) {
        ("GET", "/api-data/g-futures/orders/by-order-id") => lists::by_order_id,
        ("GET", "/exchange/order/v2/orderList") => lists::orders,
        ("GET", "/exchange/order/v2/tradingList" | "/api-data/g-futures/trades") => lists::trades,
        _ => return None,
    };
    Some(Route { class: Class::Read, signed: true, group: Group::Others, weight: 1, run })
}

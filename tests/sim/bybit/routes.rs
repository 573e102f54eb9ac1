//! Which path leads where, who may go there, and how often.

use super::super::faults::Class;
use super::super::wire::Call;
use super::ask::{Ask, Said};
use super::fail::Fail;
use super::{account, guards, info, lists, plain, positions, public};

/// Executes a request.
pub type Handler = fn(&mut Ask<'_>) -> Result<Said, Fail>;

/// One path.
pub struct Route {
    pub class: Class,
    /// Whether it is signed.
    pub signed: bool,
    /// Requests (of a batch: orders) a second, per account.
    pub per_second: u32,
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find(call: &Call<'_>) -> Option<Route> {
    market_data(call).or_else(|| orders(call)).or_else(|| account_data(call))
}

fn market_data(call: &Call<'_>) -> Option<Route> {
    let run: Handler = match (call.method, call.path) {
        ("GET", "/v5/market/time") => public::time,
        ("GET", "/v5/market/instruments-info") => info::instruments,
        ("GET", "/v5/market/tickers") => public::tickers,
        _ => return None,
    };
    Some(Route { class: Class::Read, signed: false, per_second: 0, run })
}

fn orders(call: &Call<'_>) -> Option<Route> {
    let (class, per_second, run): (Class, u32, Handler) = match (call.method, call.path) {
        ("POST", "/v5/order/create") => (Class::Place, 10, plain::create),
        ("POST", "/v5/order/create-batch") => (Class::Place, 10, plain::create_batch),
        ("POST", "/v5/order/cancel") => (Class::Cancel, 10, plain::cancel),
        ("POST", "/v5/order/cancel-batch") => (Class::Cancel, 10, plain::cancel_batch),
        ("POST", "/v5/order/cancel-all") => (Class::Cancel, 10, plain::cancel_all),
        // Taking stops and targets away is a cancel.
        ("POST", "/v5/position/trading-stop") if guards::only_removes(&call.params) => (Class::Cancel, 10, guards::trading_stop),
        ("POST", "/v5/position/trading-stop") => (Class::Place, 10, guards::trading_stop),
        ("GET", "/v5/order/realtime") => (Class::Read, 50, lists::realtime),
        ("GET", "/v5/order/history") => (Class::Read, 50, lists::history),
        ("GET", "/v5/execution/list") => (Class::Read, 50, lists::executions),
        _ => return None,
    };
    Some(Route { class, signed: true, per_second, run })
}

fn account_data(call: &Call<'_>) -> Option<Route> {
    let (class, per_second, run): (Class, u32, Handler) = match (call.method, call.path) {
        ("GET", "/v5/account/wallet-balance") => (Class::Read, 50, account::balance),
        ("GET", "/v5/account/info") => (Class::Read, 50, account::info),
        ("GET", "/v5/position/list") => (Class::Read, 50, positions::list),
        ("GET", "/v5/position/symbol-info") => (Class::Read, 50, account::symbol_info),
        ("GET", "/v5/position/closed-pnl") => (Class::Read, 50, positions::closed_profit),
        ("POST", "/v5/account/set-margin-mode") => (Class::Setting, 10, account::set_margin_mode),
        ("POST", "/v5/position/switch-mode") => (Class::Setting, 10, account::switch_mode),
        ("POST", "/v5/position/set-leverage") => (Class::Setting, 10, account::set_leverage),
        ("POST", "/v5/position/switch-isolated") => (Class::Setting, 10, account::retired),
        _ => return None,
    };
    Some(Route { class, signed: true, per_second, run })
}

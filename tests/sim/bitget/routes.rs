//! Which path leads where, whose it is, and how often it may be asked.

use perphook::market::Millis;
use serde_json::Value;

use super::super::faults::Class;
use super::super::floor::Floor;
use super::super::wire::Call;
use super::fail::Fail;
use super::{Account, classic, public, unified};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Anybody.
    Nobody,
    /// The key of an account of this kind.
    Account(Account),
}

/// Turns a request into the `data` of its answer.
pub type Handler = fn(&mut Floor, &Call<'_>, Millis) -> Result<Value, Fail>;

/// One path.
pub struct Route {
    pub class: Class,
    pub needs: Needs,
    /// Requests a second.
    pub per_second: u32,
    pub run: Handler,
}

/// Finds a path; `None` for one that is not served.
pub fn find(method: &str, path: &str) -> Option<Route> {
    if let Some(run) = open_to_all(method, path) {
        return Some(Route { class: Class::Read, needs: Needs::Nobody, per_second: 20, run });
    }
    let (account, (class, per_second, run)) = match path.split('/').nth(2) {
        Some("v2") => (Account::Classic, v2_orders(method, path).or_else(|| v2_account(method, path))?),
        _ => (Account::Unified, v3_orders(method, path).or_else(|| v3_account(method, path))?),
    };
    Some(Route { class, needs: Needs::Account(account), per_second, run })
}

fn open_to_all(method: &str, path: &str) -> Option<Handler> {
    let run: Handler = match (method, path) {
        ("GET", "/api/v2/public/time" | "/api/v3/public/time") => public::time,
        ("GET", "/api/v2/mix/market/contracts") => public::contracts,
        ("GET", "/api/v2/mix/market/ticker") => public::ticker,
        ("GET", "/api/v2/mix/market/tickers") => public::tickers,
        ("GET", "/api/v2/mix/market/symbol-price") => public::symbol_price,
        ("GET", "/api/v3/market/instruments") => public::instruments,
        ("GET", "/api/v3/market/tickers") => public::tickers_v3,
        _ => return None,
    };
    Some(run)
}

type Line = (Class, u32, Handler);

fn v2_orders(method: &str, path: &str) -> Option<Line> {
    let line: Line = match (method, path.strip_prefix("/api/v2/mix/order/")?) {
        ("POST", "place-order") => (Class::Place, 10, classic::plain::place),
        ("POST", "batch-place-order") => (Class::Place, 5, classic::plain::place_batch),
        ("POST", "close-positions") => (Class::Place, 1, classic::plain::close_positions),
        ("POST", "cancel-order") => (Class::Cancel, 10, classic::plain::cancel),
        ("POST", "batch-cancel-orders") => (Class::Cancel, 10, classic::plain::cancel_batch),
        ("POST", "cancel-all-orders") => (Class::Cancel, 10, classic::plain::cancel_all),
        ("GET", "detail") => (Class::Read, 10, classic::plain::detail),
        ("GET", "orders-pending") => (Class::Read, 10, classic::plain::pending),
        ("GET", "orders-history") => (Class::Read, 10, classic::plain::history),
        ("GET", "fills" | "fill-history") => (Class::Read, 10, classic::plain::fills),
        ("POST", "place-tpsl-order") => (Class::Place, 10, classic::guards::place),
        ("POST", "place-pos-tpsl") => (Class::Place, 10, classic::guards::place_both),
        ("POST", "place-plan-order") => (Class::Place, 10, classic::guards::place_trigger),
        ("POST", "cancel-plan-order") => (Class::Cancel, 10, classic::guards::cancel),
        ("GET", "orders-plan-pending") => (Class::Read, 10, classic::guards::pending),
        ("GET", "orders-plan-history") => (Class::Read, 10, classic::guards::history),
        _ => return None,
    };
    Some(line)
}

fn v2_account(method: &str, path: &str) -> Option<Line> {
    let line: Line = match (method, path.strip_prefix("/api/v2/mix/")?) {
        ("GET", "account/accounts") => (Class::Read, 10, classic::account::accounts),
        ("GET", "account/account") => (Class::Read, 10, classic::account::account),
        ("GET", "position/all-position") => (Class::Read, 5, classic::account::all_position),
        ("GET", "position/single-position") => (Class::Read, 10, classic::account::single_position),
        ("POST", "account/set-leverage") => (Class::Setting, 5, classic::account::set_leverage),
        ("POST", "account/set-margin-mode") => (Class::Setting, 5, classic::account::set_margin_mode),
        ("POST", "account/set-position-mode") => (Class::Setting, 5, classic::account::set_position_mode),
        _ => return None,
    };
    Some(line)
}

fn v3_orders(method: &str, path: &str) -> Option<Line> {
    let line: Line = match (method, path.strip_prefix("/api/v3/trade/")?) {
        ("POST", "place-order") => (Class::Place, 10, unified::plain::place),
        ("POST", "place-batch") => (Class::Place, 5, unified::plain::place_batch),
        ("POST", "close-positions") => (Class::Place, 5, unified::plain::close_positions),
        ("POST", "cancel-order") => (Class::Cancel, 10, unified::plain::cancel),
        ("POST", "cancel-batch") => (Class::Cancel, 5, unified::plain::cancel_batch),
        ("POST", "cancel-symbol-order") => (Class::Cancel, 5, unified::plain::cancel_symbol),
        ("GET", "order-info") => (Class::Read, 20, unified::plain::info),
        ("GET", "unfilled-orders") => (Class::Read, 20, unified::plain::unfilled),
        ("GET", "history-orders") => (Class::Read, 20, unified::plain::history),
        ("GET", "fills") => (Class::Read, 20, unified::plain::fills),
        ("POST", "place-strategy-order") => (Class::Place, 10, unified::guards::place),
        ("POST", "cancel-strategy-order") => (Class::Cancel, 10, unified::guards::cancel),
        ("GET", "unfilled-strategy-orders") => (Class::Read, 20, unified::guards::unfilled),
        ("GET", "history-strategy-orders") => (Class::Read, 20, unified::guards::history),
        _ => return None,
    };
    Some(line)
}

fn v3_account(method: &str, path: &str) -> Option<Line> {
    let line: Line = match (method, path.strip_prefix("/api/v3/")?) {
        ("GET", "account/settings") => (Class::Read, 20, unified::account::settings),
        ("GET", "account/assets") => (Class::Read, 20, unified::account::assets),
        ("GET", "position/current-position") => (Class::Read, 20, unified::account::positions),
        ("POST", "account/set-leverage") => (Class::Setting, 10, unified::account::set_leverage),
        ("POST", "account/set-hold-mode") => (Class::Setting, 10, unified::account::set_hold_mode),
        _ => return None,
    };
    Some(line)
}

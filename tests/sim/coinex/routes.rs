//! Which path leads where, and which budget it is taken from. Only GET and POST exist.

use serde_json::Value;

use super::super::faults::Class;
use super::super::wire::Call;
use super::ask::Ask;
use super::fail::Fail;
use super::{Said, account, cancel, guards, lists, plain, plans, positions, public};

/// Executes a request.
pub type Handler = fn(&mut Ask<'_>) -> Result<Said, Fail>;

/// What has a budget of its own; all but the first want a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Public,
    Place,
    Cancel,
    CancelMany,
    Query,
    History,
    Account,
}

impl Group {
    /// Requests in a second.
    pub fn max(self) -> u32 {
        match self {
            Group::Public => u32::MAX,
            Group::Place | Group::CancelMany => 20,
            Group::Cancel => 40,
            Group::Query => 50,
            Group::History | Group::Account => 10,
        }
    }
}

/// One path.
pub struct Route {
    pub class: Class,
    pub group: Group,
    pub run: Handler,
}

/// How much a request counts: every order of a batch as one.
pub fn weight(call: &Call<'_>) -> u32 {
    let orders = call.json.as_ref().and_then(|body| body.get("orders")).and_then(Value::as_array);
    orders.map_or(1, |list| u32::try_from(list.len()).unwrap_or(u32::MAX)).max(1)
}

/// Finds a path; `None` for one that is not served.
pub fn find(method: &str, path: &str) -> Option<Route> {
    let path = path.strip_prefix("/v2/")?;
    let (class, group, run): (Class, Group, Handler) = match method {
        "GET" => read(path)?,
        "POST" => write(path)?,
        _ => return None,
    };
    Some(Route { class, group, run })
}

fn read(path: &str) -> Option<(Class, Group, Handler)> {
    let (group, run): (Group, Handler) = match path {
        "time" => (Group::Public, public::time),
        "spot/market" => (Group::Public, public::spot),
        "futures/market" => (Group::Public, public::markets),
        "futures/ticker" => (Group::Public, public::tickers),
        "futures/depth" => (Group::Public, public::depth),
        "assets/futures/balance" => (Group::Account, account::balance),
        "futures/pending-position" => (Group::Query, positions::pending),
        "futures/pending-order" => (Group::Query, lists::pending),
        "futures/pending-stop-order" => (Group::Query, lists::pending_plans),
        "futures/order-status" => (Group::Query, lists::status),
        "futures/finished-order" => (Group::History, lists::finished),
        "futures/user-deals" => (Group::History, lists::deals),
        "futures/order-deals" => (Group::History, lists::deals_of_one),
        _ => return None,
    };
    Some((Class::Read, group, run))
}

fn write(path: &str) -> Option<(Class, Group, Handler)> {
    Some(match path.strip_prefix("futures/")? {
        "adjust-position-leverage" => (Class::Setting, Group::Place, account::adjust),
        "order" => (Class::Place, Group::Place, plain::order),
        "batch-order" => (Class::Place, Group::Place, plain::batch),
        "close-position" => (Class::Place, Group::Place, plain::close),
        "stop-order" => (Class::Place, Group::Place, plans::place),
        "set-position-stop-loss" => (Class::Place, Group::Place, guards::set_stop),
        "set-position-take-profit" => (Class::Place, Group::Place, guards::set_target),
        "cancel-position-stop-loss" => (Class::Cancel, Group::Cancel, guards::cancel_stop),
        "cancel-position-take-profit" => (Class::Cancel, Group::Cancel, guards::cancel_target),
        "cancel-order" => (Class::Cancel, Group::Cancel, cancel::one),
        "cancel-stop-order" => (Class::Cancel, Group::Cancel, plans::cancel),
        "cancel-order-by-client-id" => (Class::Cancel, Group::CancelMany, cancel::named),
        "cancel-stop-order-by-client-id" => (Class::Cancel, Group::CancelMany, plans::cancel_named),
        "cancel-batch-order" => (Class::Cancel, Group::CancelMany, cancel::several),
        "cancel-batch-stop-order" => (Class::Cancel, Group::CancelMany, plans::cancel_several),
        "cancel-all-order" => (Class::Cancel, Group::CancelMany, cancel::all),
        "modify-position-stop-loss" | "modify-position-take-profit" => {
            (Class::Place, Group::Place, |_| Err(Fail::not_simulated("changing a stop")))
        }
        "modify-order" => (Class::Place, Group::Place, |_| Err(Fail::not_simulated("changing an order"))),
        _ => return None,
    })
}

//! Cancelling. Untriggered stop orders and all others are taken away together by nothing but their ids.

use perphook::market::Symbol;
use serde_json::Value;

use super::super::line::{Id, Line};
use super::super::params::Params;
use super::ask::{self, Ask};
use super::fail::Fail;
use super::json::{self, Row};
use super::line;
use super::notes::{read_id, shown_id};

/// Orders that one request may cancel; how many the real exchange takes is unconfirmed.
const BATCH_MAX: usize = 10;

fn ids(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(|number| format!("\"{number}\"")).collect();
    Row::new().json("cancelledOrderIds", json::list(&texts)).end()
}

/// Withdraws an order that is open and can be seen, whatever kind it is of.
fn withdraw(ask: &mut Ask<'_>, id: Id) -> bool {
    let line = Line::find(&ask.floor.book, id);
    line.is_some_and(|line| ask.floor.is_visible(line.created, ask.now)) && end(ask, id)
}

fn end(ask: &mut Ask<'_>, id: Id) -> bool {
    id.cancel(&mut ask.floor.book, ask.now).is_ok()
}

/// The id of an order of a contract that goes by this name.
fn id_of(ask: &Ask<'_>, name: &str, symbol: &Symbol) -> Option<Id> {
    line::named(&ask.floor.book, ask.notes, name).filter(|line| line.symbol == symbol).map(|line| line.id)
}

/// `DELETE /api/v1/orders/{orderId}`
pub fn by_id(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let id = read_id(ask.tail).ok_or_else(Fail::not_cancelable)?;
    if withdraw(ask, id) { Ok(ids(&[shown_id(id)])) } else { Err(Fail::not_cancelable()) }
}

/// `DELETE /api/v1/orders/client-order/{clientOid}`: needs the contract, too.
pub fn by_name(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask.symbol()?;
    let id = id_of(ask, ask.tail, &symbol).ok_or_else(Fail::name_not_cancelable)?;
    if withdraw(ask, id) { Ok(Row::new().text("clientOid", ask.tail).end()) } else { Err(Fail::name_not_cancelable()) }
}

/// `DELETE /api/v1/orders/multi-cancel`: by numbers or by names.
pub fn several(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let list = |name: &str| ask.body.and_then(|body| body.get(name)).and_then(Value::as_array);
    let (list, is_named) = match (list("orderIdsList"), list("clientOidsList")) {
        (Some(list), None) => (list, false),
        (None, Some(list)) => (list, true),
        _ => return Err(Fail::with_status(400, 400_100, "either orderIdsList or clientOidsList must be given")),
    };
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(Fail::with_status(400, 400_100, format!("1 to {BATCH_MAX} orders are allowed")));
    }
    let rows: Vec<String> = list.iter().map(|one| element(ask, one, is_named)).collect();
    Ok(json::list(&rows))
}

fn element(ask: &mut Ask<'_>, one: &Value, is_named: bool) -> String {
    let params = Params::of(one);
    let called = if is_named { params.get("clientOid") } else { one.as_str() }.unwrap_or_default();
    let id =
        if is_named { ask::symbol_in(ask.floor, &params).ok().and_then(|symbol| id_of(ask, called, &symbol)) } else { read_id(called) };
    let row = if is_named {
        Row::new().nulls(&["orderId"]).text("clientOid", called)
    } else {
        Row::new().text("orderId", called).nulls(&["clientOid"])
    };
    if id.is_some_and(|id| withdraw(ask, id)) {
        return row.text("code", "200").text("msg", "success").end();
    }
    let fail = if is_named { Fail::name_not_cancelable() } else { Fail::not_cancelable() };
    ask.floor.note_code(&fail.code);
    row.text("code", &fail.code).text("msg", &fail.msg).end()
}

/// `DELETE /api/v3/orders`: all but untriggered stops, of one contract.
pub fn plain_of_one(ask: &mut Ask<'_>) -> Result<String, Fail> {
    ask.symbol()?;
    plain(ask)
}

/// `DELETE /api/v1/orders`: of one contract, or of every contract if none is named.
pub fn plain(ask: &mut Ask<'_>) -> Result<String, Fail> {
    all(ask, false)
}

/// `DELETE /api/v1/stopOrders`: the other half.
pub fn stops(ask: &mut Ask<'_>) -> Result<String, Fail> {
    all(ask, true)
}

/// Whoever cancels everything need not see it.
fn all(ask: &mut Ask<'_>, waits: bool) -> Result<String, Fail> {
    let only = ask.symbol_if_any()?;
    let lines = line::all(&ask.floor.book).into_iter().filter(|line| !line.has_ended() && line.is_waiting() == waits);
    let meant: Vec<Id> = lines.filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol)).map(|line| line.id).collect();
    let gone: Vec<u64> = meant.into_iter().filter(|id| end(ask, *id)).map(shown_id).collect();
    Ok(ids(&gone))
}

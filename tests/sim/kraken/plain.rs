//! Placing and cancelling one order. The answer tells at once what was executed.

use perphook::exchange::paper::{Denial, Effect, NewPlain, TimeInForce};
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};

use super::super::clock;
use super::super::json::join;
use super::super::line::{Id, Line};
use super::ask::Ask;
use super::fail::{self, Fail, Form};
use super::guards;
use super::line::{self, Stage, id, name, stage};

/// A market order takes no worse price than this, as a share of the market's.
const PROTECTION: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// An order that was sent or cancelled: what became of it, which one it is, and what happened.
pub struct Done {
    pub status: &'static str,
    pub id: Option<String>,
    pub name: Option<String>,
    pub events: Vec<Value>,
}

/// `POST /sendorder`: always a success; whether the order was taken tells the status alone.
pub fn send_order(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    Ok(json!({"sendStatus": verdict(ask, send)?}))
}

/// `POST /cancelorder`
pub fn cancel_order(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    Ok(json!({"cancelStatus": verdict(ask, cancel)?}))
}

/// What became of an order, or why it is refused as an order; other refusals are of the request.
fn verdict(ask: &mut Ask<'_>, run: fn(&mut Ask<'_>) -> Result<Done, Fail>) -> Result<Value, Fail> {
    let at = ask.time();
    match run(ask) {
        Ok(done) => {
            Ok(json!({"order_id": done.id, "cliOrdId": done.name, "status": done.status, "receivedTime": at, "orderEvents": done.events}))
        }
        Err(fail) => refused(ask, fail),
    }
}

/// The status of an order that is refused as an order.
pub fn refused(ask: &mut Ask<'_>, fail: Fail) -> Result<Value, Fail> {
    let Form::Status { id, events } = fail.form else { return Err(fail) };
    ask.floor.note_code(&fail.word);
    let status = json!({"status": fail.word, "receivedTime": ask.time(), "orderEvents": events});
    Ok(if let Some(id) = id { join(status, json!({"order_id": id})) } else { status })
}

/// Places an order of any kind.
pub fn send(ask: &mut Ask<'_>) -> Result<Done, Fail> {
    let kind = ask.text("orderType")?.to_owned();
    let symbol = ask.symbol()?;
    ask.is_buy()?;
    let size = ask.decimal("size")?;
    ask.check_time()?;
    match kind.as_str() {
        "lmt" => place(ask, symbol, size, "lmt"),
        "post" => place(ask, symbol, size, "post"),
        "ioc" => place(ask, symbol, size, "ioc"),
        "mkt" => place(ask, symbol, size, "mkt"),
        "stp" | "take_profit" => guards::place(ask, symbol, size, &kind),
        "fok" | "trailing_stop" => Err(Fail::not_simulated(&format!("orderType {kind}"))),
        _ => Err(Fail::status("invalidOrderType")),
    }
}

fn place(ask: &mut Ask<'_>, symbol: Symbol, size: Decimal, kind: &'static str) -> Result<Done, Fail> {
    let (buy, reduce_only) = (ask.is_buy()?, ask.flag("reduceOnly")?);
    let price = if kind == "mkt" { None } else { Some(ask.decimal("limitPrice")?) };
    let name = ask.new_name()?;
    let last = ask.floor.book.market(&symbol).map(|market| market.last).ok_or_else(|| fail::order(Denial::NoPrice))?;
    if kind == "post" && price.is_some_and(|price| if buy { price >= last } else { price <= last }) {
        return Err(Fail::status("postWouldExecute"));
    }
    let reduced = shrink(ask, &symbol, buy, reduce_only, size);
    check_bound(ask, &symbol, buy, reduce_only, size)?;
    let worst_price = if price.is_none() { ask.floor.worst_price(&symbol, buy, PROTECTION) } else { None };
    let new = NewPlain {
        client_id: name,
        symbol,
        buy,
        position_side: None,
        reduce_only,
        price,
        time_in_force: if matches!(kind, "ioc" | "mkt") { TimeInForce::Ioc } else { TimeInForce::Gtc },
        qty: size - reduced.unwrap_or_default(),
        stop: None,
    };
    let number = ask.floor.book.place(&new, ask.now).map_err(fail::order)?;
    ask.desk.keep(number, if kind == "post" { "post" } else { "lmt" }, worst_price);
    placed(ask, number, reduced)
}

/// By how much an order that only reduces is more than there is to reduce: so much of it is taken away on arrival.
fn shrink(ask: &Ask<'_>, symbol: &Symbol, buy: bool, reduce_only: bool, size: Decimal) -> Option<Decimal> {
    let held = ask.floor.book.position(symbol, if buy { Side::Short } else { Side::Long });
    (reduce_only && !held.is_zero() && size > held).then(|| size - held)
}

/// The bound is one of the position, not of the order.
fn check_bound(ask: &Ask<'_>, symbol: &Symbol, buy: bool, reduce_only: bool, size: Decimal) -> Result<(), Fail> {
    let book = &ask.floor.book;
    let effect = Effect::of(buy, None, reduce_only);
    let (Some(opens), Ok(one)) = (effect.opens, book.instrument(symbol.as_str())) else { return Ok(()) };
    let held = book.position(symbol, opens) - book.position(symbol, opens.other());
    if held + size > one.max_qty { Err(Fail::status("maxPositionViolation")) } else { Ok(()) }
}

/// What the answer tells of a plain order that the book has taken.
fn placed(ask: &Ask<'_>, number: u64, reduced: Option<Decimal>) -> Result<Done, Fail> {
    let (book, rows) = (&ask.floor.book, ask.rows());
    let Some(order) = book.order_by_number(number) else { return Err(Fail::error("unknownError")) };
    let line = line::of(book, order);
    let mut filled = Decimal::ZERO;
    let mut events = Vec::new();
    for trade in ask.floor.trades_of(number) {
        events.push(rows.execution(&line, trade, filled, reduced));
        filled += trade.qty;
    }
    match stage(&line) {
        Stage::Rejected => {
            let reason = "IOC_WOULD_NOT_EXECUTE";
            let events = vec![json!({"type": "REJECT", "uid": id(&line), "reason": reason, "order": rows.order(&line, filled)})];
            let form = Form::Status { id: Some(id(&line)), events };
            return Err(Fail { form, word: "iocWouldNotExecute".into() });
        }
        Stage::Resting => {
            let reduced = reduced.map_or(Value::Null, super::rows::number);
            events.push(json!({"type": "PLACE", "order": rows.order(&line, filled), "reducedQuantity": reduced}));
        }
        _ => {}
    }
    Ok(Done { status: "placed", id: Some(id(&line)), name: name(&line).map(str::to_owned), events })
}

/// The order a request names, if it can be seen yet and the engine remembers it.
fn named<'a>(ask: &'a Ask<'_>) -> Result<Option<Line<'a>>, Fail> {
    let book = &ask.floor.book;
    let line = match (ask.params.some("order_id"), ask.params.some("cliOrdId")) {
        (Some(id), _) => line::find(book, id),
        (None, Some(name)) => line::named(book, name),
        (None, None) => return Err(Fail::missing("order_id or cliOrdId")),
    };
    Ok(line.filter(|line| ask.floor.is_visible(line.created, ask.now) && line::is_remembered(line, ask.now)))
}

/// Cancels one order: too late and never heard of are successes, too.
pub fn cancel(ask: &mut Ask<'_>) -> Result<Done, Fail> {
    ask.check_time()?;
    let sent = |name: &str| ask.params.some(name).map(str::to_owned);
    let (sent_id, sent_name) = (sent("order_id"), sent("cliOrdId"));
    let found = named(ask)?.map(|line| (line.id, stage(&line)));
    if let Some((found, _)) = found.filter(|(_, stage)| matches!(stage, Stage::Waiting | Stage::Resting))
        && found.cancel(&mut ask.floor.book, ask.now).is_ok()
    {
        let line = Line::find(&ask.floor.book, found).ok_or_else(|| Fail::error("unknownError"))?;
        let events = vec![ask.rows().cancel(&line)];
        return Ok(Done { status: "cancelled", id: Some(id(&line)), name: name(&line).map(str::to_owned), events });
    }
    let status = if found.is_some_and(|(_, stage)| stage == Stage::Filled) { "filled" } else { "notFound" };
    ask.floor.note_code(status);
    Ok(Done { status, id: sent_id, name: sent_name, events: Vec::new() })
}

/// `POST /cancelallorders`: those that wait for a price, too.
pub fn cancel_all(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let only = ask.scope()?;
    let meant = Line::open(&ask.floor.book).filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol));
    let meant: Vec<Id> = meant.map(|line| line.id).collect();
    let (mut list, mut events) = (Vec::new(), Vec::new());
    for one in meant {
        if one.cancel(&mut ask.floor.book, ask.now).is_ok()
            && let Some(line) = Line::find(&ask.floor.book, one)
        {
            list.push(json!({"order_id": id(&line), "cliOrdId": name(&line)}));
            events.push(ask.rows().cancel(&line));
        }
    }
    let status = if list.is_empty() { "noOrdersToCancel" } else { "cancelled" };
    let scope = only.map_or_else(|| "all".to_owned(), |symbol| symbol.to_string());
    Ok(json!({"cancelStatus": {"receivedTime": ask.time(), "cancelOnly": scope, "status": status, "cancelledOrders": list,
        "orderEvents": events}}))
}

/// `POST /cancelallordersafter`: 0 disarms.
pub fn cancel_all_after(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let seconds: u64 = ask.text("timeout")?.parse().map_err(|_| Fail::argument("timeout"))?;
    ask.desk.switch = (seconds > 0).then(|| ask.now + seconds * 1000);
    let trigger = ask.desk.switch.map_or_else(|| "0".to_owned(), |at| clock::text(ask.floor.shown(at)));
    Ok(json!({"status": {"currentTime": ask.time(), "triggerTime": trigger}}))
}

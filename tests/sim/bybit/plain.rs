//! Placing and cancelling, one by one and in batches. Answers only acknowledge.

use perphook::exchange::paper::{AttachedStop, Denial, Effect, NewPlain, TimeInForce};
use perphook::market::{Decimal, ProtectionKind, Side, Symbol};
use serde_json::{Value, json};

use super::super::json::join;
use super::super::line::{Id, Line};
use super::super::params::Params;
use super::ask::{Ask, Said};
use super::fail::{self, Fail};
use super::guards;
use super::ids::{IDS, Note};
use super::line::{link, stop_order_type};

/// The endpoint's page says 20, the page of limits 10.
const BATCH_MAX: usize = 10;
/// Orders that one cancel-all takes away.
const CANCEL_ALL_MAX: usize = 500;

/// `POST /v5/order/create`
pub fn create(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let link = ask.new_link()?;
    let id = if ask.params.some("triggerPrice").is_some() { guards::place(ask, link.clone())? } else { place(ask, link.clone())? };
    Ok(acknowledged(id, link.as_deref().unwrap_or_default()).into())
}

fn acknowledged(id: Id, link: &str) -> Value {
    json!({"orderId": IDS.text(id), "orderLinkId": link})
}

fn place(ask: &mut Ask<'_>, link: Option<String>) -> Result<Id, Fail> {
    let symbol = ask.symbol()?;
    let (buy, position_side) = (ask.is_buy()?, ask.position_side()?);
    let is_limit = match ask.params.some("orderType") {
        Some("Limit") => true,
        Some("Market") => false,
        _ => return Err(Fail::param("OrderType invalid")),
    };
    let time_in_force = match (is_limit, ask.params.some("timeInForce")) {
        (true, None | Some("GTC")) => TimeInForce::Gtc,
        // Whatever it says, a market order is this.
        (true, Some("IOC")) | (false, None | Some("GTC" | "IOC" | "FOK")) => TimeInForce::Ioc,
        (_, Some("FOK" | "PostOnly")) => return Err(Fail::not_simulated("timeInForce other than GTC and IOC")),
        _ => return Err(Fail::param("timeInForce invalid")),
    };
    // What a market order says of a price does not count.
    let price = if is_limit { Some(ask.decimal("price")?.ok_or_else(|| Fail::param("Price invalid"))?) } else { None };
    let reduce_only = ask.params.is_true("reduceOnly");
    check_reducing(ask, &symbol, buy, position_side)?;
    let stop = attached_stop(ask, &symbol, buy, price)?;
    let note = Note {
        reduce_only,
        close_on_trigger: ask.params.is_true("closeOnTrigger"),
        stop: stop.as_ref().map(|stop| (stop.trigger_price, stop.by)),
        worst_price: if is_limit { None } else { worst_price(ask, &symbol, buy) },
    };
    if let Some(stop) = &stop {
        ask.notes.adopt(&stop.name, link.as_deref().unwrap_or_default());
    }
    let new = NewPlain {
        client_id: link.unwrap_or_else(|| ask.floor.made_up_id()),
        qty: qty(ask, &symbol, buy, position_side)?,
        symbol,
        buy,
        position_side,
        // The book's own mark is for one-way mode; a side says it better.
        reduce_only: reduce_only && position_side.is_none(),
        price,
        time_in_force,
        stop,
    };
    let number = ask.floor.book.place(&new, ask.now).map_err(fail::order)?;
    ask.notes.keep(Id::Plain(number), note);
    Ok(Id::Plain(number))
}

/// An order that only reduces needs something to reduce; in hedge mode also the right direction.
pub fn check_reducing(ask: &Ask<'_>, symbol: &Symbol, buy: bool, position_side: Option<Side>) -> Result<(), Fail> {
    if !ask.params.is_true("reduceOnly") {
        return Ok(());
    }
    let side = Effect::of(buy, position_side, position_side.is_none()).closes.ok_or_else(|| fail::order(Denial::ReduceOnlyConflict))?;
    if ask.floor.book.position(symbol, side).is_zero() { Err(fail::no_position()) } else { Ok(()) }
}

/// What is ordered; nothing at all, of an order that closes, is the whole position as far as one market order goes.
pub fn qty(ask: &Ask<'_>, symbol: &Symbol, buy: bool, position_side: Option<Side>) -> Result<Decimal, Fail> {
    let qty = ask.decimal("qty")?.ok_or_else(|| Fail::new(10001, "Qty invalid"))?;
    if !qty.is_zero() || !ask.params.is_true("reduceOnly") || !ask.params.is_true("closeOnTrigger") {
        return Ok(qty);
    }
    let held = Effect::of(buy, position_side, true).closes.map(|side| ask.floor.book.position(symbol, side)).unwrap_or_default();
    let most = ask.floor.book.instrument(symbol.as_str()).map(|instrument| instrument.market_max_qty).unwrap_or_default();
    Ok(if most.is_zero() { held } else { held.min(most) })
}

/// The stop that comes with an order.
fn attached_stop(ask: &Ask<'_>, symbol: &Symbol, buy: bool, price: Option<Decimal>) -> Result<Option<AttachedStop>, Fail> {
    if ask.params.some("takeProfit").is_some_and(|price| price != "0") {
        return Err(Fail::not_simulated("takeProfit with an order"));
    }
    let Some(trigger_price) = ask.decimal("stopLoss")?.filter(|price| !price.is_zero()) else { return Ok(None) };
    if ask.params.is_true("reduceOnly") {
        return Err(Fail::param("TP/SL can not be set with a reduce-only order"));
    }
    if ask.params.some("tpslMode").is_some_and(|mode| mode != "Full") {
        return Err(Fail::not_simulated("tpslMode Partial"));
    }
    let by = ask.trigger_by("slTriggerBy")?;
    let side = if buy { Side::Long } else { Side::Short };
    let market = ask.floor.book.market(symbol).ok_or_else(fail::symbol_invalid)?;
    let watched = market.watched(by);
    // A limit order's stop is measured at the price where the order can fill first.
    let base = price.map_or(watched, |price| if buy { price.min(watched) } else { price.max(watched) });
    guards::check_distance(side, ProtectionKind::StopLoss, trigger_price, base)?;
    Ok(Some(AttachedStop { name: ask.floor.made_up_id(), trigger_price, by }))
}

/// A market order is a limit order at the far end of the band.
fn worst_price(ask: &Ask<'_>, symbol: &Symbol, buy: bool) -> Option<Decimal> {
    ask.floor.worst_price(symbol, buy, ask.floor.book.knobs().price_band)
}

/// The order a request names, if it can be seen yet.
fn named<'a>(ask: &'a Ask<'_>) -> Result<Option<Line<'a>>, Fail> {
    let symbol = ask.symbol()?;
    let book = &ask.floor.book;
    let line = match (ask.params.some("orderId"), ask.params.some("orderLinkId")) {
        (Some(id), _) => IDS.read(id).and_then(|id| Line::find(book, id)),
        (None, Some(link)) => Line::named(book, link),
        (None, None) => return Err(Fail::param("orderId or orderLinkId must be given")),
    };
    Ok(line.filter(|line| *line.symbol == symbol && ask.floor.is_visible(line.created, ask.now)))
}

/// `POST /v5/order/cancel`
pub fn cancel(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let line = named(ask)?.filter(|line| !line.has_ended()).ok_or_else(fail::gone)?;
    let (id, link) = (line.id, link(&line).to_owned());
    remove(ask, id)?;
    Ok(acknowledged(id, &link).into())
}

fn remove(ask: &mut Ask<'_>, id: Id) -> Result<(), Fail> {
    id.cancel(&mut ask.floor.book, ask.now).map_err(fail::order)
}

/// `POST /v5/order/cancel-all`: without a filter, stops and targets of positions too.
pub fn cancel_all(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.scope()?;
    let fits = filter(ask.params)?;
    let only_stops = ask.params.some("stopOrderType") == Some("Stop");
    let meant = Line::open(&ask.floor.book).filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol) && fits(line));
    let meant = meant.filter(|line| !only_stops || stop_order_type(line) == "Stop").take(CANCEL_ALL_MAX);
    let meant: Vec<(Id, String)> = meant.map(|line| (line.id, link(&line).to_owned())).collect();
    let done = meant.into_iter().filter(|(id, _)| remove(ask, *id).is_ok());
    let list: Vec<Value> = done.map(|(id, link)| acknowledged(id, &link)).collect();
    Ok(json!({"list": list, "success": "1"}).into())
}

/// Which orders `orderFilter` means: all if it is not there.
pub fn filter(params: &Params) -> Result<fn(&Line<'_>) -> bool, Fail> {
    match params.some("orderFilter") {
        None => Ok(|_| true),
        Some("Order") => Ok(|line| line.waiting.is_none()),
        Some("StopOrder") => Ok(|line| line.waiting.is_some()),
        Some(_) => Err(Fail::param("orderFilter invalid")),
    }
}

/// `POST /v5/order/create-batch`
pub fn create_batch(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let elements = elements(ask)?;
    let results = elements.iter().enumerate().map(|(index, element)| match ask.floor.refused_element(index) {
        Some(refusal) => Err(Fail::of(&refusal)),
        None => each(ask, element, create),
    });
    let results: Vec<Result<Said, Fail>> = results.collect();
    let created = ask.floor.shown(ask.now).to_string();
    Ok(batch(ask, &elements, results, Some(&created)))
}

/// `POST /v5/order/cancel-batch`
pub fn cancel_batch(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let elements = elements(ask)?;
    let results = elements.iter().map(|element| each(ask, element, cancel)).collect();
    Ok(batch(ask, &elements, results, None))
}

fn elements(ask: &Ask<'_>) -> Result<Vec<Value>, Fail> {
    let list = ask.body.and_then(|body| body.get("request")).and_then(Value::as_array).cloned().unwrap_or_default();
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(Fail::param(&format!("the number of orders must be 1 to {BATCH_MAX}")));
    }
    Ok(list)
}

fn each(ask: &mut Ask<'_>, element: &Value, run: fn(&mut Ask<'_>) -> Result<Said, Fail>) -> Result<Said, Fail> {
    let params = Params::of(element);
    let mut one = Ask { floor: ask.floor, notes: ask.notes, params: &params, body: Some(element), now: ask.now };
    one.check_kinds()?;
    run(&mut one)
}

/// The outer code is 0 whatever became of the elements; theirs are in `retExtInfo`, in the same order.
fn batch(ask: &mut Ask<'_>, elements: &[Value], results: Vec<Result<Said, Fail>>, created: Option<&str>) -> Said {
    let (mut list, mut codes) = (Vec::new(), Vec::new());
    for (element, result) in elements.iter().zip(results) {
        let sent = |name: &str| element.get(name).cloned().unwrap_or_else(|| json!(""));
        let base = json!({"category": "linear", "symbol": sent("symbol"), "orderId": sent("orderId"), "orderLinkId": sent("orderLinkId")});
        match result {
            Ok(said) => {
                list.push(join(base, join(said.result, created.map_or(json!({}), |at| json!({"createAt": at})))));
                codes.push(json!({"code": 0, "msg": "OK"}));
            }
            Err(fail) => {
                ask.floor.note_code(&fail.code);
                list.push(join(base, created.map_or(json!({}), |_| json!({"createAt": ""}))));
                codes.push(json!({"code": fail.code_value(), "msg": fail.msg}));
            }
        }
    }
    Said { result: json!({"list": list}), ext: json!({"list": codes}) }
}

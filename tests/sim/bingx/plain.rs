//! Placing, closing and cancelling, one by one and in batches.

use perphook::exchange::paper::{Denial, Effect, NewPlain, TimeInForce};
use perphook::market::{Decimal, ProtectionKind, Side, Symbol};
use serde_json::{Value, json};

use super::super::line::{Id, Line};
use super::super::params::{Params, text_of};
use super::account::position_id;
use super::fail::{self, Fail};
use super::line::{kind, shown_id, status};
use super::rows::{self, Taken};
use super::{Ask, SIDES, guards, texts};

const BATCH_MAX: usize = 5;
const CANCEL_BATCH_MAX: usize = 10;

/// `POST /openApi/swap/v2/trade/order`
pub fn place(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!({"order": each(ask)?})))
}

/// One order of any type.
fn each(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    if ask.params.some("quoteOrderQty").is_some() {
        return Err(Fail::not_simulated("quoteOrderQty"));
    }
    match ask.need("type")? {
        "STOP_MARKET" => guards::place(ask, ProtectionKind::StopLoss),
        "TAKE_PROFIT_MARKET" => guards::place(ask, ProtectionKind::TakeProfit),
        "MARKET" | "LIMIT" => take(ask),
        other => Err(Fail::not_simulated(other)),
    }
}

/// A plain order. Stops and targets that come with it are echoed and dropped without a word, as has been reported.
fn take(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let new = read(ask)?;
    let number = ask.floor.book.place(&new, ask.now).map_err(fail::order)?;
    if ask.params.some("timeInForce") == Some("PostOnly") {
        ask.notes.post_only.insert(number);
    }
    Ok(accepted(ask, number, &new))
}

fn accepted(ask: &Ask<'_>, number: u64, new: &NewPlain) -> Value {
    let kind = if new.price.is_some() { "LIMIT" } else { "MARKET" };
    let (id, symbol, buy, position_side) = (Id::Plain(number), &new.symbol, new.buy, new.position_side);
    rows::accepted(ask, &Taken { id, symbol, buy, position_side, kind, price: new.price, trigger: None })
}

/// `POST /openApi/swap/v2/trade/order/test`
pub fn test(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let new = read(ask)?;
    ask.floor.book.check(&new).map_err(fail::order)?;
    Ok(Some(json!({"order": accepted(ask, 0, &new)})))
}

fn read(ask: &Ask<'_>) -> Result<NewPlain, Fail> {
    let symbol = ask.symbol()?;
    let (buy, position_side, reduce_only) = (ask.is_buy()?, ask.position_side()?, ask.reduce_only()?);
    let qty = ask.decimal("quantity")?.ok_or_else(|| Fail::new(80_014, "Invalid parameters, parameter quantity is must"))?;
    let is_limit = ask.need("type")? == "LIMIT";
    let price = if is_limit { Some(ask.decimal("price")?.ok_or_else(|| Fail::parameter("price"))?) } else { None };
    let time_in_force = match (is_limit, ask.params.some("timeInForce")) {
        (true, None | Some("GTC")) => TimeInForce::Gtc,
        (true, Some("PostOnly")) => {
            check_rests(ask, &symbol, buy, price)?;
            TimeInForce::Gtc
        }
        (_, Some("IOC")) | (false, None | Some("GTC")) => TimeInForce::Ioc,
        (_, Some("FOK")) => return Err(Fail::not_simulated("timeInForce FOK")),
        _ => return Err(Fail::parameter("timeInForce")),
    };
    let new = NewPlain { client_id: client_id(ask)?, symbol, buy, position_side, reduce_only, price, time_in_force, qty, stop: None };
    check_closing(ask, new)
}

/// Names are letters and digits, and small.
fn client_id(ask: &Ask<'_>) -> Result<String, Fail> {
    match ask.params.some("clientOrderId") {
        None => Ok(ask.floor.made_up_id()),
        Some(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(name.to_ascii_lowercase()),
        Some(_) => Err(fail::order(Denial::BadClientId)),
    }
}

/// An order that only rests must not meet the market.
fn check_rests(ask: &Ask<'_>, symbol: &Symbol, buy: bool, price: Option<Decimal>) -> Result<(), Fail> {
    let last = ask.floor.book.market(symbol).map(|market| market.last);
    let would_take = matches!((price, last), (Some(price), Some(last)) if if buy { price >= last } else { price <= last });
    if would_take { Err(Fail::new(101_215, "The post-only order would be filled immediately")) } else { Ok(()) }
}

/// What only closes needs a position that no other resting order has taken. A market order that would turn a one-way
/// position over ends when that is closed.
fn check_closing(ask: &Ask<'_>, new: NewPlain) -> Result<NewPlain, Fail> {
    let book = &ask.floor.book;
    let effect = Effect::of(new.buy, new.position_side, new.reduce_only);
    let Some(side) = effect.closes else { return Ok(new) };
    let held = book.position(&new.symbol, side);
    if effect.opens.is_some() {
        let turns_over = new.price.is_none() && !held.is_zero() && new.qty > held;
        return Ok(if turns_over { NewPlain { qty: held, reduce_only: true, ..new } } else { new });
    }
    if held.is_zero() {
        let would_grow = new.reduce_only && !book.position(&new.symbol, side.other()).is_zero();
        let grows = || Fail::new(101_290, "The Reduce Only order can only decrease the position");
        return Err(if would_grow { grows() } else { fail::order(Denial::NoPosition) });
    }
    // What becomes of one that is too large is not documented; here it is refused.
    if new.qty > held - ask.floor.reserved(&new.symbol, side) { Err(fail::held_up()) } else { Ok(new) }
}

/// `POST /openApi/swap/v2/trade/batchOrders`. Orders that are refused are not in the answer: how their errors are told is
/// not documented.
pub fn place_batch(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let list = texts(ask.need("batchOrders")?).ok_or_else(|| Fail::parameter("batchOrders"))?;
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(Fail::new(109_400, format!("Invalid parameters, err:batchOrders must be 1 to {BATCH_MAX}")));
    }
    let (mut taken, mut first) = (Vec::new(), None);
    for (index, order) in list.iter().enumerate() {
        let params = Params::of(order);
        let mut one = Ask { floor: ask.floor, notes: ask.notes, params: &params, now: ask.now };
        let result = match one.floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None => each(&mut one),
        };
        match result {
            Ok(row) => taken.push(row),
            Err(fail) => {
                ask.floor.note_code(&fail.code);
                first.get_or_insert(fail);
            }
        }
    }
    match first {
        Some(fail) if taken.is_empty() => Err(fail),
        _ => Ok(Some(json!({"orders": taken}))),
    }
}

/// Closes one side at market, and tells the order's id.
fn close(ask: &mut Ask<'_>, symbol: &Symbol, side: Side) -> Result<u64, Fail> {
    let is_hedge = ask.floor.book.is_hedge();
    let new = NewPlain {
        client_id: ask.floor.made_up_id(),
        symbol: symbol.clone(),
        buy: side == Side::Short,
        position_side: is_hedge.then_some(side),
        reduce_only: !is_hedge,
        price: None,
        time_in_force: TimeInForce::Ioc,
        qty: ask.floor.book.position(symbol, side),
        stop: None,
    };
    let new = check_closing(ask, new)?;
    ask.floor.book.place(&new, ask.now).map(|number| shown_id(Id::Plain(number))).map_err(fail::order)
}

/// `POST /openApi/swap/v2/trade/closeAllPositions`: of one contract or of all, both sides.
pub fn close_all(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let only = ask.symbol_if_any()?;
    let held = |ask: &Ask<'_>| -> Vec<(Symbol, Side)> {
        let markets = ask.floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol));
        let sides = markets.flat_map(|(symbol, market)| SIDES.map(|side| (symbol.clone(), side, market.held(side).qty)));
        sides.filter(|(_, _, qty)| !qty.is_zero()).map(|(symbol, side, _)| (symbol, side)).collect()
    };
    let (mut success, mut failed) = (Vec::new(), Vec::new());
    for (symbol, side) in held(ask) {
        match close(ask, &symbol, side) {
            Ok(id) => success.push(id),
            Err(fail) => failed.push(json!({"symbol": symbol.as_str(), "errorCode": fail.code_value(), "errorMessage": fail.msg})),
        }
    }
    Ok(Some(json!({"success": success, "failed": or_null(failed)})))
}

/// `POST /openApi/swap/v1/trade/closePosition`
pub fn close_one(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let id = ask.need("positionId")?;
    let all = ask.floor.book.markets().flat_map(|(symbol, _)| SIDES.map(|side| (symbol.clone(), side)));
    let found = all.into_iter().find(|(symbol, side)| position_id(ask.floor, symbol, *side) == id);
    let (symbol, side) = found.ok_or_else(fail::no_position)?;
    let qty = ask.floor.book.position(&symbol, side);
    let (position, order) = (id.to_owned(), close(ask, &symbol, side)?);
    let (direction, words) = if side == Side::Long { ("Ask", "Long") } else { ("Bid", "Short") };
    Ok(Some(json!({
        "orderId": order, "positionId": position, "symbol": symbol.as_str(), "side": direction, "type": "MARKET", "positionSide": words,
        "origQty": qty,
    })))
}

/// A list, or null for one that is empty.
fn or_null(list: Vec<Value>) -> Value {
    if list.is_empty() { Value::Null } else { Value::Array(list) }
}

/// `DELETE /openApi/swap/v2/trade/order`
pub fn cancel(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!({"order": cancel_one(ask)?})))
}

fn cancel_one(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let line = ask.named()?.ok_or_else(fail::no_order)?;
    match status(&line) {
        "FILLED" => return Err(Fail::new(80_018, "order is already filled")),
        _ if line.has_ended() => return Err(fail::no_order()),
        _ => {}
    }
    let id = line.id;
    remove(ask, id)
}

/// Cancels an order and shows it.
fn remove(ask: &mut Ask<'_>, id: Id) -> Result<Value, Fail> {
    id.cancel(&mut ask.floor.book, ask.now).map_err(fail::order)?;
    let line = Line::find(&ask.floor.book, id).ok_or_else(fail::no_order)?;
    Ok(rows::cancelled(ask.floor, ask.notes, &line))
}

/// `DELETE /openApi/swap/v2/trade/batchOrders`
pub fn cancel_batch(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let (name, text) = match (ask.params.some("orderIdList"), ask.params.some("clientOrderIdList")) {
        (Some(text), _) => ("orderId", text),
        (None, Some(text)) => ("clientOrderId", text),
        (None, None) => return Err(Fail::parameter("orderIdList")),
    };
    let list = texts(text).filter(|list| !list.is_empty() && list.len() <= CANCEL_BATCH_MAX).ok_or_else(|| Fail::parameter(name))?;
    let (mut success, mut failed) = (Vec::new(), Vec::new());
    for id in &list {
        let params = Params(vec![("symbol".to_owned(), symbol.as_str().to_owned()), (name.to_owned(), text_of(id))]);
        let mut one = Ask { floor: ask.floor, notes: ask.notes, params: &params, now: ask.now };
        match cancel_one(&mut one) {
            Ok(row) => success.push(row),
            Err(fail) => {
                ask.floor.note_code(&fail.code);
                let (order, client) = if name == "orderId" { (id.clone(), json!("")) } else { (json!(0), id.clone()) };
                failed.push(json!({"orderId": order, "clientOrderId": client, "errorCode": fail.code_value(), "errorMessage": fail.msg}));
            }
        }
    }
    Ok(Some(json!({"success": success, "failed": or_null(failed)})))
}

/// `DELETE /openApi/swap/v2/trade/allOpenOrders`: orders that wait for a price too, unless a type is named; of all
/// contracts, if none is.
pub fn cancel_all(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let (only, wanted) = (ask.symbol_if_any()?, ask.params.some("type"));
    let meant = Line::open(&ask.floor.book).filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol));
    let meant: Vec<Id> = meant.filter(|line| wanted.is_none_or(|wanted| kind(line) == wanted)).map(|line| line.id).collect();
    let success: Vec<Value> = meant.into_iter().filter_map(|id| remove(ask, id).ok()).collect();
    Ok(Some(json!({"success": success, "failed": null})))
}

//! Plain orders: placing, batches, cancelling, queries, executions.

use perphook::exchange::paper::{Denial, Effect, NewPlain, Order, TimeInForce};
use perphook::market::{Decimal, Millis, Symbol};
use serde_json::Value;

use super::super::floor::Floor;
use super::super::params::{Params, text_of};
use super::fail::{self, Fail};
use super::rows::{self, Detail};
use super::{PLAIN_ID_BASE, is_buy, position_side, symbol_if_any, symbol_of};

const BATCH_MAX: usize = 5;
const CANCEL_BATCH_MAX: usize = 10;
const LIST_DEFAULT: usize = 500;
const LIST_MAX: usize = 1000;
const WEEK_MS: Millis = 7 * 24 * 3_600_000;

pub fn place(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let new = read_order(floor, params)?;
    let number = floor.book.place(&new, now).map_err(|denial| refusal(denial, &new))?;
    let order = floor.book.order_by_number(number).ok_or_else(unknown)?;
    // With RESULT the answer waits for what ends at once; a resting limit order is acknowledged as it came in.
    let is_result = params.some("newOrderRespType") == Some("RESULT");
    let ends_at_once = order.price.is_none() || order.time_in_force == TimeInForce::Ioc;
    let detail = if is_result && ends_at_once { Detail::Acknowledged } else { Detail::Accepted };
    let mut out = String::with_capacity(600);
    rows::order(&mut out, floor, order, detail);
    Ok(out)
}

pub fn test(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    let new = read_order(floor, params)?;
    floor.book.check(&new).map_err(|denial| refusal(denial, &new))?;
    Ok("{}".to_owned())
}

pub fn place_batch(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let text = params.some("batchOrders").ok_or_else(|| Fail::mandatory("batchOrders"))?;
    let list: Vec<Value> =
        serde_json::from_str(text).map_err(|_| Fail::new(-1130, "Data sent for parameter 'batchOrders' is not valid."))?;
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(Fail::new(-4082, "Invalid number of batch place orders."));
    }
    let mut out = String::with_capacity(600 * list.len());
    let mut bodies = Vec::with_capacity(list.len());
    for (index, order) in list.iter().enumerate() {
        let result = match floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None => place(floor, &Params::of(order), now),
        };
        bodies.push(result.unwrap_or_else(|fail| element_error(floor, &fail)));
    }
    rows::list(&mut out, bodies.iter(), |out, body| out.push_str(body));
    Ok(out)
}

/// An error inside a list.
fn element_error(floor: &mut Floor, fail: &Fail) -> String {
    floor.note_code(&fail.code);
    fail.body()
}

fn read_order(floor: &Floor, params: &Params) -> Result<NewPlain, Fail> {
    let symbol = symbol_of(floor, params)?;
    let buy = is_buy(params)?;
    let kind = params.some("type").ok_or_else(|| Fail::mandatory("type"))?;
    let is_limit = match kind {
        "LIMIT" => true,
        "MARKET" => false,
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET" => {
            return Err(Fail::new(-4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."));
        }
        _ => return Err(Fail::new(-1116, "Invalid orderType.")),
    };
    if floor.book.is_hedge() && params.some("reduceOnly").is_some() {
        return Err(Fail::not_required("reduceOnly"));
    }
    for name in ["closePosition", "stopPrice", "triggerPrice"] {
        if params.some(name).is_some_and(|value| !value.eq_ignore_ascii_case("false")) {
            return Err(Fail::not_required(name));
        }
    }
    let time_in_force = match (is_limit, params.some("timeInForce")) {
        (true, Some("GTC")) | (false, None) => TimeInForce::Gtc,
        (true, Some("IOC")) => TimeInForce::Ioc,
        (true, None) => return Err(Fail::mandatory("timeInForce")),
        (true, Some(_)) => return Err(Fail::new(-1115, "Invalid timeInForce: only GTC and IOC are simulated.")),
        (false, Some(_)) => return Err(Fail::not_required("timeInForce")),
    };
    let qty = params.decimal("quantity").ok_or_else(|| Fail::mandatory("quantity"))?;
    let price = if is_limit { Some(params.decimal("price").ok_or_else(|| Fail::mandatory("price"))?) } else { None };
    if !is_limit && params.some("price").is_some() {
        return Err(Fail::not_required("price"));
    }
    check_digits(floor, &symbol, price, Some(qty))?;
    let position_side = position_side(floor, params)?;
    let client_id = params.some("newClientOrderId").map_or_else(|| floor.made_up_id(), str::to_owned);
    let reduce_only = params.is_true("reduceOnly");
    Ok(NewPlain { client_id, symbol, buy, position_side, reduce_only, price, time_in_force, qty, stop: None })
}

/// More digits than the contract's precision fields allow are their own error.
pub fn check_digits(floor: &Floor, symbol: &Symbol, price: Option<Decimal>, qty: Option<Decimal>) -> Result<(), Fail> {
    let instrument = floor.book.instrument(symbol.as_str()).map_err(fail::plain)?;
    let price_digits = instrument.tick.scale() + u32::from(&*instrument.base == "BTC");
    let is_too_fine = |value: Option<Decimal>, digits: u32| value.is_some_and(|value| value.normalize().scale() > digits);
    if is_too_fine(price, price_digits) || is_too_fine(qty, instrument.lot_step.scale()) {
        return Err(Fail::new(-1111, "Precision is over the maximum defined for this asset."));
    }
    Ok(())
}

/// The words for a refused order: the band's code depends on the direction.
fn refusal(denial: Denial, new: &NewPlain) -> Fail {
    match denial {
        Denial::PriceBand { mark } if !new.buy => {
            Fail::new(-4024, format!("Limit price can't be lower than 95% of the mark price {mark}."))
        }
        Denial::NoPosition if Effect::of(new.buy, new.position_side, new.reduce_only).opens.is_none() => {
            Fail::new(-2022, "ReduceOnly Order is rejected.")
        }
        other => fail::plain(other),
    }
}

fn unknown() -> Fail {
    Fail::new(-2013, "Order does not exist.")
}

/// The order a request names by id or client id, if it can be seen yet.
fn named<'a>(floor: &'a Floor, params: &Params, now: Millis) -> Result<Option<&'a Order>, Fail> {
    let symbol = symbol_of(floor, params)?;
    let order = match (params.read::<u64>("orderId"), params.some("origClientOrderId")) {
        (Some(id), _) => id.checked_sub(PLAIN_ID_BASE).and_then(|number| floor.book.order_by_number(number)),
        (None, Some(client_id)) => floor.book.order_by_id(client_id),
        (None, None) => {
            return Err(Fail::new(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"));
        }
    };
    Ok(order.filter(|order| order.symbol == symbol && floor.is_visible(order.created, now)))
}

pub fn query(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(floor, params, now)?.ok_or_else(unknown)?;
    let mut out = String::with_capacity(600);
    rows::order(&mut out, floor, order, Detail::Full);
    Ok(out)
}

pub fn query_open(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(floor, params, now)?.filter(|order| !order.status.is_final()).ok_or_else(unknown)?;
    let mut out = String::with_capacity(600);
    rows::order(&mut out, floor, order, Detail::Full);
    Ok(out)
}

pub fn list_open(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let mut out = String::with_capacity(1024);
    let open = floor.book.open_orders().iter().filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol));
    rows::list(&mut out, open.filter(|order| floor.is_visible(order.created, now)), |out, order| {
        rows::order(out, floor, order, Detail::Full);
    });
    Ok(out)
}

pub fn list_all(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let range = Range::read(floor, params, now)?;
    let from = params.read::<u64>("orderId").map(|id| id.saturating_sub(PLAIN_ID_BASE));
    let mut orders: Vec<&Order> = floor
        .book
        .all_orders()
        .filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol) && floor.is_visible(order.created, now))
        .filter(|order| from.is_none_or(|from| order.number >= from) && range.holds(order.created))
        .collect();
    orders.sort_by_key(|order| order.number);
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, range.cut(&orders).iter(), |out, order| rows::order(out, floor, order, Detail::Full));
    Ok(out)
}

pub fn trades(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let range = Range::read(floor, params, now)?;
    let order = params.read::<u64>("orderId").map(|id| id.saturating_sub(PLAIN_ID_BASE));
    let from = params.read::<u64>("fromId");
    let trades: Vec<_> = floor
        .book
        .trades()
        .iter()
        .filter(|trade| trade.symbol == symbol && range.holds(trade.at))
        .filter(|trade| order.is_none_or(|number| trade.order == number) && from.is_none_or(|id| trade.id >= id))
        .collect();
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, range.cut(&trades).iter(), |out, trade| rows::trade(out, floor, trade));
    Ok(out)
}

/// `startTime`, `endTime` and `limit` of a list.
pub struct Range {
    from: Millis,
    to: Millis,
    limit: usize,
    is_from_given: bool,
}

impl Range {
    /// Reads them; without a start it is the last seven days, and no window is longer than that.
    pub fn read(floor: &Floor, params: &Params, now: Millis) -> Result<Range, Fail> {
        let time = |name| params.read::<Millis>(name).map(|shown| floor.true_time(shown));
        let (start, end) = (time("startTime"), time("endTime"));
        let from = start.unwrap_or_else(|| end.unwrap_or(now).saturating_sub(WEEK_MS));
        let to = end.unwrap_or(from + WEEK_MS);
        if to.saturating_sub(from) > WEEK_MS && end.is_some() && start.is_some() {
            return Err(Fail::new(-4166, "Search window is restricted to recent 7 days only."));
        }
        let limit = params.read::<usize>("limit").unwrap_or(LIST_DEFAULT).min(LIST_MAX);
        Ok(Range { from, to, limit, is_from_given: start.is_some() || params.some("fromId").is_some() || params.some("orderId").is_some() })
    }

    /// Whether a time lies within.
    pub fn holds(&self, at: Millis) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// The first rows from a given start, the last ones otherwise.
    pub fn cut<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        let excess = rows.len().saturating_sub(self.limit);
        if self.is_from_given { rows.get(..rows.len() - excess) } else { rows.get(excess..) }.unwrap_or_default()
    }
}

pub fn cancel(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let gone = || Fail::new(-2011, "Unknown order sent.");
    let number = named(floor, params, now)?.map(|order| order.number).ok_or_else(gone)?;
    floor.book.cancel(number, now).map_err(fail::plain)?;
    let order = floor.book.order_by_number(number).ok_or_else(gone)?;
    let mut out = String::with_capacity(600);
    rows::order(&mut out, floor, order, Detail::Acknowledged);
    Ok(out)
}

pub fn cancel_batch(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let (name, text) = match (params.some("orderIdList"), params.some("origClientOrderIdList")) {
        (Some(text), _) => ("orderId", text),
        (None, Some(text)) => ("origClientOrderId", text),
        (None, None) => return Err(Fail::mandatory("orderIdList")),
    };
    let list: Vec<Value> = serde_json::from_str(text).map_err(|_| Fail::new(-1130, "Data sent for parameter is not valid."))?;
    if list.is_empty() || list.len() > CANCEL_BATCH_MAX {
        return Err(Fail::new(-4082, "Invalid number of batch cancel orders."));
    }
    let bodies: Vec<String> = list
        .iter()
        .map(|id| Params(vec![("symbol".to_owned(), symbol.as_str().to_owned()), (name.to_owned(), text_of(id))]))
        .map(|one| cancel(floor, &one, now).unwrap_or_else(|fail| element_error(floor, &fail)))
        .collect();
    let mut out = String::with_capacity(600 * bodies.len());
    rows::list(&mut out, bodies.iter(), |out, body| out.push_str(body));
    Ok(out)
}

pub fn cancel_all(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    floor.book.cancel_all(&symbol, now);
    Ok("{\"code\":200,\"msg\":\"The operation of cancel all open order is done.\"}".to_owned())
}

pub fn countdown(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let ms: Millis = params.read("countdownTime").ok_or_else(|| Fail::mandatory("countdownTime"))?;
    floor.cancel_all_at(&symbol, (ms > 0).then(|| now.saturating_add(ms)));
    Ok(format!("{{\"symbol\":\"{symbol}\",\"countdownTime\":\"{ms}\"}}"))
}

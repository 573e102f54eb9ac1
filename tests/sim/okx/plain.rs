//! Plain orders: placing, batches, cancelling, closing a position, queries, executions.

use perphook::exchange::paper::{Denial, Effect, NewPlain, Order, TimeInForce, Trade};
use perphook::market::{Decimal, MarginMode, Millis, OrderStatus, Side, Symbol};
use serde_json::Value;

use super::super::floor::Floor;
use super::super::params::Params;
use super::super::wire::Call;
use super::account::margin_mode;
use super::desk::{Attached, Desk, Plain};
use super::fail::{self, Fail};
use super::guards;
use super::json::{self, Row};
use super::public::band;
use super::{is_buy, position_side, rows, symbol_if_any, symbol_of};

/// Orders that one request may place or cancel.
const BATCH_MAX: usize = 20;
const CLIENT_ID_MAX: usize = 32;
const PAGE_MAX: usize = 100;
const DAY_MS: Millis = 24 * 3_600_000;
/// An order that was cancelled without an execution is forgotten after this time.
const FORGOTTEN_MS: Millis = 2 * 3_600_000;
/// Seconds of the dead man's switch.
const SWITCH_S: std::ops::RangeInclusive<u64> = 10..=120;

/// One element of an answer: the row of what was done, or how the row of what was refused begins, and why.
pub type Element = Result<String, (Row, Fail)>;

/// The body of an answer with elements: code 0 if all went well, 1 if all failed, 2 otherwise.
pub fn elements(floor: &mut Floor, list: Vec<Element>, now: Millis) -> String {
    let failed = list.iter().filter(|element| element.is_err()).count();
    let code = if failed == 0 { 0 } else { 1 + u8::from(failed < list.len()) };
    let msg = if code == 1 { "All operations failed" } else { "" };
    let rows: Vec<String> = list
        .into_iter()
        .map(|element| {
            element.unwrap_or_else(|(row, fail)| {
                floor.note_code(&fail.code);
                row.text("tag", "").text("sCode", fail.code).text("sMsg", fail.msg).text("subCode", fail.sub_code).end()
            })
        })
        .collect();
    let (at, data) = (floor.shown(now), json::list(&rows));
    format!("{{\"code\":\"{code}\",\"msg\":\"{msg}\",\"data\":{data},\"inTime\":\"{at}123\",\"outTime\":\"{at}456\"}}")
}

/// How the row of an order begins that was not taken or not withdrawn.
pub fn refused(floor: &Floor, params: &Params, now: Millis) -> Row {
    let row = Row::new().text("clOrdId", params.some("clOrdId").unwrap_or_default());
    row.text("ordId", params.some("ordId").unwrap_or_default()).text("ts", floor.shown(now))
}

/// The row of an order that was taken or withdrawn: what became of it is not told.
fn acknowledged(floor: &Floor, order: Option<&Order>, tag: &str, words: &str, now: Millis) -> String {
    let row = Row::new().text("clOrdId", order.map_or("", rows::client_id));
    let row = row.text("ordId", order.map(|order| rows::order_id(order.number).to_string()).unwrap_or_default()).text("tag", tag);
    row.text("ts", floor.shown(now)).text("sCode", "0").text("sMsg", words).text("subCode", "").end()
}

pub fn place(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    if call.json.as_ref().is_some_and(Value::is_array) {
        return Err(Fail::with_status(400, 50002, "JSON syntax error"));
    }
    let one = place_one(desk, floor, &call.params, call.json.as_ref(), now);
    Ok(elements(floor, vec![one], now))
}

pub fn place_batch(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let mut answers = Vec::new();
    for (index, order) in list_of(call, BATCH_MAX)?.iter().enumerate() {
        let params = Params::of(order);
        answers.push(match floor.refused_element(index) {
            Some(refusal) => Err((refused(floor, &params, now), Fail::of(&refusal))),
            None => place_one(desk, floor, &params, Some(order), now),
        });
        desk.settle(floor, now);
    }
    Ok(elements(floor, answers, now))
}

/// The elements of a body that must be a list.
pub fn list_of<'a>(call: &'a Call<'_>, max: usize) -> Result<&'a [Value], Fail> {
    let list = call.json.as_ref().and_then(Value::as_array).ok_or_else(|| Fail::with_status(400, 50002, "JSON syntax error"))?;
    if list.is_empty() || list.len() > max { Err(Fail::parameter("orders")) } else { Ok(list) }
}

fn place_one(desk: &mut Desk, floor: &mut Floor, params: &Params, json: Option<&Value>, now: Millis) -> Element {
    let result = read_order(desk, floor, params, json).and_then(|(new, extra)| {
        let tag = extra.tag.clone();
        let number = send(desk, floor, new, extra, now)?;
        Ok(acknowledged(floor, floor.book.order_by_number(number), &tag, "Order placed", now))
    });
    result.map_err(|fail| (refused(floor, params, now), fail))
}

/// Puts an order that was read before the book.
fn send(desk: &mut Desk, floor: &mut Floor, new: NewPlain, mut extra: Plain, now: Millis) -> Result<u64, Fail> {
    let effect = Effect::of(new.buy, new.position_side, new.reduce_only);
    desk.adopt(floor, &new.symbol, extra.mode, effect)?;
    if let (Some(side), None) = (effect.closes, effect.opens) {
        let held = floor.book.position(&new.symbol, side);
        if held.is_zero() && !floor.book.position(&new.symbol, side.other()).is_zero() && new.position_side.is_none() {
            let words = "Order failed because a reduce-only order can't be in the same direction as your existing positions";
            return Err(Fail::new(51170, words));
        }
        // In long/short mode orders that rest hold what they would close (unconfirmed; harder for a client).
        if floor.book.is_hedge() && !held.is_zero() && new.qty > floor.free_to_close(&new.symbol, side, held) {
            return Err(Fail::oversized());
        }
    }
    let side = effect.opens.or(effect.closes).filter(|_| floor.book.is_hedge());
    extra.lever = desk.lever(&new.symbol, extra.mode, side);
    let number = floor.book.place(&new, now).map_err(fail::plain)?;
    desk.note(floor, number, extra);
    Ok(number)
}

fn read_order(desk: &Desk, floor: &Floor, params: &Params, json: Option<&Value>) -> Result<(NewPlain, Plain), Fail> {
    let symbol = symbol_of(floor, params)?;
    let mode = trade_mode(desk, params)?;
    let buy = is_buy(params)?;
    let position_side = position_side(floor, params)?;
    let (kind, time_in_force) = match params.some("ordType") {
        Some("market") => ("market", TimeInForce::Gtc),
        Some("limit") => ("limit", TimeInForce::Gtc),
        Some("post_only") => ("post_only", TimeInForce::Gtc),
        Some("ioc") => ("ioc", TimeInForce::Ioc),
        Some("fok" | "optimal_limit_ioc") => return Err(Fail::not_simulated("this ordType")),
        _ => return Err(Fail::parameter("ordType")),
    };
    let elsewhere = ["slTriggerPx", "tpTriggerPx", "triggerPx", "closeFraction"];
    if let Some(name) = elsewhere.iter().find(|name| params.some(name).is_some()) {
        return Err(Fail::parameter(name));
    }
    let qty = size(floor, &symbol, params)?;
    let price = if kind == "market" { None } else { Some(limit_price(floor, &symbol, buy, params)?) };
    if kind == "post_only" && price.is_some_and(|price| would_take(floor, &symbol, buy, price)) {
        return Err(Fail::not_simulated("a post_only order that would take, which is cancelled at once"));
    }
    let client_id = client_id(floor, params, "clOrdId")?;
    // In long/short mode the mark is not read: side and posSide say it.
    let reduce_only = params.is_true("reduceOnly") && !floor.book.is_hedge();
    let new = NewPlain { client_id, symbol, buy, position_side, reduce_only, price, time_in_force, qty, stop: None };
    let attached = match json.and_then(|json| json.get("attachAlgoOrds")).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => attached(desk, floor, &new, mode, list)?,
        _ => Vec::new(),
    };
    let tag = params.some("tag").unwrap_or_default().to_owned();
    Ok((new, Plain { mode, kind, tag, lever: 0, attached }))
}

/// `tdMode`, if the account may trade in it.
pub fn trade_mode(desk: &Desk, params: &Params) -> Result<MarginMode, Fail> {
    let mode = margin_mode(params, "tdMode")?;
    match (desk.level, mode) {
        (1, _) => Err(Fail::new(51010, "You can't complete this request under your current account mode.")),
        (3, MarginMode::Isolated) => Err(Fail::new(50072, "Isolated margin mode is no longer supported in your account mode.")),
        _ => Ok(mode),
    }
}

/// `sz`, in coins.
pub fn size(floor: &Floor, symbol: &Symbol, params: &Params) -> Result<Decimal, Fail> {
    let contracts = params.decimal("sz").filter(|sz| *sz > Decimal::ZERO).ok_or_else(|| Fail::parameter("sz"))?;
    let instrument = floor.book.instrument(symbol.as_str()).map_err(fail::plain)?;
    instrument.coins(contracts).ok_or_else(|| Fail::parameter("sz"))
}

/// `px`, moved into the band if the client wants that.
fn limit_price(floor: &Floor, symbol: &Symbol, buy: bool, params: &Params) -> Result<Decimal, Fail> {
    let price = params.decimal("px").ok_or_else(|| Fail::parameter("px"))?;
    let market = floor.book.market(symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
    let (lowest, highest) = band(floor, symbol, market);
    match params.some("pxAmendType") {
        Some("1") => Ok(if buy { price.min(highest) } else { price.max(lowest) }),
        None | Some("0") => Ok(price),
        Some(_) => Err(Fail::parameter("pxAmendType")),
    }
}

fn would_take(floor: &Floor, symbol: &Symbol, buy: bool, price: Decimal) -> bool {
    floor.book.market(symbol).is_some_and(|market| if buy { price >= market.last } else { price <= market.last })
}

/// A name of letters and digits, or one that is made up.
pub fn client_id(floor: &Floor, params: &Params, field: &str) -> Result<String, Fail> {
    let Some(name) = params.some(field) else { return Ok(floor.made_up_id()) };
    let fits = name.len() <= CLIENT_ID_MAX && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(name.to_owned()) } else { Err(Fail::parameter(field)) }
}

/// Stops and targets that come with an order: for its size, on the other side of its price.
fn attached(desk: &Desk, floor: &Floor, new: &NewPlain, mode: MarginMode, list: &[Value]) -> Result<Vec<Attached>, Fail> {
    if Effect::of(new.buy, new.position_side, new.reduce_only).opens.is_none() {
        return Err(Fail::new(51333, "TP/SL orders cannot be attached to reduce-only or closing orders"));
    }
    let [one] = list else { return Err(Fail::not_simulated("several attachAlgoOrds")) };
    let spec = guards::read_attached(floor, &Params::of(one), new, mode)?;
    if desk.is_taken(&spec.name) {
        return Err(Fail::new(51068, "attachAlgoClOrdId already exists within algoClOrdId and attachAlgoClOrdId"));
    }
    Ok(vec![Attached { spec, fail_code: String::new() }])
}

/// The order a request names by id or name, if it can be seen yet and is not forgotten.
fn named<'a>(floor: &'a Floor, params: &Params, now: Millis) -> Result<Option<&'a Order>, Fail> {
    let symbol = symbol_of(floor, params)?;
    let order = match (params.some("ordId"), params.some("clOrdId")) {
        (Some(id), _) => id.parse().ok().and_then(rows::order_number).and_then(|number| floor.book.order_by_number(number)),
        (None, Some(name)) => {
            // What an algo order sent has no name of its own here.
            let mut mine = floor.book.all_orders().filter(|order| order.symbol == symbol && rows::client_id(order) == name);
            mine.next_back()
        }
        (None, None) => return Err(Fail::parameter("ordId")),
    };
    Ok(order.filter(|order| order.symbol == symbol && floor.is_visible(order.created, now) && is_remembered(order, now)))
}

fn is_remembered(order: &Order, now: Millis) -> bool {
    let is_empty = order.status.is_final() && order.status != OrderStatus::Filled && order.filled.is_zero();
    !is_empty || order.updated + FORGOTTEN_MS > now
}

pub fn query(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let order = named(floor, &call.params, now)?.ok_or_else(Fail::no_such_order)?;
    Ok(json::data(&[rows::order(floor, desk, order)]))
}

pub fn cancel(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let one = cancel_one(floor, &call.params, now);
    Ok(elements(floor, vec![one], now))
}

pub fn cancel_batch(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let answers = list_of(call, BATCH_MAX)?.iter().map(|one| cancel_one(floor, &Params::of(one), now)).collect();
    Ok(elements(floor, answers, now))
}

fn cancel_one(floor: &mut Floor, params: &Params, now: Millis) -> Element {
    let open = named(floor, params, now).map(|order| order.filter(|order| !order.status.is_final()).map(|order| order.number));
    let result = open.and_then(|number| {
        let number = number.ok_or_else(Fail::gone)?;
        floor.book.cancel(number, now).map_err(fail::plain)?;
        Ok(acknowledged(floor, floor.book.order_by_number(number), "", "", now))
    });
    result.map_err(|fail| (refused(floor, params, now), fail))
}

/// Closes one side at the market. Orders that rest and would close it stand in the way, unless they may be withdrawn.
pub fn close_position(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let params = &call.params;
    let symbol = symbol_of(floor, params)?;
    let mode = margin_mode(params, "mgnMode")?;
    let named = position_side(floor, params)?;
    let sides = named.map_or(vec![Side::Long, Side::Short], |side| vec![side]);
    let held = sides.into_iter().map(|side| (side, floor.book.position(&symbol, side))).find(|(_, qty)| !qty.is_zero());
    let is_mode = floor.book.market(&symbol).is_some_and(|market| market.margin_mode == mode);
    let (side, qty) = held.filter(|_| is_mode).ok_or_else(|| Fail::new(51023, "Position does not exist."))?;
    let closing = floor.book.open_orders().iter().filter(|order| order.symbol == symbol);
    let closing = closing.filter(|order| order.effect().closes == Some(side) && order.effect().opens.is_none());
    let closing: Vec<u64> = closing.map(|order| order.number).collect();
    if !closing.is_empty() && !params.is_true("autoCxl") {
        return Err(Fail::new(51115, "Cancel all pending close-orders before liquidation."));
    }
    let (client_id, buy) = (client_id(floor, params, "clOrdId")?, side == Side::Short);
    for number in closing {
        floor.book.cancel(number, now).map_err(fail::plain)?;
    }
    let (reduce_only, time_in_force) = (named.is_none(), TimeInForce::Gtc);
    let new = NewPlain { client_id, symbol, buy, position_side: named, reduce_only, price: None, time_in_force, qty, stop: None };
    let tag = params.some("tag").unwrap_or_default().to_owned();
    let extra = Plain { mode, kind: "market", tag: tag.clone(), lever: 0, attached: Vec::new() };
    let row = Row::new().text("clOrdId", params.some("clOrdId").unwrap_or_default()).text("instId", &new.symbol);
    send(desk, floor, new, extra, now)?;
    Ok(json::data(&[row.text("posSide", json::position_side(named)).text("tag", tag).end()]))
}

pub fn cancel_after(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let seconds: u64 = call.params.read("timeOut").ok_or_else(|| Fail::parameter("timeOut"))?;
    if seconds != 0 && !SWITCH_S.contains(&seconds) {
        return Err(Fail::parameter("timeOut"));
    }
    let at = (seconds != 0).then(|| now + seconds * 1000);
    let symbols: Vec<Symbol> = floor.book.instruments().iter().map(|one| one.symbol.clone()).collect();
    symbols.iter().for_each(|symbol| floor.cancel_all_at(symbol, at));
    let row = Row::new().text("triggerTime", at.map_or(0, |at| floor.shown(at))).text("tag", "").text("ts", floor.shown(now));
    Ok(json::data(&[row.end()]))
}

/// The part of a list that a request wants; lists are newest first.
pub struct Page {
    older_than: Option<u64>,
    newer_than: Option<u64>,
    from: Millis,
    to: Millis,
    limit: usize,
}

impl Page {
    /// Reads it; what is older than `age` is not listed at all.
    pub fn read(floor: &Floor, params: &Params, age: Millis, now: Millis) -> Result<Page, Fail> {
        let time = |name| params.read::<Millis>(name).map(|shown| floor.true_time(shown));
        let limit = params.some("limit").map_or(Ok(PAGE_MAX), |text| text.parse().map_err(|_| Fail::parameter("limit")))?;
        let from = time("begin").unwrap_or(0).max(now.saturating_sub(age));
        let (older_than, newer_than) = (params.read("after"), params.read("before"));
        Ok(Page { older_than, newer_than, from, to: time("end").unwrap_or(Millis::MAX), limit: limit.min(PAGE_MAX) })
    }

    /// Cuts it out of a list of ids, times and things.
    pub fn cut<T>(&self, list: impl Iterator<Item = (u64, Millis, T)>) -> Vec<T> {
        let is_meant = |(id, at, _): &(u64, Millis, T)| {
            self.older_than.is_none_or(|bound| *id < bound)
                && self.newer_than.is_none_or(|bound| *id > bound)
                && (self.from..=self.to).contains(at)
        };
        let mut meant: Vec<(u64, Millis, T)> = list.filter(is_meant).collect();
        meant.sort_by_key(|(id, ..)| std::cmp::Reverse(*id));
        // Towards newer ones it is the oldest of them that come.
        let skipped = if self.newer_than.is_some() { meant.len().saturating_sub(self.limit) } else { 0 };
        meant.into_iter().skip(skipped).take(self.limit).map(|(_, _, one)| one).collect()
    }
}

/// Whether a request wants this kind of order.
fn is_wanted(params: &Params, desk: &Desk, order: &Order) -> bool {
    let kind = desk.plain.get(&order.number).map_or("market", |plain| plain.kind);
    params.some("state").is_none_or(|state| state == rows::state(order))
        && params.some("ordType").is_none_or(|kinds| kinds.split(',').any(|one| one == kind))
}

pub fn list_open(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let page = Page::read(floor, &call.params, Millis::MAX, now)?;
    let open = floor.book.open_orders().iter().filter(|order| floor.is_visible(order.created, now));
    let open = open.filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol) && is_wanted(&call.params, desk, order));
    let list = page.cut(open.map(|order| (rows::order_id(order.number), order.created, order)));
    Ok(json::data(&list.into_iter().map(|order| rows::order(floor, desk, order)).collect::<Vec<String>>()))
}

pub fn list_ended(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    if call.params.some("instType") != Some("SWAP") {
        return Err(Fail::parameter("instType"));
    }
    let only = symbol_if_any(floor, &call.params)?;
    let page = Page::read(floor, &call.params, 7 * DAY_MS, now)?;
    let ended = floor.book.all_orders().filter(|order| order.status.is_final() && floor.is_visible(order.created, now));
    let ended = ended.filter(|order| is_remembered(order, now) && is_wanted(&call.params, desk, order));
    let ended = ended.filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol));
    let list = page.cut(ended.map(|order| (rows::order_id(order.number), order.updated, order)));
    Ok(json::data(&list.into_iter().map(|order| rows::order(floor, desk, order)).collect::<Vec<String>>()))
}

pub fn fills(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    list_fills(floor, &call.params, 3 * DAY_MS, now)
}

pub fn fills_of_months(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    if call.params.some("instType") != Some("SWAP") {
        return Err(Fail::parameter("instType"));
    }
    list_fills(floor, &call.params, 90 * DAY_MS, now)
}

fn list_fills(floor: &Floor, params: &Params, age: Millis, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let page = Page::read(floor, params, age, now)?;
    let order = params.some("ordId").map(|id| id.parse().ok().and_then(rows::order_number).unwrap_or(0));
    let is_meant = |trade: &&Trade| {
        only.as_ref().is_none_or(|symbol| trade.symbol == *symbol)
            && order.is_none_or(|number| trade.order == number)
            && floor.is_visible(trade.at, now)
    };
    let list = page.cut(floor.book.trades().iter().filter(is_meant).map(|trade| (rows::bill_id(trade.id), trade.at, trade)));
    Ok(json::data(&list.into_iter().map(|trade| rows::fill(floor, trade)).collect::<Vec<String>>()))
}

//! Algo orders: stops and targets that wait for a price, and pairs of them.

use perphook::exchange::paper::{Denial, Effect, NewPlain};
use perphook::market::{Decimal, MarginMode, Millis, Symbol, TriggerBy};

use super::super::floor::Floor;
use super::super::params::Params;
use super::super::wire::Call;
use super::desk::{Algo, Desk, Spec, State, Trigger};
use super::fail::{self, Fail};
use super::json::{self, Row};
use super::plain::{Element, Page, client_id, elements, list_of, size, trade_mode};
use super::{is_buy, position_side, rows, symbol_if_any, symbol_of};

/// Algo orders that one request may cancel.
const CANCEL_MAX: usize = 10;
/// Stops and targets of one contract.
const PER_CONTRACT_MAX: usize = 100;
const MONTHS_MS: Millis = 90 * 24 * 3_600_000;

pub fn place(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let name = call.params.some("algoClOrdId").unwrap_or_default().to_owned();
    let placed = read_order(desk, floor, &call.params).and_then(|spec| {
        check(desk, floor, &spec, now)?;
        let effect = Effect::of(spec.buy, spec.position_side, spec.reduce_only || spec.size.is_none());
        desk.adopt(floor, &spec.symbol, spec.mode, effect)?;
        desk.place(floor, spec, now).map_err(fail::algo)
    });
    let element = placed.map(|number| answer(&name, number)).map_err(|fail| (refused(&name), fail));
    Ok(elements(floor, vec![element], now))
}

fn answer(name: &str, number: u64) -> String {
    let row = Row::new().text("algoId", rows::algo_id(number)).text("algoClOrdId", name).text("clOrdId", "").text("tag", "");
    row.text("sCode", "0").text("sMsg", "").end()
}

/// How the row of an algo order begins that was not taken or not withdrawn.
fn refused(name: &str) -> Row {
    Row::new().text("algoId", "").text("algoClOrdId", name).text("clOrdId", "")
}

fn read_order(desk: &Desk, floor: &Floor, params: &Params) -> Result<Spec, Fail> {
    let symbol = symbol_of(floor, params)?;
    let mode = trade_mode(desk, params)?;
    let buy = is_buy(params)?;
    let position_side = position_side(floor, params)?;
    let (stop, mut target) = (trigger(params, "sl")?, trigger(params, "tp")?);
    match (params.some("ordType"), stop.is_some(), target.is_some()) {
        (Some("conditional"), true, true) if floor.book.is_hedge() => return Err(Fail::not_simulated("conditional with stop and target")),
        // Of the two only the stop works.
        (Some("conditional"), true, true) => target = None,
        (Some("conditional"), true, false) | (Some("conditional"), false, true) | (Some("oco"), true, true) => {}
        (Some("trigger" | "move_order_stop" | "iceberg" | "twap" | "chase"), ..) => return Err(Fail::not_simulated("this ordType")),
        (Some("conditional" | "oco"), false, _) => return Err(Fail::parameter("slTriggerPx")),
        (Some("oco"), true, false) => return Err(Fail::parameter("tpTriggerPx")),
        _ => return Err(Fail::parameter("ordType")),
    }
    let size = match (params.some("closeFraction"), params.some("sz")) {
        (Some(_), Some(_)) => return Err(Fail::with_status(400, 50024, "Parameters closeFraction and sz cannot exist at the same time.")),
        (Some("1"), None) => None,
        (Some(_), None) => return Err(Fail::parameter("closeFraction")),
        (None, _) => Some(size(floor, &symbol, params)?),
    };
    let (reduce_only, ends_with_position) = (params.is_true("reduceOnly"), params.is_true("cxlOnClosePos"));
    let must_reduce = ends_with_position || (size.is_none() && !floor.book.is_hedge());
    if must_reduce && !reduce_only {
        return Err(Fail::parameter("reduceOnly"));
    }
    let name = params.some("algoClOrdId").map(|_| client_id(floor, params, "algoClOrdId")).transpose()?.unwrap_or_default();
    let tag = params.some("tag").unwrap_or_default().to_owned();
    Ok(Spec { name, symbol, buy, position_side, mode, size, reduce_only, ends_with_position, stop, target, tag })
}

/// What sets one leg off: `sl` or `tp`. Only market orders are sent then.
fn trigger(params: &Params, which: &str) -> Result<Option<Trigger>, Fail> {
    let field = |name: &str| format!("{which}{name}");
    let (price, exit) = (field("TriggerPx"), field("OrdPx"));
    let Some(text) = params.some(&price) else {
        return if params.some(&exit).is_some() { Err(Fail::parameter(&price)) } else { Ok(None) };
    };
    let price = Decimal::from_str_exact(text).map_err(|_| Fail::parameter(&price))?;
    match params.some(&exit) {
        Some("-1") => {}
        Some(_) => return Err(Fail::not_simulated("limit exits")),
        None => return Err(Fail::parameter(&exit)),
    }
    let by = match params.some(&field("TriggerPxType")) {
        None | Some("last") => TriggerBy::Last,
        Some("mark") => TriggerBy::Mark,
        Some("index") => return Err(Fail::not_simulated("the index price")),
        Some(_) => return Err(Fail::parameter(&field("TriggerPxType"))),
    };
    Ok(Some(Trigger { price, by }))
}

/// What comes with an order: its size, its position, the other direction. It is not tied to the position.
pub fn read_attached(floor: &Floor, params: &Params, parent: &NewPlain, mode: MarginMode) -> Result<Spec, Fail> {
    let (stop, target) = (trigger(params, "sl")?, trigger(params, "tp")?);
    if stop.is_none() && target.is_none() {
        return Err(Fail::parameter("attachAlgoOrds"));
    }
    if params.some("sz").is_some() || params.some("callbackRatio").is_some() {
        return Err(Fail::not_simulated("attachAlgoOrds with sz or callbackRatio"));
    }
    let market = floor.book.market(&parent.symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
    let reference = parent.price.unwrap_or(market.last);
    // The codes of prices on the wrong side, buying and selling, for a limit order and for one at the market.
    let (target_code, stop_code) = match (parent.buy, parent.price.is_some()) {
        (true, true) => (51046, 51047),
        (false, true) => (51048, 51049),
        (true, false) => (51050, 51051),
        (false, false) => (51052, 51053),
    };
    let is_beyond = |trigger: Trigger| if parent.buy { trigger.price > reference } else { trigger.price < reference };
    if target.is_some_and(|trigger| !is_beyond(trigger)) {
        return Err(Fail::new(target_code, "The take profit trigger price is on the wrong side of the order price"));
    }
    if stop.is_some_and(|trigger| is_beyond(trigger) || trigger.price == reference) {
        return Err(Fail::new(stop_code, "The stop loss trigger price is on the wrong side of the order price"));
    }
    let field = "attachAlgoClOrdId";
    let name = params.some(field).map(|_| client_id(floor, params, field)).transpose()?.unwrap_or_default();
    let (symbol, size) = (parent.symbol.clone(), Some(parent.qty));
    let (position_side, buy, tag) = (parent.position_side, !parent.buy, String::new());
    let (reduce_only, ends_with_position) = (false, false);
    Ok(Spec { name, symbol, buy, position_side, mode, size, reduce_only, ends_with_position, stop, target, tag })
}

/// What the exchange asks of an algo order before it takes it.
fn check(desk: &Desk, floor: &Floor, spec: &Spec, now: Millis) -> Result<(), Fail> {
    let others = || desk.waiting.iter().map(|algo| &algo.spec).filter(|other| other.symbol == spec.symbol);
    if desk.is_taken(&spec.name) {
        return Err(fail::algo(Denial::DuplicateClientId));
    }
    if others().count() >= PER_CONTRACT_MAX {
        return Err(fail::algo(Denial::TooManyOrders { max: PER_CONTRACT_MAX }));
    }
    if let Some(side) = spec.closes() {
        if !floor.is_held(&spec.symbol, side, now) {
            // Which of the two codes comes is unconfirmed.
            let words = "No available position for this algo order";
            return Err(if spec.size.is_none() { Fail::new(51058, words) } else { Fail::no_position() });
        }
        if spec.size.is_none() && others().any(|other| other.size.is_none() && other.closes() == Some(side)) {
            return Err(fail::one_close_all());
        }
    } else if spec.size.is_none() {
        return Err(Fail::parameter("posSide"));
    }
    check_side(floor, spec.buy, &spec.symbol, spec.stop, true)?;
    check_side(floor, spec.buy, &spec.symbol, spec.target, false)
}

/// A trigger must not be passed already.
fn check_side(floor: &Floor, buy: bool, symbol: &Symbol, trigger: Option<Trigger>, is_stop: bool) -> Result<(), Fail> {
    let Some(Trigger { price, by }) = trigger else { return Ok(()) };
    let market = floor.book.market(symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
    let watched = market.watched(by);
    let is_met = if buy == is_stop { price <= watched } else { price >= watched };
    if !is_met {
        return Ok(());
    }
    let (code, word) = match (buy, is_stop) {
        (true, false) => (if by == TriggerBy::Last { 51277 } else { 51300 }, "higher"),
        (true, true) => (if by == TriggerBy::Last { 51278 } else { 51302 }, "lower"),
        (false, false) => (if by == TriggerBy::Last { 51279 } else { 51303 }, "lower"),
        (false, true) => (if by == TriggerBy::Last { 51280 } else { 51304 }, "higher"),
    };
    let (kind, price) = (if is_stop { "SL" } else { "TP" }, json::trigger_by(by));
    Err(Fail::new(code, format!("{kind} trigger price cannot be {word} than the {price} price")))
}

/// The algo order a request names, if it can be seen yet.
fn named<'a>(desk: &'a Desk, floor: &Floor, params: &Params, now: Millis) -> Result<Option<&'a Algo>, Fail> {
    let mut list = desk.algos().filter(|algo| floor.is_visible(algo.created, now));
    match (params.some("algoId"), params.some("algoClOrdId")) {
        (Some(id), _) => {
            let number = id.parse().ok().and_then(rows::algo_number);
            Ok(list.find(|algo| Some(algo.number) == number))
        }
        (None, Some(name)) => Ok(list.rfind(|algo| algo.spec.name == name)),
        (None, None) => Err(Fail::parameter("algoId")),
    }
}

pub fn query(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let algo = named(desk, floor, &call.params, now)?.ok_or_else(Fail::no_such_order)?;
    Ok(json::data(&[rows::algo(floor, desk, algo)]))
}

pub fn cancel(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let mut answers: Vec<Element> = Vec::new();
    for one in list_of(call, CANCEL_MAX)? {
        let params = Params::of(one);
        let result = symbol_of(floor, &params).and_then(|symbol| {
            let algo = named(desk, floor, &params, now)?.filter(|algo| algo.spec.symbol == symbol).ok_or_else(Fail::gone)?;
            let (number, name) = (algo.number, algo.spec.name.clone());
            desk.cancel(floor, number, now)?;
            Ok(answer(&name, number))
        });
        answers.push(result.map_err(|fail| (refused(params.some("algoClOrdId").unwrap_or_default()), fail)));
    }
    Ok(elements(floor, answers, now))
}

/// Which kinds a list is asked for: one, or the two that may be asked for together.
fn kinds(params: &Params) -> Result<Vec<&str>, Fail> {
    const KNOWN: [&str; 6] = ["conditional", "oco", "trigger", "move_order_stop", "iceberg", "twap"];
    let wanted: Vec<&str> = params.some("ordType").ok_or_else(|| Fail::parameter("ordType"))?.split(',').collect();
    let is_pair = wanted.len() == 2 && wanted.contains(&"conditional") && wanted.contains(&"oco");
    let fits = is_pair || (wanted.len() == 1 && wanted.iter().all(|one| KNOWN.contains(one)));
    if fits { Ok(wanted) } else { Err(Fail::parameter("ordType")) }
}

pub fn list_open(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    list(desk, floor, call, now, |state| state == State::Live)
}

pub fn list_ended(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let wanted = match (call.params.some("state"), call.params.some("algoId")) {
        (Some("effective"), _) => Some(State::Effective),
        (Some("canceled"), _) => Some(State::Canceled),
        (Some("order_failed"), _) => Some(State::Failed),
        (None, Some(_)) => None,
        _ => return Err(Fail::parameter("state")),
    };
    list(desk, floor, call, now, |state| state != State::Live && wanted.is_none_or(|wanted| wanted == state))
}

fn list(desk: &Desk, floor: &Floor, call: &Call<'_>, now: Millis, is_wanted: impl Fn(State) -> bool) -> Result<String, Fail> {
    let kinds = kinds(&call.params)?;
    let only = symbol_if_any(floor, &call.params)?;
    let page = Page::read(floor, &call.params, MONTHS_MS, now)?;
    let id: Option<u64> = call.params.read("algoId");
    let meant = desk.algos().filter(|algo| floor.is_visible(algo.created, now) && is_wanted(algo.state(floor)));
    let meant = meant.filter(|algo| only.as_ref().is_none_or(|symbol| algo.spec.symbol == *symbol));
    let meant = meant.filter(|algo| kinds.contains(&rows::algo_kind(algo)) && id.is_none_or(|id| rows::algo_id(algo.number) == id));
    let list = page.cut(meant.map(|algo| (rows::algo_id(algo.number), algo.created, algo)));
    Ok(json::data(&list.into_iter().map(|algo| rows::algo(floor, desk, algo)).collect::<Vec<String>>()))
}

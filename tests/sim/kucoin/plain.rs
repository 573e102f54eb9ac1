//! Placing orders, one by one and in batches. Answers hold the order's ids and nothing else.

use perphook::exchange::paper::{Denial, Effect, NewPlain, TimeInForce};
use perphook::market::{Decimal, MarginMode, Side, Symbol};
use serde_json::Value;

use super::super::line::Id;
use super::super::params::Params;
use super::ask::{self, Ask};
use super::fail::{self, Fail};
use super::guards;
use super::json::{self, Row};
use super::notes::{Note, Trigger, shown_id};

/// Orders that one request may place.
const BATCH_MAX: usize = 20;

/// An order as it comes in.
pub struct Wanted {
    pub name: String,
    pub symbol: Symbol,
    /// `None` where `closeOrder` goes without.
    pub buy: Option<bool>,
    pub position_side: Option<Side>,
    /// Limit price; `None` for a market order.
    pub price: Option<Decimal>,
    pub time_in_force: TimeInForce,
    /// In coins; `None` closes whatever is open.
    pub qty: Option<Decimal>,
    pub reduce_only: bool,
    pub mode: MarginMode,
    pub leverage: u32,
    pub trigger: Option<Trigger>,
}

impl Wanted {
    /// What the book does not keep of it.
    pub fn note(&self) -> Note {
        let trigger = self.trigger;
        Note { leverage: self.leverage, mode: self.mode, reduce_only: self.reduce_only, close_order: self.qty.is_none(), trigger }
    }
}

fn acknowledged(id: u64, name: &str) -> Row {
    Row::new().text("orderId", id).text("clientOid", name)
}

/// `POST /api/v1/orders`
pub fn create(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let body = ask.body.filter(|body| body.is_object()).ok_or_else(|| Fail::with_status(400, 400_000, "Bad Request"))?;
    let (id, name) = place(ask, body)?;
    Ok(acknowledged(shown_id(id), &name).end())
}

/// `POST /api/v1/orders/multi`: every element has a code of its own, that of the answer is always good.
pub fn create_many(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let list = ask.body.and_then(Value::as_array).filter(|list| (1..=BATCH_MAX).contains(&list.len()));
    let list = list.ok_or_else(|| Fail::with_status(400, 400_100, format!("1 to {BATCH_MAX} orders are allowed")))?;
    let mut rows = Vec::new();
    for (index, order) in list.iter().enumerate() {
        let result = match ask.floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None => place(ask, order),
        };
        let said = Params::of(order);
        let symbol = said.get("symbol").unwrap_or_default();
        rows.push(match result {
            Ok((id, name)) => acknowledged(shown_id(id), &name).text("symbol", symbol).text("code", "200000").text("msg", "success").end(),
            Err(fail) => {
                ask.floor.note_code(&fail.code);
                let row =
                    Row::new().nulls(&["orderId"]).text("clientOid", said.get("clientOid").unwrap_or_default()).text("symbol", symbol);
                row.text("code", &fail.code).text("msg", &fail.msg).end()
            }
        });
    }
    Ok(json::list(&rows))
}

/// `POST /api/v1/orders/test`: everything is checked, nothing is placed.
pub fn test(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let body = ask.body.filter(|body| body.is_object()).ok_or_else(|| Fail::with_status(400, 400_000, "Bad Request"))?;
    let wanted = read(ask, body)?;
    if wanted.trigger.is_none() {
        let new = plain(ask, &wanted, wanted.name.chars().take(super::notes::BOOK_NAME_MAX).collect())?;
        ask.floor.book.check(&new).map_err(|denial| refused(&wanted, denial))?;
    }
    Ok(acknowledged(ask.notes.test_id(), &wanted.name).end())
}

fn place(ask: &mut Ask<'_>, order: &Value) -> Result<(Id, String), Fail> {
    let wanted = read(ask, order)?;
    let id = match wanted.trigger {
        // One whose price is passed already goes off at once (unconfirmed; what else would be said, no source knows).
        Some(trigger) if !guards::is_passed(ask, &wanted.symbol, trigger)? => guards::rest(ask, &wanted, trigger)?,
        _ => send(ask, &wanted)?,
    };
    ask.notes.keep(id, wanted.note());
    Ok((id, wanted.name))
}

/// Lets an order meet the market.
fn send(ask: &mut Ask<'_>, wanted: &Wanted) -> Result<Id, Fail> {
    let name = ask.book_name(&wanted.name);
    let new = plain(ask, wanted, name)?;
    let book = &mut ask.floor.book;
    let opens = Effect::of(new.buy, new.position_side, new.reduce_only).opens;
    if opens.is_some() && wanted.mode == MarginMode::Isolated {
        // Every order has its own; the book knows one for all, and does not lower that of a position.
        let _ = book.set_leverage(&wanted.symbol, wanted.leverage);
    }
    book.place(&new, ask.now).map(Id::Plain).map_err(|denial| refused(wanted, denial))
}

/// The order for the book, if there is something to close where that is all it may do.
fn plain(ask: &Ask<'_>, wanted: &Wanted, client_id: String) -> Result<NewPlain, Fail> {
    let (symbol, position_side) = (wanted.symbol.clone(), wanted.position_side);
    let only_reduces = wanted.reduce_only || wanted.qty.is_none();
    let held = |side: Side| ask.floor.book.position(&symbol, side);
    let buy = match wanted.buy {
        Some(buy) if wanted.qty.is_some() => buy,
        // What closes everything need not say how, and is not listened to if it does.
        _ => position_side.unwrap_or(if held(Side::Short).is_zero() { Side::Long } else { Side::Short }) == Side::Short,
    };
    let closes = Effect::of(buy, position_side, true).closes.filter(|side| !held(*side).is_zero());
    if only_reduces && closes.is_none() {
        return Err(Fail::no_position());
    }
    let most = ask.floor.book.instrument(symbol.as_str()).map_err(fail::engine)?.market_max_qty;
    let qty = wanted.qty.unwrap_or_else(|| closes.map(held).unwrap_or_default().min(most));
    // In hedge mode the side says it, and the book takes no mark.
    let reduce_only = only_reduces && position_side.is_none();
    let (price, time_in_force) = (wanted.price, wanted.time_in_force);
    Ok(NewPlain { client_id, symbol, buy, position_side, reduce_only, price, time_in_force, qty, stop: None })
}

/// What the engine's refusal of this order is called.
pub fn refused(wanted: &Wanted, denial: Denial) -> Fail {
    match denial {
        Denial::InsufficientBalance { needed, .. } => fail::poor(wanted.mode, needed),
        Denial::PriceBand { .. } => fail::out_of_band(wanted.buy != Some(false)),
        other => fail::engine(other),
    }
}

/// Reads an order, and checks what needs no book.
fn read(ask: &Ask<'_>, order: &Value) -> Result<Wanted, Fail> {
    ask::check_kinds(order)?;
    let params = &Params::of(order);
    let name = ask.new_name(params)?;
    let symbol = ask::symbol_in(ask.floor, params)?;
    let mode = ask::margin_mode(params.some("marginMode").or(Some("ISOLATED")))?;
    let market = ask.floor.book.market(&symbol).ok_or_else(|| fail::engine(Denial::NoPrice))?;
    if market.margin_mode != mode {
        return Err(Fail::new(330_005, "The order's margin mode does not match the selected one. Please switch and try again."));
    }
    let position_side = ask::position_side(ask.floor, params)?;
    let closes_all = params.is_true("closeOrder");
    let buy = match params.some("side") {
        Some("buy") => Some(true),
        Some("sell") => Some(false),
        None if closes_all => None,
        _ => return Err(Fail::parameter("Side parameter invalid")),
    };
    let (price, time_in_force) = price(params)?;
    let trigger = guards::trigger(ask.floor, &symbol, params)?;
    if trigger.is_some() && price.is_some() {
        return Err(Fail::not_simulated("limit orders that wait for a price"));
    }
    let qty = if closes_all { None } else { Some(qty(ask, &symbol, params)?) };
    let reduce_only = params.is_true("reduceOnly");
    let max = ask.floor.book.instrument(symbol.as_str()).map_err(fail::engine)?.max_leverage;
    let leverage = match (params.read::<u32>("leverage"), mode) {
        (Some(leverage), _) if leverage == 0 || leverage > max => return Err(fail::engine(Denial::Leverage { max })),
        (Some(leverage), _) => leverage,
        (None, MarginMode::Isolated) if !reduce_only && !closes_all => return Err(Fail::parameter("Leverage parameter cannot be empty")),
        (None, _) => market.leverage,
    };
    Ok(Wanted { name, symbol, buy, position_side, price, time_in_force, qty, reduce_only, mode, leverage, trigger })
}

/// Type, price and time in force.
fn price(params: &Params) -> Result<(Option<Decimal>, TimeInForce), Fail> {
    if ["hidden", "iceberg", "forceHold"].iter().any(|name| params.is_true(name)) {
        return Err(Fail::not_simulated("hidden and iceberg orders, and held margin"));
    }
    let time_in_force = match params.some("timeInForce") {
        None | Some("GTC") => TimeInForce::Gtc,
        Some("IOC") => TimeInForce::Ioc,
        Some("RPI") => return Err(Fail::not_simulated("RPI")),
        Some(_) => return Err(Fail::parameter("timeInForce parameter invalid")),
    };
    match params.some("type") {
        // Whoever does not say it gets a limit order.
        None | Some("limit") if params.is_true("postOnly") && time_in_force == TimeInForce::Ioc => {
            Err(Fail::parameter("postOnly parameter is not allowed with timeInForce IOC"))
        }
        None | Some("limit") if params.is_true("postOnly") => Err(Fail::not_simulated("postOnly")),
        None | Some("limit") => {
            let price = params.decimal("price").ok_or_else(|| Fail::parameter("Price parameter cannot be empty"))?;
            Ok((Some(price), time_in_force))
        }
        Some("market") => Ok((None, TimeInForce::Gtc)),
        Some(_) => Err(Fail::parameter("Type parameter invalid")),
    }
}

/// Exactly one of `size` (lots), `qty` (coins) and `valueQty` (money), in coins.
fn qty(ask: &Ask<'_>, symbol: &Symbol, params: &Params) -> Result<Decimal, Fail> {
    let instrument = ask.floor.book.instrument(symbol.as_str()).map_err(fail::engine)?;
    match (params.some("size"), params.some("qty"), params.some("valueQty")) {
        (Some(_), None, None) => {
            let lots = ask::decimal(params, "size")?;
            instrument.coins(lots).ok_or_else(|| Fail::parameter("Quantity parameter invalid"))
        }
        (None, Some(_), None) => ask::decimal(params, "qty"),
        (None, None, Some(_)) => Err(Fail::not_simulated("valueQty")),
        _ => Err(Fail::parameter("Quantity parameter must be given once: size, qty or valueQty")),
    }
}

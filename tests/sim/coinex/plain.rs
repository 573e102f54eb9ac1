//! Placing orders and closing positions. The answer is the whole order, with what was executed at once. Where the depth is
//! limited, a market order for more than the book shows is not placed; of one that may not rest, what is left is cancelled.

use perphook::exchange::paper::{NewPlain, TimeInForce};
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};

use super::ask::{Ask, Input};
use super::fail::{self, Fail};
use super::rows::Rows;
use super::{Said, positions};

/// Orders of one request. What the real one takes is unconfirmed; a careful client stays within this.
const BATCH_MAX: usize = 5;

/// An order that comes in.
struct Wanted {
    symbol: Symbol,
    buy: bool,
    reduce_only: bool,
    kind: &'static str,
    price: Option<Decimal>,
    qty: Decimal,
    name: String,
}

/// `POST /v2/futures/order`: what it says of reducing only is not looked at.
pub fn order(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    Ok(place(ask)?.into())
}

fn place(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    ask.is_futures()?;
    let (kind, price) = kind_and_price(ask)?;
    let wanted = Wanted {
        symbol: ask.symbol()?,
        buy: ask.is_buy()?,
        reduce_only: false,
        kind,
        price,
        qty: ask.required_decimal("amount")?,
        name: ask.new_name()?,
    };
    send(ask, wanted)
}

/// `POST /v2/futures/close-position`: all of it if no amount is given. More than there is is refused (unconfirmed); and
/// what resting orders will close is reserved for them, but for an order that closes all at once, which names no amount.
pub fn close(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let symbol = ask.symbol()?;
    let (kind, price) = kind_and_price(ask)?;
    let amount = ask.decimal("amount")?;
    let name = ask.new_name()?;
    let side = positions::held(ask.floor, &symbol).ok_or_else(Fail::no_position)?;
    let held = ask.floor.book.position(&symbol, side);
    let closable = ask.floor.free_to_close(&symbol, side, held);
    let qty = amount.unwrap_or(if kind == "market" { held } else { closable });
    let closes_all = kind == "market" && amount.is_none();
    if qty > closable && !closes_all {
        return Err(Fail::invalid("amount exceeds the closable position"));
    }
    let wanted = Wanted { symbol, buy: side == Side::Short, reduce_only: true, kind, price, qty, name };
    Ok(send(ask, wanted)?.into())
}

/// `POST /v2/futures/batch-order`: each order is judged on its own.
pub fn batch(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let Input::Body(body) = ask.input else { return Err(Fail::parameter("orders")) };
    let list = body.get("orders").and_then(Value::as_array).filter(|list| (1..=BATCH_MAX).contains(&list.len()));
    let mut rows = Vec::new();
    for (index, element) in list.ok_or_else(|| Fail::parameter("orders"))?.iter().enumerate() {
        let result = match ask.floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None => place(&mut Ask { floor: ask.floor, desk: ask.desk, input: Input::Body(element), now: ask.now }),
        };
        rows.push(self::element(ask, result));
    }
    Ok(Value::from(rows).into())
}

/// One element of an answer to several.
pub fn element(ask: &mut Ask<'_>, result: Result<Value, Fail>) -> Value {
    match result {
        Ok(row) => json!({"code": 0, "data": row, "message": "OK"}),
        Err(fail) => {
            ask.floor.note_code(fail.code);
            json!({"code": fail.code, "data": null, "message": fail.message})
        }
    }
}

/// The type of an order, and its price if it has one.
fn kind_and_price(ask: &Ask<'_>) -> Result<(&'static str, Option<Decimal>), Fail> {
    if let Input::Body(body) = ask.input
        && (body["is_hide"] == true || !body["stp_mode"].is_null())
    {
        return Err(Fail::not_simulated("is_hide, stp_mode"));
    }
    let kind = match ask.required("type")? {
        "market" => return Ok(("market", None)),
        "limit" => "limit",
        "maker_only" => "maker_only",
        "ioc" => "ioc",
        "fok" => "fok",
        _ => return Err(Fail::parameter("type")),
    };
    Ok((kind, Some(ask.required_decimal("price")?)))
}

fn send(ask: &mut Ask<'_>, wanted: Wanted) -> Result<Value, Fail> {
    let Wanted { symbol, buy, reduce_only, kind, price, qty, name } = wanted;
    let book = &mut ask.floor.book;
    let last = book.market(&symbol).map(|market| market.last).ok_or_else(|| fail::no_market(symbol.as_str()))?;
    let takes = price.is_none_or(|price| if buy { price >= last } else { price <= last });
    match kind {
        "market" if book.knobs().liquidity.is_some_and(|shown| qty > shown) => return Err(unfilled(kind)),
        "maker_only" if takes => return Err(Fail::new(3622, "This order can't be set as Maker Only and has been canceled.")),
        "ioc" | "fok" if !takes => return Err(unfilled(kind)),
        "fok" if book.knobs().liquidity.is_some() => return Err(Fail::not_simulated("fok where the depth is limited")),
        _ => {}
    }
    let may_rest = matches!(kind, "limit" | "maker_only");
    let new = NewPlain {
        client_id: name,
        symbol,
        buy,
        position_side: None,
        reduce_only,
        price,
        time_in_force: if may_rest { TimeInForce::Gtc } else { TimeInForce::Ioc },
        qty,
        stop: None,
    };
    let number = book.place(&new, ask.now).map_err(fail::order)?;
    ask.desk.keep(number, kind);
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    match rows.floor.book.order_by_number(number) {
        Some(order) if may_rest || !order.filled.is_zero() => Ok(rows.order(order)),
        _ => Err(unfilled(kind)),
    }
}

/// There was nothing to execute an order against that may not rest.
fn unfilled(kind: &str) -> Fail {
    if kind == "market" {
        let words = "Market order submission is temporarily unavailable due to insufficient depth in the current market";
        return Fail::new(3620, words);
    }
    Fail::new(3621, "This order can't be completely executed and has been canceled.")
}

//! Orders and executions as JSON.

use perphook::exchange::paper::TimeInForce;
use perphook::market::{Decimal, Instrument, MarginMode, Symbol};

use super::super::executions::Execution;
use super::super::floor::Floor;
use super::super::line::{Id, Line};
use super::json::{self, Row, nanos};
use super::line::{trigger, was_canceled, was_triggered};
use super::notes::{Notes, shown_id};

/// `CROSS` or `ISOLATED`.
pub fn mode(mode: MarginMode) -> &'static str {
    if mode == MarginMode::Isolated { "ISOLATED" } else { "CROSS" }
}

/// So many coins in lots, without a fraction.
pub fn lots(floor: &Floor, symbol: &Symbol, coins: Decimal) -> String {
    let instrument: Option<&Instrument> = floor.book.instrument(symbol.as_str()).ok();
    instrument.and_then(|instrument| instrument.contracts(coins)).unwrap_or(coins).normalize().to_string()
}

/// An order of any kind.
pub fn order(floor: &Floor, notes: &Notes, line: &Line<'_>) -> String {
    let (symbol, note) = (line.symbol, notes.of(line.id));
    let market = floor.book.market(symbol);
    let price = line.price();
    let trigger = trigger(line, notes);
    let post = line.order.map(|order| order.time_in_force);
    let row =
        Row::new().text("id", shown_id(line.id)).text("symbol", symbol).text("type", if price.is_some() { "limit" } else { "market" });
    let row = row.text("side", json::side(line.buy)).decimal("price", price.unwrap_or_default());
    let row = row.json("size", lots(floor, symbol, line.qty()));
    let row = progress(floor, line, row).text("stp", "");
    let row = row.text("stop", trigger.map_or("", |trigger| if trigger.rises { "up" } else { "down" }));
    let row = row.text("stopPriceType", trigger.map_or("", |trigger| json::trigger_by(trigger.by)));
    let row = row.json("stopTriggered", trigger.is_some() && was_triggered(line));
    let row = row.json_if("stopPrice", trigger.map(|trigger| format!("\"{}\"", trigger.price.normalize())));
    let row = row.text("timeInForce", if post == Some(TimeInForce::Ioc) { "IOC" } else { "GTC" });
    let row = row.json("postOnly", false).json("hidden", false).json("iceberg", false).json("forceHold", false);
    let leverage = note.map(|note| note.leverage).or(market.map(|market| market.leverage)).unwrap_or(1);
    let row = row.text("leverage", leverage).json("closeOrder", note.is_some_and(|note| note.close_order)).json("visibleSize", 0);
    let row = row.text("clientOid", notes.shown_name(line.name)).nulls(&["remark"]).text("tags", "");
    let margin = note.map(|note| note.mode).or(market.map(|market| market.margin_mode)).unwrap_or(MarginMode::Cross);
    let row = row.text("marginMode", mode(margin)).text("settleCurrency", "USDT");
    let row = row.json("reduceOnly", note.map_or_else(|| line.only_reduces(), |note| note.reduce_only));
    row.text("positionSide", json::position_side(line.position_side)).end()
}

/// What has become of it, and when.
fn progress(floor: &Floor, line: &Line<'_>, row: Row) -> Row {
    let (filled, value, average) =
        line.order.map_or_else(Default::default, |order| (order.filled, order.quote, order.avg_price().round_dp(8)));
    let wanted = line.qty() * line.price().unwrap_or(average);
    let has_ended = line.has_ended();
    let filled = lots(floor, line.symbol, filled);
    let row = row.decimal("value", wanted).decimal("dealValue", value).json("dealSize", &filled).json("filledSize", &filled);
    let row = row.decimal("filledValue", value).decimal("avgDealPrice", average).text("status", if has_ended { "done" } else { "open" });
    let row = row.json("isActive", !has_ended).json("cancelExist", was_canceled(line));
    let (created, updated) = (floor.shown(line.created), floor.shown(line.updated()));
    let row = row.json("createdAt", created).json("updatedAt", updated).json_if("endAt", has_ended.then_some(updated));
    row.json("orderTime", nanos(created))
}

/// An execution, with two fees.
pub fn fill(floor: &Floor, notes: &Notes, execution: &Execution) -> String {
    let (trade, open_fee) = (&execution.trade, execution.open_fee);
    let order = floor.book.order_by_number(trade.order);
    let id = order.map_or(Id::Plain(trade.order), Id::of);
    let note = notes.of(id);
    let kind = if order.is_some_and(|order| order.price.is_some()) { "limit" } else { "market" };
    let knobs = floor.book.knobs();
    let at = floor.shown(trade.at);
    let row = Row::new().text("symbol", &trade.symbol).text("tradeId", 1_828_954_870_000 + trade.id).text("orderId", shown_id(id));
    let row = row.text("side", json::side(trade.buy)).text("liquidity", if trade.maker { "maker" } else { "taker" });
    let row = row.json("forceTaker", false).decimal("price", trade.price).json("size", lots(floor, &trade.symbol, trade.qty));
    let row = row.decimal("value", trade.price * trade.qty).decimal("openFeePay", open_fee).decimal("closeFeePay", trade.fee - open_fee);
    let row = row.text("stop", if order.is_some_and(|order| order.parent.is_some()) { "stop" } else { "" });
    let row = row.text("feeRate", format!("{:.5}", if trade.maker { knobs.maker_fee } else { knobs.taker_fee }));
    let row = row.text("fixFee", "0").text("feeCurrency", "USDT").nulls(&["subTradeType"]);
    let margin = note.map(|note| note.mode).or(floor.book.market(&trade.symbol).map(|market| market.margin_mode));
    let row = row.text("marginMode", mode(margin.unwrap_or(MarginMode::Cross))).text("displayType", kind).decimal("fee", trade.fee);
    let row = row.text("settleCurrency", "USDT").text("orderType", kind).text("tradeType", "trade");
    let row = row.text("positionSide", json::position_side(trade.position_side));
    row.json("tradeTime", nanos(at)).json("createdAt", at).end()
}

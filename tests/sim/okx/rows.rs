//! Orders, algo orders and executions as JSON.

use perphook::exchange::paper::{Conditional, Order, Trade};
use perphook::market::{Decimal, Instrument, MarginMode, Millis, OrderStatus, ProtectionKind, Side, Symbol};

use super::super::floor::Floor;
use super::desk::{Algo, Attached, Desk, State, Trigger};
use super::json::{self, Row};

/// Ids lie beyond what a double can count.
const ORDER_ID_BASE: u64 = 680_800_019_749_904_384;
const ALGO_ID_BASE: u64 = 1_836_487_817_828_872_192;
const BILL_ID_BASE: u64 = 780_800_019_754_098_688;
/// Why market and IOC orders end without being filled.
const UNFILLED: &str = "14";
const BY_USER: &str = "1";

pub fn order_id(number: u64) -> u64 {
    ORDER_ID_BASE + number
}

pub fn algo_id(number: u64) -> u64 {
    ALGO_ID_BASE + number
}

pub fn bill_id(number: u64) -> u64 {
    BILL_ID_BASE + number
}

/// The book's number of a plain order's id.
pub fn order_number(id: u64) -> Option<u64> {
    id.checked_sub(ORDER_ID_BASE)
}

/// The desk's number of an algo order's id.
pub fn algo_number(id: u64) -> Option<u64> {
    id.checked_sub(ALGO_ID_BASE)
}

/// `clOrdId` of a plain order: what its client called it. One that an algo order sent has none.
pub fn client_id(order: &Order) -> &str {
    if order.parent.is_some() { "" } else { Floor::sent_name(&order.client_id) }
}

/// `state` of a plain order.
pub fn state(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled | OrderStatus::Expired | OrderStatus::Rejected => "canceled",
        _ if order.filled.is_zero() => "live",
        _ => "partially_filled",
    }
}

fn instrument<'a>(floor: &'a Floor, symbol: &Symbol) -> Option<&'a Instrument> {
    floor.book.instrument(symbol.as_str()).ok()
}

/// A plain order.
pub fn order(floor: &Floor, desk: &Desk, order: &Order) -> String {
    let extra = desk.plain.get(&order.number);
    let origin = desk.origin(order);
    // What was placed by hand is in the position's mode.
    let by_hand = || floor.book.market(&order.symbol).map_or(MarginMode::Cross, |market| market.margin_mode);
    let mode = extra.map(|plain| plain.mode).or(origin.map(|algo| algo.spec.mode)).unwrap_or_else(by_hand);
    let kind = extra.map_or("market", |plain| plain.kind);
    let opens = order.effect().opens.or(order.effect().closes).filter(|_| order.position_side.is_some());
    let lever = extra.map_or_else(|| desk.lever(&order.symbol, mode, opens), |plain| plain.lever);
    let sz = |coins: Decimal| json::contracts(instrument(floor, &order.symbol), coins);
    let source = match order.status {
        OrderStatus::Canceled => BY_USER,
        OrderStatus::Expired if order.price.is_none() || kind == "ioc" => UNFILLED,
        _ => "",
    };
    let row = Row::new().text("instType", "SWAP").text("instId", &order.symbol).text("ordId", order_id(order.number));
    let row = row.text("clOrdId", client_id(order)).text("tag", extra.map_or("", |plain| &plain.tag)).text("ordType", kind);
    let row = row.text("side", json::side(order.buy)).text("posSide", json::position_side(order.position_side));
    let row = row.text("tdMode", json::mode(mode)).decimal("sz", sz(order.qty)).decimal_if("px", order.price);
    let row = row.decimal("accFillSz", sz(order.filled)).text("state", state(order)).text("lever", lever);
    let row = row.decimal_if("avgPx", (!order.filled.is_zero()).then(|| order.avg_price())).text("reduceOnly", order.reduce_only);
    let row = row.text("cancelSource", source).text("cancelSourceReason", "").text("category", "normal");
    let row = row.text("cTime", floor.shown(order.created)).text("uTime", floor.shown(order.updated));
    let row = filled(row, floor, order);
    let row = row.text("algoId", origin.map(|algo| algo_id(algo.number).to_string()).unwrap_or_default());
    let row = row.text("algoClOrdId", origin.map_or("", |algo| &algo.spec.name));
    let attached: Vec<String> = extra.iter().flat_map(|plain| &plain.attached).map(bring).collect();
    let row = row.json("attachAlgoOrds", json::list(&attached)).json("linkedAlgoOrd", r#"{"algoId":""}"#);
    let row =
        row.text("feeCcy", "USDT").text("rebate", "0").text("rebateCcy", "USDT").text("isTpLimit", "false").text("stpMode", "cancel_maker");
    row.blanks(&[
        "attachAlgoClOrdId",
        "ccy",
        "pxType",
        "pxUsd",
        "pxVol",
        "quickMgnType",
        "slOrdPx",
        "slTriggerPx",
        "slTriggerPxType",
        "source",
        "stpId",
        "tgtCcy",
        "tpOrdPx",
        "tpTriggerPx",
        "tpTriggerPxType",
    ])
    .end()
}

/// Fee and profit of an order, and its last execution.
fn filled(row: Row, floor: &Floor, order: &Order) -> Row {
    let trades: Vec<&Trade> = floor.trades_of(order.number).collect();
    let fee: Decimal = trades.iter().map(|trade| trade.fee).sum();
    let profit: Decimal = trades.iter().map(|trade| trade.realised).sum();
    let row = row.decimal("fee", -fee).decimal("pnl", profit);
    let Some(last) = trades.last() else {
        // Without an execution the size is zero, the others do not apply.
        return row.text("fillSz", "0").blanks(&["fillPx", "fillTime", "tradeId"]);
    };
    let row = row.decimal("fillSz", json::contracts(instrument(floor, &order.symbol), last.qty)).decimal("fillPx", last.price);
    row.text("fillTime", floor.shown(last.at)).text("tradeId", last.id)
}

/// A stop, a target or both that an order brings along.
fn bring(attached: &Attached) -> String {
    let spec = &attached.spec;
    let row = Row::new().text("attachAlgoId", "").text("attachAlgoClOrdId", &spec.name).text("failCode", &attached.fail_code);
    let row = row.text("failReason", "").text("sz", "").text("amendPxOnTriggerType", "0").text("tpOrdKind", "condition");
    triggers(row, spec.stop, spec.target).end()
}

/// What sets an algo order off.
fn triggers(row: Row, stop: Option<Trigger>, target: Option<Trigger>) -> Row {
    [("sl", stop), ("tp", target)].into_iter().fold(row, |row, (which, trigger)| {
        let row = row.decimal_if(&format!("{which}TriggerPx"), trigger.map(|trigger| trigger.price));
        let row = row.text(&format!("{which}TriggerPxType"), trigger.map_or("", |trigger| json::trigger_by(trigger.by)));
        row.text(&format!("{which}OrdPx"), if trigger.is_some() { "-1" } else { "" })
    })
}

/// What an algo order of the position's own lists tells of it there.
pub fn closing_algo(algo: &Algo) -> String {
    let row = Row::new().text("algoId", algo_id(algo.number)).text("closeFraction", "1");
    triggers(row, algo.spec.stop, algo.spec.target).end()
}

/// `ordType` of an algo order.
pub fn algo_kind(algo: &Algo) -> &'static str {
    if algo.spec.stop.is_some() && algo.spec.target.is_some() { "oco" } else { "conditional" }
}

/// `state` of an algo order.
pub fn algo_state(state: State) -> &'static str {
    match state {
        State::Live => "live",
        State::Effective => "effective",
        State::Canceled => "canceled",
        State::Failed => "order_failed",
    }
}

/// An algo order.
pub fn algo(floor: &Floor, desk: &Desk, algo: &Algo) -> String {
    let spec = &algo.spec;
    let (instrument, market) = (instrument(floor, &spec.symbol), floor.book.market(&spec.symbol));
    let state = algo.state(floor);
    let fired = algo.parts(floor).find(|part| part.triggered > 0);
    let child = fired.and_then(|part| part.child).and_then(|number| floor.book.order_by_number(number));
    let ids: Vec<String> = fired.and_then(|part| part.child).iter().map(|number| format!("\"{}\"", order_id(*number))).collect();
    let updated: Millis = algo.parts(floor).map(|part| part.updated).max().unwrap_or(algo.created);
    let which = |part: &Conditional| if part.kind == ProtectionKind::StopLoss { "sl" } else { "tp" };
    let closes: Option<Side> = spec.closes().filter(|_| spec.position_side.is_some());
    let row = Row::new().text("instType", "SWAP").text("instId", &spec.symbol).text("algoId", algo_id(algo.number));
    let row = row.text("algoClOrdId", &spec.name).text("tag", &spec.tag).text("ordType", algo_kind(algo));
    let row = row.text("side", json::side(spec.buy)).text("posSide", json::position_side(spec.position_side));
    let row = row.text("tdMode", json::mode(spec.mode)).text("state", algo_state(state));
    let row = row.decimal_if("sz", spec.size.map(|coins| json::contracts(instrument, coins)));
    let row = row.text("closeFraction", if spec.size.is_none() { "1" } else { "" }).text("reduceOnly", spec.reduce_only);
    let row = row.text("cxlOnClosePos", spec.ends_with_position).text("lever", desk.lever(&spec.symbol, spec.mode, closes));
    let row = row.decimal_if("last", market.map(|market| market.last));
    // Why it failed: there was nothing, or too little, to close, unless it would have opened.
    let code = if spec.closes().is_some() { "51169" } else { "51008" };
    let row = row.text("failCode", if state == State::Failed { code } else { "" });
    let row = row.text("actualSide", fired.map_or("", which)).text("actualPx", if child.is_some() { "-1" } else { "" });
    let row = row.decimal("actualSz", child.map(|order| json::contracts(instrument, order.qty)).unwrap_or_default());
    let row =
        row.json("ordIdList", json::list(&ids)).text("ordId", child.map(|order| order_id(order.number).to_string()).unwrap_or_default());
    let row = row.text("triggerTime", fired.map(|part| floor.shown(part.triggered).to_string()).unwrap_or_default());
    let row = row.text("cTime", floor.shown(algo.created)).text("uTime", floor.shown(updated));
    let row = triggers(row, spec.stop, spec.target).text("amendPxOnTriggerType", "0");
    let row = row.json("attachAlgoOrds", "[]").json("linkedOrd", r#"{"ordId":""}"#);
    row.blanks(&[
        "activePx",
        "callbackRatio",
        "callbackSpread",
        "ccy",
        "clOrdId",
        "isTradeBorrowMode",
        "moveTriggerPx",
        "ordPx",
        "pxLimit",
        "pxSpread",
        "pxVar",
        "quickMgnType",
        "szLimit",
        "tgtCcy",
        "timeInterval",
        "triggerPx",
        "triggerPxType",
    ])
    .end()
}

/// An execution.
pub fn fill(floor: &Floor, trade: &Trade) -> String {
    let order = floor.book.order_by_number(trade.order);
    let rate = trade.fee.checked_div(trade.price * trade.qty).unwrap_or_default();
    let at = floor.shown(trade.at);
    let row = Row::new().text("instType", "SWAP").text("instId", &trade.symbol).text("ordId", order_id(trade.order));
    let row = row.text("clOrdId", order.map_or("", client_id)).text("tradeId", trade.id).text("billId", bill_id(trade.id));
    let row = row.text("side", json::side(trade.buy)).text("posSide", json::position_side(trade.position_side));
    let row = row.decimal("fillSz", json::contracts(instrument(floor, &trade.symbol), trade.qty)).decimal("fillPx", trade.price);
    let row = row.decimal("fee", -trade.fee).text("feeCcy", "USDT").decimal("feeRate", -rate).decimal("fillPnl", trade.realised);
    let row = row.text("execType", if trade.maker { "M" } else { "T" }).text("fillTime", at).text("ts", at).text("subType", "1");
    row.blanks(&["fillFwdPx", "fillIdxPx", "fillMarkPx", "fillMarkVol", "fillPxUsd", "fillPxVol", "tag", "tradeQuoteCcy"]).end()
}

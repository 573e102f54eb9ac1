//! Stops and targets of a classic account.

use super::classic::market;
use super::*;

fn guard(plan: &str, price: &str, name: &str) -> Value {
    json!({
        "marginCoin": "USDT", "productType": "USDT-FUTURES", "symbol": "BTCUSDT", "planType": plan, "triggerPrice": price,
        "triggerType": "mark_price", "executePrice": "0", "holdSide": "buy", "clientOid": name,
    })
}

impl Desk {
    fn guard(&mut self, guard: &Value) -> Value {
        self.post(&format!("{V2_ORDER}place-tpsl-order"), guard)
    }

    fn guard_code(&mut self, guard: &Value) -> String {
        self.post_code(&format!("{V2_ORDER}place-tpsl-order"), guard)
    }

    fn guards(&mut self) -> Value {
        self.get(&format!("{V2_ORDER}orders-plan-pending?planType=profit_loss&productType=USDT-FUTURES&symbol=BTCUSDT"))["entrustedList"]
            .take()
    }

    fn cancel_plans(&self, body: Value) -> Value {
        with(json!({ "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT" }), body)
    }
}

fn with_position() -> Desk {
    let mut desk = Desk::classic();
    desk.place(&market("buy", "0.02", "entry"));
    desk
}

#[test]
fn one_of_each_kind_protects_the_whole_position() {
    let mut desk = with_position();
    let placed = desk.guard(&guard("pos_loss", "49000", "sl"));
    assert_eq!(placed, json!({ "orderId": "1118000000000000001", "clientOid": "sl" }));
    desk.guard(&guard("pos_profit", "52000", "tp"));
    assert_eq!(desk.guard_code(&guard("pos_loss", "48000", "sl2")), "43031");
    assert_eq!(desk.guard_code(&guard("pos_profit", "53000", "tp2")), "43030");
    // Parts of it may be protected as well, as often as one likes.
    for name in ["p1", "p2"] {
        desk.guard(&with(guard("loss_plan", "48500", name), json!({ "size": "0.02" })));
    }
    let list = desk.guards();
    assert_eq!(column(&list, "planType"), ["loss_plan", "loss_plan", "pos_profit", "pos_loss"]);
    assert_eq!(column(&list, "size"), ["0.02", "0.02", "", ""]);
    let row = &list[3];
    assert_eq!(
        (&row["side"], &row["posSide"], &row["tradeSide"], &row["planStatus"]),
        (&json!("sell"), &json!("net"), &json!("sell_single"), &json!("live"))
    );
    let list = desk.get("/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES");
    let row = &list[0];
    assert_eq!(
        (&row["stopLoss"], &row["takeProfit"], &row["stopLossId"]),
        (&json!("49000"), &json!("52000"), &json!("1118000000000000001"))
    );
}

#[test]
fn a_guard_needs_a_position_and_the_right_side_of_the_price() {
    assert_eq!(Desk::classic().guard_code(&guard("pos_loss", "49000", "sl")), "43023");
    let part = |size: &str| with(guard("loss_plan", "49000", "part"), json!({ "size": size }));
    assert_eq!(Desk::classic().guard_code(&part("0.01")), "43023");
    let last = |guard: Value| with(guard, json!({ "triggerType": "fill_price" }));
    let short = |guard: Value| with(guard, json!({ "holdSide": "sell" }));
    let cases = [
        (guard("pos_loss", "50000", "g"), "40917"),
        (guard("pos_profit", "50000", "g"), "40915"),
        (last(guard("pos_loss", "51000", "g")), "40834"),
        (last(guard("pos_profit", "49000", "g")), "40830"),
        (short(guard("pos_loss", "51000", "g")), "43023"),
        (part("0.021"), "43023"),
        (part(""), "40019"),
        (with(guard("pos_loss", "49000", "g"), json!({ "holdSide": "long" })), "40774"),
        (with(guard("pos_loss", "49000", "g"), json!({ "executePrice": "48900" })), "40017"),
        (guard("moving_plan", "49000", "g"), "40017"),
        (guard("pos_loss", "49000.05", "g"), "45115"),
    ];
    for (guard, code) in cases {
        assert_eq!(with_position().guard_code(&guard), code, "{guard}");
    }
    let mut desk = Desk::classic();
    desk.place(&market("sell", "0.01", "entry"));
    assert_eq!(desk.guard_code(&short(guard("pos_loss", "49000", "g"))), "45122");
    assert_eq!(desk.guard_code(&last(short(guard("pos_loss", "49000", "g")))), "40836");
    assert_eq!(desk.guard_code(&short(guard("pos_profit", "51000", "g"))), "40832");
    desk.guard(&short(guard("pos_loss", "51000", "g")));
}

#[test]
fn in_hedge_mode_hold_side_is_long_or_short() {
    let mut desk = Desk::hedge();
    desk.place(&with(market("sell", "0.02", "entry"), json!({ "tradeSide": "open" })));
    assert_eq!(desk.guard_code(&with(guard("pos_loss", "51000", "sl"), json!({ "holdSide": "sell" }))), "40774");
    desk.guard(&with(guard("pos_loss", "51000", "sl"), json!({ "holdSide": "short" })));
    let list = desk.guards();
    assert_eq!((&list[0]["side"], &list[0]["tradeSide"], &list[0]["posSide"]), (&json!("sell"), &json!("close"), &json!("short")));
    desk.price("51000");
    assert!(desk.held(Side::Short).is_zero());
}

#[test]
fn what_is_set_off_is_in_no_list_of_open_ones() {
    let mut desk = with_position();
    desk.guard(&guard("pos_loss", "49000", "sl"));
    desk.price("49000");
    assert!(desk.held(Side::Long).is_zero() && desk.guards().is_null());
    let history = desk.get(&format!("{V2_ORDER}orders-plan-history?planType=profit_loss&productType=USDT-FUTURES"));
    let row = &history["entrustedList"][0];
    assert_eq!(
        (&row["planStatus"], &row["executeOrderId"], &row["baseVolume"]),
        (&json!("executed"), &json!("1117000000000000002"), &json!("0.02"))
    );
    // The order it became is found by that id, and goes by another name.
    let detail = |field: &str| format!("{V2_ORDER}detail?{field}&productType=USDT-FUTURES&symbol=BTCUSDT");
    let order = desk.get(&detail("orderId=1117000000000000002"));
    assert_eq!(
        (&order["state"], &order["clientOid"], &order["orderSource"]),
        (&json!("filled"), &json!("1117000000000000002"), &json!("pos_loss_market"))
    );
    assert_eq!(desk.get_code(&detail("clientOid=sl")), "40109");
}

#[test]
fn guards_outlive_their_position() {
    let mut desk = with_position();
    desk.guard(&guard("pos_loss", "49000", "sl"));
    desk.place(&with(market("sell", "0.02", "exit"), json!({ "reduceOnly": "YES" })));
    assert_eq!(column(&desk.guards(), "clientOid"), ["sl"]);
    // It stands in the way of other modes.
    let mode = json!({ "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "isolated" });
    assert_eq!(desk.post_code("/api/v2/mix/account/set-margin-mode", &mode), "45117");
    // Set off without a position it does nothing,
    desk.price("49000");
    assert!(desk.held(Side::Short).is_zero() && desk.guards().is_null());
    // and with the next one it closes that.
    desk.price("50000");
    desk.place(&market("buy", "0.01", "again"));
    desk.guard(&guard("pos_loss", "49000", "sl3"));
    desk.place(&with(market("sell", "0.01", "exit2"), json!({ "reduceOnly": "YES" })));
    desk.place(&market("buy", "0.03", "third"));
    desk.price("49000");
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn cancelling_needs_the_kind_and_leaves_plain_orders_alone() {
    let mut desk = with_position();
    let path = format!("{V2_ORDER}cancel-plan-order");
    desk.guard(&guard("pos_loss", "49000", "sl"));
    desk.guard(&guard("pos_profit", "52000", "tp"));
    let by_name = |plan: &str, name: &str| json!({ "planType": plan, "orderIdList": [{ "clientOid": name }, { "orderId": "", "clientOid": "other" }] });
    let body = desk.cancel_plans(by_name("pos_profit", "sl"));
    assert_eq!(column(&desk.post(&path, &body)["failureList"], "clientOid"), ["sl", "other"]);
    let body = desk.cancel_plans(by_name("pos_loss", "sl"));
    let answer = desk.post(&path, &body);
    assert_eq!((column(&answer["successList"], "clientOid"), column(&answer["failureList"], "errorCode")), (vec!["sl"], vec!["43025"]));
    // Without a kind it means trigger orders, of which there are none.
    let body = desk.cancel_plans(json!({}));
    assert_eq!(desk.post_code(&path, &body), "22001");
    assert_eq!(column(&desk.guards(), "clientOid"), ["tp"]);
    let body = desk.cancel_plans(json!({ "planType": "pos_profit" }));
    assert_eq!(column(&desk.post(&path, &body)["successList"], "clientOid"), ["tp"]);
    // Cancelling plain orders leaves guards.
    desk.guard(&guard("pos_loss", "49000", "sl2"));
    desk.place(&with(market("buy", "0.01", "l"), json!({ "orderType": "limit", "price": "48000" })));
    desk.post(&format!("{V2_ORDER}cancel-all-orders"), &json!({ "productType": "USDT-FUTURES" }));
    assert_eq!(column(&desk.guards(), "clientOid"), ["sl2"]);
}

#[test]
fn both_legs_can_come_in_one_request_and_a_stop_with_its_entry() {
    let mut desk = with_position();
    let both = json!({
        "marginCoin": "USDT", "productType": "USDT-FUTURES", "symbol": "BTCUSDT", "holdSide": "buy", "stopSurplusTriggerPrice": "52000",
        "stopSurplusTriggerType": "mark_price", "stopLossTriggerPrice": "49000", "stopLossTriggerType": "mark_price",
        "stopSurplusClientOid": "tp", "stopLossClientOid": "sl",
    });
    let ids = desk.post(&format!("{V2_ORDER}place-pos-tpsl"), &both);
    assert_eq!(ids[0], json!({ "orderId": "1118000000000000001", "stopSurplusClientOid": "tp", "stopLossClientOid": "" }));
    assert_eq!(ids[1], json!({ "orderId": "1118000000000000002", "stopSurplusClientOid": "", "stopLossClientOid": "sl" }));
    let mut desk = Desk::classic();
    desk.place(&with(market("buy", "0.02", "entry"), json!({ "presetStopLossPrice": "49000" })));
    let list = desk.guards();
    assert_eq!(
        (&list[0]["planType"], &list[0]["clientOid"], &list[0]["triggerType"]),
        (&json!("pos_loss"), &list[0]["orderId"], &json!("fill_price"))
    );
}

#[test]
fn trigger_orders_are_told_apart_and_not_taken() {
    let mut desk = with_position();
    let order =
        with(market("sell", "0.01", "t"), json!({ "planType": "normal_plan", "triggerPrice": "49000", "triggerType": "mark_price" }));
    let path = format!("{V2_ORDER}place-plan-order");
    assert_eq!(desk.post_code(&path, &with(order.clone(), json!({ "reduceOnly": "YES" }))), "22042");
    assert_eq!(desk.post_code(&path, &order), "40017");
    let pending = format!("{V2_ORDER}orders-plan-pending?productType=USDT-FUTURES");
    desk.guard(&guard("pos_loss", "49000", "sl"));
    assert!(desk.get(&format!("{pending}&planType=normal_plan"))["entrustedList"].is_null());
    assert_eq!(desk.get_code(&pending), "40019");
}

#[test]
fn a_position_can_be_unseen_at_first() {
    let unseen = Conditions { unseen_position_ms: 700, late_orders_ms: 400, ..Conditions::default() };
    let mut desk = Desk::classic().under(unseen);
    desk.place(&market("buy", "0.02", "entry"));
    assert_eq!(desk.guard_code(&guard("pos_loss", "49000", "sl")), "43023");
    desk.now += 700;
    desk.guard(&guard("pos_loss", "49000", "sl"));
    assert!(desk.guards().is_null());
    desk.now += 400;
    assert_eq!(column(&desk.guards(), "clientOid"), ["sl"]);
}

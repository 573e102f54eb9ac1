//! What the account and its contracts are set to.

use super::*;

const MODE: &str = "/api/v2/position/changeMarginMode";
const LEVERAGE: &str = "/api/v2/changeCrossUserLeverage";
const POSITION_MODE: &str = "/api/v2/position/switchPositionMode";

fn mode(mode: &str) -> Value {
    json!({"symbol": ETH, "marginMode": mode})
}

#[test]
fn the_margin_mode_is_of_a_contract_and_waits_for_nothing_to_be_open() {
    let mut desk = Desk::new();
    assert_eq!(desk.get("v2/position/getMarginMode?symbol=ETHUSDTM"), mode("CROSS"));
    assert_eq!(desk.ok("POST", MODE, mode("ISOLATED")), mode("ISOLATED"));
    assert_eq!(desk.ok("POST", MODE, mode("ISOLATED")), mode("ISOLATED"), "twice is no error");
    assert_eq!(desk.refused(market("buy", 1)), "330005");
    desk.place(with(stop(1, "2900", "s1"), json!({"marginMode": "ISOLATED"})));
    for wanted in ["CROSS", "ISOLATED"] {
        let (status, body) = desk.call("POST", MODE, &mode(wanted));
        assert_eq!((status, &body["code"], &body["msg"]), (200, &json!("50002"), &json!("exist.order.or.position")));
    }
    assert_eq!(desk.code("POST", MODE, mode("isolated")), "100001");
    let both = json!({"marginMode": "ISOLATED", "symbols": ["XBTUSDTM", ETH]});
    let answer = desk.ok("POST", "/api/v2/position/batchChangeMarginMode", both);
    assert_eq!(answer["marginMode"], json!({"XBTUSDTM": "ISOLATED"}));
    assert_eq!(answer["errors"], json!([{"code": "50002", "msg": "exist.order.or.position", "symbol": ETH}]));
}

#[test]
fn cross_margin_has_a_leverage_and_isolated_orders_say_theirs() {
    let mut desk = Desk::new();
    let leverage = |leverage: Value| json!({"symbol": ETH, "leverage": leverage});
    assert_eq!(desk.ok("POST", LEVERAGE, leverage(json!("7"))), json!(true));
    assert_eq!(desk.get("v2/getCrossUserLeverage?symbol=ETHUSDTM"), leverage(json!("7")));
    for (code, wanted) in [("300016", json!("126")), ("300016", json!("0")), ("100001", json!(5)), ("100001", json!("5.5"))] {
        assert_eq!(desk.code("POST", LEVERAGE, leverage(wanted)), code);
    }
    desk.place(with(market("buy", 10), json!({"leverage": 3})));
    assert_eq!(desk.get("v1/positions")[0]["leverage"].as_f64(), Some(7.0), "the order's is not listened to");
    desk.place(with(market("sell", 10), json!({"reduceOnly": true})));
    desk.ok("POST", MODE, mode("ISOLATED"));
    desk.place(with(market("buy", 10), json!({"marginMode": "ISOLATED", "leverage": 3})));
    assert_eq!(desk.get("v1/positions")[0]["posInit"].as_f64(), Some(100.0));
    desk.ok("POST", LEVERAGE, leverage(json!("9")));
    assert_eq!(desk.get("v1/positions")[0]["posInit"].as_f64(), Some(100.0));
    desk.place(with(market("sell", 10), json!({"marginMode": "ISOLATED", "leverage": null, "reduceOnly": true})));
    desk.ok("POST", MODE, mode("CROSS"));
    assert_eq!(desk.get("v2/getCrossUserLeverage?symbol=ETHUSDTM"), leverage(json!("9")));
    desk.place(market("buy", 9));
    assert_eq!(desk.get("v1/positions")[0]["posInit"].as_f64(), Some(30.0));
}

#[test]
fn the_position_mode_is_of_the_account() {
    let mut desk = Desk::new();
    let wanted = |mode: &str| json!({"positionMode": mode});
    assert_eq!(desk.get("v2/position/getPositionMode"), json!({"positionMode": 0}));
    assert_eq!(desk.ok("POST", POSITION_MODE, wanted("0")), json!({"positionMode": 0}), "twice is no error");
    desk.place(stop(1, "2900", "s1"));
    assert_eq!(desk.code("POST", POSITION_MODE, wanted("1")), "50002");
    desk.delete("v1/stopOrders");
    assert_eq!(desk.ok("POST", POSITION_MODE, wanted("1")), json!({"positionMode": 1}));
    assert_eq!((desk.sim.book.is_hedge(), desk.code("POST", POSITION_MODE, wanted("2"))), (true, "100001".to_owned()));
    assert_eq!(desk.get("ua/v1/account/mode")["selfAccountMode"], "CLASSIC");
}

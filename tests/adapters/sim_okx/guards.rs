//! Algo orders: one for the whole position, pairs, what outlives a position, what comes with an order.

use super::*;

const CANCEL: &str = "/api/v5/trade/cancel-algos";

impl Desk {
    fn algo(&mut self, name: &str) -> Value {
        self.get(&format!("trade/order-algo?algoClOrdId={name}"))[0].clone()
    }

    fn pending(&mut self) -> Vec<String> {
        let list = self.get(&format!("trade/orders-algo-pending?ordType=conditional,oco&instId={ETH}"));
        list.as_array().unwrap().iter().map(|row| row["algoClOrdId"].as_str().unwrap().to_owned()).collect()
    }
}

/// A stop and a target of which one ends the other.
fn pair(sl: &str, tp: &str, name: &str) -> Value {
    with(stop(sl, name), json!({"ordType": "oco", "tpTriggerPx": tp, "tpOrdPx": "-1"}))
}

#[test]
fn a_stop_becomes_an_order_that_is_found_by_its_id_alone() {
    let mut desk = Desk::new();
    desk.buy("2");
    desk.ok(ALGO, stop("2900", "s1"));
    let row = desk.algo("s1");
    assert_eq!((row["state"].as_str(), row["sz"].as_str(), row["closeFraction"].as_str()), (Some("live"), Some(""), Some("1")));
    assert_eq!((row["ordIdList"].clone(), row["reduceOnly"].as_str()), (json!([]), Some("true")));
    assert_eq!(desk.get("account/positions")[0]["closeOrderAlgo"][0]["slTriggerPx"], "2900");
    assert_eq!(desk.get("trade/orders-pending"), json!([]));
    desk.price("2890");
    assert_eq!(desk.held(Side::Long), d("0"));
    let row = desk.algo("s1");
    assert_eq!((row["state"].as_str(), row["actualSide"].as_str()), (Some("effective"), Some("sl")));
    let child = desk.get(&format!("trade/order?instId={ETH}&ordId={}", row["ordIdList"][0].as_str().unwrap()))[0].clone();
    assert_eq!((child["state"].as_str(), child["avgPx"].as_str(), child["clOrdId"].as_str()), (Some("filled"), Some("2890"), Some("")));
    assert_eq!((child["algoClOrdId"].as_str(), &child["algoId"]), (Some("s1"), &row["algoId"]));
    assert_eq!(desk.get_code(&format!("trade/order?instId={ETH}&clOrdId=s1")), "51603");
    assert_eq!(desk.get("trade/orders-algo-history?ordType=conditional&state=effective")[0]["algoClOrdId"], "s1");
}

#[test]
fn one_order_closes_a_whole_position_and_targets_of_a_size_go_beside_it() {
    let mut desk = Desk::new();
    assert_eq!(desk.code(ALGO, stop("2900", "s1")), "51058");
    assert_eq!(desk.code(ALGO, target("3100", "1", "t1")), "51169");
    desk.buy("2");
    desk.ok(ALGO, stop("2900", "s1"));
    assert_eq!(desk.code(ALGO, stop("2800", "s2")), "51088");
    // A target for the whole of it is one of them, too.
    assert_eq!(desk.code(ALGO, with(target("3100", "1", "t1"), json!({"sz": null, "closeFraction": "1"}))), "51088");
    desk.ok(ALGO, target("3100", "1", "t1"));
    desk.ok(ALGO, target("3200", "1", "t2"));
    assert_eq!(desk.pending(), ["t2", "t1", "s1"]);
    let cases = [
        ("51065", target("3100", "1", "t1")),
        ("51000", stop("2800", "has-dash")),
        ("50024", with(stop("2800", "x"), json!({"sz": "1"}))),
        ("51000", with(stop("2800", "x"), json!({"closeFraction": "0.5"}))),
        ("51000", with(stop("2800", "x"), json!({"reduceOnly": null}))),
        ("51000", with(target("3100", "1", "x"), json!({"reduceOnly": false, "cxlOnClosePos": true}))),
        ("51000", with(target("3100", "1", "x"), json!({"tpOrdPx": "3100"}))),
        ("51000", with(target("3100", "1", "x"), json!({"tpTriggerPxType": "index"}))),
        ("51000", with(target("3100", "1", "x"), json!({"ordType": "trigger", "triggerPx": "1"}))),
        ("51000", with(target("3100", "1", "x"), json!({"ordType": "oco"}))),
        ("51169", with(target("3100", "1", "x"), json!({"tdMode": "isolated"}))),
        ("51121", target("3100", "1.005", "x")),
        ("51150", target("3100.001", "1", "x")),
    ];
    for (code, body) in cases {
        assert_eq!(desk.code(ALGO, body.clone()), code, "{body}");
    }
    // When it is not seen yet, a new position cannot be protected.
    let mut blind = Desk::new().under(Conditions { unseen_position_ms: 700, ..Conditions::default() });
    blind.buy("2");
    assert_eq!(blind.code(ALGO, stop("2900", "s1")), "51058");
    blind.now += 700;
    blind.ok(ALGO, stop("2900", "s1"));
}

#[test]
fn triggers_on_the_wrong_side_have_a_code_each() {
    let mut long = Desk::new();
    long.buy("2");
    let mut short = Desk::new();
    short.ok(ORDER, market("sell", "2"));
    let sell = |which: &str, price: &str, by: &str| {
        json!({"instId": ETH, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": "1", "reduceOnly": true,
               format!("{which}TriggerPx"): price, format!("{which}OrdPx"): "-1", format!("{which}TriggerPxType"): by})
    };
    let buy = |which: &str, price: &str, by: &str| with(sell(which, price, by), json!({"side": "buy"}));
    for (code, body) in [
        ("51280", sell("sl", "3000", "last")),
        ("51304", sell("sl", "3001", "mark")),
        ("51279", sell("tp", "3000", "last")),
        ("51303", sell("tp", "2999", "mark")),
    ] {
        assert_eq!(long.code(ALGO, body.clone()), code, "{body}");
    }
    for (code, body) in [
        ("51278", buy("sl", "3000", "last")),
        ("51302", buy("sl", "2999", "mark")),
        ("51277", buy("tp", "3001", "last")),
        ("51300", buy("tp", "3000", "mark")),
    ] {
        assert_eq!(short.code(ALGO, body.clone()), code, "{body}");
    }
}

#[test]
fn guards_outlive_their_position_unless_they_are_tied_to_it() {
    let mut desk = Desk::new();
    desk.buy("2");
    desk.ok(ALGO, stop("2900", "tied"));
    desk.ok(ALGO, target("3100", "1", "loose"));
    desk.ok(ORDER, with(market("sell", "2"), json!({"reduceOnly": true})));
    assert_eq!((desk.pending(), desk.algo("tied")["state"].as_str()), (vec!["loose".to_owned()], Some("canceled")));
    // Set off while flat it fails; what opens a position again is closed by it.
    desk.price("3100");
    assert_eq!((desk.algo("loose")["state"].as_str(), desk.held(Side::Short)), (Some("order_failed"), d("0")));
    desk.buy("2");
    desk.ok(ALGO, with(stop("2900", "old"), json!({"cxlOnClosePos": false})));
    desk.ok(ORDER, market("sell", "2"));
    desk.buy("3");
    assert_eq!(desk.code(ALGO, stop("2800", "new")), "51088", "the old one is in the way");
    desk.price("2900");
    assert_eq!((desk.held(Side::Long), desk.algo("old")["state"].as_str()), (d("0"), Some("effective")));
    // One that need not reduce opens.
    desk.ok(ALGO, with(target("3100", "1", "opens"), json!({"reduceOnly": false})));
    desk.price("3100");
    assert_eq!(desk.held(Side::Short), d("0.1"));
    // Nothing needs to be asked for what is tied to go: the book knows at once.
    let mut moved = Desk::new();
    moved.buy("2");
    moved.ok(ALGO, stop("2900", "tied"));
    moved.ok(ALGO, target("3100", "2", "t1"));
    moved.price("3100");
    assert!(moved.sim.book.open_conditionals().is_empty());
    moved.price("2800");
    assert_eq!(moved.algo("tied")["state"], "canceled");
}

#[test]
fn a_target_larger_than_what_is_left_fails_as_a_whole() {
    let mut desk = Desk::new();
    desk.buy("2");
    desk.ok(ALGO, target("3100", "2", "t1"));
    desk.ok(ORDER, with(market("sell", "1"), json!({"reduceOnly": true})));
    desk.price("3100");
    assert_eq!((desk.algo("t1")["state"].as_str(), desk.held(Side::Long)), (Some("order_failed"), d("0.1")));
    assert_eq!(desk.algo("t1")["failCode"], "51169");
}

#[test]
fn of_a_pair_the_first_that_fires_ends_the_other() {
    for (price, side) in [("2890", "sl"), ("3110", "tp")] {
        let mut desk = Desk::new();
        desk.buy("2");
        desk.ok(ALGO, pair("2900", "3100", "p1"));
        let row = desk.algo("p1");
        assert_eq!(
            (row["ordType"].as_str(), row["slTriggerPx"].as_str(), row["tpTriggerPx"].as_str()),
            (Some("oco"), Some("2900"), Some("3100"))
        );
        assert_eq!(desk.code(ALGO, stop("2900", "s1")), "51088");
        desk.price(price);
        let row = desk.algo("p1");
        assert_eq!(
            (row["state"].as_str(), row["actualSide"].as_str(), row["actualSz"].as_str()),
            (Some("effective"), Some(side), Some("2"))
        );
        assert_eq!((row["ordIdList"].as_array().map(Vec::len), desk.pending().len()), (Some(1), 0));
        assert!(desk.sim.book.open_conditionals().is_empty());
    }
    // While one is on its way, the other does not go off any more.
    let mut slow = Desk::new().under(Conditions { trigger_ms: 200, ..Conditions::default() });
    slow.buy("2");
    slow.ok(ALGO, with(pair("2900", "3100", "p1"), json!({"closeFraction": null, "sz": "1"})));
    slow.price("2890");
    slow.price("3110");
    assert_eq!(slow.code(CANCEL, json!([{"instId": ETH, "algoClOrdId": "p1"}])), "51400");
    slow.now += 200;
    assert_eq!((slow.algo("p1")["state"].as_str(), slow.held(Side::Long)), (Some("effective"), d("0.1")));
    // As `conditional` only the stop of the two works in net mode.
    let mut desk = Desk::new();
    desk.buy("2");
    desk.ok(ALGO, with(pair("2900", "3100", "p1"), json!({"ordType": "conditional"})));
    desk.price("3200");
    assert_eq!((desk.algo("p1")["state"].as_str(), desk.algo("p1")["tpTriggerPx"].as_str()), (Some("live"), Some("")));
}

#[test]
fn ten_are_cancelled_at_a_time_and_lists_want_a_kind() {
    let mut desk = Desk::new();
    desk.buy("20");
    for count in 0..11 {
        desk.ok(ALGO, target("3100", "1", &format!("t{count}")));
    }
    let all: Vec<Value> = (0..11).map(|count| json!({"instId": ETH, "algoClOrdId": format!("t{count}")})).collect();
    assert_eq!(desk.code(CANCEL, json!(all)), "51000");
    desk.ok(CANCEL, json!(all[1..]));
    assert_eq!(desk.pending(), ["t0"]);
    assert_eq!(desk.code(CANCEL, json!([all[1].clone()])), "51400");
    let answer = desk.call("POST", CANCEL, &json!(all[..2])).1;
    assert_eq!((answer["code"].as_str(), answer["data"][1]["sCode"].as_str()), (Some("2"), Some("51400")));
    assert_eq!(desk.algo("t0")["state"], "canceled");
    assert_eq!(desk.get_code("trade/order-algo?algoClOrdId=never"), "51603");
    for (kinds, code) in [("", "51000"), ("conditional,trigger", "51000"), ("trigger", "0"), ("oco,conditional", "0"), ("any", "51000")] {
        assert_eq!(desk.get_code(&format!("trade/orders-algo-pending?ordType={kinds}")), code, "{kinds}");
    }
}

#[test]
fn what_comes_with_an_order_waits_until_all_of_it_is_filled() {
    let bring = |order: Value, sl: &str, tp: &str| {
        let attached = json!([{"attachAlgoClOrdId": "with1", "slTriggerPx": sl, "slOrdPx": "-1", "tpTriggerPx": tp, "tpOrdPx": "-1"}]);
        with(order, json!({"attachAlgoOrds": attached}))
    };
    let mut desk = Desk::new().under(Conditions { liquidity: Some(Decimal::new(1, 1)), ..Conditions::default() });
    desk.ok(ORDER, bring(limit("buy", "2", "2900", "a1"), "2800", "3100"));
    assert_eq!(desk.code(ORDER, bring(limit("buy", "2", "2900", "a2"), "2800", "3100")), "51068");
    desk.price("2900");
    assert_eq!((desk.order("a1")["state"].as_str(), desk.pending().len()), (Some("partially_filled"), 0));
    desk.price("2900");
    assert_eq!(desk.pending(), ["with1"]);
    assert_eq!((desk.algo("with1")["sz"].as_str(), desk.algo("with1")["ordType"].as_str()), (Some("2"), Some("oco")));
    // It is not tied to the position: it outlives it, and would open one.
    desk.sim.set_faults(Faults::default(), START);
    desk.ok(ORDER, with(market("sell", "2"), json!({"reduceOnly": true})));
    assert_eq!(desk.pending(), ["with1"]);
    desk.price("3100");
    assert_eq!(desk.held(Side::Short), d("0.2"));
    // A parent that ends before brings none; one whose trigger is passed by then tells so.
    let mut desk = Desk::new();
    desk.ok(ORDER, bring(limit("buy", "2", "2900", "a1"), "2800", "3100"));
    desk.ok("/api/v5/trade/cancel-order", json!({"instId": ETH, "clOrdId": "a1"}));
    assert!(desk.pending().is_empty());
    desk.ok(ORDER, bring(limit("buy", "2", "2900", "a2"), "2800", "3100"));
    desk.price("2790");
    assert_eq!((desk.pending().len(), desk.order("a2")["attachAlgoOrds"][0]["failCode"].as_str()), (0, Some("51280")));
    let buying = |sl: &str, tp: &str| bring(market("buy", "1"), sl, tp);
    for (code, body) in [
        ("51047", bring(limit("buy", "1", "2700", "x"), "2700", "3100")),
        ("51046", bring(limit("buy", "1", "2700", "x"), "2600", "2700")),
        ("51051", buying("2790", "3100")),
        ("51050", buying("2600", "2790")),
        ("51333", with(bring(market("sell", "1"), "2600", "2900"), json!({"reduceOnly": true}))),
    ] {
        assert_eq!(desk.code(ORDER, body.clone()), code, "{body}");
    }
}

#[test]
fn a_hedge_guards_each_side() {
    let mut desk = Desk::hedge();
    for (side, pos) in [("buy", "long"), ("sell", "short")] {
        desk.ok(ORDER, with(market(side, "2"), json!({"posSide": pos})));
    }
    let long = |order: Value| with(order, json!({"posSide": "long"}));
    desk.ok(ALGO, long(with(stop("2900", "s1"), json!({"cxlOnClosePos": null, "reduceOnly": null}))));
    let short = with(stop("3100", "s2"), json!({"posSide": "short", "side": "buy"}));
    desk.ok(ALGO, short);
    assert_eq!(desk.code(ALGO, long(stop("2800", "s3"))), "51088");
    desk.ok(ALGO, long(target("3100", "1", "t1")));
    assert_eq!(desk.code(ALGO, stop("2800", "s4")), "51000");
    desk.price("2900");
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0.2")));
    assert_eq!(desk.pending(), ["t1", "s2"]);
    desk.price("3100");
    assert_eq!((desk.held(Side::Short), desk.algo("t1")["state"].as_str()), (d("0"), Some("order_failed")));
}

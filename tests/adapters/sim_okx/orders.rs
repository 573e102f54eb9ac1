//! Plain orders: their quirks, batches, expiry, closing, lists and executions.

use super::*;

const CANCEL: &str = "/api/v5/trade/cancel-order";
const CLOSE: &str = "/api/v5/trade/close-position";

#[test]
fn plain_orders_have_their_quirks() {
    let mut desk = Desk::new();
    let answer = desk.ok(ORDER, with(market("buy", "15"), json!({"clOrdId": "m1"})));
    assert_eq!((answer["sCode"].as_str(), answer.get("state"), answer.get("avgPx")), (Some("0"), None, None));
    assert_eq!(desk.held(Side::Long), d("1.5"), "contracts are not coins");
    let order = desk.order("m1");
    assert_eq!((order["state"].as_str(), order["sz"].as_str(), order["accFillSz"].as_str()), (Some("filled"), Some("15"), Some("15")));
    assert_eq!((order["avgPx"].as_str(), order["fee"].as_str(), order["tdMode"].as_str()), (Some("3000"), Some("-2.25"), Some("cross")));
    desk.ok(ORDER, limit("buy", "0.01", "2900", "l1"));
    assert_eq!((desk.order("l1")["avgPx"].as_str(), desk.order("l1")["fillPx"].as_str()), (Some(""), Some("")));
    let cases = [
        ("51016", limit("buy", "1", "2900", "l1")),
        ("51000", limit("buy", "1", "2900", "has-dash")),
        ("51000", limit("buy", "1", "2900", &"x".repeat(33))),
        ("51000", limit("buy", "0", "2900", "x")),
        ("51020", limit("buy", "0.005", "2900", "x")),
        ("51121", limit("buy", "1.005", "2900", "x")),
        ("51150", limit("buy", "1", "2900.001", "x")),
        ("51006", limit("buy", "1", "3200", "x")),
        ("51006", limit("sell", "1", "2800", "x")),
        ("51008", market("buy", "3000")),
        ("51202", market("buy", "100000")),
        ("51000", with(market("buy", "1"), json!({"posSide": "long"}))),
        ("51000", with(market("buy", "1"), json!({"tdMode": "cash"}))),
        ("51000", with(market("buy", "1"), json!({"tdMode": null}))),
        ("51000", with(market("buy", "1"), json!({"ordType": "fok"}))),
        ("51000", with(market("buy", "1"), json!({"slTriggerPx": "2900"}))),
        ("51170", with(market("buy", "1"), json!({"reduceOnly": true}))),
        ("51112", with(market("sell", "15.01"), json!({"reduceOnly": true}))),
        ("51169", with(market("sell", "1"), json!({"reduceOnly": true, "instId": "BTC-USDT-SWAP"}))),
    ];
    for (code, body) in cases {
        assert_eq!(desk.code(ORDER, body.clone()), code, "{body}");
    }
    assert_eq!(desk.held(Side::Long), d("1.5"), "nothing of what was refused happened");
    desk.ok(ORDER, with(limit("buy", "1", "3200", "moved"), json!({"pxAmendType": "1"})));
    assert_eq!(desk.order("moved")["px"], "3150");
}

#[test]
fn a_name_is_free_again_and_the_latest_answers() {
    let mut desk = Desk::new();
    for px in ["2900", "2950"] {
        desk.ok(ORDER, limit("buy", "1", px, "same"));
        assert_eq!(desk.order("same")["px"], px);
        desk.ok(CANCEL, json!({"instId": ETH, "clOrdId": "same"}));
    }
    assert_eq!((desk.order("same")["state"].as_str(), desk.order("same")["cancelSource"].as_str()), (Some("canceled"), Some("1")));
    assert_eq!(desk.code(CANCEL, json!({"instId": ETH, "clOrdId": "same"})), "51400");
    assert_eq!(desk.get_code(&format!("trade/order?instId={ETH}&clOrdId=never")), "51603");
    // Two hours later nobody remembers it.
    desk.now += 2 * 3_600_000;
    assert_eq!(desk.get_code(&format!("trade/order?instId={ETH}&clOrdId=same")), "51603");
    assert_eq!(desk.get("trade/orders-history?instType=SWAP"), json!([]));
}

#[test]
fn what_does_not_fill_at_once_is_cancelled() {
    let mut desk = Desk::new().under(Conditions { liquidity: Some(Decimal::ONE), ..Conditions::default() });
    desk.ok(ORDER, with(market("buy", "15"), json!({"clOrdId": "m1"})));
    let order = desk.order("m1");
    assert_eq!((order["state"].as_str(), order["accFillSz"].as_str()), (Some("canceled"), Some("10")));
    desk.ok(ORDER, with(limit("buy", "15", "2990", "i1"), json!({"ordType": "ioc"})));
    assert_eq!((desk.order("i1")["state"].as_str(), desk.order("i1")["ordType"].as_str()), (Some("canceled"), Some("ioc")));
    desk.ok(ORDER, with(limit("buy", "15", "2990", "p1"), json!({"ordType": "post_only"})));
    assert_eq!(desk.order("p1")["state"], "live");
    desk.price("2990");
    let order = desk.order("p1");
    assert_eq!(
        (order["state"].as_str(), order["accFillSz"].as_str(), order["sz"].as_str()),
        (Some("partially_filled"), Some("10"), Some("15"))
    );
}

#[test]
fn an_order_that_comes_too_late_is_refused() {
    for (expires, held) in [(START + 4999, "0"), (START + 5000, "0.1")] {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, Fault::CutThenExecute { ms: 5000 }));
        desk.own.expires = Some(expires);
        desk.cut(&desk.request("POST", ORDER, &market("buy", "1")), 60_000);
        assert_eq!(desk.held(Side::Long), d(held), "{expires}");
        assert_eq!(desk.logged(), (held == "0").then_some("50036"));
    }
    let mut desk = Desk::new();
    desk.own.expires = Some(START - 1);
    assert_eq!(desk.code(ORDER, market("buy", "1")), "50036");
    assert_eq!(desk.code(BATCH, json!([market("buy", "1")])), "50036");
    // Elsewhere nobody reads the header.
    desk.ok(LEVERAGE, json!({"instId": ETH, "lever": "5", "mgnMode": "cross"}));
    // Nor does an order come to pass whose signature has grown old.
    let mut old = Desk::new().struck_by(Rule::new(Class::Place, Fault::CutThenExecute { ms: 30_001 }));
    old.cut(&old.request("POST", ORDER, &market("buy", "1")), 60_000);
    assert_eq!((old.held(Side::Long), old.logged()), (d("0"), Some("50102")));
}

#[test]
fn a_batch_says_how_many_went_well() {
    let mut desk = Desk::new();
    let good = |name: &str| limit("buy", "1", "2900", name);
    let bad = || limit("buy", "0.001", "2900", "b1");
    for (orders, code, elements) in [
        (json!([good("a1"), good("a2")]), "0", ["0", "0"]),
        (json!([good("a3"), bad()]), "2", ["0", "51020"]),
        (json!([bad(), bad()]), "1", ["51020", "51020"]),
    ] {
        let (status, answer) = desk.call("POST", BATCH, &orders);
        let codes = [&answer["data"][0]["sCode"], &answer["data"][1]["sCode"]];
        assert_eq!((status, answer["code"].as_str(), codes.map(|one| one.as_str().unwrap())), (200, Some(code), elements), "{answer}");
    }
    assert_eq!(desk.code(BATCH, json!(vec![good("x"); 21])), "51000");
    let gone = json!([{"instId": ETH, "clOrdId": "a1"}, {"instId": ETH, "ordId": "1"}]);
    let answer = desk.call("POST", "/api/v5/trade/cancel-batch-orders", &gone).1;
    assert_eq!((answer["code"].as_str(), answer["data"][1]["sCode"].as_str()), (Some("2"), Some("51400")));
    // One element is refused, the other is taken.
    let mut desk = Desk::new().struck_by(refused_element(1));
    let answer = desk.call("POST", BATCH, &json!([good("a1"), good("a2")])).1;
    assert_eq!(
        (answer["code"].as_str(), answer["data"][1]["sCode"].as_str(), answer["data"][1]["clOrdId"].as_str()),
        (Some("2"), Some("51008"), Some("a2"))
    );
    assert_eq!(desk.sim.book.open_orders().len(), 1);
}

#[test]
fn closing_a_position_wants_the_way_free() {
    let mut desk = Desk::new();
    let close = json!({"instId": ETH, "mgnMode": "cross", "clOrdId": "c1"});
    assert_eq!(desk.code(CLOSE, close.clone()), "51023");
    desk.buy("2");
    desk.ok(ORDER, with(limit("sell", "1", "3100", "t1"), json!({"reduceOnly": true})));
    assert_eq!(desk.code(CLOSE, with(close.clone(), json!({"mgnMode": "isolated"}))), "51023");
    assert_eq!(desk.code(CLOSE, close.clone()), "51115");
    let answer = desk.ok(CLOSE, with(close, json!({"autoCxl": true})));
    assert_eq!((answer.get("ordId"), desk.held(Side::Long)), (None, d("0")));
    assert_eq!((desk.order("c1")["state"].as_str(), desk.order("t1")["state"].as_str()), (Some("filled"), Some("canceled")));
}

#[test]
fn a_hedge_wants_a_side_and_what_rests_holds_what_it_would_close() {
    let mut desk = Desk::hedge();
    let long = |order: Value| with(order, json!({"posSide": "long"}));
    assert_eq!(desk.code(ORDER, market("buy", "1")), "51000");
    assert_eq!(desk.code(ORDER, long(market("sell", "1"))), "51169");
    desk.ok(ORDER, long(market("buy", "2")));
    assert_eq!(desk.code(ORDER, long(market("sell", "2.01"))), "51112");
    desk.ok(ORDER, long(limit("sell", "1", "3100", "t1")));
    assert_eq!(desk.get("account/positions")[0]["availPos"], "1");
    assert_eq!(desk.code(ORDER, long(market("sell", "2"))), "51112");
    desk.ok(ORDER, long(market("sell", "1")));
    assert_eq!(desk.held(Side::Long), d("0.1"));
}

#[test]
fn lists_come_newest_first_and_page_by_id() {
    let mut desk = Desk::new();
    for count in 0..5 {
        desk.ok(ORDER, limit("buy", "1", "2900", &format!("a{count}")));
    }
    let names =
        |list: &Value| list.as_array().unwrap().iter().map(|row| row["clOrdId"].as_str().unwrap().to_owned()).collect::<Vec<String>>();
    let first = desk.get("trade/orders-pending?instType=SWAP&limit=2");
    assert_eq!(names(&first), ["a4", "a3"]);
    let id = first[1]["ordId"].as_str().unwrap();
    let older = desk.get(&format!("trade/orders-pending?instType=SWAP&limit=2&after={id}"));
    assert_eq!(names(&older), ["a2", "a1"]);
    let oldest = older[1]["ordId"].as_str().unwrap().to_owned();
    assert_eq!(names(&desk.get(&format!("trade/orders-pending?before={oldest}&limit=2"))), ["a3", "a2"]);
    desk.price("2900");
    assert_eq!(desk.get("trade/orders-pending"), json!([]));
    assert_eq!(names(&desk.get("trade/orders-history?instType=SWAP&state=filled&limit=1")), ["a4"]);
    let fills = desk.get(&format!("trade/fills?instId={ETH}"));
    let fill = &fills[0];
    assert_eq!((fills.as_array().map(Vec::len), fill["clOrdId"].as_str(), fill["fillSz"].as_str()), (Some(5), Some("a4"), Some("1")));
    assert_eq!((fill["fee"].as_str(), fill["execType"].as_str(), fill["fillPx"].as_str()), (Some("-0.058"), Some("M"), Some("2900")));
    let order = fill["ordId"].as_str().unwrap();
    assert_eq!(desk.get(&format!("trade/fills?ordId={order}")).as_array().map(Vec::len), Some(1));
    let bill = fills[1]["billId"].as_str().unwrap();
    assert_eq!(desk.get(&format!("trade/fills?after={bill}&limit=1"))[0]["clOrdId"], "a2");
    // Three days later only the long list has them, and a week later no history of orders.
    desk.now += 3 * 86_400_000 + 1;
    assert_eq!(desk.get("trade/fills"), json!([]));
    assert_eq!(desk.get("trade/fills-history?instType=SWAP").as_array().map(Vec::len), Some(5));
    desk.now += 4 * 86_400_000;
    assert_eq!(desk.get("trade/orders-history?instType=SWAP"), json!([]));
}

#[test]
fn the_dead_mans_switch_cancels_when_nothing_is_said() {
    let mut desk = Desk::new();
    desk.ok(ORDER, limit("buy", "1", "2900", "a1"));
    assert_eq!(desk.code("/api/v5/trade/cancel-all-after", json!({"timeOut": "5"})), "51000");
    desk.ok("/api/v5/trade/cancel-all-after", json!({"timeOut": "10"}));
    desk.now += 9999;
    assert_eq!(desk.order("a1")["state"], "live");
    desk.now += 1;
    assert_eq!(desk.order("a1")["state"], "canceled");
}

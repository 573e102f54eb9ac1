//! Orders that wait for a price: they have a size, need no position, outlive one, and are cancelled with all others.

use super::*;

/// A stop of 0.01 for a long.
fn stop(price: &str, name: &str) -> String {
    format!("orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.01&stopPrice={price}&triggerSignal=mark&reduceOnly=true&cliOrdId={name}")
}

fn target(price: &str, name: &str) -> String {
    stop(price, name).replace("stp", "take_profit")
}

#[test]
fn several_may_rest_before_and_after_a_position() {
    let mut desk = Desk::new();
    let done = desk.order(&stop("48000", "s1"));
    let trigger = &done["orderEvents"][0]["orderTrigger"];
    assert_eq!((done["status"].as_str(), trigger["uid"] == done["order_id"]), (Some("placed"), true));
    let shown = texts(trigger, ["clientId", "triggerSide", "triggerSignal"]);
    assert_eq!((shown, trigger["triggerPrice"].as_i64()), (["s1", "trigger_below", "mark_price"], Some(48000)));
    desk.placed(BUY);
    desk.placed(&stop("47000", "s2"));
    desk.placed(&target("52000", "t1"));
    desk.placed(&format!("{}&reduceOnly=true", BUY.replace("buy", "sell")));
    let open = desk.open();
    let shown: Vec<_> = open.iter().map(|row| (row["cliOrdId"].as_str().unwrap(), row["orderType"].as_str().unwrap())).collect();
    assert_eq!(shown, [("s1", "stop"), ("s2", "stop"), ("t1", "take_profit")]);
    assert_eq!((open[0]["triggerSignal"].as_str(), open[0]["status"].as_str()), (Some("mark"), Some("untouched")));
    // Without a position there is nothing to reduce: then nothing comes of it.
    desk.price("47900");
    let row = &desk.status("cliOrdIds=s1")[0];
    assert_eq!((row["status"].as_str(), row["error"].as_str()), (Some("TRIGGER_ACTIVATION_FAILURE"), Some("WOULD_NOT_REDUCE_POSITION")));
    assert_eq!(desk.open().len(), 2);
    assert!(desk.held(Side::Short).is_zero());
}

#[test]
fn one_that_fires_closes_its_size_and_leaves_the_others() {
    let mut desk = Desk::new();
    desk.placed(&BUY.replace("0.01", "0.03"));
    desk.placed(&stop("48000", "s1"));
    desk.placed(&target("52000", "t1"));
    desk.now += 60_000;
    desk.price("47900");
    assert_eq!(desk.held(Side::Long), d("0.02"));
    let row = &desk.status("cliOrdIds=s1")[0];
    assert_eq!(
        (row["status"].as_str(), row["order"]["priceTriggerOptions"]["triggerSide"].as_str()),
        (Some("FULLY_EXECUTED"), Some("TRIGGER_BELOW"))
    );
    let fill = &desk.fills("")[0];
    assert_eq!((fill["cliOrdId"].as_str(), fill["price"].as_i64(), &fill["order_id"]), (Some("s1"), Some(47900), &row["order"]["orderId"]));
    assert_eq!(desk.open().iter().map(|row| row["cliOrdId"].as_str().unwrap()).collect::<Vec<_>>(), ["t1"]);
    // A reducing one never turns the position over.
    desk.placed(&stop("47000", "s2").replace("0.01", "0.05"));
    desk.price("46900");
    assert!(desk.held(Side::Long).is_zero() && desk.held(Side::Short).is_zero());
}

#[test]
fn a_size_and_a_signal_are_needed_and_the_price_must_be_on_its_side() {
    let mut desk = Desk::new();
    desk.placed(BUY);
    let no_size = stop("48000", "x").replace("&size=0.01", "");
    assert_eq!(desk.error("POST", "sendorder", &no_size), "requiredArgumentMissing: size");
    let no_signal = stop("48000", "x").replace("&triggerSignal=mark", "");
    assert_eq!(desk.error("POST", "sendorder", &no_signal), "requiredArgumentMissing: triggerSignal");
    let no_price = stop("48000", "x").replace("&stopPrice=48000", "");
    assert_eq!(desk.error("POST", "sendorder", &no_price), "requiredArgumentMissing: stopPrice");
    let limited = format!("{}&limitPrice=47000", stop("48000", "x"));
    assert!(desk.error("POST", "sendorder", &limited).contains("not simulated"));
    for wrong in [stop("50000", "x"), stop("51000", "x"), target("49000", "x"), stop("48000.5", "x")] {
        assert_eq!(desk.word(&wrong), "invalidPrice", "{wrong}");
    }
    assert_eq!(desk.word(&stop("48000", "x").replace("size=0.01", "size=0")), "invalidSize");
    // A name is one of all kinds of orders.
    desk.placed(&stop("48000", "same"));
    assert_eq!(desk.word(&target("52000", "same")), "clientOrderIdAlreadyExist");
    assert_eq!(desk.word(&format!("{BUY}&cliOrdId=same")), "clientOrderIdAlreadyExist");
}

#[test]
fn to_cancel_all_is_to_cancel_the_waiting_ones_too() {
    let mut desk = Desk::new();
    let limit = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=0.01&limitPrice=49000&cliOrdId=l1";
    desk.placed(limit);
    desk.placed(&stop("48000", "s1"));
    desk.placed(&stop("2000", "eth").replace("PF_XBTUSD", "PF_ETHUSD"));
    let body = desk.ok("POST", "cancelallorders", "symbol=PF_XBTUSD");
    let names = |body: &Value| {
        let list = body["cancelStatus"]["cancelledOrders"].as_array().unwrap();
        list.iter().map(|row| row["cliOrdId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((names(&body), body["cancelStatus"]["cancelOnly"].as_str()), (vec!["l1".to_owned(), "s1".to_owned()], Some(BTC)));
    assert_eq!(desk.ok("POST", "cancelallorders", "symbol=PF_XBTUSD")["cancelStatus"]["status"], "noOrdersToCancel");
    let body = desk.ok("POST", "cancelallorders", "");
    assert_eq!((names(&body), body["cancelStatus"]["cancelOnly"].as_str()), (vec!["eth".to_owned()], Some("all")));
    // The dead man's switch does the same when its time has come, and not before.
    desk.placed(&stop("48000", "s2"));
    let status = desk.ok("POST", "cancelallordersafter", "timeout=60")["status"].clone();
    assert_eq!(status["triggerTime"], "2023-11-14T22:14:20.000Z");
    desk.now += 59_999;
    assert_eq!(desk.open().len(), 1);
    desk.now += 1;
    assert!(desk.open().is_empty());
    assert_eq!(desk.ok("POST", "cancelallordersafter", "timeout=0")["status"]["triggerTime"], "0");
}

#[test]
fn one_that_is_on_its_way_is_not_cancelled() {
    let mut desk = Desk::new().under(Conditions { trigger_ms: 50, ..Conditions::default() });
    desk.placed(BUY);
    desk.placed(&stop("48000", "s1"));
    desk.price("47900");
    assert_eq!(desk.cancelled("cliOrdId=s1")["status"], "notFound");
    assert_eq!(desk.status("cliOrdIds=s1")[0]["status"], "TRIGGER_PLACED");
    desk.now += 50;
    assert_eq!(desk.status("cliOrdIds=s1")[0]["status"], "FULLY_EXECUTED");
    assert_eq!(desk.cancelled("cliOrdId=s1")["status"], "filled");
}

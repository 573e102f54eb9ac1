//! What is only in the history: fees, profits, and what orders came to that are forgotten elsewhere.

use super::*;

const LIMIT: &str = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=0.02&limitPrice=49000&cliOrdId=l1";

/// Names of the events, and the order in each.
fn events(page: &Value) -> Vec<(String, String)> {
    let name = |element: &Value| {
        let (name, body) = element["event"].as_object().unwrap().iter().next().unwrap();
        let order = body.get("order").or(body.get("newOrder")).unwrap();
        (name.clone(), format!("{}/{}", order["filled"].as_str().unwrap(), order["quantity"].as_str().unwrap()))
    };
    page["elements"].as_array().unwrap().iter().map(name).collect()
}

fn of(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, filled)| ((*name).to_owned(), (*filled).to_owned())).collect()
}

#[test]
fn events_tell_what_became_of_an_order() {
    let mut desk = Desk::new();
    desk.placed(&format!("{BUY}&cliOrdId=m1"));
    // What is executed at once stands in the placing: filled, and left of it.
    assert_eq!(events(&desk.history("orders", "")), of(&[("OrderPlaced", "0.01/0")]));
    desk = desk.under(Conditions { liquidity: Some(d("0.015")), ..Conditions::default() });
    desk.now += 1000;
    desk.placed(LIMIT);
    desk.now += 1000;
    desk.price("49000");
    desk.now += 1000;
    assert_eq!(desk.cancelled("cliOrdId=l1")["orderEvents"][0]["order"]["filled"].as_f64(), Some(0.015), "a cancel hides a fill");
    let page = desk.history("orders", "sort=asc");
    let all = [("OrderPlaced", "0.01/0"), ("OrderPlaced", "0/0.02"), ("OrderUpdated", "0.015/0.005"), ("OrderCancelled", "0.015/0.005")];
    assert_eq!(events(&page), of(&all));
    let update = &page["elements"][2]["event"]["OrderUpdated"];
    assert_eq!((update["reason"].as_str(), update["newOrder"]["clientId"].as_str()), (Some("partial_fill"), Some("l1")));
    assert_eq!((update["newOrder"]["tradeable"].as_str(), update["newOrder"]["direction"].as_str()), (Some(BTC), Some("Buy")));
    // The older version is the same.
    let (_, older) = desk.answer(&signed("GET", "/api/history/v2/orders", "sort=asc"));
    assert_eq!(older["elements"], page["elements"]);
}

#[test]
fn pages_go_on_from_a_token() {
    let mut desk = Desk::new();
    for step in 0..5 {
        desk.now = START + step * 1000;
        desk.placed(&format!("{BUY}&cliOrdId=m{step}"));
    }
    let names = |page: &Value| -> Vec<String> {
        let list = page["elements"].as_array().unwrap();
        list.iter().map(|one| one["event"]["OrderPlaced"]["order"]["clientId"].as_str().unwrap().to_owned()).collect()
    };
    let page = desk.history("orders", "count=2");
    assert_eq!((names(&page), page["len"].as_u64()), (vec!["m4".to_owned(), "m3".to_owned()], Some(2)));
    let token = page["continuationToken"].as_str().unwrap().to_owned();
    let page = desk.history("orders", &format!("count=3&continuation_token={token}"));
    assert_eq!((names(&page), page.get("continuationToken")), (vec!["m2".to_owned(), "m1".to_owned(), "m0".to_owned()], None));
    let span = format!("sort=asc&since={}&before={}", START + 1000, START + 3000);
    assert_eq!(names(&desk.history("orders", &span)), ["m1", "m2"]);
    assert!(names(&desk.history("orders", "tradeable=PF_ETHUSD")).is_empty());
    let earlier = desk.fills("lastFillTime=2023-11-14T22:13:22.000Z");
    assert_eq!(earlier.iter().map(|fill| fill["cliOrdId"].as_str().unwrap()).collect::<Vec<_>>(), ["m1", "m0"]);
}

#[test]
fn only_the_history_knows_fees_and_profits() {
    let mut desk = Desk::new();
    desk.placed(BUY);
    desk.price("51000");
    desk.now += 1000;
    desk.placed(&format!("{}&reduceOnly=true&cliOrdId=out", BUY.replace("buy", "sell")));
    assert!(desk.fills("").iter().all(|fill| fill.get("fee").is_none()));
    let execution = desk.history("executions", "count=1")["elements"][0]["event"]["Execution"]["execution"].clone();
    let shown = (execution["orderData"]["fee"].as_str(), execution["order"]["clientId"].as_str(), execution["price"].as_str());
    assert_eq!(shown, (Some("0.255"), Some("out"), Some("51000")));
    let update = desk.history("positions", "count=1")["elements"][0]["event"]["PositionUpdate"].clone();
    let shown = ["positionChange", "realizedPnL", "fee", "oldPosition", "newPosition", "oldAverageEntryPrice"];
    assert_eq!(shown.map(|name| update[name].as_str().unwrap()), ["close", "10", "0.255", "0.01", "0", "50000"]);
}

#[test]
fn the_history_lags_behind_where_the_plan_says_so() {
    let mut desk = Desk::new().under(Conditions { late_history_ms: 2000, ..Conditions::default() });
    desk.placed(&format!("{BUY}&cliOrdId=m1"));
    desk.now += 1999;
    assert_eq!(desk.fills("").len(), 1);
    for path in ["orders", "executions", "positions"] {
        assert_eq!(desk.history(path, "")["len"], 0, "{path}");
    }
    desk.now += 1;
    for path in ["orders", "executions", "positions"] {
        assert_eq!(desk.history(path, "")["len"], 1, "{path}");
    }
}

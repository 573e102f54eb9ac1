//! What can be read, by the page, and what cannot be found.

use super::*;

#[test]
fn pages_have_ten_rows_if_nothing_is_said() {
    let mut desk = Desk::new();
    (0..12).for_each(|number| drop(desk.limit("buy", "0.005", "1900", &format!("n{number}"))));
    let mut page = |more: &str| {
        let answer = desk.get("futures/pending-order", &format!("market_type=FUTURES{more}"));
        let names: Vec<String> =
            answer["data"].as_array().unwrap().iter().map(|row| row["client_id"].as_str().unwrap().to_owned()).collect();
        (names, answer["pagination"].clone())
    };
    let (names, pagination) = page("");
    assert_eq!((names.len(), names[0].as_str(), pagination), (10, "n11", json!({"total": 12, "has_next": true})));
    assert_eq!(page("&page=2"), (vec!["n1".to_owned(), "n0".to_owned()], json!({"total": 12, "has_next": false})));
    assert_eq!(page("&page=3").0.len(), 0);
    assert_eq!(page("&limit=12").1["has_next"], false);
    assert_eq!(desk.get("futures/pending-order", "market_type=FUTURES&page=0")["code"], 4004);
    assert_eq!(desk.get("futures/pending-order", "")["code"], 4004);
}

#[test]
fn positions_come_by_the_page_too() {
    let mut desk = Desk::new();
    let names: Vec<String> = desk.sim.book.instruments().iter().take(11).map(|one| one.symbol.to_string()).collect();
    for name in &names {
        let least = desk.sim.book.instrument(name).unwrap().min_qty.to_string();
        desk.done("order", json!({"market": name, "side": "buy", "type": "market", "amount": least}));
    }
    let first = desk.get("futures/pending-position", "market_type=FUTURES");
    assert_eq!((first["data"].as_array().unwrap().len(), &first["pagination"]), (10, &json!({"has_next": true})));
    let second = desk.get("futures/pending-position", "market_type=FUTURES&page=2");
    assert_eq!((second["data"].as_array().unwrap().len(), &second["pagination"]), (1, &json!({"has_next": false})));
    assert_ne!(first["data"][0]["position_id"], first["data"][1]["position_id"]);
    assert_eq!(desk.get("futures/pending-position", "market_type=FUTURES&limit=100")["data"].as_array().unwrap().len(), 11);
}

#[test]
fn an_order_cancelled_before_its_first_execution_is_in_no_list() {
    let mut desk = Desk::new();
    let id = desk.limit("buy", "0.05", "1900", "gone")["order_id"].clone();
    desk.done("cancel-order", json!({"market": ETH, "order_id": id}));
    for list in ["pending-order", "finished-order"] {
        assert_eq!(desk.rows(list, "&client_id=gone").len(), 0, "{list}");
    }
    let query = format!("market=ETHUSDT&order_id={id}");
    assert_eq!(desk.get("futures/order-status", &query)["data"]["status"], "canceled");
    // One that was executed in part is.
    desk = desk.under(Conditions { liquidity: Some(d("0.02")), ..Conditions::default() });
    let id = desk.limit("buy", "0.05", "1900", "part")["order_id"].clone();
    let query = format!("market=ETHUSDT&order_id={id}");
    assert_eq!(desk.get("futures/order-status", &query)["data"]["status"], "open");
    desk.price("1900");
    assert_eq!(desk.get("futures/order-status", &query)["data"]["status"], "part_filled");
    assert_eq!(desk.rows("pending-order", "&client_id=part")[0]["filled_amount"], "0.02");
    desk.done("cancel-order", json!({"market": ETH, "order_id": id}));
    assert_eq!(desk.get("futures/order-status", &query)["data"]["status"], "part_canceled");
    assert_eq!(desk.rows("finished-order", "&client_id=part")[0]["unfilled_amount"], "0.03");
    assert_eq!(desk.get("futures/order-status", "market=ETHUSDT&order_id=1")["code"], 3600);
    assert_eq!(desk.get("futures/order-status", &format!("market=BTCUSDT&order_id={id}"))["code"], 3600);
}

#[test]
fn what_happened_is_seen_late() {
    let conditions = Conditions { late_orders_ms: 400, late_positions_ms: 300, late_history_ms: 900, ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    let row = desk.done("order", json!({"market": ETH, "side": "buy", "type": "market", "amount": "0.05", "client_id": "m"}));
    let resting = desk.limit("buy", "0.05", "1900", "l");
    let query = format!("market=ETHUSDT&order_id={}", row["order_id"]);
    let cancel = json!({"market": ETH, "order_id": resting["order_id"]});
    let mut seen = |at: u64| {
        desk.now = START + at;
        let status = desk.get("futures/order-status", &query)["code"].as_i64().unwrap();
        let rows = ["pending-order", "finished-order", "user-deals", "pending-position"].map(|list| desk.rows(list, "").len());
        (status, rows)
    };
    assert_eq!(seen(0), (3600, [0, 0, 0, 0]));
    assert_eq!(seen(300), (3600, [0, 0, 0, 1]));
    assert_eq!(seen(400), (0, [1, 0, 0, 1]));
    assert_eq!(seen(900), (0, [1, 1, 1, 1]));
    // What cannot be seen yet cannot be cancelled by its name or id.
    desk.done("cancel-order", cancel);
    let late = desk.limit("buy", "0.05", "1900", "late");
    assert_eq!(desk.refused("cancel-order", json!({"market": ETH, "order_id": late["order_id"]})), 3600);
    assert_eq!(desk.done("cancel-order-by-client-id", json!({"market": ETH, "client_id": "late"})), json!([]));
    desk.now += 400;
    assert_eq!(desk.done("cancel-order-by-client-id", json!({"market": ETH, "client_id": "late"})).as_array().unwrap().len(), 1);
}

#[test]
fn deals_tell_role_and_fee() {
    let mut desk = Desk::new();
    let first = desk.market_order("buy", "0.05");
    desk.limit("buy", "0.05", "1900", "l");
    desk.price("1900");
    let rows = desk.rows("user-deals", "");
    let shown = |row: &Value| ["role", "price", "amount", "fee", "side"].map(|name| row[name].as_str().unwrap().to_owned());
    assert_eq!(shown(&rows[0]), ["maker", "1900", "0.05", "0.0285", "buy"]);
    assert_eq!(shown(&rows[1]), ["taker", "2000", "0.05", "0.05", "buy"]);
    assert_eq!((&rows[0]["position_id"], &rows[1]["order_id"]), (&rows[1]["position_id"], &first["order_id"]));
    assert_eq!(desk.rows("user-deals", "&side=sell").len(), 0);
    assert_eq!(desk.rows("order-deals", &format!("&order_id={}", first["order_id"])), rows[1..]);
}

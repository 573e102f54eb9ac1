//! Stops and targets, which are attributes of a position.

use super::*;

fn stop(price: &str) -> Value {
    json!({"market": ETH, "stop_loss_type": "mark_price", "stop_loss_price": price})
}

fn target(price: &str) -> Value {
    json!({"market": ETH, "take_profit_type": "latest_price", "take_profit_price": price})
}

impl Desk {
    fn long() -> Desk {
        let mut desk = Desk::new();
        desk.market_order("buy", "0.05");
        desk
    }
}

#[test]
fn one_of_a_kind_and_the_next_takes_its_place() {
    let mut desk = Desk::long();
    let position = desk.done("set-position-stop-loss", stop("1900"));
    assert_eq!((&position["open_interest"], &position["stop_loss_price"]), (&json!("0.05"), &json!("1900")));
    let first = position["stop_loss_list"][0].clone();
    assert_eq!(first, json!({"id": 123_457, "price": "1900", "type": "mark_price", "amount": "0.05", "is_all": true, "created_at": START}));
    desk.done("set-position-take-profit", target("2200"));
    let position = desk.done("set-position-stop-loss", stop("1800"));
    let list = position["stop_loss_list"].as_array().unwrap();
    assert_eq!((list.len(), list[0]["price"].as_str()), (1, Some("1800")));
    assert_ne!(list[0]["id"], first["id"]);
    let shown = texts(&position, ["take_profit_price", "take_profit_type", "stop_loss_type"]);
    assert_eq!(shown, ["2200", "latest_price", "mark_price"]);
    // It follows the position.
    desk.market_order("buy", "0.05");
    assert_eq!(desk.position()["stop_loss_list"][0]["amount"], "0.1");
    // They are no orders.
    assert_eq!((desk.rows("pending-order", "").len(), desk.rows("pending-stop-order", "").len()), (0, 0));
    let position = desk.done("cancel-position-stop-loss", json!({"market": ETH}));
    assert_eq!(
        (&position["stop_loss_price"], &position["stop_loss_type"], &position["stop_loss_list"]),
        (&json!("0"), &json!(""), &json!([]))
    );
    assert_eq!(position["take_profit_price"], "2200");
    desk.done("cancel-position-stop-loss", json!({"market": ETH}));
}

#[test]
fn a_stop_needs_a_position_that_is_seen_and_a_price_that_is_not_passed() {
    let mut desk = Desk::new();
    assert_eq!(desk.refused("set-position-stop-loss", stop("1900")), 3639);
    desk.market_order("buy", "0.05");
    for (path, body, code) in [
        ("set-position-stop-loss", stop("2000"), 3639),
        ("set-position-take-profit", target("1999"), 3639),
        ("set-position-stop-loss", stop("1900.001"), 3639),
        ("set-position-stop-loss", json!({"market": ETH, "stop_loss_price": "1900"}), 4004),
        ("set-position-stop-loss", json!({"market": ETH, "stop_loss_type": "index_price", "stop_loss_price": "1900"}), 4004),
        ("cancel-position-stop-loss", json!({"market": ETH, "stop_loss_id": 7}), 3600),
        ("modify-position-stop-loss", stop("1900"), 4004),
    ] {
        assert_eq!(desk.refused(path, body.clone()), code, "{path} {body}");
    }
    let mut desk = Desk::new().under(Conditions { unseen_position_ms: 700, ..Conditions::default() });
    desk.market_order("buy", "0.05");
    assert_eq!(desk.refused("set-position-stop-loss", stop("1900")), 3639);
    desk.now += 700;
    desk.done("set-position-stop-loss", stop("1900"));
}

#[test]
fn they_go_with_the_position() {
    let mut desk = Desk::long();
    desk.done("set-position-stop-loss", stop("1900"));
    desk.done("set-position-take-profit", target("2200"));
    desk.price("1890");
    assert_eq!(desk.position(), Value::Null);
    let closing = desk.rows("finished-order", "")[0].clone();
    let shown = texts(&closing, ["side", "type", "client_id", "filled_value"]);
    assert_eq!(shown, ["sell", "market", "", "94.5"]);
    // The next position begins without, also on the other side in the same stroke.
    desk.market_order("buy", "0.05");
    assert_eq!(desk.position()["take_profit_list"], json!([]));
    desk.done("set-position-stop-loss", stop("1800"));
    desk.market_order("sell", "0.1");
    assert_eq!(desk.position()["stop_loss_list"], json!([]));
    assert!(desk.sim.book.open_conditionals().is_empty());
}

#[test]
fn parts_have_an_amount_and_go_with_the_position_too() {
    let mut desk = Desk::long();
    let part = |price: &str| {
        let mut body = stop(price);
        body["stop_loss_amount"] = "0.02".into();
        body
    };
    desk.done("set-position-stop-loss", part("1900"));
    let position = desk.done("set-position-stop-loss", part("1800"));
    let list = position["stop_loss_list"].as_array().unwrap().clone();
    assert_eq!(
        list.iter().map(|entry| (entry["amount"].as_str(), entry["is_all"].as_bool())).collect::<Vec<_>>(),
        [(Some("0.02"), Some(false)); 2]
    );
    desk.done("cancel-position-stop-loss", json!({"market": ETH, "stop_loss_id": list[1]["id"]}));
    desk.price("1900");
    assert_eq!(desk.held(Side::Long), d("0.03"));
    desk.done("set-position-stop-loss", part("1800"));
    // One for all of it replaces them.
    let position = desk.done("set-position-stop-loss", stop("1850"));
    assert_eq!(position["stop_loss_list"].as_array().unwrap().len(), 1);
    (0..20).for_each(|_| drop(desk.done("set-position-stop-loss", part("1800"))));
    assert_eq!(desk.refused("set-position-stop-loss", part("1800")), 3639);
    desk.done("close-position", json!({"market": ETH, "type": "market"}));
    assert!(desk.sim.book.open_conditionals().is_empty());
}

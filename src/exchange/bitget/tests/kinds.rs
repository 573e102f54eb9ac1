//! Which API an account speaks, and what holds for both.

use super::*;

const TIME: &str = "GET /api/v2/public/time";
const SETTINGS: &str = "GET /api/v3/account/settings";
const SETUP: &str = "GET /api/v2/mix/account/account";

fn time() -> Step {
    ok(TIME, json!({"serverTime": START.to_string()}))
}

fn settings(hold_mode: &str) -> Step {
    let rows = json!([{"category": "USDT-FUTURES", "symbol": "ETHUSDT", "marginMode": "isolated", "leverage": "7"},
        {"category": "COIN-FUTURES", "symbol": "BTCUSD", "marginMode": "crossed", "leverage": "3"},
        {"category": "USDT-FUTURES", "symbol": "XUSDT", "marginMode": "isolated", "leverage": ["3", "4"]}]);
    ok(SETTINGS, json!({"uid": "1", "accountMode": "unified", "holdMode": hold_mode, "symbolConfigList": rows}))
}

fn setup(pos_mode: &str) -> Step {
    ok(SETUP, json!({"marginMode": "crossed", "posMode": pos_mode, "crossedMarginLeverage": 20, "isolatedLongLever": "5"}))
}

#[test]
fn the_first_question_tells_the_kind_of_account() {
    let mut stage = Stage::new(Classic, false);
    assert_eq!(stage.exchange.capabilities(), CLASSIC);
    let mode = stage.expect([time(), settings("hedge_mode")]).open().unwrap();
    assert_eq!((mode, stage.exchange.capabilities()), (AccountMode { hedge: true, restricted: None }, UNIFIED));
    assert_eq!(stage.exchange.account.known.get(&eth()), terms(7, MarginMode::Isolated));

    assert_eq!(stage.exchange.account.known.get(&Symbol::new("XUSDT")), Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) });

    // Both ways in which a unified call is refused to a classic account.
    for code in ["40084", "25245"] {
        let steps = [time(), no(SETTINGS, code, "not a unified account"), setup("one_way_mode")];
        let mode = stage.expect(steps).open().unwrap();
        assert_eq!((mode, stage.exchange.capabilities()), (AccountMode { hedge: false, restricted: None }, CLASSIC));
        assert_eq!(stage.exchange.account.known.get(&eth()), Terms::default(), "nothing is left of the other kind");
        assert_eq!(stage.exchange.account.known.get(&Symbol::new("BTCUSDT")), terms(20, MarginMode::Cross));
    }
    let refused = stage.expect([time(), no(SETTINGS, "40014", "Incorrect permissions")]).open();
    assert_eq!(reason(&refused), Some(Reason::Credentials));
    let lost = stage.expect([time(), broken(SETTINGS, true)]).open();
    assert!(is_unknown(&lost));
    stage.done();
}

#[test]
fn an_account_that_became_the_other_kind_is_to_be_opened_anew() {
    let mut classic = Stage::set(Classic, false, MarginMode::Cross);
    let placed = classic.expect([no("POST /api/v2/mix/order/place-order", "40085", "You are in Unified Account mode")]);
    assert_eq!(reason(&placed.place(&[limit(Leg::Entry)])[0]), Some(Reason::PositionMode));
    let mut unified = Stage::new(Unified, false);
    let read = unified.expect([no("GET /api/v3/position/current-position", "40084", "You are in Classic Account mode")]);
    assert_eq!(reason(&read.positions(None)), Some(Reason::PositionMode));
}

#[test]
fn only_contracts_settled_in_one_coin_are_served() {
    let mut stage = Stage::new(Classic, false);
    stage.exchange.account.settle = "USDC".to_owned();
    assert!(stage.expect([time(), settings("one_way_mode")]).open().unwrap().restricted.is_some());
}

#[test]
fn each_kind_reads_its_own_list_of_contracts_and_needs_no_key_for_it() {
    let row = json!({"symbol": "ETHUSDT", "baseCoin": "ETH", "quoteCoin": "USDT", "symbolType": "perpetual", "symbolStatus": "normal",
        "status": "online", "pricePlace": "2", "priceEndStep": "1", "sizeMultiplier": "0.01", "priceMultiplier": "0.01",
        "quantityMultiplier": "0.01"});
    for (generation, path) in [(Classic, "GET /api/v2/mix/market/contracts"), (Unified, "GET /api/v3/market/instruments")] {
        let mut stage = Stage::new(generation, false);
        let list = stage.expect([ok(path, json!([row]))]).instruments().unwrap();
        assert_eq!(list.get("ETHUSDT").unwrap().tick, d("0.01"));
        assert!(stage.request(0).headers.is_empty(), "a public call");
        assert!(Arc::ptr_eq(&list, &stage.expect([]).instruments().unwrap()), "an hour long");
    }
}

#[test]
fn a_refused_clock_is_set_and_the_same_order_sent_once_more() {
    let mut stage = Stage::set(Classic, false, MarginMode::Cross);
    const PLACE: &str = "POST /api/v2/mix/order/place-order";
    let late = || no(PLACE, "40008", "Request timestamp expired");
    let clock = || ok(TIME, json!({"serverTime": (START + 7000).to_string()}));
    let placed = stage.expect([late(), clock(), ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]);
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Taken);
    let stamp = |at: usize| stage.header(at, "ACCESS-TIMESTAMP").unwrap();
    assert_eq!((stamp(0), stamp(2)), (START.to_string(), (START + 7000).to_string()));
    assert_eq!(stage.sent(0, "clientOid"), stage.sent(2, "clientOid"));
    // A second refusal is final.
    assert_eq!(reason(&stage.expect([late(), clock(), late()]).place(&[limit(Leg::Entry)])[0]), Some(Reason::ClockSkew));
    stage.done();
}

#[test]
fn an_order_without_a_trustworthy_answer_is_unknown_until_the_timestamp_is_void() {
    for (generation, path) in [(Classic, "POST /api/v2/mix/order/place-order"), (Unified, "POST /api/v3/trade/place-order")] {
        let mut stage = Stage::new(generation, false);
        let mut place = |step: Step| {
            stage.exchange.account.known.set(&eth(), terms(10, MarginMode::Cross));
            stage.expect([step]).place(&[limit(Leg::Entry)]).remove(0)
        };
        for reply in
            ["", "{", "<html>", "[]", "{}", r#"{"code":"00000"}"#, r#"{"code":"00000","data":null}"#, r#"{"data":{"clientOid":"x"}}"#]
        {
            assert!(is_unknown(&place(raw(path, 200, reply))), "{reply}");
        }
        assert!(is_unknown(&place(broken(path, true))) && is_unknown(&place(no(path, "40725", "service return an error"))));
        assert!(is_unknown(&place(ok(path, ack(Leg::Second)))), "an answer about another order proves nothing");
        assert_eq!(place(broken(path, false)), Err(ExchangeError::NeverSent("cable cut".to_owned())));
        // No number of the exchange's is no trouble: a reduce-only order that displaces older ones gets none.
        let nameless = json!({"orderId": null, "clientOid": id(Leg::Entry).as_str()});
        assert_eq!(place(ok(path, nameless)).unwrap().status, OrderStatus::Taken);
    }
}

#[test]
fn a_position_that_cannot_be_read_is_no_position_of_zero() {
    let kinds = [
        (Classic, "GET /api/v2/mix/position/single-position", "holdSide", false),
        (Unified, "GET /api/v3/position/current-position", "posSide", true),
    ];
    for (generation, path, side, listed) in kinds {
        let mut stage = Stage::new(generation, false);
        let answer = |rows: Value| if listed { json!({"list": rows}) } else { rows };
        let mut read = |rows: Value| stage.expect([ok(path, answer(rows))]).positions(Some(&eth()));
        for total in [json!(null), json!(""), json!("x"), json!([])] {
            assert!(is_unknown(&read(json!([{"symbol": "ETHUSDT", side: "long", "total": total}]))));
        }
        assert!(is_unknown(&read(json!([{"symbol": "ETHUSDT", side: "net", "total": "1"}]))), "which way it goes must be said");
        let held = read(json!([{"symbol": "ETHUSDT", side: "short", "total": "0.25", "liquidationPrice": "-3", "marginMode": "isolated"}]));
        let held = held.unwrap();
        assert_eq!((held[0].side, held[0].qty, held[0].liquidation_price, held[0].hedge), (Side::Short, d("0.25"), Decimal::ZERO, false));
        assert_eq!((read(json!([])), read(json!(null))), (Ok(Vec::new()), Ok(Vec::new())));
        // The margin mode that a position shows is the one its orders will name.
        assert_eq!(stage.exchange.account.known.get(&eth()).margin_mode, Some(MarginMode::Isolated));
    }
}

#[test]
fn a_book_of_one_side_has_no_quote() {
    let kinds =
        [(Classic, "GET /api/v2/mix/market/ticker", "bidPr", "askPr"), (Unified, "GET /api/v3/market/tickers", "bid1Price", "ask1Price")];
    for (generation, path, bid, ask) in kinds {
        let mut stage = Stage::new(generation, false);
        let read = stage.expect([ok(path, json!([{bid: "2000.4", ask: "2000.5"}]))]).quote(&eth());
        assert_eq!(read, Ok(Quote { bid: d("2000.4"), ask: d("2000.5") }));
        for (bids, asks) in [(json!("0"), json!("2000.5")), (json!("2000.4"), json!("")), (json!(null), json!("2000.5"))] {
            let read = stage.expect([ok(path, json!([{bid: bids, ask: asks}]))]).quote(&eth());
            assert_eq!(reason(&read), Some(Reason::PriceBand));
        }
        stage.done();
    }
}

#[test]
fn no_error_and_no_debug_text_shows_what_is_secret() {
    let mut stage = Stage::new(Classic, false);
    let error = stage.expect([no("GET /api/v2/mix/order/detail", "40012", "apikey/password is incorrect")]).order(&entry_ref());
    assert_eq!(reason(&error), Some(Reason::Credentials));
    stage.hides_keys(&error);
}

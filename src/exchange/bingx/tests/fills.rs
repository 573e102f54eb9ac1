//! Executions, and what they learn from their orders.

use super::*;
use crate::exchange::Keys;
use crate::exchange::bingx::fills;
use crate::market::Decimal;

fn fill(number: u64, volume: &str, fee: &str, at: &str) -> Value {
    json!({"volume": volume, "price": "2000.05", "amount": "100", "commission": fee, "currency": "USDT", "orderId": number.to_string(), "filledTime": at, "symbol": "ETH-USDT"})
}

#[test]
fn executions_learn_from_their_orders_what_they_were() {
    let mut stage = Stage::new(false);
    let rows = json!({"fill_orders": [
        fill(2, "0.5", "-0.6", "2023-11-14T22:13:20Z"),
        fill(1, "0.2", "-0.1", "2023-11-14T22:13:10Z"),
        fill(1, "0.2", "-0.1", "2023-11-14T22:13:10Z"),
        json!({"volume": 0.1, "price": 2000, "commission": 0.01, "currency": "BNB", "orderId": 1, "filledTm": "2023-11-15T06:13:11.250+0800"}),
        fill(3, "0.7", "-0.1", "2023-11-14T22:13:10Z"),
    ]});
    let buy = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
    let stop = ok(FIND, one(stop_row("", json!({"orderId": 2, "status": "FILLED"}))));
    let fills = stage.expect([ok(FILLS, rows), stop, buy, no(FIND, 80_016, "order not exist")]).fills(&eth(), START - 60_000).unwrap();
    let seen: Vec<_> = fills.iter().map(|f| (f.buy, f.qty, f.fee, f.fee_elsewhere, f.by, START - f.at)).collect();
    let entry = (true, d("0.2"), d("0.1"), false, None, 10_000);
    let wanted = [
        entry,
        entry,
        (true, d("0.1"), Decimal::ZERO, true, None, 8_750),
        (false, d("0.5"), d("0.6"), false, Some(ProtectionKind::StopLoss), 0),
    ];
    assert_eq!(seen, wanted);
    assert_eq!((stage.asked(0, "startTs"), stage.asked(0, "endTs")), (Some((START - 60_000).to_string()), Some(START.to_string())));
    assert_eq!((stage.asked(0, "tradingUnit").as_deref(), stage.asked(0, "orderId")), (Some("COIN"), None));
    stage.done();
}

#[test]
fn executions_of_other_contracts_are_none_and_cost_no_question() {
    let mut stage = Stage::new(false);
    let of = |number: u64, changes: Value| {
        let mut row = fill(number, "0.5", "-0.6", "2023-11-14T22:13:20Z");
        row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        row
    };
    let rows =
        json!({"fill_orders": [of(1, json!({"symbol": "BTC-USDT"})), of(2, json!({})), of(3, json!({"symbol": ""})), of(0, json!({}))]});
    let order = |number: u64| ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": number}))));
    // An answer with another number is not the order that was asked for.
    assert_eq!(stage.expect([ok(FILLS, rows), order(2), order(4)]).fills(&eth(), START - 1000).unwrap().len(), 1);
    assert_eq!((stage.asked(1, "orderId").as_deref(), stage.asked(2, "orderId").as_deref()), (Some("2"), Some("3")));
    stage.done();
    // Questions that must fail close the endpoint: after a few no more are asked, and those not again.
    let mut stage = Stage::new(false);
    let rows: Vec<Value> = (1..40).map(|number| of(number, json!({}))).collect();
    let unknown = (0..fills::UNKNOWN_MAX).map(|_| no(FIND, 80_016, "order not exist"));
    let page = || [ok(FILLS, json!({"fill_orders": rows}))].into_iter();
    assert_eq!(stage.expect(page().chain(unknown)).fills(&eth(), START - 1000), Ok(Vec::new()));
    assert_eq!(stage.expect(page()).fills(&eth(), START - 1000), Ok(Vec::new()));
    stage.done();
}

#[test]
fn of_executions_at_the_same_time_those_that_open_come_first() {
    let mut stage = Stage::new(false);
    let at = "2023-11-14T22:13:20Z";
    let rows =
        json!({"fill_orders": [fill(2, "0.5", "-0.6", at), fill(1, "0.5", "-0.6", at), fill(3, "0.1", "0", "2023-11-14T22:13:19Z")]});
    let close = |number: u64| ok(FIND, one(row("", "SELL", "MARKET", json!({"orderId": number, "reduceOnly": true}))));
    let open = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
    let fills = stage.expect([ok(FILLS, rows), close(2), open, close(3)]).fills(&eth(), START - 60_000).unwrap();
    assert_eq!(fills.iter().map(|fill| (fill.buy, fill.qty)).collect::<Vec<_>>(), [(false, d("0.1")), (true, d("0.5")), (false, d("0.5"))]);
    stage.done();
}

#[test]
fn in_play_money_a_fee_in_either_coin_is_one_of_ours() {
    for (coin, demo, elsewhere) in
        [("USDT", false, false), ("VST", false, true), ("VST", true, false), ("USDT", true, false), ("BNB", true, true)]
    {
        let mut stage = Stage::of(|line| BingX::new(Line { keys: Keys { demo, ..line.keys }, ..line }));
        let mut paid = fill(1, "0.5", "-0.6", "2023-11-14T22:13:20Z");
        paid["currency"] = json!(coin);
        let order = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
        let fills = stage.expect([ok(FILLS, json!({"fill_orders": [paid]})), order]).fills(&eth(), START - 60_000).unwrap();
        let fee = if elsewhere { Decimal::ZERO } else { d("0.6") };
        assert_eq!((fills[0].fee, fills[0].fee_elsewhere), (fee, elsewhere), "{coin} {demo}");
    }
}

#[test]
fn a_long_time_is_asked_about_in_spans_that_do_not_overlap() {
    let mut stage = Stage::new(true);
    let week = 7 * 24 * 3600 * 1000;
    let from = START - 2 * week - 5;
    let none = || ok(FILLS, json!({"fill_orders": null}));
    let short = ok(FIND, one(row("", "SELL", "MARKET", json!({"orderId": 1, "positionSide": "SHORT", "onlyOnePosition": false}))));
    let last = ok(FILLS, json!({"fill_orders": [fill(1, "1", "0", "2023-11-14T22:13:20Z")]}));
    let fills = stage.expect([none(), none(), last, short]).fills(&eth(), from).unwrap();
    assert_eq!((fills[0].side, fills[0].buy), (Some(Side::Short), false));
    let spans: Vec<_> = (0..3).map(|at| (stage.asked(at, "startTs").unwrap(), stage.asked(at, "endTs").unwrap())).collect();
    let wanted = [(from, from + week - 1), (from + week, from + 2 * week - 1), (from + 2 * week, START)];
    assert_eq!(spans, wanted.map(|(from, to)| (from.to_string(), to.to_string())));
    stage.done();
    // As far back as that only the first are counted.
    let ages = (0..fills::SPANS_MAX).map(|_| none());
    assert_eq!(stage.expect(ages).fills(&eth(), START - 20 * week), Ok(Vec::new()));
    let torn = ok(FILLS, json!({"fill_orders": [fill(1, "1", "0", "yesterday")]}));
    assert!(is_unknown(&stage.expect([torn]).fills(&eth(), START - 1000)));
    stage.done();
}

#[test]
fn many_orders_are_read_in_several_calls_each_once() {
    let order = |number: u64| ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": number}))));
    let at = "2023-11-14T22:13:20Z";
    let page = |to: u64| ok(FILLS, json!({"fill_orders": (1..=to).map(|number| fill(number, "0.5", "0", at)).collect::<Vec<_>>()}));
    let most = fills::ORDERS_MAX as u64;
    let mut stage = Stage::new(false);
    let mut read = |page: Step, orders: std::ops::RangeInclusive<u64>| {
        let result = stage.expect([page].into_iter().chain(orders.map(order))).fills(&eth(), START - 1000);
        stage.done();
        result
    };
    // A stop may leave in between; what was learned is not asked again.
    assert_eq!(reason(read(page(2 * most + 5), 1..=most)), Some(Reason::Other));
    assert_eq!(reason(read(page(2 * most + 5), most + 1..=2 * most)), Some(Reason::Other));
    assert_eq!(read(page(2 * most + 5), 2 * most + 1..=2 * most + 5).unwrap().len(), 2 * fills::ORDERS_MAX + 5);
    // So many are read at once.
    let steps = [page(most)].into_iter().chain((1..=most).map(order));
    assert_eq!(Stage::new(false).expect(steps).fills(&eth(), START - 1000).unwrap().len(), fills::ORDERS_MAX);
}

#[test]
fn what_was_learned_before_a_question_failed_is_kept() {
    let mut stage = Stage::new(false);
    let at = "2023-11-14T22:13:20Z";
    let page = || ok(FILLS, json!({"fill_orders": [fill(1, "0.5", "0", at), fill(2, "0.5", "0", at)]}));
    let order = |number: u64| ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": number}))));
    assert!(stage.expect([page(), order(1), broken(FIND, true)]).fills(&eth(), START - 1000).is_err());
    assert_eq!(stage.expect([page(), order(2)]).fills(&eth(), START - 1000).unwrap().len(), 2);
    stage.done();
}

//! Endpoints that are closed for a while: what goes there waits, and nothing else.

use super::*;

const QUOTE: &str = "GET /openApi/swap/v2/quote/ticker";
const CONTRACTS: &str = "GET /openApi/swap/v2/quote/contracts";
const MINUTE: Millis = 60_000;

/// The answer of an endpoint that has failed alike too often.
fn shut(expected: &'static str, until: Millis) -> Step {
    let words = format!("over 20 error code:80016 requests within 480000 ms for this api, can retry after time: {until}");
    no(expected, 100_410, &words)
}

#[test]
fn a_closed_question_is_not_asked_again_and_holds_nothing_else_back() {
    let mut stage = Stage::new(false);
    let entry = limit(Leg::Entry);
    stage.expect([ok(PLACE, ack(entry.id.as_str(), "BUY", "LIMIT"))]).place(&[entry]).remove(0).unwrap();
    let refused = stage.expect([shut(FIND, START + MINUTE)]).order(&named(Leg::Entry)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::Other), "a limit would hold back the whole account");
    assert!(refused.to_string().contains("100410") && refused.to_string().contains("error code:80016"), "{refused}");
    // Before its end nothing is sent.
    stage.pass(MINUTE - 1);
    assert_eq!(stage.expect([]).order(&named(Leg::Entry)), Err(refused));
    // The same path with another method is another endpoint.
    stage.expect([ok(PLACE, ack("", "SELL", "STOP_MARKET"))]).protect(&protection(ProtectionKind::StopLoss)).unwrap();
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    stage.pass(1);
    let open = row(id(Leg::Entry).as_str(), "BUY", "LIMIT", json!({}));
    assert!(stage.expect([ok(FIND, one(open))]).order(&named(Leg::Entry)).unwrap().is_some());
    stage.done();
}

#[test]
fn every_endpoint_but_that_of_orders_can_be_closed_alone() {
    let soon = || START + MINUTE;
    let want = Terms { leverage: Some(7), margin_mode: None };
    type Ask = fn(&mut BingX, &Terms) -> Option<Reason>;
    let asks: [(&'static str, Ask); 8] = [
        (TIME, |exchange, _| reason(exchange.server_time())),
        (CONTRACTS, |exchange, _| reason(exchange.instruments())),
        (QUOTE, |exchange, _| reason(exchange.quote(&eth()))),
        (POSITIONS, |exchange, _| reason(exchange.positions(None))),
        (FILLS, |exchange, _| reason(exchange.fills(&eth(), START - 1000))),
        (CANCEL, |exchange, _| reason(exchange.cancel(&named(Leg::Entry)))),
        (CANCEL_ALL, |exchange, _| reason(exchange.cancel_all(&eth(), true))),
        (READ_LEVERAGE, |exchange, want| reason(exchange.prepare(&eth(), want))),
    ];
    for (path, ask) in asks {
        let mut stage = Stage::new(false);
        assert_eq!(ask(stage.expect([shut(path, soon())]), &want), Some(Reason::Other), "{path}");
        assert_eq!(ask(stage.expect([]), &want), Some(Reason::Other), "{path}");
        stage.done();
    }
    // Nothing could be opened, closed or protected: the account waits, and says until when.
    for _ in 0..2 {
        let placed = Stage::new(false).expect([shut(PLACE, soon())]).place(&[close()]).remove(0);
        assert_eq!(reason(placed), Some(Reason::RateLimited { until: soon() }));
    }
}

#[test]
fn limits_of_everything_and_those_that_end_soon_are_the_accounts() {
    let words = |until: Millis| {
        format!("The endpoint trigger frequency limit rule is currently in the disabled period and will be unblocked after {until}")
    };
    let limited = |until| Some(Reason::RateLimited { until });
    let ask = |step: Step| reason(Stage::new(false).expect([step]).positions(None));
    assert_eq!(ask(no(POSITIONS, 100_410, "rate limited")), limited(START + 1000));
    assert_eq!(ask(no(POSITIONS, 100_410, &format!("can retry after time: {}", START + MINUTE))), limited(START + MINUTE));
    assert_eq!(ask(no(POSITIONS, 100_410, &words(START + 5000))), limited(START + 5000));
    assert_eq!(ask(no(POSITIONS, 100_410, &words(START + 5001))), Some(Reason::Other));
    let body = json!({"code": 100_410, "msg": words(START + MINUTE)}).to_string();
    assert_eq!(ask(raw(POSITIONS, 429, &body)), limited(START + MINUTE));
}

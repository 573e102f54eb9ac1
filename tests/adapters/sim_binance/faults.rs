//! Every fault of the plan, once.

use super::*;

#[test]
fn each_fault_does_to_the_order_what_it_says() {
    let refuse = || Fault::refuse(400, -2019, "no");
    // Fault, HTTP status of a whole answer (0: none), whether the order was executed.
    let cases = [
        (refuse(), 400, false),
        (Fault::Delay { ms: 700 }, 200, true),
        (Fault::Unreachable, 0, false),
        (Fault::CutBefore, 0, false),
        (Fault::CutAfter, 0, true),
        (Fault::CutThenExecute { ms: 3000 }, 0, false),
        (Fault::HalfAnswer, 0, true),
        (Fault::Unsure { executed: true }, 503, true),
        (Fault::Unsure { executed: false }, 503, false),
        (Fault::Timeout { executed: true }, 408, true),
        (Fault::Html502 { executed: false }, 502, false),
        (Fault::RateLimit { retry_after_s: 2, ban_s: 60 }, 429, false),
    ];
    for (fault, status, executed) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).on("POST", ORDER).nth(2));
        desk.buy("first");
        let answer = desk.sim.answer(&desk.request("POST", ORDER, &market("BUY", "0.01", "second")), START);
        let seen = if let Outcome::Reply(reply) = &answer.outcome { reply.status } else { 0 };
        assert_eq!((seen, desk.held(Side::Long) == Decimal::new(2, 2)), (status, executed), "{fault:?}");
        assert_eq!(answer.delay_ms, if let Fault::Delay { ms } = fault { ms } else { 0 });
        let entry = desk.sim.log.entries.back().unwrap();
        assert_eq!((entry.fault, entry.executed), (Some(fault.name()), executed));
        if let Fault::CutThenExecute { ms } = fault {
            desk.now += ms;
            desk.sim.pass(desk.now);
            assert_eq!(desk.held(Side::Long), Decimal::new(2, 2), "executed later");
        }
    }
}

#[test]
fn what_is_held_back_beyond_its_window_is_never_executed() {
    let mut desk = Desk::new().struck_by(Rule::new(Class::Place, Fault::CutThenExecute { ms: 5001 }));
    desk.sim.answer(&desk.request("POST", ORDER, &market("BUY", "0.01", "late")), START);
    assert_eq!(desk.sim.holds_back(), Some(START + 5001));
    desk.sim.pass(START + 60_000);
    assert!(desk.held(Side::Long).is_zero() && desk.sim.holds_back().is_none());
    assert_eq!(desk.logged(), Some("-1021"));
}

#[test]
fn who_comes_back_too_early_is_banned() {
    let mut desk = Desk::new().struck_by(Rule::new(Class::Any, Fault::RateLimit { retry_after_s: 2, ban_s: 60 }).nth(1));
    assert_eq!(desk.call("GET", "/fapi/v3/balance", "").0, 429);
    desk.now += 1000;
    let reply = desk.send(&desk.request("GET", "/fapi/v3/balance", ""));
    assert_eq!((reply.status, reply.retry_after_s()), (418, Some(60)));
    assert!(String::from_utf8(reply.body).unwrap().contains(&(desk.now + 60_000).to_string()));
    desk.now += 59_999;
    assert_eq!(desk.call("GET", "/fapi/v3/balance", "").0, 418);
    desk.now += 1;
    assert_eq!(desk.call("GET", "/fapi/v3/balance", "").0, 200);
}

#[test]
fn one_order_of_a_batch_can_be_refused() {
    let fault = Fault::RefuseElement { index: 1, code: "-1008".to_owned(), msg: "busy".to_owned() };
    let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault));
    let order = |id| format!(r#"{{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.01","newClientOrderId":"{id}"}}"#);
    let batch: String = format!("[{},{}]", order("a"), order("b")).bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answers = desk.ok("POST", "/fapi/v1/batchOrders", &format!("batchOrders={batch}"));
    assert_eq!((answers[0]["clientOrderId"].as_str(), answers[1]["code"].as_i64()), (Some("a"), Some(-1008)));
    assert_eq!(desk.held(Side::Long), Decimal::new(1, 2));
}

#[test]
fn orders_and_positions_can_be_seen_late() {
    let conditions = Conditions { late_orders_ms: 400, late_positions_ms: 300, unseen_position_ms: 700, ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.buy("m1");
    assert_eq!(desk.code("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=m1"), -2013);
    assert_eq!(desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT"), serde_json::json!([]));
    desk.now += 300;
    assert_eq!(desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT")[0]["positionAmt"], "0.01");
    desk.now += 100;
    desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=m1");
    assert_eq!(desk.code("POST", ALGO, &close_stop("48000", "s1")), -4509);
    desk.now += 300;
    desk.ok("POST", ALGO, &close_stop("48000", "s1"));
    assert_eq!(desk.ok("GET", "/fapi/v1/openAlgoOrders", "symbol=BTCUSDT"), serde_json::json!([]));
    desk.ok("POST", ORDER, &format!("{}&reduceOnly=true", market("SELL", "0.01", "c1")));
    let row = &desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT")[0];
    assert_eq!((row["positionAmt"].as_str(), row["entryPrice"].as_str()), (Some("0.01"), Some("50000")));
}

#[test]
fn the_book_can_be_thin_and_the_clock_wrong() {
    let conditions = Conditions { liquidity: Some(Decimal::new(4, 3)), clock_skew_ms: 3000, ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    assert_eq!(desk.code("POST", ORDER, &format!("{}&recvWindow=2999", market("BUY", "0.01", "m1"))), -1021);
    let order = desk.ok("POST", ORDER, &market("BUY", "0.01", "m1"));
    assert_eq!((order["status"].as_str(), order["executedQty"].as_str()), (Some("EXPIRED"), Some("0.004")));
    let time = desk.ok("GET", "/fapi/v1/time", "")["serverTime"].as_u64();
    assert_eq!(time, Some(desk.now + 3000));
}

#[test]
fn budgets_are_enforced_when_asked_for() {
    let mut desk = Desk::limited();
    let mut taken = 0;
    while desk.call("GET", "/fapi/v1/positionSide/dual", "").0 == 200 {
        taken += 1;
    }
    assert_eq!(taken, 2400 / 30);
    assert_eq!(desk.call("GET", "/fapi/v1/time", "").0, 418);
}

#[test]
fn a_plan_is_read_from_json_and_repeats_itself() {
    let text = r#"{"seed": 7, "rules": [{"class": "read", "per_mille": 300, "fault": {"kind": "cut_before"}},
                   {"method": "POST", "path": "/fapi/v1/order", "every": 2, "times": 1, "fault": {"kind": "refuse", "status": 400, "code": -1, "msg": "x"}}],
                   "conditions": {"liquidity": "0.5", "clock_skew_ms": -20}}"#;
    let draw = || {
        let mut plan = Faults::from_json(text).unwrap();
        (0..200).map(|_| plan.strike("GET", "/fapi/v1/order", Class::Read).is_some()).collect::<Vec<bool>>()
    };
    let first = draw();
    assert_eq!(first, draw());
    let struck = first.iter().filter(|struck| **struck).count();
    assert!((30..90).contains(&struck), "{struck}");
    let mut plan = Faults::from_json(text).unwrap();
    let struck: Vec<bool> = (0..6).map(|_| plan.strike("POST", "/fapi/v1/order", Class::Place).is_some()).collect();
    assert_eq!(struck, [false, true, false, false, false, false]);
    assert_eq!(plan.conditions.liquidity, Some(Decimal::new(5, 1)));
    assert!(Faults::from_json(r#"{"rules": [{"fault": {"kind": "cut_befor"}}]}"#).is_err());
}

#[test]
fn the_transport_cuts_where_the_plan_says() {
    let sim = Arc::new(Mutex::new(Sim::new(SimConfig::default(), START)));
    let rules = vec![
        Rule::new(Class::Any, Fault::HalfAnswer).nth(1),
        Rule::new(Class::Any, Fault::Unreachable).nth(2),
        Rule::new(Class::Any, Fault::Delay { ms: 250 }).nth(3),
    ];
    sim.lock().unwrap().set_faults(Faults::new(0, rules, Conditions::default()), START);
    let time = Arc::new(AtomicU64::new(START));
    let clock = Arc::clone(&time);
    let mut http = SimHttp::new(sim, Arc::new(move || clock.load(Ordering::Relaxed)));
    let request = HttpRequest { method: "GET", target: "/fapi/v1/time".to_owned(), headers: vec![], body: vec![] };
    let mut response = http.send(&request).unwrap();
    assert!(response.body.read_to_end(&mut Vec::new()).is_err());
    assert!(!http.send(&request).err().unwrap().maybe_sent);
    let mut text = String::new();
    http.send(&request).unwrap().body.read_to_string(&mut text).unwrap();
    assert_eq!(text, format!("{{\"serverTime\":{START}}}"));
    assert_eq!(http.latency().swap(0, Ordering::Relaxed), 250);
}

//! A limit met by questions that are counted apart, and what it holds back.

use super::*;

const TRADES: &str = "GET /exchange/order/v2/tradingList";
const TICKER: &str = "GET /md/v3/ticker/24hr";
const PRODUCTS: &str = "GET /public/products";

fn limited(expected: &'static str) -> Step {
    raw(expected, 429, r#"{"code":39995,"msg":"Too many requests."}"#)
}

fn is_limit<T>(result: Result<T>) -> bool {
    matches!(reason(result), Some(Reason::RateLimited { .. }))
}

#[test]
fn what_the_small_budget_refuses_is_no_limit_of_the_account() {
    assert_eq!(reason(Stage::knowing(false).expect([none_open(), limited(OLD)]).order(&entry_ref())), Some(Reason::Other));
    assert_eq!(reason(Stage::knowing(false).expect([limited(TRADES)]).fills(&eth(), START)), Some(Reason::Other));
    assert_eq!(reason(Stage::new().expect([limited(PRODUCTS)]).instruments()), Some(Reason::Other));
    // What waits for a price is not refused for want of it.
    assert_eq!(reason(Stage::new().expect([limited(TICKER)]).quote(&eth())), Some(Reason::Busy));
    // The large one is everything's.
    assert!(is_limit(Stage::knowing(false).expect([limited(LIST)]).order(&entry_ref())));
    assert!(is_limit(Stage::knowing(false).expect([limited(PLACE)]).place(&[limit("1")]).remove(0)));
    assert!(is_limit(Stage::new().expect([limited(HELD)]).positions(None)));
}

#[test]
fn while_the_small_budget_is_spent_only_its_questions_stay_here() {
    let mut stage = Stage::knowing(false);
    assert!(stage.expect([none_open(), limited(OLD)]).order(&entry_ref()).is_err());
    assert_eq!(reason(stage.expect([none_open()]).order(&entry_ref())), Some(Reason::Other));
    assert_eq!(reason(stage.expect([]).fills(&eth(), START)), Some(Reason::Other));
    assert_eq!(reason(stage.expect([]).quote(&eth())), Some(Reason::Busy));
    // What is open is told, and orders go out.
    assert!(stage.expect([open(json!([row(Leg::Entry, "New")]))]).order(&entry_ref()).unwrap().is_some());
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[market(Side::Long, Action::Close)]).remove(0).unwrap();
    stage.pass(9_999);
    assert_eq!(reason(stage.expect([]).fills(&eth(), START)), Some(Reason::Other));
    stage.pass(1);
    assert_eq!(stage.expect([none_open(), ok(OLD, json!([]))]).order(&entry_ref()), Ok(None));
    stage.done();
}

#[test]
fn an_account_opens_without_the_clock_that_the_small_budget_refuses() {
    let mut stage = Stage::new();
    stage.expect([limited(TIME), held(json!([]))]).open().unwrap();
    assert!(stage.expect([broken(TIME, true)]).open().is_err());
    stage.done();
}

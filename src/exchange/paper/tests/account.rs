//! What the paper account tells of itself: balance, terms, the numbers of a position, and orders under a sender's names.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::exchange::{ExchangeError, Reason};
use crate::market::{
    Action, ClientId, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Position, Protection, Quote, Terms,
};

/// A paper account with BTCUSDT at 50,000 and its clock.
fn paper(hedge: bool) -> (Paper, Arc<AtomicU64>) {
    let time = Arc::new(AtomicU64::new(NOW));
    let now = Arc::clone(&time);
    let paper = Paper::new(None, hedge, Prices::Walk, Arc::new(move || now.load(Ordering::Relaxed))).unwrap();
    paper.handle().set_price("BTCUSDT", dec("50000")).unwrap();
    (paper, time)
}

fn named(name: &str, price: Option<&str>, qty: &str) -> NewOrder {
    let kind = price.map_or(OrderKind::Market, |price| OrderKind::Limit { price: dec(price) });
    NewOrder { id: ClientId::custom(name).unwrap(), symbol: btc(), side: Side::Long, action: Action::Open, kind, qty: dec(qty), stop: None }
}

fn one(paper: &mut Paper, order: NewOrder) -> std::result::Result<OrderState, ExchangeError> {
    paper.place(&[order]).remove(0)
}

fn only_position(paper: &mut Paper) -> Position {
    let mut rows = paper.positions(Some(&btc())).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn a_position_tells_its_numbers_and_the_balance_counts_them() {
    for hedge in [false, true] {
        let (mut paper, _) = paper(hedge);
        let isolated = Terms { leverage: Some(10), margin_mode: Some(MarginMode::Isolated) };
        assert_eq!(paper.terms(&btc()).unwrap(), Terms { leverage: Some(20), margin_mode: Some(MarginMode::Cross) });
        paper.prepare(&btc(), &isolated).unwrap();
        assert_eq!(paper.terms(&btc()).unwrap(), isolated);
        one(&mut paper, named("in", None, "0.01")).unwrap();
        paper.handle().set_price("BTCUSDT", dec("51000")).unwrap();
        let position = only_position(&mut paper);
        assert_eq!((position.unrealized_pnl, position.margin, position.terms), (dec("10"), dec("50"), isolated));
        // 0.25 paid to get in; at the break-even price the move pays for that and for getting out.
        let gain = (position.break_even_price - dec("50000")) * dec("0.01");
        let fees = (position.break_even_price + dec("50000")) * dec("0.01") * dec("0.0005");
        assert!((gain - fees).abs() < dec("0.000001"), "{position:?}");
        let balance = paper.balance().unwrap();
        assert_eq!((balance.total, balance.available), (dec("10009.75"), dec("9959.75")));
    }
}

#[test]
fn the_quote_lies_round_the_last_price() {
    let (mut paper, _) = paper(false);
    assert_eq!(paper.quote(&btc()).unwrap(), Quote { bid: dec("49999.9"), ask: dec("50000.1") });
    paper.handle().set_price("BTCUSDT", dec("0.1")).unwrap();
    assert_eq!(paper.quote(&btc()).unwrap(), Quote { bid: dec("0.1"), ask: dec("0.2") });
}

#[test]
fn a_name_given_by_the_sender_may_come_back_once_its_order_is_gone() {
    let (mut paper, time) = paper(false);
    let name = "my.Order/1";
    assert!(paper.capabilities().custom_ids.unwrap().take(name));
    let order = OrderRef { symbol: btc(), id: ClientId::custom(name).unwrap(), guard: None };
    let first = one(&mut paper, named(name, Some("49000"), "0.01")).unwrap();
    assert_eq!((first.id.as_str(), first.created_at), (name, NOW));
    let taken = one(&mut paper, named(name, Some("48000"), "0.01")).unwrap_err();
    assert_eq!(taken.reason(), Some(Reason::DuplicateClientId));
    paper.cancel(&order).unwrap();
    time.store(NOW + 5000, Ordering::Relaxed);
    one(&mut paper, named(name, Some("48000"), "0.01")).unwrap();
    let found = paper.order(&order).unwrap().unwrap();
    assert_eq!((found.status, found.price, found.created_at), (OrderStatus::Resting, dec("48000"), NOW + 5000));
    // A name the exchange would not take is refused.
    assert_eq!(one(&mut paper, named("not,this", Some("48000"), "0.01")).unwrap_err().reason(), Some(Reason::BadRequest));
}

#[test]
fn cancelling_all_spares_protection_unless_told_and_other_contracts_always() {
    let (mut paper, _) = paper(false);
    paper.handle().set_price("ETHUSDT", dec("3000")).unwrap();
    one(&mut paper, named("in", None, "0.01")).unwrap();
    for (name, price) in [("a1", "49000"), ("a2", "48000")] {
        one(&mut paper, named(name, Some(price), "0.01")).unwrap();
    }
    one(&mut paper, NewOrder { symbol: Symbol::new("ETHUSDT"), ..named("eth", Some("2900"), "0.1") }).unwrap();
    let stop = Protection {
        id: ClientId::custom("stop").unwrap(),
        symbol: btc(),
        side: Side::Long,
        kind: ProtectionKind::StopLoss,
        trigger_price: dec("45000"),
        qty: dec("0.01"),
        by: TriggerBy::Mark,
    };
    assert_eq!(paper.protect(&stop).unwrap().created_at, NOW);
    paper.cancel_all(&btc(), false).unwrap();
    let left: Vec<String> = paper.open_orders(&btc()).unwrap().into_iter().map(|order| order.id).collect();
    assert_eq!(left, ["stop"]);
    for _ in 0..2 {
        paper.cancel_all(&btc(), true).unwrap();
        assert_eq!(paper.open_orders(&btc()).unwrap(), []);
    }
    assert_eq!(paper.open_orders(&Symbol::new("ETHUSDT")).unwrap().len(), 1);
    let unknown = paper.cancel_all(&Symbol::new("NOPEUSDT"), true).unwrap_err();
    assert_eq!(unknown.reason(), Some(Reason::SymbolUnknown));
}

#[test]
fn what_the_balance_does_not_cover_is_refused() {
    let (mut paper, _) = paper(false);
    // 20 times 10,000 buys 4 coins at most.
    assert_eq!(one(&mut paper, named("much", None, "4.1")).unwrap_err().reason(), Some(Reason::InsufficientBalance));
    assert_eq!(one(&mut paper, named("much", Some("49000"), "4.1")).unwrap_err().reason(), Some(Reason::InsufficientBalance));
    one(&mut paper, named("half", Some("49000"), "2")).unwrap();
    assert_eq!(one(&mut paper, named("half2", Some("49000"), "2.1")).unwrap_err().reason(), Some(Reason::InsufficientBalance));
    // What rests would bind more than there is.
    let low = Terms { leverage: Some(9), margin_mode: None };
    assert_eq!(paper.prepare(&btc(), &low).unwrap_err().reason(), Some(Reason::Leverage));
    assert_eq!(paper.terms(&btc()).unwrap().leverage, Some(20));
    paper.prepare(&btc(), &Terms { leverage: Some(10), margin_mode: None }).unwrap();
}

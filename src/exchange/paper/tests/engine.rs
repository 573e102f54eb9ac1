//! The matching engine.

use super::*;
use crate::market::{MarginMode, OrderStatus};

fn stop(book: &mut Book, id: &str, trigger: &str, amount: Amount, now: Millis) -> Result<u64, Denial> {
    let order = conditional(book, id, ProtectionKind::StopLoss, trigger, amount);
    book.place_conditional(&order, now)
}

fn reduce(qty: &str) -> Amount {
    Amount::Qty { qty: dec(qty), reduce_only: true }
}

fn status(book: &Book, id: &str) -> ConditionalStatus {
    book.conditional_by_id(id).unwrap().status
}

#[test]
fn market_orders_take_at_the_last_price_and_pay_for_it() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    let order = book.order_by_id("a").unwrap();
    assert_eq!((order.status, order.filled, order.avg_price()), (OrderStatus::Filled, dec("0.1"), dec("50000")));
    assert_eq!(book.balance(), dec("10000") - dec("2.5"));
    book.set_price(&btc(), dec("51000"), NOW + 1).unwrap();
    let close = super::order(&book, "b", false, "0.1", None, Side::Long);
    book.place(&close, NOW + 2).unwrap();
    assert_eq!(book.position(&btc(), Side::Long), Decimal::ZERO);
    assert_eq!(book.balance(), dec("10000") - dec("2.5") + dec("100") - dec("2.55"));
    let trades: Vec<(bool, Decimal, Decimal)> = book.trades().iter().map(|t| (t.opening, t.realised, t.fee)).collect();
    assert_eq!(trades, [(true, dec("0"), dec("2.5")), (false, dec("100"), dec("2.55"))]);
}

#[test]
fn limit_orders_fill_at_their_own_price_when_crossed() {
    let mut book = book(false);
    open_long(&mut book, "near", "0.1", Some("49500"));
    open_long(&mut book, "far", "0.1", Some("48500"));
    open_long(&mut book, "taker", "0.1", Some("50500"));
    // One that crosses takes at once, at the better price of the market.
    assert_eq!(book.order_by_id("taker").unwrap().avg_price(), dec("50000"));
    book.set_price(&btc(), dec("49500.1"), NOW + 1).unwrap();
    assert_eq!(book.open_orders().len(), 2);
    book.set_price(&btc(), dec("47000"), NOW + 2).unwrap();
    assert_eq!(book.order_by_id("near").unwrap().avg_price(), dec("49500"));
    assert_eq!(book.order_by_id("far").unwrap().avg_price(), dec("48500"));
    let market = book.market(&btc()).unwrap();
    assert_eq!((market.long.qty, market.long.entry_price.round_dp(6)), (dec("0.3"), dec("49333.333333")));
    assert!(book.trades().iter().skip(1).all(|trade| trade.maker && trade.fee == trade.price * trade.qty * dec("0.0002")));
    assert!(book.open_orders().is_empty());
}

#[test]
fn a_thin_book_fills_in_part() {
    let mut book = book(false);
    book.set_knobs(Knobs { liquidity: Some(dec("0.0405")), ..Knobs::default() });
    open_long(&mut book, "limit", "0.1", Some("49000"));
    let mut filled = Vec::new();
    for (at, price) in [(1, "49000"), (2, "48990"), (3, "48980")] {
        book.set_price(&btc(), dec(price), NOW + at).unwrap();
        filled.push(book.order_by_id("limit").unwrap().filled);
    }
    // What the book offers is rounded down to the step.
    assert_eq!(filled, [dec("0.04"), dec("0.08"), dec("0.1")]);
    // A market close takes what is left of this move, and the rest of it expires.
    let close = super::order(&book, "close", false, "0.1", None, Side::Long);
    book.place(&close, NOW + 4).unwrap();
    let order = book.order_by_id("close").unwrap();
    assert_eq!((order.status, order.filled), (OrderStatus::Expired, dec("0.02")));
    assert_eq!(book.position(&btc(), Side::Long), dec("0.08"));
}

#[test]
fn reducing_orders_are_counted_together_with_what_rests_in_their_direction() {
    let mut book = book(false);
    open_long(&mut book, "in", "1", None);
    let resting = super::order(&book, "take", false, "1", Some("52000"), Side::Long);
    book.place(&resting, NOW).unwrap();
    // Enough margin is left for what would go beyond the position.
    let part = super::order(&book, "part", false, "0.4", None, Side::Long);
    assert_eq!(book.check(&part), Ok(()));
    // Nearly all of it is bound: 1 coin at 20 times binds 2,500, and this order 7,350 more.
    open_long(&mut book, "binds", "3", Some("49000"));
    assert_eq!(book.check(&part), Err(Denial::ReduceOnlyConflict));
    // A market order for the whole goes before what rests, also on a thin book.
    book.set_knobs(Knobs { liquidity: Some(dec("0.3")), ..Knobs::default() });
    let whole = super::order(&book, "whole", false, "1", None, Side::Long);
    book.place(&whole, NOW + 1).unwrap();
    let ends = ["take", "whole"].map(|id| book.order_by_id(id).map(|order| (order.status, order.filled)).unwrap());
    assert_eq!(ends, [(OrderStatus::Expired, dec("0")), (OrderStatus::Expired, dec("0.3"))]);
    assert_eq!(book.position(&btc(), Side::Long), dec("0.7"));
}

#[test]
fn in_hedge_mode_the_closing_direction_only_ever_reduces() {
    let mut book = book(true);
    let close = |book: &Book, qty: &str| super::order(book, "out", false, qty, None, Side::Long);
    assert_eq!(book.check(&close(&book, "1")), Err(Denial::NoPosition));
    open_long(&mut book, "in", "1", None);
    let short = super::order(&book, "short", false, "0.5", None, Side::Short);
    book.place(&short, NOW).unwrap();
    let more = close(&book, "1.5");
    book.place(&more, NOW).unwrap();
    assert_eq!((book.position(&btc(), Side::Long), book.position(&btc(), Side::Short)), (dec("0"), dec("0.5")));
    let out = book.order_by_id("out").unwrap();
    assert_eq!((out.status, out.filled), (OrderStatus::Expired, dec("1")));
}

#[test]
fn an_ioc_order_does_not_wait() {
    let mut book = book(false);
    let ioc = NewPlain { time_in_force: TimeInForce::Ioc, ..super::order(&book, "ioc", true, "0.1", Some("49000"), Side::Long) };
    book.place(&ioc, NOW).unwrap();
    assert_eq!(book.order_by_id("ioc").unwrap().status, OrderStatus::Expired);
}

#[test]
fn reduce_only_never_goes_beyond_flat() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    let close = super::order(&book, "b", false, "0.5", None, Side::Long);
    book.place(&close, NOW).unwrap();
    let order = book.order_by_id("b").unwrap();
    assert_eq!((order.status, order.filled, order.opened), (OrderStatus::Expired, dec("0.1"), Decimal::ZERO));
    assert_eq!((book.position(&btc(), Side::Long), book.position(&btc(), Side::Short)), (Decimal::ZERO, Decimal::ZERO));
    assert_eq!(book.place(&super::order(&book, "c", false, "0.1", None, Side::Long), NOW), Err(Denial::NoPosition));
}

#[test]
fn in_one_way_mode_an_opposite_order_closes_first_and_then_opens() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    let flip = NewPlain { reduce_only: false, ..super::order(&book, "flip", false, "0.3", None, Side::Long) };
    book.place(&flip, NOW).unwrap();
    assert_eq!((book.position(&btc(), Side::Long), book.position(&btc(), Side::Short)), (Decimal::ZERO, dec("0.2")));
    assert_eq!((book.opened_by("a"), book.opened_by("flip")), (dec("0.1"), dec("0.2")));
}

#[test]
fn hedge_mode_holds_both_sides_apart() {
    let mut book = book(true);
    open_long(&mut book, "l", "0.1", None);
    let short = super::order(&book, "s", false, "0.2", None, Side::Short);
    book.place(&short, NOW).unwrap();
    assert_eq!((book.position(&btc(), Side::Long), book.position(&btc(), Side::Short)), (dec("0.1"), dec("0.2")));
    let close_long = super::order(&book, "cl", false, "0.5", None, Side::Long);
    book.place(&close_long, NOW).unwrap();
    assert_eq!((book.position(&btc(), Side::Long), book.position(&btc(), Side::Short)), (Decimal::ZERO, dec("0.2")));
    let no_side = NewPlain { position_side: None, ..super::order(&book, "x", true, "0.1", None, Side::Long) };
    assert_eq!(book.place(&no_side, NOW), Err(Denial::PositionMode));
    assert_eq!(book.set_hedge(false), Err(Denial::Blocked(Obstacle::Position)));
}

#[test]
fn what_is_refused_and_why() {
    let mut book = book(false);
    open_long(&mut book, "resting", "0.1", Some("49000"));
    let cases = [
        ("resting", "0.1", Some("49000"), Denial::DuplicateClientId),
        ("", "0.1", None, Denial::BadClientId),
        ("a", "0", None, Denial::ZeroQty),
        ("a", "0.0005", None, Denial::MinQty { min: dec("0.001") }),
        ("a", "0.0015", None, Denial::OffStep { step: dec("0.001") }),
        ("a", "121", None, Denial::MaxQty { max: dec("120") }),
        ("a", "0.001", Some("49000"), Denial::MinNotional { min: dec("50") }),
        ("a", "0.1", Some("49000.05"), Denial::OffTick { tick: dec("0.1") }),
        ("a", "0.1", Some("0"), Denial::BadPrice),
        ("a", "0.1", Some("52500.1"), Denial::PriceBand { mark: dec("50000") }),
    ];
    for (id, qty, price, denial) in cases {
        assert_eq!(book.place(&super::order(&book, id, true, qty, price, Side::Long), NOW), Err(denial), "{id} {qty} {price:?}");
    }
    let too_much = super::order(&book, "a", true, "5", None, Side::Long);
    assert!(matches!(book.place(&too_much, NOW), Err(Denial::InsufficientBalance { .. })));
    let unknown = NewPlain { symbol: Symbol::new("NOPEUSDT"), ..super::order(&book, "a", true, "1", None, Side::Long) };
    assert_eq!(book.place(&unknown, NOW), Err(Denial::UnknownSymbol));
    assert_eq!(book.cancel(99, NOW), Err(Denial::UnknownOrder));
    assert_eq!(book.set_leverage(&btc(), 126), Err(Denial::Leverage { max: 125 }));
    assert_eq!(book.set_margin_mode(&btc(), MarginMode::Isolated), Err(Denial::Blocked(Obstacle::Orders)));
    assert_eq!(book.set_margin_mode(&btc(), MarginMode::Cross), Err(Denial::NoChange));
    assert_eq!(book.set_price(&btc(), dec("-1"), NOW), Err(Denial::BadPrice));
    assert_eq!(book.trades().len(), 0);
}

#[test]
fn an_id_is_free_again_once_its_order_has_ended() {
    let mut book = book(false);
    open_long(&mut book, "same", "0.1", None);
    open_long(&mut book, "same", "0.1", None);
    assert_eq!(book.opened_by("same"), dec("0.2"));
}

#[test]
fn conditional_orders_go_off_on_their_own_side_of_the_price() {
    // Kind, buying, trigger, price at which it must wait, price at which it must go off.
    let cases = [
        (ProtectionKind::StopLoss, false, "49000", "49000.1", "49000"),
        (ProtectionKind::TakeProfit, false, "51000", "50999.9", "51000"),
        (ProtectionKind::StopLoss, true, "51000", "50999.9", "51000"),
        (ProtectionKind::TakeProfit, true, "49000", "49000.1", "49000"),
    ];
    for (kind, buy, trigger, waits, goes) in cases {
        let mut book = book(false);
        let side = if buy { Side::Short } else { Side::Long };
        let open = super::order(&book, "open", !buy, "0.1", None, side);
        book.place(&open, NOW).unwrap();
        let order = NewConditional { buy, ..conditional(&book, "x", kind, trigger, Amount::WholePosition) };
        book.place_conditional(&order, NOW).unwrap();
        book.set_price(&btc(), dec(waits), NOW + 1).unwrap();
        assert_eq!(status(&book, "x"), ConditionalStatus::New, "{kind:?} {buy}");
        book.set_prices(&btc(), dec(goes), dec(waits), NOW + 2).unwrap();
        assert_eq!(status(&book, "x"), ConditionalStatus::New, "the last price must not set off what watches the mark price");
        book.set_price(&btc(), dec(goes), NOW + 3).unwrap();
        let placed = book.conditional_by_id("x").unwrap();
        assert_eq!((placed.status, placed.triggered), (ConditionalStatus::Finished, NOW + 3), "{kind:?} {buy}");
        let child = book.order_by_number(placed.child.unwrap()).unwrap();
        assert_eq!((child.client_id.as_str(), child.filled, child.parent), ("x", dec("0.1"), Some(placed.number)));
        assert!(book.market(&btc()).unwrap().is_flat());
        let passed = NewConditional { client_id: "y".to_owned(), amount: Amount::Qty { qty: dec("0.1"), reduce_only: true }, ..order };
        assert_eq!(book.place_conditional(&passed, NOW + 4), Err(Denial::WouldTrigger));
    }
}

#[test]
fn whole_position_orders_live_and_end_with_the_position() {
    let mut book = book(false);
    assert_eq!(stop(&mut book, "s", "48000", Amount::WholePosition, NOW), Err(Denial::NoPosition));
    open_long(&mut book, "a", "0.1", None);
    stop(&mut book, "s", "48000", Amount::WholePosition, NOW).unwrap();
    stop(&mut book, "q", "47000", reduce("0.1"), NOW).unwrap();
    assert_eq!(stop(&mut book, "s2", "47500", Amount::WholePosition, NOW), Err(Denial::AlreadyProtected));
    assert_eq!(stop(&mut book, "s", "47500", reduce("0.1"), NOW), Err(Denial::DuplicateClientId));
    let target = conditional(&book, "t", ProtectionKind::TakeProfit, "52000", Amount::WholePosition);
    book.place_conditional(&target, NOW).unwrap();
    let exit = super::order(&book, "exit", false, "0.1", Some("51000"), Side::Long);
    book.place(&exit, NOW).unwrap();
    let close = super::order(&book, "close", false, "0.1", None, Side::Long);
    book.place(&close, NOW + 5).unwrap();
    assert_eq!([status(&book, "s"), status(&book, "t")], [ConditionalStatus::Expired; 2]);
    assert_eq!(book.order_by_id("exit").unwrap().status, OrderStatus::Expired);
    assert_eq!(status(&book, "q"), ConditionalStatus::New);
    book.set_price(&btc(), dec("46000"), NOW + 6).unwrap();
    assert_eq!((status(&book, "q"), book.conditional_by_id("q").unwrap().child), (ConditionalStatus::Rejected, None));
}

#[test]
fn a_conditional_order_without_reduce_only_opens_or_is_rejected_for_margin() {
    for (qty, ends, held) in [("0.1", ConditionalStatus::Finished, "0.1"), ("100", ConditionalStatus::Rejected, "0")] {
        let mut book = book(false);
        stop(&mut book, "s", "48000", Amount::Qty { qty: dec(qty), reduce_only: false }, NOW).unwrap();
        book.set_price(&btc(), dec("47000"), NOW + 1).unwrap();
        assert_eq!((status(&book, "s"), book.position(&btc(), Side::Short)), (ends, dec(held)), "{qty}");
    }
}

#[test]
fn a_stop_in_a_thin_book_leaves_a_rest_that_is_naked() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    stop(&mut book, "s", "49000", Amount::WholePosition, NOW + 100).unwrap();
    book.set_knobs(Knobs { liquidity: Some(dec("0.03")), ..Knobs::default() });
    book.set_price(&btc(), dec("48000"), NOW + 1000).unwrap();
    assert_eq!((status(&book, "s"), book.order_by_id("s").unwrap().status), (ConditionalStatus::Finished, OrderStatus::Expired));
    assert_eq!(book.position(&btc(), Side::Long), dec("0.07"));
    let spans: Vec<(Millis, Option<Millis>)> =
        book.naked_spans().iter().map(|span| (span.start - NOW, span.end.map(|end| end - NOW))).collect();
    assert_eq!(spans, [(0, Some(100)), (1000, None)]);
}

#[test]
fn a_stop_with_a_quantity_covers_only_what_it_covers() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    stop(&mut book, "q1", "48000", reduce("0.06"), NOW + 10).unwrap();
    assert_eq!(book.naked_spans().len(), 1);
    stop(&mut book, "q2", "48000", reduce("0.04"), NOW + 20).unwrap();
    assert_eq!(book.naked_spans().last().unwrap().end, Some(NOW + 20));
    // A second entry is more than they cover; a take profit is no stop.
    open_long(&mut book, "b", "0.01", None);
    let target = conditional(&book, "t", ProtectionKind::TakeProfit, "52000", Amount::WholePosition);
    book.place_conditional(&target, NOW + 30).unwrap();
    assert_eq!(book.naked_spans().last().unwrap().end, None);
    let number = book.conditional_by_id("q1").unwrap().number;
    book.cancel_conditional(number, NOW + 40).unwrap();
    assert_eq!(book.cancel_conditional(number, NOW + 40), Err(Denial::UnknownOrder));
}

#[test]
fn a_trigger_can_take_its_time() {
    let mut book = book(false);
    open_long(&mut book, "a", "0.1", None);
    book.set_knobs(Knobs { trigger_ms: 100, ..Knobs::default() });
    stop(&mut book, "s", "49000", Amount::WholePosition, NOW).unwrap();
    book.set_price(&btc(), dec("48900"), NOW + 1000).unwrap();
    assert_eq!(status(&book, "s"), ConditionalStatus::Triggering);
    let number = book.conditional_by_id("s").unwrap().number;
    assert_eq!(book.cancel_conditional(number, NOW + 1050), Err(Denial::Triggering));
    book.advance(NOW + 1100);
    assert_eq!((status(&book, "s"), book.position(&btc(), Side::Long)), (ConditionalStatus::Triggered, Decimal::ZERO));
    book.advance(NOW + 1200);
    assert_eq!(status(&book, "s"), ConditionalStatus::Finished);
    assert!(book.open_conditionals().is_empty());
}

#[test]
fn margin_is_bound_by_positions_and_by_orders_that_open() {
    let mut book = book(false);
    book.set_leverage(&btc(), 10).unwrap();
    open_long(&mut book, "rest", "0.1", Some("49000"));
    assert_eq!(book.available(), dec("10000") - dec("490"));
    open_long(&mut book, "a", "0.1", None);
    assert_eq!(book.available(), dec("10000") - dec("490") - dec("500") - dec("2.5"));
    let exit = super::order(&book, "exit", false, "0.1", Some("51000"), Side::Long);
    book.place(&exit, NOW).unwrap();
    assert_eq!(book.available(), dec("9007.5"));
    book.set_price(&btc(), dec("49500"), NOW + 1).unwrap();
    assert_eq!(book.available(), dec("8957.5"));
    book.set_leverage(&btc(), 20).unwrap();
    assert_eq!(book.available(), dec("10000") - dec("2.5") - dec("50") - dec("245") - dec("250"));
}

#[test]
fn what_has_ended_is_kept_only_so_long() {
    let mut book = Book::new(Arc::new(contracts::instruments()), false, Knobs { history_max: 3, ..Knobs::default() });
    book.set_price(&btc(), dec("50000"), NOW).unwrap();
    for number in 0..10 {
        open_long(&mut book, &format!("a{number}"), "0.01", None);
    }
    assert_eq!((book.all_orders().count(), book.trades().len()), (3, 3));
    assert!(book.order_by_id("a6").is_none() && book.order_by_id("a7").is_some());
}

#[test]
fn a_book_survives_being_written_and_read() {
    let mut book = book(true);
    open_long(&mut book, "a", "0.1", None);
    open_long(&mut book, "rest", "0.1", Some("49000"));
    stop(&mut book, "s", "48000", Amount::WholePosition, NOW + 5).unwrap();
    let text = serde_json::to_string(&book).unwrap();
    let mut back: Book = serde_json::from_str(&text).unwrap();
    back.equip(Arc::new(contracts::instruments()), Knobs::default());
    for book in [&mut book, &mut back] {
        book.set_price(&btc(), dec("47000"), NOW + 10).unwrap();
    }
    assert_eq!(serde_json::to_string(&book).unwrap(), serde_json::to_string(&back).unwrap());
    assert_eq!((back.position(&btc(), Side::Long), back.naked_spans()), (Decimal::ZERO, book.naked_spans()));
}

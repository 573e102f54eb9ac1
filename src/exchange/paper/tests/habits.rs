//! Where exchanges differ: one table or case for each knob, and stops that come with an order.

use super::*;
use crate::market::OrderStatus;

const MINUTE: Millis = 60_000;

fn with(knobs: Knobs) -> Book {
    let mut book = book(false);
    book.set_knobs(knobs);
    book
}

fn guard(book: &mut Book, id: &str, kind: ProtectionKind, trigger: &str, amount: Amount, now: Millis) -> Result<u64, Denial> {
    let order = conditional(book, id, kind, trigger, amount);
    book.place_conditional(&order, now)
}

fn stop(book: &mut Book, id: &str, trigger: &str, amount: Amount, now: Millis) -> Result<u64, Denial> {
    guard(book, id, ProtectionKind::StopLoss, trigger, amount, now)
}

fn reduce(qty: &str) -> Amount {
    Amount::Qty { qty: dec(qty), reduce_only: true }
}

fn sell(book: &mut Book, id: &str, qty: &str, now: Millis) -> Result<u64, Denial> {
    let order = order(book, id, false, qty, None, Side::Long);
    book.place(&order, now)
}

fn status(book: &Book, id: &str) -> ConditionalStatus {
    book.conditional_by_id(id).unwrap().status
}

fn long(book: &Book) -> Decimal {
    book.position(&btc(), Side::Long)
}

fn with_stop(book: &Book, id: &str, qty: &str, price: Option<&str>, stop: (&str, &str)) -> NewPlain {
    let stop = AttachedStop { name: stop.0.to_owned(), trigger_price: dec(stop.1), by: TriggerBy::Mark };
    NewPlain { stop: Some(stop), ..order(book, id, true, qty, price, Side::Long) }
}

#[test]
fn protection_ends_with_its_position_or_stays_for_the_next() {
    for (protection_ends, after, again) in [(true, ConditionalStatus::Expired, "0.2"), (false, ConditionalStatus::New, "0")] {
        let mut book = with(Knobs { protection_ends, ..Knobs::default() });
        open_long(&mut book, "in", "0.1", None);
        stop(&mut book, "s", "48000", Amount::WholePosition, NOW).unwrap();
        sell(&mut book, "out", "0.1", NOW + 1).unwrap();
        assert_eq!(status(&book, "s"), after);
        // What stayed closes the next position of that side.
        open_long(&mut book, "next", "0.2", None);
        book.set_price(&btc(), dec("48000"), NOW + 2).unwrap();
        assert_eq!(long(&book), dec(again));
    }
    // Set off while flat it does nothing.
    let mut book = with(Knobs { protection_ends: false, ..Knobs::default() });
    open_long(&mut book, "in", "0.1", None);
    stop(&mut book, "s", "48000", Amount::WholePosition, NOW).unwrap();
    sell(&mut book, "out", "0.1", NOW + 1).unwrap();
    book.set_price(&btc(), dec("47000"), NOW + 2).unwrap();
    assert_eq!((status(&book, "s"), book.trades().len()), (ConditionalStatus::Rejected, 2));
    assert!(book.market(&btc()).unwrap().is_flat());
}

#[test]
fn one_for_the_whole_position_may_need_none_and_close_whichever_there_is() {
    for (whole_needs_position, answer, long_left, short_left) in [(true, Err(Denial::NoPosition), "0", "0.2"), (false, Ok(1), "0", "0")] {
        let mut book = with(Knobs { whole_needs_position, protection_ends: false, ..Knobs::default() });
        assert_eq!(stop(&mut book, "early", "48000", Amount::WholePosition, NOW), answer);
        open_long(&mut book, "in", "0.1", None);
        let _ = stop(&mut book, "late", "48000", Amount::WholePosition, NOW);
        let turn = NewPlain { reduce_only: false, ..order(&book, "turn", false, "0.3", None, Side::Long) };
        book.place(&turn, NOW + 1).unwrap();
        book.set_price(&btc(), dec("48000"), NOW + 2).unwrap();
        assert_eq!((long(&book), book.position(&btc(), Side::Short)), (dec(long_left), dec(short_left)));
        assert_eq!(book.open_conditionals().len(), 0);
    }
}

#[test]
fn a_second_stop_is_refused_or_replaces_the_first_or_rests_beside_it() {
    let cases = [
        (Second::Refused, Err(Denial::AlreadyProtected), ConditionalStatus::New, 2),
        (Second::Replaces, Ok(3), ConditionalStatus::Canceled, 2),
        (Second::Rests, Ok(3), ConditionalStatus::New, 3),
    ];
    for (second_protection, answer, first, open) in cases {
        let mut book = with(Knobs { second_protection, ..Knobs::default() });
        open_long(&mut book, "in", "0.1", None);
        stop(&mut book, "first", "48000", Amount::WholePosition, NOW).unwrap();
        guard(&mut book, "target", ProtectionKind::TakeProfit, "52000", Amount::WholePosition, NOW).unwrap();
        // One that would go off at once changes nothing, whatever the habit.
        let passed = stop(&mut book, "passed", "50000", Amount::WholePosition, NOW + 1);
        assert!(passed.is_err() && status(&book, "first") == ConditionalStatus::New);
        assert_eq!(stop(&mut book, "second", "48500", Amount::WholePosition, NOW + MINUTE), answer, "{second_protection:?}");
        assert_eq!((status(&book, "first"), book.open_conditionals().len()), (first, open), "{second_protection:?}");
        assert!(book.naked_spans().is_empty(), "covered all the time: {:?}", book.naked_spans());
        // Those with a quantity never stand in each other's way.
        stop(&mut book, "part", "47000", reduce("0.05"), NOW + MINUTE).unwrap();
        assert_eq!((status(&book, "first"), book.open_conditionals().len()), (first, open + 1));
    }
}

#[test]
fn an_order_that_reduces_too_much_is_trimmed_or_refused() {
    let mut trims = with(Knobs::default());
    let mut refuses = with(Knobs { oversized_reduce: Oversized::Refuse, ..Knobs::default() });
    for book in [&mut trims, &mut refuses] {
        open_long(book, "in", "0.3", None);
        stop(book, "s", "48000", reduce("0.2"), NOW).unwrap();
        sell(book, "part", "0.2", NOW + 1).unwrap();
    }
    assert_eq!(
        refuses.clone().place(&order(&refuses, "x", false, "0.2", None, Side::Long), NOW + 2),
        Err(Denial::Oversized { held: dec("0.1") })
    );
    assert_eq!(sell(&mut trims.clone(), "x", "0.2", NOW + 2), Ok(3));
    // The same at the trigger: 0.2 are ordered, 0.1 is left.
    for (book, end, left) in [(&mut trims, ConditionalStatus::Finished, "0"), (&mut refuses, ConditionalStatus::Rejected, "0.1")] {
        book.set_price(&btc(), dec("48000"), NOW + 3).unwrap();
        assert_eq!((status(book, "s"), long(book)), (end, dec(left)));
    }
    // In hedge mode the closing direction is measured, too.
    let mut hedged = book(true);
    hedged.set_knobs(Knobs { oversized_reduce: Oversized::Refuse, ..Knobs::default() });
    open_long(&mut hedged, "in", "0.1", None);
    assert_eq!(sell(&mut hedged, "out", "0.2", NOW), Err(Denial::Oversized { held: dec("0.1") }));
    sell(&mut hedged, "out", "0.1", NOW).unwrap();
}

#[test]
fn a_name_is_free_again_or_never() {
    for (reuse_ids, answer) in [(true, None), (false, Some(Denial::DuplicateClientId))] {
        let mut book = with(Knobs { reuse_ids, ..Knobs::default() });
        open_long(&mut book, "same", "0.1", None);
        let again = order(&book, "same", true, "0.1", None, Side::Long);
        assert_eq!(book.place(&again, NOW).err(), answer);
        let number = stop(&mut book, "s", "48000", reduce("0.1"), NOW).unwrap();
        book.cancel_conditional(number, NOW).unwrap();
        assert_eq!(stop(&mut book, "s", "48000", reduce("0.1"), NOW).err(), answer);
        let attached = with_stop(&book, "new", "0.1", None, ("s2", "48000"));
        book.place(&attached, NOW).unwrap();
        assert_eq!(book.check(&with_stop(&book, "newer", "0.1", None, ("s2", "48000"))), Err(Denial::DuplicateClientId));
    }
}

#[test]
fn names_may_be_nobodys_business() {
    let mut book = with(Knobs { same_ids: true, ..Knobs::default() });
    for _ in 0..2 {
        let twin = order(&book, "twin", true, "0.1", Some("49000"), Side::Long);
        book.place(&twin, NOW).unwrap();
        stop(&mut book, "s", "48000", Amount::Qty { qty: dec("0.1"), reduce_only: false }, NOW).unwrap();
    }
    assert_eq!((book.open_orders().len(), book.open_conditionals().len()), (2, 2));
    book.set_price(&btc(), dec("49000"), NOW).unwrap();
    assert_eq!((long(&book), book.opened_by("twin")), (dec("0.2"), dec("0.2")));
}

#[test]
fn stops_with_a_quantity_protect_as_far_as_they_would_fill() {
    // Habit, quantities of the stops, whether they protect a position of 0.3.
    let cases = [
        (Oversized::Trim, vec!["0.2"], false),
        (Oversized::Trim, vec!["0.2", "0.1"], true),
        (Oversized::Trim, vec!["0.5"], true),
        (Oversized::Refuse, vec!["0.2", "0.1"], true),
        (Oversized::Refuse, vec!["0.5"], false),
        (Oversized::Refuse, vec!["0.2", "0.2"], false),
        (Oversized::Refuse, vec!["0.2", "0.5", "0.1"], true),
    ];
    for (oversized_reduce, quantities, protects) in cases {
        let mut book = with(Knobs { oversized_reduce, ..Knobs::default() });
        open_long(&mut book, "in", "0.3", None);
        for (index, qty) in quantities.iter().enumerate() {
            stop(&mut book, &format!("s{index}"), "48000", reduce(qty), NOW + 1).unwrap();
        }
        let is_over = book.naked_spans().iter().all(|span| span.end == Some(NOW + 1));
        assert_eq!(is_over, protects, "{oversized_reduce:?} {quantities:?}");
    }
}

#[test]
fn a_stop_that_comes_with_an_order_is_there_from_the_first_fill() {
    let mut book = with(Knobs { liquidity: Some(dec("0.04")), ..Knobs::default() });
    let entry = with_stop(&book, "in", "0.1", Some("49000"), ("s", "48000"));
    book.place(&entry, NOW).unwrap();
    assert!(book.open_conditionals().is_empty());
    for (at, price) in [(1, "49000"), (2, "48990"), (3, "48980")] {
        book.set_price(&btc(), dec(price), NOW + at * MINUTE).unwrap();
        assert_eq!(book.open_conditionals().len(), 1, "one stop, whatever the number of fills");
    }
    let placed = book.conditional_by_id("s").unwrap();
    assert_eq!((placed.created, placed.amount, placed.buy), (NOW + MINUTE, Amount::WholePosition, false));
    assert_eq!((book.order_by_id("in").unwrap().status, long(&book)), (OrderStatus::Filled, dec("0.1")));
    book.set_knobs(Knobs::default());
    book.set_price(&btc(), dec("48000"), NOW + 4 * MINUTE).unwrap();
    assert_eq!((long(&book), book.naked_spans()), (dec("0"), Vec::new()));
}

#[test]
fn a_stop_that_comes_with_an_order_that_never_fills_never_is() {
    let mut book = with(Knobs::default());
    let entry = with_stop(&book, "in", "0.1", Some("49000"), ("s", "48000"));
    let number = book.place(&entry, NOW).unwrap();
    book.cancel(number, NOW + 1).unwrap();
    assert_eq!(book.all_conditionals().count(), 0);
}

#[test]
fn a_stop_that_comes_with_a_second_order_replaces_the_first_where_that_is_the_habit() {
    for (second_protection, rests) in [(Second::Refused, "first"), (Second::Replaces, "second"), (Second::Rests, "first")] {
        let mut book = with(Knobs { second_protection, ..Knobs::default() });
        for (id, trigger) in [("first", "48000"), ("second", "47000")] {
            let entry = with_stop(&book, &format!("{id}-in"), "0.1", None, (id, trigger));
            book.place(&entry, NOW).unwrap();
        }
        let open: Vec<&str> = book.open_conditionals().iter().map(|order| order.client_id.as_str()).collect();
        assert_eq!((open, book.naked_spans().len()), (vec![rests], 0), "{second_protection:?}");
    }
}

#[test]
fn a_stop_that_comes_with_an_order_is_checked_with_it() {
    let book = with(Knobs::default());
    // Limit price, trigger price, the refusal.
    let cases = [
        (Some("49000"), "48999.9", None),
        (Some("49000"), "49000", Some(Denial::WouldTrigger)),
        (Some("50500"), "50000", Some(Denial::WouldTrigger)),
        (None, "49999.9", None),
        (None, "50000", Some(Denial::WouldTrigger)),
        (None, "48000.05", Some(Denial::OffTick { tick: dec("0.1") })),
    ];
    for (price, trigger, denial) in cases {
        assert_eq!(book.check(&with_stop(&book, "in", "0.1", price, ("s", trigger))).err(), denial, "{price:?} {trigger}");
    }
    assert_eq!(book.check(&with_stop(&book, "in", "0.1", None, ("", "48000"))), Err(Denial::BadClientId));
}

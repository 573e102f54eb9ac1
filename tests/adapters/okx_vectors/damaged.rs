//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::exchange::ExchangeError;
use perphook::market::{MarginMode, OrderStatus, Terms};
use proptest::prelude::*;

use super::*;
use crate::vectors::{damaged, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut okx, _) = account([reply(&vectors()["instruments"].reply), answer], false);
    okx.instruments().unwrap();
    let orders = [limit("tvb1", Side::Long, "1950", "1.5"), limit("tvb2", Side::Long, "1940", "1.5")];
    let _ = (okx.open(), okx.quote(&eth()), okx.balance(), okx.positions(None), okx.positions(Some(&eth())));
    let _ = (okx.terms(&eth()), okx.cancel_all(&eth(), true), okx.open_orders(&eth()), okx.fills(&eth(), FROZEN_MS - 1000));
    let _ = (okx.order(&entry_ref()), okx.order(&stop_ref()), okx.cancel(&entry_ref()), okx.cancel(&stop_ref()));
    let _ = okx.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) });
    // With a wish the orders that open need no question first.
    okx.prepare(&eth(), &Terms { leverage: None, margin_mode: Some(MarginMode::Cross) }).unwrap();
    let stop = guard("tvsl0001", ProtectionKind::StopLoss, "1900");
    if let Ok(state) = okx.protect(&stop) {
        assert_eq!(state.id, stop.id.as_str());
    }
    for orders in [&orders[..1], &orders[..]] {
        let placed = okx.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, result) in orders.iter().zip(placed) {
            match result {
                Ok(state) => assert_eq!((state.id.as_str(), state.status), (order.id.as_str(), OrderStatus::Taken)),
                Err(ExchangeError::NeverSent(detail)) => panic!("it was sent: {detail}"),
                Err(_) => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(vectors())) {
        make_every_call(answer);
    }
}

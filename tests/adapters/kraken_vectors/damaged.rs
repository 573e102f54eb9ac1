//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::exchange::ExchangeError;
use perphook::market::{MarginMode, Terms};
use proptest::prelude::*;

use super::*;
use crate::vectors::{damaged, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut kraken, _) = account([reply(&vectors()["instruments"].reply), answer]);
    kraken.instruments().unwrap();
    let orders = [limit("whk-0001", "1800.5"), limit("whk-0002", "1790")];
    let _ = (kraken.open(), kraken.quote(&eth()), kraken.balance(), kraken.positions(None), kraken.positions(Some(&eth())));
    let _ = (kraken.terms(&eth()), kraken.cancel_all(&eth(), true), kraken.cancel_all(&eth(), false), kraken.open_orders(&eth()));
    let _ = (kraken.order(&entry_ref()), kraken.order(&stop_ref()), kraken.cancel(&entry_ref()), kraken.fills(&eth(), FROZEN_MS - 1000));
    let _ = kraken.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) });
    let stop = guard(ProtectionKind::StopLoss, "1700", TriggerBy::Mark);
    if let Ok(state) = kraken.protect(&stop) {
        assert_eq!(state.id, stop.id.as_str());
    }
    for orders in [&orders[..1], &orders[..]] {
        let placed = kraken.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, result) in orders.iter().zip(placed) {
            match result {
                Ok(state) => assert_eq!(state.id, order.id.as_str(), "only an answer that names our order is success"),
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

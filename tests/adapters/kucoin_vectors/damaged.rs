//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::exchange::ExchangeError;
use perphook::market::OrderStatus;
use proptest::prelude::*;

use super::*;
use crate::vectors::{damaged, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let opening = [
        vectors()["instruments"].reply.clone(),
        data(json!({"symbol": "ETHUSDTM", "marginMode": "CROSS"})),
        data(json!({"symbol": "ETHUSDTM", "leverage": "5"})),
    ];
    let (mut kucoin, _) = account(opening.iter().map(reply).chain([answer]));
    kucoin.instruments().unwrap();
    kucoin.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) }).unwrap();
    let stop = guard("bot-0011", ProtectionKind::StopLoss, "1900");
    if let Ok(state) = kucoin.protect(&stop) {
        assert_eq!(state.id, stop.id.as_str());
    }
    let orders = [limit("bot-0016", "1900"), limit("bot-0017", "1850")];
    for orders in [&orders[..1], &orders[..]] {
        let placed = kucoin.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, result) in orders.iter().zip(placed) {
            match result {
                Ok(state) => assert_eq!((state.id.as_str(), state.status), (order.id.as_str(), OrderStatus::Taken)),
                Err(ExchangeError::NeverSent(detail)) => panic!("it was sent: {detail}"),
                Err(_) => {}
            }
        }
    }
    let _ = (kucoin.quote(&eth()), kucoin.balance(), kucoin.positions(None), kucoin.positions(Some(&eth())));
    let _ = (kucoin.terms(&eth()), kucoin.cancel_all(&eth(), true), kucoin.open_orders(&eth()), kucoin.fills(&eth(), FROZEN_MS - 1000));
    let _ = (kucoin.order(&named("bot-0001")), kucoin.order(&stop_ref()), kucoin.cancel(&named("bot-0001")), kucoin.cancel(&stop_ref()));
    let _ = (kucoin.prepare(&eth(), &Terms { leverage: Some(6), margin_mode: Some(MarginMode::Isolated) }), kucoin.open());
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

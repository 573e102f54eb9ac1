//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::market::OrderStatus;
use proptest::prelude::*;

use super::*;
use crate::vectors::{all_were_sent, damaged, make_calls, place_each, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let opening = [
        KUCOIN["instruments"].reply.clone(),
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
    let placed = place_each(&mut kucoin, &orders);
    all_were_sent(&placed);
    assert!(placed.iter().flatten().all(|state| state.status == OrderStatus::Taken));
    let _ = kucoin.prepare(&eth(), &Terms { leverage: Some(6), margin_mode: Some(MarginMode::Isolated) });
    make_calls(&mut kucoin, &eth(), [&named("bot-0001"), &stop_ref()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&KUCOIN)) {
        make_every_call(answer);
    }
}

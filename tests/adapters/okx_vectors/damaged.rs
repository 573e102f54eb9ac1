//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::market::{MarginMode, OrderStatus, Terms};
use proptest::prelude::*;

use super::*;
use crate::vectors::{all_were_sent, damaged, make_calls, place_each, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut okx, _) = account([reply(&OKX["instruments"].reply), answer], false);
    okx.instruments().unwrap();
    let orders = [limit("tvb1", Side::Long, "1950", "1.5"), limit("tvb2", Side::Long, "1940", "1.5")];
    make_calls(&mut okx, &eth(), [&entry_ref(), &stop_ref()]);
    let _ = okx.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) });
    // With a wish the orders that open need no question first.
    okx.prepare(&eth(), &Terms { leverage: None, margin_mode: Some(MarginMode::Cross) }).unwrap();
    let stop = guard("tvsl0001", ProtectionKind::StopLoss, "1900");
    if let Ok(state) = okx.protect(&stop) {
        assert_eq!(state.id, stop.id.as_str());
    }
    let placed = place_each(&mut okx, &orders);
    all_were_sent(&placed);
    assert!(placed.iter().flatten().all(|state| state.status == OrderStatus::Taken));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&OKX)) {
        make_every_call(answer);
    }
}

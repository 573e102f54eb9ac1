//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::market::{MarginMode, Terms};
use proptest::prelude::*;

use super::*;
use crate::vectors::{all_were_sent, damaged, make_calls, place_each, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut kraken, _) = account([reply(&KRAKEN["instruments"].reply), answer]);
    kraken.instruments().unwrap();
    let orders = [limit("whk-0001", "1800.5"), limit("whk-0002", "1790")];
    make_calls(&mut kraken, &eth(), [&entry_ref(), &stop_ref()]);
    let _ = kraken.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) });
    let stop = guard(ProtectionKind::StopLoss, "1700", TriggerBy::Mark);
    if let Ok(state) = kraken.protect(&stop) {
        assert_eq!(state.id, stop.id.as_str());
    }
    all_were_sent(&place_each(&mut kraken, &orders));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&KRAKEN)) {
        make_every_call(answer);
    }
}

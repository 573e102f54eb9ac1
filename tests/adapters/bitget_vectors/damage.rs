//! Answers that are not the exchange's, or not whole any more: no call may panic, and none may take them for success.

use perphook::exchange::{Exchange, ExchangeError};
use perphook::market::{MarginMode, ProtectionKind, Side, Terms};
use proptest::prelude::*;

use super::rig::*;
use crate::vectors::{BITGET, FROZEN_MS, Reply, damaged, place_each, rubbish};

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(found: Found, answer: Reply) {
    let (mut bitget, _) = account(false, found.opening().into_iter().take(3).chain([answer]));
    bitget.open().unwrap();
    let (stop, entry) = (stop_ref("tv-sl-0001"), plain_ref("tv-b1"));
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    let protection = guard("tv-sl-0001", ProtectionKind::StopLoss, "1900");
    let _ = (bitget.instruments(), bitget.quote(&eth()), bitget.balance(), bitget.positions(None), bitget.terms(&eth()));
    let _ = (bitget.open_orders(&eth()), bitget.order(&entry), bitget.order(&stop), bitget.cancel(&entry), bitget.cancel(&stop));
    let _ = (bitget.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) }), bitget.cancel_all(&eth(), true));
    let _ = bitget.fills(&eth(), FROZEN_MS - 1000);
    if let Ok(state) = bitget.protect(&protection) {
        assert_eq!(state.id, protection.id.as_str());
    }
    place_each(&mut bitget, &orders);
    if let Err(ExchangeError::NeverSent(detail)) = bitget.open() {
        panic!("it was sent: {detail}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish(), unified in any::<bool>()) {
        make_every_call(Found { unified, ..CLASSIC }, answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&BITGET), unified in any::<bool>()) {
        make_every_call(Found { unified, ..CLASSIC }, answer);
    }
}

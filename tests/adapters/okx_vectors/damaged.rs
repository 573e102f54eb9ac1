//! Answers that are none: whatever comes back, no call panics, and none takes rubbish for success.

use perphook::exchange::ExchangeError;
use perphook::market::{MarginMode, OrderStatus, Terms};
use proptest::prelude::*;

use super::*;

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(status: u16, body: &[u8]) {
    let reply = |rows: Value| (200, rows.to_string().into_bytes());
    let replies = [reply(vectors()["instruments"].reply.clone()), (status, body.to_vec())];
    let (mut okx, _) = account(VecDeque::from(replies), false);
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

fn real_replies() -> Vec<Vec<u8>> {
    vectors().values().map(|vector| vector.reply.to_string().into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(status in prop_oneof![Just(200_u16), 100_u16..600], body in proptest::collection::vec(any::<u8>(), 0..200)) {
        make_every_call(status, &body);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(
        which in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
        status in prop_oneof![9 => Just(200_u16), 1 => Just(400)],
    ) {
        let mut body = which.get(&real_replies()).clone();
        for (at, kind, byte) in damage {
            let at = at.index(body.len().max(1));
            match kind {
                0 if at < body.len() => body[at] = byte,
                1 => body.insert(at, b"{}[]\",:0-9eE.nul"[usize::from(byte) % 16]),
                2 if at < body.len() => drop(body.remove(at)),
                _ => body.truncate(at),
            }
        }
        make_every_call(status, &body);
    }
}

//! Orders that are refused, in every shape that refusals have.

use perphook::exchange::{ExchangeError, Reason};
use perphook::market::OrderStatus;

use super::*;

/// The vector's own status and answer to a limit order.
fn answered(name: &str) -> (Kraken, Seen) {
    let vector = &KRAKEN[name];
    let refusal = (vector.status, vector.reply.to_string().into_bytes());
    account([refusal.clone(), reply(&KRAKEN["server_time"].reply), refusal])
}

#[test]
fn every_refusal_of_the_file_has_its_class() {
    for (name, reason) in [
        ("refused_insufficientAvailableFunds", Reason::InsufficientBalance),
        ("refused_clientOrderIdAlreadyExist", Reason::DuplicateClientId),
        ("refused_postWouldExecute", Reason::WouldTrigger),
        ("refused_wouldNotReducePosition", Reason::NoPosition),
        ("refused_invalidSize", Reason::MinSize),
        ("refused_invalidPrice", Reason::PriceBand),
        ("refused_outsidePriceCollar", Reason::PriceBand),
        ("refused_maxPositionViolation", Reason::Leverage),
        ("refused_wouldCauseLiquidation", Reason::InsufficientBalance),
        ("refused_fixedLeverageTooHigh", Reason::Leverage),
        ("refused_marketSuspended", Reason::Maintenance),
        ("refused_tooManyOrders", Reason::TooManyOrders),
        ("error_authentication", Reason::Credentials),
        ("error_api_limit", Reason::RateLimited { until: FROZEN_MS + 10_000 }),
        ("error_nonce_below", Reason::ClockSkew),
        ("error_invalid_argument", Reason::BadRequest),
        ("error_market_unavailable", Reason::Maintenance),
        ("error_contract_not_found", Reason::SymbolUnknown),
        ("error_insufficient_margin_500", Reason::InsufficientBalance),
        ("error_contract_does_not_exist_500", Reason::SymbolUnknown),
    ] {
        let (mut kraken, seen) = answered(name);
        let error = kraken.place(&[limit("whk-0001", "1800.5")]).remove(0).unwrap_err();
        assert_eq!(error.reason(), Some(reason), "{name}: {error}");
        compare(name, &seen.lock().unwrap()[0]);
    }
}

#[test]
fn an_order_that_finds_nobody_is_cancelled_without_a_fill() {
    let (mut kraken, _) = answered("refused_iocWouldNotExecute");
    let state = kraken.place(&[limit("whk-0001", "1800.5")]).remove(0).unwrap();
    assert_eq!((state.status, state.filled), (OrderStatus::Canceled, d("0")));
}

#[test]
fn what_is_no_answer_to_an_order_leaves_its_outcome_open() {
    for name in ["ticker", "balance", "leverage_isolated", "positions", "open_orders", "history_orders", "cancel_by_client_id"] {
        let placed = account([reply(&KRAKEN[name].reply)]).0.place(&[limit("whk-0001", "1800.5")]).remove(0);
        assert!(matches!(placed, Err(ExchangeError::Unknown { fence, .. }) if fence == FROZEN_MS + 11_000), "{name}: {placed:?}");
    }
}

use super::*;
use crate::config::Mode;
use crate::market::{Balance, Position as Held, Terms};
use http_types::Method;

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn held(side: Side, qty: &str) -> HeldPosition {
    let position = Held {
        hedge: false,
        symbol: serde_json::from_str("\"ETHUSDT\"").unwrap(),
        side,
        qty: dec(qty),
        entry_price: dec("3000.10"),
        mark_price: dec("3010"),
        liquidation_price: Decimal::ZERO,
        changed_at: 0,
        unrealized_pnl: dec("-0.5"),
        margin: Decimal::ZERO,
        break_even_price: Decimal::ZERO,
        terms: Terms::default(),
    };
    HeldPosition { base: "ETH".into(), settle: "USDT".into(), contract_size: dec("0.01"), position }
}

fn text(reports: &[AccountReport], mode: Mode) -> String {
    let bytes = smol::block_on(answer(reports).encode(Method::Get, true, mode));
    let text = String::from_utf8(bytes).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn the_shape_is_whooks_with_exact_digits() {
    let mut long = held(Side::Long, "0.250");
    long.position.liquidation_price = dec("1500.123456789012345678");
    long.position.break_even_price = dec("3001.2");
    long.position.margin = dec("250.0");
    long.position.unrealized_pnl = dec("2.475");
    long.position.terms = Terms { leverage: Some(3), margin_mode: Some(MarginMode::Isolated) };
    let balance = Balance { coin: "USDT".to_owned(), total: dec("10000.000000000000000001"), available: dec("1") };
    let main = AccountReport { account: "main".to_owned(), hedge: true, balance: Some(balance), positions: vec![long], trouble: None };
    let bare = AccountReport {
        account: "Bare \"2\"".to_owned(),
        hedge: false,
        balance: None,
        positions: vec![held(Side::Short, "1"), held(Side::Long, "0")],
        trouble: Some("no answer".to_owned()),
    };
    let expected = concat!(
        r#"{"allaccounts":{"Bare \"2\"":{"balance":null,"positions":[{"symbol":"ETH/USDT:USDT","positionMode":"oneway","#,
        r#""marginMode":null,"side":"short","leverage":-1.0,"contracts":100,"realCost":0.0,"unrealizedPnl":-0.5,"pct":0.0,"#,
        r#""realizedPnl":0.0,"entryPrice":3000.10,"liquidationPrice":-1.0,"breakEvenPrice":-1.0}],"error":"no answer"},"#,
        r#""main":{"balance":10000.000000000000000001,"positions":[{"symbol":"ETH/USDT:USDT","positionMode":"hedged","#,
        r#""marginMode":"isolated","side":"long","leverage":3,"contracts":25,"realCost":250,"unrealizedPnl":2.475,"pct":0.99,"#,
        r#""realizedPnl":0.0,"entryPrice":3000.10,"liquidationPrice":1500.123456789012345678,"breakEvenPrice":3001.2}]}}"#,
    );
    let reports = [main, bare];
    assert_eq!(text(&reports, Mode::Live), format!("{expected}}}\n"));
    assert_eq!(text(&reports, Mode::Demo), format!("{expected},\"mode\":\"demo\"}}\n"));
}

#[test]
fn margin_is_what_the_exchange_says_or_what_leverage_makes_of_the_value() {
    for (margin, leverage, cost, pct) in
        [("40", Some(5), "40", "-1.25"), ("0", Some(5), "150.005", "-0.33332222"), ("0", None, "0.0", "0.0"), ("0", Some(0), "0.0", "0.0")]
    {
        let mut held = held(Side::Long, "0.25");
        held.position.margin = dec(margin);
        held.position.terms.leverage = leverage;
        let position = position(&held, false);
        assert_eq!((position.real_cost.0.to_string().as_str(), position.pct.0.to_string().as_str()), (cost, pct), "{margin} {leverage:?}");
    }
}

#[test]
fn numbers_that_cannot_be_computed_have_their_filler() {
    let mut odd = held(Side::Long, "79228162514264337593543950335");
    odd.contract_size = Decimal::ZERO;
    odd.position.terms.leverage = Some(2);
    let position = position(&odd, false);
    assert_eq!((position.contracts.0, position.real_cost.0, position.pct.0), (nothing(), nothing(), nothing()));
}

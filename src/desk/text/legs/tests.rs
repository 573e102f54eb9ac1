use super::*;
use crate::alert::Limit;
use crate::market::Symbol;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// `0.5`, `300$`, `10%`, `5@`, with `n` in front for nominal.
fn size(text: &str) -> Size {
    let nominal = text.starts_with('n');
    let text = text.trim_start_matches('n');
    let (digits, unit) = match text.chars().last() {
        Some('$') => (text.trim_end_matches('$'), Unit::Money),
        Some('%') => (text.trim_end_matches('%'), Unit::Percent),
        Some('@') => (text.trim_end_matches('@'), Unit::Contracts),
        _ => (text, Unit::Coins),
    };
    Size { amount: d(digits), unit, nominal }
}

fn order(verb: Verb, amount: &str) -> Order {
    Order { verb, size: size(amount), leverage: Some(Leverage::Factor(3)), reduce: false, limit: None, stop: None, target: None }
}

fn position(side: Side, qty: &str) -> Position {
    Position {
        hedge: false,
        symbol: Symbol::new("ETHUSDT"),
        side,
        qty: d(qty),
        entry_price: d("3000"),
        mark_price: d("3000"),
        liquidation_price: Decimal::ZERO,
        changed_at: 0,
        unrealized_pnl: Decimal::ZERO,
        margin: Decimal::ZERO,
        break_even_price: Decimal::ZERO,
        terms: Terms::default(),
    }
}

/// `+0.1` = long, `-0.1` = short, several parts = hedge mode.
fn facts(held: &str, price: &str) -> Facts {
    let rows: Vec<Position> = held
        .split_whitespace()
        .map(|part| position(if part.starts_with('-') { Side::Short } else { Side::Long }, part.trim_start_matches(['+', '-'])))
        .collect();
    Facts {
        hedge: rows.len() > 1,
        positions: Some(rows),
        quote: Some(Quote { bid: d(price), ask: d(price) }),
        total: Some(d("10000")),
        terms: Some(Terms { leverage: Some(7), margin_mode: None }),
    }
}

/// `close LONG 0.1, open SHORT 0.05`.
fn told(plan: Result<Plan, String>) -> String {
    match plan {
        Err(why) => format!("refused: {why}"),
        Ok(plan) if plan.legs.is_empty() => format!("idle: {}", plan.idle.unwrap_or_default()),
        Ok(plan) => {
            let leg = |leg: &Leg| format!("{} {} {}", if leg.opens() { "open" } else { "close" }, leg.side, leg.qty.normalize());
            plan.legs.iter().map(leg).collect::<Vec<_>>().join(", ")
        }
    }
}

fn planned(order: Order, held: &str, price: &str) -> String {
    told(plan(&Instrument::sample(), &Command::Order(order), &facts(held, price)))
}

#[test]
fn sizes_mean_what_they_meant_and_are_exact() {
    for (amount, leverage, qty) in [
        ("n0.1", Some(3), "0.1"),
        ("0.1", Some(3), "0.3"),
        ("300$", Some(3), "0.3"),
        ("301$", Some(3), "0.301"),
        ("n300$", Some(3), "0.1"),
        ("10%", Some(2), "0.666"),
        ("0.1@", Some(3), "0.1"),
        ("n0.0125", Some(1), "0.012"),
        ("300$", None, "0.7"),
        ("n0.5", None, "0.5"),
    ] {
        let order = Order { leverage: leverage.map(Leverage::Factor), ..order(Verb::Buy, amount) };
        assert_eq!(planned(order, "", "3000"), format!("open LONG {qty}"), "{amount} x{leverage:?}");
    }
    let coarse = Instrument { contract_size: d("0.01"), ..Instrument::sample() };
    let order = Command::Order(order(Verb::Sell, "50@"));
    assert_eq!(told(plan(&coarse, &order, &facts("", "3000"))), "open SHORT 0.5");
}

#[test]
fn an_order_against_a_position_closes_first_and_opens_the_rest() {
    for (verb, amount, held, legs) in [
        (Verb::Buy, "n0.2", "+0.1", "open LONG 0.2"),
        (Verb::Sell, "n0.05", "+0.1", "close LONG 0.05"),
        (Verb::Sell, "n0.1", "+0.1", "close LONG 0.1"),
        (Verb::Sell, "n0.15", "+0.1", "close LONG 0.1, open SHORT 0.05"),
        (Verb::Sell, "n0.1005", "+0.1", "close LONG 0.1"),
        (Verb::Buy, "n0.2", "-0.1", "close SHORT 0.1, open LONG 0.1"),
        (Verb::Sell, "n0.15", "+0.1 -0.2", "open SHORT 0.15"),
        (Verb::Buy, "n0.15", "+0.1 -0.2", "open LONG 0.15"),
    ] {
        assert_eq!(planned(order(verb, amount), held, "3000"), legs, "{verb:?} {amount} on {held}");
    }
}

#[test]
fn reduce_never_builds_a_position_up() {
    for (verb, amount, held, legs) in [
        (Verb::Sell, "n5", "+0.1", "close LONG 0.1"),
        (Verb::Sell, "n0.04", "+0.1", "close LONG 0.04"),
        (Verb::Buy, "n5", "+0.1", "idle: there is no SHORT position to reduce"),
        (Verb::Sell, "n0.1", "", "idle: there is no LONG position to reduce"),
        (Verb::Buy, "n0.3", "+0.1 -0.2", "close SHORT 0.2"),
        (Verb::Position, "n0.5", "+0.1", "idle: the LONG position is as large as asked already"),
        (Verb::Position, "n0.04", "+0.1", "close LONG 0.06"),
    ] {
        assert_eq!(planned(Order { reduce: true, ..order(verb, amount) }, held, "3000"), legs, "{verb:?} {amount} on {held}");
    }
}

#[test]
fn a_target_is_reached_from_wherever_the_position_is() {
    for (amount, held, price, legs) in [
        ("n0.1", "", "3000", "open LONG 0.1"),
        ("n0.3", "+0.1", "3000", "open LONG 0.2"),
        ("n0.05", "+0.1", "3000", "close LONG 0.05"),
        ("n0.1", "+0.1", "3000", "idle: the LONG position is as large as asked already"),
        ("n-0.2", "+0.1", "3000", "close LONG 0.1, open SHORT 0.2"),
        ("n-0.3", "-0.1", "3000", "open SHORT 0.2"),
        ("n0.3", "+0.1 -0.2", "3000", "close SHORT 0.2, open LONG 0.2"),
        // Money is compared with the margin at entry: 0.3 coins at 3000 with 3x are 300.
        ("300$", "+0.3", "3300", "idle: the LONG position is as large as asked already"),
        ("400$", "+0.3", "3300", "open LONG 0.09"),
        ("200$", "+0.3", "3300", "close LONG 0.1"),
        ("-200$", "+0.3", "3000", "close LONG 0.3, open SHORT 0.2"),
        ("5%", "", "3000", "open LONG 0.5"),
        ("-1000%", "", "3000", "open SHORT 10"),
    ] {
        assert_eq!(planned(order(Verb::Position, amount), held, price), legs, "{amount} on {held} at {price}");
    }
}

#[test]
fn a_close_takes_a_share_of_every_side() {
    let close = |percent: Option<&str>, held: &str| {
        told(plan(&Instrument::sample(), &Command::Close { percent: percent.map(d) }, &facts(held, "3000")))
    };
    assert_eq!(close(None, "+0.1"), "close LONG 0.1");
    assert_eq!(close(None, "+0.1 -0.2"), "close LONG 0.1, close SHORT 0.2");
    assert_eq!(close(Some("33.33"), "-0.1"), "close SHORT 0.033");
    assert_eq!(close(None, ""), "idle: there is no position to close");
    assert_eq!(close(Some("0.1"), "+0.1"), "idle: that part of the position is less than one lot step (0.001)");
}

#[test]
fn a_limit_order_is_never_split() {
    let limit = |amount: &str, held: &str| {
        let limit = Some(Limit { id: "tp1".to_owned(), price: d("3300") });
        planned(Order { limit, ..order(Verb::Sell, amount) }, held, "3000")
    };
    assert_eq!(limit("n0.1", "+0.1"), "close LONG 0.1");
    assert_eq!(limit("n0.2", "+0.1"), "open SHORT 0.2");
    assert_eq!(limit("n0.2", ""), "open SHORT 0.2");
    assert_eq!(limit("n10001", ""), "refused: quantity is above the contract's maximum of 10000 for one limit order");
}

#[test]
fn what_cannot_be_traded_is_refused_with_the_reason() {
    for (amount, why) in [
        ("n0.0005", "refused: 0.0005 is less than one lot step (0.001)"),
        ("n0.004", "refused: order value 12 is below the contract's minimum of 20"),
    ] {
        assert_eq!(planned(order(Verb::Buy, amount), "", "3000"), why);
    }
    let unset = Facts { terms: Some(Terms::default()), ..facts("", "3000") };
    let order = Command::Order(Order { leverage: None, ..order(Verb::Buy, "300$") });
    assert!(told(plan(&Instrument::sample(), &order, &unset)).contains("names no leverage"));
}

#[test]
fn leverage_is_set_for_what_opens_and_left_alone_by_what_closes() {
    let leverage = |order: Order, held: &str| plan(&Instrument::sample(), &Command::Order(order), &facts(held, "3000")).unwrap().leverage;
    assert_eq!(leverage(order(Verb::Buy, "n0.1"), ""), Some(3));
    assert_eq!(leverage(order(Verb::Sell, "n0.1"), "+0.1"), None);
    assert_eq!(leverage(order(Verb::Position, "n0.05"), "+0.1"), Some(3));
    assert_eq!(leverage(Order { leverage: Some(Leverage::Max), ..order(Verb::Buy, "n0.1") }, ""), Some(100));
    assert_eq!(leverage(Order { leverage: Some(Leverage::Factor(125)), ..order(Verb::Buy, "n0.1") }, ""), Some(100));
    let change = |held: &str| plan(&Instrument::sample(), &Command::ChangeLeverage(Leverage::Factor(9)), &facts(held, "3000")).unwrap();
    assert_eq!((change("+0.1").leverage, change("").leverage, change("").idle.is_some()), (Some(9), None, true));
}

#[test]
fn stop_and_target_must_be_on_their_side_of_the_price() {
    let guarded = |stop: &str, target: &str| {
        let order = Order { stop: Some(d(stop)), target: Some(d(target)), ..order(Verb::Buy, "n0.1") };
        plan(&Instrument::sample(), &Command::Order(order), &facts("", "3000")).map(|plan| plan.guards)
    };
    assert_eq!(guarded("2900", "3100"), Ok(Some(Side::Long)));
    assert!(guarded("3000", "3100").unwrap_err().starts_with("sl:"));
    assert!(guarded("2900", "2999").unwrap_err().starts_with("tp:"));
    let reducing = Order { stop: Some(d("2900")), ..order(Verb::Sell, "n0.05") };
    let plan = plan(&Instrument::sample(), &Command::Order(reducing), &facts("+0.1", "3000")).unwrap();
    assert!(plan.guards.is_none() && plan.warnings.concat().contains("this one builds none"));
}

#[test]
fn only_what_is_needed_is_asked_for() {
    let needed = |order: Order| needs(&Command::Order(order));
    assert_eq!(needed(order(Verb::Buy, "n0.1")), [Need::Positions]);
    assert_eq!(needed(order(Verb::Buy, "300$")), [Need::Positions, Need::Quote]);
    assert_eq!(needed(Order { leverage: None, ..order(Verb::Buy, "300$") }), [Need::Positions, Need::Quote, Need::Terms]);
    assert_eq!(needed(order(Verb::Buy, "10%")), [Need::Positions, Need::Quote, Need::Balance]);
    assert_eq!(needs(&Command::Close { percent: None }), [Need::Positions]);
}

#[test]
fn after_a_refusal_an_order_only_shrinks() {
    let shrunk = |qty: &str, affordable: Option<&str>| shrink(&Instrument::sample(), d(qty), affordable.map(d)).map(|qty| qty.to_string());
    assert_eq!(shrunk("120", Some("590.8")).as_deref(), Some("114"));
    assert_eq!(shrunk("120", Some("59.0808")).as_deref(), Some("59.08"));
    assert_eq!(shrunk("120", None).as_deref(), Some("114"));
    assert_eq!(shrunk("0.002", None).as_deref(), Some("0.001"));
    assert_eq!(shrunk("0.001", None), None);
    assert_eq!(shrunk("1", Some("0")), None);
}

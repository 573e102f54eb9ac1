use super::super::fake::{self, config};
use super::*;

const ENTRY: &str = r#"{"token":"7d1c0a9be84f4f0b8b7d","event":"ENTRY","signal_side":"LONG","symbol":"ETHUSDT.P","entry_price":3021.444,"second_entry_price":2934.1,"stop_loss":2850.417,"take_profit":3084.215}"#;

fn explained(env_file: &str, alert: &str) -> (Exit, String) {
    let mut out = Vec::new();
    let exit = explain(&config(env_file), fake::connect, alert, &mut out).unwrap();
    (exit, String::from_utf8(out).unwrap())
}

fn refusal(alert: &str) -> String {
    let (exit, text) = explained("", alert);
    assert_eq!(exit, Exit::Usage, "{text}");
    text.lines().find(|line| line.starts_with("refused")).unwrap().to_owned()
}

#[test]
fn an_entry_is_shown_as_it_would_be_sent() {
    let (exit, text) = explained("MARGIN_MODE=isolated\nLEVERAGE=5\nENTRY_SIZE_USD=40", ENTRY);
    assert_eq!(exit, Exit::Done);
    assert_eq!(
        text,
        "\
token     none is needed on paper
alert     ENTRY LONG ETHUSDT (primary_entry)
account   paper (paper), the only account
position  hedge mode
contract  ETHUSDT: tick 0.01, step 0.001, at least 0.001 ETH and 20 USDT, at most 100x
leverage  5x, isolated margin
order     entry 1: buy 0.066 ETH limit at 3021.44 GTC = 199.42 USDT, margin 39.88
order     entry 2: buy 0.068 ETH limit at 2934.1 GTC = 199.52 USDT, margin 39.9
order     stop loss: close the whole position at market when the mark price reaches 2850.41
order     take profit: close the whole position at market when the mark price reaches 3084.22
paper     no order leaves this machine
"
    );
}

#[test]
fn the_token_is_judged_and_never_shown() {
    for (token, verdict) in [
        ("7d1c0a9be84f4f0b8b7d", "right"),
        ("another-token-of-24-chars", "wrong: answered with 401, unless the URL or the header has the right one"),
    ] {
        let (_, text) = explained(&format!("WEBHOOK_TOKEN={token}"), ENTRY);
        assert!(text.starts_with(&format!("token     {verdict}\n")) && !text.contains("7d1c0a9b"), "{text}");
    }
    let (_, text) = explained("WEBHOOK_TOKEN=7d1c0a9be84f4f0b8b7d", &ENTRY.replace("7d1c0a9be84f4f0b8b7d", ""));
    assert!(text.starts_with("token     missing"), "{text}");
}

#[test]
fn what_may_surprise_is_a_warning() {
    for (settings, alert, warning) in [
        (
            "LEVERAGE=30",
            ENTRY.to_owned(),
            "if this contract is set to isolated margin: the stop lies beyond the estimated liquidation price 2877.8",
        ),
        (
            "LEVERAGE=50\nMARGIN_MODE=isolated",
            ENTRY.to_owned(),
            "warning   the second entry lies beyond the estimated liquidation price 2961.01",
        ),
        ("LEVERAGE=50\nMARGIN_MODE=isolated", ENTRY.to_owned(), "warning   the stop lies beyond the estimated liquidation price 2917.58"),
        ("LEVERAGE=125", ENTRY.to_owned(), "leverage 125 is above the contract's maximum of 100; 100 is used"),
        ("TOTAL_ENTRIES=1", ENTRY.to_owned(), "TOTAL_ENTRIES=1: the second entry is never placed"),
        ("", ENTRY.replace("\"stop_loss\":2850.417,", ""), "no stop_loss: the position would have no stop"),
        (
            "",
            ENTRY.replace("ETH", "BTC").replace("3021.444", "130000").replace("2934.1", "null").replace("3084.215", "null"),
            "rounding down to the lot step takes 35 % off the order at 130000",
        ),
    ] {
        let (_, text) = explained(settings, &alert);
        assert!(text.contains(warning), "{warning}\n{text}");
    }
    for settings in ["LEVERAGE=20", "LEVERAGE=20\nMARGIN_MODE=isolated", "LEVERAGE=50\nMARGIN_MODE=cross"] {
        let (_, text) = explained(settings, ENTRY);
        assert!(!text.contains("warning"), "{text}");
    }
}

#[test]
fn a_second_entry_alone_is_one_order() {
    let (_, text) = explained("", &ENTRY.replace("\"event\"", "\"order_subtype\":\"dca_fill\",\"event\""));
    assert!(text.contains("only if   no trade with these prices is known") && text.matches("GTC").count() == 1, "{text}");
    assert!(text.contains("entry 2: buy 0.068 ETH limit at 2934.1"), "{text}");
}

#[test]
fn with_one_entry_only_a_second_entry_is_nothing() {
    let (exit, text) = explained("TOTAL_ENTRIES=1", &ENTRY.replace("\"event\"", "\"order_subtype\":\"dca_fill\",\"event\""));
    assert_eq!(exit, Exit::Done);
    assert!(text.contains("nothing   TOTAL_ENTRIES=1") && !text.contains("order     "), "{text}");
}

#[test]
fn an_exit_closes_whatever_the_rest_says() {
    let (exit, text) = explained("", r#"{"event":"exit","signal_side":"short","symbol":"gold","entry_price":"x","alert_id":"a-1"}"#);
    assert_eq!(exit, Exit::Done);
    assert!(text.contains("alert     EXIT SHORT GOLD, alert_id a-1\n"), "{text}");
    assert!(text.contains("close the whole SHORT position of GOLDUSDT at market, reduce-only"), "{text}");
}

#[test]
fn a_refusal_tells_its_reason() {
    assert!(refusal(&ENTRY.replace("LONG", "LOGN")).starts_with("refused   signal_side: `LOGN` is unknown here"));
    assert_eq!(
        refusal(&ENTRY.replace("ETHUSDT.P", "PEPEUSDT")).split(';').next(),
        Some("refused   symbol: the exchange has no contract PEPEUSDT")
    );
    assert_eq!(
        refusal(&ENTRY.replace("{\"token\"", "{\"account\":\"x\",\"token\"")),
        "refused   account: no such account is configured (there are: paper)"
    );
    let (exit, text) = explained("ENTRY_SIZE_USD=0.5", ENTRY);
    assert!(
        exit == Exit::Usage
            && text.contains("refused   entry_price: order value 9.06432 is below the contract's minimum of 20 (ENTRY_SIZE_USD 0.5"),
        "{text}"
    );
}

#[test]
fn without_a_connection_the_reading_is_still_shown() {
    let mut out = Vec::new();
    let exit = explain(&config(""), fake::connect_to_nothing, ENTRY, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(exit, Exit::Unavailable);
    assert!(
        text.contains("ENTRY LONG ETHUSDT") && text.ends_with("the exchange gives no list: never sent: connection refused\n"),
        "{text}"
    );
    let mut out = Vec::new();
    let exit = explain(&config(""), fake::connect_with_bad_keys, ENTRY, &mut out).unwrap();
    assert!(exit == Exit::Done && String::from_utf8(out).unwrap().contains("position  mode not known: refused: key, secret"));
}

#[test]
fn a_json_refusal_points_at_its_place() {
    let (_, text) = explained("", "{\"event\":\"ENTRY\",\n\"signal_side\":\"LOGN\"}");
    assert!(text.ends_with("          \"signal_side\":\"LOGN\"}\n                        ^\n"), "{text}");
}

//! Every message the predecessor's indicator, README and test script can send, read as the contract says.

use perphook::alert::json::parse;
use perphook::alert::{Command, Signal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Payload {
    id: String,
    raw: String,
}

/// One line for a signal: what is asked, in the order stop, second entry, entry, target.
fn told(signal: &Signal) -> String {
    match &signal.command {
        Command::Exit { side } => format!("EXIT {side} {}", signal.symbol),
        Command::Enter(enter) => {
            let part = if enter.second_only { "second" } else { "primary" };
            let price = |price: Option<_>| price.map_or("-".to_owned(), |price: perphook::market::Decimal| price.to_string());
            let prices = [enter.stop, enter.second, Some(enter.entry), enter.target].map(price).join(" ");
            format!("ENTRY {part} {} {} {prices}", enter.side, signal.symbol)
        }
        other => format!("not JSON: {other:?}"),
    }
}

const EXPECTED: [(&str, &str); 24] = [
    ("entry_long_e2_waiting", "ENTRY primary LONG ETHUSDT 2850.4 2934.1 3021.44 3084.215"),
    ("dca_fill_long_later", "ENTRY second LONG ETHUSDT 2839.7 2934.1 3021.44 3048.57"),
    ("exit_long_both_filled_loss", "EXIT LONG ETHUSDT"),
    ("entry_long_both_filled_at_once", "ENTRY primary LONG ASTERUSDT 0.71677773 0.76377417 0.80397281 0.81912082"),
    ("dca_fill_long_same_instant", "ENTRY second LONG ASTERUSDT 0.71677773 0.76377417 0.80397281 0.81912082"),
    ("entry_short_e2_waiting", "ENTRY primary SHORT BTCUSDT 100745.9 99120.7 97450.3 96231.4"),
    ("exit_short_both_filled_profit", "EXIT SHORT BTCUSDT"),
    ("entry_long_dca_off", "ENTRY primary LONG SOLUSDT 138.25 - 142.87 146.335"),
    ("exit_long_dca_off", "EXIT LONG SOLUSDT"),
    ("entry_long_tiny_price_spot_chart", "ENTRY primary LONG PEPEUSDT 0.0000075 0.0000078 0.00000812 0.00000835"),
    ("entry_long_price_around_one", "ENTRY primary LONG XRPUSDT 0.9057521 0.9701 1.0123 1.0606"),
    ("entry_short_15m_chart", "ENTRY primary SHORT LINKUSDT 13.63 13.41 13.254 13.089"),
    ("same_bar_primary_second", "ENTRY primary LONG ETHUSDT 2912.3 2996 3021.44 3071.495"),
    ("exit_before_entry_same_bar", "EXIT LONG ETHUSDT"),
    ("entry_after_exit_same_bar", "ENTRY primary LONG ETHUSDT 2912.3 - 3021.44 3071.495"),
    ("entry_usdc_margined", "ENTRY primary LONG ETHUSDC 2850.4 2934.1 3021.44 3084.215"),
    (
        "entry_token_with_quote",
        "unreadable: `,` or `}` was expected after a value (a quote inside a text is written \\\") (line 1, column 34)",
    ),
    ("fallback_text_entry", "unreadable: a JSON object was expected, beginning with `{` (line 1, column 1)"),
    ("fallback_text_dca", "unreadable: a JSON object was expected, beginning with `{` (line 1, column 1)"),
    ("fallback_text_exit", "unreadable: a JSON object was expected, beginning with `{` (line 1, column 1)"),
    ("fallback_text_dca_off", "unreadable: a JSON object was expected, beginning with `{` (line 1, column 1)"),
    ("readme_exit_curl", "EXIT LONG BTCUSDT"),
    ("readme_endpoint_example", "ENTRY primary LONG ASTERUSDT 0.71677773 0.76377417 0.80397281 0.81912082"),
    ("test_script_entry", "ENTRY primary LONG ETHUSDT 1950 - 2000 2100"),
];

#[test]
fn every_payload_is_read_as_the_contract_says() {
    let payloads: Vec<Payload> = serde_json::from_str(include_str!("../data/pine_payloads.json")).unwrap();
    assert_eq!(payloads.len(), EXPECTED.len());
    for (payload, (id, expected)) in payloads.iter().zip(EXPECTED) {
        assert_eq!(payload.id, id);
        let outcome = match parse(payload.raw.as_bytes()) {
            Ok(parsed) => {
                assert!(parsed.token.is_some(), "{id}: every readable payload carries a token");
                parsed.signal.map_or_else(|error| error.to_string(), |signal| told(&signal))
            }
            Err(error) => format!("unreadable: {error}"),
        };
        assert_eq!(outcome, expected, "{id}");
    }
}

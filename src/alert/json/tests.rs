use proptest::prelude::*;

use super::*;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A good long ENTRY in which some fields are replaced (or added) by raw JSON values.
fn entry(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("token", "\"s3cr3t-s3cr3t-s3cr3t\""),
        ("event", "\"ENTRY\""),
        ("signal_side", "\"LONG\""),
        ("symbol", "\"ETHUSDT.P\""),
        ("entry_price", "3000"),
        ("second_entry_price", "2900"),
        ("stop_loss", "2800"),
        ("take_profit", "3100"),
    ];
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn signal(body: &str) -> Result<Signal, AlertError> {
    parse(body.as_bytes())?.signal
}

fn refusal(changes: &[(&str, &str)]) -> String {
    signal(&entry(changes)).unwrap_err().to_string()
}

fn enter(changes: &[(&str, &str)]) -> Enter {
    match signal(&entry(changes)).unwrap().command {
        Command::Enter(enter) => enter,
        _ => panic!("an ENTRY was expected"),
    }
}

#[test]
fn an_entry_is_read_whole() {
    let body = entry(&[("account", "\" main \""), ("alert_id", "17"), ("nested", r#"{"entry_price":[1,{"symbol":null}]}"#)]);
    let parsed = parse(body.as_bytes()).unwrap();
    assert!(parsed.token.unwrap().matches("s3cr3t-s3cr3t-s3cr3t"));
    let signal = parsed.signal.unwrap();
    assert_eq!((signal.account.as_deref(), signal.key.as_deref(), signal.symbol.as_str()), (Some("main"), Some("17"), "ETHUSDT"));
    let wanted = Enter {
        second_only: false,
        side: Side::Long,
        entry: dec("3000"),
        second: Some(dec("2900")),
        stop: Some(dec("2800")),
        target: Some(dec("3100")),
    };
    assert_eq!(signal.command, Command::Enter(wanted));
}

#[test]
fn words_are_read_in_any_case_and_trimmed() {
    assert!(!enter(&[("event", "\" entry\\n\""), ("signal_side", "\"Long\"")]).second_only);
    for (subtype, second_only) in
        [("\"PRIMARY_ENTRY\"", false), ("null", false), ("\"\"", false), ("\"dca_fill\"", true), ("\"Second_Entry\"", true)]
    {
        assert_eq!(enter(&[("order_subtype", subtype)]).second_only, second_only, "{subtype}");
    }
}

#[test]
fn prices_come_from_their_digits() {
    for (value, price) in [
        ("2900", Some("2900")),
        ("\"2900.10\"", Some("2900.1")),
        ("\" 2.9e3 \"", Some("2900")),
        ("2900.1500000000000001", Some("2900.1500000000000001")),
        ("null", None),
        ("\"\"", None),
        ("\"null\"", None),
        ("\"NaN\"", None),
        ("NaN", None),
    ] {
        assert_eq!(enter(&[("second_entry_price", value)]).second, price.map(dec), "{value}");
    }
    let tiny = enter(&[("entry_price", "1e-5"), ("second_entry_price", "0.000009"), ("stop_loss", "null"), ("take_profit", "null")]);
    assert_eq!((tiny.entry, tiny.second), (dec("0.00001"), Some(dec("0.000009"))));
}

#[test]
fn nonsense_in_an_entry_is_refused_with_field_place_and_reason() {
    for (field, value, message) in [
        ("event", "\"ENTER\"", "event: `ENTER` is unknown here; right are ENTRY, EXIT (line 1, column 41)"),
        ("event", "null", "event: missing; ENTRY or EXIT is needed"),
        ("signal_side", "\"BUY\"", "signal_side: `BUY` is unknown here; right are LONG, SHORT (line 1, column 63)"),
        ("signal_side", "true", "signal_side: a text or number was expected, not true (line 1, column 63)"),
        ("signal_side", "[\"LONG\"]", "signal_side: a text or number was expected, not a list (line 1, column 63)"),
        ("signal_side", "{}", "signal_side: a text or number was expected, not an object (line 1, column 63)"),
        ("signal_side", "\"\\ud800\"", "signal_side: half a surrogate pair is no character (line 1, column 63)"),
        ("symbol", "\"\"", "symbol: missing; a contract such as ETHUSDT.P is needed"),
        ("symbol", "\"ETH USDT\"", "symbol: ` ` is part of no contract's name (line 1, column 79)"),
        ("entry_price", "null", "entry_price: missing; a price is needed"),
        ("entry_price", "0", "entry_price: a price is above zero, not 0 (line 1, column 105)"),
        ("entry_price", "\"-5\"", "entry_price: a price is above zero, not -5 (line 1, column 105)"),
        ("entry_price", "\"Infinity\"", "entry_price: infinite (line 1, column 105)"),
        ("entry_price", "-Infinity", "entry_price: infinite (line 1, column 105)"),
        ("entry_price", "\"1,000\"", "entry_price: not a number: a comma is no decimal point and no separator here (line 1, column 105)"),
        ("entry_price", "1e400", "entry_price: more digits than can be calculated with (line 1, column 105)"),
        ("entry_price", "1e10", "entry_price: a price lies between 0.000000000000001 and 1000000000 (line 1, column 105)"),
        ("entry_price", "1e-16", "entry_price: a price lies between 0.000000000000001 and 1000000000 (line 1, column 105)"),
        (
            "order_subtype",
            "\"dca\"",
            "order_subtype: `dca` is unknown here; right are primary_entry, dca_fill, second_entry (line 1, column 188)",
        ),
        (
            "order_subtype",
            "\"reduce_only\"",
            "order_subtype: `reduce_only` is unknown here; right are primary_entry, dca_fill, second_entry (line 1, column 188)",
        ),
    ] {
        assert_eq!(refusal(&[(field, value)]), message, "{field} {value}");
    }
    assert!(refusal(&[("account", &format!("\"{}\"", "a".repeat(33)))]).contains("longer than 32 characters"));
    assert!(refusal(&[("alert_id", &format!("\"{}\"", "a".repeat(65)))]).contains("longer than 64 characters"));
    assert!(refusal(&[("alert_id", "\"a\\nb\"")]).contains("control character"));
}

#[test]
fn unfilled_placeholders_are_named() {
    for (field, value, placeholder) in [
        ("entry_price", "{{close}}", "{{close}}"),
        ("entry_price", "\"{{close}}\"", "{{close}}"),
        ("symbol", "\"{{exchange}}:{{ticker}}\"", "{{exchange}}"),
        ("event", "\"{{strategy.order.action}}\"", "{{strategy.order.action}}"),
    ] {
        let reason = refusal(&[(field, value)]);
        assert!(reason.starts_with(&format!("{field}: the placeholder {placeholder} arrived unfilled")), "{reason}");
    }
}

#[test]
fn prices_must_be_in_order() {
    let long = [("entry_price", "100"), ("second_entry_price", "90"), ("stop_loss", "80"), ("take_profit", "110")];
    let short =
        [("signal_side", "\"SHORT\""), ("entry_price", "100"), ("second_entry_price", "110"), ("stop_loss", "120"), ("take_profit", "90")];
    for (base, change, message) in [
        (&long[..], ("stop_loss", "90"), "stop_loss: a LONG needs stop_loss below second_entry_price, but they are 90 and 90"),
        (&long, ("stop_loss", "101"), "stop_loss: a LONG needs stop_loss below second_entry_price, but they are 101 and 90"),
        (
            &long,
            ("second_entry_price", "100"),
            "second_entry_price: a LONG needs second_entry_price below entry_price, but they are 100 and 100",
        ),
        (&long, ("take_profit", "99.5"), "take_profit: a LONG needs entry_price below take_profit, but they are 100 and 99.5"),
        (&short, ("stop_loss", "105"), "stop_loss: a SHORT needs stop_loss above second_entry_price, but they are 105 and 110"),
        (&short, ("take_profit", "100"), "take_profit: a SHORT needs entry_price above take_profit, but they are 100 and 100"),
        (
            &short,
            ("second_entry_price", "99"),
            "second_entry_price: a SHORT needs second_entry_price above entry_price, but they are 99 and 100",
        ),
    ] {
        enter(base);
        let mut changed = base.to_vec();
        changed.push(change);
        let reason = refusal(&changed);
        assert!(reason.starts_with(message), "{reason}");
    }
    let mut stop_over_entry = long.to_vec();
    stop_over_entry.extend([("second_entry_price", "null"), ("stop_loss", "100")]);
    assert!(refusal(&stop_over_entry).contains("stop_loss below entry_price"));
    enter(&[("second_entry_price", "null"), ("stop_loss", "null"), ("take_profit", "null")]);
}

#[test]
fn nothing_but_its_own_fields_can_refuse_an_exit() {
    for value in
        ["null", "0", "-1", "\"x\"", "[]", "{\"a\":{}}", "true", "NaN", "Infinity", "{{close}}", "\"{{close}}\"", "\"\\ud800\"", "1e999"]
    {
        let changes: Vec<_> =
            ["order_subtype", "entry_price", "second_entry_price", "stop_loss", "take_profit", "leverage"].map(|name| (name, value)).into();
        let body = entry(&changes).replace("ENTRY", "EXIT");
        assert_eq!(signal(&body).unwrap().command, Command::Exit { side: Side::Long }, "{body}");
    }
    let twice = r#"{"event":"EXIT","signal_side":"SHORT","symbol":"ETH","entry_price":1,"entry_price":2}"#;
    assert_eq!(signal(twice).unwrap().command, Command::Exit { side: Side::Short });
    assert!(signal(r#"{"event":"EXIT","symbol":"ETH"}"#).unwrap_err().to_string().starts_with("signal_side: missing"));
}

#[test]
fn a_field_given_twice_is_refused() {
    for name in ["token", "event", "signal_side", "symbol", "entry_price", "take_profit"] {
        let body = entry(&[]).replacen('{', &format!("{{\"{name}\":\"1\","), 1);
        let parsed = parse(body.as_bytes()).unwrap();
        let error = parsed.signal.unwrap_err();
        assert_eq!((error.field.as_str(), error.reason.as_str()), (name, "given twice"));
        assert!(error.column > 15, "the second one is pointed at");
    }
}

#[test]
fn the_token_is_known_although_a_field_is_wrong() {
    for (value, token) in
        [("\"abc\"", Some("abc")), ("\" a\\u0062c\"", Some(" abc")), ("123", Some("123")), ("\"\"", None), ("null", None), ("{}", None)]
    {
        let parsed = parse(entry(&[("token", value), ("event", "\"NOPE\"")]).as_bytes()).unwrap();
        assert_eq!(parsed.token.is_some(), token.is_some(), "{value}");
        assert!(parsed.token.is_none_or(|secret| secret.matches(token.unwrap())), "{value}");
        assert_eq!(parsed.signal.unwrap_err().field, "event");
    }
}

#[test]
fn places_are_counted_in_lines_and_characters() {
    let body = "\u{feff}\r\n{\n  \"event\": \"ENTRY\",\r\n  \"süß\": \"😀\", \"signal_side\": \"up\"\n}\n";
    let error = signal(body).unwrap_err();
    assert_eq!((error.line, error.column), (4, 30));
    let error = parse(b"{\"a\":\"\xc3\xbc\xff\"}").unwrap_err();
    assert_eq!((error.line, error.column, error.reason.as_str()), (1, 8, "not UTF-8 text"));
    let error = parse("{\"ü\":1}\n{}".as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column, error.reason.as_str()), (2, 1, "nothing may follow the closing `}`"));
    assert!(parse(&[b' '; ALERT_BYTES_MAX + 1]).unwrap_err().reason.contains("longer than 16384 bytes"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }

    #[test]
    fn any_value_in_any_field_is_survived_and_repeats_no_token(
        field in proptest::sample::select(&WANTED[..]),
        value in "\\PC{0,40}|\"[ -~]{0,40}\"|-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?",
    ) {
        let token = "s3cr3t-s3cr3t-s3cr3t";
        for body in [entry(&[(field, &value)]), entry(&[(field, &format!("\"{token}\""))]), entry(&[(field, &value)]).replace('}', "")] {
            let (outer, inner) = match parse(body.as_bytes()) {
                Ok(parsed) => (format!("{parsed:?}"), parsed.signal.err().map(|error| error.to_string()).unwrap_or_default()),
                Err(error) => (String::new(), error.to_string()),
            };
            if field != SYMBOL && field != ACCOUNT && field != ALERT_ID {
                prop_assert!(!outer.contains(token), "{}", outer);
            }
            prop_assert!(!inner.contains(token), "{}", inner);
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::market::{Decimal, Symbol};

fn contract(native: &str, base: &str, settle: &str) -> Instrument {
    Instrument {
        symbol: Symbol::new(native),
        base: base.into(),
        settle: settle.into(),
        tick: Decimal::ONE,
        contract_size: Decimal::ONE,
        lot_step: Decimal::ONE,
        min_qty: Decimal::ONE,
        max_qty: Decimal::ZERO,
        market_lot_step: Decimal::ZERO,
        market_max_qty: Decimal::ZERO,
        min_notional: Decimal::ZERO,
        max_leverage: 0,
        closed: None,
    }
}

fn list() -> Instruments {
    let mut shut = contract("OLDUSDT", "OLD", "USDT");
    shut.closed = Some("SETTLING".into());
    Instruments::new(vec![
        contract("ETHUSDT", "ETH", "USDT"),
        contract("ETHUSDC", "ETH", "USDC"),
        contract("BTCUSDT", "BTC", "USDT"),
        contract("PERPUSDT", "PERP", "USDT"),
        contract("1000PEPEUSDT", "1000PEPE", "USDT"),
        contract("币安人生USDT", "币安人生", "USDT"),
        contract("PF_SOLUSD", "SOL", "USD"),
        contract("ETC-USDT-SWAP", "ETC", "USDT"),
        shut,
    ])
}

fn resolved(text: &str) -> Result<String, SymbolError> {
    let list = list();
    let found = SymbolName::parse(text)?.resolve(&list, "USDT")?;
    Ok(found.symbol.as_str().to_owned())
}

#[test]
fn every_spelling_finds_its_contract() {
    for (written, native) in [
        ("BINANCE:ETHUSDT.P", "ETHUSDT"),
        ("ETHUSDT.P", "ETHUSDT"),
        ("ethusdt.p", "ETHUSDT"),
        (" ETHUSDT\n", "ETHUSDT"),
        ("ETHUSDT.PERP", "ETHUSDT"),
        ("ETHUSDT.P.P", "ETHUSDT"),
        ("BTCUSDTPERP", "BTCUSDT"),
        ("BTCUSDT-PERP", "BTCUSDT"),
        ("ETH/USDT", "ETHUSDT"),
        ("ETH/USDT:USDT", "ETHUSDT"),
        ("BINANCE:ETH/USDT:USDT", "ETHUSDT"),
        ("ETH-USDT", "ETHUSDT"),
        ("ETC-USDT-SWAP", "ETC-USDT-SWAP"),
        ("OKX:ETCUSDT.P", "ETC-USDT-SWAP"),
        ("ETH", "ETHUSDT"),
        ("eth", "ETHUSDT"),
        ("ETHPERP", "ETHUSDT"),
        ("ETHUSD", "ETHUSDT"),
        ("COINBASE:ETHUSD", "ETHUSDT"),
        ("ETHUSDC.P", "ETHUSDC"),
        ("ETH/USDC:USDC", "ETHUSDC"),
        ("PERP", "PERPUSDT"),
        ("PERPUSDT.P", "PERPUSDT"),
        ("1000PEPEUSDT.P", "1000PEPEUSDT"),
        ("1000PEPE/USDT:USDT", "1000PEPEUSDT"),
        ("币安人生USDT.P", "币安人生USDT"),
        ("SOLUSD", "PF_SOLUSD"),
        ("SOLUSD.P", "PF_SOLUSD"),
    ] {
        assert_eq!(resolved(written).as_deref(), Ok(native), "{written}");
    }
}

#[test]
fn what_is_another_contract_is_refused_with_its_reason() {
    let coin = |name: &str, linear: Option<&str>| SymbolError::CoinMargined { name: name.to_owned(), linear: linear.map(str::to_owned) };
    let multiplied = |name: &str| SymbolError::Multiplied { name: name.to_owned(), contract: "1000PEPEUSDT".to_owned() };
    for (written, error) in [
        ("BTCUSD.P", coin("BTCUSD", Some("BTCUSDT"))),
        ("BINANCE:BTCUSD.P", coin("BTCUSD", Some("BTCUSDT"))),
        ("BTCUSD.PM", coin("BTCUSD", Some("BTCUSDT"))),
        ("BTCUSD_PERP", coin("BTCUSD", Some("BTCUSDT"))),
        ("FOOUSD.P", coin("FOOUSD", None)),
        ("BTC/USD:BTC", coin("BTCUSD", None)),
        ("BTCUSDT_251226", SymbolError::Dated),
        ("BTC-USDT-251226", SymbolError::Dated),
        ("BTC/USDT:USDT-251226", SymbolError::Dated),
        ("BTCUSDT_260925.P", SymbolError::Dated),
        ("PEPEUSDT", multiplied("PEPEUSDT")),
        ("PEPE/USDT:USDT", multiplied("PEPEUSDT")),
        ("PEPE", multiplied("PEPE")),
        ("PEPEUSD", multiplied("PEPEUSD")),
        ("NOSUCHUSDT", SymbolError::Unknown("NOSUCHUSDT".to_owned())),
        ("ETHUSDTT", SymbolError::Unknown("ETHUSDTT".to_owned())),
        ("OLDUSDT.P", SymbolError::Closed { name: "OLDUSDT".to_owned(), reason: "SETTLING".to_owned() }),
        ("OLD", SymbolError::Closed { name: "OLDUSDT".to_owned(), reason: "SETTLING".to_owned() }),
        ("", SymbolError::Empty),
        ("BINANCE:", SymbolError::Empty),
        ("/", SymbolError::Empty),
        (".P", SymbolError::Character('.')),
        ("BTC1!", SymbolError::Character('!')),
        ("ETH USDT", SymbolError::Character(' ')),
        ("ETHUSDT\0", SymbolError::Character('\0')),
        (&"X".repeat(41), SymbolError::TooLong),
    ] {
        assert_eq!(resolved(written), Err(error), "{written}");
    }
}

/// Kraken's contracts settle in dollars: what is written for another coin is another contract, and never translated.
#[test]
fn where_contracts_settle_in_dollars_other_names_are_answered_with_theirs() {
    let list = Instruments::new(vec![contract("PF_XBTUSD", "BTC", "USD"), contract("PF_ETHUSD", "ETH", "USD")]);
    let both = |written: &str| {
        let found = |name: Result<SymbolName, SymbolError>| name.and_then(|name| Ok(name.resolve(&list, "USD")?.symbol.to_string()));
        (found(SymbolName::parse(written)), found(SymbolName::text(written)))
    };
    for (written, native) in [("ETHUSD", "PF_ETHUSD"), ("ETHUSD.PM", "PF_ETHUSD"), ("ETH/USD.pm", "PF_ETHUSD"), ("BTCUSD.P", "PF_XBTUSD")] {
        assert_eq!(both(written), (Ok(native.to_owned()), Ok(native.to_owned())), "{written}");
    }
    let json = |written: &str| SymbolName::parse(written).unwrap().resolve(&list, "USD").map(|found| found.symbol.to_string());
    assert_eq!(json("KRAKEN:ETHUSD.PM").as_deref(), Ok("PF_ETHUSD"));
    assert_eq!(SymbolName::text("KRAKEN:ETHUSD.PM"), Err(SymbolError::Venue("ETHUSD".to_owned())));
    for (written, name, meant) in [
        ("ETHUSDT", "ETHUSDT", "ETH/USD"),
        ("ETH/USDT", "ETHUSDT", "ETH/USD"),
        ("BTCUSDT", "BTCUSDT", "BTC/USD"),
        ("BTCUSDT.P", "BTCUSDT", "BTC/USD"),
        ("ETHUSDC", "ETHUSDC", "ETH/USD"),
        ("XBTUSD", "XBTUSD", "BTC/USD"),
        ("XBTUSD.PM", "XBTUSD", "BTC/USD"),
        ("XBTUSDT", "XBTUSDT", "BTC/USD"),
        ("XBT", "XBT", "BTC/USD"),
    ] {
        let hint = |name: &str| Err(SymbolError::Meant { name: name.to_owned(), meant: meant.to_owned() });
        let (parsed, text) = both(written);
        assert_eq!(parsed, hint(name), "{written}");
        assert_eq!(text, hint(written.trim_end_matches(".PM").trim_end_matches(".P")), "{written}");
    }
    assert_eq!(json("ETHUSDT").unwrap_err().to_string(), "the account trades no contract ETHUSDT; did you mean ETH/USD?");
    let unknown = |name: &str| Err(SymbolError::Unknown(name.to_owned()));
    for written in ["FOOUSDT", "FOOUSD", "USDT", "XBTETH"] {
        assert_eq!(both(written), (unknown(written), unknown(written)), "{written}");
    }
    assert_eq!(resolved("SOLUSDC"), unknown("SOLUSDC"), "in coins, only names that are right are");
    // Nobody is told to write a name that is not there.
    assert_eq!(json("FOOUSD.P"), unknown("FOOUSD"));
    assert!(!SymbolName::parse("BTC/USD:BTC").unwrap_err().to_string().contains("write"));
}

#[test]
fn a_name_is_an_exchanges_own_whatever_separates_its_parts() {
    for (written, native, is) in [
        ("PF_ETHUSD", "PF_ETHUSD", true),
        ("pf-ethusd", "PF_ETHUSD", true),
        ("ETC-USDT-SWAP", "ETC-USDT-SWAP", true),
        ("u1000PEPEUSDT", "u1000PEPEUSDT", true),
        ("ETHUSD", "PF_ETHUSD", false),
        ("ETHUSDT", "ETHUSDTM", false),
    ] {
        assert_eq!(SymbolName::parse(written).unwrap().is_native(native), is, "{written}");
        assert_eq!(SymbolName::text(written).unwrap().is_native(native), is, "{written}");
    }
}

#[test]
fn a_contract_that_takes_no_orders_can_still_be_named_to_close_it() {
    let list = list();
    let name = SymbolName::parse("OLDUSDT.P").unwrap();
    assert!(name.resolve(&list, "USDT").is_err());
    assert_eq!(name.contract(&list, "USDT").unwrap().symbol.as_str(), "OLDUSDT");
}

#[test]
fn the_settle_coin_of_the_account_completes_a_bare_base() {
    let list = list();
    let name = SymbolName::parse("ETH").unwrap();
    assert_eq!(name.resolve(&list, "USDC").unwrap().symbol.as_str(), "ETHUSDC");
    assert_eq!(name.as_str(), "ETH");
}

fn strictly(text: &str, settle: &str) -> Result<String, SymbolError> {
    let mut list: Vec<_> = list().iter().cloned().collect();
    list.extend([
        contract("BTC-USDT-SWAP", "BTC", "USDT"),
        contract("XBTUSDTM", "SOL", "USDT"),
        contract("PF_XBTUSD", "BTC", "USD"),
        contract("BTCUSD_PERP", "BTC", "BTC"),
    ]);
    let list = Instruments::new(list);
    let found = SymbolName::text(text)?.resolve(&list, settle)?;
    Ok(found.symbol.as_str().to_owned())
}

#[test]
fn the_text_language_reads_pairs_and_native_names() {
    for (written, settle, native) in [
        ("ETHUSDT", "USDT", "ETHUSDT"),
        ("ethusdt.p", "USDT", "ETHUSDT"),
        ("eth/usdt", "USDT", "ETHUSDT"),
        ("ETH/USDT.P", "USDT", "ETHUSDT"),
        ("ETH/USDT:USDT", "USDT", "ETHUSDT"),
        ("ETHUSDC", "USDC", "ETHUSDC"),
        ("1000PEPEUSDT.P", "USDT", "1000PEPEUSDT"),
        ("币安人生USDT", "USDT", "币安人生USDT"),
        ("btc-usdt-swap", "USDT", "BTC-USDT-SWAP"),
        ("XBTUSDTM", "USDT", "XBTUSDTM"),
        ("SOLUSDT", "USDT", "XBTUSDTM"),
        ("BTCUSD", "USD", "PF_XBTUSD"),
        ("BTCUSD.P", "USD", "PF_XBTUSD"),
        ("PF_XBTUSD", "USD", "PF_XBTUSD"),
    ] {
        assert_eq!(strictly(written, settle).as_deref(), Ok(native), "{written}");
    }
}

#[test]
fn the_text_language_completes_nothing_and_says_what_was_meant() {
    let meant = |name: &str, meant: &str| SymbolError::Meant { name: name.to_owned(), meant: meant.to_owned() };
    let unknown = |name: &str| SymbolError::Unknown(name.to_owned());
    let settles = |name: &str, settle: &str| SymbolError::Settle { name: name.to_owned(), settle: settle.to_owned() };
    for (written, error) in [
        ("ETH", meant("ETH", "ETHUSDT")),
        ("ETHUSD", meant("ETHUSD", "ETHUSDT")),
        ("ETH/USD", meant("ETH/USD", "ETHUSDT")),
        ("ETH-USDT", meant("ETH-USDT", "ETHUSDT")),
        ("ETHUSDTPERP", meant("ETHUSDTPERP", "ETHUSDT")),
        ("BINANCE:ETHUSDT.P", SymbolError::Venue("ETHUSDT".to_owned())),
        ("ETHUSDC", settles("ETHUSDC", "USDC")),
        ("PF_XBTUSD", settles("PF_XBTUSD", "USD")),
        ("BTC/USD:BTC", settles("BTC/USD:BTC", "BTC")),
        ("PEPEUSDT", SymbolError::Multiplied { name: "PEPEUSDT".to_owned(), contract: "1000PEPEUSDT".to_owned() }),
        ("ETH/USDT:USDC", settles("ETH/USDT:USDC", "USDC")),
        ("NOSUCHUSDT", unknown("NOSUCHUSDT")),
        ("USDT", unknown("USDT")),
        ("BTCUSDT_251226", SymbolError::Dated),
        ("BTC/USDT:USDT-251226", SymbolError::Dated),
        ("OLDUSDT", SymbolError::Closed { name: "OLDUSDT".to_owned(), reason: "SETTLING".to_owned() }),
        ("ETHUSDT.P.P", SymbolError::Character('.')),
        ("ETH/USDT:USDT:USDT", SymbolError::Character(':')),
        ("ETH,USDT", SymbolError::Character(',')),
        ("-/-", SymbolError::Empty),
        (":", SymbolError::Empty),
        (&"X".repeat(41), SymbolError::TooLong),
    ] {
        assert_eq!(strictly(written, "USDT"), Err(error), "{written}");
    }
    assert_eq!(meant("ETH", "ETHUSDT").to_string(), "the account trades no contract ETH; did you mean ETHUSDT?");
    let name = SymbolName::text("eth/usdt:usdt.p").unwrap();
    assert_eq!((name.as_str(), name.to_string().as_str()), ("ETHUSDT", "ETH/USDT:USDT"));
}

proptest! {
    #[test]
    fn a_name_survives_the_journal(text in "[A-Za-z0-9/:._-]{0,30}|\\PC{0,45}") {
        if let Ok(name) = SymbolName::parse(&text) {
            let stored = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(serde_json::from_str::<SymbolName>(&stored).unwrap(), name);
        }
        if let Ok(name) = SymbolName::text(&text) {
            let stored = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(&serde_json::from_str::<SymbolName>(&stored).unwrap(), &name);
            prop_assert_eq!(SymbolName::text(&name.to_string()).unwrap(), name);
        }
    }
}

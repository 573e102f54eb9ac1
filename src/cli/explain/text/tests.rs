use super::super::explain;
use crate::cli::fake::{self, config};
use crate::cli::{Connect, Exit};

fn at(connect: Connect, env_file: &str, alert: &str) -> (Exit, String) {
    let mut out = Vec::new();
    let exit = explain(&config(env_file), connect, alert, &mut out).unwrap();
    (exit, String::from_utf8(out).unwrap())
}

#[test]
fn a_text_order_is_shown_with_the_facts_it_is_decided_from() {
    let (exit, text) = at(fake::connect_one_way, "MARGIN_MODE=isolated", "ETHUSDT.P buy 300$ x3 sl:2900.006 tp:3300 id:k1");
    assert_eq!(exit, Exit::Done);
    assert_eq!(
        text,
        "\
token     none is needed on paper
line 1    paper ETHUSDT buy 300$ x3 sl:2900.006 tp:3300 id:k1
account   paper (paper), the only account
asks      buy for 300 USDT × leverage
contract  ETHUSDT: tick 0.01, step 0.001, at least 0.001 ETH and 20 USDT, at most 100x
position  none; one-way mode
price     3000 (middle of bid and ask; prices on paper swing)
leverage  3x, isolated margin
order     open LONG: buy 0.3 ETH at market = about 900 USDT, margin 300
order     stop loss: close the whole position at market when the mark price reaches 2900
order     take profit: close the whole position at market when the mark price reaches 3300
paper     no order leaves this machine
"
    );
}

#[test]
fn every_command_comes_to_its_orders() {
    for (alert, lines) in [
        // BTC: LONG 0.02 at 48000, price 50000; ETH: SHORT 0.5 at 3100, price 3000; GOLD: nothing, price 10.
        (
            "BTCUSDT sell 0.05 x5",
            &[
                "position  LONG 0.02 BTC at 48000; one-way mode",
                "leverage  5x, margin mode as it is",
                "order     1. close LONG: sell 0.02 BTC at market, reduce-only = about 1000 USDT",
                "order     2. open SHORT: sell 0.03 BTC at market = about 1500 USDT, margin 300",
            ][..],
        ),
        (
            "BTCUSDT sell 0.01 x5",
            &["leverage  x5 is not used: nothing is opened", "order     close LONG: sell 0.01 BTC at market, reduce-only = about 500 USDT"],
        ),
        ("BTCUSDT pos 0.02", &["nothing   the LONG position is as large as asked already"]),
        (
            "BTCUSDT pos 0.03",
            &[
                "asks      make the position LONG, 0.03 of the coin",
                "leverage  20x, which is what the exchange has, margin mode as it is",
                "order     open LONG: buy 0.01 BTC",
            ],
        ),
        (
            "BTCUSDT pos -1000$ x10",
            &[
                "asks      make the position SHORT, for 1000 USDT × leverage",
                "order     1. close LONG: sell 0.02 BTC",
                "order     2. open SHORT: sell 0.2 BTC at market = about 10000 USDT, margin 1000",
            ],
        ),
        ("ETHUSDT close 50%", &["asks      close 50 % of the position", "order     close SHORT: buy 0.25 ETH at market, reduce-only"]),
        ("ETHUSDT close", &["order     close SHORT: buy 0.5 ETH at market, reduce-only"]),
        ("GOLDUSDT close", &["nothing   there is no position to close"]),
        (
            "ETHUSDT buy 10% reduce",
            &[
                "asks      buy for 10 % of the balance × leverage, but never to build a position up",
                "balance   10000 USDT in all",
                "order     close SHORT: buy 0.5 ETH",
            ],
        ),
        ("GOLDUSDT buy 1@ reduce", &["asks      buy 1 contracts", "nothing   there is no SHORT position to reduce"]),
        ("GOLDUSDT buy 100 limit:ab:9.987 x2", &["order     open LONG: buy 100 GOLD limit at 9.99 GTC, named ab = 999 USDT, margin 499.5"]),
        ("GOLDUSDT buy 200000", &["order     open LONG: buy 200000 GOLD at market, 100000 at most in an order"]),
        ("ETHUSDT changeleverage xmax", &["order     set the leverage of ETHUSDT to 100x"]),
        ("GOLDUSDT changeleverage 5", &["nothing   there is no position whose leverage"]),
        ("ETHUSDT cancel:ab", &["order     cancel ab on ETHUSDT; not there: nothing"]),
        ("ETHUSDT cancel:all", &["order     cancel every resting limit order of ETHUSDT", "stays     stop and target of the position"]),
        ("GOLDUSDT cancel:all", &["order     cancel stops and targets of GOLDUSDT too, unless a trade of ours is open there"]),
    ] {
        let (exit, text) = at(fake::connect_holding, "", alert);
        assert_eq!(exit, Exit::Done, "{alert}\n{text}");
        for line in lines {
            assert!(text.contains(line), "{alert}: {line}\n{text}");
        }
    }
}

#[test]
fn what_may_surprise_in_a_text_order_is_a_warning() {
    for (settings, alert, warning) in [
        ("", "ETHUSDT buy 300$ x200", "leverage 200 is above the contract's maximum of 100; 100 is used"),
        (
            "",
            "ETHUSDT buy 1 x50 sl:2900",
            "warning   if this contract is set to isolated margin: the stop lies beyond the estimated liquidation price 2940",
        ),
        ("", "ETHUSDT sell 1 sl:3200", "warning   the stop lies beyond the estimated liquidation price 3150 at 20x"),
        ("MARGIN_MODE=isolated", "ETHUSDT buy 1 x50 sl:2900", "warning   the stop lies beyond the estimated liquidation price 2940 at 50x"),
        ("", "ETHUSDT buy 0.005", "about 15 is below the contract's minimum of 20: the exchange may refuse it"),
    ] {
        let (_, text) = at(fake::connect_one_way, settings, alert);
        assert!(text.contains(warning), "{warning}\n{text}");
    }
    let (_, text) = at(fake::connect_one_way, "MARGIN_MODE=cross", "ETHUSDT buy 1 x50 sl:2900");
    assert!(!text.contains("warning"), "{text}");
}

#[test]
fn a_refused_line_points_at_the_word() {
    for (alert, refusal, word) in [
        ("ETH buy 1", "symbol: the account trades no contract ETH; did you mean ETHUSDT?", "^^^"),
        ("buy 1 BTCUSDC", "symbol: the exchange has no contract BTCUSDC", "      ^^^^^^^"),
        ("PEPEUSDT buy 1", "symbol: the exchange has no contract PEPEUSDT; it has 1000PEPEUSDT", "^^^^^^^^"),
        ("ETHUSDT buy x3", "size: missing", "        ^^^"),
        ("ETHUSDT buy 5 x0", "leverage: ", "              ^^"),
        ("ETHUSDT buy 5 // 6", "comment: ", "              ^^"),
    ] {
        let (exit, text) = at(fake::connect_one_way, "", alert);
        assert_eq!(exit, Exit::Usage, "{text}");
        assert!(text.contains(refusal), "{alert}\n{text}");
        assert!(text.contains(&format!("\n          {alert}\n          {word}\n")), "{alert}\n{text}");
    }
    let (_, text) = at(fake::connect_one_way, "", "nobody ETHUSDT buy 1");
    assert!(text.ends_with("          accounts here: paper\n"), "{text}");
    for (alert, refusal) in [
        ("ETHUSDT buy 1 limit:a-name-too-long:5000", "refused   limit: fake does not take the name a-name-too-long"),
        ("ETHUSDT buy 9$ x1", "refused   order value 9 is below the contract's minimum of 20"),
        ("ETHUSDT buy 0.0001", "refused   0.0001 is less than one lot step (0.001)"),
        ("ETHUSDT buy 1 sl:3100", "refused   sl: 3100 is on the wrong side of the price, which is 3000"),
        ("// ETHUSDT buy 1\n\n", "line 1    a comment, passed over\nrefused   the body asks for nothing"),
        ("{{ticker}} buy 1", "refused   placeholder: the placeholder {{ticker}} arrived unfilled"),
        ("{{ticker}} buy 1", "language  none: a body that begins with {{ is no JSON"),
    ] {
        let (exit, text) = at(fake::connect_one_way, "", alert);
        assert!(exit == Exit::Usage && text.contains(refusal), "{refusal}\n{text}");
    }
    let (exit, text) = at(fake::connect_restricted, "", "ETHUSDT buy 1 x3");
    assert!(exit == Exit::Usage && text.ends_with("refused   the account may not open positions: reduce only\n"), "{text}");
}

#[test]
fn lines_stand_for_themselves_and_tokens_are_not_shown() {
    let alert = "// token:hunter1-hunter1 is no order\nETHUSDT buy 1 x3 token:hunter2-hunter2-hunter2\nETHUSDT what buy 1 token:hunter2-hunter2-hunter2";
    let (exit, text) = at(fake::connect_one_way, "WEBHOOK_TOKEN=hunter2-hunter2-hunter2", alert);
    assert_eq!(exit, Exit::Usage);
    assert!(text.starts_with("token     right\nline 1    a comment, passed over\nline 2    paper ETHUSDT buy 1 x3\n"), "{text}");
    assert!(text.contains("order     open LONG: buy 1 ETH") && text.contains("\n          ETHUSDT what buy 1 token:*****"), "{text}");
    assert!(text.ends_with("note      each line is explained as things stand now, not as the lines before it leave them\n"), "{text}");
    assert!(!text.contains("hunter"), "{text}");
}

#[test]
fn the_account_is_named_by_the_line_or_by_the_settings() {
    const TWO: &str =
        r#"[{"ACCOUNT_ID": "Main", "EXCHANGE": "paper", "MARGIN_MODE": "cross"}, {"ACCOUNT_ID": "play", "EXCHANGE": "paper"}]"#;
    let of = |more: &str, alert: &str| {
        let mut out = Vec::new();
        let config = fake::config_with_accounts(&format!("ACCOUNTS_FILE=a.json\n{more}"), TWO);
        explain(&config, fake::connect_one_way, alert, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = of("", "MAIN ETHUSDT buy 1");
    assert!(text.contains("account   Main (paper)\n") && text.contains("cross margin"), "{text}");
    assert!(of("DEFAULT_ACCOUNT=play", "ETHUSDT buy 1").contains("account   play (paper), by DEFAULT_ACCOUNT\n"));
    assert!(of("", "ETHUSDT buy 1").contains("refused   account: no account is named; there are: Main, play"));
    let json = r#"{"event":"EXIT","signal_side":"LONG","symbol":"ETHUSDT"}"#;
    assert!(of("", json).contains("refused   account: name one of the accounts (Main, play), or set DEFAULT_ACCOUNT"));
}

#[test]
fn a_fact_that_nobody_tells_is_named() {
    let (exit, text) = at(fake::connect_to_nothing, "", "ETHUSDT buy 300$ x3");
    assert_eq!(exit, Exit::Unavailable);
    assert!(
        text.ends_with(
            "leverage  3x, margin mode as it is\nunknown   the contract: the exchange gives no list: never sent: connection refused\n"
        ),
        "{text}"
    );
    let (exit, text) = at(fake::connect_with_bad_keys, "", "ETHUSDT buy 300$ x3");
    assert_eq!(exit, Exit::Unavailable);
    let assumed = "assumed   there is no position\nleverage  3x, margin mode as it is\norder     open LONG: buy 0.3 ETH";
    assert!(text.contains("unknown   the position: refused: key, secret") && text.contains(assumed), "{text}");
    for (alert, fact) in
        [("ETHUSDT buy 300$", "the leverage of the contract"), ("ETHUSDT buy 3% x2", "the balance"), ("ETHUSDT close", "the position")]
    {
        let (exit, text) = at(fake::connect_with_bad_keys, "", alert);
        assert_eq!(exit, Exit::Unavailable);
        assert!(text.contains(&format!("unknown   {fact}: refused: key")) && !text.contains("\norder"), "{text}");
    }
}

use proptest::prelude::*;

use super::*;
use crate::alert::{Cancel, Command, Leverage, Limit, Order, Size, SymbolName, Unit, Verb};
use crate::market::{ClientId, Decimal};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn roster() -> Roster {
    let accounts = [("bin1", "USDT"), ("Bin2", "USDT"), ("krak1", "USD"), ("bybitusdt", "USDT"), ("x10", "USDT")];
    Roster { accounts: accounts.map(|(name, settle)| (name.to_owned(), settle.to_owned())).to_vec(), default: None }
}

fn only(body: &str) -> Result<Signal, AlertError> {
    let mut text = parse(body.as_bytes(), &roster()).unwrap();
    assert_eq!(text.lines.len(), 1, "{body:?}");
    text.lines.remove(0).signal
}

/// The canonical spelling of what `bin1 ETHUSDT …` asks, or the refusal.
fn told(words: &str) -> String {
    match only(&format!("bin1 ETHUSDT {words}")) {
        Ok(signal) => signal.to_string().strip_prefix("bin1 ETHUSDT ").unwrap().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_line_is_read_whole() {
    let order = Order {
        verb: Verb::Buy,
        size: Size { amount: dec("300.5"), unit: Unit::Money, nominal: true },
        leverage: Some(Leverage::Factor(3)),
        reduce: false,
        limit: Some(Limit { id: "MyId".to_owned(), price: dec("3000") }),
        stop: Some(dec("2900")),
        target: Some(dec("3100.5")),
    };
    let signal = Signal {
        account: Some("Bin2".to_owned()),
        key: Some("Key:1".to_owned()),
        symbol: SymbolName::text("ETH/USDT").unwrap(),
        command: Command::Order(order),
    };
    let body =
        "\u{feff}\u{a0}NOMINAL sl:2900 ToKen:S3cret bIN2 Limit:MyId:3_000\tX3 $300.5 BUY TP:3100.5 id:Key:1 eth/usdt.p\r\n// token:no\n\n";
    let text = parse(body.as_bytes(), &roster()).unwrap();
    assert_eq!(text.lines, [Line { number: 1, signal: Ok(signal) }]);
    assert!(matches!(text.tokens.as_slice(), [token] if token.matches("S3cret")));
}

#[test]
fn sizes_are_read_in_every_spelling() {
    for (words, canonical) in [
        ("buy 5", "buy 5"),
        ("buy +5", "buy 5"),
        ("buy .5", "buy 0.5"),
        ("buy 5.", "buy 5"),
        ("buy 1e-1", "buy 0.1"),
        ("buy 1_000", "buy 1000"),
        ("buy 0.30000000000000004", "buy 0.30000000000000004"),
        ("buy $300", "buy 300$"),
        ("buy $$300$", "buy 300$"),
        ("buy %33.33", "buy 33.33%"),
        ("buy @500", "buy 500@"),
        ("sell -5$", "sell 5$"),
        ("short --5", "sell 5"),
        ("pos -5", "position -5"),
        ("pos $-100", "position -100$"),
        ("position -100@", "position -100@"),
        ("buy 5 collateral", "buy 5 collateral"),
        ("buy 5 bclock", "buy 5"),
        ("buy 5$ bclock", "buy 5$ nominal"),
        ("buy 5% nominal", "buy 5%"),
        ("buy 5@ collateral", "buy 5@"),
        ("buy 5 force_usdt", "buy 5$"),
        ("buy 5 FORCE_PERCENT nominal", "buy 5%"),
        ("buy 5 force_basecurrency", "buy 5"),
        ("buy 5$ force_usdt", "buy 5$"),
        ("pos -0", "close"),
        ("pos 0$ x3 reduce nominal", "close"),
        ("close", "close"),
        ("close 150%", "close 100%"),
        ("close -50% x3 reduce", "close 50%"),
        ("close 50 force_percent", "close 50%"),
        ("buy 1 x3x", "buy 1 x3"),
        ("buy 1 3x", "buy 1 x3"),
        ("buy 1 X1e2", "buy 1 x100"),
        ("buy 1 x3.0", "buy 1 x3"),
        ("buy 1 XMAX", "buy 1 xmax"),
        ("changeleverage 5", "changeleverage x5"),
        ("changeleverage x1000", "changeleverage x1000"),
        ("changeleverage xmax id:k", "changeleverage xmax id:k"),
        ("cancel:ab x3", "cancel:ab"),
        ("CANCEL:all", "cancel:all"),
        ("cancel:ALL", "cancel:ALL"),
        ("cancel:alex", "cancel:alex"),
        ("sell 1 sl:3100 limit:ab:3000 tp:2900", "sell 1 limit:ab:3000 sl:3100 tp:2900"),
        ("pos -1 sl:3100 tp:2900", "position -1 sl:3100 tp:2900"),
        ("buy 1 limit:$x:3000 reduceonly", "buy 1 reduce limit:$x:3000"),
    ] {
        assert_eq!(told(words), canonical, "{words}");
    }
}

/// What follows `bin1 ETHUSDT `, the column at fault, and words of the refusal.
const REFUSED: [(&str, usize, &str); 97] = [
    ("buy nan", 18, "size: nan and infinity"),
    ("buy $-Inf", 18, "size: nan and infinity"),
    ("buy 1e400", 18, "size: more digits"),
    ("buy 1e16", 18, "size: a size lies between"),
    ("buy 1e-16", 18, "size: a size lies between"),
    ("buy 0.12345678901234567890123456789", 18, "size: more digits"),
    ("buy ٣", 18, "size: numbers are written with the digits 0 to 9"),
    ("buy 5 x٣", 20, "leverage: numbers are written with the digits 0 to 9"),
    ("buy 1,5", 18, "size: not a number: a comma"),
    ("buy 1__0", 18, "size: not a number"),
    ("buy 1_", 18, "size: not a number"),
    ("buy 0", 18, "size: zero"),
    ("sell 0.0$", 19, "size: zero"),
    ("buy -1", 18, "size: a buy of a negative size"),
    ("buy", 14, "size: missing"),
    ("buy force_usdt", 14, "size: missing"),
    ("buy 300 $", 22, "size: the number is missing"),
    ("buy -", 18, "size: the number is missing"),
    ("buy -$300", 18, "size: one unit stands before or behind"),
    ("buy 5$%", 18, "size: one unit stands before or behind"),
    ("buy 3$00", 18, "unknown: `3$00`"),
    ("buy -x3", 18, "size: not a number"),
    ("buy 300$ 5", 23, "a second size beside `300$`"),
    ("buy 5 5@", 20, "a second size beside `5`"),
    ("buy 5@ force_basecurrency", 21, "unit: contradicts the unit of `5@`"),
    ("buy 5 force_usdt force_percent", 31, "a second unit"),
    ("buy 1 nominal collateral", 28, "a second nominal"),
    ("buy 1 reduce reduceonly", 27, "a second reduce"),
    ("buy buy 1", 18, "a second command beside `buy`"),
    ("close buy 1", 20, "a second command beside `close`"),
    ("buy 1 cancel:ab", 20, "a second command"),
    ("buy 1 x3 x5", 23, "a second leverage beside `x3`"),
    ("buy 1 x3 xmax", 23, "a second leverage"),
    ("buy 1 x", 20, "leverage: the number is missing"),
    ("buy 1 x0", 20, "leverage: a leverage is a whole number"),
    ("buy 1 x0.5", 20, "not 0.5"),
    ("buy 1 2.9x", 20, "not 2.9"),
    ("buy 1 x-3", 20, "not -3"),
    ("buy 1 -3x", 20, "not -3"),
    ("buy 1 x1001", 20, "not 1001"),
    ("buy 1 x1e20", 20, "leverage: a leverage is a whole number"),
    ("buy 1 xinf", 20, "leverage: nan and infinity"),
    ("buy 1 max", 20, "unknown: `max` (the highest leverage is written xmax)"),
    ("buy 1 AVAX", 20, "unknown: `AVAX`"),
    ("buy 1 leverage=3", 20, "unknown: `leverage=3` (a leverage is written x5"),
    ("buy 1 hello wor\u{7}ld", 20, "unknown: `hello`, `wor\\u{7}ld`"),
    ("buy 1 a b c d e f g", 20, "unknown: `a`, `b`, `c`, `d`, `e` and 2 more"),
    ("buy, 1", 14, "unknown: `buy,` (words are separated by blanks alone)"),
    ("buy 1;", 18, "unknown: `1;`"),
    ("buy 300USDT", 18, "symbol: a second symbol beside `ETHUSDT`; a line has one (money is written 300$)"),
    ("buy 1 BTC/USDT", 20, "symbol: a second symbol beside `ETHUSDT`"),
    ("buy 1 ETHUSDT", 20, "symbol: a second symbol"),
    ("1", 1, "command: missing"),
    ("cancelall", 14, "unknown: `cancelall` (written cancel:ID"),
    ("cancel", 14, "cancel: written cancel:ID"),
    ("cancel:a", 14, "cancel: an order's name has 2 to 30"),
    ("cancel:ab:cd", 14, "cancel: written cancel:ID"),
    ("cancel:ab 5", 24, "`5` does not belong to a cancel"),
    ("cancel:ab sl:5 reduce", 29, "`reduce` does not belong to a cancel"),
    ("cancel:ph0000000000000000e01", 14, "perphook's own ids"),
    ("buy 1 limit", 20, "limit: a limit is written limit:ID:PRICE"),
    ("buy 1 limit:ab:3000:1", 20, "limit: a limit is written"),
    ("buy 1 limit:ab", 20, "limit: a limit is written"),
    ("buy 1 limit:ab:", 20, "limit: not a number"),
    ("buy 1 limit:ab:0", 20, "limit: a price lies between"),
    ("buy 1 limit:ab:nan", 20, "limit: nan and infinity"),
    ("buy 1 limit:ab:3000x", 20, "limit: not a number"),
    ("buy 1 limit:a:3000", 20, "limit: an order's name"),
    ("buy 1 limit:né:3000", 20, "limit: an order's name"),
    ("buy 1 limitless:ab:3000", 20, "unknown: `limitless:…` (a limit is written"),
    ("pos 1 limit:ab:3000", 20, "`limit:ab:3000` goes with buy and sell only"),
    ("close limit:ab:3000", 20, "does not belong to a close"),
    ("close tp:3000", 20, "`tp:3000` does not belong to a close"),
    ("pos 0 tp:3000", 20, "`tp:3000` protects no position"),
    ("close 5", 20, "a part to close is a percentage"),
    ("close 50$", 20, "a part to close is a percentage"),
    ("close %", 20, "size: the number is missing"),
    ("close 0%", 20, "zero percent"),
    ("close force_percent", 20, "has no number to tell the unit of"),
    ("changeleverage", 14, "leverage: missing"),
    ("changeleverage 5x 7", 32, "a second leverage"),
    ("changeleverage 5%", 29, "a leverage has no unit"),
    ("changeleverage -5", 29, "not -5"),
    ("changeleverage x5 tp:3", 32, "`tp:3` does not belong to changeleverage"),
    ("buy 1 tp:2900 sl:3000", 20, "tp: a LONG needs sl below tp, but they are 3000 and 2900"),
    ("sell 1 tp:3000 sl:2900", 21, "tp: a SHORT needs sl above tp"),
    ("buy 1 sl:3000 limit:ab:3000", 20, "sl: a LONG needs sl below limit"),
    ("buy 1 tp:3000 limit:ab:3000", 20, "tp: a LONG needs limit below tp"),
    ("buy 1 tp:", 20, "tp: not a number"),
    ("buy 1 sl:-5", 20, "sl: a price lies between"),
    ("buy 1 sl:1 sl:2", 25, "a second sl"),
    ("sell 1 sl:3100 limit:ab:3000 tp:2900 reduceonly", 21, "`sl:3100` protects nothing"),
    ("buy 1 id:", 20, "id: a key has 1 to 64"),
    ("buy 1 id:a\u{200b}b", 20, "id: a key has 1 to 64"),
    ("buy 1 token:", 20, "token: the token is missing"),
    ("buy 1 // later", 20, "comment: a comment is a line of its own"),
    ("buy 1//later", 18, "comment: a comment is a line of its own"),
];

#[test]
fn what_whook_guessed_is_refused_at_the_word() {
    for (words, column, reason) in REFUSED {
        let error = only(&format!("bin1 ETHUSDT {words}")).expect_err(words);
        assert!(error.to_string().contains(reason), "{words}: {error}");
        assert_eq!((error.line, error.column), (1, column), "{words}: {error}");
    }
}

#[test]
fn an_unfilled_placeholder_is_named() {
    for (words, reason) in [
        (
            "buy {{strategy.position_size}}$",
            "{{strategy.position_size}} arrived unfilled: it is filled only in an alert that is made from a strategy",
        ),
        ("buy limit:ab:{{clos}}", "{{clos}} arrived unfilled: TradingView fills those it knows"),
        ("buy {{plot(\"a b\")}}", "the placeholder {{…}} arrived unfilled"),
        ("buy {{\u{7}}}", "the placeholder {{…}} arrived unfilled"),
    ] {
        let error = told(words);
        assert!(error.contains(reason) && error.contains("column 18"), "{words}: {error}");
    }
}

#[test]
fn the_account_is_found_whatever_it_is_called() {
    for (line, read) in [
        ("BIN2 ETHUSDT buy 1", "Bin2 ETHUSDT buy 1"),
        ("x10 ETHUSDT buy 1 x10", "x10 ETHUSDT buy 1 x10"),
        ("bybitusdt BTCUSDT buy 1", "bybitusdt BTCUSDT buy 1"),
        ("bybitUSDT BYBITUSDT buy 1", "bybitusdt BYBITUSDT buy 1"),
        ("krak1 PF_XBTUSD buy 1@", "krak1 PF_XBTUSD buy 1@"),
        // Spelt otherwise the factor is no account's name; printed it is: the next table's row.
        ("bin1 AAUSDT changeleverage 10", "bin1 AAUSDT changeleverage x10"),
    ] {
        assert_eq!(only(line).unwrap().to_string(), read, "{line}");
    }
    for (line, column, reason) in [
        ("bin1 bin2 ETHUSDT buy 1", 6, "account: a second account beside `bin1`"),
        ("bin1 AAUSDT changeleverage x10", 28, "account: a second account beside `bin1`"),
        ("bin1 BYBITUSDT buy 1", 6, "account: a second account beside `bin1`"),
        ("ETHUSDT buy 1", 1, "account: no account is named; there are: bin1, Bin2, krak1, bybitusdt, x10"),
        ("bin1, ETHUSDT buy 1", 1, "account: no account is named"),
        ("BTCUSDT bybitusdt buy 1", 9, "symbol: a second symbol, or the account?"),
        ("bin1 buy 1", 1, "symbol: missing; a contract such as ETHUSDT"),
        ("bin1 BINANCE:ETHUSDT.P buy 1", 6, "symbol: a text alert names a contract without its exchange: ETHUSDT"),
        ("bin1 BTCUSDT_261225 buy 1", 6, "symbol: a contract with a delivery date"),
        ("bin1 buy 1 what?", 12, "word: unknown: `what?`"),
        (" // bin1 ETHUSDT buy 1", 2, "comment: a comment is a line of its own"),
        ("bin1 ETHUSDT buy 1\rbin2 ETHUSDT sell 2", 20, "a second account"),
    ] {
        let error = only(line).unwrap_err();
        assert!(error.to_string().contains(reason), "{line}: {error}");
        assert_eq!((error.line, error.column), (1, column), "{line}: {error}");
    }
    let lonely = Roster { default: Some(1), ..roster() };
    let read = |line: &str| parse(line.as_bytes(), &lonely).unwrap().lines.remove(0).signal;
    assert_eq!(read("ETHUSDT buy 1").unwrap().to_string(), "Bin2 ETHUSDT buy 1");
    assert!(read("bin3 ETHUSDT buy 1").unwrap_err().reason.contains("unknown: `bin3`"));
    let nobody = parse(b"ETHUSDT close", &Roster { default: Some(3), ..Roster::default() }).unwrap();
    assert!(nobody.lines[0].signal.as_ref().unwrap_err().reason.ends_with("there are: none"));
}

#[test]
fn every_line_stands_for_itself() {
    let body = "//bin1 ETHUSDT buy 1\n\r\nbin1 ETHUSDT buy 0\r\n token:a token:b \nnobody ETHUSDT buy 1\nbin1 ETHUSDT close";
    let text = parse(body.as_bytes(), &roster()).unwrap();
    let read: Vec<_> = text.lines.iter().map(|line| (line.number, line.signal.is_ok())).collect();
    assert_eq!(read, [(3, false), (5, false), (6, true)]);
    assert!(text.lines.iter().all(|line| line.signal.as_ref().map_or_else(|error| error.line == line.number, |_| true)));
    assert_eq!(text.tokens.len(), 2);
    assert!(parse(b"\n\n", &roster()).unwrap().lines.is_empty());
}

#[test]
fn what_grows_has_a_limit() {
    let lines = |count: usize| "bin1 ETHUSDT close\n".repeat(count);
    assert_eq!(parse(format!("// one\n{}", lines(LINES_MAX)).as_bytes(), &roster()).unwrap().lines.len(), LINES_MAX);
    let error = parse(lines(LINES_MAX + 1).as_bytes(), &roster()).unwrap_err();
    assert_eq!((error.line, error.column), (LINES_MAX + 1, 1));
    let error = only(&format!("bin1{}", " a".repeat(WORDS_MAX))).unwrap_err();
    assert_eq!((error.column, error.reason.as_str()), (4 + 2 * WORDS_MAX, "more than 32 words in one line"));
    assert!(parse(&b" ".repeat(ALERT_BYTES_MAX + 1), &roster()).unwrap_err().reason.contains("longer than"));
    let error = parse(b"bin1\nETH\xff", &roster()).unwrap_err();
    assert_eq!((error.line, error.column, error.reason.as_str()), (2, 4, "not UTF-8 text"));
}

#[test]
fn no_refusal_repeats_a_token() {
    let secret = "tradingview-s3cret";
    for word in ["token:", "TOKEN:", "token=", "tokens:", "", "x", "tp:", "id:\u{7}", "limit:", "cancel:", "{{token:", "//", "-", "$"] {
        for line in ["bin1 ETHUSDT buy 1 W", "W", "bin1 W W", "bin1 ETHUSDT BTCUSDT W", "nobody W buy"] {
            let text = parse(line.replace('W', &format!("{word}{secret}")).as_bytes(), &roster()).unwrap();
            assert!(!format!("{text:?}").contains(secret), "{line} {word}");
        }
    }
}

fn amount() -> impl Strategy<Value = Decimal> {
    (1i64..=999_999_999_999, 0u32..=8).prop_map(|(units, scale)| Decimal::new(units, scale))
}

fn custom_id() -> impl Strategy<Value = String> {
    let plain = |id: &String| ClientId::custom(id).is_some() && !id.contains("//") && !id.contains("{{") && id != "all";
    "[!-9;-~]{2,30}".prop_filter("an id", plain)
}

fn size() -> impl Strategy<Value = Size> {
    let unit = prop_oneof![Just(Unit::Coins), Just(Unit::Money), Just(Unit::Percent), Just(Unit::Contracts)];
    (amount(), unit, any::<bool>()).prop_map(|(amount, unit, nominal)| {
        let nominal = matches!(unit, Unit::Contracts) || nominal && unit != Unit::Percent;
        Size { amount, unit, nominal }
    })
}

fn leverage() -> impl Strategy<Value = Leverage> {
    prop_oneof![Just(Leverage::Max), (1u32..=1000).prop_map(Leverage::Factor)]
}

fn order() -> impl Strategy<Value = Order> {
    let verb = prop_oneof![Just(Verb::Buy), Just(Verb::Sell), Just(Verb::Position)];
    let limit = proptest::option::of(custom_id());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (verb, size(), proptest::option::of(leverage()), limit, flags).prop_map(
        |(verb, mut size, leverage, limit, (short, reduce, stop, target))| {
            if verb == Verb::Position && short {
                size.amount = -size.amount;
            }
            let long = verb == Verb::Buy || verb == Verb::Position && !short;
            let (low, high) = if long { ("2900.5", "3100") } else { ("3100", "2900.5") };
            let limit = limit.filter(|_| verb != Verb::Position).map(|id| Limit { id, price: dec("3000") });
            let price = |wanted: bool, price| (wanted && !reduce).then(|| dec(price));
            Order { verb, size, leverage, reduce, limit, stop: price(stop, low), target: price(target, high) }
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        order().prop_map(Command::Order),
        Just(Command::Close { percent: None }),
        (1i64..=10_000).prop_map(|percent| Command::Close { percent: Some(Decimal::new(percent, 2)) }),
        Just(Command::Cancel(Cancel::All)),
        custom_id().prop_map(|id| Command::Cancel(Cancel::One(id))),
        leverage().prop_map(Command::ChangeLeverage),
    ]
}

/// Accounts may be called like a leverage (`x10`) or a contract (`bybitusdt`): such a word always means the account.
fn names_two_accounts(line: &str) -> bool {
    let named = |name: &str| line.split(' ').any(|word| word.eq_ignore_ascii_case(name));
    roster().accounts.iter().filter(|(name, _)| named(name)).count() > 1
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(
        command in command(),
        account in 0usize..5,
        key in proptest::option::of("[!-.0-z]{1,64}|[a-zäß币]{1,20}"),
        symbol in "[A-Z]{2,6}(USDT|/USDT|/USDT:USDT|-USDT-SWAP|USDTM)|PF_[A-Z]{2,6}USD",
    ) {
        let signal = Signal {
            account: Some(roster().accounts[account].0.clone()),
            key: key.map(|key| key.replace("//", "--")),
            symbol: SymbolName::text(&symbol).unwrap(),
            command,
        };
        let printed = signal.to_string();
        match only(&printed) {
            Err(error) if names_two_accounts(&printed) => prop_assert_eq!(error.field, "account", "{}", printed),
            read => prop_assert_eq!(read, Ok(signal), "{}", printed),
        }
    }

    #[test]
    fn any_bytes_are_survived_and_every_refusal_has_a_place(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "((bin1|ETHUSDT|buy|pos|close|x3|[0-9.eE+_-]{1,6}|[$@%]|limit:|cancel:|tp:|sl:|id:|//|\\{\\{|\\PC|[ \t\r\n\u{a0}])[ ]?){0,30}",
    ) {
        for body in [bytes.as_slice(), text.as_bytes()] {
            let errors: Vec<AlertError> = match parse(body, &roster()) {
                Ok(read) => read.lines.into_iter().filter_map(|line| line.signal.err()).collect(),
                Err(error) => vec![error],
            };
            for error in errors {
                prop_assert!(error.line >= 1 && error.column >= 1, "{:?}", error);
                prop_assert!(!error.to_string().contains(char::is_control), "{:?}", error);
                if let Ok(body) = std::str::from_utf8(body) {
                    let shown = error.caret(body);
                    prop_assert!(shown.is_some_and(|shown| shown.ends_with('^')), "{:?}", error);
                }
            }
        }
    }
}

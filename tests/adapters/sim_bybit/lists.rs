//! What is asked for: contracts, prices, positions, orders, executions; by the page, and late.

use super::*;

fn links(list: &[Value]) -> Vec<&str> {
    list.iter().map(|row| row["orderLinkId"].as_str().unwrap()).collect()
}

/// All rows of a list, page by page, and how many pages they were. Cursors are sent as they came or encoded once more.
fn pages(desk: &mut Desk, target: &str, is_encoded: bool) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let result = desk.get(&format!("{target}{cursor}"));
        rows.extend(result["list"].as_array().unwrap().clone());
        pages += 1;
        let next = result["nextPageCursor"].as_str().unwrap();
        if next.is_empty() {
            return (rows, pages);
        }
        cursor = format!("&cursor={}", if is_encoded { next.replace('%', "%25") } else { next.to_owned() });
    }
}

#[test]
fn contracts_come_by_the_page_with_some_that_are_of_no_use() {
    let mut desk = Desk::of(SimConfig { symbols: 600, ..SimConfig::default() });
    let info = "/v5/market/instruments-info?category=linear";
    for (limit, count) in [("", 2), ("&limit=1000", 1), ("&limit=100", 7)] {
        let (rows, seen) = pages(&mut desk, &format!("{info}{limit}"), false);
        let mut names: Vec<&str> = rows.iter().map(|row| row["symbol"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((seen, rows.len(), names.len()), (count, 602, 602), "{limit}");
    }
    let of = |desk: &mut Desk, name: &str| desk.list(&format!("{info}&symbol={name}")).remove(0);
    let bitcoin = of(&mut desk, "BTCUSDT");
    assert_eq!((&bitcoin["lotSizeFilter"]["qtyStep"], &bitcoin["priceFilter"]["tickSize"]), (&json!("0.001"), &json!("0.1")));
    assert_eq!(of(&mut desk, "BTCPERP")["settleCoin"], "USDC");
    assert_eq!(of(&mut desk, "BTCUSDT-25DEC26")["contractType"], "LinearFutures");
    assert_eq!(desk.list(&format!("{info}&status=PreLaunch")), Vec::<Value>::new());
    assert_eq!(desk.get_code(&format!("{info}&symbol=NOUSDT")), 10001);
    // Of no use for orders either.
    assert_eq!(desk.get_code("/v5/market/tickers?category=linear&symbol=BTCPERP"), 10001);
}

#[test]
fn orders_come_by_the_page_newest_first() {
    let mut desk = Desk::new();
    let names: Vec<String> = (0..45).map(|index| format!("l{index:02}")).collect();
    for name in &names {
        desk.now += 1;
        desk.post(CREATE, &limit("Buy", "0.001", "50000", name));
        desk.post(CREATE, &limit("Sell", "0.001", "51000", &format!("{name}-rests")));
    }
    let realtime = "/v5/order/realtime?category=linear&symbol=BTCUSDT";
    for (limit, count, is_encoded) in [("", 3, false), ("&limit=50", 1, false), ("&limit=7", 7, true)] {
        let (rows, seen) = pages(&mut desk, &format!("{realtime}{limit}"), is_encoded);
        let expected: Vec<String> = names.iter().rev().map(|name| format!("{name}-rests")).collect();
        assert_eq!((seen, links(&rows)), (count, expected.iter().map(String::as_str).collect()), "{limit}");
        let (rows, seen) = pages(&mut desk, &format!("/v5/order/history?category=linear&symbol=BTCUSDT{limit}"), is_encoded);
        assert_eq!((seen, links(&rows)), (count, names.iter().rev().map(String::as_str).collect()), "{limit}");
    }
    let (fills, seen) = pages(&mut desk, "/v5/execution/list?category=linear&symbol=BTCUSDT&limit=20", false);
    assert_eq!((seen, links(&fills)), (3, names.iter().rev().map(String::as_str).collect()));
}

#[test]
fn open_positions_of_all_contracts_and_all_positions_of_one() {
    let mut desk = Desk::new();
    let all = "/v5/position/list?category=linear&settleCoin=USDT";
    assert_eq!(desk.list(all), Vec::<Value>::new());
    let flat = desk.positions().remove(0);
    let shown = texts(&flat, ["side", "size", "leverage", "unrealisedPnl", "liqPrice"]);
    assert_eq!((shown, &flat["positionIdx"]), (["", "0", "20", "", ""], &json!(0)));
    for coin in ["BTC", "ETH", "SOL"] {
        desk.post(CREATE, &with(market("Sell", "0.1", coin), json!({"symbol": format!("{coin}USDT")})));
    }
    desk.price("49000");
    let (rows, seen) = pages(&mut desk, &format!("{all}&limit=2"), false);
    assert_eq!((rows.len(), seen), (3, 2));
    let bitcoin = rows.iter().find(|row| row["symbol"] == "BTCUSDT").unwrap();
    let shown = texts(bitcoin, ["side", "size", "avgPrice", "unrealisedPnl"]);
    assert_eq!((shown, &bitcoin["tradeMode"]), (["Sell", "0.1", "50000", "100.0"], &json!(0)));
    assert_eq!(desk.get_code("/v5/position/list?category=linear"), 10001);
}

#[test]
fn an_execution_that_turns_the_position_over_is_one() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.post(CREATE, &market("Sell", "0.03", "turn"));
    let fills = desk.list("/v5/execution/list?category=linear&symbol=BTCUSDT&execType=Trade");
    let shown: Vec<[&str; 3]> = fills.iter().map(|row| texts(row, ["orderLinkId", "execQty", "closedSize"])).collect();
    assert_eq!(shown, [["turn", "0.03", "0.01"], ["m-1", "0.01", "0"]]);
    assert_eq!(d(fills[0]["execFee"].as_str().unwrap()), d("0.75"));
    assert_eq!(desk.list("/v5/execution/list?category=linear&orderLinkId=m-1").len(), 1);
    assert_eq!(desk.list("/v5/execution/list?category=linear&execType=Funding").len(), 0);
    let earned = desk.list("/v5/position/closed-pnl?category=linear&symbol=BTCUSDT").remove(0);
    assert_eq!(texts(&earned, ["closedSize", "avgEntryPrice", "avgExitPrice"]), ["0.01", "50000", "50000"]);
}

#[test]
fn orders_are_found_late_and_their_history_later() {
    let mut desk = Desk::new().under(Conditions { late_orders_ms: 400, ..Conditions::default() });
    desk.post(CREATE, &limit("Buy", "0.01", "49000", "l-1"));
    let realtime = "/v5/order/realtime?category=linear&symbol=BTCUSDT&orderLinkId=l-1";
    let history = "/v5/order/history?category=linear&symbol=BTCUSDT&orderLinkId=l-1";
    let cancel = json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "l-1"});
    assert_eq!((desk.list(realtime).len(), desk.post_code(CANCEL, &cancel)), (0, 110_001));
    desk.now += 400;
    assert_eq!(desk.list(realtime)[0]["orderStatus"], "New");
    desk.now += 5_000;
    desk.post(CANCEL, &cancel);
    // The list of open orders still knows it; the history not yet.
    assert_eq!((&desk.list(realtime)[0]["orderStatus"], desk.list(history).len()), (&json!("Cancelled"), 0));
    assert_eq!(desk.open(""), []);
    desk.now += 400;
    assert_eq!(desk.list(history)[0]["orderStatus"], "Cancelled");
    // What never filled is forgotten after a day.
    desk.now += 24 * 3_600_000;
    assert_eq!(desk.list(history).len(), 0);
    assert_eq!(desk.get_code("/v5/order/history?category=linear&startTime=1&endTime=604800002"), 10001);
}

#[test]
fn positions_and_their_stops_are_read_late() {
    let mut desk = Desk::new().under(Conditions { late_positions_ms: 300, ..Conditions::default() });
    desk.buy("m-1");
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000"})));
    let seen = |desk: &mut Desk| {
        let row = desk.positions().remove(0);
        [d(row["size"].as_str().unwrap()).normalize().to_string(), row["stopLoss"].as_str().unwrap().to_owned()]
    };
    assert_eq!(seen(&mut desk), ["0", ""]);
    desk.now += 300;
    assert_eq!(seen(&mut desk), ["0.01", "48000"]);
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "47000"})));
    assert_eq!(seen(&mut desk), ["0.01", "48000"]);
    desk.now += 300;
    assert_eq!(seen(&mut desk), ["0.01", "47000"]);
    desk.price("46000");
    assert_eq!(seen(&mut desk), ["0.01", "47000"]);
    desk.now += 300;
    assert_eq!(seen(&mut desk), ["0", ""]);
}

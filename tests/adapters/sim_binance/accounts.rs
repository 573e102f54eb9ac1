//! Several accounts on one host, and the settings and reduce-only orders of one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::*;
use sim::Venue;
use sim::venue::lock;

/// A signed request of the account with this key.
fn of(key: &str, secret: &str, method: &'static str, path: &str, params: &str) -> HttpRequest {
    let text = format!("{params}{}timestamp={START}", if params.is_empty() { "" } else { "&" });
    let mut request = signed(method, path, &text, secret);
    request.headers = vec![("X-MBX-APIKEY", key.to_owned())];
    request
}

fn call(venue: &Venue, request: &HttpRequest) -> (u16, Value) {
    match venue.answer(request, START).unwrap().outcome {
        Outcome::Reply(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap()),
        other => panic!("no answer: {other:?}"),
    }
}

fn code(venue: &Venue, request: &HttpRequest) -> i64 {
    call(venue, request).1["code"].as_i64().unwrap_or(0)
}

#[test]
fn every_account_has_a_book_of_its_own_on_one_market() {
    let venue = Venue::new(&SimConfig::default(), 3, START);
    let place = |number: usize, order: &str| {
        let (status, body) = call(&venue, &of(&format!("k{number}"), &format!("s{number}"), "POST", ORDER, order));
        assert_eq!(status, 200, "{body}");
    };
    place(1, &market("BUY", "0.01", "same-name"));
    place(2, &limit("BUY", "0.01", "49000", "same-name"));
    place(3, &limit("BUY", "0.02", "48000", "same-name"));
    let moved = venue.control("POST", "/sim/price", r#"{"symbol":"BTCUSDT","price":"48500"}"#, START);
    assert_eq!(moved.status, 200);
    let held: Vec<String> = venue.accounts().map(|sim| long_of(&lock(sim)).to_string()).collect();
    assert_eq!(held, ["0.01", "0.01", "0"]);
    // Another's secret, and a key nobody has.
    assert_eq!(code(&venue, &of("k2", "s1", "GET", "/fapi/v3/balance", "")), -1022);
    assert_eq!(code(&venue, &of("k4", "s4", "GET", "/fapi/v3/balance", "")), -2015);
    assert_eq!(lock(venue.account("k2").unwrap()).log.count("GET", "/fapi/v3/balance"), 1);
    let quote = call(&venue, &HttpRequest { headers: Vec::new(), ..of("", "", "GET", "/fapi/v1/ticker/bookTicker", "symbol=BTCUSDT") }).1;
    assert_eq!((quote["bidPrice"].as_str(), quote["askPrice"].as_str()), (Some("48499.9"), Some("48500.1")));
    assert_eq!(lock(venue.account("1").unwrap()).log.count("GET", "/fapi/v1/ticker/bookTicker"), 1);
}

fn long_of(sim: &Sim) -> Decimal {
    sim.book.position(&sim.book.instrument("BTCUSDT").unwrap().symbol, Side::Long)
}

#[test]
fn a_control_call_names_its_account() {
    let venue = Venue::new(&SimConfig::default(), 3, START);
    let hedged = || venue.accounts().map(|sim| lock(sim).book.is_hedge()).collect::<Vec<bool>>();
    for (name, after) in [("?account=k2", [false, true, false]), ("", [true, true, false]), ("?account=3", [true, true, true])] {
        assert_eq!(venue.control("POST", &format!("/sim/hedge{name}"), r#"{"hedge":true}"#, START).status, 200);
        assert_eq!(hedged(), after, "{name}");
    }
    assert_eq!(venue.control("POST", "/sim/hedge?account=all", r#"{"hedge":false}"#, START).status, 200);
    assert_eq!(hedged(), [false; 3]);
    let books: Value = serde_json::from_slice(&venue.control("GET", "/sim/books?account=all", "", START).body).unwrap();
    assert_eq!(books.as_array().unwrap().iter().map(|book| book["balance"].as_str()).collect::<Vec<_>>(), [Some("10000"); 3]);
    for name in ["4", "0", "k9", "nobody"] {
        assert_eq!(venue.control("GET", &format!("/sim/books?account={name}"), "", START).status, 404, "{name}");
    }
    assert_eq!(venue.control("POST", "/sim/price", r#"{"symbol":"NOPE","price":"1"}"#, START).status, 400);
}

#[test]
fn accounts_share_the_budget_of_their_address() {
    let venue = Venue::new(&SimConfig { limits: true, ..SimConfig::default() }, 2, START);
    // 40 each without a symbol: 60 of them are the budget of a minute.
    let heavy = |number: usize| of(&format!("k{number}"), &format!("s{number}"), "GET", "/fapi/v1/openOrders", "");
    for at in 0..60 {
        assert_eq!(call(&venue, &heavy(1 + at % 2)).0, 200, "{at}");
    }
    assert_eq!(call(&venue, &heavy(1)).0, 429);
    assert_eq!(call(&venue, &heavy(2)).0, 418, "the other account shares the ban");
}

#[test]
fn accounts_are_answered_at_the_same_time_however_slow_the_line() {
    const ACCOUNTS: usize = 10;
    let venue = Venue::new(&SimConfig::default(), ACCOUNTS, sim::server::now());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = venue.clone();
    std::thread::spawn(move || sim::server::serve_venue(&listener, &served, Duration::from_secs(3)));
    let mut streams: Vec<TcpStream> = (1..=ACCOUNTS)
        .map(|number| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /fapi/v1/time HTTP/1.1\r\nX-MBX-APIKEY: k{number}\r\n\r\n").unwrap();
            stream
        })
        .collect();
    // When the first answer comes, all have been taken.
    let mut first = [0; 15];
    streams[0].read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let taken = venue.accounts().filter(|sim| lock(sim).log.count("GET", "/fapi/v1/time") == 1).count();
    assert_eq!(taken, ACCOUNTS);
}

#[test]
fn reduce_only_orders_need_something_to_reduce() {
    let mut desk = Desk::new();
    let reduce = |qty: &str, id: &str| format!("{}&reduceOnly=true", market("SELL", qty, id));
    assert_eq!(desk.code("POST", ORDER, &reduce("0.01", "r1")), -2022);
    desk.ok("POST", ORDER, &market("BUY", "3", "in"));
    desk.ok("POST", ORDER, &format!("{}&reduceOnly=true", limit("SELL", "3", "52000", "target")));
    // What rests blocks a part only when margin is short for what would go beyond the position.
    desk.ok("POST", ORDER, &reduce("0.5", "r2"));
    desk.ok("POST", ORDER, &limit("BUY", "1.4", "49000", "binds"));
    assert_eq!(desk.code("POST", ORDER, &reduce("0.5", "r3")), -4118);
    let whole = desk.ok("POST", ORDER, &reduce("2.5", "r4"));
    assert_eq!((whole["status"].as_str(), desk.held(Side::Long)), (Some("FILLED"), Decimal::ZERO));
    assert_eq!(desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=target")["status"], "EXPIRED");

    let mut hedge = Desk::hedge();
    hedge.ok("POST", ORDER, &format!("{}&positionSide=LONG", market("BUY", "0.01", "in")));
    assert_eq!(hedge.code("POST", ORDER, &format!("{}&positionSide=LONG", reduce("0.01", "r1"))), -1106);
    assert_eq!(hedge.code("POST", ORDER, &format!("{}&positionSide=SHORT", market("BUY", "0.01", "r2"))), -2022);
    let more = hedge.ok("POST", ORDER, &format!("{}&positionSide=LONG", market("SELL", "0.02", "r3")));
    assert_eq!((more["status"].as_str(), more["executedQty"].as_str()), (Some("EXPIRED"), Some("0.01")));
}

#[test]
fn a_market_order_on_a_thin_book_fills_in_part_and_expires() {
    let mut desk = Desk::new().under(Conditions { liquidity: Some(Decimal::new(3, 2)), ..Conditions::default() });
    let order = desk.ok("POST", ORDER, &market("BUY", "0.05", "thin"));
    assert_eq!((order["status"].as_str(), order["executedQty"].as_str()), (Some("EXPIRED"), Some("0.03")));
    assert_eq!(desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=thin")["avgPrice"], "50000");
    assert_eq!(desk.ok("GET", "/fapi/v1/ticker/bookTicker", "symbol=BTCUSDT")["askQty"], "0.03");
}

#[test]
fn lower_leverage_needs_the_margin_and_everything_can_be_cancelled_twice() {
    let mut desk = Desk::new();
    desk.ok("POST", ORDER, &market("BUY", "1", "in"));
    desk.ok("POST", ORDER, &limit("BUY", "1", "49000", "rests"));
    desk.ok("POST", ALGO, &close_stop("40000", "stop"));
    assert_eq!(desk.code("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=9"), -2028);
    assert_eq!(desk.ok("GET", "/fapi/v1/symbolConfig", "symbol=BTCUSDT")[0]["leverage"], 20);
    desk.ok("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=10");
    let row = desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT");
    assert_eq!((row[0]["positionInitialMargin"].as_str(), row[0]["breakEvenPrice"].as_str()), (Some("5000"), Some("50050.02501251")));
    for _ in 0..2 {
        desk.ok("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    }
    assert_eq!((desk.sim.book.open_orders().len(), desk.sim.book.open_conditionals().len()), (0, 1));
    for _ in 0..2 {
        desk.ok("DELETE", "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT");
    }
    assert_eq!(desk.sim.book.open_conditionals().len(), 0);
    desk.price("51000");
    let asset = &desk.ok("GET", "/fapi/v3/account", "")["assets"][0];
    assert_eq!((asset["walletBalance"].as_str(), asset["marginBalance"].as_str()), (Some("9975.0000"), Some("10975.0000")));
}

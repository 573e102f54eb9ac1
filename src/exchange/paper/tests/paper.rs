//! The paper exchange behind the trait, and its file.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::exchange::{AccountMode, Capabilities, ExchangeError, Reason, Result as Answer};
use crate::market::{
    Action, Balance, ClientId, Fill, Guarded, Installation, Leg, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus,
    Position, Protection, Quote, Terms,
};

/// A clock that stands where it is put.
fn clock(time: &Arc<AtomicU64>) -> Clock {
    let time = Arc::clone(time);
    Arc::new(move || time.load(Ordering::Relaxed))
}

fn paper(file: Option<&Path>, hedge: bool) -> Paper {
    Paper::new(file.map(Path::to_owned), hedge, Prices::Walk, clock(&Arc::new(AtomicU64::new(NOW)))).unwrap()
}

fn id(leg: Leg, attempt: u32) -> ClientId {
    ClientId::derive(&Installation::from_random([1; 8]), "paper", 1, leg, attempt)
}

fn plain(leg: Leg, attempt: u32, action: Action, kind: OrderKind) -> NewOrder {
    NewOrder { id: id(leg, attempt), symbol: btc(), side: Side::Long, action, kind, qty: dec("0.01"), stop: None }
}

fn stop(price: &str) -> Protection {
    Protection {
        id: id(Leg::Stop, 1),
        symbol: btc(),
        side: Side::Long,
        kind: ProtectionKind::StopLoss,
        trigger_price: dec(price),
        qty: dec("0.01"),
        by: TriggerBy::Mark,
    }
}

fn one(paper: &mut Paper, order: &NewOrder) -> Answer<OrderState> {
    paper.place(std::slice::from_ref(order)).remove(0)
}

fn reason(result: Answer<OrderState>) -> Option<Reason> {
    result.err().and_then(|error| error.reason())
}

#[test]
fn a_trade_runs_through_the_trait() {
    for hedge in [false, true] {
        let mut paper = paper(None, hedge);
        let handle = paper.handle();
        assert_eq!(paper.open().unwrap(), AccountMode { hedge, restricted: None });
        handle.set_price("BTCUSDT", dec("50000")).unwrap();
        paper.prepare(&btc(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) }).unwrap();
        paper.prepare(&btc(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) }).unwrap();
        assert_eq!(reason(paper.protect(&stop("48000"))), Some(Reason::NoPosition));
        let entries = [
            plain(Leg::Entry, 1, Action::Open, OrderKind::Limit { price: dec("50000") }),
            plain(Leg::Second, 1, Action::Open, OrderKind::Limit { price: dec("49000") }),
        ];
        let placed: Vec<OrderStatus> = paper.place(&entries).into_iter().map(|result| result.unwrap().status).collect();
        assert_eq!(placed, [OrderStatus::Filled, OrderStatus::Resting]);
        assert_eq!(reason(paper.protect(&stop("50000"))), Some(Reason::WouldTrigger));
        paper.protect(&stop("48000")).unwrap();
        assert_eq!(reason(paper.protect(&Protection { id: id(Leg::Stop, 2), ..stop("47000") })), Some(Reason::AlreadyProtected));
        assert_eq!(paper.open_orders(&btc()).unwrap().len(), 2);
        handle.set_price("BTCUSDT", dec("47900")).unwrap();
        let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: dec("48000") };
        let stopped = paper.order(&OrderRef { symbol: btc(), id: id(Leg::Stop, 1), guard: Some(guard) }).unwrap().unwrap();
        assert_eq!((stopped.status, stopped.filled, stopped.avg_price), (OrderStatus::Filled, dec("0.02"), dec("47900")));
        assert_eq!(paper.positions(None).unwrap(), []);
        assert_eq!(paper.fills(&btc(), NOW).unwrap().len(), 3);
        assert!(paper.fills(&btc(), NOW + 1).unwrap().is_empty());
        let balance = paper.balance().unwrap();
        assert_eq!(balance.total, balance.available);
        assert!(balance.total < START_BALANCE);
    }
}

#[test]
fn refusals_have_their_class() {
    let mut paper = paper(None, false);
    paper.handle().set_price("BTCUSDT", dec("50000")).unwrap();
    let close = plain(Leg::Close, 1, Action::Close, OrderKind::Market);
    assert_eq!(reason(one(&mut paper, &close)), Some(Reason::NoPosition));
    let small = NewOrder { qty: dec("0.001"), ..plain(Leg::Entry, 1, Action::Open, OrderKind::Limit { price: dec("49000") }) };
    assert_eq!(reason(one(&mut paper, &small)), Some(Reason::MinNotional));
    let unknown = NewOrder { symbol: Symbol::new("NOPEUSDT"), ..close };
    assert_eq!(reason(one(&mut paper, &unknown)), Some(Reason::SymbolUnknown));
    let gone = OrderRef { symbol: btc(), id: id(Leg::Entry, 9), guard: None };
    assert_eq!(paper.cancel(&gone).err().and_then(|error| error.reason()), Some(Reason::UnknownOrder));
    assert_eq!(paper.order(&gone).unwrap(), None);
    assert_eq!(paper.handle().set_price("NOPEUSDT", dec("1")), Err(PaperError::Price(Denial::UnknownSymbol)));
}

/// A directory of its own for one test.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("perphook-paper-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn the_book_outlives_the_process() {
    let directory = directory("outlives");
    let file = directory.join("paper.json");
    let mut first = paper(Some(&file), true);
    first.handle().set_price("BTCUSDT", dec("50000")).unwrap();
    one(&mut first, &plain(Leg::Entry, 1, Action::Open, OrderKind::Market)).unwrap();
    first.protect(&stop("48000")).unwrap();
    drop(first);
    let mut second = paper(Some(&file), false);
    assert!(second.open().unwrap().hedge, "a saved book keeps its mode");
    assert_eq!(second.positions(Some(&btc())).unwrap()[0].qty, dec("0.01"));
    assert_eq!(second.open_orders(&btc()).unwrap()[0].id, id(Leg::Stop, 1).as_str());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_damaged_or_newer_book_is_refused_with_its_path() {
    let directory = directory("damaged");
    let file = directory.join("paper.json");
    for text in ["", "{", "{\"version\":1}", "{\"version\":1,\"book\":{\"hedge\":3}}"] {
        std::fs::write(&file, text).unwrap();
        let error = Paper::new(Some(file.clone()), false, Prices::Walk, clock(&Arc::default())).err().unwrap();
        assert!(matches!(&error, PaperError::Damaged { path, .. } if *path == file), "{text}: {error}");
        assert!(error.to_string().contains(&file.display().to_string()));
    }
    std::fs::write(&file, "{\"version\":2,\"book\":null}").unwrap();
    let error = Paper::new(Some(file.clone()), false, Prices::Walk, clock(&Arc::default())).err().unwrap();
    assert_eq!(error, PaperError::Newer { path: file, version: 2 });
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_glance_at_a_saved_book_sees_it_and_leaves_it_alone() {
    let directory = directory("glance");
    let file = directory.join("paper.json");
    let glance = || Paper::glance(file.clone(), Prices::Walk, clock(&Arc::new(AtomicU64::new(NOW)))).unwrap();
    assert!(glance().positions(None).unwrap().is_empty() && !file.exists());
    let mut paper = paper(Some(&file), false);
    paper.handle().set_price("BTCUSDT", dec("50000")).unwrap();
    one(&mut paper, &plain(Leg::Entry, 1, Action::Open, OrderKind::Market)).unwrap();
    paper.protect(&Protection { trigger_price: dec("51000"), kind: ProtectionKind::TakeProfit, ..stop("0") }).unwrap();
    let saved = std::fs::read(&file).unwrap();
    // The walk begins above the target: it must not reach what is at work.
    let mut look = glance();
    assert_eq!(look.positions(Some(&btc())).unwrap().remove(0).qty, dec("0.01"));
    assert_eq!(look.quote(&btc()).unwrap().mid(), dec("50000"));
    one(&mut look, &plain(Leg::Entry, 2, Action::Open, OrderKind::Market)).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), saved);
    std::fs::remove_dir_all(directory).unwrap();
}

/// A market that counts how often its price was asked for.
struct Real {
    asked: Arc<AtomicU64>,
}

impl Exchange for Real {
    fn terms(&mut self, _: &Symbol) -> Answer<Terms> {
        unreachable!()
    }
    fn cancel_all(&mut self, _: &Symbol, _: bool) -> Answer<()> {
        unreachable!()
    }
    fn quote(&mut self, _: &Symbol) -> Answer<Quote> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked == 2 {
            return Err(ExchangeError::NeverSent("no network".to_owned()));
        }
        let last = dec("60000") - Decimal::from(asked) * dec("1000");
        Ok(Quote { bid: last - Decimal::ONE, ask: last + Decimal::ONE })
    }
    fn instruments(&mut self) -> Answer<Arc<Instruments>> {
        Ok(Arc::new(Instruments::new(contracts::instruments().iter().take(9).cloned().collect())))
    }
    fn capabilities(&self) -> Capabilities {
        panic!("not needed for prices")
    }
    fn server_time(&mut self) -> Answer<Millis> {
        panic!("not needed for prices")
    }
    fn open(&mut self) -> Answer<AccountMode> {
        panic!("not needed for prices")
    }
    fn balance(&mut self) -> Answer<Balance> {
        panic!("not needed for prices")
    }
    fn positions(&mut self, _: Option<&Symbol>) -> Answer<Vec<Position>> {
        panic!("not needed for prices")
    }
    fn prepare(&mut self, _: &Symbol, _: &Terms) -> Answer<()> {
        panic!("not needed for prices")
    }
    fn place(&mut self, _: &[NewOrder]) -> Vec<Answer<OrderState>> {
        panic!("not needed for prices")
    }
    fn protect(&mut self, _: &Protection) -> Answer<OrderState> {
        panic!("not needed for prices")
    }
    fn order(&mut self, _: &OrderRef) -> Answer<Option<OrderState>> {
        panic!("not needed for prices")
    }
    fn open_orders(&mut self, _: &Symbol) -> Answer<Vec<OrderState>> {
        panic!("not needed for prices")
    }
    fn cancel(&mut self, _: &OrderRef) -> Answer<()> {
        panic!("not needed for prices")
    }
    fn fills(&mut self, _: &Symbol, _: Millis) -> Answer<Vec<Fill>> {
        panic!("not needed for prices")
    }
}

#[test]
fn real_prices_are_asked_for_at_most_once_a_second_and_only_where_needed() {
    let (time, asked) = (Arc::new(AtomicU64::new(NOW)), Arc::new(AtomicU64::new(0)));
    let real = Real { asked: Arc::clone(&asked) };
    let mut paper = Paper::new(None, false, Prices::Live(Box::new(real)), clock(&time)).unwrap();
    paper.open().unwrap();
    assert_eq!(paper.instruments().unwrap().len(), 9);
    paper.balance().unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing is in use");
    assert_eq!(paper.quote(&btc()).unwrap(), Quote { bid: dec("59999.9"), ask: dec("60000.1") });
    one(&mut paper, &plain(Leg::Entry, 1, Action::Open, OrderKind::Market)).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    time.store(NOW + 1000, Ordering::Relaxed);
    paper.balance().unwrap();
    paper.balance().unwrap();
    assert_eq!((asked.load(Ordering::Relaxed), paper.quote(&btc()).unwrap().mid()), (2, dec("59000")));
    // A price that does not come leaves the last one.
    time.store(NOW + 2000, Ordering::Relaxed);
    assert_eq!((paper.quote(&btc()).unwrap().mid(), asked.load(Ordering::Relaxed)), (dec("59000"), 3));
    // A price moved by hand stays.
    paper.handle().set_price("BTCUSDT", dec("55000")).unwrap();
    time.store(NOW + 3000, Ordering::Relaxed);
    assert_eq!((paper.quote(&btc()).unwrap().mid(), asked.load(Ordering::Relaxed)), (dec("55000"), 3));
}

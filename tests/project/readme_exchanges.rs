//! The README's table of exchanges and what the adapters say of themselves are the same.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::sync::Arc;

use perphook::exchange::binance::Binance;
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::paper::{Paper, Prices};
use perphook::exchange::transport::{TimeOuts, UreqHttp};
use perphook::exchange::{Capabilities, Clock, Exchange};
use perphook::secret::Secret;

/// The exchanges as settings name them. Nothing is connected by asking what they can do.
fn capabilities() -> [(&'static str, Capabilities); 3] {
    let clock: Clock = Arc::new(|| 0);
    let http = UreqHttp::new("http://127.0.0.1:9", TimeOuts::default());
    let binance =
        Binance::new(Box::new(http), Secret::new("key"), Secret::new("secret"), clock.clone(), "USDT", Catalogue::default()).capabilities();
    let paper = Paper::new(None, false, Prices::Walk, clock).unwrap().capabilities();
    [("binance", binance), ("binancedemo", binance), ("paper", paper)]
}

fn yes_or_no(can: bool) -> String {
    if can { "yes" } else { "no" }.to_owned()
}

#[test]
fn the_readme_says_what_each_exchange_can_do() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for (name, can) in capabilities() {
        let first_cell = format!("| `{name}` |");
        let row = readme.lines().find(|line| line.starts_with(&first_cell)).unwrap_or_else(|| panic!("no row for {name}"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let wanted = [
            format!("`{name}`"),
            yes_or_no(can.margin_mode),
            yes_or_no(can.hedge),
            yes_or_no(can.stop_before_position),
            yes_or_no(can.stop_covers_position),
            can.batch.to_string(),
            if can.fence_ms == 0 { "none".to_owned() } else { format!("{} s", can.fence_ms / 1000) },
        ];
        assert_eq!(cells.get(..wanted.len()), Some(&wanted.each_ref().map(String::as_str)[..]), "{name}");
    }
}

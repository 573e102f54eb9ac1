//! The simulated Binance keeps the quirks of the real one.

#[path = "sim/mod.rs"]
mod sim;

#[test]
fn it_builds() {
    let _ = sim::Sim::new(sim::SimConfig::default(), 1_700_000_000_000);
}

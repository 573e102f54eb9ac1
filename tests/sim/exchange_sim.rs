//! The simulated exchange on a port, for the daemon's binary, benchmarks and foreign clients.

#[path = "mod.rs"]
mod sim;

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lexopt::prelude::*;

use sim::{Faults, Sim, SimConfig, server};

const USAGE: &str = "usage: exchange-sim binance [--port N] [--latency-ms N] [--faults FILE] [--hedge] [--symbols N] \
                     [--key KEY] [--secret SECRET] [--limits]\n\
                     --port 0 chooses a free port; --symbols is the number of contracts in all; --limits enforces the request budgets\n";

struct Options {
    port: u16,
    latency_ms: u64,
    faults: Faults,
    config: SimConfig,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing better can be done when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "exchange-sim: {error}\n{USAGE}");
            ExitCode::from(64)
        }
    }
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { port: 0, latency_ms: 0, faults: Faults::default(), config: SimConfig::default() };
    let mut exchange = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) if exchange.is_none() => exchange = Some(name.string()?),
            Long("port") => options.port = parser.value()?.parse()?,
            Long("latency-ms") => options.latency_ms = parser.value()?.parse()?,
            Long("faults") => options.faults = Faults::from_json(&std::fs::read_to_string(parser.value()?)?)?,
            Long("hedge") => options.config.hedge = true,
            Long("symbols") => options.config.symbols = parser.value()?.parse()?,
            Long("key") => options.config.key = parser.value()?.string()?,
            Long("secret") => options.config.secret = parser.value()?.string()?,
            Long("limits") => options.config.limits = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if exchange.as_deref() != Some("binance") {
        return Err("the only exchange simulated so far is: binance".into());
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let mut sim = Sim::new(options.config.clone(), server::now());
    sim.set_faults(options.faults.clone(), server::now());
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    server::serve(&listener, &Arc::new(Mutex::new(sim)), Duration::from_millis(options.latency_ms));
    Ok(())
}

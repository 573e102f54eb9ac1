//! The simulated exchange on a port, for the daemon's binary, benchmarks and foreign clients.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lexopt::prelude::*;
use perphook::sim;

use sim::venue::{Venue, lock};
use sim::{Faults, Kind, Sim, SimConfig, server};

const USAGE: &str = "usage: exchange-sim EXCHANGE [--port N] [--latency-ms N] [--faults FILE] [--hedge] [--symbols N] \
                     [--key KEY] [--secret SECRET] [--password WORD] [--accounts N] [--limits]\n\
                     --port 0 chooses a free port; --symbols is the number of contracts in all; --limits enforces the request budgets;\n\
                     --accounts N serves N accounts with keys k1…kN and secrets s1…sN; faults then strike every account\n";

struct Options {
    port: u16,
    latency_ms: u64,
    faults: Faults,
    /// `None`: one account with the key and secret of the configuration.
    accounts: Option<usize>,
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
    let mut options = Options { port: 0, latency_ms: 0, faults: Faults::default(), accounts: None, config: SimConfig::default() };
    let mut is_named = false;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) if !is_named => {
                let name = name.string()?;
                options.config.exchange = Kind::from_name(&name).ok_or_else(|| format!("{name} is not one of: {}", Kind::names()))?;
                is_named = true;
            }
            Long("port") => options.port = parser.value()?.parse()?,
            Long("latency-ms") => options.latency_ms = parser.value()?.parse()?,
            Long("faults") => options.faults = Faults::from_json(&std::fs::read_to_string(parser.value()?)?)?,
            Long("hedge") => options.config.hedge = true,
            Long("symbols") => options.config.symbols = parser.value()?.parse()?,
            Long("key") => options.config.key = parser.value()?.string()?,
            Long("secret") => options.config.secret = parser.value()?.string()?,
            Long("password") => options.config.password = parser.value()?.string()?,
            Long("accounts") => options.accounts = Some(parser.value()?.parse()?),
            Long("limits") => options.config.limits = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if !is_named {
        return Err(format!("which exchange? One of: {}", Kind::names()).into());
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let venue = match options.accounts {
        Some(accounts) => Venue::new(&options.config, accounts, server::now()),
        None => Venue::of(&Arc::new(Mutex::new(Sim::new(options.config.clone(), server::now())))),
    };
    for sim in venue.accounts() {
        lock(sim).set_faults(options.faults.clone(), server::now());
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    server::serve_venue(&listener, &venue, Duration::from_millis(options.latency_ms));
    Ok(())
}

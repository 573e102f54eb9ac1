//! `cargo bench`: how small and how fast the released program is, beside the least that could do the same work.
//!
//! The daemon under test is the real binary with its real journal, the exchange is the simulated Binance with 900
//! contracts; each runs in a process of its own, so neither's memory and processor time count for the other. Beside it,
//! in the same run and on the same disk, run a bare server (our web room, answering at once), a bare fdatasync, and a
//! bare loop (read an alert, one fdatasync, then the same exchange calls with nothing in between). Machines differ and
//! have noisy neighbours, so the ratios are the result, not the times. Nothing is asserted.

mod bare;
mod client;
mod crowd;
mod day;
mod figures;
mod process;

use perphook::sim;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use client::Client;
use day::Life;
use figures::{Row, Samples, say};
use process::{Helper, Process};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Contracts the simulated exchange lists: as many as Binance's.
const CONTRACTS: usize = 900;
/// Trades that are open together: the exchange allows 200 stops and targets per account.
const PORTION: usize = 60;
/// The pause between two alerts is long enough for four orders and the reading that follows them, so that alerts seldom meet.
const PLANS: [Plan; 2] = [
    Plan { latency_ms: 0, portions: 4, pause: Duration::from_millis(12) },
    Plan { latency_ms: 20, portions: 1, pause: Duration::from_millis(290) },
];
/// For a disk that has much to do after a build.
const REST: Duration = Duration::from_secs(5);
/// Alerts of each of the two long rows after which the memory is looked at.
const ALERTS: usize = 10_000;

struct Plan {
    /// What every exchange call takes.
    latency_ms: u64,
    portions: usize,
    pause: Duration,
}

impl Plan {
    fn trades(&self) -> usize {
        self.portions * PORTION
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["exchange", latency_ms] => bare::exchange(latency_ms),
        ["host", accounts] => bare::host(accounts),
        ["web"] => bare::web(),
        ["loop", exchange, file] => bare::one_loop(exchange, Path::new(file)),
        _ => bench(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not to stdout: of a helper's that is read for one line only.
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("latency-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let done = measure(&home);
    std::fs::remove_dir_all(&home)?;
    done
}

fn measure(home: &Path) -> Result<()> {
    // What the build left unwritten would be flushed in the middle of the first figures.
    std::process::Command::new("sync").status()?;
    std::thread::sleep(REST);
    say(&format!("binary {} kB, {CONTRACTS} contracts, times in µs", std::fs::metadata(env!("CARGO_BIN_EXE_perphook"))?.len() / 1000));
    for plan in &PLANS {
        say(&format!("\n{} ms per exchange call, {} trades{}", plan.latency_ms, plan.trades(), figures::HEADER));
        let (web, web_cpu_us) = bare_web(plan)?;
        let floor = bare_loop(home, plan)?;
        let exchange = exchange(plan.latency_ms)?;
        let daemon = Process::daemon(home, exchange.address())?;
        let idle = daemon.memory()?;
        let mut life = Life::beside(&home.join("disk"))?;
        for portion in 0..plan.portions {
            day::trades(&daemon, &exchange, portion, plan.pause, &mut life)?;
        }
        Row { what: "alert → 200", ours: &life.acknowledged, bare: "bare server + one fdatasync", floor_us: web.p50() + life.disk.p50() }
            .print();
        Row { what: "alert → first order", ours: &life.first_order, bare: "bare loop", floor_us: floor.first_order.p50() }.print();
        Row { what: "alert → last of four", ours: &life.last_order, bare: "bare loop", floor_us: floor.last_order.p50() }.print();
        say(&format!(
            "  processor time per alert: {} µs; bare loop {} µs, bare server {web_cpu_us} µs: {}",
            life.cpu_us(),
            floor.cpu_us(),
            figures::ratio(life.cpu_us(), floor.cpu_us() + web_cpu_us)
        ));
        say(&format!("  exchange calls per alert until the last of four: {}, bare loop {}", life.calls.p50(), floor.calls.p50()));
        bare_lines(&web, &life.disk, &floor);
        if plan.latency_ms == 0 {
            memory(&daemon, &idle)?;
        }
    }
    crowd::memory(home)
}

/// Memory of the daemon that has just traded, over two long rows of alerts.
fn memory(daemon: &Process, idle: &process::Memory) -> Result<()> {
    say("  memory in kB");
    say(&format!("    idle, contracts loaded, connection warm: {idle}"));
    for row in 1..=2 {
        let cpu_us = daemon.cpu_us()?;
        let traded = day::long_row(daemon, row, ALERTS)?;
        let cpu_us = (daemon.cpu_us()? - cpu_us) / ALERTS as u64;
        say(&format!(
            "    after {} alerts: {}; {cpu_us} µs of processor time per alert, whole trades included ({traded} of them)",
            row * ALERTS,
            daemon.memory()?
        ));
    }
    Ok(())
}

fn bare_lines(web: &Samples, disk: &Samples, floor: &Life) {
    for (name, samples) in [
        ("bare server", web),
        ("bare fdatasync", disk),
        ("bare loop → 200", &floor.acknowledged),
        ("bare loop → first order", &floor.first_order),
        ("bare loop → last of four", &floor.last_order),
    ] {
        say(&figures::line(name, samples));
    }
}

fn exchange(latency_ms: u64) -> Result<Helper> {
    Helper::start(&["exchange", &latency_ms.to_string()])
}

fn bare_web(plan: &Plan) -> Result<(Samples, u64)> {
    let server = Helper::start(&["web"])?;
    let mut client = Client::connect(server.address())?;
    let mut samples = Samples::default();
    let cpu_us = server.cpu_us()?;
    for number in 0..plan.trades() {
        let (_, took) = client.timed_alert(&day::entry(number, 0))?;
        samples.add(took);
        std::thread::sleep(plan.pause);
    }
    Ok((samples, (server.cpu_us()? - cpu_us) / plan.trades() as u64))
}

/// Each portion has an exchange of its own: the bare loop closes nothing.
fn bare_loop(home: &Path, plan: &Plan) -> Result<Life> {
    let mut life = Life::beside(&home.join("disk"))?;
    for portion in 0..plan.portions {
        let exchange = exchange(plan.latency_ms)?;
        let file = home.join(format!("loop-{}-{portion}", plan.latency_ms));
        let server = Helper::start(&["loop", exchange.address(), &file.to_string_lossy()])?;
        day::entries(&server, &exchange, portion, plan.pause, &mut life)?;
    }
    Ok(life)
}

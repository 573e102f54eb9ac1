//! The service manager's notification socket (`sd_notify`), in the few words we need.
//!
//! Silent when there is no such socket. The watchdog is fed from the executor itself, so it starves when that is stuck.

use std::env;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// We listen; alerts are taken.
pub(super) fn ready() {
    send("READY=1");
}

/// We are on our way out.
pub(super) fn stopping() {
    send("STOPPING=1");
}

/// Feeds the watchdog twice in each of its intervals, if the service manager wants that.
pub(super) async fn watchdog() {
    let interval_us = env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse::<u64>().ok()).filter(|us| *us > 0);
    let Some(interval_us) = interval_us else { return };
    loop {
        send("WATCHDOG=1");
        smol::Timer::after(Duration::from_micros(interval_us / 2)).await;
    }
}

fn send(message: &str) {
    let Some(path) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = try_send(&path.to_string_lossy(), message) {
        log::debug!("notification socket: {error}");
    }
}

fn try_send(path: &str, message: &str) -> std::io::Result<()> {
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}

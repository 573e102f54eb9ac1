//! The socket that listens, and the life of each connection.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use http_types::{Method, StatusCode};
use smol::net::{TcpListener, TcpStream};
use smol::{LocalExecutor, Timer};

use super::answer::Answer;
use super::connections::{Connections, Seat, Welcome};
use super::guard::{Guard, Limits};
use super::routes::{Routes, Site};
use super::strangers::MINUTE;

/// Pause after a failed accept. Mostly it fails for want of file handles, and they come back when somebody leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until dropped, on the thread that polls it. Dropping it closes the listener and every connection: close the inbox first
/// (new alerts then get 503) and give those under way their verdicts.
pub async fn serve(listener: TcpListener, routes: Routes, limits: Limits) {
    let site = Rc::new(Site::new(routes, limits.verdict));
    let connections = LocalExecutor::new();
    let sweeping = async {
        loop {
            Timer::after(MINUTE).await;
            site.sweep();
        }
    };
    let accepting = accept(&listener, &connections, &site, limits);
    connections.run(smol::future::or(accepting, smol::future::or(sweeping, site.pass_on()))).await;
}

async fn accept(listener: &TcpListener, tasks: &LocalExecutor<'_>, site: &Rc<Site>, limits: Limits) {
    let connections = Connections::new(limits.connections);
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                failing = false;
                seat(&connections, tasks, site, limits, stream, peer);
            }
            Err(error) => {
                if !failing {
                    log::warn!("accept=failed error={:?}", error.to_string());
                }
                failing = true;
                Timer::after(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn seat(connections: &Rc<Connections>, tasks: &LocalExecutor<'_>, site: &Rc<Site>, limits: Limits, stream: TcpStream, peer: SocketAddr) {
    let site = Rc::clone(site);
    // Without it the peer's delayed ACK would hold back answers for 40 ms. It fails only on a socket that is dead already.
    let _ = stream.set_nodelay(true);
    match connections.welcome(&stream) {
        Welcome::Seated(seat) => tasks.spawn(attend(Guard::new(stream, limits), seat, site, peer.ip())).detach(),
        Welcome::TurnedAway(seat) => tasks.spawn(turn_away(Guard::new(stream, limits), seat, site)).detach(),
        Welcome::Dropped => {}
    }
}

/// One connection from its first request to its last, one after the other: pipelined answers keep their order.
async fn attend(mut guard: Guard<TcpStream>, seat: Seat, site: Rc<Site>, peer: IpAddr) {
    while guard.wait().await {
        let seated = seat.busy();
        let (mut answer, method, keep) = match guard.next_request().await {
            Ok(Some(request)) => (site.answer(&request, peer).await, request.method, request.keep && seated),
            Ok(None) => return,
            Err(refusal) => {
                log::debug!("refused={} peer={peer} reason={:?}", refusal.status, refusal.reason);
                (refusal.into(), Method::Get, false)
            }
        };
        let alerts = std::mem::take(&mut answer.alerts);
        let sent = guard.send(&answer.encode(method, keep, site.mode()).await).await;
        site.told(alerts, sent, peer);
        seat.idle();
        if !sent {
            return;
        }
        if !keep {
            return guard.close().await;
        }
        // A peer whose next request is always there already must not hold up the others.
        smol::future::yield_now().await;
    }
}

async fn turn_away(mut guard: Guard<TcpStream>, _seat: Seat, site: Rc<Site>) {
    let answer = Answer::error(StatusCode::ServiceUnavailable, "too many connections");
    if guard.send(&answer.encode(Method::Get, false, site.mode()).await).await {
        guard.close().await;
    }
}

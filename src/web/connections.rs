//! The seats: how many connections there are, and which of them has to leave when a new one comes and all seats are taken.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Instant;

use smol::net::TcpStream;

/// Connections beyond the cap that are kept just long enough to be told so. Whoever comes on top is closed without a word.
const TURNED_AWAY_MAX: usize = 32;

/// All open connections.
pub(super) struct Connections {
    open: RefCell<Open>,
    max: usize,
}

#[derive(Default)]
struct Open {
    /// By order of arrival.
    seats: BTreeMap<u64, Guest>,
    next: u64,
    turned_away: usize,
}

struct Guest {
    stream: TcpStream,
    /// Since when it has no request under way; `None` = one is.
    idle_since: Option<Instant>,
}

/// What becomes of a new connection.
pub(super) enum Welcome {
    /// It is served.
    Seated(Seat),
    /// It is told to come again.
    TurnedAway(Seat),
    /// There is not even time for that.
    Dropped,
}

impl Connections {
    pub(super) fn new(max: usize) -> Rc<Connections> {
        Rc::new(Connections { open: RefCell::default(), max })
    }

    /// Takes a new connection in. At the cap the oldest idle one gives way; one with a request under way never does.
    pub(super) fn welcome(self: &Rc<Connections>, stream: &TcpStream) -> Welcome {
        let mut open = self.open.borrow_mut();
        if open.seats.len() >= self.max && !open.evict() {
            if open.turned_away >= TURNED_AWAY_MAX {
                return Welcome::Dropped;
            }
            open.turned_away += 1;
            return Welcome::TurnedAway(Seat { connections: Rc::clone(self), number: None });
        }
        let number = open.next;
        open.next += 1;
        open.seats.insert(number, Guest { stream: stream.clone(), idle_since: Some(Instant::now()) });
        Welcome::Seated(Seat { connections: Rc::clone(self), number: Some(number) })
    }
}

impl Open {
    /// Ends the oldest idle connection; `false`: all are busy. Only its reading half is shut: its task sees an end and leaves, but a
    /// request that has arrived meanwhile is still answered.
    fn evict(&mut self) -> bool {
        let idle = self.seats.iter().filter_map(|(&number, guest)| Some((guest.idle_since?, number)));
        let Some((_, oldest)) = idle.min() else { return false };
        if let Some(guest) = self.seats.remove(&oldest) {
            let _ = guest.stream.shutdown(Shutdown::Read);
        }
        true
    }
}

/// A connection's place; dropping it gives the place back.
pub(super) struct Seat {
    connections: Rc<Connections>,
    /// `None`: only waiting to be turned away.
    number: Option<u64>,
}

impl Seat {
    /// Between two requests: may be taken away.
    pub(super) fn idle(&self) {
        self.set(Some(Instant::now()));
    }

    /// A request is under way. `false`: the place has been given to somebody else, and this request is the last one.
    pub(super) fn busy(&self) -> bool {
        self.set(None)
    }

    fn set(&self, idle_since: Option<Instant>) -> bool {
        let mut open = self.connections.open.borrow_mut();
        let guest = self.number.and_then(|number| open.seats.get_mut(&number));
        guest.map(|guest| guest.idle_since = idle_since).is_some()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.connections.open.borrow_mut();
        match self.number {
            Some(number) => drop(open.seats.remove(&number)),
            None => open.turned_away -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a connection; the stream lives on in its seat.
    fn arrive(connections: &Rc<Connections>) -> Welcome {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        connections.welcome(&smol::Async::new(stream).unwrap().into())
    }

    fn seat(connections: &Rc<Connections>) -> Seat {
        match arrive(connections) {
            Welcome::Seated(seat) => seat,
            _ => panic!("no seat"),
        }
    }

    #[test]
    fn whoever_has_been_idle_longest_loses_the_seat() {
        let connections = Connections::new(2);
        let (first, second) = (seat(&connections), seat(&connections));
        assert!(first.busy());
        first.idle();
        let third = seat(&connections);
        assert!(!second.busy(), "second was idle for longer");
        assert!(first.busy() && third.busy());
        assert_eq!(connections.open.borrow().seats.len(), 2);
        drop(second);
        assert_eq!(connections.open.borrow().seats.len(), 2, "its seat is another's by now");
        drop(first);
        drop(third);
        assert!(connections.open.borrow().seats.is_empty());
    }

    #[test]
    fn when_all_are_busy_some_are_told_and_the_rest_dropped() {
        let connections = Connections::new(1);
        let only = seat(&connections);
        only.busy();
        let told: Vec<Welcome> = (0..TURNED_AWAY_MAX).map(|_| arrive(&connections)).collect();
        assert!(told.iter().all(|welcome| matches!(welcome, Welcome::TurnedAway(_))));
        assert!(matches!(arrive(&connections), Welcome::Dropped));
        drop(told);
        assert!(matches!(arrive(&connections), Welcome::TurnedAway(_)));
        drop(only);
        assert!(matches!(arrive(&connections), Welcome::Seated(_)));
    }
}

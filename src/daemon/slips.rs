//! Senders who wait for their verdicts: one for a JSON alert, one for each line of a text alert.
//!
//! Every line holds a slip. Whoever gives the last one back sends the answer, so one flush of the journal can serve all lines and the
//! answer never leaves before the last of them is judged.

use std::cell::RefCell;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use smol::channel::Sender;

use crate::desk::Fingerprint;
use crate::web::Verdict;

/// The place of one verdict in an answer.
pub(super) struct Slip {
    sheet: Rc<Sheet>,
    place: usize,
}

struct Sheet {
    respond: Sender<Verdict>,
    verdicts: RefCell<Vec<Verdict>>,
    is_text: bool,
}

/// An answer to a text alert that is on its way to the web room.
pub(super) struct Sent {
    /// The alerts that it says are taken.
    pub(super) alerts: Vec<u64>,
    /// Somebody is still there to write it out.
    pub(super) heard: bool,
}

impl Slip {
    /// For a JSON alert.
    pub(super) fn single(respond: Sender<Verdict>) -> Slip {
        Slip { sheet: Sheet::new(respond, 1, false), place: 0 }
    }

    /// For a text alert of so many lines, in their order.
    pub(super) fn lines(respond: Sender<Verdict>, count: usize) -> Vec<Slip> {
        let sheet = Sheet::new(respond, count, true);
        (0..count).map(|place| Slip { sheet: Rc::clone(&sheet), place }).collect()
    }

    /// Gives the verdict; the last one sends the answer. What it returns, of text alerts only, the desk must know.
    pub(super) fn give(self, verdict: Verdict) -> Option<Sent> {
        if let Some(place) = self.sheet.verdicts.borrow_mut().get_mut(self.place) {
            *place = verdict;
        }
        let sheet = Rc::into_inner(self.sheet)?;
        let mut verdicts = sheet.verdicts.into_inner();
        if !sheet.is_text {
            let _ = sheet.respond.try_send(verdicts.pop()?);
            return None;
        }
        let alerts = verdicts.iter().filter_map(alert_of).collect();
        let heard = sheet.respond.try_send(Verdict::Lines(verdicts)).is_ok();
        Some(Sent { alerts, heard })
    }
}

impl Sheet {
    fn new(respond: Sender<Verdict>, count: usize, is_text: bool) -> Rc<Sheet> {
        let verdicts = vec![Verdict::Unavailable("the daemon gave no answer".to_owned()); count];
        Rc::new(Sheet { respond, verdicts: RefCell::new(verdicts), is_text })
    }
}

fn alert_of(verdict: &Verdict) -> Option<u64> {
    match verdict {
        Verdict::Accepted { number, .. } | Verdict::Duplicate(number) => Some(*number),
        _ => None,
    }
}

/// Of one line: two equal lines of one body are two orders, the same line of the same body sent again is the same order.
pub(super) fn line_print(body: &[u8; 16], line: usize) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(body);
    hash.update((line as u64).to_be_bytes());
    let mut half = [0; 16];
    half.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    Fingerprint(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(number: u64) -> Verdict {
        Verdict::Accepted { number, warnings: Vec::new() }
    }

    #[test]
    fn the_last_slip_sends_the_answer_in_the_order_of_the_lines() {
        let (respond, answer) = smol::channel::bounded(1);
        let mut slips = Slip::lines(respond, 3).into_iter();
        let (first, second, third) = (slips.next().unwrap(), slips.next().unwrap(), slips.next().unwrap());
        drop(slips);
        assert!(third.give(accepted(7)).is_none());
        assert!(first.give(Verdict::Unavailable("full".to_owned())).is_none());
        assert!(answer.is_empty());
        let sent = second.give(Verdict::Duplicate(3)).unwrap();
        assert_eq!((sent.alerts, sent.heard), (vec![3, 7], true));
        let expected = vec![Verdict::Unavailable("full".to_owned()), Verdict::Duplicate(3), accepted(7)];
        assert_eq!(answer.try_recv().unwrap(), Verdict::Lines(expected));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_was_not_heard() {
        let (respond, answer) = smol::channel::bounded(1);
        drop(answer);
        let sent = Slip::lines(respond, 1).remove(0).give(accepted(7)).unwrap();
        assert_eq!((sent.alerts, sent.heard), (vec![7], false));
    }

    #[test]
    fn a_json_alert_is_answered_plainly() {
        let (respond, answer) = smol::channel::bounded(1);
        assert!(Slip::single(respond).give(accepted(7)).is_none());
        assert_eq!(answer.try_recv().unwrap(), accepted(7));
    }

    #[test]
    fn body_and_line_make_the_fingerprint() {
        let prints = [line_print(&[1; 16], 1), line_print(&[1; 16], 2), line_print(&[2; 16], 1)];
        assert_eq!(prints[0], line_print(&[1; 16], 1));
        assert!(prints[0] != prints[1] && prints[0] != prints[2] && prints[1] != prints[2]);
    }
}

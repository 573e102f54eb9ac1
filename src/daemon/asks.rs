//! Questions about what accounts hold: each waits until every account has answered or the time is up, and is then answered with what
//! is known. Few at one time, because each costs the exchanges some requests.

use smol::channel::Sender;

use crate::desk::AccountReport;
use crate::market::Millis;
use crate::web::Verdict;

/// Questions under way at one time.
const ASKS_MAX: usize = 4;
/// How long accounts have for their answer.
const ASK_MS: Millis = 5000;

/// All questions under way.
#[derive(Default)]
pub(super) struct Asks {
    open: Vec<Ask>,
    newest: u64,
}

struct Ask {
    number: u64,
    until: Millis,
    /// Whom it concerns, and what they said.
    accounts: Vec<(String, Option<AccountReport>)>,
    respond: Sender<Verdict>,
}

impl Asks {
    /// Takes a question in and numbers it; `None`: there are too many already.
    pub(super) fn open(&mut self, accounts: Vec<String>, respond: Sender<Verdict>, now: Millis) -> Option<u64> {
        // Whoever does not wait for the answer any more makes room.
        self.open.retain(|ask| !ask.respond.is_closed());
        if self.open.len() >= ASKS_MAX {
            return None;
        }
        self.newest += 1;
        let accounts = accounts.into_iter().map(|name| (name, None)).collect();
        self.open.push(Ask { number: self.newest, until: now + ASK_MS, accounts, respond });
        Some(self.newest)
    }

    /// Takes in one account's answer; the last one answers the question.
    pub(super) fn hear(&mut self, number: u64, report: AccountReport) {
        let Some(at) = self.open.iter().position(|ask| ask.number == number) else { return };
        let Some(ask) = self.open.get_mut(at) else { return };
        if let Some(place) = ask.accounts.iter_mut().find(|(name, _)| *name == report.account) {
            place.1 = Some(report);
        }
        if ask.accounts.iter().all(|(_, report)| report.is_some()) {
            self.open.swap_remove(at).answer("");
        }
    }

    /// Gives a question up.
    pub(super) fn drop(&mut self, number: u64) {
        self.open.retain(|ask| ask.number != number);
    }

    /// Answers the questions whose time is up.
    pub(super) fn expire(&mut self, now: Millis) {
        for ask in self.open.extract_if(.., |ask| now >= ask.until) {
            ask.answer("the exchange did not answer in time");
        }
    }

    /// Answers all of them.
    pub(super) fn stop(&mut self) {
        for ask in self.open.drain(..) {
            ask.answer("shutting down");
        }
    }

    /// When [`Asks::expire`] has something to do.
    pub(super) fn wake_at(&self) -> Option<Millis> {
        self.open.iter().map(|ask| ask.until).min()
    }
}

impl Ask {
    fn answer(self, why_missing: &str) {
        let silent =
            |account| AccountReport { account, hedge: false, balance: None, positions: Vec::new(), trouble: Some(why_missing.to_owned()) };
        let reports = self.accounts.into_iter().map(|(name, report)| report.unwrap_or_else(|| silent(name))).collect();
        let _ = self.respond.try_send(Verdict::Report(reports));
    }
}

#[cfg(test)]
mod tests {
    use smol::channel::{Receiver, bounded};

    use super::*;

    fn report(account: &str) -> AccountReport {
        AccountReport { account: account.to_owned(), hedge: true, balance: None, positions: Vec::new(), trouble: None }
    }

    /// Names and troubles of an answer.
    fn answer(answer: &Receiver<Verdict>) -> Option<Vec<(String, Option<String>)>> {
        match answer.try_recv() {
            Ok(Verdict::Report(reports)) => Some(reports.into_iter().map(|report| (report.account, report.trouble)).collect()),
            _ => None,
        }
    }

    fn open(asks: &mut Asks, names: &[&str], now: Millis) -> (Option<u64>, Receiver<Verdict>) {
        let (respond, answer) = bounded(1);
        (asks.open(names.iter().map(|name| (*name).to_owned()).collect(), respond, now), answer)
    }

    #[test]
    fn the_last_account_answers_the_question() {
        let mut asks = Asks::default();
        let (number, heard) = open(&mut asks, &["b", "a"], 0);
        let number = number.unwrap();
        asks.hear(number, report("a"));
        asks.hear(number, report("a"));
        asks.hear(number + 1, report("b"));
        assert_eq!(answer(&heard), None);
        asks.hear(number, report("b"));
        assert_eq!(answer(&heard), Some(vec![("b".to_owned(), None), ("a".to_owned(), None)]));
        assert_eq!(asks.wake_at(), None);
    }

    #[test]
    fn after_five_seconds_it_is_answered_with_what_is_known() {
        let mut asks = Asks::default();
        let (number, heard) = open(&mut asks, &["a", "b"], 1000);
        asks.hear(number.unwrap(), report("b"));
        assert_eq!(asks.wake_at(), Some(6000));
        asks.expire(5999);
        assert_eq!(answer(&heard), None);
        asks.expire(6000);
        let late = Some("the exchange did not answer in time".to_owned());
        assert_eq!(answer(&heard), Some(vec![("a".to_owned(), late), ("b".to_owned(), None)]));
        asks.hear(number.unwrap(), report("a"));
    }

    #[test]
    fn a_stop_answers_everybody() {
        let mut asks = Asks::default();
        let (_, heard) = open(&mut asks, &["a"], 0);
        asks.stop();
        assert_eq!(answer(&heard), Some(vec![("a".to_owned(), Some("shutting down".to_owned()))]));
    }

    #[test]
    fn four_at_a_time_and_those_who_left_do_not_count() {
        let mut asks = Asks::default();
        let mut waiting: Vec<_> = (0..ASKS_MAX).map(|_| open(&mut asks, &["a"], 0)).collect();
        assert!(waiting.iter().all(|(number, _)| number.is_some()));
        assert_eq!(open(&mut asks, &["a"], 0).0, None);
        waiting.pop();
        let (fifth, _heard) = open(&mut asks, &["a"], 0);
        asks.drop(fifth.unwrap());
        assert!(open(&mut asks, &["a"], 0).0.is_some());
    }
}

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use smol::channel::bounded;

use super::*;
use crate::alert::Command;
use crate::desk::{AccountRules, AccountSetup, Memory, Rules};
use crate::journal;
use crate::market::Side;

const NOW: Millis = 1_000_000;
/// The answer to an earlier text alert is certainly not being written any more.
const LATER: Millis = NOW + 10_000;
const BODY: [u8; 16] = [7; 16];

/// A shell whose desk sends nothing and whose journal reports when the test says so.
struct House {
    shell: Shell,
    directory: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        self.shell.close();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn house() -> House {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("perphook-shell-{}-{}-{count}", std::process::id(), now_ms());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir(&directory).unwrap();
    let opened = journal::open(&directory, &mut |_, _| Ok(())).unwrap();
    let installation = opened.installation.clone();
    let writer = opened.start(NOW, super::super::snapshot(&Memory::default()).unwrap(), Box::new(drop)).unwrap();
    let text = |text: &str| text.to_owned();
    let setup = AccountSetup {
        name: text("main"),
        venue: text("paper"),
        identity: text("paper:1"),
        host: text("paper"),
        rules: AccountRules::default(),
    };
    let mut desk = Desk::new(installation, Rules::default(), vec![setup], Memory::default());
    desk.pause();
    House { shell: Shell::new(desk, writer, Vec::new(), None), directory }
}

fn signal(command: Command, account: Option<&str>) -> Signal {
    let symbol = serde_json::from_str("\"ETHUSDT\"").unwrap();
    Signal { account: account.map(str::to_owned), key: None, symbol, command }
}

fn close() -> Signal {
    signal(Command::Close { percent: None }, None)
}

fn accepted(number: u64) -> Verdict {
    Verdict::Accepted { number, warnings: Vec::new() }
}

impl House {
    fn say(&mut self, message: Message, now: Millis) -> Receiver<Verdict> {
        let (respond, verdict) = bounded(1);
        self.shell.message(Inbound { message, peer: std::net::Ipv4Addr::LOCALHOST.into(), respond }, now);
        verdict
    }

    fn lines(&mut self, lines: Vec<(usize, Signal)>, now: Millis) -> Receiver<Verdict> {
        self.say(Message::Lines { lines, fingerprint: BODY }, now)
    }

    fn told(&mut self, alerts: &[u64], written: bool, now: Millis) {
        self.say(Message::Told { alerts: alerts.to_vec(), written }, now);
    }

    /// Everything is on disk.
    fn flush(&mut self, now: Millis) {
        self.shell.journal(Told::Flushed(self.shell.last_seq), now);
    }
}

fn verdicts(answer: &Receiver<Verdict>) -> Vec<Verdict> {
    match answer.try_recv() {
        Ok(Verdict::Lines(verdicts)) => verdicts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_lines_are_answered_together_when_the_last_is_on_disk() {
    let mut house = house();
    let unknown = signal(Command::Close { percent: None }, Some("nobody"));
    let answer = house.lines(vec![(1, close()), (2, unknown), (4, close())], NOW);
    assert!(answer.is_empty());
    house.shell.journal(Told::Flushed(1), NOW);
    assert!(answer.is_empty(), "the other one is not on disk");
    house.flush(NOW);
    let [first, refused, last] = &verdicts(&answer)[..] else { panic!("three lines") };
    assert_eq!((first, last), (&accepted(1), &accepted(2)), "equal lines are two orders");
    assert!(matches!(refused, Verdict::Refused { field, .. } if field == "account"), "{refused:?}");
}

#[test]
fn a_body_is_a_resend_only_if_its_answer_was_not_written() {
    let mut house = house();
    let send = |house: &mut House, now| {
        let answer = house.lines(vec![(1, close()), (2, close())], now);
        house.flush(now);
        verdicts(&answer)
    };
    assert_eq!(send(&mut house, NOW), [accepted(1), accepted(2)]);
    assert_eq!(send(&mut house, NOW + 1), [accepted(3), accepted(4)], "the first is being answered just now");
    house.told(&[1, 2, 3, 4], true, NOW + 2);
    assert_eq!(send(&mut house, LATER), [accepted(5), accepted(6)]);
    house.told(&[5], true, LATER);
    house.told(&[6], false, LATER);
    // Line 1 is meant, line 2 never came through.
    assert_eq!(send(&mut house, LATER + 1), [accepted(7), Verdict::Duplicate(6)]);
}

#[test]
fn a_sender_who_left_before_the_verdict_was_not_told() {
    let mut house = house();
    drop(house.lines(vec![(1, close())], NOW));
    house.flush(NOW);
    let answer = house.lines(vec![(1, close())], NOW + 1);
    assert_eq!(verdicts(&answer), [Verdict::Duplicate(1)]);
}

#[test]
fn a_twin_waits_for_the_first_record_in_both_languages() {
    let mut house = house();
    let exit = || Message::Alert { signal: signal(Command::Exit { side: Side::Long }, None), fingerprint: BODY };
    let keyed = || vec![(1, Signal { key: Some("k".to_owned()), ..close() })];
    let (first, twin) = (house.say(exit(), NOW), house.say(exit(), NOW));
    let (line, line_twin) = (house.lines(keyed(), NOW), house.lines(keyed(), NOW));
    assert!([&first, &twin, &line, &line_twin].iter().all(|answer| answer.is_empty()));
    house.flush(NOW);
    assert_eq!((first.try_recv(), twin.try_recv()), (Ok(accepted(1)), Ok(Verdict::Duplicate(1))));
    assert_eq!((verdicts(&line), verdicts(&line_twin)), (vec![accepted(2)], vec![Verdict::Duplicate(2)]));
}

#[test]
fn a_disk_that_breaks_between_two_lines_takes_the_second() {
    let mut house = house();
    let answer = house.lines(vec![(1, close()), (2, close())], NOW);
    let other = house.lines(vec![(2, Signal { key: Some("k".to_owned()), ..close() })], NOW);
    house.shell.journal(Told::Flushed(1), NOW);
    house.shell.journal(Told::Broken { reason: "disk gone".to_owned(), from: 2 }, NOW);
    let lost = Verdict::Unavailable("disk gone".to_owned());
    assert_eq!(verdicts(&answer), [accepted(1), lost.clone()]);
    assert_eq!(verdicts(&other), [lost]);
    let refused = house.lines(vec![(1, close()), (2, close())], LATER);
    let refused = verdicts(&refused);
    assert!(refused.iter().all(|verdict| matches!(verdict, Verdict::Unavailable(reason) if reason.contains("disk gone"))), "{refused:?}");
    house.shell.journal(Told::Healed, LATER);
    house.told(&[1], true, LATER);
    let again = house.lines(vec![(1, close()), (2, close())], LATER);
    house.flush(LATER);
    assert!(verdicts(&again).iter().all(|verdict| matches!(verdict, Verdict::Accepted { .. })), "what was lost is no duplicate");
}

#[test]
fn a_stop_waits_until_text_alerts_are_answered() {
    let mut house = house();
    let answer = house.lines(vec![(1, close())], NOW);
    house.shell.stop();
    assert!(house.shell.has_work(), "not on disk yet");
    house.flush(NOW);
    assert_eq!(verdicts(&answer), [accepted(1)]);
    assert!(house.shell.has_work(), "the answer is being written");
    let late = house.lines(vec![(1, close()), (2, close())], NOW);
    assert!(verdicts(&late).iter().all(|verdict| *verdict == Verdict::Unavailable("shutting down".to_owned())));
    house.told(&[1], true, NOW);
    assert!(!house.shell.has_work());
}

#[test]
fn questions_about_accounts() {
    let mut house = house();
    let ask = |account: Option<&str>| Message::Report { account: account.map(str::to_owned) };
    let unknown = house.say(ask(Some("nobody")), NOW).try_recv();
    assert!(matches!(unknown, Ok(Verdict::Refused { .. })), "{unknown:?}");
    let (respond, answer) = bounded(1);
    let number = house.shell.asks.open(vec!["main".to_owned(), "other".to_owned()], respond, NOW).unwrap();
    let trouble = || Some("down".to_owned());
    let report =
        crate::desk::AccountReport { account: "main".to_owned(), hedge: true, balance: None, positions: Vec::new(), trouble: trouble() };
    house.shell.carry_out(vec![Effect::Report { ask: number, report }], NOW);
    assert!(answer.is_empty());
    assert!(house.shell.wake_at().is_some_and(|at| at <= NOW + 5000));
    house.shell.wake(NOW + 5000);
    let Ok(Verdict::Report(reports)) = answer.try_recv() else { panic!("no report") };
    assert_eq!(
        reports.iter().map(|report| (report.account.as_str(), report.hedge)).collect::<Vec<_>>(),
        [("main", true), ("other", false)]
    );
    assert!(reports.iter().all(|report| report.trouble.is_some()));
    house.shell.stop();
    assert_eq!(house.say(ask(None), NOW).try_recv(), Ok(Verdict::Unavailable("shutting down".to_owned())));
}

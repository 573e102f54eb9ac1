//! What the daemon learns of the answers to text alerts.

use super::*;

#[test]
fn the_daemon_learns_what_became_of_an_answer() {
    let house = house(None, Mode::Paper);
    house.site.told(Vec::new(), true, PEER);
    house.site.told(vec![3, 4], true, PEER);
    house.site.told(vec![5], false, PEER);
    let heard = async {
        let mut heard = Vec::new();
        while heard.len() < 2 {
            match house.inbox.recv().await.map(|inbound| inbound.message) {
                Ok(Message::Told { alerts, written }) => heard.push((alerts, written)),
                other => panic!("{other:?}"),
            }
        }
        heard
    };
    let forever = async {
        house.site.pass_on().await;
        Vec::new()
    };
    assert_eq!(smol::block_on(smol::future::or(heard, forever)), [(vec![3, 4], true), (vec![5], false)]);
    assert!(house.inbox.is_empty(), "an answer without text alerts is nobody's business");
}

#[test]
fn it_waits_for_room_and_the_connection_does_not() {
    let house = house(None, Mode::Paper);
    // More than the inbox holds, and more than waits.
    for number in 0..TOLD_MAX as u64 + 1 {
        house.site.told(vec![number], true, PEER);
    }
    let daemon = async {
        for expected in 0..TOLD_MAX as u64 {
            match house.inbox.recv().await.map(|inbound| inbound.message) {
                Ok(Message::Told { alerts, written: true }) => assert_eq!(alerts, [expected]),
                other => panic!("{other:?}"),
            }
        }
    };
    smol::block_on(smol::future::or(daemon, house.site.pass_on()));
    assert!(house.inbox.is_empty() && house.site.told.1.is_empty(), "the one beyond is lost");
}

#[test]
fn a_daemon_that_is_going_does_not_end_the_web_room() {
    let house = house(None, Mode::Paper);
    house.inbox.close();
    house.site.told(vec![1], true, PEER);
    let passing = async {
        house.site.pass_on().await;
        false
    };
    let still_there = async {
        while !house.site.told.1.is_empty() {
            smol::future::yield_now().await;
        }
        true
    };
    assert!(smol::block_on(smol::future::or(passing, still_there)));
}

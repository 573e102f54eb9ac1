//! Refusals that do not pass: a close that something else seems to hold up, a target that is never taken.

use perphook::desk::Why;
use perphook::market::Millis;

use crate::scene::{ETH, Scene, one_way};
use crate::sim::faults::{Class, Fault, Rule};
use crate::world::{entry, exit};

/// A JSON bracket whose first entry has filled, with stop and target.
fn bracket() -> Scene {
    let mut scene = one_way();
    filled(&mut scene);
    scene.assert_state(&["LONG 0.066", "stop 2800 of LONG", "target 3100 of LONG"]);
    scene.mark();
    scene
}

fn filled(scene: &mut Scene) {
    scene.price("3000");
    scene.give_json(&entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), Some("3100")], 1));
    scene.rest(1_500);
    scene.price("2985");
    scene.rest(3_000);
}

fn refused(times: u64) -> Rule {
    Rule::new(Class::Place, Fault::refuse(400, -2019, "Margin is insufficient.")).on("POST", "/fapi/v1/order").times(times)
}

/// Requests since the mark until the position was gone, without what cleans up afterwards.
fn until_closed(scene: &Scene) -> Vec<String> {
    let sent = scene.sent();
    let last = sent.iter().rposition(|line| line.contains("SELL")).expect("a close");
    sent[..=last].to_vec()
}

/// What a stop or target would close may be reserved for it: the target makes way first, the stop only when that was not it.
#[test]
fn a_close_that_is_held_up_takes_the_target_away_and_then_the_stop() {
    for (refusals, gone) in [(2, 0), (3, 1), (4, 2), (6, 2)] {
        let mut scene = bracket();
        scene.faults(vec![refused(refusals)]);
        let number = scene.give_json(&exit(0, ETH, "LONG", 2));
        scene.wait_for(number);
        let sent = until_closed(&scene);
        // The entry's is no matter here.
        let cancels: Vec<&String> = sent.iter().filter(|line| line.contains("cancel") && !line.contains("e01")).collect();
        assert_eq!((sent.iter().filter(|line| line.contains("SELL")).count() as u64, cancels.len()), (refusals + 1, gone), "{sent:#?}");
        scene.assert_state(&[]);
        assert_eq!(scene.world.desk.memory().closed.iter().map(|trade| trade.why).collect::<Vec<_>>(), [Why::Exit]);
    }
}

/// Some exchanges shut a path that answers the same refusal again and again.
#[test]
fn what_is_always_refused_is_tried_seldom() {
    const MINUTES_8: Millis = 480_000;
    let mut scene = bracket();
    scene.faults(vec![refused(u64::MAX)]);
    scene.give_json(&exit(0, ETH, "LONG", 2));
    scene.rest(MINUTES_8);
    let closes = scene.sent().iter().filter(|line| line.contains("SELL")).count();
    assert!((15..=22).contains(&closes), "{closes} tries");

    // The stop, which goes first, is taken.
    let guards = |fault: Fault| Rule::new(Class::Place, fault).on("POST", "/fapi/v1/algoOrder");
    let refuse = Fault::refuse(400, -1111, "Precision is over the maximum defined for this asset.");
    let mut scene = one_way();
    scene.faults(vec![guards(Fault::Delay { ms: 0 }).times(1), guards(refuse)]);
    filled(&mut scene);
    scene.mark();
    scene.rest(MINUTES_8);
    let targets = scene.sent();
    assert!((14..=22).contains(&targets.len()), "{} tries: {targets:?}", targets.len());
    scene.assert_state(&["LONG 0.066", "stop 2800 of LONG"]);
}

//! The README's table of exchanges and what the adapters say of themselves are the same.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use perphook::exchange::{Capabilities, Covers, Habit, MarginScope, Second, Venue};

fn margin_mode(scope: MarginScope) -> &'static str {
    match scope {
        MarginScope::Contract => "per contract",
        MarginScope::Account => "of the account",
        MarginScope::Order => "with each order",
    }
}

/// How a stop or target exists, in the table's words.
fn habit(Habit { covers, second }: Habit) -> String {
    let covers = if covers == Covers::Position { "whole position" } else { "quantity" };
    let second = match second {
        Second::Rests => "several",
        Second::Replaces => "one, overwritten",
        Second::Refused => "one",
    };
    format!("{covers}, {second}")
}

fn ids(can: &Capabilities) -> String {
    can.custom_ids.map_or("none".to_owned(), |ids| {
        let letters = ids.letters.words();
        let signs = if ids.signs.is_empty() { String::new() } else { format!(", `{}`", ids.signs) };
        format!("{} {letters}{signs}", ids.chars_max)
    })
}

fn yes_or_no(can: bool) -> String {
    if can { "yes" } else { "no" }.to_owned()
}

#[test]
fn the_readme_says_what_each_exchange_can_do() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for venue in Venue::ALL {
        let (name, can) = (venue.as_str(), venue.capabilities());
        let first_cell = format!("| `{name}` |");
        let row = readme.lines().find(|line| line.starts_with(&first_cell)).unwrap_or_else(|| panic!("no row for {name}"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let wanted = [
            format!("`{name}`"),
            venue.settle_coin().to_owned(),
            margin_mode(can.margin_mode).to_owned(),
            yes_or_no(can.hedge),
            if can.attaches_stop { "with the entry" } else { "no" }.to_owned(),
            habit(can.stop),
            habit(can.target),
            can.batch.to_string(),
            ids(&can),
            if can.fence_ms == 0 { "none".to_owned() } else { format!("{} s", can.fence_ms / 1000) },
        ];
        assert_eq!(cells.get(..wanted.len()), Some(&wanted.each_ref().map(String::as_str)[..]), "{name}");
        assert_eq!(cells.last(), Some(&venue.deadline().unwrap_or("none known")), "{name}");
    }
}

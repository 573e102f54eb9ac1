//! Every alert in the README's tables of the text language is read, or refused, as the table says.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use perphook::alert::text::{Roster, parse};

/// The rows of one table of the section "Text alerts": the alerts in its first column.
fn alerts(heading: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Text alerts\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().skip_while(|line| *line != heading).skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_start_matches('|').split('|').next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The accounts of the section: `main`, the default one, and another.
fn roster() -> Roster {
    let account = |name: &str| (name.to_owned(), "USDT".to_owned());
    Roster { accounts: vec![account("main"), account("play")], default: Some(0) }
}

#[test]
fn every_alert_of_the_table_is_read() {
    let alerts = alerts("| line | what it does |");
    assert!(alerts.len() >= 25, "{alerts:?}");
    for alert in alerts {
        let text = parse(alert.as_bytes(), &roster()).unwrap();
        let is_comment = alert.starts_with("//");
        assert_eq!(text.lines.len(), usize::from(!is_comment), "{alert}");
        for line in text.lines {
            let signal = line.signal.unwrap_or_else(|error| panic!("{alert}: {error}"));
            assert_eq!(signal.account.as_deref(), Some("main"), "{alert}");
        }
    }
}

#[test]
fn every_alert_of_the_other_table_is_refused() {
    let alerts = alerts("| refused | because |");
    assert!(alerts.len() >= 20, "{alerts:?}");
    for alert in alerts.iter().filter(|alert| *alert != "{{") {
        let text = parse(alert.as_bytes(), &roster()).unwrap();
        assert!(text.lines.iter().all(|line| line.signal.is_err()) && !text.lines.is_empty(), "{alert} is read");
    }
}

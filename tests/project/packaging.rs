//! The settings example that is installed as `/etc/perphook/perphook.env` says what the program's own table says.

#![allow(missing_docs)]

use std::collections::BTreeMap;

use perphook::config::SETTINGS;

#[test]
fn the_example_lists_every_setting_with_its_default() {
    let example = include_str!("../../packaging/env.example");
    let assignment = |line: &'static str| line.strip_prefix('#')?.split_once('=');
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let listed: BTreeMap<_, _> = example.lines().filter_map(assignment).filter(|(name, _)| is_name(name)).collect();
    let known: BTreeMap<_, _> = SETTINGS.iter().map(|setting| (setting.name, setting.default)).collect();
    assert_eq!(listed, known);
}

//! The README's table of settings and the program's are the same.

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for setting in perphook::config::SETTINGS {
        let first_cell = format!("| `{}` |", setting.name);
        let row = readme.lines().find(|line| line.starts_with(&first_cell));
        let row = row.unwrap_or_else(|| panic!("{} is in no table of the README", setting.name));
        let default = row.split('|').nth(2).map(str::trim);
        assert_eq!(default, Some(setting.default), "default of {} in the README", setting.name);
    }
}

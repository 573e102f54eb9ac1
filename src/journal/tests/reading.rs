//! Recovery and history over segments written by hand.

use proptest::prelude::*;

use super::*;

fn damaged(dir: &TempDir) -> (Place, String) {
    match replay(dir.path()) {
        Err(JournalError::Damaged { place, reason }) => (place, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_directory_is_fresh_and_a_missing_one_is_made_for_us_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let missing = dir.path().join("a/state");
    let (seen, opened) = replay(&missing).unwrap();
    assert!(seen.is_empty() && opened.fresh && opened.warnings.is_empty());
    assert_eq!(fs::metadata(&missing).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_nothing_before_it() {
    let whole = segment_bytes(5, &[&["{\"a\":1}"], &["{\"b\":2}"], &["{\"c\":3}"]]);
    let starts = line_starts(&whole);
    for end in starts[3]..whole.len() {
        // As an append leaves it, and as it looks in prepared space.
        for zeros in [0, 1000] {
            let dir = TempDir::new();
            let path = write_segment(&dir, 1, &[&whole[..end], &vec![0; zeros][..]].concat());
            let (seen, opened) = replay(dir.path()).unwrap();
            assert_eq!(seen, ["S{\"s\":0}", "{\"a\":1}", "{\"b\":2}"], "cut at {end}");
            assert_eq!((opened.last, opened.fresh, opened.installation), (7, false, installation()));
            assert_eq!(opened.warnings.len(), usize::from(end > starts[3]), "cut at {end}");
            for warning in &opened.warnings {
                assert!(warning.contains(&format!("{}, line 4, byte {}", path.display(), starts[3])), "{warning}");
            }
            assert_eq!(fs::read(&path).unwrap(), &whole[..starts[3]]);
        }
    }
}

#[test]
fn a_last_line_with_any_byte_changed_is_cut() {
    let whole = segment_bytes(0, &[&["{\"a\":1}"], &["{\"b\":2}"]]);
    let starts = line_starts(&whole);
    for at in starts[2]..whole.len() {
        let dir = TempDir::new();
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        write_segment(&dir, 1, &changed);
        let (seen, opened) = replay(dir.path()).unwrap();
        assert_eq!((seen.len(), opened.last, opened.warnings.len()), (2, 1, 1), "byte {at}");
    }
}

#[test]
fn damage_at_any_byte_before_the_last_line_is_refused_with_its_place() {
    let whole = segment_bytes(0, &[&["{\"a\":1}"], &["{\"b\":2}"], &["{\"c\":3}"]]);
    let starts = line_starts(&whole);
    for at in 0..starts[3] {
        let line = starts.iter().filter(|start| **start <= at).count();
        for change in [whole[at] ^ 1, whole[at] ^ 0x20, whole[at] ^ 0x80, 0, b'\n'] {
            if change == whole[at] {
                continue;
            }
            let dir = TempDir::new();
            let mut changed = whole.clone();
            changed[at] = change;
            let path = write_segment(&dir, 1, &changed);
            let (place, _) = damaged(&dir);
            let byte = starts[line - 1] as u64;
            assert_eq!(place, Place { file: path.clone(), line: line as u64, byte }, "byte {at} made {change}");
            assert_eq!(fs::read(&path).unwrap(), changed, "a refused journal is left as it is");
        }
    }
}

#[test]
fn a_missing_or_doubled_line_is_refused() {
    let whole = segment_bytes(0, &[&["{\"a\":1}"], &["{\"b\":2}"], &["{\"c\":3}"]]);
    let starts = line_starts(&whole);
    for (name, bytes) in [
        ("missing", [&whole[..starts[1]], &whole[starts[2]..]].concat()),
        ("doubled", [&whole[..starts[2]], &whole[starts[1]..]].concat()),
        ("without its header", whole[starts[1]..].to_vec()),
    ] {
        let dir = TempDir::new();
        write_segment(&dir, 1, &bytes);
        assert!(matches!(replay(dir.path()), Err(JournalError::Damaged { .. })), "{name}");
    }
}

#[test]
fn a_hole_is_cut_in_a_group_that_was_never_flushed_and_refused_in_one_that_was() {
    let group: &[&str] = &["{\"b\":2}", "{\"c\":3}", "{\"d\":4}"];
    for (flushed_after, expected) in [(false, Some(1)), (true, None)] {
        let whole = if flushed_after {
            segment_bytes(0, &[&["{\"a\":1}"], group, &["{\"e\":5}"]])
        } else {
            segment_bytes(0, &[&["{\"a\":1}"], group])
        };
        let starts = line_starts(&whole);
        // From the middle of record 2 into record 3.
        for (from, to) in [(starts[2] + 5, starts[3] + 9), (starts[2], starts[3]), (starts[2], starts[3] - 1)] {
            let dir = TempDir::new();
            let mut holed = whole.clone();
            holed[from..to].fill(0);
            write_segment(&dir, 1, &holed);
            match expected {
                Some(last) => {
                    let (seen, opened) = replay(dir.path()).unwrap();
                    assert_eq!((seen.len(), opened.last, opened.warnings.len()), (2, last, 1));
                }
                None => assert_eq!(damaged(&dir).0.line, 3),
            }
        }
    }
}

#[test]
fn a_changed_byte_is_no_hole_and_is_refused_in_any_group() {
    let whole = segment_bytes(0, &[&["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]]);
    let starts = line_starts(&whole);
    for at in starts[1]..starts[3] {
        let dir = TempDir::new();
        let mut changed = whole.clone();
        changed[at] ^= 1;
        write_segment(&dir, 1, &changed);
        damaged(&dir);
    }
}

#[test]
fn the_newest_segment_alone_is_replayed() {
    let dir = TempDir::new();
    write_segment(&dir, 1, b"anything at all\n");
    write_segment(&dir, 3, &segment_bytes(8, &[&["{\"b\":2}"]]));
    let (seen, opened) = replay(dir.path()).unwrap();
    assert_eq!((seen, opened.last, opened.next_segment), (vec!["S{\"s\":0}".to_owned(), "{\"b\":2}".to_owned()], 9, 4));
}

#[test]
fn a_newest_segment_torn_in_its_header_is_set_aside() {
    let old = segment_bytes(0, &[&["{\"a\":1}"]]);
    let header = segment_bytes(1, &[]);
    for end in 0..header.len() {
        let dir = TempDir::new();
        write_segment(&dir, 1, &old);
        let torn = write_segment(&dir, 2, &header[..end]);
        let (seen, opened) = replay(dir.path()).unwrap();
        assert_eq!((seen.len(), opened.last, opened.next_segment, opened.warnings.len()), (2, 1, 3, 1));
        assert!(opened.warnings[0].contains(&torn.display().to_string()));
        assert_eq!(fs::read(torn.with_extension("torn")).unwrap(), &header[..end]);
        drop(opened);
        assert!(replay(dir.path()).unwrap().1.warnings.is_empty(), "it is set aside once");
    }
    let dir = TempDir::new();
    write_segment(&dir, 1, &old[..10]);
    write_segment(&dir, 2, &header[..10]);
    damaged(&dir);
}

#[test]
fn a_newer_format_is_refused_with_words() {
    let record = r#"{"format":2,"what":"else"}"#;
    let bytes = line::line_bytes(line::Line { n: 0, at: 0, kept: 0, record });
    let dir = TempDir::new();
    write_segment(&dir, 1, &bytes);
    let error = replay(dir.path()).unwrap_err().to_string();
    assert!(error.contains("format 2") && error.contains("newer"), "{error}");
    assert!(matches!(read_history(dir.path(), &mut |_, _| ()), Err(JournalError::NewerFormat { found: 2, .. })));
}

#[test]
fn headers_that_are_not_ours_are_damage() {
    let good = r#"{"format":1,"installation":"abcdefgh","snapshot":{}}"#;
    assert!(segment::parse_header(good).is_ok());
    for bad in [
        "{}",
        "",
        r#"{"format":0,"installation":"abcdefgh","snapshot":{}}"#,
        r#"{"format":x,"installation":"abcdefgh","snapshot":{}}"#,
        r#"{"format":1,"installation":"abc","snapshot":{}}"#,
        r#"{"format":1,"snapshot":{}}"#,
        r#"{"format":1,"installation":"abcdefgh","snapshot":"#,
    ] {
        assert_eq!(segment::parse_header(bad), Err(segment::HeaderFault::NoHeader), "{bad}");
    }
}

#[test]
fn the_callers_refusal_names_the_place() {
    let dir = TempDir::new();
    write_segment(&dir, 1, &segment_bytes(0, &[&["{\"a\":1}"]]));
    let refused = open(dir.path(), &mut |_, replayed| match replayed {
        Replayed::Snapshot(_) => Ok(()),
        Replayed::Record(_) => Err("unknown kind".to_owned()),
    });
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("unknown kind"), "{error}");
}

#[test]
fn history_shows_every_whole_record_and_names_what_it_cannot_read() {
    let dir = TempDir::new();
    let mut first = segment_bytes(0, &[&["1", "2", "3"]]);
    let starts = line_starts(&first);
    first[starts[2] + 3] ^= 1;
    write_segment(&dir, 1, &first);
    let second = segment_bytes(3, &[&["4", "5"]]);
    write_segment(&dir, 2, &[&second[..second.len() - 4], &[0; 100][..]].concat());
    let (seen, warnings) = history(dir.path());
    assert_eq!(seen, ["1", "3", "4"]);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("00000001.jsonl: 1 lines cannot be read, the first of them line 3"), "{warnings:?}");
}

#[test]
fn the_oldest_segments_go_and_the_newest_two_stay() {
    for (bytes_max, left) in [(1000, 5), (999, 4), (600, 3), (400, 2), (399, 2), (0, 2)] {
        let dir = TempDir::new();
        for number in 1..=5 {
            write_segment(&dir, number, &[b'x'; 200]);
        }
        segment::prune(&disk::RealDisk, dir.path(), bytes_max).unwrap();
        assert_eq!(dir.segments().len(), left, "{bytes_max}");
        assert!(dir.segments()[left - 1].ends_with("journal-00000005.jsonl"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), keep in 0usize..400) {
        let dir = TempDir::new();
        let good = segment_bytes(0, &[&["{\"a\":1}"], &["{\"b\":2}"]]);
        write_segment(&dir, 1, &[&good[..keep.min(good.len())], &bytes[..]].concat());
        let _ = read_history(dir.path(), &mut |_, _| ());
        let _ = replay(dir.path());
    }

    #[test]
    fn records_come_back_and_a_truncation_loses_only_the_tail(
        records in prop::collection::vec("\"[ -~ü€]{0,40}\"", 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let groups: Vec<Vec<&str>> = records.iter().map(|record| vec![record.as_str()]).collect();
        let groups: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
        let whole = segment_bytes(0, &groups);
        let starts = line_starts(&whole);
        let end = starts[1] + cut.index(whole.len() - starts[1] + 1);
        let left = starts.iter().filter(|start| **start <= end).count() - 2;
        let dir = TempDir::new();
        write_segment(&dir, 1, &whole[..end]);
        prop_assert_eq!(&history(dir.path()).0[..], &records[..left]);
        let (seen, opened) = replay(dir.path()).unwrap();
        prop_assert_eq!(&seen[1..], &records[..left]);
        prop_assert_eq!(opened.last, left as u64);
    }
}

//! Text alerts and whook's questions.

use super::*;

fn accepted(number: u64) -> Verdict {
    Verdict::Accepted { number, warnings: Vec::new() }
}

fn refused(field: &str) -> Verdict {
    Verdict::Refused { field: field.to_owned(), reason: "cannot be".to_owned() }
}

fn full() -> Verdict {
    Verdict::Unavailable("full".to_owned())
}

fn post(body: &str) -> Request {
    request(Method::Post, "/whook", body)
}

#[test]
fn a_right_token_in_any_place_suffices_for_text() {
    let house = house(Some(TOKEN), Mode::Live);
    let right = format!("close token:{TOKEN}");
    for (target, header, body, status) in [
        ("/whook", None, right.as_str(), 200),
        ("/webhook", None, &format!("token:{TOKEN} close"), 200),
        ("/whook", None, &format!("close\nclose token:{TOKEN}"), 200),
        ("/whook", None, &format!("close token:wrong token:{TOKEN}"), 200),
        (&format!("/whook/{TOKEN}"), None, "close", 200),
        (&format!("/webhook/{TOKEN}"), None, "close token:wrong", 200),
        ("/whook", Some(TOKEN), "close", 200),
        ("/whook/wrong", None, &right, 200),
        ("/whook", None, "close", 401),
        ("/whook", None, "close token:", 401),
        ("/whook", None, "close token:wrong", 401),
        ("/whook/wrong", Some("wrong"), "close token:wrong", 401),
        ("/whook", None, &format!("close token:{TOKEN}x"), 401),
        ("/whook", None, &format!("// token:{TOKEN}\nclose"), 401),
        (&format!("/whook?token={TOKEN}"), None, "close", 401),
    ] {
        let request = Request { tokens: header.map(Secret::new).into_iter().collect(), ..request(Method::Post, target, body) };
        let (got, _, asked) = house.ask(&request, Some(Verdict::Lines(vec![accepted(1), accepted(2)])));
        assert_eq!((got, asked.len()), (status, usize::from(status == 200)), "{target} {header:?} {body}");
    }
}

#[test]
fn a_stranger_learns_nothing_of_the_lines() {
    let house = house(Some(TOKEN), Mode::Live);
    for (body, status) in [("nonsense", 401), ("close\nnonsense token:wrong", 401), ("// nothing", 401), ("", 400)] {
        let (got, answer, asked) = house.ask(&post(body), None);
        assert_eq!((got, &answer["line"], &answer["lines"], asked.len()), (status, &Value::Null, &Value::Null, 0), "{body:?}");
    }
    let no_text = |target: &str| Request { body: b"close \xff\xfe".to_vec(), ..request(Method::Post, target, "") };
    let (status, answer, asked) = house.ask(&no_text("/whook"), None);
    assert_eq!((status, &answer["reason"], asked.len()), (400, &json!("is no text"), 0));
    let (status, _, asked) = house.ask(&no_text(&format!("/whook/{TOKEN}")), None);
    assert_eq!((status, asked.len()), (400, 1), "an authorised sender's noise is history");
}

#[test]
fn one_line_is_answered_like_a_json_alert() {
    let house = house(None, Mode::Live);
    let site = Site::new(Routes { token: Some(Secret::new(TOKEN)), ..house.site.routes }, Duration::from_millis(50));
    let house = House { site, ..house };
    let warned = Verdict::Accepted { number: 18, warnings: vec!["beware".to_owned()] };
    let taken = "Webhook received, processing order";
    for (verdict, status, answer, alerts) in [
        (Some(Verdict::Lines(vec![accepted(17)])), 200, json!({"success": true, "message": taken, "alert": 17}), vec![17]),
        (
            Some(Verdict::Lines(vec![warned])),
            200,
            json!({"success": true, "message": taken, "alert": 18, "warnings": ["beware"]}),
            vec![18],
        ),
        (
            Some(Verdict::Lines(vec![Verdict::Duplicate(17)])),
            200,
            json!({"success": true, "message": "duplicate of alert 17", "alert": 17}),
            vec![17],
        ),
        (Some(Verdict::Lines(vec![refused("symbol")])), 400, json!({"success": false, "error": "cannot be", "field": "symbol"}), vec![]),
        (Some(Verdict::Lines(vec![full()])), 503, json!({"success": false, "error": "full"}), vec![]),
        (Some(full()), 503, json!({"success": false, "error": "full"}), vec![]),
        (Some(Verdict::Lines(Vec::new())), 503, json!({"success": false, "error": "the daemon gave no answer"}), vec![]),
        (None, 503, json!({"success": false, "error": "the daemon did not answer in time"}), vec![]),
    ] {
        let body = format!("// a comment\r\nclose token:{TOKEN}\r\n");
        let (got, body, told, asked) = house.ask_all(&post(&body), verdict.clone());
        assert_eq!((got, body, told, asked.len()), (status, answer, alerts, 1), "{verdict:?}");
    }
    let (status, answer, asked) = house.ask(&post(&format!("nonsense token:{TOKEN}")), None);
    let error = "is no order (line 1, column 5)";
    assert_eq!((status, answer), (400, json!({"success": false, "error": error, "reason": "is no order", "line": 1, "column": 5})));
    assert!(matches!(&asked[..], [Inbound { message: Message::Invalid { reason }, .. }] if reason == error), "{asked:?}");
}

#[test]
fn several_lines_have_a_verdict_each() {
    let house = house(None, Mode::Paper);
    let verdicts = vec![refused("symbol"), accepted(7), Verdict::Duplicate(3), full()];
    let (status, answer, alerts, asked) =
        house.ask_all(&post("close\n// x\nnonsense\nclose\n\nclose\nclose"), Some(Verdict::Lines(verdicts)));
    let lines = json!([
        {"line": 1, "error": "cannot be", "field": "symbol"},
        {"line": 3, "column": 5, "error": "is no order"},
        {"line": 4, "alert": 7, "message": "Webhook received, processing order"},
        {"line": 6, "alert": 3, "message": "duplicate of alert 3"},
        {"line": 7, "error": "full"},
    ]);
    let message = "Webhook received, processing order";
    assert_eq!((status, answer), (200, json!({"success": true, "message": message, "alert": 7, "lines": lines, "mode": "paper"})));
    assert_eq!(alerts, [7, 3]);
    let Message::Lines { lines, .. } = &asked[0].message else { panic!("{asked:?}") };
    assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 4, 6, 7]);
    assert_eq!(lines[0].1.account.as_deref(), Some("main"), "the reader knows the accounts");
    assert!(matches!(&asked[1..], [Inbound { message: Message::Invalid { .. }, .. }]), "{asked:?}");
}

#[test]
fn the_status_of_several_lines() {
    let house = house(None, Mode::Paper);
    let warned = Verdict::Accepted { number: 9, warnings: vec!["beware".to_owned()] };
    for (body, verdicts, status, message, noted) in [
        ("close\nclose", vec![accepted(1), accepted(2)], 200, "Webhook received, processing order", 0),
        ("close\nclose", vec![Verdict::Duplicate(1), warned], 200, "Webhook received, processing order", 0),
        ("close\nclose", vec![refused(""), Verdict::Duplicate(2)], 200, "duplicate of alert 2", 0),
        ("close\nclose", vec![full(), accepted(2)], 200, "Webhook received, processing order", 0),
        ("close\nclose", vec![refused(""), refused("")], 400, "none of the lines is taken", 0),
        ("close\nclose", vec![refused(""), full()], 503, "none of the lines is taken", 0),
        ("close\nx", vec![full()], 503, "none of the lines is taken", 0),
        ("close\nx", vec![refused("")], 400, "none of the lines is taken", 1),
        ("x\nx", vec![], 400, "none of the lines is taken", 2),
        ("close\nclose", vec![], 503, "none of the lines is taken", 0),
    ] {
        let (got, answer, asked) = house.ask(&post(body), Some(Verdict::Lines(verdicts.clone())));
        let words = answer["message"].as_str().or(answer["error"].as_str());
        assert_eq!((got, words, answer["lines"].as_array().map(Vec::len)), (status, Some(message), Some(2)), "{body:?} {verdicts:?}");
        assert_eq!(
            asked.iter().filter(|inbound| matches!(inbound.message, Message::Invalid { .. })).count(),
            noted,
            "{body:?} {verdicts:?}"
        );
    }
    let (_, answer, _) = house.ask(&post("close\nclose"), Some(Verdict::Lines(vec![accepted(1), accepted(2)])));
    assert_eq!(answer["alert"], 1, "the first one speaks for all");
}

#[test]
fn a_full_or_closed_inbox_is_503_for_text_too() {
    let house = house(None, Mode::Paper);
    house.inbox.close();
    let (status, answer, _) = house.ask(&post("close\nclose"), None);
    assert_eq!((status, &answer["lines"][1]), (503, &json!({"line": 2, "error": "shutting down"})));
}

#[test]
fn many_mistakes_are_summed_up_in_the_history() {
    let (inbox, messages) = bounded(64);
    let house = house(None, Mode::Paper);
    let site = Site::new(Routes { inbox, ..house.site.routes }, Duration::from_millis(50));
    let house = House { site, inbox: messages, ..house };
    for (count, noted) in [(8, 8), (9, 9), (60, 9)] {
        let (status, answer, asked) = house.ask(&post(&"nonsense\n".repeat(count)), None);
        assert_eq!((status, answer["lines"].as_array().map(Vec::len), asked.len()), (400, Some(count), noted));
        let Message::Invalid { reason } = &asked[noted - 1].message else { panic!("{asked:?}") };
        assert_eq!(reason.starts_with(&format!("{} more lines", count - 8)), count > 8, "{reason}");
    }
}

#[test]
fn whooks_questions_need_the_token() {
    let house = house(Some(TOKEN), Mode::Live);
    let reports = || Some(Verdict::Report(Vec::new()));
    for (target, header, asked) in [
        (format!("/whook/{TOKEN}?response=allaccounts"), None, Some(None)),
        (format!("/whook/{TOKEN}?x=1&response=AllAccounts"), None, Some(None)),
        ("/whook?response=Main".to_owned(), Some(TOKEN), Some(Some("Main"))),
        (format!("/whook/{TOKEN}?response=a%2db"), None, Some(Some("a-b"))),
        (format!("/whook/{TOKEN}?response=WHOOK"), None, Some(Some("WHOOK"))),
        (format!("/whook/{TOKEN}?response="), None, Some(Some(""))),
        ("/whook?response=allaccounts".to_owned(), None, None),
        ("/whook/wrong?response=allaccounts".to_owned(), Some("wrong"), None),
        (format!("/whook?response=allaccounts&token={TOKEN}"), None, None),
    ] {
        let request = Request { tokens: header.map(Secret::new).into_iter().collect(), ..request(Method::Get, &target, "") };
        let (status, body, messages) = house.ask(&request, reports());
        match asked {
            None => assert_eq!((status, messages.len()), (401, 0), "{target}"),
            Some(wanted) => {
                assert_eq!((status, body), (200, json!({"allaccounts": {}})), "{target}");
                let Message::Report { account } = &messages[0].message else { panic!("{messages:?}") };
                assert_eq!(account.as_deref(), wanted, "{target}");
            }
        }
    }
    let open = format!("/whook/{TOKEN}?response=x");
    for (verdict, status) in [(Some(refused("response")), 404), (Some(full()), 503), (None, 503)] {
        assert_eq!(house.ask(&request(Method::Get, &open, ""), verdict).0, status);
    }
    let (status, body, _) = house.ask(&request(Method::Get, "/whook/wrong?response=whook", ""), None);
    assert_eq!((status, body), (200, json!("WHOOKITYWOOK")), "which tells nothing");
    assert_eq!(house.status(Method::Get, &format!("/webhook/{TOKEN}?response=allaccounts"), ""), 405);
}

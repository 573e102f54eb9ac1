use super::*;
use crate::market::Decimal;

const KEYS_OK: &str = r#""API_KEY": "kkkkkkkk1", "SECRET_KEY": "ssssssss1""#;

fn listed(text: &str) -> Listed {
    let file = TextFile { path: "accounts.json".to_owned(), text: text.to_owned(), open_to_others: false };
    read(&file, &AccountRules::default())
}

fn told(mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(ToString::to_string).collect()
}

/// The mistakes of one account with good keys and these members, each on a line of its own from line 3 on.
fn mistakes(members: &str) -> Vec<String> {
    told(&listed(&format!("[{{{KEYS_OK},\n \"EXCHANGE\":\"binance\",\n{members}}}]")).mistakes)
}

/// The rules of one account called `main` with these members.
fn rules(members: &str) -> AccountRules {
    let text = format!(r#"[{{"ACCOUNT_ID":"main","EXCHANGE":"binance",{KEYS_OK}{members}}}]"#);
    let listed = listed(&text);
    assert_eq!(told(&listed.mistakes), [""; 0], "{members}");
    listed.accounts.into_iter().next().unwrap().account.rules
}

#[test]
fn an_account_of_whook_is_understood() {
    let text = r#"[
	{
		"ACCOUNT_ID":"Main",
		"EXCHANGE":"BinanceDemo",
		"API_KEY":" kkkkkkkk1 ",
		"SECRET_KEY":"ssssssss1",
		"PASSWORD":"",
		"MARGIN_MODE":"CROSS",
		"SETTLE_COIN":"usdc"
	}
]"#;
    let listed = listed(text);
    assert!(listed.mistakes.is_empty() && listed.warnings.is_empty());
    let account = &listed.accounts[0].account;
    assert_eq!((account.name.as_str(), account.venue), ("Main", Venue::BinanceDemo));
    assert_eq!((account.key.expose(), account.secret.expose(), account.password.is_empty()), ("kkkkkkkk1", "ssssssss1", true));
    assert_eq!((account.rules.margin_mode, account.rules.settle_coin.as_str()), (Some(MarginMode::Cross), "USDC"));
    assert!(account.base_url.is_none() && holds_secrets(&listed));
}

#[test]
fn what_an_account_does_not_say_is_whooks_default_or_the_settings() {
    let defaults = AccountRules {
        entry_size_usd: Decimal::new(33, 0),
        leverage: 3,
        total_entries: 1,
        margin_mode: Some(MarginMode::Cross),
        order_timeout_ms: 1,
        alert_timeout_ms: 2,
        settle_coin: "USDC".to_owned(),
    };
    let file = TextFile {
        path: "a".to_owned(),
        text: format!(r#"[{{"ACCOUNT_ID":"main","EXCHANGE":"binance",{KEYS_OK},"MARGIN_MODE":null}}]"#),
        open_to_others: false,
    };
    let account = read(&file, &defaults).accounts.into_iter().next().unwrap().account;
    let expected = AccountRules { margin_mode: Some(MarginMode::Isolated), settle_coin: "USDT".to_owned(), ..defaults };
    assert_eq!(account.rules, expected);
}

#[test]
fn numbers_are_numbers_or_text_and_read_from_their_digits() {
    for members in [
        r#","ENTRY_SIZE_USD":12.10,"LEVERAGE":7,"ORDER_TIMEOUT":90.5,"ALERT_TIMEOUT":60,"BASE_URL":"http://127.0.0.1:9/""#,
        r#","ENTRY_SIZE_USD":"12.10","LEVERAGE":"7","ORDER_TIMEOUT":"90.5","ALERT_TIMEOUT":" 60 ","HEDGED_MODE":"False""#,
    ] {
        let rules = rules(members);
        assert_eq!((rules.entry_size_usd.to_string().as_str(), rules.leverage), ("12.10", 7));
        assert_eq!((rules.order_timeout_ms, rules.alert_timeout_ms), (90_500, 60_000));
    }
    assert_eq!(rules(r#","ENTRY_SIZE_USD":0.1"#).entry_size_usd, Decimal::new(1, 1));
}

#[test]
fn every_mistake_has_its_line_and_key() {
    let id = "\"ACCOUNT_ID\":\"main\"";
    for (members, expected) in [
        ("\"ACCOUNT_ID\":null", "accounts.json:3: account 1: ACCOUNT_ID: missing"),
        ("\"ACCOUNT_ID\":7", "accounts.json:3: account 1: ACCOUNT_ID: a text in quotes is needed"),
        ("\"ACCOUNT_ID\":\"a b\"", "accounts.json:3: account 1: ACCOUNT_ID: an id has no blanks in it"),
        (
            "\"ACCOUNT_ID\":\"12\"",
            "accounts.json:3: account 1: ACCOUNT_ID: an id is more than digits: a text alert would take it for a quantity",
        ),
        (
            "\"ACCOUNT_ID\":\"ALLaccounts\"",
            "accounts.json:3: account 1: ACCOUNT_ID: allaccounts means all accounts; give this one a name of its own",
        ),
        (&format!("{id},\n\"LEVERAGE\":0"), "accounts.json:4: account main: LEVERAGE: a whole number from 1 to 200 is needed"),
        (&format!("{id},\n\"LEVERAGE\":2.5"), "accounts.json:4: account main: LEVERAGE: a whole number from 1 to 200 is needed"),
        (&format!("{id},\n\"LEVERAGE\":[5]"), "accounts.json:4: account main: LEVERAGE: one plain value is needed"),
        (
            &format!("{id},\n\"ENTRY_SIZE_USD\":-1"),
            "accounts.json:4: account main: ENTRY_SIZE_USD: a number above 0, up to 1000000, is needed",
        ),
        (&format!("{id},\n\"ORDER_TIMEOUT\":\"1e3\""), "accounts.json:4: account main: ORDER_TIMEOUT: seconds from 0 to 86400 are needed"),
        (&format!("{id},\n\"ALERT_TIMEOUT\":true"), "accounts.json:4: account main: ALERT_TIMEOUT: seconds from 0 to 86400 are needed"),
        (
            &format!("{id},\n\"BASE_URL\":\"x/y\""),
            "accounts.json:4: account main: BASE_URL: http://host[:port] or https://host[:port] is needed, without a path",
        ),
        (&format!("{id},\n\"HEDGED_MODE\":\"maybe\""), "accounts.json:4: account main: HEDGED_MODE: true or false is needed"),
        (
            &format!("{id},\n\"MARGIN_MODE\":\"crossed\""),
            "accounts.json:4: account main: MARGIN_MODE: one of isolated, cross is needed; did you mean cross?",
        ),
        (&format!("{id},\n\"MARGIN_MODE\":\"fixed\""), "accounts.json:4: account main: MARGIN_MODE: one of isolated, cross is needed"),
        (&format!("{id},\n\"MARGIN_MODE\":true"), "accounts.json:4: account main: MARGIN_MODE: a text in quotes is needed"),
        (
            &format!("{id},\n\"SETTLE_COIN\":\"US DT\""),
            "accounts.json:4: account main: SETTLE_COIN: the name of a coin is needed, such as USDT",
        ),
        (&format!("{id},\n\"api_key\":\"hunter2\""), "accounts.json:4: account main: api_key: no such key; did you mean API_KEY?"),
        (&format!("{id},\n\"LEVERAGES\":2"), "accounts.json:4: account main: LEVERAGES: no such key; did you mean LEVERAGE?"),
        (&format!("{id},\n\"LEVERAGE\":2,\n\"LEVERAGE\":3"), "accounts.json:5: account main: LEVERAGE: given twice; first in line 4"),
        (&format!("{id},\n\"hunter2hunter2\":\"\""), &format!("accounts.json:4: account main: no such key; there are {}", KEYS.join(", "))),
    ] {
        assert_eq!(mistakes(members), [expected], "{members}");
    }
}

fn names_of_exchanges() -> String {
    Venue::ALL.map(Venue::as_str).join(", ")
}

#[test]
fn keys_must_be_there_and_real() {
    let of = |members: &str| told(&listed(&format!("[\n{{\"ACCOUNT_ID\":\"main\",\n{members}}}]")).mistakes);
    assert_eq!(
        of("\"EXCHANGE\":\"binance\""),
        ["accounts.json:2: account main: API_KEY: missing", "accounts.json:2: account main: SECRET_KEY: missing"]
    );
    assert_eq!(of(&format!("{KEYS_OK},\n\"EXCHANGE\":\"\"")), ["accounts.json:4: account main: EXCHANGE: missing"]);
    assert_eq!(
        of(&format!("{KEYS_OK},\n\"EXCHANGE\":\"Mt.Gox\"")),
        [format!("accounts.json:4: account main: EXCHANGE: there is no such exchange; this version has {}", names_of_exchanges())]
    );
    assert_eq!(of(&format!("{KEYS_OK},\n\"EXCHANGE\":\"okx\"")), ["accounts.json:2: account main: PASSWORD: missing"]);
    assert!(of(&format!("{KEYS_OK},\n\"PASSWORD\":\"p1\",\"EXCHANGE\":\"okx\"")).is_empty());
    assert_eq!(
        of("\"EXCHANGE\":\"binance\",\n\"API_KEY\":\"your_api_key\",\n\"SECRET_KEY\":\"hunter2 hunter2\""),
        [
            "accounts.json:4: account main: API_KEY: still the placeholder of an example; put the real one there",
            "accounts.json:5: account main: SECRET_KEY: contains a blank or another character that no key has",
        ]
    );
    assert_eq!(
        of("\"EXCHANGE\":\"binance\",\n\"API_KEY\":123,\"SECRET_KEY\":\"s1\""),
        ["accounts.json:4: account main: API_KEY: a text in quotes is needed"]
    );
}

#[test]
fn the_templates_are_read_and_refused_as_placeholders() {
    // As whook writes it when it finds no file.
    let theirs = "[\n\t{\n\t\t\"ACCOUNT_ID\":\"your_account_name\", \n\t\t\"EXCHANGE\":\"exchange_name\", \n\t\t\"API_KEY\":\"your_api_key\", \n\t\t\"SECRET_KEY\":\"your_secret_key\", \n\t\t\"PASSWORD\":\"your_API_password\", \n\t\t\"MARGIN_MODE\":\"isolated\"\n\t}\n]";
    assert_eq!(
        told(&listed(theirs).mistakes),
        [
            &*format!(
                "accounts.json:4: account your_account_name: EXCHANGE: there is no such exchange; this version has {}",
                names_of_exchanges()
            ),
            "accounts.json:5: account your_account_name: API_KEY: still the placeholder of an example; put the real one there",
            "accounts.json:6: account your_account_name: SECRET_KEY: still the placeholder of an example; put the real one there",
        ]
    );
    let ours = told(&listed(TEMPLATE).mistakes);
    assert!(ours.len() == 2 && ours.iter().all(|mistake| mistake.contains("_KEY: still the placeholder")), "{ours:?}");
}

#[test]
fn files_that_are_no_list_of_accounts_are_named() {
    for (text, expected) in [
        ("[]", "accounts.json: no accounts found: the list is empty"),
        ("{}", "accounts.json:1: a list of accounts is needed: [ { … }, { … } ]"),
        ("[\n7]", "accounts.json:2: account 1: an account is an object: { \"ACCOUNT_ID\": … }"),
        ("[{},\n]", "accounts.json:2: no JSON at column 1: trailing comma (JSON has no comments and no comma after the last one)"),
    ] {
        assert!(told(&listed(text).mistakes).iter().any(|mistake| mistake == expected), "{text}: {:?}", told(&listed(text).mistakes));
    }
    let many: Vec<String> = (0..=ACCOUNTS_MAX).map(|at| format!(r#"{{"ACCOUNT_ID":"a{at}","EXCHANGE":"paper"}}"#)).collect();
    assert_eq!(told(&listed(&format!("[{}]", many.join(","))).mistakes), ["accounts.json: 65 accounts are listed, 64 at most are served"]);
    assert!(listed(&format!("[{}]", many[1..].join(","))).mistakes.is_empty());
}

#[test]
fn paper_needs_no_keys_but_a_plain_name_and_usdt() {
    let text = "[{\"EXCHANGE\":\"paper\",\"ACCOUNT_ID\":\"play\",\"API_KEY\":\"your_api_key\"},\n{\"EXCHANGE\":\"Paper\",\"ACCOUNT_ID\":\"../x\",\"SETTLE_COIN\":\"USDC\"}]";
    let listed = listed(text);
    assert_eq!(
        told(&listed.mistakes),
        [
            "accounts.json:2: account ../x: SETTLE_COIN: on paper there is USDT only",
            "accounts.json:2: account ../x: ACCOUNT_ID: on paper: letters, digits, - and _ only, because it names the file of its book",
        ]
    );
    let play = &listed.accounts[0].account;
    assert!(play.key.is_empty() && play.host() == "paper-play" && !holds_secrets(&listed));
}

#[test]
fn what_is_odd_but_works_is_a_warning() {
    let text = format!("[{{{KEYS_OK},\"EXCHANGE\":\"binance\",\n\"ACCOUNT_ID\":\"x10\",\n\"HEDGED_MODE\":true}}]");
    let listed = listed(&text);
    assert!(listed.mistakes.is_empty());
    assert_eq!(
        told(&listed.warnings),
        [
            "accounts.json:2: account x10: ACCOUNT_ID: is a word of text alerts too; there it always means the account",
            "accounts.json:3: account x10: HEDGED_MODE: not used: the position mode is the one the account has at the exchange, and stays",
        ]
    );
}

#[test]
fn names_differ_and_one_key_serves_different_coins() {
    let account = |id: &str, key: &str, more: &str| {
        format!("{{\"ACCOUNT_ID\":\"{id}\",\"EXCHANGE\":\"binance\",\n\"API_KEY\":\"{key}\",\"SECRET_KEY\":\"s1\"{more}}}")
    };
    let clashing = |accounts: &[String]| {
        let listed = listed(&format!("[{}]", accounts.join(",\n")));
        assert!(listed.mistakes.is_empty());
        told(&clashes(&listed.accounts))
    };
    assert_eq!(clashing(&[account("a", "k1", ""), account("b", "k2", ""), account("c", "k1", ",\"SETTLE_COIN\":\"USDC\"")]), [""; 0]);
    assert_eq!(clashing(&[account("a", "k1", ""), account("b", "k1", ",\"BASE_URL\":\"http://127.0.0.1:9\"")]), [""; 0]);
    assert_eq!(
        clashing(&[account("Main", "k1", ""), account("b", "k2", ""), account("mAIN", "k3", "")]),
        ["accounts.json:5: account mAIN: ACCOUNT_ID: this name is taken already (accounts.json:1: upper and lower case are the same)"]
    );
    assert_eq!(
        clashing(&[account("a", "k1", ""), account("b", "k1", "")]),
        ["accounts.json:4: account b: SETTLE_COIN: must differ from that of account a: host and API key are the same"]
    );
    let both_on_paper = listed("[{\"ACCOUNT_ID\":\"a\",\"EXCHANGE\":\"paper\"},{\"ACCOUNT_ID\":\"b\",\"EXCHANGE\":\"paper\"}]");
    assert_eq!(told(&clashes(&both_on_paper.accounts)), [""; 0]);
}

#[test]
fn no_message_repeats_what_may_be_a_secret() {
    for key in KEYS.iter().filter(|key| **key != "ACCOUNT_ID") {
        for value in ["\"hunter2 hunter2\"", "[\"hunter2\"]", "{\"hunter2\":1}", "hunter2", "\"hunter2", "\"hunter2\\uD800\""] {
            let listed = listed(&format!("[{{\"ACCOUNT_ID\":\"main\",{KEYS_OK},\"EXCHANGE\":\"binance\",\n\"{key}\":{value}}}]"));
            let told = [told(&listed.mistakes), told(&listed.warnings)].concat();
            assert!(
                (*key == "PASSWORD" || !told.is_empty()) && told.iter().all(|message| !message.contains("hunter2")),
                "{key}: {value}: {told:?}"
            );
        }
    }
}

//! Names that the predecessors knew and their examples' placeholders: what moving over trips on.

/// Names of no use here, with what to use instead.
const KNOWN: &[(&[&str], &str)] = &[
    (&["LOG_DIR"], "not read; LOG_FILE names the log file, the journal of systemd has the log anyway"),
    (
        &["SLACK_WEBHOOK_URL", "SLACK_SIGNAL_WEBHOOK_URL"],
        "not read; notices are in the log and counted in /health, trades are listed by `perphook trades`",
    ),
    (
        &["GEMINI_API_KEY", "GEMINI_MODEL", "ENABLE_AI_VALIDATION", "AI_VALIDATION_MIN_CONFIDENCE", "ENABLE_AI_PRICE_SUGGESTIONS"],
        "not read; an alert is taken as it is: no model decides about it or changes its prices",
    ),
    (&["TP1_PERCENT", "TP1_SPLIT", "TP2_SPLIT", "TP_HIGH_CONFIDENCE_THRESHOLD"], "not read; the one target is the alert's take_profit"),
    (&["ENABLE_RISK_VALIDATION", "MAX_RISK_PERCENT"], "not read; ENTRY_SIZE_USD and LEVERAGE bound what one trade risks"),
    (&["ENABLE_TRAILING_STOP_LOSS", "TRAILING_SL_BREAKEVEN_PERCENT"], "not read; the stop is the alert's stop_loss and stays"),
    (&["BINANCE_SUB_ACCOUNT_EMAIL"], "not read; a sub-account has keys of its own: BINANCE_API_KEY, BINANCE_API_SECRET"),
    (
        &["REFRESH_POSITIONS_FREQUENCY", "UPDATE_ORDERS_FREQUENCY"],
        "not read; positions are read when an order needs them, and orders are watched as often as the exchange allows",
    ),
    (
        &["VERBOSE", "SHOW_BALANCE", "SHOW_REALIZEDPNL", "SHOW_ENTRYPRICE", "SHOW_LIQUIDATION", "SHOW_BREAKEVEN"],
        "not read; LOG_LEVEL says how much is logged, `perphook status` shows what is open",
    ),
    (&["LOGS_DIRECTORY"], "not read; LOG_FILE names the log file, with all accounts in it"),
    (&["USE_PROXY", "PROXY_PORT"], "not read; SERVICE_HOST and SERVICE_PORT say where it listens, any proxy may stand in front"),
    (
        &[
            "FLASK_APP",
            "FLASK_ENV",
            "FLASK_DEBUG",
            "FLASK_RUN_HOST",
            "FLASK_RUN_PORT",
            "GUNICORN_CMD_ARGS",
            "GUNICORN_WORKERS",
            "GUNICORN_THREADS",
            "GUNICORN_TIMEOUT",
            "WEB_CONCURRENCY",
            "WORKERS",
            "THREADS",
        ],
        "not read; the server is built in: SERVICE_HOST and SERVICE_PORT say where it listens",
    ),
    (&["PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"], "not read; there is no Python any more: remove it"),
];

/// What to say about a name of a predecessor; `None` for any other name.
pub(super) fn advice(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(names, _)| names.contains(&name)).map(|(_, advice)| *advice)
}

/// What to use instead of whook's `config.json`.
pub(super) const WHOOKS_SETTINGS_ADVICE: &str =
    "ALERT_TIMEOUT and ORDER_TIMEOUT are settings here, for all accounts or for one; the port is SERVICE_PORT";

/// Whether a file is whook's `config.json`, not some other program's.
pub(super) fn is_whooks_settings(text: &str) -> bool {
    text.contains("\"REFRESH_POSITIONS_FREQUENCY\"") || text.contains("\"UPDATE_ORDERS_FREQUENCY\"")
}

/// Whether a key or token is an example's placeholder, such as `CHANGE_ME` or `your_webhook_token`.
pub(super) fn is_placeholder(text: &str) -> bool {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is_yours = ["token", "secret", "key"].iter().any(|noun| plain.contains(noun)) && plain.starts_with("your");
    let words = ["changeme", "placeholder", "replaceme", "replacewith", "inserthere"];
    is_yours || words.iter().any(|word| plain.contains(word)) || plain.bytes().all(|byte| byte == b'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_examples_are_known() {
        for text in
            ["CHANGE_ME", "change-me-please-now", "YOUR_TOKEN", "your_webhook_token", "your_api_key_here", "<your-api-secret>", "xxxxxxxx"]
        {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["yours truly, a long sentence", "kX9-changing-of-guards-2026", "0f3c9a1b2d4e5f60718293a4b5c6d7e8"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn no_name_is_both_ours_and_gone() {
        let both = super::super::SETTINGS.iter().find(|setting| advice(setting.name).is_some());
        assert_eq!(both.map(|setting| setting.name), None);
    }
}

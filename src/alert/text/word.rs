//! The words of a line, and what each one says by itself: keyword, size, leverage, limit … or none of the language.

use super::super::json::{ALERT_ID_CHARS_MAX, ECHO_CHARS_MAX, PRICE_MAX, PRICE_MIN};
use super::super::{AlertError, Cancel, Leverage, Limit, Unit, Verb, number, scan};
use super::COMMENT;
use crate::market::{CUSTOM_CHARS, ClientId, Decimal};

/// Sizes outside of this range are taken for mistakes, whatever they count.
const AMOUNT_MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 15);
const AMOUNT_MAX: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);
/// No exchange lends more than a few hundred times the margin.
const LEVERAGE_MAX: u32 = 1000;
const UNIT_MARKS: [(char, Unit); 3] = [('$', Unit::Money), ('@', Unit::Contracts), ('%', Unit::Percent)];
const NUMBER_MISSING: &str = "the number is missing; it stands without a blank";

/// One word of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// Place of its first character in the line, from 1.
    pub(super) column: usize,
}

/// Why a line cannot be read, and where it stands.
#[derive(Debug)]
pub(super) struct Fault {
    field: &'static str,
    column: usize,
    reason: String,
}

/// What one word says by itself.
#[derive(Debug)]
pub(super) enum Meaning<'a> {
    Action(Action),
    Size(Amount),
    Force(Unit),
    Nominal(bool),
    Leverage(Leverage),
    Reduce,
    Limit(Limit),
    Stop(Decimal),
    Target(Decimal),
    Key(&'a str),
    /// No word of the language: the symbol, or a mistake.
    Other,
}

/// What a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Order(Verb),
    Close,
    Cancel(Cancel),
    ChangeLeverage,
}

/// A number and the unit written at it; `None` where only `force_…` or the default tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) number: Decimal,
    pub(super) unit: Option<Unit>,
}

/// The blank-separated words of a line.
pub(super) fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut column = 1;
    for piece in line.split_inclusive(char::is_whitespace) {
        let text = piece.trim_end();
        if !text.is_empty() {
            words.push(Word { text, column });
        }
        column += piece.chars().count();
    }
    words
}

/// The text with stars in place of its tokens.
pub(in super::super) fn blot_tokens(text: &str) -> String {
    let mut blotted = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = Word { text: piece.trim_end(), column: 1 };
        let secret = word.token().unwrap_or("");
        let (shown, behind) = piece.split_at(word.text.len());
        blotted.push_str(shown.strip_suffix(secret).unwrap_or(shown));
        blotted.extend(secret.chars().map(|_| '*'));
        blotted.push_str(behind);
    }
    blotted
}

impl Fault {
    pub(super) fn on_line(self, line: usize) -> AlertError {
        AlertError { field: self.field.to_owned(), line, column: self.column, reason: self.reason }
    }
}

impl<'a> Word<'a> {
    /// The secret of a `token:` word that has one.
    pub(super) fn token(self) -> Option<&'a str> {
        let (head, secret) = self.text.split_once(':')?;
        (head.eq_ignore_ascii_case("token") && !secret.is_empty()).then_some(secret)
    }

    /// An error at this word.
    pub(super) fn wrong(self, field: &'static str, reason: impl Into<String>) -> Fault {
        Fault { field, column: self.column, reason: reason.into() }
    }

    /// The word for an error text. Never the whole of a long one: it may be a token gone astray.
    pub(super) fn echo(self) -> String {
        if self.text.chars().count() <= ECHO_CHARS_MAX {
            return format!("`{}`", self.text.escape_debug());
        }
        let head = self.text.find([':', '=']).and_then(|end| self.text.get(..=end));
        match head.filter(|head| head.chars().count() <= ECHO_CHARS_MAX) {
            Some(head) => format!("`{}…`", head.escape_debug()),
            None => "this word".to_owned(),
        }
    }

    /// Refuses what must not stand in any word of an order.
    pub(super) fn check(self) -> Result<(), Fault> {
        if let Some(at) = self.text.find("{{") {
            return Err(self.wrong("placeholder", unfilled(self.text.get(at..).unwrap_or(""))));
        }
        if self.text.contains(COMMENT) {
            return Err(self.wrong("comment", "a comment is a line of its own and begins in its first column"));
        }
        Ok(())
    }

    /// What the word says by itself.
    pub(super) fn meaning(self) -> Result<Meaning<'a>, Fault> {
        let lower = self.text.to_ascii_lowercase();
        if let Some(meaning) = keyword(&lower) {
            return Ok(meaning);
        }
        let (head, rest) = match lower.find(':') {
            Some(colon) => (lower.get(..colon).unwrap_or(""), self.text.get(colon + 1..)),
            None => (lower.as_str(), None),
        };
        match (head, rest) {
            ("limit", rest) => limit(rest).map(Meaning::Limit).map_err(|reason| self.wrong("limit", reason)),
            ("cancel", rest) => cancel(rest).map(Meaning::Action).map_err(|reason| self.wrong("cancel", reason)),
            ("tp", Some(rest)) => price(rest).map(Meaning::Target).map_err(|reason| self.wrong("tp", reason)),
            ("sl", Some(rest)) => price(rest).map(Meaning::Stop).map_err(|reason| self.wrong("sl", reason)),
            ("id", Some(rest)) => key(rest).map(Meaning::Key).map_err(|reason| self.wrong("id", reason)),
            ("token", Some(_)) => Err(self.wrong("token", "the token is missing behind the colon")),
            _ => match (leverage(&lower), size(self.text)) {
                (Some(leverage), _) => leverage.map(Meaning::Leverage).map_err(|reason| self.wrong("leverage", reason)),
                (None, Some(size)) => size.map(Meaning::Size).map_err(|reason| self.wrong("size", reason)),
                (None, None) => Ok(Meaning::Other),
            },
        }
    }
}

fn keyword(lower: &str) -> Option<Meaning<'static>> {
    Some(match lower {
        "buy" | "long" => Meaning::Action(Action::Order(Verb::Buy)),
        "sell" | "short" => Meaning::Action(Action::Order(Verb::Sell)),
        "position" | "pos" => Meaning::Action(Action::Order(Verb::Position)),
        "close" => Meaning::Action(Action::Close),
        "changeleverage" => Meaning::Action(Action::ChangeLeverage),
        "force_usdt" => Meaning::Force(Unit::Money),
        "force_percent" => Meaning::Force(Unit::Percent),
        "force_basecurrency" => Meaning::Force(Unit::Coins),
        "nominal" | "bclock" => Meaning::Nominal(true),
        "collateral" => Meaning::Nominal(false),
        "reduce" | "reduceonly" => Meaning::Reduce,
        "xmax" => Meaning::Leverage(Leverage::Max),
        _ => return None,
    })
}

/// `text` begins with `{{`.
fn unfilled(text: &str) -> String {
    let name = scan::placeholder(text).map_or("{{…}}", scan::shown);
    match name.starts_with("{{strategy.") {
        true => format!("the placeholder {name} arrived unfilled: it is filled only in an alert that is made from a strategy"),
        false => format!(
            "the placeholder {name} arrived unfilled: TradingView fills those it knows, and only in the message of the alert dialog"
        ),
    }
}

/// What stands behind `limit`, the colon taken off.
fn limit(rest: Option<&str>) -> Result<Limit, String> {
    let parts = rest.and_then(|rest| rest.split_once(':')).filter(|(_, price)| !price.contains(':'));
    let (id, price) = parts.ok_or("a limit is written limit:ID:PRICE, without blanks")?;
    Ok(Limit { id: custom_id(id)?, price: self::price(price)? })
}

fn cancel(rest: Option<&str>) -> Result<Action, String> {
    let id = rest.filter(|id| !id.contains(':')).ok_or("written cancel:ID or cancel:all, without blanks")?;
    Ok(Action::Cancel(if id == "all" { Cancel::All } else { Cancel::One(custom_id(id)?) }))
}

fn custom_id(id: &str) -> Result<String, String> {
    let (min, max) = (CUSTOM_CHARS.start(), CUSTOM_CHARS.end());
    match ClientId::custom(id) {
        Some(id) => Ok(id.as_str().to_owned()),
        None if ClientId::parse(id).is_some() => Err("an order's name must not have the form of perphook's own ids".to_owned()),
        None => Err(format!("an order's name has {min} to {max} visible ASCII characters and no colon")),
    }
}

fn key(key: &str) -> Result<&str, String> {
    let is_visible = |c: char| c.is_ascii_graphic() || c.is_alphanumeric();
    let fits = !key.is_empty() && key.chars().count() <= ALERT_ID_CHARS_MAX && key.chars().all(is_visible);
    fits.then_some(key).ok_or_else(|| format!("a key has 1 to {ALERT_ID_CHARS_MAX} visible characters"))
}

fn price(text: &str) -> Result<Decimal, String> {
    let price = finite(text)?;
    match (PRICE_MIN..=PRICE_MAX).contains(&price) {
        true => Ok(price),
        false => Err(format!("a price lies between {PRICE_MIN} and {PRICE_MAX}")),
    }
}

/// A leverage, if the word has an `x` at an end and a number or nothing beside it.
fn leverage(lower: &str) -> Option<Result<Leverage, String>> {
    let number = lower.trim_matches('x');
    if number.len() == lower.len() {
        return None;
    }
    if number.is_empty() {
        return Some(Err(format!("{NUMBER_MISSING}: x3")));
    }
    (looks_numeric(number) || is_infinite(number)).then(|| finite(number).and_then(factor).map(Leverage::Factor))
}

/// A leverage factor. `x1e2` and `x3.0` are whole numbers too: a number is read alike everywhere.
pub(super) fn factor(number: Decimal) -> Result<u32, String> {
    let whole = u32::try_from(number).ok().filter(|whole| number.fract().is_zero() && (1..=LEVERAGE_MAX).contains(whole));
    whole.ok_or_else(|| format!("a leverage is a whole number from 1 to {LEVERAGE_MAX}, not {number}"))
}

/// A size, if the word has a unit mark at an end, a minus before it, or nothing but a number in it.
fn size(text: &str) -> Option<Result<Amount, String>> {
    let unit = UNIT_MARKS.into_iter().find(|(mark, _)| text.starts_with(*mark) || text.ends_with(*mark));
    if unit.is_none() && !text.starts_with('-') && !looks_numeric(text) && !is_infinite(text) {
        return None;
    }
    let number = match unit {
        Some((mark, _)) => text.trim_matches(mark).to_owned(),
        None if text.starts_with('-') => format!("-{}", text.trim_start_matches('-')),
        None => text.to_owned(),
    };
    Some(amount(&number).map(|number| Amount { number, unit: unit.map(|(_, unit)| unit) }))
}

fn amount(text: &str) -> Result<Decimal, String> {
    if text.is_empty() || text == "-" {
        return Err(format!("{NUMBER_MISSING}: 300$"));
    }
    if text.contains(UNIT_MARKS.map(|(mark, _)| mark)) {
        return Err("one unit stands before or behind the number: $-300, -300$".to_owned());
    }
    let amount = finite(text)?;
    match amount.is_zero() || (AMOUNT_MIN..=AMOUNT_MAX).contains(&amount.abs()) {
        true => Ok(amount),
        false => Err(format!("a size lies between {AMOUNT_MIN} and {AMOUNT_MAX}")),
    }
}

/// The number as its digits say; an underscore may stand between two of them.
fn finite(text: &str) -> Result<Decimal, String> {
    if is_infinite(text) {
        return Err("nan and infinity are no numbers to trade with".to_owned());
    }
    if text.chars().any(|c| c.is_numeric() && !c.is_ascii_digit()) {
        return Err("numbers are written with the digits 0 to 9".to_owned());
    }
    let groups: Vec<&str> = text.split('_').collect();
    let is_digit = |c: char| c.is_ascii_digit();
    let separates = groups.windows(2).all(|pair| matches!(pair, [left, right] if left.ends_with(is_digit) && right.starts_with(is_digit)));
    let digits = if separates { groups.concat() } else { text.to_owned() };
    number::exact(&digits).map_err(str::to_owned)
}

/// What the predecessor's language takes for a number without being one.
fn is_infinite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    ["nan", "inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word))
}

/// Whether a text can only be meant as a number: digits of whatever script, and what stands between digits.
fn looks_numeric(text: &str) -> bool {
    text.chars().any(char::is_numeric) && text.chars().all(|c| c.is_numeric() || "+-.,_eE".contains(c))
}

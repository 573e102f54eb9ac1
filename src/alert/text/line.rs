//! One line: whose it is, which contract, and what is asked.

use super::super::symbol::{SymbolError, SymbolName};
use super::super::{Signal, symbol};
use super::draft::Draft;
use super::word::{Fault, Word};
use super::{Roster, WORDS_MAX};

/// How many names one error text lists.
const NAMES_MAX: usize = 5;
/// How words that are no words of the language begin, and what may have been meant.
const MEANT: [(&str, &str); 9] = [
    ("leverage", "a leverage is written x5 or xmax"),
    ("max", "the highest leverage is written xmax"),
    ("limit", "a limit is written limit:ID:PRICE"),
    ("cancel", "written cancel:ID or cancel:all"),
    ("tp", "a take profit is written tp:PRICE"),
    ("sl", "a stop loss is written sl:PRICE"),
    ("id", "a key is written id:KEY"),
    ("token", "a token is written token:SECRET"),
    ("reduce", "written reduce or reduceonly"),
];

/// The account of a line.
struct Owner<'a> {
    name: &'a str,
    settle: &'a str,
    /// The word that named it; `None` for the default account.
    word: Option<Word<'a>>,
}

/// Reads the words of one line; there is at least one.
pub(super) fn read(words: &[Word<'_>], roster: &Roster) -> Result<Signal, Fault> {
    let Some(first) = words.first() else { return Err(Word { text: "", column: 1 }.wrong("", "empty")) };
    if let Some(surplus) = words.get(WORDS_MAX) {
        return Err(surplus.wrong("", format!("more than {WORDS_MAX} words in one line")));
    }
    words.iter().try_for_each(|word| word.check())?;
    let owner = owner(words, *first, roster)?;
    let mut draft = Draft::default();
    for word in words.iter().filter(|word| Some(word.column) != owner.word.map(|named| named.column)) {
        draft.add(*word)?;
    }
    let symbol = symbol(&draft.others, *first, &owner)?;
    Ok(Signal { account: Some(owner.name.to_owned()), key: draft.key(), symbol, command: draft.command(*first)? })
}

/// The account that a line names, or the default one. The first of several equal words is the account's.
fn owner<'a>(words: &[Word<'a>], first: Word<'_>, roster: &'a Roster) -> Result<Owner<'a>, Fault> {
    let mut named: Option<(Word<'a>, usize)> = None;
    for word in words {
        let lower = word.text.to_lowercase();
        let Some(account) = roster.accounts.iter().position(|(name, _)| name.to_lowercase() == lower) else { continue };
        match &named {
            Some((before, other)) if *other != account => {
                return Err(word.wrong("account", format!("a second account beside {}; a line reaches one", before.echo())));
            }
            Some(_) => {}
            None => named = Some((*word, account)),
        }
    }
    let account = named.map(|(_, account)| account).or(roster.default).and_then(|account| roster.accounts.get(account));
    match account {
        Some((name, settle)) => Ok(Owner { name, settle, word: named.map(|(word, _)| word) }),
        None => {
            let names: Vec<&str> = roster.accounts.iter().map(|(name, _)| name.as_str()).collect();
            Err(first.wrong("account", format!("no account is named; there are: {}", listed(&names))))
        }
    }
}

/// The one word that is no word of the language must be the symbol.
fn symbol(others: &[Word<'_>], first: Word<'_>, owner: &Owner<'_>) -> Result<SymbolName, Fault> {
    let word = match others {
        [] => return Err(first.wrong("symbol", format!("missing; a contract such as ETH{} is needed", owner.settle))),
        [word] => word,
        several => return Err(too_many(several, owner.settle)),
    };
    let name = SymbolName::text(word.text).map_err(|error| match error {
        SymbolError::Character(_) | SymbolError::Empty | SymbolError::TooLong => unknown(&[*word], *word),
        error => word.wrong("symbol", error.to_string()),
    })?;
    // There, the last word that named a contract won; an account may be called like one.
    if let Some(account) = owner.word.filter(|account| account.column > word.column && is_pair(account.text, owner.settle))
        && SymbolName::text(account.text).is_ok_and(|other| other.as_str() != name.as_str())
    {
        let reason = "a second symbol, or the account? An account that is called like a contract is written before the symbol";
        return Err(account.wrong("symbol", reason));
    }
    Ok(name)
}

/// More words than one that are none of the language: which of them is the symbol, if one looks like it?
fn too_many(words: &[Word<'_>], settle: &str) -> Fault {
    let looks = |pairs: bool| {
        let fits = move |word: &&Word<'_>| if pairs { is_pair(word.text, settle) } else { is_native(word.text) };
        words.iter().filter(fits).copied().collect::<Vec<Word<'_>>>()
    };
    let likely = Some(looks(true)).filter(|pairs| !pairs.is_empty()).unwrap_or_else(|| looks(false));
    if let [one, second, ..] = likely.as_slice() {
        return second.wrong("symbol", format!("a second symbol beside {}; a line has one{}", one.echo(), hint(second.text)));
    }
    let chosen = likely.first().map(|word| word.column);
    let strangers: Vec<Word<'_>> = words.iter().filter(|word| Some(word.column) != chosen).copied().collect();
    let place = strangers.first().or(words.first()).copied().unwrap_or(Word { text: "", column: 1 });
    unknown(&strangers, place)
}

fn unknown(words: &[Word<'_>], place: Word<'_>) -> Fault {
    let names: Vec<String> = words.iter().map(|word| word.echo()).collect();
    let hints: String = words.iter().map(|word| hint(word.text)).find(|hint| !hint.is_empty()).unwrap_or_default();
    place.wrong("word", format!("unknown: {}{hints}", listed(&names)))
}

/// What may have been meant, in brackets; empty when nobody knows.
fn hint(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let is_money = lower.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').starts_with("usd");
    let meant = match MEANT.iter().find(|(beginning, _)| lower.starts_with(beginning)) {
        _ if text.ends_with([',', ';']) => "words are separated by blanks alone",
        _ if is_money => "money is written 300$",
        Some((_, meant)) => meant,
        None => return String::new(),
    };
    format!(" ({meant})")
}

/// Up to [`NAMES_MAX`] of them, and how many more there are.
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(AsRef::as_ref).collect();
    match names.len().checked_sub(NAMES_MAX) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ if shown.is_empty() => "none".to_owned(),
        _ => shown.join(", "),
    }
}

/// Whether it looks like a pair of coins: `ETH/…`, `….P`, or with the account's settle coin at the end.
fn is_pair(text: &str, settle: &str) -> bool {
    let upper = text.to_uppercase();
    let pair = upper.strip_suffix(".P").unwrap_or(&upper);
    let ends = pair.len() > settle.len() && pair.ends_with(settle);
    SymbolName::text(text).is_ok() && (ends || pair.len() < upper.len() || pair.contains('/'))
}

/// Whether it looks like an exchange's own name for a contract: `BTC-USDT-SWAP`, `PF_XBTUSD`.
fn is_native(text: &str) -> bool {
    text.contains(symbol::is_separator) && SymbolName::text(text).is_ok()
}

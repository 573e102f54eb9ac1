//! Text alerts, explained line by line, with the facts as they are now.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::facts::{Known, Link, name};
use super::{account_names, account_words, note_paper, order, refused, refused_at, rules_of, say, token_verdict};
use crate::alert::text::{Line, parse};
use crate::alert::{AlertError, Cancel, Command, Signal, Size, SymbolName, Unit, Verb};
use crate::cli::{Connect, Exit};
use crate::config::{Account, Config};
use crate::daemon::roster;
use crate::desk::objection;
use crate::desk::sizes::{self, Leg, Need};
use crate::market::Instrument;

/// What a comment line begins with, in its first column.
const COMMENT: &str = "//";

/// Exchanges that were opened, by account.
type Links = BTreeMap<String, Result<Link, String>>;

pub(super) fn explain(config: &Config, connect: Connect, body: &str, out: &mut dyn Write) -> io::Result<Exit> {
    let text = match parse(body.as_bytes(), &roster(config)) {
        Ok(text) => text,
        Err(error) => return refused_at(out, &error, body),
    };
    say(out, "token", token_verdict(config.token.as_ref(), &text.tokens))?;
    let mut links = Links::new();
    let mut exit = Exit::Done;
    let mut lines = text.lines.iter().peekable();
    for (number, written) in body.split('\n').enumerate().map(|(at, written)| (at + 1, written)) {
        if written.starts_with(COMMENT) {
            say(out, &format!("line {number}"), "a comment, passed over")?;
        } else if let Some(line) = lines.next_if(|line| line.number == number) {
            let sheet = Sheet { config, body, written, number };
            exit = exit.worse(sheet.explain(line, connect, &mut links, out)?);
        }
    }
    match text.lines.as_slice() {
        [] => return refused(out, "the body asks for nothing: it has no line with an order"),
        [_] => {}
        _ => say(out, "note", "each line is explained as things stand now, not as the lines before it leave them")?,
    }
    Ok(exit)
}

/// One line, and where it stands.
struct Sheet<'a> {
    config: &'a Config,
    body: &'a str,
    written: &'a str,
    number: usize,
}

impl Sheet<'_> {
    fn explain(&self, line: &Line, connect: Connect, links: &mut Links, out: &mut dyn Write) -> io::Result<Exit> {
        let signal = match &line.signal {
            Ok(signal) => signal,
            Err(error) => {
                let exit = refused_at(out, error, self.body)?;
                if error.field == "word" {
                    say(out, "", format!("accounts here: {}", account_names(self.config)))?;
                }
                return Ok(exit);
            }
        };
        say(out, &format!("line {}", self.number), signal)?;
        let accounts = &self.config.accounts;
        let Some(account) = accounts.iter().find(|account| Some(&account.name) == signal.account.as_ref()) else {
            return refused(out, "account: no such account is configured");
        };
        let named = self.written.split_whitespace().any(|word| word.to_lowercase() == account.name.to_lowercase());
        say(out, "account", account_words(self.config, account, named))?;
        say(out, "asks", wish(&signal.command, &account.rules.settle_coin))?;
        let link = links.entry(account.name.clone()).or_insert_with(|| Link::open(connect, self.config, account));
        match link {
            Ok(link) => self.against(signal, account, link, out),
            Err(reason) => {
                order::unplanned(&signal.command, account, out)?;
                say(out, "unknown", format!("the contract: the exchange gives no list: {reason}"))?;
                Ok(Exit::Unavailable)
            }
        }
    }

    /// What a line that can be read comes to at the exchange.
    fn against(&self, signal: &Signal, account: &Account, link: &mut Link, out: &mut dyn Write) -> io::Result<Exit> {
        let (list, settle) = (link.list.clone(), &account.rules.settle_coin);
        let found = match signal.command.only_closes() {
            true => signal.symbol.contract(&list, settle),
            false => signal.symbol.resolve(&list, settle),
        };
        let instrument = match found {
            Ok(instrument) => instrument,
            Err(error) => return refused_at(out, &self.at_symbol(&signal.symbol, error.to_string()), self.body),
        };
        say(out, "contract", rules_of(instrument))?;
        if let Some(why) = objection(&signal.command, Some(&link.caps)) {
            return refused(out, format!("limit: {why}"));
        }
        let exit = self.plan(&signal.command, instrument, account, link, out)?;
        if exit != Exit::Usage {
            note_paper(account, out)?;
        }
        Ok(exit)
    }

    fn plan(
        &self,
        command: &Command,
        instrument: &Instrument,
        account: &Account,
        link: &mut Link,
        out: &mut dyn Write,
    ) -> io::Result<Exit> {
        // The desk looks at positions only before it cancels everything.
        let mut known = match command {
            Command::Cancel(Cancel::One(_)) => Known::default(),
            _ => link.read(command, instrument),
        };
        for (label, what) in &known.told {
            say(out, label, what)?;
        }
        let mut exit = Exit::Done;
        for (need, why) in &known.missing {
            say(out, "unknown", format!("{}: {why}", name(*need)))?;
            exit = Exit::Unavailable;
        }
        let may_be_flat = matches!(command, Command::Order(order) if !order.reduce);
        if known.missing.iter().any(|(need, _)| *need != Need::Positions || !may_be_flat) {
            order::unplanned(command, account, out)?;
            return Ok(exit);
        }
        if exit == Exit::Unavailable {
            say(out, "assumed", "there is no position")?;
            known.facts.positions = Some(Vec::new());
        }
        let plan = match sizes::plan(instrument, command, &known.facts) {
            Ok(plan) => plan,
            Err(why) => return refused(out, why),
        };
        if let (true, Some(why)) = (plan.legs.iter().any(Leg::opens), link.mode.as_ref().ok().and_then(|mode| mode.restricted.as_ref())) {
            return refused(out, format!("the account may not open positions: {why}"));
        }
        let by = self.config.rules.trigger_by;
        order::Sheet { command, instrument, plan: &plan, known: &known, rules: &account.rules, by }.show(out).map(|shown| exit.worse(shown))
    }

    /// An error at the word that names the contract.
    fn at_symbol(&self, symbol: &SymbolName, reason: String) -> AlertError {
        let mut column = 1;
        for piece in self.written.split_inclusive(char::is_whitespace) {
            if SymbolName::text(piece).is_ok_and(|name| name == *symbol) {
                return AlertError { field: "symbol".to_owned(), line: self.number, column, reason };
            }
            column += piece.chars().count();
        }
        AlertError { field: "symbol".to_owned(), line: 0, column: 0, reason }
    }
}

/// What a line wants, before anything is asked.
fn wish(command: &Command, settle: &str) -> String {
    match command {
        Command::Order(order) => {
            let size = size_words(order.size, settle);
            let only = if order.reduce { ", but never to build a position up" } else { "" };
            match order.verb {
                Verb::Buy => format!("buy {size}{only}"),
                Verb::Sell => format!("sell {size}{only}"),
                Verb::Position if order.size.amount.is_sign_negative() => format!("make the position SHORT, {size}{only}"),
                Verb::Position => format!("make the position LONG, {size}{only}"),
            }
        }
        Command::Close { percent: None } => "close the whole position".to_owned(),
        Command::Close { percent: Some(percent) } => format!("close {} % of the position", percent.normalize()),
        Command::Cancel(Cancel::All) => "cancel every resting order of the contract".to_owned(),
        Command::Cancel(Cancel::One(id)) => format!("cancel the order named {id}"),
        Command::ChangeLeverage(leverage) => format!("change the leverage of the position to {leverage}"),
        Command::Enter(_) | Command::Exit { .. } => "what only a JSON alert can ask".to_owned(),
    }
}

fn size_words(size: Size, settle: &str) -> String {
    let amount = size.amount.abs().normalize();
    match (size.unit, size.nominal) {
        (Unit::Coins, true) => format!("{amount} of the coin"),
        (Unit::Coins, false) => format!("{amount} of the coin × leverage"),
        (Unit::Money, true) => format!("for {amount} {settle}"),
        (Unit::Money, false) => format!("for {amount} {settle} × leverage"),
        (Unit::Percent, _) => format!("for {amount} % of the balance × leverage"),
        (Unit::Contracts, _) => format!("{amount} contracts"),
    }
}

#[cfg(test)]
mod tests;

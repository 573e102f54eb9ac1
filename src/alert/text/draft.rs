//! What the words of one line say together: each thing at most once, and nothing that contradicts or does not belong.

use super::super::{Command, Leverage, Limit, Order, Size, Unit, Verb};
use super::word::{Action, Amount, Fault, Meaning, Word, factor};
use crate::market::{Decimal, Side};

const PERCENT_ALL: Decimal = Decimal::ONE_HUNDRED;

/// Something said, and the word that said it.
#[derive(Debug)]
struct Given<'a, T> {
    word: Word<'a>,
    value: T,
}

/// The words of a line, sorted by what they say.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    action: Option<Given<'a, Action>>,
    size: Option<Given<'a, Amount>>,
    force: Option<Given<'a, Unit>>,
    nominal: Option<Given<'a, bool>>,
    leverage: Option<Given<'a, Leverage>>,
    reduce: Option<Given<'a, ()>>,
    limit: Option<Given<'a, Limit>>,
    stop: Option<Given<'a, Decimal>>,
    target: Option<Given<'a, Decimal>>,
    key: Option<Given<'a, &'a str>>,
    /// Words that say nothing by themselves.
    pub(super) others: Vec<Word<'a>>,
}

impl<'a> Draft<'a> {
    /// Takes one word more.
    pub(super) fn add(&mut self, word: Word<'a>) -> Result<(), Fault> {
        match word.meaning()? {
            Meaning::Action(action) => put(&mut self.action, word, action, "command"),
            Meaning::Size(amount) => put(&mut self.size, word, amount, "size"),
            Meaning::Force(unit) => put(&mut self.force, word, unit, "unit"),
            Meaning::Nominal(nominal) => put(&mut self.nominal, word, nominal, "nominal"),
            Meaning::Leverage(leverage) => put(&mut self.leverage, word, leverage, "leverage"),
            Meaning::Reduce => put(&mut self.reduce, word, (), "reduce"),
            Meaning::Limit(limit) => put(&mut self.limit, word, limit, "limit"),
            Meaning::Stop(price) => put(&mut self.stop, word, price, "sl"),
            Meaning::Target(price) => put(&mut self.target, word, price, "tp"),
            Meaning::Key(key) => put(&mut self.key, word, key, "id"),
            Meaning::Other => {
                self.others.push(word);
                Ok(())
            }
        }
    }

    /// What `id:` said.
    pub(super) fn key(&self) -> Option<String> {
        self.key.as_ref().map(|key| key.value.to_owned())
    }

    /// What is asked. `first` is the line's first word.
    pub(super) fn command(mut self, first: Word<'_>) -> Result<Command, Fault> {
        let Some(action) = self.action.take() else {
            return Err(first.wrong("command", "missing; buy, sell, position, close, changeleverage or cancel:ID is needed"));
        };
        match action.value {
            Action::Order(verb) => self.order(verb, action.word),
            Action::Close => self.close(),
            Action::ChangeLeverage => self.change_leverage(action.word).map(Command::ChangeLeverage),
            Action::Cancel(cancel) => {
                let extra = [at(&self.size), at(&self.force), at(&self.nominal), at(&self.reduce), at(&self.limit)];
                refuse(&extra, "does not belong to a cancel")?;
                refuse(&[at(&self.stop), at(&self.target)], "does not belong to a cancel")?;
                Ok(Command::Cancel(cancel))
            }
        }
    }

    fn order(self, verb: Verb, verb_word: Word<'_>) -> Result<Command, Fault> {
        let Some(size) = &self.size else {
            let missing = verb_word.wrong("size", "missing; such as 0.5 (coins), 300$, 10% or 5@ (contracts)");
            return Err(missing);
        };
        let (unit, amount) = (self.unit(size)?, size.value.number);
        if verb == Verb::Position {
            refuse(&[at(&self.limit)], "goes with buy and sell only")?;
            if amount.is_zero() {
                refuse(&[at(&self.stop), at(&self.target)], "protects no position of zero")?;
                return Ok(Command::Close { percent: None });
            }
        }
        if amount.is_zero() {
            return Err(size.word.wrong("size", "zero; nothing would be traded"));
        }
        if verb == Verb::Buy && amount.is_sign_negative() {
            return Err(size.word.wrong("size", "a buy of a negative size; write sell, or position for a signed target"));
        }
        if self.reduce.is_some() {
            refuse(&[at(&self.stop), at(&self.target)], "protects nothing: an order with reduce builds no position")?;
        }
        let short = verb == Verb::Sell || amount.is_sign_negative();
        self.check_prices(if short { Side::Short } else { Side::Long })?;
        let nominal = match unit {
            Unit::Coins => self.nominal.is_none_or(|nominal| nominal.value),
            Unit::Money => self.nominal.is_some_and(|nominal| nominal.value),
            Unit::Percent => false,
            Unit::Contracts => true,
        };
        let amount = if verb == Verb::Sell { amount.abs() } else { amount };
        Ok(Command::Order(Order {
            verb,
            size: Size { amount, unit, nominal },
            leverage: self.leverage.map(|leverage| leverage.value),
            reduce: self.reduce.is_some(),
            limit: self.limit.map(|limit| limit.value),
            stop: self.stop.map(|stop| stop.value),
            target: self.target.map(|target| target.value),
        }))
    }

    /// Long: stop < limit < target; short the other way round; absent ones are skipped.
    fn check_prices(&self, side: Side) -> Result<(), Fault> {
        let stop = self.stop.as_ref().map(|stop| (stop.word, "sl", stop.value));
        let limit = self.limit.as_ref().map(|limit| (limit.word, "limit", limit.value.price));
        let target = self.target.as_ref().map(|target| (target.word, "tp", target.value));
        let ladder: Vec<_> = [stop, limit, target].into_iter().flatten().collect();
        for pair in ladder.windows(2) {
            if let [(worse_word, worse, low), (better_word, better, high)] = pair
                && !side.is_worse(*low, *high)
            {
                let culprit = if *better == "tp" { better_word } else { worse_word };
                let sign = if side == Side::Long { "below" } else { "above" };
                let reason = format!("a {side} needs {worse} {sign} {better}, but they are {low} and {high}");
                return Err(culprit.wrong(if *better == "tp" { "tp" } else { "sl" }, reason));
            }
        }
        Ok(())
    }

    fn close(self) -> Result<Command, Fault> {
        refuse(&[at(&self.limit), at(&self.stop), at(&self.target)], "does not belong to a close")?;
        let Some(size) = &self.size else {
            refuse(&[at(&self.force)], "has no number to tell the unit of")?;
            return Ok(Command::Close { percent: None });
        };
        if self.unit(size)? != Unit::Percent {
            return Err(size.word.wrong("size", "a part to close is a percentage such as 50%; close alone closes all"));
        }
        let percent = size.value.number.abs().min(PERCENT_ALL);
        if percent.is_zero() {
            return Err(size.word.wrong("size", "zero percent; nothing would be closed"));
        }
        Ok(Command::Close { percent: Some(percent) })
    }

    fn change_leverage(self, word: Word<'_>) -> Result<Leverage, Fault> {
        let extra = [at(&self.force), at(&self.nominal), at(&self.reduce), at(&self.limit), at(&self.stop), at(&self.target)];
        refuse(&extra, "does not belong to changeleverage")?;
        match (self.leverage, self.size) {
            (Some(_), Some(size)) => Err(size.word.wrong("leverage", "a second leverage; a line has one")),
            (Some(leverage), None) => Ok(leverage.value),
            (None, Some(Given { word, value: Amount { number, unit: None } })) => {
                factor(number).map(Leverage::Factor).map_err(|reason| word.wrong("leverage", reason))
            }
            (None, Some(size)) => Err(size.word.wrong("leverage", "a leverage has no unit: x5 or 5")),
            (None, None) => Err(word.wrong("leverage", "missing; such as x5 or xmax")),
        }
    }

    /// What the size counts. `force_…` tells for a bare number, and must not contradict a unit that is written.
    fn unit(&self, size: &Given<'_, Amount>) -> Result<Unit, Fault> {
        match (size.value.unit, &self.force) {
            (Some(unit), Some(force)) if unit != force.value => {
                Err(force.word.wrong("unit", format!("contradicts the unit of {}", size.word.echo())))
            }
            (Some(unit), _) => Ok(unit),
            (None, Some(force)) => Ok(force.value),
            (None, None) => Ok(Unit::Coins),
        }
    }
}

fn put<'a, T>(slot: &mut Option<Given<'a, T>>, word: Word<'a>, value: T, what: &'static str) -> Result<(), Fault> {
    if let Some(first) = slot {
        return Err(word.wrong(what, format!("a second {what} beside {}; a line has one", first.word.echo())));
    }
    *slot = Some(Given { word, value });
    Ok(())
}

fn at<'a, T>(slot: &Option<Given<'a, T>>) -> Option<Word<'a>> {
    slot.as_ref().map(|given| given.word)
}

/// Refuses the first of the words that is there.
fn refuse(words: &[Option<Word<'_>>], why: &str) -> Result<(), Fault> {
    match words.iter().flatten().min_by_key(|word| word.column) {
        Some(word) => Err(word.wrong("word", format!("{} {why}", word.echo()))),
        None => Ok(()),
    }
}

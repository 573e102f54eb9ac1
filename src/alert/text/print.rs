//! Signals in the words of the text language, in one spelling: what is printed reads back as the same signal. Where another
//! account is called like a word in it (`x10`, which the configuration warns of), it is refused and never read differently.
//!
//! The JSON language's ENTRY and EXIT have no words there; they are printed for people only.

use std::fmt;

use super::super::{Cancel, Command, Enter, Leverage, Limit, Order, Signal, Size, Unit, Verb};

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(account) = &self.account {
            write!(f, "{account} ")?;
        }
        write!(f, "{} {}", self.symbol, self.command)?;
        match &self.key {
            Some(key) => write!(f, " id:{key}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Enter(enter) => enter.fmt(f),
            Command::Exit { side } => write!(f, "EXIT {side}"),
            Command::Order(order) => order.fmt(f),
            Command::Close { percent: None } => f.write_str("close"),
            Command::Close { percent: Some(percent) } => write!(f, "close {percent}%"),
            Command::Cancel(cancel) => cancel.fmt(f),
            Command::ChangeLeverage(leverage) => write!(f, "changeleverage {leverage}"),
        }
    }
}

impl fmt::Display for Enter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.second_only { " second_entry" } else { "" };
        write!(f, "ENTRY{part} {} {}", self.side, self.entry)?;
        let prices = [("second", self.second), ("sl", self.stop), ("tp", self.target)];
        prices.iter().filter_map(|(name, price)| Some((name, (*price)?))).try_for_each(|(name, price)| write!(f, " {name}:{price}"))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            Verb::Buy => "buy",
            Verb::Sell => "sell",
            Verb::Position => "position",
        };
        write!(f, "{verb} {}", self.size)?;
        if let Some(leverage) = self.leverage {
            write!(f, " {leverage}")?;
        }
        if self.reduce {
            f.write_str(" reduce")?;
        }
        if let Some(limit) = &self.limit {
            write!(f, " {limit}")?;
        }
        if let Some(stop) = self.stop {
            write!(f, " sl:{stop}")?;
        }
        match self.target {
            Some(target) => write!(f, " tp:{target}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.amount;
        match (self.unit, self.nominal) {
            (Unit::Coins, true) => write!(f, "{amount}"),
            (Unit::Coins, false) => write!(f, "{amount} collateral"),
            (Unit::Money, true) => write!(f, "{amount}$ nominal"),
            (Unit::Money, false) => write!(f, "{amount}$"),
            (Unit::Percent, _) => write!(f, "{amount}%"),
            (Unit::Contracts, _) => write!(f, "{amount}@"),
        }
    }
}

impl fmt::Display for Leverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Leverage::Factor(factor) => write!(f, "x{factor}"),
            Leverage::Max => f.write_str("xmax"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit:{}:{}", self.id, self.price)
    }
}

impl fmt::Display for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cancel::All => f.write_str("cancel:all"),
            Cancel::One(id) => write!(f, "cancel:{id}"),
        }
    }
}

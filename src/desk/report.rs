//! What an account holds, asked fresh for the sender of `GET /whook`.

use std::sync::Arc;

use super::Effect;
use super::account::Account;
use super::step::Outbox;
use crate::exchange::{Reply, Result};
use crate::market::{Balance, Decimal, Position};

/// Reports that one account has under way at most.
const REPORTS_MAX: usize = 8;

/// One of the questions a report is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportPart {
    Positions,
    Balance,
}

/// A report in the making.
#[derive(Debug)]
pub(super) struct ReportWork {
    ask: u64,
    positions: Option<Vec<Position>>,
    balance: Option<Balance>,
}

impl ReportWork {
    /// The next question.
    pub(super) fn next(&self) -> Option<(u64, ReportPart)> {
        match (&self.positions, &self.balance) {
            (None, _) => Some((self.ask, ReportPart::Positions)),
            (Some(_), None) => Some((self.ask, ReportPart::Balance)),
            (Some(_), Some(_)) => None,
        }
    }
}

/// Begins a report. Of those that nobody can wait for any more the oldest is forgotten.
pub(super) fn begin(account: &mut Account, ask: u64) {
    if account.reports.len() >= REPORTS_MAX {
        account.reports.remove(0);
    }
    account.reports.push(ReportWork { ask, positions: None, balance: None });
}

/// Takes in an answer; the last one, or the first failure, makes the report.
pub(super) fn absorb(account: &mut Account, ask: u64, part: ReportPart, result: &Result<Reply>, outbox: &mut Outbox<'_>) {
    let Some(at) = account.reports.iter().position(|work| work.ask == ask) else { return };
    let mut work = account.reports.remove(at);
    let trouble = match (part, result) {
        (ReportPart::Positions, Ok(Reply::Positions(rows))) => {
            work.positions = Some(rows.clone());
            account.reports.push(work);
            return;
        }
        (ReportPart::Balance, Ok(Reply::Balance(balance))) => {
            work.balance = Some(balance.clone());
            None
        }
        (_, Err(error)) => Some(error.to_string()),
        (_, Ok(_)) => Some("the exchange answered something else".to_owned()),
    };
    let list = account.instruments.clone().unwrap_or_default();
    let held = |position: Position| {
        let instrument = list.get(position.symbol.as_str())?;
        let (base, settle, contract_size) = (instrument.base.clone(), instrument.settle.clone(), instrument.contract_size);
        (position.qty > Decimal::ZERO).then_some(HeldPosition { base, settle, contract_size, position })
    };
    let positions = work.positions.unwrap_or_default().into_iter().filter_map(held).collect();
    let report = AccountReport { account: account.setup.name.clone(), hedge: account.hedge, balance: work.balance, positions, trouble };
    outbox.out.push(Effect::Report { ask, report });
}

/// One account's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountReport {
    /// The account's name.
    pub account: String,
    /// Long and short are held side by side.
    pub hedge: bool,
    /// What it has in its settle coin; `None`: the exchange did not say.
    pub balance: Option<Balance>,
    /// What it holds.
    pub positions: Vec<HeldPosition>,
    /// Why something is missing, if something is.
    pub trouble: Option<String>,
}

/// A position with what its contract is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPosition {
    /// Base coin.
    pub base: Arc<str>,
    /// Settle coin.
    pub settle: Arc<str>,
    /// Base coin in one contract.
    pub contract_size: Decimal,
    /// The position.
    pub position: Position,
}

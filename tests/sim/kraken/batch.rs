//! Several orders in one request, each judged on its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::json::join;
use super::super::params::{Params, text_of};
use super::ask::Ask;
use super::fail::{Fail, Form};
use super::plain::{self, Done};

/// How many one request may send and cancel. What the real one takes no source says; a careful client stays within this.
const SENDS_MAX: usize = 10;
const CANCELS_MAX: usize = 50;

/// The elements of a batch.
fn elements(params: &Params) -> Result<Vec<Value>, Fail> {
    let text = params.some("json").ok_or_else(|| Fail::missing("json"))?;
    let body: Value = serde_json::from_str(text).map_err(|_| Fail::error("Json Parse Error"))?;
    let list = body.get("batchOrder").and_then(Value::as_array).cloned();
    list.filter(|list| !list.is_empty()).ok_or_else(|| Fail::argument("batchOrder"))
}

/// Whether a batch only cancels.
pub fn only_cancels(params: &Params) -> bool {
    elements(params).is_ok_and(|list| list.iter().all(|element| element["order"] == "cancel"))
}

/// How many elements a batch has.
pub fn count(params: &Params) -> u32 {
    elements(params).map_or(0, |list| u32::try_from(list.len()).unwrap_or(u32::MAX))
}

/// `POST /batchorder`. Answers come in another order than the elements: they are told apart by tag and id.
pub fn orders(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let list = elements(ask.params)?;
    let count = |kind: &str| list.iter().filter(|element| element["order"] == kind).count();
    if count("send") > SENDS_MAX || count("cancel") > CANCELS_MAX {
        return Err(Fail::argument("batchOrder"));
    }
    let mut tags = BTreeSet::new();
    let tag_of = |element: &Value| element.get("order_tag").map(text_of);
    if list.iter().filter_map(tag_of).any(|tag| !tags.insert(tag)) {
        return Err(Fail::argument("order_tag"));
    }
    let late = ask.check_time().err();
    let mut rows = Vec::with_capacity(list.len());
    for (index, element) in list.iter().enumerate() {
        let result = match (ask.floor.refused_element(index), &late) {
            (Some(refusal), _) => Err(Fail::of(&refusal)),
            (None, Some(late)) => Err(late.clone()),
            (None, None) => each(ask, element, tag_of(element).is_some()),
        };
        rows.push(row(ask, tag_of(element), result));
    }
    rows.reverse();
    Ok(json!({"batchStatus": rows}))
}

fn each(ask: &mut Ask<'_>, element: &Value, has_tag: bool) -> Result<Done, Fail> {
    let params = Params::of(element);
    let mut one = Ask { floor: ask.floor, desk: ask.desk, params: &params, last: "", now: ask.now };
    match params.some("order") {
        Some("send") if !has_tag => Err(Fail::missing("order_tag")),
        Some("send") if params.some("orderType") == Some("mkt") => Err(Fail::status("invalidOrderType")),
        Some("send") => plain::send(&mut one),
        Some("cancel") => plain::cancel(&mut one),
        _ => Err(Fail::not_simulated("edits")),
    }
}

/// The row of an element; that of a refused one says no more than its word.
fn row(ask: &mut Ask<'_>, tag: Option<String>, result: Result<Done, Fail>) -> Value {
    let row = match result {
        Ok(done) => {
            // That of a cancel that found nothing has the id that was sent.
            let at = ask.time();
            json!({"status": done.status, "order_id": done.id, "cliOrdId": done.name, "dateTimeReceived": at, "orderEvents": done.events})
        }
        Err(fail) => {
            ask.floor.note_code(fail.code());
            let word = fail.word.split(':').next().unwrap_or_default();
            let events = if let Form::Status { events, .. } = &fail.form { events.clone() } else { Vec::new() };
            json!({"status": word, "orderEvents": events})
        }
    };
    if let Some(tag) = tag { join(row, json!({"order_tag": tag})) } else { row }
}

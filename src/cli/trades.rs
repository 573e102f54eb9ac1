//! How trades are shown: an aligned table, CSV (RFC 4180), JSON. Plain rows in, text out; nothing is calculated but sums.

use std::io::{self, Write};

use serde::Serialize;

use super::table::{Align, table};
use crate::market::{Decimal, Millis, Side};
use crate::time::utc_text;

/// One closed trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TradeRow {
    /// Number of the trade.
    pub id: u64,
    /// Account.
    pub account: String,
    /// Contract.
    pub symbol: String,
    /// Long or short.
    pub side: Side,
    /// When its first alert came.
    #[serde(serialize_with = "as_utc")]
    pub opened_at: Millis,
    /// When it was proven flat.
    #[serde(serialize_with = "as_utc")]
    pub closed_at: Millis,
    /// Quantity that was filled, base coin; zero for a trade that never filled.
    pub qty: Decimal,
    /// Average entry price; `None` when nothing filled.
    pub entry_price: Option<Decimal>,
    /// Average exit price; `None` when nothing filled or it is not known.
    pub exit_price: Option<Decimal>,
    /// Realised profit before fees, settle coin; `None` when it is not known.
    pub profit: Option<Decimal>,
    /// Fees paid, settle coin.
    pub fees: Decimal,
    /// Longest time with a position and without a resting stop.
    pub naked_ms: Millis,
    /// How it ended, in a word or two.
    pub ending: String,
    /// Number of the alert that began it.
    pub alert: u64,
}

/// One trade, or one text order at work, that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenRow {
    /// Number of the trade, or of the text alert.
    pub id: u64,
    /// Account.
    pub account: String,
    /// Contract.
    pub symbol: String,
    /// Long or short; `None`: not decided.
    pub side: Option<Side>,
    /// Where it stands, in a word or two; of a text order: what it asks.
    pub state: String,
    /// When its first alert came.
    #[serde(serialize_with = "as_utc")]
    pub opened_at: Millis,
    /// Quantity held, of a text order executed, base coin; `None`: not written down.
    pub qty: Option<Decimal>,
    /// Average entry price; `None` when nothing filled.
    pub entry_price: Option<Decimal>,
    /// Trigger of the resting stop; `None`: none rests.
    pub stop: Option<Decimal>,
    /// Trigger of the resting target; `None`: none rests.
    pub target: Option<Decimal>,
    /// Number of the alert that began it.
    pub alert: u64,
}

/// How to show trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For eyes.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// What all trades come to. Profit and fees of different settle coins are counted as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Sum {
    trades: usize,
    profit: Decimal,
    fees: Decimal,
    net: Decimal,
    /// Trades whose profit is not known and not in the sum.
    unknown: usize,
    naked_ms_max: Millis,
}

fn as_utc<S: serde::Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&zoned(*at))
}

fn zoned(at: Millis) -> String {
    utc_text(at) + "Z"
}

fn sum(rows: &[TradeRow]) -> Sum {
    let add = |sum: Decimal, value: Decimal| sum.saturating_add(value);
    let profit = rows.iter().filter_map(|row| row.profit).fold(Decimal::ZERO, add);
    let fees = rows.iter().map(|row| row.fees).fold(Decimal::ZERO, add);
    Sum {
        trades: rows.len(),
        profit,
        fees,
        net: profit.saturating_sub(fees),
        unknown: rows.iter().filter(|row| row.profit.is_none()).count(),
        naked_ms_max: rows.iter().map(|row| row.naked_ms).max().unwrap_or(0),
    }
}

/// Shows closed trades, in the order given. The table and JSON end with sums; CSV is rows only.
pub fn print_trades(rows: &[TradeRow], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => print_table(rows, out),
        Format::Csv => print_csv(rows, out),
        Format::Json => {
            #[derive(Serialize)]
            struct Report<'a> {
                trades: &'a [TradeRow],
                sum: Sum,
            }
            serde_json::to_writer_pretty(&mut *out, &Report { trades: rows, sum: sum(rows) })?;
            writeln!(out)
        }
    }
}

const COLUMNS: [(&str, Align); 14] = [
    ("id", Align::Right),
    ("account", Align::Left),
    ("symbol", Align::Left),
    ("side", Align::Left),
    ("opened_at", Align::Left),
    ("closed_at", Align::Left),
    ("qty", Align::Right),
    ("entry_price", Align::Right),
    ("exit_price", Align::Right),
    ("profit", Align::Right),
    ("fees", Align::Right),
    ("naked_ms", Align::Right),
    ("ending", Align::Left),
    ("alert", Align::Right),
];

fn cells(row: &TradeRow, unknown: &str) -> Vec<String> {
    vec![
        row.id.to_string(),
        row.account.clone(),
        row.symbol.clone(),
        row.side.to_string(),
        zoned(row.opened_at),
        zoned(row.closed_at),
        row.qty.normalize().to_string(),
        or(row.entry_price, unknown),
        or(row.exit_price, unknown),
        or(row.profit, unknown),
        row.fees.normalize().to_string(),
        row.naked_ms.to_string(),
        row.ending.clone(),
        row.alert.to_string(),
    ]
}

fn or(number: Option<Decimal>, unknown: &str) -> String {
    number.map_or_else(|| unknown.to_owned(), |number| number.normalize().to_string())
}

fn print_table(rows: &[TradeRow], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "no closed trade yet");
    }
    out.write_all(table(&COLUMNS, &rows.iter().map(|row| cells(row, "-")).collect::<Vec<_>>()).as_bytes())?;
    let sum = sum(rows);
    let plain = |number: Decimal| number.normalize();
    writeln!(out, "{} trades: profit {}, fees {}, net {}", sum.trades, plain(sum.profit), plain(sum.fees), plain(sum.net))?;
    if sum.unknown > 0 {
        writeln!(out, "{} of them with a profit that is not known and not in the sum", sum.unknown)?;
    }
    writeln!(out, "longest time without a stop: {} ms", sum.naked_ms_max)
}

fn print_csv(rows: &[TradeRow], out: &mut dyn Write) -> io::Result<()> {
    let mut line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
        write!(out, "{}\r\n", cells.join(","))
    };
    line(&COLUMNS.map(|(name, _)| name.to_owned()))?;
    rows.iter().try_for_each(|row| line(&cells(row, "")))
}

/// RFC 4180: a cell with a comma, quote or line break stands in quotes, its own quotes doubled.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// Shows the trades and text orders that are not over.
pub fn print_status(rows: &[OpenRow], out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "no open trade");
    }
    let columns = [
        ("id", Align::Right),
        ("account", Align::Left),
        ("symbol", Align::Left),
        ("side", Align::Left),
        ("state", Align::Left),
        ("opened_at", Align::Left),
        ("qty", Align::Right),
        ("entry_price", Align::Right),
        ("stop", Align::Right),
        ("target", Align::Right),
        ("alert", Align::Right),
    ];
    let cells = |row: &OpenRow| {
        vec![
            row.id.to_string(),
            row.account.clone(),
            row.symbol.clone(),
            row.side.map_or("-", Side::as_str).to_owned(),
            row.state.clone(),
            zoned(row.opened_at),
            or(row.qty, "-"),
            or(row.entry_price, "-"),
            or(row.stop, "-"),
            or(row.target, "-"),
            row.alert.to_string(),
        ]
    };
    out.write_all(table(&columns, &rows.iter().map(cells).collect::<Vec<_>>()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn rows() -> Vec<TradeRow> {
        let first = TradeRow {
            id: 1,
            account: "binance".to_owned(),
            symbol: "ETHUSDT".to_owned(),
            side: Side::Long,
            opened_at: 1_795_222_554_728,
            closed_at: 1_795_222_654_000,
            qty: dec("0.134"),
            entry_price: Some(dec("2977.10")),
            exit_price: Some(dec("3084.22")),
            profit: Some(dec("14.35")),
            fees: dec("0.32"),
            naked_ms: 412,
            ending: "target".to_owned(),
            alert: 17,
        };
        let second = TradeRow {
            id: 12,
            account: "a,\"b\"".to_owned(),
            side: Side::Short,
            entry_price: None,
            exit_price: None,
            profit: None,
            fees: Decimal::ZERO,
            qty: Decimal::ZERO,
            naked_ms: 0,
            ending: "never filled".to_owned(),
            alert: 123,
            ..first.clone()
        };
        vec![first, second]
    }

    fn shown(rows: &[TradeRow], format: Format) -> String {
        let mut out = Vec::new();
        print_trades(rows, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_is_aligned_and_summed_up() {
        let text = shown(&rows(), Format::Table);
        assert_eq!(
            text,
            "\
id  account  symbol   side   opened_at                 closed_at                   qty  entry_price  exit_price  profit  fees  naked_ms  ending        alert
 1  binance  ETHUSDT  LONG   2026-11-21T00:55:54.728Z  2026-11-21T00:57:34.000Z  0.134       2977.1     3084.22   14.35  0.32       412  target           17
12  a,\"b\"    ETHUSDT  SHORT  2026-11-21T00:55:54.728Z  2026-11-21T00:57:34.000Z      0            -           -       -     0         0  never filled    123
2 trades: profit 14.35, fees 0.32, net 14.03
1 of them with a profit that is not known and not in the sum
longest time without a stop: 412 ms
"
        );
        assert_eq!(shown(&[], Format::Table), "no closed trade yet\n");
    }

    #[test]
    fn csv_follows_rfc_4180() {
        let text = shown(&rows(), Format::Csv);
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(lines[0], "id,account,symbol,side,opened_at,closed_at,qty,entry_price,exit_price,profit,fees,naked_ms,ending,alert");
        assert_eq!(
            lines[1],
            "1,binance,ETHUSDT,LONG,2026-11-21T00:55:54.728Z,2026-11-21T00:57:34.000Z,0.134,2977.1,3084.22,14.35,0.32,412,target,17"
        );
        assert!(lines[2].starts_with("12,\"a,\"\"b\"\"\",ETHUSDT,SHORT,") && lines[2].contains(",0,,,,0,0,never filled,123"));
        assert_eq!(lines[3..], [""]);
    }

    #[test]
    fn json_carries_the_sum() {
        let report: serde_json::Value = serde_json::from_str(&shown(&rows(), Format::Json)).unwrap();
        assert_eq!(report["trades"][0]["opened_at"], "2026-11-21T00:55:54.728Z");
        assert_eq!(report["trades"][1]["profit"], serde_json::Value::Null);
        let sum = serde_json::json!({"trades": 2, "profit": "14.35", "fees": "0.32", "net": "14.03", "unknown": 1, "naked_ms_max": 412});
        assert_eq!(report["sum"], sum);
    }

    #[test]
    fn status_lists_what_is_open() {
        let row = OpenRow {
            id: 3,
            account: "paper".to_owned(),
            symbol: "BTCUSDT".to_owned(),
            side: Some(Side::Short),
            state: "open".to_owned(),
            opened_at: 0,
            qty: Some(dec("0.0020")),
            entry_price: Some(dec("97000")),
            stop: None,
            target: Some(dec("96000")),
            alert: 9,
        };
        let undecided = OpenRow { id: 12, side: None, state: "order: close 50%".to_owned(), qty: None, ..row.clone() };
        let mut out = Vec::new();
        print_status(&[row, undecided], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows = "\
id  account  symbol   side   state             opened_at                   qty  entry_price  stop  target  alert
 3  paper    BTCUSDT  SHORT  open              1970-01-01T00:00:00.000Z  0.002        97000     -   96000      9
12  paper    BTCUSDT  -      order: close 50%  1970-01-01T00:00:00.000Z      -        97000     -   96000      9
";
        assert_eq!(text, rows);
    }
}

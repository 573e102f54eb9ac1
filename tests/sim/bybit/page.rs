//! Lists by the page: `limit` and `cursor`.

use super::super::params::{Params, decode};

/// Where a row stands in its list; lists begin with the greatest.
pub type Place = (u64, u64);

/// The page that is asked for, of rows that stand in order, and the cursor of the next; empty after the last.
pub fn cut<T>(params: &Params, rows: Vec<(Place, T)>, default: usize, max: usize) -> (Vec<T>, String) {
    let limit = params.read::<usize>("limit").unwrap_or(default).clamp(1, max);
    let after = params.some("cursor").and_then(read);
    let mut rest = rows.into_iter().filter(|(place, _)| after.is_none_or(|after| *place < after));
    let page: Vec<(Place, T)> = rest.by_ref().take(limit).collect();
    let next = page.last().filter(|_| rest.next().is_some()).map(|((high, low), _)| format!("page_token%3D{high}.{low}%26"));
    (page.into_iter().map(|(_, row)| row).collect(), next.unwrap_or_default())
}

/// Cursors hold signs that a query must encode. Whoever sends one back as it is has it decoded once on the way; whoever
/// encodes it, not at all. Both are understood.
fn read(cursor: &str) -> Option<Place> {
    let text = decode(cursor);
    let (high, low) = text.strip_prefix("page_token=")?.strip_suffix('&')?.split_once('.')?;
    Some((high.parse().ok()?, low.parse().ok()?))
}

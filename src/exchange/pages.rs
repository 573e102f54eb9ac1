//! Lists that come in pages: read to their end, or as far as is reasonable.

use super::attempt::Attempt;
use super::error::{ExchangeError, Reason, Result};
use crate::market::Symbol;

/// The rows of a list.
pub(crate) struct Pages<T> {
    pub(crate) rows: Vec<T>,
    /// Whether these are all of them.
    pub(crate) all: bool,
    /// The one that was answered with the last page.
    pub(crate) attempt: Attempt,
}

/// Reads page after page, at most so many. `read` is told what the page before named as the next one, by whatever the
/// exchange goes by; what it names itself is read next, and nothing after the last.
pub(crate) fn pages<T, C>(max: usize, mut read: impl FnMut(Option<C>) -> Result<(Vec<T>, Option<C>, Attempt)>) -> Result<Pages<T>> {
    let (mut rows, mut count, mut next) = (Vec::new(), 0, None);
    loop {
        let (page, after, attempt) = read(next)?;
        rows.extend(page);
        count += 1;
        if after.is_none() || count >= max {
            return Ok(Pages { rows, all: after.is_none(), attempt });
        }
        next = after;
    }
}

impl<T> Pages<T> {
    /// The list as a whole: cut short, it would show orders and positions as gone.
    pub(crate) fn whole(self, path: &str) -> Result<(Vec<T>, Attempt)> {
        if self.all {
            return Ok((self.rows, self.attempt));
        }
        Err(ExchangeError::refused(Reason::Other, format!("{path} has more rows than the {} that are read", self.rows.len())))
    }

    /// The list as far as it was read.
    pub(crate) fn cut(self, symbol: &Symbol, path: &str) -> (Vec<T>, Attempt) {
        if !self.all {
            log::warn!("{symbol}: {path} has more than {} rows, the others are not counted", self.rows.len());
        }
        (self.rows, self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(max: usize, last: u32) -> (Vec<u32>, Pages<u32>) {
        let attempt = Attempt { changes: false, at: 0, offset_ms: 0, fence_ms: 0 };
        let mut asked = Vec::new();
        let list = pages(max, |page| {
            let page = page.unwrap_or(1);
            asked.push(page);
            Ok((vec![page * 10, page * 10 + 1], (page < last).then_some(page + 1), attempt))
        });
        (asked, list.unwrap())
    }

    #[test]
    fn a_list_is_read_to_its_end_or_as_far_as_allowed() {
        for (max, last, asked) in [(3, 1, vec![1]), (3, 3, vec![1, 2, 3]), (3, 4, vec![1, 2, 3]), (1, 2, vec![1])] {
            let (pages_asked, list) = read(max, last);
            assert_eq!((pages_asked, list.rows.len(), list.all), (asked.clone(), asked.len() * 2, last <= asked.len() as u32));
        }
        assert_eq!(read(3, 3).1.whole("/orders").unwrap().0, [10, 11, 20, 21, 30, 31]);
        assert_eq!(read(3, 4).1.whole("/orders").unwrap_err().reason(), Some(Reason::Other));
        assert_eq!(read(1, 2).1.cut(&Symbol::new("ETH"), "/fills").0, [10, 11]);
        assert!(pages(3, |_: Option<()>| Err::<(Vec<u8>, _, _), _>(ExchangeError::NeverSent("no network".to_owned()))).is_err());
    }
}

//! The margin mode of each position that is held, because every order names one: what closes a position, and what
//! guards it, must name the position's own. Cross and isolated positions of a contract can exist beside each other.

use crate::market::{MarginMode, Side, Symbol};

/// Positions as last read, and orders that opened since. Nothing is known of a contract after an answer that did not come.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<(Symbol, Side, MarginMode)>);

impl Held {
    /// Takes over what was read: all positions of one contract, or of all.
    pub(super) fn read(&mut self, only: Option<&Symbol>, positions: impl Iterator<Item = (Symbol, Side, MarginMode)>) {
        match only {
            Some(symbol) => self.forget(symbol),
            None => self.0.clear(),
        }
        self.0.extend(positions);
    }

    /// An order that opens was taken.
    pub(super) fn opened(&mut self, symbol: &Symbol, side: Side, mode: MarginMode) {
        let position = (symbol.clone(), side, mode);
        if !self.0.contains(&position) {
            self.0.push(position);
        }
    }

    /// What was known of a contract may be wrong.
    pub(super) fn forget(&mut self, symbol: &Symbol) {
        self.0.retain(|(held, _, _)| held != symbol);
    }

    /// The mode of a contract's position, of one side or of any; where both modes hold one, the preferred.
    pub(super) fn mode(&self, symbol: &Symbol, side: Option<Side>, preferred: Option<MarginMode>) -> Option<MarginMode> {
        let matches = self.0.iter().filter(|(held, of, _)| held == symbol && side.is_none_or(|side| side == *of));
        let modes = || matches.clone().map(|(_, _, mode)| *mode);
        modes().find(|mode| Some(*mode) == preferred).or_else(|| modes().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MarginMode::{Cross, Isolated};
    use Side::{Long, Short};

    #[test]
    fn what_is_read_replaces_what_was_known() {
        let (eth, btc) = (Symbol::new("ETH"), Symbol::new("BTC"));
        let mut held = Held::default();
        held.read(None, [(eth.clone(), Long, Isolated), (btc.clone(), Short, Cross)].into_iter());
        held.opened(&eth, Short, Cross);
        held.opened(&eth, Short, Cross);
        assert_eq!(held.0.len(), 3);
        assert_eq!([Some(Long), Some(Short), None].map(|side| held.mode(&eth, side, None)), [Some(Isolated), Some(Cross), Some(Isolated)]);
        assert_eq!(held.mode(&eth, None, Some(Cross)), Some(Cross));
        assert_eq!((held.mode(&eth, Some(Long), Some(Cross)), held.mode(&btc, Some(Long), None)), (Some(Isolated), None));
        held.read(Some(&eth), [].into_iter());
        assert_eq!((held.mode(&eth, None, None), held.mode(&btc, None, None)), (None, Some(Cross)));
        held.forget(&btc);
        assert_eq!(held.mode(&btc, None, None), None);
    }
}

//! Symbols as people write them.

use serde::{Deserialize, Serialize};

/// A contract as an alert names it, freed of chart decoration. Which contract it is, is decided by the exchange's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SymbolName(String);

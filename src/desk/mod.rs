//! The core.
mod settings;
pub use settings::{AccountRules, Rules};

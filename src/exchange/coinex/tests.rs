//! Whole calls against a scripted exchange.

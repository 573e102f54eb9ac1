//! Crash-safe record of alerts, intents and outcomes.

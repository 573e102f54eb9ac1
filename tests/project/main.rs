//! What the project says of itself is so: its README, its settings example, its house style, and what it promises those who come
//! from its predecessors. No exchange is needed.

mod packaging;
mod pine_payloads;
mod readme_exchanges;
mod readme_settings;
mod readme_text;
mod tidy;
mod whook_alerts;

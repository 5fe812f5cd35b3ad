//! Addresses are found by what people write: two thousand misspelt questions with known answers, every parameter and every
//! wrong one, and texts that nobody should send.

mod asked;
mod misspelt;
mod recorded;
mod words;

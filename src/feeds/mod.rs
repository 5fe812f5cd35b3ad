//! What others take away or follow: dumps. Made from views; knows no HTTP.

pub mod dumps;

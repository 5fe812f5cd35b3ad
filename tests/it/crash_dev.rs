//! dev
mod crash;
mod oslo;

//! Push: whoever subscribed is told of every change, in the order of the log. A subscription is a durable cursor on the log, so
//! nothing that could not be delivered is lost: it is still there when the subscriber is back. Knows no routes and no pages.
//!
//! `subscription` (what was declared) → `window` (rows of the log, piece by piece) → `items` (which objects they are about) →
//! `source` (events, each with an id that never changes) → `body` (what is sent) → `delivery` (one request) → `worker` (who is
//! told next, and when again) over `table` and `folder` (what is known of each subscription, durably).
//!
//! Delivery is at least once: the cursor moves after an answer of success, and the same event has the same id each time.

mod body;
mod cases;
mod delivery;
mod folder;
mod items;
mod progress;
mod source;
mod subscription;
mod table;
mod touched;
mod window;
mod worker;

pub use cases::{CASE_CHANNEL, CASE_EVENT, case_events};
pub use folder::{DeadLetter, SubscriptionError};
pub use progress::{Failure, Progress, State};
pub use source::{Batch, Cursor, Event, EventSource, LogEvents, Payload, SourceError};
pub use subscription::{
    Form, Handshake, Invalid, NewSubscription, OnRefusal, Pattern, PatternTerm, Secret, Start,
    Subscription,
};
pub use table::{MAX_SUBSCRIPTIONS, SubscriptionStatus, Subscriptions};
pub use touched::{MOST_LISTED, Touched, TouchedRegister, touched_after};
pub use worker::{PushOptions, Pushing, push};

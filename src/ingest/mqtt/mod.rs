//! Observations from a broker ([MQTT 3.1.1](https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html)). Which topic tells what
//! of which series is declared in a file of the data folder; messages are acknowledged to the broker only when what they tell is durable,
//! so that what was not is sent again. Knows no HTTP; how values are judged is the matter of `observed` and `observations`.

mod mapping;
mod status;
#[cfg(test)]
mod tests;
mod worker;

pub use mapping::{Broker, MQTT_FILE, MappingError, MqttConfig, Topic};
pub use status::{MqttFigures, MqttStatus};
pub use worker::{MqttIngest, start};

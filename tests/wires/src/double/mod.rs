//! An AWS that can be made to fail: what moto lacks or does otherwise than AWS, in front of it, on one port.
//!
//! Most calls go on to moto as they are. Fleets are bought here, because moto neither keeps client tokens nor ever
//! runs out of machines. Prices, reservations, access entries and published images are answered here, because moto
//! has none. And every call can be throttled, refused, or performed with its answer lost. Signatures are not looked
//! at; only the service is read from them. Modules in reading order:
//!
//! - `call`: a request, taken apart;
//! - `script`: what the test asked for, and what was called;
//! - `fleet`, `purchase`: fleets;
//! - `services`, `prices`, `images`: what moto lacks;
//! - `answer`: answers in the forms of the services;
//! - `upstream`, `server`: how requests come in and go on.

mod answer;
mod call;
mod fleet;
mod images;
mod prices;
mod purchase;
mod script;
mod server;
mod services;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;

pub use call::WireCall;
pub use script::{ListedReservation, WireFault};

use crate::setup_error::SetupError;
use script::Script;
use server::Server;

/// The double, listening. Dropping it ends it; moto stays as it is.
pub struct WireDouble {
    address: SocketAddr,
    script: Arc<Script>,
    _server: Server,
}

impl WireDouble {
    /// Starts one in front of a moto.
    ///
    /// # Errors
    /// No port can be listened on.
    pub async fn start(moto: SocketAddr) -> Result<Self, SetupError> {
        let script = Arc::new(Script::default());
        let server = Server::start(moto, Arc::clone(&script)).await?;
        Ok(WireDouble { address: server.address(), script, _server: server })
    }

    /// Its URL, without a slash at the end; the endpoint of every service.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on a type cannot be had in a zone by a way of paying (`spot`, `on-demand`, `reserved`); EC2 gives
    /// the code.
    pub fn run_out(&self, instance_type: &str, zone: &str, capacity_type: &str, code: &str) {
        self.script.run_out(instance_type, zone, capacity_type, code);
    }

    /// From now on nothing fails, and everything can be had.
    pub fn mend(&self) {
        self.script.mend();
    }

    /// The next calls of an action, such as `ec2:CreateFleet`, fail. Faults of an action are used up in order.
    pub fn fail_next(&self, action: &str, fault: WireFault, times: usize) {
        self.script.fail_next(action, fault, times);
    }

    /// From now on a subnet has so many free addresses.
    pub fn set_free_addresses(&self, subnet: &str, count: u32) {
        self.script.set_free_addresses(subnet, count);
    }

    /// Adds a capacity reservation, or changes it.
    pub fn reserve(&self, reservation: ListedReservation) {
        self.script.reserve(reservation);
    }

    /// Publishes a parameter, such as the id of an image.
    pub fn publish(&self, parameter: &str, value: &str) {
        self.script.publish(parameter, value);
    }

    /// What was called since the last [`WireDouble::forget_calls`], in order.
    pub fn calls(&self) -> Vec<WireCall> {
        self.script.calls()
    }

    /// The actions of those calls, such as `ec2:CreateFleet`.
    pub fn actions(&self) -> Vec<String> {
        self.script.calls().iter().map(WireCall::action).collect()
    }

    /// Forgets what was called.
    pub fn forget_calls(&self) {
        self.script.forget_calls();
    }
}

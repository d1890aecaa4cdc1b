//! What does EC2 announce, and about which instances (aws 7)?
//!
//! - [`announcement`]: events of EventBridge, as they are pushed.
//! - [`status`]: failed status checks, which nobody pushes; they are asked for.
//!
//! Neither knows which cluster an instance belongs to: announcements are about the whole account and region.

pub mod announcement;
pub mod status;

pub use announcement::{Announced, Announcement, EventError, read};
pub use status::{ACTIONS, unhealthy};

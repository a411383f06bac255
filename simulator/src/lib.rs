//! A simulator of CloudWatch Logs, for tests: what emulators leave out.
//!
//! It pages by events, bytes and work done, hands out empty pages with tokens, throttles by action, answers slowly,
//! wrongly, half or never, and tails live. Its events are computed from their number, so that millions cost nothing.
//! It shares no code with logq: what both would read alike by mistake, no test would find.
//!
//! ```
//! use logq_simulator::{Fault, FaultKind, Group, Settings, Simulator, Time};
//!
//! let group = Group {
//!     name: "/ecs/shop-webapp".into(),
//!     events: 200_000,
//!     streams: 6,
//!     from: Some(Time(1_795_046_400_000)),
//!     to: Some(Time(1_795_132_800_000)),
//!     ..Group::default()
//! };
//! let simulator = Simulator::start(Settings { groups: vec![group], ..Settings::default() })?;
//! simulator.behave(|behaviour| {
//!     behaviour.latency_ms = 100;
//!     behaviour.quotas.insert("FilterLogEvents".into(), 10);
//!     behaviour.faults = vec![Fault::every(FaultKind::ServerError, 3).of("FilterLogEvents")];
//! });
//! let endpoint = simulator.url();
//! // … a client reads from the endpoint …
//! assert_eq!(simulator.summary("FilterLogEvents").over_quota, 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod api;
mod body;
mod fault;
mod frame;
mod journal;
mod logs;
mod pattern;
mod server;
mod service;
mod settings;
mod simulator;

pub use fault::{Fault, FaultKind};
pub use journal::{Call, Summary};
pub use logs::Event;
pub use settings::{Answer, Behaviour, Burst, Group, Insights, LiveTail, Pages, Settings, Time};
pub use simulator::Simulator;

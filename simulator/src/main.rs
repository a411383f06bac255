//! The simulator as a program: prints its address, and ends with its standard input.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::Parser;
use logq_simulator::{Group, Settings, Simulator};

/// Simulate CloudWatch Logs
///
/// Prints the address of the endpoint. Point an AWS client at it, and read the calls from /_journal. Ends when its
/// standard input does.
#[derive(Debug, Parser)]
struct Args {
    /// JSON file with the account; the other options change what it says
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on [default: a free port of the loopback interface]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Log groups to add: /ecs/simulated-1 and so on
    #[arg(long, default_value_t = 0)]
    groups: u32,
    /// Events of each added group, in the 24 hours before now
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Streams of each added group
    #[arg(long, default_value_t = 6)]
    streams: u32,
    /// Milliseconds each call takes
    #[arg(long)]
    latency_ms: Option<u64>,
    /// Quota of an action in calls a second, such as FilterLogEvents=10
    #[arg(long = "quota", value_name = "ACTION=N", value_parser = quota)]
    quotas: Vec<(String, u32)>,
    /// Serve until killed, whatever standard input says
    #[arg(long)]
    stay: bool,
}

fn quota(text: &str) -> Result<(String, u32), String> {
    let (action, number) = text.split_once('=').ok_or("ACTION=N is expected")?;
    let number = number.parse().map_err(|_| "N is a number")?;
    Ok((action.to_owned(), number))
}

impl Args {
    fn settings(self) -> io::Result<Settings> {
        let mut settings = match &self.config {
            Some(path) => {
                serde_json::from_slice(&std::fs::read(path)?).map_err(io::Error::other)?
            }
            None => Settings::default(),
        };
        settings.listen = self.listen.unwrap_or(settings.listen);
        let behaviour = &mut settings.behaviour;
        behaviour.latency_ms = self.latency_ms.unwrap_or(behaviour.latency_ms);
        behaviour
            .quotas
            .extend(self.quotas.into_iter().collect::<BTreeMap<_, _>>());
        settings
            .groups
            .extend((1..=self.groups).map(|number| Group {
                name: format!("/ecs/simulated-{number}"),
                events: self.events,
                streams: self.streams,
                ..Group::default()
            }));
        Ok(settings)
    }
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let stay = args.stay;
    let simulator = Simulator::start(args.settings()?)?;
    writeln!(io::stdout(), "{}", simulator.url())?;
    // Whoever started it may be killed: the kernel then closes the pipe, and nothing is left running.
    io::stdin().read_to_end(&mut Vec::new())?;
    if stay {
        loop {
            std::thread::park();
        }
    }
    Ok(())
}

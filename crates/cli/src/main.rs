//! The `rolecall` command.

mod args;
mod commands;
mod configuration;
mod directory;
mod exit;
mod failure;
mod live;
mod messages;
mod output;
mod progress;
mod state;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command, SandboxCommand};
use crate::exit::Exit;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::of_usage(&error),
    };
    let result = match args.command {
        Command::Check(args) => commands::check::run(&args),
        Command::Fmt(args) => commands::fmt::run(&args),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Apply(args) => commands::apply::run(&args),
        Command::Rehearse(args) => commands::rehearse::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Permissions(args) => commands::permissions::run(&args),
        Command::Profiles(args) => commands::profiles::run(&args),
        Command::Snapshot(args) => commands::snapshot::run(&args),
        Command::Import(args) => commands::import::run(&args),
        Command::Sandbox(SandboxCommand::Serve(args)) => commands::sandbox::serve(&args),
        Command::Sandbox(SandboxCommand::Generate(args)) => commands::sandbox::generate(&args),
        Command::Explain(args) => commands::explain::run(&args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::print_failure(&failure);
            Exit::Error.into()
        }
    }
}

//! `rolecall explain`

use rolecall_model::Code;

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Prints the page of a code.
pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let code: Code =
        args.code.parse().map_err(|error: rolecall_model::code::UnknownCode| Failure::Plain {
            code: None,
            message: error.to_string(),
            help: "each diagnostic begins with its code".to_owned(),
        })?;
    output::print(rolecall_parser::explain(code))?;
    Ok(Exit::Success)
}

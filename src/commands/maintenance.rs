use anyhow::Result;

use super::context::Context;
use super::{Unfit, by_hand};
use crate::cli::{self, Global, MaintenanceOn, MaintenanceSwitch};
use crate::plan::{ByHand, Maintenance};
use crate::report::ExitCode;
use crate::web;

pub(super) fn run(global: &Global, arguments: &cli::Maintenance) -> Result<ExitCode> {
    let context = Context::load(global, &arguments.environment.environment)?;
    if context.config.nginx.is_none() {
        let environment = &context.config.environment;
        return Err(Unfit::usage(format!(
            "with `nginx: false` no site of {environment} is deployer's to close: use what stands in front of the app"
        )));
    }
    let what = match &arguments.switch {
        MaintenanceSwitch::On(options) => ByHand::Maintenance(maintenance(&context, options)?),
        MaintenanceSwitch::Off => ByHand::MaintenanceEnd,
    };
    by_hand::work(global, &context, &what, None)
}

fn maintenance(context: &Context, options: &MaintenanceOn) -> Result<Maintenance> {
    let message = options.message.as_deref().map(by_hand::line).transpose()?;
    Ok(Maintenance {
        message: message.map(ToOwned::to_owned),
        page: web::maintenance_page(message, &context.templates)?,
        allow: options.allow.clone(),
    })
}

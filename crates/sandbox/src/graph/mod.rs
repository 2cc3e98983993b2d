//! A Microsoft Graph v1.0 tenant in the same world: its directory provisions to the Identity Store.
//!
//! One module for each family of routes; [`World::handle_graph`] in `requests.rs` is the one way in.

mod applications;
mod ask;
mod assignments;
mod audit;
mod batch;
mod certificates;
mod conditional_access;
mod cycle;
mod directory;
mod federation;
mod filter;
mod interventions;
mod limits;
mod listing;
mod on_demand;
mod provisioning;
mod requests;
mod routes;
mod secrets;
mod service;
mod service_principals;
mod synchronization;
mod tenancy;
mod tokens;
mod wire;

use std::time::Duration;

use crate::world::World;

pub(crate) use applications::gallery_roles;
pub use certificates::signing_certificate;
pub(crate) use interventions::apply;
pub use routes::graph_routes;
pub use service::{ConnectionLost, GraphService};
pub(crate) use synchronization::TEMPLATE as SYNC_TEMPLATE;
pub use tenancy::SANDBOX_TOKEN;
pub(crate) use tenancy::Tenancy;
pub(crate) use wire::{GraphReply, GraphRequest, is_graph};

impl World {
    /// Returns when the next thing is due in the tenant.
    pub(crate) fn next_due_in_tenant(&self) -> Option<Duration> {
        self.tenancy.as_ref().and_then(|tenancy| tenancy.next_due())
    }

    /// Carries out what is due next in the tenant, if that is by `end`.
    pub(crate) fn carry_out_next_in_tenant(&mut self, end: Duration) {
        self.with_tenancy(|world, tenancy| {
            if let Some((at, due)) = tenancy.take_due(end) {
                cycle::carry_out(world, tenancy, at, due);
            }
        });
    }

    /// Finishes everything in progress in the tenant, whenever it is due: provisioning on demand, and one cycle of each
    /// active job, since changes that wait for a cycle are in progress, too.
    pub(crate) fn settle_tenant(&mut self) {
        self.with_tenancy(|world, tenancy| {
            for (at, due) in tenancy.take_on_demand() {
                cycle::carry_out(world, tenancy, at, due);
            }
            let next: Vec<_> =
                tenancy.runs.iter().filter_map(|(key, run)| Some((key.clone(), run.next?))).collect();
            for ((service_principal, job), at) in next {
                cycle::carry_out(world, tenancy, at, tenancy::Due::Cycle(service_principal, job));
            }
        });
    }
}

//! The passage of time: finishes operations, provisioning cycles and interventions when they are due.

use std::time::Duration;

use crate::agenda::Due;
use crate::world::World;
use crate::{interventions, sso_admin};

impl World {
    /// Advances the time to `now`, and carries out everything that is due by then.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        loop {
            // Of two things at one time, what a client asked for comes first.
            let next = self.agenda.next_due().into_iter().chain(self.next_due_in_tenant()).min();
            if let Some((at, number, intervention)) = self.course.take_timed(self.now, next) {
                interventions::carry_out(self, number, intervention, at);
            } else if !self.carry_out_earliest(self.now) {
                break;
            }
        }
    }

    /// Finishes everything in progress, whenever it is due. Future interventions are not in progress.
    pub(crate) fn settle(&mut self) {
        self.settle_tenant();
        while self.carry_out_next(Duration::MAX) {}
    }

    /// Carries out what is due next in AWS or in the tenant, if it is by `end`.
    fn carry_out_earliest(&mut self, end: Duration) -> bool {
        let in_tenant = self.next_due_in_tenant().filter(|at| *at <= end);
        if in_tenant.is_some_and(|at| self.agenda.next_due().is_none_or(|other| at < other)) {
            self.carry_out_next_in_tenant(end);
            return true;
        }
        self.carry_out_next(end)
    }

    /// Carries out what is due next in AWS, if it is by `end`.
    fn carry_out_next(&mut self, end: Duration) -> bool {
        let Some((at, due)) = self.agenda.take_due(end) else { return false };
        match due {
            Due::Request(number) => sso_admin::finish(self, number, at),
            Due::Departure(name, account) => sso_admin::finish_departure(self, &name, account, at),
            Due::AccessControl => sso_admin::finish_access_control(self, at),
        }
        true
    }
}

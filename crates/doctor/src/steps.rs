//! What AWS has no API for: it is listed, since nobody can look at it.

use super::{Doctor, Step};

impl Doctor<'_> {
    pub(super) fn steps(&mut self) {
        let Some(declared) = self.declared else { return };
        let Some(tenant) = &self.snapshot.entra else { return };
        let Some(live) = self.live(tenant) else { return };
        // Where a plan asks for a step, it has said how.
        let asks = |steps: &[Step], word: &str| steps.iter().any(|step| step.what.contains(word));
        if declared.saml.is_some() && !asks(&self.diagnosis.steps, "metadata") {
            let signing = live.preferred_thumbprint.as_deref().unwrap_or("that signs");
            self.diagnosis.steps.push(Step {
                what: format!("see that AWS has the metadata of the tenant, with the certificate {signing}"),
                how: "IAM Identity Center, Settings, Identity source, Actions, Manage authentication: the source is an \
                      external identity provider, and the certificate is listed there with its end"
                    .to_owned(),
            });
        }
        if declared.provisioning.is_some() && !asks(&self.diagnosis.steps, "provisioning") {
            self.diagnosis.steps.push(Step {
                what: "see that automatic provisioning is on, and when its access token ends".to_owned(),
                how: "IAM Identity Center, Settings, Identity source, Actions, Manage provisioning; write the day into \
                      scim-token-expires="
                    .to_owned(),
            });
        }
    }
}

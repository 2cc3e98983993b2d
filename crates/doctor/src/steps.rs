//! Manual steps that AWS has no API for: they are listed because they cannot be checked.

use super::{Doctor, Step};

impl Doctor<'_> {
    pub(super) fn steps(&mut self) {
        let Some(declared) = self.declared else { return };
        let Some(tenant) = &self.snapshot.entra else { return };
        let Some(live) = self.live(tenant) else { return };
        // If a plan asks for a step, it already describes it.
        let asks = |steps: &[Step], word: &str| steps.iter().any(|step| step.what.contains(word));
        if declared.saml.is_some() && !asks(&self.diagnosis.steps, "metadata") {
            let signing = live.preferred_thumbprint.as_deref().unwrap_or("that signs sign-ins");
            self.diagnosis.steps.push(Step {
                what: format!("check that AWS has the metadata of the tenant, with the certificate {signing}"),
                how: "IAM Identity Center, Settings, Identity source, Actions, Manage authentication: the source is an \
                      external identity provider, and the certificate is listed there with its expiry date"
                    .to_owned(),
            });
        }
        if declared.provisioning.is_some() && !asks(&self.diagnosis.steps, "provisioning") {
            self.diagnosis.steps.push(Step {
                what: "check that automatic provisioning is enabled, and when its access token expires".to_owned(),
                how: "IAM Identity Center, Settings, Identity source, Actions, Manage provisioning; write the date into \
                      scim-token-expires="
                    .to_owned(),
            });
        }
    }
}

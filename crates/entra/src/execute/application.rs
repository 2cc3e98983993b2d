//! Operations on the application: creation, SAML, certificates, assignments.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rolecall_model::entra::{AppRole, GALLERY_TEMPLATE};
use rolecall_model::{Date, ObjectId};
use tokio::time::Instant;

use super::creation::Creation;
use super::{EntraTarget, Known, Refusal, SETTLE_TIMEOUT, ended, failure};
use crate::bodies::applications::{
    APPLICATION, Application, Assign, Instantiate, Instantiated, Made, MadeCertificate, NewCertificate,
    Preferred, RedirectUris, SERVICE_PRINCIPAL, SamlMode, ServicePrincipal, Urls,
};
use crate::failure::{GraphError, Kind};
use crate::observe::application::{app_roles, assignments, certificates, named, of_client};
use crate::request::{Change, Read};
use crate::routes::{
    ADD_CERTIFICATE, ASSIGN, GET_APPLICATION, GET_SERVICE_PRINCIPAL, INSTANTIATE, UNASSIGN,
    UPDATE_APPLICATION, UPDATE_SERVICE_PRINCIPAL,
};

/// The app role of the gallery application for users.
const USER_ROLE: &str = "User";
/// The default app role, for an application that publishes none (reference page of `appRoleAssignment`).
const DEFAULT_ROLE: &str = "00000000-0000-0000-0000-000000000000";

impl EntraTarget {
    /// Creates the application, unless one of the name exists: then an interrupted run created it.
    pub(super) async fn create_application(&self, name: &str) -> Result<Option<String>, Refusal> {
        let change = Change::of(INSTANTIATE, &[GALLERY_TEMPLATE]).body(&Instantiate { display_name: name });
        let (request_id, made) = match self.find_application(name).await? {
            Some(made) => (None, made),
            None => {
                let look = || self.find_application(name);
                match self.create(|| self.writer.change_once(&change), |_| self.search(look)).await? {
                    Creation::Found(made) => (None, made),
                    Creation::Responded(answer) => {
                        let unreadable = |error| GraphError::unreadable(INSTANTIATE.0, error);
                        let made = serde_json::from_slice(&answer.body).map_err(unreadable).map_err(ended)?;
                        (answer.request_id, made)
                    }
                }
            }
        };
        self.learn_application(name, made).await.map_err(ended)?;
        Ok(request_id)
    }

    /// Finds the application of this name.
    async fn find_application(&self, name: &str) -> Result<Option<Instantiated>, Refusal> {
        let found = named(self.reader(), name).await?;
        let [one] = &found[..] else {
            if found.is_empty() {
                return Ok(None);
            }
            let message = format!("{} enterprise applications are named {name:?}", found.len());
            return Err(failure("AmbiguousApplication", message).into());
        };
        let application = of_client(self.reader(), &one.app_id).await?;
        Ok(application.map(|application| Instantiated {
            application: Made { id: application.id, app_id: one.app_id.clone() },
            service_principal: Made { id: one.id.clone(), app_id: one.app_id.clone() },
        }))
    }

    /// Waits until application and service principal can be read, and records them.
    async fn learn_application(&self, name: &str, made: Instantiated) -> Result<(), GraphError> {
        let Instantiated { application, service_principal } = made;
        let (id, principal) = (application.id.as_str(), service_principal.id.as_str());
        let _: Application = self.once_seen(&Read::of(GET_APPLICATION, &[id]).select(APPLICATION)).await?;
        let read: ServicePrincipal =
            self.once_seen(&Read::of(GET_SERVICE_PRINCIPAL, &[principal]).select(SERVICE_PRINCIPAL)).await?;
        let known = Known {
            roles: app_roles(&read),
            service_principal: service_principal.id,
            application: application.id,
            client: service_principal.app_id,
            job: None,
            group_rule: None,
            added: None,
            settles_until: Some(Instant::now() + SETTLE_TIMEOUT),
        };
        self.lock().insert(name.to_owned(), known);
        Ok(())
    }

    /// Reads a new object as soon as it is visible.
    async fn once_seen<T: serde::de::DeserializeOwned>(&self, read: &Read) -> Result<T, GraphError> {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.reader().get(read).await {
                Err(error) if error.kind == Kind::NotFound && Instant::now() < deadline => {
                    self.reader().let_it_settle(attempts).await;
                }
                answer => return answer,
            }
        }
    }

    pub(super) async fn set_saml_mode(&self, application: &str) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let change = Change::of(UPDATE_SERVICE_PRINCIPAL, &[known.service_principal.as_str()]);
        let change = change.body(&SamlMode { preferred_single_sign_on_mode: "saml" });
        Ok(self.change(application, &change).await?.request_id)
    }

    pub(super) async fn set_urls(
        &self,
        application: &str,
        identifier_uris: &BTreeSet<String>,
        redirect_uris: &BTreeSet<String>,
    ) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let change = Change::of(UPDATE_APPLICATION, &[known.application.as_str()])
            .body(&Urls { identifier_uris, web: RedirectUris { redirect_uris } });
        Ok(self.change(application, &change).await?.request_id)
    }

    /// Adds a certificate. Graph creates another one for each request, so after a lost response the search looks for
    /// one that was not there before.
    pub(super) async fn add_certificate(
        &self,
        application: &str,
        subject: &str,
        not_after: Date,
    ) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let end = end_of(not_after)?;
        let before = self.thumbprints(&known, subject).await?;
        let change = Change::of(ADD_CERTIFICATE, &[known.service_principal.as_str()])
            .body(&NewCertificate { display_name: subject, end_date_time: end });
        let look =
            || async { Ok(self.thumbprints(&known, subject).await?.difference(&before).next().cloned()) };
        let search = |_| self.search::<_, GraphError, _>(look);
        match self.create(|| self.change_once(application, &change), search).await? {
            Creation::Found(thumbprint) => {
                self.note(application, |known| known.added = Some(thumbprint));
                Ok(None)
            }
            Creation::Responded(answer) => {
                let made: MadeCertificate = serde_json::from_slice(&answer.body)
                    .map_err(|error| ended(GraphError::unreadable(ADD_CERTIFICATE.0, error)))?;
                let thumbprint = made.thumbprint.to_ascii_uppercase();
                self.note(application, |known| known.added = Some(thumbprint));
                Ok(answer.request_id)
            }
        }
    }

    /// Lists the thumbprints of the certificates with this subject.
    async fn thumbprints(&self, known: &Known, subject: &str) -> Result<BTreeSet<String>, GraphError> {
        let read = Read::of(GET_SERVICE_PRINCIPAL, &[known.service_principal.as_str()]);
        let read: ServicePrincipal = self.once_seen(&read.select(SERVICE_PRINCIPAL)).await?;
        let all = certificates(&read.key_credentials).into_iter();
        Ok(all.filter(|one| one.subject == subject).map(|one| one.thumbprint).collect())
    }

    pub(super) async fn prefer_certificate(
        &self,
        application: &str,
        thumbprint: Option<&str>,
    ) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let Some(thumbprint) = thumbprint.or(known.added.as_deref()) else {
            let message = "this run has not added a signing certificate".to_owned();
            return Err(failure("NoCertificate", message).into());
        };
        let change = Change::of(UPDATE_SERVICE_PRINCIPAL, &[known.service_principal.as_str()]);
        let change = change.body(&Preferred { preferred_token_signing_key_thumbprint: thumbprint });
        Ok(self.change(application, &change).await?.request_id)
    }

    pub(super) async fn assign_group(
        &self,
        application: &str,
        group: &ObjectId,
    ) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let role = role(application, &known.roles)?;
        let resource_id = &known.service_principal;
        let change = Change::of(ASSIGN, &[resource_id.as_str()]).body(&Assign {
            principal_id: group,
            resource_id,
            app_role_id: &role,
        });
        let answer = self.change(application, &change).await?;
        Ok(answer.request_id)
    }

    /// Removes all assignments of the group: one for each role.
    pub(super) async fn unassign_group(
        &self,
        application: &str,
        group: &ObjectId,
    ) -> Result<Option<String>, Refusal> {
        let known = self.known(application)?;
        let id = &known.service_principal;
        let mut request_id = None;
        for assignment in assignments(self.reader(), id).await? {
            if assignment.principal_id == *group {
                let change = Change::of(UNASSIGN, &[id.as_str(), &assignment.id]);
                request_id = self.writer.change(&change).await?.request_id;
            }
        }
        Ok(request_id)
    }
}

/// Returns the role for groups: `User`, or the only one, or the default role if none is published.
fn role(application: &str, roles: &[AppRole]) -> Result<ObjectId, Refusal> {
    let enabled: Vec<&AppRole> = roles.iter().filter(|role| role.is_enabled).collect();
    let named = enabled.iter().find(|role| role.display_name == USER_ROLE);
    match (named, &enabled[..]) {
        (Some(role), _) => Ok(role.id.clone()),
        (None, [only]) => Ok(only.id.clone()),
        (None, []) => DEFAULT_ROLE
            .parse()
            .map_err(|_| failure("UnknownRole", "the default role has an invalid id".to_owned()).into()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|role| role.display_name.as_str()).collect();
            let message =
                format!("{application:?} has no app role {USER_ROLE:?}; its roles are: {}", names.join(", "));
            Err(failure("UnknownRole", message).into())
        }
    }
}

/// Returns the end of a day, in UTC.
fn end_of(day: Date) -> Result<Timestamp, Refusal> {
    let next = day.tomorrow().ok();
    let end = next.and_then(|next| TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok());
    end.ok_or_else(|| failure("InvalidDate", format!("{day} cannot be the last day of a certificate")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app_role(number: u32, name: &str, is_enabled: bool) -> AppRole {
        let id = format!("00000000-0000-4000-8000-{number:012}").parse().unwrap();
        AppRole { id, display_name: name.to_owned(), is_enabled }
    }

    #[test]
    fn a_group_gets_the_role_for_people() {
        let of = |roles: &[AppRole]| role("AWS", roles).ok().map(|id| id.to_string());
        let last = |id: Option<String>| id.map(|id| id[24..].trim_start_matches('0').to_owned());
        assert_eq!(
            last(of(&[app_role(1, "msiam_access", true), app_role(2, "User", true)])).as_deref(),
            Some("2")
        );
        assert_eq!(
            last(of(&[app_role(1, "msiam_access", true), app_role(2, "User", false)])).as_deref(),
            Some("1")
        );
        assert_eq!(of(&[]).as_deref(), Some(DEFAULT_ROLE));
        assert_eq!(of(&[app_role(1, "a", true), app_role(2, "b", true)]), None);
    }

    #[test]
    fn a_certificate_holds_through_its_last_day() {
        let end = end_of("2029-11-24".parse().unwrap()).ok().unwrap();
        assert_eq!(end.to_string(), "2029-11-25T00:00:00Z");
    }
}

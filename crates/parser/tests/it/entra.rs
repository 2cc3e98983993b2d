//! What the `entra` node means, and what the service provider's metadata may be.

use rolecall_model::config::{Application, Entra, Provisioning, RequireMfa, Saml};
use rolecall_model::entra::{MfaStrength, PolicyState};
use rolecall_model::{Code, OriginId};
use rolecall_parser::{MAX_METADATA_FILE_BYTES, MemoryFiles, load};

use crate::case::{Checked, HEAD, check_files};

const ENTITY_ID: &str = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-936712ab34";
const CONSUMER: &str = "https://eu-west-1.signin.aws/platform/saml/acs/5c0e8a2f";

/// A project with this text beneath its head, and a metadata document beside it.
fn project(text: &str, metadata: &str) -> Checked {
    check_files(&[("rolecall.kdl", format!("{HEAD}{text}")), ("sp.xml", metadata.to_owned())])
}

fn entra_of(text: &str, metadata: &str) -> Option<Entra> {
    project(text, metadata).config().entra
}

fn entra(text: &str) -> Entra {
    entra_of(text, "").unwrap()
}

/// The application of an `entra` with these lines in its block.
fn application(lines: &str) -> Application {
    entra(&in_application(lines)).application.unwrap()
}

fn in_application(lines: &str) -> String {
    format!("entra tenant=\"acme.com\" {{ application \"AWS\" {{ {lines} }} }}\n")
}

fn codes(text: &str) -> Vec<Code> {
    project(text, "").codes()
}

/// The metadata of a service provider with these addresses, each a binding and a location.
fn metadata(entity_id: &str, consumers: &[(&str, &str)]) -> String {
    let consumers: String = consumers
        .iter()
        .map(|(binding, location)| {
            format!(
                "<md:AssertionConsumerService Location='{location}' \
                 Binding='urn:oasis:names:tc:SAML:2.0:bindings:{binding}' index='0'/>"
            )
        })
        .collect();
    format!(
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- of the console -->\n\
         <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\">\n\
         <md:SPSSODescriptor><md:NameIDFormat>x</md:NameIDFormat>{consumers}</md:SPSSODescriptor>\n\
         </md:EntityDescriptor>\n"
    )
}

const SAML: &str = "saml sign-on-metadata=\"sp.xml\"";

/// What is said of a metadata document: the code and message of each mistake.
fn said_of(metadata: &str) -> Vec<(Code, String)> {
    let found = project(&in_application(SAML), metadata).0.diagnostics;
    found.into_iter().map(|found| (found.code, found.message)).collect()
}

#[test]
fn an_application_keeps_what_each_line_says() {
    let text = r#"
        entra tenant="Acme.onmicrosoft.com" {
            application "AWS IAM Identity Center" {
                unassign-group "old-team" "4f6c1d2e-0000-4000-8000-000000000001"
                require-mfa "AWS needs MFA" strength="phishing-resistant" state="enabled" {
                    except-to "root"
                    except-to "break-glass"
                }
                saml sign-on-metadata="sp.xml" certificate-warning-days=60
                provisioning scim-token-expires="2027-06-01"
                assign-groups
                unassign-group "older-team"
                create
            }
        }
        group "root"
        group "break-glass"
    "#;
    let second = "https://us-west-2.sso.signin.aws/platform/saml/acs/77";
    let document = metadata(
        ENTITY_ID,
        &[("HTTP-POST", CONSUMER), ("HTTP-POST", second), ("HTTP-POST", CONSUMER), ("HTTP-Artifact", "x")],
    );
    let project = project(text, &document);
    let said = |origin: OriginId| {
        let place = project.0.origins.place(origin);
        &project.0.sources.get(place.file).text[place.range()]
    };
    let Entra { tenant, application, origin } = project.0.config.as_ref().unwrap().entra.clone().unwrap();
    assert_eq!(tenant, "acme.onmicrosoft.com");
    assert_eq!(said(origin), "entra tenant=\"Acme.onmicrosoft.com\"");
    let Application { name, create, assign_groups, unassign, provisioning, saml, require_mfa, origin } =
        application.unwrap();
    assert_eq!(name, "AWS IAM Identity Center");
    assert_eq!(said(origin), "application \"AWS IAM Identity Center\"");
    assert_eq!(said(create.unwrap()), "create");
    assert_eq!(said(assign_groups.unwrap()), "assign-groups");
    let unassigned: Vec<&str> = unassign.iter().map(|one| one.group.as_str()).collect();
    assert_eq!(unassigned, ["4f6c1d2e-0000-4000-8000-000000000001", "old-team", "older-team"]);
    assert_eq!(said(unassign[1].origin), "\"old-team\"");
    let Provisioning { token_expires, origin } = provisioning.unwrap();
    assert_eq!(token_expires, Some("2027-06-01".parse().unwrap()));
    assert_eq!(said(origin), "provisioning scim-token-expires=\"2027-06-01\"");
    let Saml { service_provider, certificate_warning_days, aws_has, origin } = saml.unwrap();
    assert_eq!(aws_has, None);
    assert_eq!(certificate_warning_days, 60);
    assert_eq!(service_provider.entity_id, ENTITY_ID);
    assert_eq!(service_provider.assertion_consumers, [CONSUMER, second].map(str::to_owned).into());
    assert_eq!(said(origin), "saml sign-on-metadata=\"sp.xml\" certificate-warning-days=60");
    let RequireMfa { name, strength, state, except, origin } = require_mfa.unwrap();
    assert_eq!(name, "AWS needs MFA");
    assert_eq!((strength, state), (MfaStrength::PhishingResistant, PolicyState::Enabled));
    assert_eq!(except.iter().map(|group| group.position()).collect::<Vec<_>>(), [0, 1]);
    assert!(said(origin).starts_with("require-mfa") && said(origin).ends_with("\"enabled\""));
}

#[test]
fn what_is_not_said_is_not_wanted() {
    assert_eq!(entra_of("", ""), None);
    let id = "4F6C1D2E-0000-4000-8000-000000000001";
    let only_tenant = entra(&format!("entra tenant=\"{id}\""));
    assert_eq!((only_tenant.tenant, only_tenant.application), (id.to_lowercase(), None));
    let bare = entra("entra tenant=\"acme.com\" { application \"AWS\" }").application.unwrap();
    let Application { name: _, create, assign_groups, unassign, provisioning, saml, require_mfa, origin: _ } =
        bare;
    assert_eq!((create, assign_groups, unassign.len()), (None, None, 0));
    assert_eq!((provisioning, saml, require_mfa), (None, None, None));
    assert_eq!(application("provisioning").provisioning.unwrap().token_expires, None);
    let mfa = application("require-mfa \"a\"").require_mfa.unwrap();
    assert_eq!(mfa.strength, MfaStrength::Mfa);
    assert_eq!(mfa.state, PolicyState::EnabledForReportingButNotEnforced);
    assert_eq!(mfa.except, []);
    let document = metadata(ENTITY_ID, &[("HTTP-POST", CONSUMER)]);
    let saml = entra_of(&in_application(SAML), &document).unwrap().application.unwrap().saml.unwrap();
    assert_eq!(saml.certificate_warning_days, 45);
}

#[test]
fn a_tenant_and_its_application_stand_once() {
    let entra = "entra tenant=\"acme.com\"\n";
    assert_eq!(codes(&entra.repeat(2)), [Code::RepeatedNode]);
    let applications = "entra tenant=\"acme.com\" { application \"a\"; application \"b\" }";
    assert_eq!(codes(applications), [Code::RepeatedNode]);
    for twice in [
        "create; create",
        "assign-groups; assign-groups",
        "provisioning; provisioning",
        "require-mfa \"a\"; require-mfa \"b\"",
    ] {
        assert_eq!(codes(&in_application(twice)), [Code::RepeatedNode], "{twice}");
    }
    let twice = "unassign-group \"a\"; unassign-group \"b\" \"a\"";
    assert_eq!(codes(&in_application(twice)), [Code::RepeatedValue]);
}

#[test]
fn files_that_may_not_contain_it_say_nothing_of_entra() {
    let found = |limit: &str| {
        let files: MemoryFiles = [
            ("rolecall.kdl", format!("{HEAD}include \"a.kdl\" {{ may-contain {limit} }}\n")),
            ("a.kdl", "entra tenant=\"acme.com\"".to_owned()),
        ]
        .into_iter()
        .collect();
        load(&files, "rolecall.kdl").diagnostics.iter().map(|found| found.code).collect::<Vec<_>>()
    };
    assert_eq!(found("\"group\" \"use\""), [Code::MayNotContain]);
    assert_eq!(found("\"entra\""), []);
}

#[test]
fn a_group_that_a_policy_excepts_is_declared_and_used() {
    let excepted = "require-mfa \"a\" state=\"enabled\" { except-to \"break-glass\" }";
    let text = in_application(excepted);
    assert_eq!(codes(&text), [Code::UnknownGroup]);
    assert_eq!(codes(&format!("group \"break-glass\"\n{text}")), []);
    // What is taken off the application is named by what it is in Entra.
    let text = in_application("unassign-group \"break-glass\"");
    assert_eq!(codes(&format!("group \"break-glass\"\n{text}")), [Code::UnusedGroup]);
}

#[test]
fn a_policy_that_excepts_nobody_is_told_once_and_only_where_it_is_enabled() {
    for (policy, code) in [
        ("state=\"enabled\"", Some(Code::MfaWithoutException)),
        ("state=\"report-only\"", None),
        ("", None),
        // One mistake each, which may be all that keeps the exception from being seen.
        ("state=\"enabled\" { }", Some(Code::NothingDeclared)),
        ("state=\"enabled\" { exept-to \"a\" }", Some(Code::UnknownNode)),
        ("state=\"enabled\" { except-to }", Some(Code::MissingArgument)),
        ("state=\"enabld\"", Some(Code::WrongValueKind)),
    ] {
        let found = codes(&in_application(&format!("require-mfa \"a\" {policy}")));
        assert_eq!(found, Vec::from_iter(code), "{policy}");
    }
}

#[test]
fn metadata_in_any_form_of_xml_is_read() {
    let entity_id = ENTITY_ID.replace('/', "&#x2F;");
    let document = metadata(&entity_id, &[("HTTP-POST", CONSUMER)]).replace('\n', "\r\n");
    assert_eq!(said_of(&document), []);
    let prefixed = document.replace("md:", "").replace("xmlns:md", "xmlns").replace(":md=", "=");
    assert_eq!(said_of(&prefixed), []);
}

#[test]
fn metadata_of_anything_else_is_refused() {
    let valid = metadata(ENTITY_ID, &[("HTTP-POST", CONSUMER)]);
    assert_eq!(said_of(&valid), []);
    let of = |from: &str, to: &str| said_of(&valid.replace(from, to));
    for (found, message) in [
        (of("EntityDescriptor", "EntitiesDescriptor"), "`sp.xml` is not a SAML metadata document"),
        (of("2.0:metadata", "1.1:metadata"), "`sp.xml` is not a SAML metadata document"),
        (of("SPSSO", "IDPSSO"), "`sp.xml` does not describe a service provider"),
        (of(" entityID", " id"), "`sp.xml` has no entity ID"),
        (of("HTTP-POST", "HTTP-Artifact"), "`sp.xml` has no address to which Entra could send its response"),
        (
            of("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "POST"),
            "`sp.xml` has no address to which Entra could send its response",
        ),
        (
            of(CONSUMER, "https://signin.aws.amazon.com/saml"),
            "`sp.xml` is the metadata of IAM, not of IAM Identity Center",
        ),
        (
            of(ENTITY_ID, "https://acme.okta.com/a"),
            "`https://acme.okta.com/a` is not the entity ID of IAM Identity Center",
        ),
        (
            of(CONSUMER, "https://acme.com/acs"),
            "`https://acme.com/acs` is not an address of IAM Identity Center",
        ),
        (said_of(""), "`sp.xml` is not valid XML: it has no element"),
        (said_of("entity"), "`sp.xml` is not valid XML: it is not well-formed"),
        (
            said_of(&valid[..valid.len() - 20]),
            "`sp.xml` is not valid XML: it ends before its elements are closed",
        ),
        (
            of("<md:NameIDFormat>x", "<md:NameIDFormat>&nbsp;"),
            "`sp.xml` is not valid XML: an unknown or malformed entity reference",
        ),
    ] {
        assert_eq!(found, [(Code::InvalidMetadata, message.to_owned())]);
    }
}

#[test]
fn the_file_is_read_by_the_rules_for_policy_files() {
    let large = " ".repeat(usize::try_from(MAX_METADATA_FILE_BYTES).unwrap() + 1);
    assert_eq!(said_of(&large)[0].0, Code::FileTooLarge);
    for (path, code) in [
        ("other.xml", Code::FileUnreadable),
        ("../sp.xml", Code::IncludeOutsideProject),
        ("/etc/passwd", Code::IncludeOutsideProject),
    ] {
        let text = in_application(&format!("saml sign-on-metadata=\"{path}\""));
        assert_eq!(codes(&text), [code], "{path}");
    }
    let misspelt = project(&in_application("saml sign-on-metadata=\"ps.xml\""), "").0.diagnostics;
    assert_eq!(misspelt[0].message, "the metadata file `ps.xml` does not exist");
    assert_eq!(misspelt[0].suggestion.as_ref().unwrap().replacement, "\"sp.xml\"");
}

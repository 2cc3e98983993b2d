//! `doctor`, `permissions` and `profiles` on a generated company with its tenant.

use serde_json::Value;

use crate::project::Project;

const METADATA: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1234" index="0" isDefault="true"/>
</SPSSODescriptor></EntityDescriptor>"#;

const ENTRA: &str = r#"
entra tenant="acme.onmicrosoft.com" {
    application "AWS IAM Identity Center" {
        assign-groups
        provisioning scim-token-expires="2090-06-01"
        saml sign-on-metadata="aws-sp-metadata.xml"
    }
}
"#;

/// A company in which everything works except the SAML URLs.
fn company() -> Project {
    let project = Project::of(&[]);
    let sizes = ["--accounts", "12", "--permission-sets", "4", "--groups", "5", "--assignments", "30"];
    let generate = ["sandbox", "generate", "--entra", "--out", "company"];
    let _ = project.run(&[&generate[..], &sizes[..]].concat()).exits(0);
    let text = project.read("company/rolecall.kdl");
    project.write("company/rolecall.kdl", &format!("{text}{ENTRA}"));
    project.write("company/aws-sp-metadata.xml", METADATA);
    project
}

fn statuses(diagnosis: &Value) -> Vec<(&str, &str)> {
    let checks = diagnosis["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["status"] != "ok")
        .map(|check| (check["name"].as_str().unwrap(), check["status"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_doctor_finds_what_fails_and_an_apply_fixes_it() {
    let project = company();
    let before = project.run(&["doctor", "company", "--sandbox", "--format", "json"]).exits(1).json();
    assert_eq!(statuses(&before), [("saml-urls", "fail")]);
    let _ = project.run(&["apply", "company", "--sandbox", "--auto-approve"]).exits(0);
    let after = project.run(&["doctor", "company", "--sandbox", "--format", "json"]).exits(0).json();
    assert_eq!(statuses(&after), []);
    assert_eq!(after["steps"].as_array().unwrap().len(), 2, "{after:#}");

    // Somebody is removed from a group in Entra ID only.
    let mut world = project.sandbox_in("company");
    let members = world["entra"]["groups"][0]["members"].as_array_mut().unwrap();
    let _ = members.pop();
    project.write("company/sandbox.json", &world.to_string());
    let ran = project.run(&["doctor", "company", "--sandbox"]).exits(0);
    assert!(ran.stdout.contains("RC0915"), "{ran:#?}");
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 80 || !line.contains(' ')),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_user_has_what_the_groups_of_the_user_have() {
    let project = company();
    let world = project.sandbox_in("company");
    let (group, members) = world["memberships"].as_object().unwrap().iter().next().unwrap();
    let name_of = |list: &str, id: &str, name: &str| -> String {
        let found = world[list].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        found[name].as_str().unwrap().to_owned()
    };
    let user = name_of("users", members[0].as_str().unwrap(), "userName");
    let group = name_of("groups", group, "displayName");
    let profiles = |whose: &str| -> Vec<String> {
        let ran = project.run(&["profiles", "company", "--for", whose, "--sandbox"]).exits(0);
        let names = ran.stdout.lines().filter_map(|line| line.strip_prefix("[profile "));
        names.map(|name| name.trim_end_matches(']').to_owned()).collect()
    };
    let (of_group, of_user) = (profiles(&group), profiles(&user));
    assert!(!of_group.is_empty());
    assert!(of_group.iter().all(|name| of_user.contains(name)), "{of_group:?} {of_user:?}");
    let offline =
        ["profiles", "company", "--for", &user, "--snapshot", "company/sandbox.json", "--format", "links"];
    let links = project.run(&offline).exits(0);
    assert_eq!(links.stdout.matches("/start/#/console?account_id=").count(), of_user.len());
    let nobody = project.run(&["profiles", "company", "--for", "nobody", "--sandbox"]).exits(1);
    assert!(nobody.stderr.contains("RC0304"), "{nobody:#?}");
}

#[test]
fn permissions_are_printed_offline() {
    let project = company();
    let policy =
        project.run(&["permissions", "company", "--for", "apply", "--format", "aws-json"]).exits(0).json();
    assert_eq!(policy["Version"], "2012-10-17");
    let graph =
        project.run(&["permissions", "company", "--for", "plan", "--format", "graph"]).exits(0).json();
    let names: Vec<&str> =
        graph["permissions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Synchronization.Read.All") && !names.contains(&"Policy.Read.All"), "{names:?}");
}

//! The words of the Entra half.

use super::Within::{Application, Entra, File, RequireMfa};
use super::table::{NO_ARGUMENTS, one, some};
use super::{BlockRule, Kind, PropertyWord, Word};

/// The words, file level first.
pub(super) static WORDS: &[Word] = &[
    Word {
        name: "entra",
        within: &[File],
        doc: "Says which tenant of Microsoft Entra ID the groups come from, so that they are looked up there, and what \
              is wanted of it. It stands once; without it, groups are looked up in the Identity Store alone. Without a \
              block nothing is changed in Entra.",
        arguments: NO_ARGUMENTS,
        properties: &[PropertyWord {
            name: "tenant",
            kind: Kind::Text,
            required: true,
            doc: "is one of the tenant's verified domains, or its directory id, a UUID.",
        }],
        block: BlockRule::Optional(Entra),
        repeats: false,
        example: r#"entra tenant="acme.onmicrosoft.com""#,
    },
    Word {
        name: "application",
        within: &[Entra],
        doc: "The enterprise application through which users sign in to AWS and are provisioned, by its display name. \
              What its block does not mention is left as it is.",
        arguments: one(r#""name""#, "a name"),
        properties: &[],
        block: BlockRule::Optional(Application),
        repeats: false,
        example: "entra tenant=\"acme.onmicrosoft.com\" {\n    application \"AWS IAM Identity Center\" {\n        \
                  assign-groups\n        provisioning scim-token-expires=\"2027-06-01\"\n        \
                  require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\"\n    }\n}",
    },
    Word {
        name: "create",
        within: &[Application],
        doc: "Makes the application from the gallery's template for AWS IAM Identity Center where none of the name \
              exists. Without the word that is an error, since a misspelt name would otherwise make a second \
              application.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: "application \"AWS IAM Identity Center\" { create; assign-groups }",
    },
    Word {
        name: "assign-groups",
        within: &[Application],
        doc: "Assigns to the application every group to which the files assign a permission set, so that it is \
              provisioned. A group that is no longer used stays assigned: only `unassign-group` takes one off.",
        arguments: NO_ARGUMENTS,
        properties: &[],
        block: BlockRule::None,
        repeats: false,
        example: "application \"AWS IAM Identity Center\" { assign-groups }",
    },
    Word {
        name: "unassign-group",
        within: &[Application],
        doc: "Takes groups off the application, given by display name or object id; they need not be declared. Entra \
              then deletes them in AWS with all their account assignments, and the plan says how many those are.",
        arguments: some(r#""group"…"#, "a group"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"unassign-group "old-team" "4f6c1d2e-0000-4000-8000-000000000001""#,
    },
    Word {
        name: "provisioning",
        within: &[Application],
        doc: "Users and groups are provisioned: the synchronization job of the application runs, and a group that is \
              new is provisioned on demand.",
        arguments: NO_ARGUMENTS,
        properties: &[PropertyWord {
            name: "scim-token-expires",
            kind: Kind::Text,
            required: false,
            doc: "is the day on which the token for SCIM ends, as `YYYY-MM-DD`. AWS shows it when the token is made, \
                  one year ahead, and no API tells it; plans warn before it comes.",
        }],
        block: BlockRule::None,
        repeats: false,
        example: r#"provisioning scim-token-expires="2027-06-01""#,
    },
    Word {
        name: "saml",
        within: &[Application],
        doc: "Users sign in by SAML: the mode, the addresses and the signing certificate of the application are as AWS \
              needs them. What AWS has no API for is told as steps.",
        arguments: NO_ARGUMENTS,
        properties: &[
            PropertyWord {
                name: "sign-on-metadata",
                kind: Kind::Text,
                required: true,
                doc: "is the path of the service provider's metadata, an XML file of at most 256 KiB, relative to the \
                      project's directory and within it. The console of IAM Identity Center offers it: Settings, \
                      Identity source, Actions, Manage authentication, Download metadata file.",
            },
            PropertyWord {
                name: "certificate-warning-days",
                kind: Kind::Number { min: 1, max: 365 },
                required: false,
                doc: "is how many days before its end the signing certificate is replaced and plans begin to warn, 1 \
                      to 365; 45 by default.",
            },
        ],
        block: BlockRule::None,
        repeats: false,
        example: r#"saml sign-on-metadata="aws-sp-metadata.xml" certificate-warning-days=45"#,
    },
    Word {
        name: "require-mfa",
        within: &[Application],
        doc: "A conditional access policy that lets nobody into the application without multi-factor authentication, \
              by its display name.",
        arguments: one(r#""name""#, "a name"),
        properties: &[
            PropertyWord {
                name: "strength",
                kind: Kind::OneOf(&["mfa", "passwordless", "phishing-resistant"]),
                required: false,
                doc: "is what counts: any second factor, no password, or nothing that can be phished; `mfa` by default.",
            },
            PropertyWord {
                name: "state",
                kind: Kind::OneOf(&["report-only", "enabled"]),
                required: false,
                doc: "is `report-only`, the default, in which Entra only writes down what the policy would have \
                      stopped, or `enabled`. A policy that is enabled must except a group with `except-to`, and is \
                      enabled only once it stands in report-only.",
            },
        ],
        block: BlockRule::Optional(RequireMfa),
        repeats: false,
        example: "require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\" state=\"enabled\" {\n    \
                  except-to \"break-glass\"\n}",
    },
    Word {
        name: "except-to",
        within: &[RequireMfa],
        doc: "Groups that the policy does not bind, by their labels: those who must get in when everything else fails.",
        arguments: some(r#""group"…"#, "a group"),
        properties: &[],
        block: BlockRule::None,
        repeats: true,
        example: r#"require-mfa "AWS needs MFA" { except-to "break-glass" }"#,
    },
];
